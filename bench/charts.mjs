// Charts of measurements as SVG, drawn by ECharts without a browser.
import * as echarts from "echarts";
import { pairTitle, short, sizeName } from "./table.mjs";

/** @typedef {import("./measure.mjs").Measurement} Measurement */
/** @typedef {import("./measure.mjs").Figures} Figures */

const FONT = "system-ui, sans-serif";
/** A library has its colour, its ways have their dashes. @type {Record<string, string>} */
const COLOURS = { c: "#555555", ours: "#0b7285", zeromq: "#d9480f", pyzmq: "#5f3dc4" };
const DASHES = /** @type {Record<string, string>} */ ({
  "for-await": "dashed",
  sync: "dotted",
  asyncio: "dotted",
  recv: "solid",
  send: "solid",
  batch: "solid",
});

/** @param {string} name */
function colour(name) {
  const libraries = name.split(">").map((side) => side.split(":")[0] ?? "");
  return COLOURS[libraries.find((library) => library !== "c") ?? "c"] ?? COLOURS.c;
}

/** @param {string} name */
const way = (name) =>
  name
    .split(">")
    .map((side) => side.split(":")[1])
    .find(Boolean) ?? "";

/** @param {any} option @param {number} [height] */
function draw(option, height = 440) {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: 860, height });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: FONT },
    ...option,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

// Without a browser the widths of texts are estimates: room between them keeps them apart.
const LEGEND = { bottom: 0, itemGap: 12, textStyle: { fontSize: 12, padding: [0, 14, 0, 0] } };

/** @param {string} text @param {string} subtext */
const title = (text, subtext) => ({
  text,
  subtext,
  left: "center",
  textStyle: { fontFamily: FONT, fontSize: 16 },
});

/**
 * Throughput by the size of the messages: a line a contender, both axes logarithmic.
 * @param {Measurement[]} measurements of one pattern and transport
 * @param {(name: string) => boolean} chosen @param {string} heading
 */
export function throughputChart(measurements, chosen, heading) {
  const sizes = [...new Set(measurements.map(({ cell }) => cell.size))].sort((a, b) => a - b);
  const names = [...new Set(measurements.flatMap(({ figures }) => figures.map(({ name }) => name)))].filter(
    chosen,
  );
  return draw({
    title: title(heading, "messages a second, median; logarithmic"),
    legend: LEGEND,
    grid: { left: 70, right: 30, top: 70, bottom: 90 },
    xAxis: { type: "category", data: sizes.map(sizeName) },
    yAxis: { type: "log", axisLabel: { formatter: short } },
    series: names.map((name) => ({
      name: pairTitle(name),
      type: "line",
      symbol: way(name) === "batch" ? "diamond" : "circle",
      symbolSize: way(name) === "batch" ? 10 : 6,
      itemStyle: { color: colour(name) },
      lineStyle: { color: colour(name), width: 2, type: DASHES[way(name)] ?? "solid" },
      data: sizes.map((size) => {
        const found = measurements
          .find(({ cell }) => cell.size === size)
          ?.figures.find((one) => one.name === name);
        return found === undefined ? null : Math.round(found.rate.median);
      }),
    })),
  });
}

/** Bars, a row a contender. @param {string} heading @param {string} unit @param {{ name: string, title: string, value: number }[]} bars */
function bars(heading, unit, bars) {
  const rows = [...bars].reverse();
  return draw(
    {
      title: title(heading, unit),
      grid: { left: 230, right: 70, top: 70, bottom: 30 },
      xAxis: { type: "value" },
      yAxis: { type: "category", data: rows.map((row) => row.title) },
      series: [
        {
          type: "bar",
          data: rows.map(({ name, value }) => ({ value, itemStyle: { color: colour(name) } })),
          label: {
            show: true,
            position: "right",
            formatter: (/** @type {{ value: number }} */ { value }) => short(value),
          },
        },
      ],
    },
    110 + 30 * rows.length,
  );
}

/** @param {Measurement} measurement @param {string} heading */
export function cpuChart({ figures }, heading) {
  return bars(
    heading,
    "microseconds of CPU time a message, I/O thread included; less is better",
    figures.flatMap(({ name, cpu }) => {
      const value = name.startsWith("c>") ? cpu.sink : name.endsWith(">c") ? cpu.source : null;
      return value === null ? [] : [{ name, title: pairTitle(name), value }];
    }),
  );
}

/** @param {Measurement} measurement @param {string} heading */
export function latencyChart({ figures }, heading) {
  const keys = /** @type {const} */ (["p50", "p90", "p99", "p999"]);
  return draw(
    {
      title: title(heading, "microseconds; less is better; logarithmic"),
      legend: LEGEND,
      grid: { left: 60, right: 30, top: 70, bottom: 70 },
      xAxis: { type: "category", data: ["p50", "p90", "p99", "p99.9"] },
      yAxis: { type: "log" },
      series: figures.map((one) => ({
        name: pairTitle(one.name),
        type: "bar",
        itemStyle: { color: colour(one.name), opacity: way(one.name) === "sync" ? 0.6 : 1 },
        data: keys.map((key) => one[key]?.median ?? null),
      })),
    },
    400,
  );
}
