// PUSH/PULL: a producer feeds workers through a streamer; the workers tell a sink what they have done.
import * as zmq from "nodezmq";

/** @typedef {import("../peer.mjs").Peer} Peer */

const SIZE = 256;
const BATCH = 250;
const context = zmq.Context.instance();

export const name = "PUSH/PULL";
export const about = "producer > streamer > 3 workers > sink";
export const cast = [
  { role: "streamer", play: streamer, service: true },
  { role: "worker", play: worker, copies: 3, service: true },
  { role: "sink", play: sink },
  { role: "producer", play: producer },
];

/** @param {Peer} peer */
async function producer(peer) {
  const push = context.socket(zmq.PUSH);
  const result = context.socket(zmq.PUSH);
  await peer.connect(push, "frontend");
  await peer.connect(result, "sink");
  await peer.ready();
  const tasks = peer.letters(SIZE);
  // sendBatch waits whenever the queue to the streamer is full (SNDHWM): nothing piles up.
  do await push.sendBatch(tasks.batch(BATCH));
  while (peer.hasTime());
  await result.sendJson({ produced: tasks.account.count });
}

/** @param {Peer} peer */
async function streamer(peer) {
  const pull = context.socket(zmq.PULL);
  const push = context.socket(zmq.PUSH);
  peer.bind(pull, "frontend");
  peer.bind(push, "backend");
  const forwarding = zmq.device(zmq.STREAMER, pull, push, { signal: peer.stopping });
  await Promise.all([peer.ready(), forwarding]);
}

/** @param {Peer} peer */
async function worker(peer) {
  const { ledger } = peer;
  const pull = context.socket(zmq.PULL);
  const result = context.socket(zmq.PUSH);
  await peer.connect(pull, "backend");
  await peer.connect(result, "sink");
  await peer.ready();
  for (;;) {
    // Whatever has arrived, in one go.
    const tasks = await pull.recvBatch({ signal: peer.stopping });
    for (const [task] of tasks) ledger.receive(task);
    await result.sendJson({ done: tasks.length });
  }
}

/** Ends when as much has been done as was produced. @param {Peer} peer */
async function sink(peer) {
  const pull = context.socket(zmq.PULL);
  peer.bind(pull, "sink");
  await peer.ready();
  let produced = Number.POSITIVE_INFINITY;
  let done = 0;
  while (done < produced) {
    const message = /** @type {{ produced?: number, done?: number }} */ (await pull.recvJson());
    produced = message.produced ?? produced;
    done += message.done ?? 0;
  }
}
