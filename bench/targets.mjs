// The floors that this project has set itself: `npm run bench -- --targets` measures exactly these.
import { byTurns, runFlood, runProgram } from "./care.mjs";
import { ends } from "./ends.mjs";
import { measure } from "./measure.mjs";
import { ratios, summarize } from "./statistics.mjs";
import { pairTitle, sizeName, table } from "./table.mjs";

/** @typedef {import("./statistics.mjs").Summary} Summary */
/** @typedef {import("./plan.mjs").Cell} Cell */
/** @typedef {import("./measure.mjs").Measurement} Measurement */
/** @typedef {import("./measure.mjs").Figures} Figures */

/**
 * One promise: `measured` is a ratio or a figure in `unit`, and at least (`>=`) or at most (`<=`) the `target`.
 * @typedef {{
 *   what: string, against: string, bound: ">=" | "<=", target: number, unit: string, measured: Summary, pass: boolean,
 * }} Row
 */

/** @param {string} what @param {string} against @param {">=" | "<="} bound @param {number} target @param {Summary} measured @returns {Row} */
function row(what, against, bound, target, measured, unit = "x") {
  const pass = bound === ">=" ? measured.median >= target : measured.median <= target;
  return { what, against, bound, target, unit, measured, pass };
}

/** A promise about two contenders of one cell. @typedef {[ours: string, theirs: string, target: number]} Floor */

/** @param {number} size @returns {{ cell: Cell, floors: Floor[] }} */
function flow(size, /** @type {Floor[]} */ floors, /** @type {"tcp" | "inproc"} */ transport = "tcp") {
  const contenders = [...new Set(["c>c", ...floors.flatMap(([ours, theirs]) => [theirs, ours])])];
  return { cell: { kind: "throughput", pattern: "pushpull", transport, size, peers: 1, contenders }, floors };
}

/** @param {number} batch @param {number} single @returns {Floor[]} */
const anyOfOurs = (batch, single) => [
  ["c>ours:recv", "c>c", single],
  ["c>ours:for-await", "c>c", single],
  ["c>ours:batch", "c>c", batch],
  ["ours:send>c", "c>c", single],
  ["ours:batch>c", "c>c", batch],
  ["ours:send>ours:recv", "c>c", single],
  ["ours:batch>ours:batch", "c>c", batch],
];

const flows = [
  flow(16, [
    ["c>ours:recv", "c>zeromq:recv", 8],
    ["c>ours:recv", "c>pyzmq:blocking", 1],
    ["c>ours:recv", "c>c", 0.4],
    ["c>ours:for-await", "c>zeromq:recv", 7],
    ["c>ours:batch", "c>zeromq:recv", 13],
    ["c>ours:batch", "c>c", 0.75],
    ["ours:send>c", "zeromq:send>c", 6],
    ["ours:send>c", "pyzmq:blocking>c", 2.5],
    ["ours:send>c", "c>c", 0.45],
    ["ours:batch>c", "c>c", 0.75],
    ["ours:batch>ours:batch", "c>c", 0.6],
  ]),
  flow(1024, anyOfOurs(0.7, 0.5)),
  flow(64 * 1024, [
    ...anyOfOurs(0.95, 0.95),
    // C's sender writes nothing into its messages.
    ["ours:send>c", "c:copy>c", 0.95],
    ["ours:zero-copy>c", "c>c", 0.95],
  ]),
  flow(2 ** 20, anyOfOurs(0.95, 0.95)),
  flow(16, [["ours:batch>ours:batch", "c>c", 0.5]], "inproc"),
];

/** @param {Figures[]} figures @param {string} name */
const find = (figures, name) => figures.find((one) => one.name === name);

/** @param {Measurement} measurement @param {Floor[]} floors @returns {Row[]} */
function flowRows({ cell, figures }, floors) {
  const where = `${"transport" in cell && cell.transport === "inproc" ? "inproc between threads, " : ""}${sizeName(cell.size)}`;
  return floors.flatMap(([ours, theirs, target]) => {
    const [one, other] = [find(figures, ours), find(figures, theirs)];
    if (one === undefined || other === undefined) return [];
    return [
      row(`${pairTitle(ours)}, ${where}`, pairTitle(theirs), ">=", target, ratios(one.runs, other.runs)),
    ];
  });
}

/** @typedef {{ rounds: number, seconds: number, count?: number | undefined, tell: (line: string) => void }} Effort */

/** @param {Effort} effort */
async function throughput(effort) {
  /** @type {Row[]} */
  const rows = [];
  /** @type {Measurement[]} */
  const measurements = [];
  for (const { cell, floors } of flows) {
    const measurement = await measure(cell, effort);
    if (measurement === undefined) continue;
    measurements.push(measurement);
    rows.push(...flowRows(measurement, floors));
    if (cell.size !== 16 || rows.some(({ unit }) => unit === "x CPU")) continue;
    const [one, other] = [
      find(measurement.figures, "c>ours:recv"),
      find(measurement.figures, "c>zeromq:recv"),
    ];
    if (one === undefined || other === undefined) continue;
    const cpu = ratios([one.cpu.sink], [other.cpu.sink]);
    rows.push(
      row("CPU time a message of the receiver, await recv(), 16 B", "zeromq.js", "<=", 0.25, cpu, "x CPU"),
    );
  }
  return { rows, measurements };
}

/** @param {Effort} effort */
async function latency(effort) {
  /** @type {Row[]} */
  const rows = [];
  /** @type {Measurement[]} */
  const measurements = [];
  const common = /** @type {const} */ ({ kind: "latency", pattern: "reqrep", transport: "tcp", size: 16 });
  const promises = await measure({ ...common, contenders: ["c>c", "ours>ours", "zeromq>zeromq"] }, effort);
  const blocking = await measure(
    { ...common, worker: true, contenders: ["c>c", "ours:sync>ours:sync"] },
    effort,
  );
  for (const [measurement, name, what, key, target, theirs] of /** @type {const} */ ([
    [promises, "ours>ours", "REQ/REP round trip, promises, p50", "p50s", 1.5, "c>c"],
    [promises, "ours>ours", "REQ/REP round trip, promises, p99", "p99s", 2, "c>c"],
    [promises, "ours>ours", "REQ/REP round trip, promises, p50", "p50s", 1, "zeromq>zeromq"],
    [promises, "ours>ours", "REQ/REP round trip, promises, p99", "p99s", 1, "zeromq>zeromq"],
    [blocking, "ours:sync>ours:sync", "REQ/REP round trip, sync in workers, p50", "p50s", 1.1, "c>c"],
  ])) {
    const one = measurement && find(measurement.figures, name)?.[key];
    const other = measurement && find(measurement.figures, theirs)?.[key];
    if (one && other) rows.push(row(what, pairTitle(theirs), "<=", target, ratios(one, other)));
  }
  for (const measurement of [promises, blocking]) if (measurement) measurements.push(measurement);
  return { rows, measurements };
}

/** @param {Effort} effort */
async function device(effort) {
  const measurement = await measure({ kind: "device", size: 16, contenders: ["c", "ours"] }, effort);
  const [c, ours] = ["c", "ours"].map((name) => measurement && find(measurement.figures, name));
  if (!measurement || !c || !ours) return { rows: [], measurements: [] };
  const rows = [
    row("queue device between C ends, 16 B", "zmq_proxy in C", ">=", 0.95, ratios(ours.runs, c.runs)),
  ];
  return { rows, measurements: [measurement] };
}

/** @param {Effort} effort @returns {Promise<{ rows: Row[], measurements: Measurement[] }>} */
async function rest({ rounds, count, tell }) {
  tell("memory");
  const few = Math.min(rounds, 3);
  const peaks = await byTurns(few, (library) => runFlood(`c>${library}:recv`, count ?? 1_000_000));
  tell("sockets");
  const opened = await byTurns(rounds, (library) => runProgram("sockets", library));
  tell("require");
  const loads = await byTurns(rounds, (library) =>
    runProgram("require", library === "ours" ? "nodezmq" : library),
  );
  const rows = [];
  const mine = peaks.ours ?? [];
  const their = peaks.zeromq ?? [];
  const mebi = mine.map((bytes) => bytes / 2 ** 20);
  const flood = "receiver's peak memory, 1 KiB flood of 1 M messages";
  rows.push(row(flood, "", "<=", 100, summarize(mebi), "MiB"));
  if (their.length > 0) rows.push(row(flood, "zeromq.js", "<=", 1, ratios(mine, their)));
  const load = (/** @type {string} */ library) =>
    (loads[library] ?? []).map((run) => Number(run.milliseconds));
  rows.push(row('require("nodezmq")', "", "<=", 15, summarize(load("ours")), "ms"));
  if (ends.zeromq?.available()) {
    rows.push(row('require("nodezmq")', "zeromq.js", "<=", 1, ratios(load("ours"), load("zeromq"))));
    for (const [key, what] of /** @type {const} */ ([
      ["cycles", "10,000 sockets opened and closed"],
      ["atOnce", "1,000 sockets open at once, opened and closed"],
    ])) {
      const take = (/** @type {string} */ library) => (opened[library] ?? []).map((run) => Number(run[key]));
      rows.push(row(what, "zeromq.js", "<=", 1, ratios(take("ours"), take("zeromq"))));
    }
  }
  const first = opened.ours?.[0];
  if (first && Number.isFinite(first.perSocket)) {
    rows.push(row("descriptors a socket", "", "<=", 1, summarize([first.perSocket]), ""));
    rows.push(row("threads that 20 contexts leave behind", "", "<=", 0, summarize([first.threadsLeft]), ""));
  }
  return { rows, measurements: [] };
}

/** @param {Effort} effort */
export async function measureTargets(effort) {
  /** @type {Row[]} */
  const rows = [];
  /** @type {Measurement[]} */
  const measurements = [];
  for (const part of [throughput, latency, device, rest]) {
    const result = await part(effort);
    rows.push(...result.rows);
    measurements.push(...result.measurements);
  }
  return { rows, measurements };
}

/** @param {number} value @param {string} unit */
const figure = (value, unit) =>
  `${value.toFixed(unit === "MiB" ? 0 : unit === "ms" ? 1 : 2)} ${unit}`.trim().replace(/ x.*$/, "x");

/** @param {Row[]} rows */
export function targetTable(rows) {
  return table(
    ["what", "against", "target", "measured", "lowest", "highest", ""],
    rows.map(({ what, against, bound, target, unit, measured, pass }) => [
      what,
      against || "-",
      `${bound === ">=" ? "at least" : "at most"} ${unit.startsWith("x") ? `${target}x` : `${target} ${unit}`.trim()}`,
      figure(measured.median, unit),
      figure(measured.min, unit),
      figure(measured.max, unit),
      pass ? "pass" : "FAIL",
    ]),
  );
}
