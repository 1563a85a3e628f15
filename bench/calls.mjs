// What single calls cost, within one thread and without a peer that has to be waited for.
//   node bench/calls.mjs
import * as zmq from "nodezmq";
import { Bench } from "tinybench";
import { table } from "./table.mjs";

const context = new zmq.Context();
const [sender, receiver] = [context.socket(zmq.PAIR), context.socket(zmq.PAIR)];
sender.sndhwm = receiver.rcvhwm = 0;
receiver.bind("inproc://calls");
sender.connect("inproc://calls");
const small = Buffer.alloc(16);
const large = Buffer.alloc(64 * 1024);
const batch = Array(100).fill(small);

const bench = new Bench({ time: 300, warmupTime: 100 });
bench
  .add("sendSync + recvSync, 16 B", () => {
    sender.sendSync(small);
    receiver.recvSync();
  })
  .add("await send + await recv, 16 B", async () => {
    await sender.send(small);
    await receiver.recv();
  })
  .add("await send + await recv, string of 16", async () => {
    await sender.send("sixteen letters.");
    await receiver.recv();
  })
  .add("await send + await recv, 64 KiB", async () => {
    await sender.send(large);
    await receiver.recv();
  })
  .add("sendMultipart + recvMultipart, 3 frames", async () => {
    await sender.sendMultipart([small, small, small]);
    await receiver.recvMultipart();
  })
  .add("sendBatch + recvBatch, 100 of 16 B", async () => {
    await sender.sendBatch(batch);
    await receiver.recvBatch(100);
  })
  .add("recv({ copy: false }) of 16 B, sent", async () => {
    await sender.send(small);
    await receiver.recv({ copy: false });
  })
  .add("an option read", () => receiver.rcvhwm);
await bench.run();

const microseconds = (/** @type {number | undefined} */ ms) =>
  ms === undefined ? "-" : (ms * 1000).toFixed(2);
console.log(
  table(
    ["call", "mean µs", "median µs", "p99 µs"],
    bench.tasks.map(({ name, result }) => {
      const latency = "latency" in result ? result.latency : undefined;
      return [name, ...[latency?.mean, latency?.p50, latency?.p99].map(microseconds)];
    }),
  ),
);
await context.destroy(0);
