/** The other thread of `nodezmq bench`. */
import { workerData } from "node:worker_threads";
import * as zmq from "../index.js";
import type { Task } from "./bench.js";

const BATCH = 1000;

async function main({ kind, endpoint, size, count, context: address }: Task): Promise<void> {
  const context = zmq.Context.shadow(address);
  const message = Buffer.alloc(size);
  if (kind === "push") {
    const push = context.socket(zmq.PUSH);
    push.connect(endpoint);
    const batch = Array.from({ length: BATCH }, () => message);
    for (let left = count; left > 0; left -= BATCH) {
      await push.sendBatch(left < BATCH ? batch.slice(0, left) : batch);
    }
    await new Promise(() => setInterval(() => {}, 1 << 30)); // until all has been received, and this thread is ended
  }
  const rep = context.socket(zmq.REP);
  rep.connect(endpoint);
  for (;;) await rep.send(await rep.recv());
}

void main(workerData as Task);
