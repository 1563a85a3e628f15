// Binary Star: a pair of servers, of which one is active and serves, while the other is passive and takes over when the
// active one is silent *and* clients turn to it. (That both see each other no more is not enough: the network between
// them may be down. Two active servers would be worse than none, so one that finds another active gives up.)
//
//   node examples/binarystar/server.mjs primary [clients' endpoint] [own state's endpoint] [peer's state's endpoint] [heartbeat in ms]
//   node examples/binarystar/server.mjs backup  [clients' endpoint] [own state's endpoint] [peer's state's endpoint] [heartbeat in ms]
import * as zmq from "nodezmq";
import { keyboardInterrupt } from "../helpers.mjs";
import { readArguments, unpack, untilInterrupted } from "../patterns.mjs";

const primary = process.argv[2] !== "backup";
const name = primary ? "primary" : "backup";
const [, clients, own, peer, interval] = readArguments(
  "primary",
  primary ? "tcp://127.0.0.1:5001" : "tcp://127.0.0.1:5002",
  primary ? "tcp://127.0.0.1:5003" : "tcp://127.0.0.1:5004",
  primary ? "tcp://127.0.0.1:5004" : "tcp://127.0.0.1:5003",
  1000,
);
/** How many heartbeats of the peer may be missed. */
const LIVENESS = 3;

/** @typedef {"waiting" | "active" | "passive"} State */
/** @type {State} */
let state = "waiting";
let peerExpires = performance.now() + interval * LIVENESS;

/** @param {State} next */
function become(next) {
  state = next;
  console.log(`The ${name} is ${state}`);
}

/** What the peer's state means for one's own. @param {string} theirs */
function heard(theirs) {
  peerExpires = performance.now() + interval * LIVENESS;
  if (state === "active" && theirs === "active") throw new Error("both are active");
  if (state === "waiting" && theirs === "active") become("passive");
  else if (state === "waiting" && theirs === "passive") become("active");
  else if (state === "waiting" && primary)
    become("active"); // both have just started
  else if (state === "passive" && theirs !== "active") become("active"); // it has started anew, or stepped back
}

/** Whether to serve a client that has turned to this server: its coming counts as a vote. */
function accepts() {
  const peerIsGone = performance.now() >= peerExpires;
  // The primary serves without a backup; the backup only when it has seen an active primary.
  if (state === "waiting" && primary && peerIsGone) become("active");
  if (state === "passive" && peerIsGone) become("active");
  return state === "active";
}

const interrupt = keyboardInterrupt();
const context = new zmq.Context();

await untilInterrupted(context, interrupt, async () => {
  const frontend = context.socket(zmq.ROUTER);
  const publisher = context.socket(zmq.PUB);
  const subscriber = context.socket(zmq.SUB, { conflate: true }); // only the peer's latest state matters
  frontend.bind(clients);
  publisher.bind(own);
  subscriber.subscribe("");
  subscriber.connect(peer);
  console.log(`The ${name} is waiting`);

  const poller = new zmq.Poller();
  poller.register(frontend, zmq.POLLIN);
  poller.register(subscriber, zmq.POLLIN);
  let nextHeartbeat = 0;

  while (true) {
    const timeout = Math.max(0, nextHeartbeat - performance.now());
    const ready = new Map(await poller.poll({ timeout, signal: interrupt }));

    // The peer first: clients are judged by what is known of it.
    if (ready.has(subscriber)) heard(await subscriber.recvString());
    if (ready.has(frontend)) {
      const { head, body } = unpack(await frontend.recvMultipart(), 1);
      if (accepts()) await frontend.sendMultipart([head[0], ...body, name]);
    }
    if (performance.now() >= nextHeartbeat) {
      await publisher.send(state);
      nextHeartbeat = performance.now() + interval;
    }
  }
});
