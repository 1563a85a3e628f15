// Paranoid Pirate queue: a load-balancing broker whose workers may die and come back. Queue and workers send each other
// heartbeats; whoever has been silent for a few of them is gone. The clients are Lazy Pirates (examples/lazypirate):
// what a dead worker had in hand they ask for again.
//
// Worker to queue: [READY], [HEARTBEAT] or [client, "", ...reply]. Queue to worker: [HEARTBEAT] or [client, "", ...request].
//
//   node examples/paranoidpirate/queue.mjs [clients' endpoint] [workers' endpoint] [heartbeat in ms] [liveness]
import * as zmq from "nodezmq";
import { keyboardInterrupt } from "../helpers.mjs";
import { readArguments, unpack, untilInterrupted } from "../patterns.mjs";

const READY = "\u0001";
const HEARTBEAT = "\u0002";

const [clients, workersEndpoint, interval, liveness] = readArguments(
  "tcp://127.0.0.1:5555",
  "tcp://127.0.0.1:5556",
  1000,
  3,
);
const interrupt = keyboardInterrupt();
const context = new zmq.Context();

/** @typedef {{ id: Buffer, idle: boolean, expires: number }} PirateWorker */
/** By routing id in hex. Who becomes idle moves to the end, so the first idle one has waited longest. @type {Map<string, PirateWorker>} */
const workers = new Map();

const firstIdle = () => [...workers.values()].find(({ idle }) => idle);

await untilInterrupted(context, interrupt, async () => {
  const frontend = context.socket(zmq.ROUTER);
  frontend.bind(clients);
  const backend = context.socket(zmq.ROUTER);
  backend.bind(workersEndpoint);

  /** @param {Buffer[]} message */
  async function fromWorker(message) {
    const {
      head: [id, first],
      body,
    } = unpack(message, 2);
    const key = id.toString("hex");
    const known = workers.get(key);
    const expires = performance.now() + interval * liveness;
    if (body.length > 0 || `${first}` === READY) {
      workers.delete(key);
      workers.set(key, { id, idle: true, expires });
      if (known === undefined) console.log(`Worker ${key} is here`);
      if (`${first}` !== READY) await frontend.sendMultipart([first, ...body]);
    } else if (known !== undefined) {
      known.expires = expires; // a heartbeat
    }
    // A heartbeat of one that has been given up: it gets none, so it will connect anew and be ready.
  }

  const poller = new zmq.Poller();
  poller.register(backend, zmq.POLLIN);
  let nextHeartbeat = performance.now() + interval;

  while (true) {
    poller.register(frontend, firstIdle() ? zmq.POLLIN : 0);
    const timeout = Math.max(0, nextHeartbeat - performance.now());
    const ready = new Map(await poller.poll({ timeout, signal: interrupt }));

    // All that has arrived: before somebody is given up, what they have said is heard.
    if (ready.has(backend)) for (const message of await backend.recvBatch()) await fromWorker(message);

    for (const [key, { expires }] of workers) {
      if (performance.now() < expires) continue;
      workers.delete(key);
      console.log(`Worker ${key} is gone`);
    }

    const worker = ready.has(frontend) ? firstIdle() : undefined;
    if (worker !== undefined) {
      worker.idle = false;
      await backend.sendMultipart([worker.id, ...(await frontend.recvMultipart())]);
    }

    if (performance.now() >= nextHeartbeat) {
      for (const { id } of workers.values()) await backend.sendMultipart([id, HEARTBEAT]);
      nextHeartbeat = performance.now() + interval;
    }
  }
});
