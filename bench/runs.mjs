// One run of one contender: its processes, what they measured, and the proof that no message is missing.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandOf } from "./ends.mjs";
import { withProcesses } from "./process.mjs";

/** @typedef {import("./process.mjs").Done} Done */
/** @typedef {import("./ends.mjs").Pair} Pair */

/**
 * What a run came to. CPU time is in microseconds a message, memory the peak in bytes.
 * @typedef {{
 *   rate: number, seconds: number, measured: number,
 *   sink: { cpu: number, memory: number }, source?: { cpu: number, memory: number }, samples?: number[],
 * }} Run
 *
 * @typedef {"pushpull" | "pubsub" | "router"} Pattern
 * @typedef {"tcp" | "ipc" | "inproc" | "inproc-same"} Transport
 * @typedef {{ pattern: Pattern, transport: Transport, size: number, peers: number, hwm?: number | undefined }} Flow
 * @typedef {{ count: number, warmup: number }} Amount
 */

let sockets = 0;
/** @type {string | undefined} */
let folder;

/** An address to bind to. @param {string} transport */
export function freshAddress(transport) {
  if (transport !== "ipc") return "tcp://127.0.0.1:*";
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), "nodezmq-bench-"));
    folder = made;
    process.once("exit", () => rmSync(made, { recursive: true, force: true }));
  }
  return `ipc://${folder}/${++sockets}`;
}

/** @param {Done} done */
const usage = ({ cpu, measured, memory }) => ({ cpu: cpu / Math.max(measured, 1), memory });

/** Fails unless every message has come, and every byte. @param {Pick<Done, "count" | "bytes">} done @param {number} count @param {number} size @param {string} who */
export function account(done, count, size, who) {
  if (done.count === count && done.bytes === count * size) return;
  throw new Error(
    `${who}: received ${done.count} messages of ${done.bytes} bytes in all; sent were ${count} of ${size} bytes each`,
  );
}

/** @param {Done} sink @param {Done | undefined} source @returns {Run} */
const result = (sink, source) => ({
  rate: sink.measured / sink.seconds,
  seconds: sink.seconds,
  measured: sink.measured,
  sink: usage(sink),
  ...(source && { source: usage(source) }),
  ...(sink.samples && { samples: sink.samples }),
});

const TYPES = {
  pushpull: { source: "PUSH", sink: "PULL" },
  pubsub: { source: "XPUB", sink: "SUB" },
  router: { source: "DEALER", sink: "ROUTER" },
};

/** Messages one way, as fast as they go. @param {Pair} pair @param {Flow} flow @param {Amount} amount @returns {Promise<Run>} */
export async function runFlow(pair, flow, { count, warmup }) {
  const { pattern, transport, size, peers, hwm } = flow;
  if (transport.startsWith("inproc")) return runInproc(pair, "PULL", flow, { count, warmup });
  const types = TYPES[pattern];
  // Every socket gets the same number of messages; a subscriber gets all of them.
  const each = Math.ceil(count / peers) * peers;
  const before = Math.ceil(warmup / peers) * peers;
  const copies = pattern === "pubsub" ? peers : 1;
  const common = { size, hwm };
  const source = {
    ...common,
    role: "source",
    type: types.source,
    count: each,
    warmup: before,
    sockets: pattern === "router" ? peers : 1,
    subscribers: pattern === "pubsub" ? peers : 0,
  };
  const sink = {
    ...common,
    role: "sink",
    type: types.sink,
    count: each * copies,
    warmup: before * copies,
    sockets: copies,
  };
  return withProcesses(async (start) => {
    const bind = freshAddress(transport);
    let sender;
    let receiver;
    if (pattern === "pubsub") {
      sender = start(commandOf(pair.source, { ...source, bind }));
      const { endpoint } = await sender.ready();
      receiver = start(commandOf(pair.sink, { ...sink, connect: endpoint }));
    } else {
      receiver = start(commandOf(pair.sink, { ...sink, bind }));
      const { endpoint } = await receiver.ready();
      sender = start(commandOf(pair.source, { ...source, connect: endpoint }));
    }
    const [received, sent] = await Promise.all([receiver.done(), sender.done()]);
    account(received, sink.count, size, pair.name);
    return result(received, sent);
  });
}

/** Both ends in one process. @param {Pair} pair @param {string} type @param {Pick<Flow, "transport" | "size" | "hwm">} flow @param {Amount} amount */
function runInproc(pair, type, { transport, size, hwm }, { count, warmup }) {
  const spec = {
    role: "inproc",
    type,
    where: transport === "inproc-same" ? "same" : "thread",
    source: pair.source.way,
    sink: pair.sink.way,
    way: pair.sink.way,
    count,
    warmup,
    size,
    hwm,
  };
  return withProcesses(async (start) => {
    const done = await start(commandOf(pair.sink, spec)).done();
    account(done, count, size, pair.name);
    return result(done, undefined);
  });
}

/**
 * Round trips, one after the other: the source asks, the sink answers.
 * @param {Pair} pair
 * @param {{ pattern: "reqrep" | "dealer", transport: Transport, size: number, worker?: boolean | undefined }} trip
 * @param {Amount} amount @returns {Promise<Run>}
 */
export async function runTrips(pair, { pattern, transport, size, worker }, { count, warmup }) {
  if (transport.startsWith("inproc")) return runInproc(pair, "REQ", { transport, size }, { count, warmup });
  const types = pattern === "reqrep" ? { ask: "REQ", echo: "REP" } : { ask: "DEALER", echo: "ROUTER" };
  const common = { count, warmup, size, where: worker ? "worker" : undefined };
  // A round trip sends and receives; its way is named after the receiving.
  const trip = (/** @type {import("./ends.mjs").Side} */ { library, way }) => ({
    library,
    way: way === "send" ? "recv" : way,
  });
  return withProcesses(async (start) => {
    const bind = freshAddress(transport);
    const echo = start(commandOf(trip(pair.sink), { ...common, role: "echo", type: types.echo, bind }));
    const { endpoint } = await echo.ready();
    const ask = start(
      commandOf(trip(pair.source), { ...common, role: "ask", type: types.ask, connect: endpoint }),
    );
    const [asked, echoed] = await Promise.all([ask.done(), echo.done()]);
    account(asked, count, size, pair.name);
    return { ...result(asked, undefined), source: usage(asked), sink: usage(echoed) };
  });
}

/** C through a queue device to C. @param {string} library whose device it is @param {number} size @param {Amount} amount @returns {Promise<Run>} */
export async function runDevice(library, size, { count, warmup }) {
  const c = { library: "c", way: "" };
  const flow = { size, count, warmup };
  return withProcesses(async (start) => {
    const device = start(commandOf({ library, way: "" }, { role: "proxy", bind: freshAddress("tcp") }));
    const { endpoint, second } = await device.ready();
    const receiver = start(commandOf(c, { ...flow, role: "sink", type: "DEALER", connect: second }));
    const sender = start(commandOf(c, { ...flow, role: "source", type: "DEALER", connect: endpoint }));
    const received = await receiver.done();
    await sender.done();
    account(received, count, size, `${library}'s device`);
    device.dismiss();
    const forwarded = await device.done();
    await device.kill(); // zeromq.js's process does not end while its proxy runs
    const run = result(received, undefined);
    // The device's CPU time is the one of interest. It stands for the whole run.
    return { ...run, sink: { cpu: forwarded.cpu / count, memory: forwarded.memory } };
  });
}
