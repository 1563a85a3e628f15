// What the steps of sending and receiving a small message cost: CPU time of one thread, within the process.
//   node steps.mjs
import * as ours from "nodezmq";
import * as zeromq from "zeromq";
import { say } from "./library.mjs";

const SIZE = 16;
const MESSAGES = 20_000;
const ROUNDS = 15;
const message = Buffer.alloc(SIZE);
const thousand = Array(1000).fill(message);

const context = new ours.Context();
const [sender, receiver] = [context.socket(ours.PAIR), context.socket(ours.PAIR)];
sender.sndhwm = receiver.rcvhwm = 0;
receiver.bind("inproc://steps");
sender.connect("inproc://steps");
const [theirSender, theirReceiver] = [new zeromq.Pair(), new zeromq.Pair()];
theirSender.sendHighWaterMark = theirReceiver.receiveHighWaterMark = 0;
await theirReceiver.bind("inproc://steps");
theirSender.connect("inproc://steps");

async function fill() {
  for (let i = 0; i < MESSAGES; i += 1000) await sender.sendBatch(thousand);
}
async function drain() {
  for (let left = MESSAGES; left > 0; ) left -= (await receiver.recvBatch()).length;
}
async function fillTheirs() {
  for (let i = 0; i < MESSAGES; i++) await theirSender.send(message);
}
async function drainTheirs() {
  for (let i = 0; i < MESSAGES; i++) await theirReceiver.receive();
}

const done = Promise.resolve();
const memory = new ArrayBuffer(32 * 1024);
const Views = /** @type {any} */ (Buffer)[Symbol.species];
const none = async () => {};

/** @type {{ what: string, before?: () => Promise<void>, run: () => Promise<void>, after?: () => Promise<void> }[]} */
const steps = [
  {
    what: "JavaScript alone: `await` of a promise that is settled",
    run: async () => {
      for (let i = 0; i < MESSAGES; i++) await done;
    },
  },
  {
    what: "JavaScript alone: `await Promise.resolve(number)`",
    run: async () => {
      for (let i = 0; i < MESSAGES; i++) await Promise.resolve(i);
    },
  },
  {
    what: "JavaScript alone: `await Promise.resolve(buffer)`",
    run: async () => {
      for (let i = 0; i < MESSAGES; i++) await Promise.resolve(message);
    },
  },
  {
    what: "JavaScript alone: the same with a Buffer for each message, on memory that is there",
    run: async () => {
      for (let i = 0; i < MESSAGES; i++) await Promise.resolve(new Views(memory, (i % 2048) * SIZE, SIZE));
    },
  },
  {
    what: "nodezmq recvBatch, a message",
    before: fill,
    run: drain,
  },
  {
    what: "nodezmq recvSync",
    before: fill,
    run: async () => {
      for (let i = 0; i < MESSAGES; i++) receiver.recvSync();
    },
  },
  {
    what: "nodezmq await recv",
    before: fill,
    run: async () => {
      for (let i = 0; i < MESSAGES; i++) await receiver.recv();
    },
  },
  { what: "zeromq.js await receive", before: fillTheirs, run: drainTheirs },
  { what: "nodezmq sendBatch, a message", run: fill, after: drain },
  {
    what: "nodezmq sendSync",
    run: async () => {
      for (let i = 0; i < MESSAGES; i++) sender.sendSync(message);
    },
    after: drain,
  },
  {
    what: "nodezmq await send",
    run: async () => {
      for (let i = 0; i < MESSAGES; i++) await sender.send(message);
    },
    after: drain,
  },
  { what: "zeromq.js await send", run: fillTheirs, after: drainTheirs },
];

/** The least of some rounds, in nanoseconds a message: whatever disturbs makes them longer. */
const least = steps.map(() => Number.POSITIVE_INFINITY);
for (let round = 0; round < ROUNDS; round++) {
  for (const [i, { before = none, run, after = none }] of steps.entries()) {
    await before();
    const begun = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(begun);
    least[i] = Math.min(Number(least[i]), ((user + system) * 1000) / MESSAGES);
    await after();
  }
}
say({ done: true, steps: steps.map(({ what }, i) => ({ what, nanoseconds: least[i] })) });
process.exit(0);
