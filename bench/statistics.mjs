// What many runs come to. The arithmetic is simple-statistics', the histogram HdrHistogram's.
import { build } from "hdr-histogram-js";
import { max, median, min, quantile } from "simple-statistics";

/** The middle of some figures and how far they spread. @typedef {{ median: number, low: number, high: number, min: number, max: number, n: number }} Summary */

/** `low` and `high` are the quartiles. @param {number[]} figures @returns {Summary} */
export function summarize(figures) {
  if (figures.length === 0) throw new Error("no figures to summarize");
  return {
    median: median(figures),
    low: quantile(figures, 0.25),
    high: quantile(figures, 0.75),
    min: min(figures),
    max: max(figures),
    n: figures.length,
  };
}

/**
 * How one contender compares with another: run by run, as they alternated, so that what the machine did meanwhile falls
 * on both.
 * @param {number[]} ours @param {number[]} theirs
 */
export function ratios(ours, theirs) {
  const pairs = Math.min(ours.length, theirs.length);
  return summarize(ours.slice(0, pairs).map((figure, i) => figure / /** @type {number} */ (theirs[i])));
}

/** @typedef {{ p50: number, p90: number, p99: number, p999: number, mean: number }} Percentiles */

/** Percentiles of round trips, all in microseconds. @param {number[]} nanoseconds @returns {Percentiles} */
export function percentiles(nanoseconds) {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60e9,
    numberOfSignificantValueDigits: 3,
  });
  for (const sample of nanoseconds) histogram.recordValue(Math.max(1, sample));
  const at = (/** @type {number} */ percent) => histogram.getValueAtPercentile(percent) / 1000;
  const mean = histogram.mean / 1000;
  return { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), mean };
}
