// PUB/SUB: one publisher, subscribers to different topics.
import * as zmq from "nodezmq";

/** @typedef {import("../peer.mjs").Peer} Peer */

const SIZE = 256;
const ROUND = 80;
const TOPICS = ["news", "sport", "weather"];
/** What each subscriber asks for: "" is everything. */
const SUBSCRIPTIONS = ["news", "sport", ""];
const context = zmq.Context.instance();

export const name = "PUB/SUB";
export const about = "one publisher, 3 topics, 3 subscribers to some or all";
export const cast = [
  { role: "publisher", play: publisher },
  { role: "subscriber", play: subscriber, copies: SUBSCRIPTIONS.length },
];

/** @param {string} topic @param {string} subscription */
const matches = (topic, subscription) => topic.startsWith(subscription);

/** @param {Peer} peer */
async function publisher(peer) {
  // An XPUB is a PUB that sees its subscribers come: each subscription arrives as a message, with `verbose` also those
  // to a topic that somebody else has asked for already. With `nodrop` a slow subscriber holds the publisher up, where
  // a PUB would drop what is beyond the high-water mark.
  const xpub = context.socket(zmq.XPUB, { xpubVerbose: true, xpubNodrop: true });
  peer.bind(xpub, "publisher");
  for (const _ of SUBSCRIPTIONS) await xpub.recv();
  await peer.ready();

  const streams = TOPICS.map((topic, i) => {
    const copies = SUBSCRIPTIONS.filter((subscription) => matches(topic, subscription)).length;
    return { topic, letters: peer.letters(SIZE, { stream: i, name: `'${topic}'`, copies }) };
  });
  do {
    for (const { topic, letters } of streams) {
      await xpub.sendBatch(letters.batch(ROUND).map((letter) => [topic, letter]));
    }
  } while (peer.hasTime());
  for (const { topic, letters } of streams) await xpub.sendMultipart([topic, letters.next(), "the last one"]);
}

/** @param {Peer} peer */
async function subscriber(peer) {
  const { ledger } = peer;
  const sub = context.socket(zmq.SUB);
  const wanted = SUBSCRIPTIONS[peer.index] ?? "";
  sub.subscribe(wanted);
  await peer.connect(sub, "publisher");
  await peer.ready();

  let open = TOPICS.filter((topic) => matches(topic, wanted)).length;
  while (open > 0) {
    for (const [topic, letter, last] of await sub.recvBatch()) {
      ledger.receive(letter);
      if (!matches(String(topic), wanted)) ledger.complain(`topic '${topic}', which was not asked for`);
      if (last !== undefined) open--;
    }
  }
}
