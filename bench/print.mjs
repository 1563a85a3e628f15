// Measurements as tables.
import { cellTitle } from "./plan.mjs";
import { pairTitle, short, sizeName, spread, table, times } from "./table.mjs";

/** @typedef {import("./measure.mjs").Measurement} Measurement */

const microseconds = (/** @type {number | null} */ value) => (value === null ? "" : value.toFixed(2));
const mebibytes = (/** @type {number | null} */ value) =>
  value === null ? "" : (value / 2 ** 20).toFixed(0);
const DEVICES = /** @type {Record<string, string>} */ ({
  c: "zmq_proxy in C",
  ours: "nodezmq's device",
  zeromq: "zeromq.js's Proxy",
});

/** @param {Measurement} measurement */
export function measurementTitle({ cell }) {
  return cellTitle(cell, sizeName);
}

/** @param {Measurement} measurement */
export function measurementTable({ cell, figures }) {
  if (cell.kind === "latency") {
    return table(
      [
        "asks → answers",
        "p50 µs",
        "p90",
        "p99",
        "p99.9",
        "spread of p50",
        "p50 of C's",
        "CPU µs asking",
        "answering",
      ],
      figures.map((one) => [
        pairTitle(one.name),
        ...[one.p50, one.p90, one.p99, one.p999].map((summary) =>
          summary ? summary.median.toFixed(1) : "-",
        ),
        one.p50 ? spread(one.p50) : "-",
        one.ofC ? times(one.ofC) : "-",
        microseconds(one.cpu.source),
        microseconds(one.cpu.sink),
      ]),
    );
  }
  const device = cell.kind === "device";
  return table(
    device
      ? ["device between C ends", "msg/s", "MB/s", "spread", "of C's", "", "CPU µs", "", "peak MiB"]
      : [
          "sender → receiver",
          "msg/s",
          "MB/s",
          "spread",
          "of C's",
          "CPU µs sending",
          "receiving",
          "peak MiB sending",
          "receiving",
        ],
    figures.map((one) => [
      device ? (DEVICES[one.name] ?? one.name) : pairTitle(one.name),
      short(one.rate.median),
      short((one.rate.median * cell.size) / 1e6),
      spread(one.rate),
      one.ofC ? times(one.ofC) : "-",
      microseconds(one.cpu.source),
      microseconds(one.cpu.sink),
      mebibytes(one.memory.source),
      mebibytes(one.memory.sink),
    ]),
  );
}
