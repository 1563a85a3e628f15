// How late a 10 ms timer is while a loop receives from a socket that always has messages.
//   node timers.mjs ours|zeromq recv|for-await|batch
import { library, say } from "./library.mjs";

const TICK = 10;
const TICKS = 100;

const way = process.argv[3] ?? "recv";
const socket = library.pull();
await socket.bind("tcp://127.0.0.1:*");
say({ ready: true, endpoint: socket.lastEndpoint, second: "" });
let received = 0;
await library.receive(socket);

/** @type {number[]} */
const late = [];
let last = performance.now();
let going = true;
const begun = last;
const timer = setInterval(() => {
  const now = performance.now();
  late.push(now - last - TICK);
  last = now;
  if (late.length < TICKS) return;
  clearInterval(timer);
  going = false;
}, TICK);

if (way === "for-await") {
  for await (const _ of socket) {
    received++;
    if (!going) break;
  }
} else if (way === "batch") {
  while (going) received += (await library.many?.(socket))?.length ?? 0;
} else {
  while (going) {
    await library.receive(socket);
    received++;
  }
}
say({ done: true, late, rate: received / ((performance.now() - begun) / 1000) });
process.exit(0);
