// Everything at once for minutes on end; what grows is a leak.
//
//   npm run soak -- --minutes 10 [--chart docs/soak.svg]
//
// A process of its own is watched: resident, heap and external memory (after a garbage collection), descriptors and
// threads, once a second. It fails when any of them climbs from the second third of the time to the last.
import { fork } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { linearRegression, median } from "simple-statistics";
import { fail, SetupError, setup } from "../../scripts/setup.mjs";
import { soakChart } from "./chart.mjs";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "10" }, chart: { type: "string" } },
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
const child = fork(fileURLToPath(new URL("life.mjs", import.meta.url)), [String(minutes)], {
  execArgv: ["--expose-gc"],
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
 * How much each may be higher at the end than it was after the warm-up, on the straight line through all samples: noise,
 * not growth. Memory in bytes.
 * @type {Record<Exclude<keyof Sample, "seconds">, number>}
 */
const slack = { rss: 24 * 2 ** 20, heap: 4 * 2 ** 20, external: 8 * 2 ** 20, fds: 12, threads: 6 };

const settled = samples.slice(Math.floor(samples.length / 3));
if (settled.length < 10) fail(new SetupError("too short to say anything: --minutes 0.5 is the least"));
let grown = 0;
console.log("what       median      start        end   climbs");
for (const [name, allowed] of Object.entries(slack)) {
  const key = /** @type {Exclude<keyof Sample, "seconds">} */ (name);
  const line = linearRegression(settled.map((sample) => [sample.seconds, sample[key]]));
  const span = (settled.at(-1)?.seconds ?? 0) - (settled[0]?.seconds ?? 0);
  const climb = line.m * span;
  const unit = key === "fds" || key === "threads" ? 1 : 2 ** 20;
  const shown = (/** @type {number} */ value) => (value / unit).toFixed(1).padStart(10);
  const middle = median(settled.map((sample) => sample[key]));
  const at = (/** @type {Sample | undefined} */ sample) => line.b + line.m * (sample?.seconds ?? 0);
  const bad = climb > allowed;
  if (bad) grown++;
  console.log(
    `${name.padEnd(8)}${shown(middle)} ${shown(at(settled[0]))} ${shown(at(settled.at(-1)))} ${shown(climb)}${bad ? `  more than ${allowed / unit}` : ""}`,
  );
}
console.log(
  Object.entries(counts)
    .map(([name, count]) => `${count.toLocaleString("en")} ${name}`)
    .join(", "),
);
if (values.chart !== undefined) writeFileSync(values.chart, soakChart(samples));
if (grown > 0) fail(new SetupError(`${grown} of ${Object.keys(slack).length} figures climb`));
