// Everything at once for minutes on end; what grows is a leak.
//
//   npm run soak -- --minutes 10 [--chart docs/soak.svg]
//   npm run soak -- --minutes 1 --leak    with a leak in it, to see that it is found
//
// A process of its own is watched: resident, heap and external memory (after a garbage collection), descriptors and
// threads, once a second. It fails when the floor of any of them climbs over the last two thirds of the time, by more than
// a leak's worth and more than it goes up and down anyway.
import { fork } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { linearRegression, median, standardDeviation } from "simple-statistics";
import { fail, SetupError, setup } from "../../scripts/setup.mjs";
import { soakChart } from "./chart.mjs";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    chart: { type: "string" },
    leak: { type: "boolean", default: false },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) fail(new SetupError("--minutes takes a number above 0"));
if (process.platform !== "linux") fail(new SetupError("the soak reads /proc, which Linux only has"));
await setup().catch(fail);

/** @typedef {{ seconds: number, rss: number, heap: number, external: number, fds: number, threads: number }} Sample */
/** @type {Sample[]} */
const samples = [];
/** @type {Record<string, number>} */
let counts = {};
const begun = performance.now();
const program = fileURLToPath(new URL("life.mjs", import.meta.url));
const child = fork(program, [String(minutes), ...(values.leak ? ["leak"] : [])], {
  execArgv: ["--expose-gc"],
  // glibc gives threads heaps of their own, and keeps what a worker that has ended has left in pieces: that is no leak, and
  // hides one.
  env: { ...process.env, MALLOC_ARENA_MAX: "1" },
});
const entries = (/** @type {string} */ what) => readdirSync(`/proc/${child.pid}/${what}`).length;
child.on("message", (message) => {
  const told =
    /** @type {{ heap: number, external: number, rss: number, counts: Record<string, number> }} */ (message);
  counts = told.counts;
  const seconds = (performance.now() - begun) / 1000;
  samples.push({
    seconds,
    rss: told.rss,
    heap: told.heap,
    external: told.external,
    fds: entries("fd"),
    threads: entries("task"),
  });
  if (process.stderr.isTTY) {
    process.stderr.write(
      `\r${seconds.toFixed(0)} s, ${(told.rss / 2 ** 20).toFixed(0)} MiB, ${counts.messages} messages `,
    );
  }
});
const [code, signal] = await new Promise((resolve) => child.on("exit", (...how) => resolve(how)));
if (process.stderr.isTTY) process.stderr.write("\n");
if (code !== 0) fail(new SetupError(`the process that was watched ended with ${signal ?? code}`));

/**
 * How much each may be higher at the end than it was after the warm-up, on the straight line through all samples: what is
 * still warming up, not a leak, which grows with the time. Memory in bytes.
 * @type {Record<Exclude<keyof Sample, "seconds">, number>}
 */
const slack = { rss: 24 * 2 ** 20, heap: 4 * 2 ** 20, external: 8 * 2 ** 20, fds: 12, threads: 6 };

/**
 * Or by so many times its spread around that line: how many sockets there are at a moment depends on what else the machine
 * does, and changes slowly.
 */
const NOISE = 3;

const settled = samples.slice(Math.floor(samples.length / 3));
if (settled.length < 16) fail(new SetupError("too short to say anything: --minutes 0.5 is the least"));

/**
 * The lowest samples, one of each stretch of time: what is in use at a moment comes and goes on top of them, while a leak
 * lifts the floor.
 * @param {keyof Sample} key
 */
function floor(key) {
  const length = Math.max(4, Math.ceil(settled.length / 20));
  /** @type {Sample[]} */
  const lowest = [];
  for (let i = 0; i + length <= settled.length; i += length) {
    lowest.push(settled.slice(i, i + length).reduce((a, b) => (b[key] < a[key] ? b : a)));
  }
  return lowest;
}

let grown = 0;
console.log("what       median      start        end   climbs    spread");
for (const [name, allowed] of Object.entries(slack)) {
  const key = /** @type {Exclude<keyof Sample, "seconds">} */ (name);
  const lowest = floor(key);
  const line = linearRegression(lowest.map((sample) => [sample.seconds, sample[key]]));
  const span = (settled.at(-1)?.seconds ?? 0) - (settled[0]?.seconds ?? 0);
  const climb = line.m * span;
  const unit = key === "fds" || key === "threads" ? 1 : 2 ** 20;
  const shown = (/** @type {number} */ value) => (value / unit).toFixed(1).padStart(10);
  const middle = median(settled.map((sample) => sample[key]));
  const at = (/** @type {Sample | undefined} */ sample) => line.b + line.m * (sample?.seconds ?? 0);
  const spread = standardDeviation(lowest.map((sample) => sample[key] - at(sample)));
  const limit = Math.max(allowed, NOISE * spread);
  const bad = climb > limit;
  if (bad) grown++;
  console.log(
    `${name.padEnd(8)}${[middle, at(settled[0]), at(settled.at(-1)), climb, spread].map(shown).join(" ")}${bad ? `  more than ${(limit / unit).toFixed(1)}` : ""}`,
  );
}
console.log(
  Object.entries(counts)
    .map(([name, count]) => `${count.toLocaleString("en")} ${name}`)
    .join(", "),
);
if (values.chart !== undefined) writeFileSync(values.chart, soakChart(samples));
if (grown > 0) fail(new SetupError(`${grown} of ${Object.keys(slack).length} figures climb`));
