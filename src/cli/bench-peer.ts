/** The other thread of `nodezmq bench`, or its other process. */
import { isMainThread, workerData } from "node:worker_threads";
import * as zmq from "../index.js";
import type { Task } from "./bench.js";

const BATCH = 1000;

async function main({ kind, endpoint, size, count, context: address }: Task): Promise<void> {
  const context = address === undefined ? new zmq.Context() : zmq.Context.shadow(address);
  const message = Buffer.alloc(size);
  if (kind === "push") {
    const push = context.socket(zmq.PUSH);
    push.connect(endpoint);
    const batch = Array.from({ length: BATCH }, () => message);
    for (let left = count; left > 0; left -= BATCH) {
      await push.sendBatch(left < BATCH ? batch.slice(0, left) : batch);
    }
    await new Promise(() => setInterval(() => {}, 1 << 30)); // until all has been received, and this end is ended
  }
  const rep = context.socket(zmq.REP);
  rep.connect(endpoint);
  for (;;) await rep.send(await rep.recv());
}

// The other end of the channel may die without having ended this process.
process.on("disconnect", () => process.exit());
void main(isMainThread ? JSON.parse(process.argv[2] ?? "") : workerData);
