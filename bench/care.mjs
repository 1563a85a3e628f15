// What speed must not cost: timers, fairness, high-water marks, memory, and what opening sockets and loading take.
import { fileURLToPath } from "node:url";
import { commandOf, ends, readPair } from "./ends.mjs";
import { withProcesses } from "./process.mjs";
import { runFlow } from "./runs.mjs";
import { summarize } from "./statistics.mjs";
import { short } from "./table.mjs";

/** @typedef {import("./statistics.mjs").Summary} Summary */
/** @typedef {{ topic: string, title: string, head: string[], rows: string[][], data: Record<string, unknown>[] }} CareTable */

const LIBRARIES = ["ours", "zeromq"];

/** @param {string} program @param {string[]} args */
const command = (program, ...args) => [
  process.execPath,
  fileURLToPath(new URL(`programs/${program}.mjs`, import.meta.url)),
  ...args,
];

/** @param {string} program @param {string[]} args */
export const runProgram = (program, ...args) =>
  withProcesses((start) => start(command(program, ...args)).line("done"));

/** A loop that always has messages, and a timer beside it. @param {string} library @param {string} way */
export async function runTimers(library, way) {
  return withProcesses(async (start) => {
    const receiver = start(command("timers", library, way));
    const { endpoint } = await receiver.ready();
    const c = { library: "c", way: "" };
    const sender = start(
      commandOf(c, { role: "source", type: "PUSH", size: 16, count: 2 ** 40, connect: endpoint }),
    );
    const done = /** @type {{ late: number[], rate: number }} */ (await receiver.line("done"));
    await sender.kill();
    return { median: summarize(done.late).median, worst: Math.max(...done.late), rate: done.rate };
  });
}

/** Peak memory of a receiver of many messages, in bytes. @param {string} name @param {number} count */
export async function runFlood(name, count = 1_000_000) {
  const flow = /** @type {const} */ ({ pattern: "pushpull", transport: "tcp", size: 1024, peers: 1 });
  return (await runFlow(readPair(name), flow, { count, warmup: 0 })).sink.memory;
}

const title = (/** @type {string} */ library) => ends[library]?.title ?? library;

/** Every library and round, in turn. @template T @param {number} rounds @param {(library: string) => Promise<T>} run */
export async function byTurns(rounds, run) {
  /** @type {Record<string, T[]>} */
  const results = {};
  for (let round = 0; round < rounds; round++) {
    for (const library of LIBRARIES) {
      if (!ends[library]?.available()) continue;
      results[library] = [...(results[library] ?? []), await run(library)];
    }
  }
  return results;
}

/** @param {number} rounds @returns {Promise<CareTable>} */
async function timers(rounds) {
  /** @type {Record<string, unknown>[]} */
  const data = [];
  for (const [library, way] of /** @type {const} */ ([
    ["ours", "recv"],
    ["ours", "for-await"],
    ["ours", "batch"],
    ["zeromq", "recv"],
    ["zeromq", "for-await"],
  ])) {
    const runs = [];
    for (let round = 0; round < rounds; round++) runs.push(await runTimers(library, way));
    data.push({
      library,
      way,
      median: summarize(runs.map(({ median }) => median)).median,
      worst: Math.max(...runs.map(({ worst }) => worst)),
      rate: summarize(runs.map(({ rate }) => rate)).median,
    });
  }
  return {
    topic: "timers",
    title: "A 10 ms timer beside a loop that always has a message",
    head: ["loop", "median ms late", "worst ms late", "msg/s meanwhile"],
    rows: data.map(({ library, way, median, worst, rate }) => [
      `${title(String(library))} ${way}`,
      Number(median).toFixed(2),
      Number(worst).toFixed(2),
      short(Number(rate)),
    ]),
    data,
  };
}

/** @param {number} rounds @returns {Promise<CareTable>} */
async function fairness(rounds) {
  const results = await byTurns(rounds, (library) => runProgram("fairness", library));
  const data = Object.entries(results).map(([library, runs]) => {
    const shares = runs.flatMap((run) => {
      const mean =
        run.shares.reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b) / run.shares.length;
      return run.shares.map((/** @type {number} */ share) => share / mean);
    });
    return { library, least: Math.min(...shares), most: Math.max(...shares) };
  });
  return {
    topic: "fairness",
    title: "16 sockets that all have messages, read by 16 loops: the smallest and the largest share",
    head: ["binding", "smallest", "largest"],
    rows: data.map(({ library, least, most }) => [
      title(library),
      `${(least * 100).toFixed(1)} %`,
      `${(most * 100).toFixed(1)} %`,
    ]),
    data,
  };
}

/** @param {number} rounds @returns {Promise<CareTable>} */
async function slowSubscriber(rounds) {
  const results = await byTurns(rounds, (library) => runProgram("slow-subscriber", library));
  const data = Object.entries(results).map(([library, runs]) => ({
    library,
    mark: runs[0].mark,
    received: summarize(runs.map((run) => run.received)).median,
  }));
  return {
    topic: "hwm",
    title: "A subscriber that does not read: what a publisher of 1,000 messages leaves it",
    head: ["binding", "high-water mark", "received"],
    rows: data.map(({ library, mark, received }) => [title(library), String(mark), String(received)]),
    data,
  };
}

/** @param {number} rounds @returns {Promise<CareTable>} */
async function memory(rounds) {
  /** @type {Record<string, unknown>[]} */
  const data = [];
  for (const name of ["c>ours:recv", "c>ours:for-await", "c>ours:batch", "c>zeromq:recv", "c>c"]) {
    const peaks = [];
    for (let round = 0; round < rounds; round++) peaks.push(await runFlood(name));
    data.push({ name, peak: summarize(peaks).median, worst: Math.max(...peaks) });
  }
  return {
    topic: "memory",
    title: "Peak memory of the receiver of 1,000,000 messages of 1 KiB",
    head: ["receiver", "MiB", "worst"],
    rows: data.map(({ name, peak, worst }) => {
      const [library = "", way = ""] = String(name).replace("c>", "").split(":");
      return [
        `${title(library)} ${way}`.trim(),
        (Number(peak) / 2 ** 20).toFixed(0),
        (Number(worst) / 2 ** 20).toFixed(0),
      ];
    }),
    data,
  };
}

/** @param {number} rounds @returns {Promise<CareTable>} */
async function sockets(rounds) {
  const results = await byTurns(rounds, (library) => runProgram("sockets", library));
  const loading = (/** @type {string} */ how) =>
    byTurns(rounds * 3, (library) => runProgram("require", library === "ours" ? "nodezmq" : library, how));
  const required = await loading("require");
  const imported = await loading("import");
  const data = Object.entries(results).map(([library, runs]) => ({
    library,
    cycles: summarize(runs.map((run) => run.cycles)).median,
    atOnce: summarize(runs.map((run) => run.atOnce)).median,
    perSocket: summarize(runs.map((run) => run.perSocket)).median,
    threadsLeft: runs[0].threadsLeft,
    required: summarize((required[library] ?? []).map((run) => run.milliseconds)).median,
    imported: summarize((imported[library] ?? []).map((run) => run.milliseconds)).median,
  }));
  return {
    topic: "sockets",
    title: "Opening, closing and loading",
    head: [
      "binding",
      "10,000 opened and closed, ms",
      "1,000 open at once, ms",
      "descriptors a socket",
      "threads left by 20 contexts",
      "require(), ms",
      "import(), ms",
    ],
    rows: data.map((one) => [
      title(one.library),
      one.cycles.toFixed(0),
      one.atOnce.toFixed(1),
      Number.isFinite(one.perSocket) ? one.perSocket.toFixed(2) : "-",
      one.threadsLeft === null ? "-" : String(one.threadsLeft),
      one.required.toFixed(1),
      one.imported.toFixed(1),
    ]),
    data,
  };
}

/** @param {number} rounds @returns {Promise<CareTable>} */
async function steps(rounds) {
  /** @type {{ what: string, nanoseconds: number }[][]} */
  const runs = [];
  for (let round = 0; round < rounds; round++) runs.push((await runProgram("steps")).steps);
  const data = (runs[0] ?? []).map(({ what }, i) => ({
    what,
    nanoseconds: summarize(runs.map((run) => Number(run[i]?.nanoseconds))).median,
  }));
  return {
    topic: "steps",
    title: "Where the time of a small message goes: CPU time within one thread, 16 B over inproc",
    head: ["step", "ns"],
    rows: data.map(({ what, nanoseconds }) => [what, nanoseconds.toFixed(0)]),
    data,
  };
}

/** @type {Record<string, (rounds: number) => Promise<CareTable>>} */
export const care = { timers, fairness, hwm: slowSubscriber, memory, sockets, steps };
