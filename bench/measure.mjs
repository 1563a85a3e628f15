// Measures one cell of the plan.
import { available, ends, readPair } from "./ends.mjs";
import { runDevice, runFlow, runTrips } from "./runs.mjs";
import { alternate } from "./series.mjs";
import { percentiles, ratios, summarize } from "./statistics.mjs";

/** @typedef {import("./plan.mjs").Cell} Cell */
/** @typedef {import("./runs.mjs").Run} Run */
/** @typedef {import("./statistics.mjs").Summary} Summary */

/**
 * What a contender came to in one cell. Times of round trips and CPU time of a message are in microseconds, memory in
 * bytes, `ofC` is the ratio to the first contender that is C throughout (throughput: more is better; for round trips of
 * the median time: less is better).
 * @typedef {{
 *   name: string, rate: Summary, ofC?: Summary, cpu: { sink: number, source: number | null },
 *   memory: { sink: number, source: number | null },
 *   p50?: Summary, p90?: Summary, p99?: Summary, p999?: Summary, runs: number[], p50s?: number[], p99s?: number[],
 * }} Figures
 * @typedef {{ cell: Cell, figures: Figures[] }} Measurement
 */

/** Round trips before those that are measured: compilers compile while the two processes wait for each other. */
const TRIPS = 3000;

/** How many messages a first run has: few enough to be over soon, whoever it is. @param {Cell} cell */
function guess(cell) {
  if (cell.kind === "latency") return 1000;
  return Math.max(40, Math.min(20_000, Math.floor((16 * 2 ** 20) / cell.size)));
}

/** @param {Cell} cell @param {string} name @returns {import("./series.mjs").Contender} */
function contender(cell, name) {
  if (cell.kind === "device") return { name, run: (amount) => runDevice(name, cell.size, amount) };
  const pair = readPair(name);
  if (cell.kind === "latency") {
    return {
      name,
      run: ({ count, warmup }) => runTrips(pair, cell, { count: count - warmup + TRIPS, warmup: TRIPS }),
    };
  }
  return { name, run: (amount) => runFlow(pair, cell, amount) };
}

/** Whether a contender can be measured here, and makes sense. @param {Cell} cell @param {string} name */
function possible(cell, name) {
  if (cell.kind === "device") return ends[name]?.available() === true;
  const { source, sink } = readPair(name);
  if ("transport" in cell && cell.transport.startsWith("inproc")) {
    if (source.library !== sink.library) return false; // both ends live in one process
    if (cell.transport === "inproc-same") {
      const blocks = (/** @type {string} */ way) => way.startsWith("sync") || way === "blocking";
      if (blocks(source.way) || blocks(sink.way)) return false; // one thread cannot block for both
    }
  }
  return available({ name, source, sink });
}

/** @param {string} name @param {Run[]} runs @returns {Figures} */
function figures(name, runs) {
  const middle = (/** @type {(number | undefined)[]} */ values) => {
    const known = values.filter((value) => value !== undefined);
    return known.length === 0 ? null : summarize(known).median;
  };
  /** @type {Figures} */
  const result = {
    name,
    rate: summarize(runs.map(({ rate }) => rate)),
    cpu: {
      sink: middle(runs.map(({ sink }) => sink.cpu)) ?? Number.NaN,
      source: middle(runs.map(({ source }) => source?.cpu)),
    },
    memory: {
      sink: Math.max(...runs.map(({ sink }) => sink.memory)),
      source: middle(runs.map(({ source }) => source?.memory)),
    },
    runs: runs.map(({ rate }) => rate),
  };
  if (runs[0]?.samples !== undefined) {
    const each = runs.map(({ samples }) => percentiles(samples ?? []));
    for (const key of /** @type {const} */ (["p50", "p90", "p99", "p999"])) {
      result[key] = summarize(each.map((one) => one[key]));
    }
    result.p50s = each.map(({ p50 }) => p50);
    result.p99s = each.map(({ p99 }) => p99);
  }
  return result;
}

/** @param {Cell} cell @param {import("./series.mjs").Effort} effort @returns {Promise<Measurement | undefined>} */
export async function measure(cell, effort) {
  const names = cell.contenders.filter((name) => possible(cell, name));
  if (names.length === 0) return undefined;
  const runs = await alternate(
    names.map((name) => contender(cell, name)),
    effort,
    guess(cell),
  );
  const all = [...runs].map(([name, one]) => figures(name, one));
  const c = all.find(({ name }) => name === "c>c" || name === "c");
  if (c !== undefined) {
    for (const one of all) {
      one.ofC = one.p50s && c.p50s ? ratios(one.p50s, c.p50s) : ratios(one.runs, c.runs);
    }
  }
  return { cell, figures: all };
}
