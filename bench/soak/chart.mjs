// The soak's picture: memory, descriptors and threads over time.
import { draw } from "../charts.mjs";

/** @param {import("./main.mjs").Sample[]} samples */
export function soakChart(samples) {
  const line = (
    /** @type {string} */ name,
    /** @type {(sample: import("./main.mjs").Sample) => number} */ read,
    axis = 0,
  ) => ({
    name,
    type: "line",
    showSymbol: false,
    yAxisIndex: axis,
    lineStyle: { width: 1.5, type: axis === 0 ? "solid" : "dashed" },
    data: samples.map((sample) => [sample.seconds / 60, read(sample)]),
  });
  return draw({
    title: { text: "Everything at once", left: "center" },
    legend: { bottom: 0 },
    grid: { left: 70, right: 70, top: 50, bottom: 70 },
    xAxis: { type: "value", name: "minutes", nameLocation: "middle", nameGap: 26 },
    yAxis: [
      { type: "value", name: "MiB" },
      { type: "value", name: "number", splitLine: { show: false } },
    ],
    series: [
      line("resident memory", ({ rss }) => rss / 2 ** 20),
      line("JavaScript heap", ({ heap }) => heap / 2 ** 20),
      line("external memory", ({ external }) => external / 2 ** 20),
      line("descriptors", ({ fds }) => fds, 1),
      line("threads", ({ threads }) => threads, 1),
    ],
  });
}
