// Paranoid Pirate worker: a DEALER that sends heartbeats to its queue and expects some. When the queue is silent for too
// long, the worker connects anew, after a pause that doubles each time.
//
//   node examples/paranoidpirate/worker.mjs [endpoint] [name] [heartbeat in ms] [liveness]
import { setTimeout } from "node:timers/promises";
import * as zmq from "nodezmq";
import { keyboardInterrupt } from "../helpers.mjs";
import { inTime, readArguments, unpack, untilInterrupted } from "../patterns.mjs";

const READY = "\u0001";
const HEARTBEAT = "\u0002";
const LONGEST_PAUSE = 32_000;

const [endpoint, name, interval, liveness] = readArguments(
  "tcp://127.0.0.1:5556",
  `worker ${process.pid}`,
  1000,
  3,
);
const interrupt = keyboardInterrupt();
const context = new zmq.Context();

/** Serves until the queue falls silent; returns whether it has said anything at all. */
async function serve() {
  const socket = context.socket(zmq.DEALER, { linger: 0 });
  socket.connect(endpoint);
  await socket.send(READY);

  let heard = false;
  let expires = performance.now() + interval * liveness;
  let nextHeartbeat = performance.now() + interval;

  while (performance.now() < expires) {
    const timeout = Math.max(0, nextHeartbeat - performance.now());
    const message = await inTime(socket.recvMultipart({ timeout, signal: interrupt }));

    if (message !== undefined) {
      heard = true;
      expires = performance.now() + interval * liveness;
      const { head, body } = unpack(message, 3);
      const [client, , number] = head;
      if (message.length >= 3) await socket.sendMultipart([client, "", number, ...body, `done by ${name}`]);
    }
    if (performance.now() >= nextHeartbeat) {
      await socket.send(HEARTBEAT);
      nextHeartbeat = performance.now() + interval;
    }
  }
  socket.close();
  return heard;
}

await untilInterrupted(context, interrupt, async () => {
  let pause = interval;
  while (true) {
    if (await serve()) pause = interval;
    console.log(`${name} misses the queue, and connects anew in ${pause} ms`);
    await setTimeout(pause, undefined, { signal: interrupt });
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
});
