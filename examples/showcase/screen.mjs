// What the showcase shows: a line that moves while it runs, and the table at the end.
import { stdout } from "node:process";

/**
 * A line of the table: the title of a group, or cells.
 * @typedef {string | string[]} Row
 */

const HEAD = ["", "peers", "sent", "received", "lost", "msg/s", "MB/s", "median", "99 %"];
/** These are aligned to the left. */
const LEFT = 2;
const PROGRESS_MS = 100;

const format = new Intl.NumberFormat("en-US");

/** @param {number} value */
export const integer = (value) => format.format(Math.round(value));

/** On a terminal one line that is rewritten in place; in a pipe or file only lines that stay. */
export class Screen {
  live = stdout.isTTY === true;
  #shown = false;
  #shownAt = 0;

  /** Shows something until the next thing is shown; not more often than one can read. @param {string} text */
  progress(text) {
    const now = performance.now();
    if (!this.live || (this.#shown && now < this.#shownAt + PROGRESS_MS)) return;
    this.#shownAt = now;
    // A line that wraps could not be rewritten.
    stdout.write(`\r\x1b[K${text.slice(0, (stdout.columns || 80) - 1)}`);
    this.#shown = true;
  }

  /** A line that stays. @param {string} [text] */
  line(text = "") {
    stdout.write(`${this.#shown ? "\r\x1b[K" : ""}${text}\n`);
    this.#shown = false;
  }

  /** @param {Row[]} rows */
  table(rows) {
    const cells = [HEAD, ...rows.filter((row) => typeof row !== "string")];
    const widths = HEAD.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
    for (const row of [HEAD, ...rows]) {
      if (typeof row === "string") {
        this.line(row);
      } else {
        const padded = row.map((cell, i) => cell[i < LEFT ? "padEnd" : "padStart"](widths[i] ?? 0));
        this.line(`  ${padded.join("  ").trimEnd()}`);
      }
    }
  }
}

/** @param {number} milliseconds */
const micros = (milliseconds) => `${integer(milliseconds * 1000)} µs`;

/** @param {Float64Array} sorted @param {number} part */
const percentile = (sorted, part) => sorted[Math.ceil(sorted.length * part) - 1] ?? 0;

/** @param {string} transport @param {import("./scenario.mjs").Result} result */
export function row(transport, { peers, sent, received, lost, bytes, seconds, roundTrips }) {
  const times = roundTrips.length > 0 ? [0.5, 0.99].map((part) => micros(percentile(roundTrips, part))) : [];
  const counts = [sent, received, lost, received / seconds].map(integer);
  return [transport, peers, ...counts, (bytes / seconds / 1e6).toFixed(1), ...times];
}
