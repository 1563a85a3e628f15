// Tables and figures as text: Markdown that reads as well on a terminal.
import { SetupError } from "../scripts/setup.mjs";

/** @param {string[]} head @param {string[][]} rows the first column is left-aligned, the others right */
export function table(head, rows) {
  const widths = head.map((title, i) => Math.max(3, title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (/** @type {string[]} */ cells) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(" | ")} |`;
  const rule = widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

/** Three significant digits, with a unit's letter. @param {number} value */
export function short(value) {
  if (!Number.isFinite(value)) return "-";
  for (const [unit, letter] of /** @type {[number, string][]} */ ([
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ])) {
    if (Math.abs(value) >= unit) return `${(value / unit).toPrecision(3)} ${letter}`;
  }
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** @param {number} bytes */
export function sizeName(bytes) {
  if (bytes >= 2 ** 20 && bytes % 2 ** 20 === 0) return `${bytes / 2 ** 20} MiB`;
  if (bytes >= 1024 && bytes % 1024 === 0) return `${bytes / 1024} KiB`;
  return `${bytes} B`;
}

/** Reads what `sizeName` writes, and `16`, `1k`, `1MiB`. @param {string} text */
export function readSize(text) {
  const match = /^(\d+)\s*([kKmM]?)(?:i?B)?$/.exec(text.trim());
  if (match === null) throw new SetupError(`no size: "${text}"`);
  const unit = { "": 1, k: 1024, m: 2 ** 20 }[(match[2] ?? "").toLowerCase()] ?? 1;
  return Number(match[1]) * unit;
}

/** How far figures spread around their median, as a percentage: the quartiles. @param {{ median: number, low: number, high: number }} summary */
export const spread = ({ median, low, high }) =>
  `-${Math.round((1 - low / median) * 100)}/+${Math.round((high / median - 1) * 100)} %`;

/** @param {{ median: number }} summary */
export const times = ({ median }) => `${median.toFixed(2)}x`;

const TITLES = /** @type {Record<string, string>} */ ({
  c: "C",
  ours: "nodezmq",
  zeromq: "zeromq.js",
  pyzmq: "pyzmq",
});

/** `c>ours:batch` in words. @param {string} name */
export function pairTitle(name) {
  return name
    .split(">")
    .map((side) => {
      const [library = "", way] = side.split(":");
      return way === undefined ? (TITLES[library] ?? library) : `${TITLES[library] ?? library} ${way}`;
    })
    .join(" → ");
}
