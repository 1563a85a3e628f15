// Majordomo worker: registers a service with the broker, and answers its requests. This one shouts: each word is a part
// of the reply, the name of the worker is its end. Heartbeats both ways; when the broker is silent it connects anew.
//
//   node examples/majordomo/worker.mjs [endpoint] [service] [name] [heartbeat in ms] [liveness]
import { setTimeout } from "node:timers/promises";
import * as zmq from "nodezmq";
import { keyboardInterrupt } from "../helpers.mjs";
import { command, WORKER, WorkerCommand } from "../majordomo.mjs";
import { inTime, readArguments, unpack, untilInterrupted } from "../patterns.mjs";

const [endpoint, service, name, interval, liveness] = readArguments(
  "tcp://127.0.0.1:5555",
  "shout",
  `worker ${process.pid}`,
  2500,
  3,
);
const interrupt = keyboardInterrupt();
const context = new zmq.Context();

/** @param {import("nodezmq").Socket} socket @param {Buffer} client @param {Buffer[]} body */
async function work(socket, client, [number = Buffer.alloc(0), text]) {
  /** @param {number} kind @param {string} part */
  const reply = (kind, part) => socket.sendMultipart([WORKER, command(kind), client, "", number, part]);
  for (const word of `${text}`.split(" ")) await reply(WorkerCommand.PARTIAL, word.toUpperCase());
  await reply(WorkerCommand.FINAL, `by ${name}`);
}

/** Serves until the broker falls silent or says goodbye. */
async function serve() {
  const socket = context.socket(zmq.DEALER, { linger: 0 });
  socket.connect(endpoint);
  await socket.sendMultipart([WORKER, command(WorkerCommand.READY), service]);

  let expires = performance.now() + interval * liveness;
  let nextHeartbeat = performance.now() + interval;

  while (performance.now() < expires) {
    const timeout = Math.max(0, nextHeartbeat - performance.now());
    const message = await inTime(socket.recvMultipart({ timeout, signal: interrupt }));

    if (message !== undefined) {
      expires = performance.now() + interval * liveness;
      const {
        head: [, kind, client],
        body,
      } = unpack(message, 4);
      if (kind[0] === WorkerCommand.REQUEST) await work(socket, client, body);
      else if (kind[0] === WorkerCommand.DISCONNECT) break;
    }
    if (performance.now() >= nextHeartbeat) {
      await socket.sendMultipart([WORKER, command(WorkerCommand.HEARTBEAT)]);
      nextHeartbeat = performance.now() + interval;
    }
  }
  socket.close();
}

await untilInterrupted(context, interrupt, async () => {
  while (true) {
    await serve();
    console.log(`${name} misses the broker, and connects anew`);
    await setTimeout(interval, undefined, { signal: interrupt });
  }
});
