// What a complete run measures.

/** @typedef {import("./runs.mjs").Pattern} Pattern */
/** @typedef {import("./runs.mjs").Transport} Transport */
/**
 * One table: contenders that do the same work, and alternate.
 * @typedef {{ kind: "throughput", pattern: Pattern, transport: Transport, size: number, peers: number, contenders: string[] }} FlowCell
 * @typedef {{ kind: "latency", pattern: "reqrep" | "dealer", transport: Transport, size: number, worker?: boolean, contenders: string[] }} TripCell
 * @typedef {{ kind: "device", size: number, contenders: string[] }} DeviceCell
 * @typedef {FlowCell | TripCell | DeviceCell} Cell
 */

export const SIZES = [16, 256, 1024, 16 * 1024, 64 * 1024, 2 ** 20];

const RECEIVING = [
  "c>c",
  "c>ours:recv",
  "c>ours:for-await",
  "c>ours:batch",
  "c>ours:sync",
  "c>zeromq:recv",
  "c>zeromq:for-await",
  "c>pyzmq:blocking",
  "c>pyzmq:asyncio",
];
const SENDING = [
  "ours:send>c",
  "ours:batch>c",
  "ours:sync>c",
  "zeromq:send>c",
  "pyzmq:blocking>c",
  "pyzmq:asyncio>c",
];
const BOTH = [
  "ours:send>ours:recv",
  "ours:batch>ours:batch",
  "zeromq:send>zeromq:recv",
  "pyzmq:blocking>pyzmq:blocking",
];
const SOME = [
  "c>c",
  "c>ours:recv",
  "c>ours:batch",
  "c>zeromq:recv",
  "ours:send>c",
  "ours:batch>c",
  "zeromq:send>c",
  "ours:batch>ours:batch",
];
const THREADS = [
  "c>c",
  "c:copy>c",
  "ours:send>ours:recv",
  "ours:batch>ours:batch",
  "ours:sync>ours:sync",
  "zeromq:send>zeromq:recv",
  "pyzmq:blocking>pyzmq:blocking",
];
const TRIPS = ["c>c", "ours>ours", "ours:sync>ours:sync", "zeromq>zeromq", "pyzmq>pyzmq"];

/** @param {Omit<FlowCell, "kind" | "peers"> & { peers?: number }} cell @returns {FlowCell} */
const flow = (cell) => ({ kind: "throughput", peers: 1, ...cell });

/** @returns {Cell[]} */
export function everything() {
  /** @type {Cell[]} */
  const cells = [];
  for (const size of SIZES) {
    cells.push(
      flow({ pattern: "pushpull", transport: "tcp", size, contenders: [...RECEIVING, ...SENDING, ...BOTH] }),
    );
  }
  for (const size of SIZES) {
    cells.push(
      flow({
        pattern: "pushpull",
        transport: "ipc",
        size,
        contenders:
          size <= 1024 ? SOME : ["c>c", "c>ours:recv", "ours:send>c", "c>zeromq:recv", "zeromq:send>c"],
      }),
    );
  }
  for (const pattern of /** @type {const} */ (["pubsub", "router"])) {
    for (const peers of pattern === "pubsub" ? [1, 8] : [1, 16]) {
      for (const size of [16, 1024]) {
        cells.push(flow({ pattern, transport: "tcp", size, peers, contenders: SOME }));
      }
    }
  }
  for (const size of SIZES) {
    cells.push(flow({ pattern: "pushpull", transport: "inproc", size, contenders: THREADS }));
  }
  for (const size of [16, 1024, 64 * 1024]) {
    cells.push(
      flow({
        pattern: "pushpull",
        transport: "inproc-same",
        size,
        contenders: [
          "c>c",
          "c:copy>c",
          "ours:send>ours:recv",
          "ours:batch>ours:batch",
          "zeromq:send>zeromq:recv",
        ],
      }),
    );
  }
  for (const size of [16, 1024, 64 * 1024]) {
    cells.push({ kind: "latency", pattern: "reqrep", transport: "tcp", size, contenders: TRIPS });
  }
  cells.push({ kind: "latency", pattern: "reqrep", transport: "ipc", size: 16, contenders: TRIPS });
  cells.push({ kind: "latency", pattern: "reqrep", transport: "inproc", size: 16, contenders: TRIPS });
  cells.push({ kind: "latency", pattern: "dealer", transport: "tcp", size: 16, contenders: TRIPS });
  // zeromq.js's Proxy can be measured, too, but takes a minute to end.
  cells.push({ kind: "device", size: 16, contenders: ["c", "ours"] });
  return cells;
}

/**
 * What of it was asked for. A contender with a `>` is an exact one, and is measured even where the plan has it not.
 *
 * @typedef {{
 *   only?: string[] | undefined, sizes?: number[] | undefined, transports?: string[] | undefined,
 *   patterns?: string[] | undefined, peers?: number[] | undefined, contenders?: string[] | undefined,
 *   ways?: string[] | undefined,
 * }} Choice
 * @param {Cell[]} cells @param {Choice} choice @returns {Cell[]}
 */
export function choose(cells, { only, sizes, transports, patterns, peers, contenders, ways }) {
  const fits = (/** @type {unknown[] | undefined} */ wanted, /** @type {unknown} */ value) =>
    wanted === undefined || value === undefined || wanted.includes(value);
  const exact = contenders?.filter((name) => name.includes(">")) ?? [];
  const libraries = contenders?.filter((name) => !name.includes(">")) ?? [];
  /** @param {string} name */
  const chosen = (name) => {
    const sides = name.split(">").map((side) => side.split(":"));
    if (contenders !== undefined && !exact.includes(name)) {
      // C is everybody's other end.
      if (!sides.every(([library = ""]) => library === "c" || libraries.includes(library))) return false;
      if (sides.every(([library]) => library === "c") && !libraries.includes("c")) return false;
    }
    return (
      ways === undefined || sides.some(([, way]) => way !== undefined && ways.includes(way)) || name === "c>c"
    );
  };
  return cells.flatMap((cell) => {
    if (!fits(only, cell.kind) || !fits(sizes, cell.size)) return [];
    if (!fits(transports, cell.kind === "device" ? "tcp" : cell.transport)) return [];
    if (!fits(patterns, cell.kind === "device" ? "device" : cell.pattern)) return [];
    if ("peers" in cell && !fits(peers, cell.peers)) return [];
    const names = cell.contenders.filter(chosen);
    if (cell.kind !== "device") names.push(...exact.filter((name) => !names.includes(name)));
    return names.length === 0 ? [] : [{ ...cell, contenders: names }];
  });
}

/** Sizes that the plan lacks: the cells of the nearest size that it has, for each. @param {Cell[]} cells @param {number[]} sizes */
export function withSizes(cells, sizes) {
  const missing = sizes.filter((size) => !cells.some((cell) => cell.size === size));
  return [
    ...cells,
    ...missing.flatMap((size) => cells.filter((cell) => cell.size === 16).map((cell) => ({ ...cell, size }))),
  ];
}

const PATTERNS = {
  pushpull: "PUSH/PULL",
  pubsub: "PUB/SUB",
  router: "DEALER/ROUTER",
  reqrep: "REQ/REP",
  dealer: "DEALER/ROUTER",
};
const TRANSPORTS = {
  tcp: "tcp",
  ipc: "ipc",
  inproc: "inproc between two threads",
  "inproc-same": "inproc within one thread",
};

/** @param {Cell} cell @param {(size: number) => string} sizeName */
export function cellTitle(cell, sizeName) {
  if (cell.kind === "device") return `queue device, ${sizeName(cell.size)}`;
  const { pattern, transport, size } = cell;
  const who = { pubsub: "subscribers", router: "dealers" };
  const peers =
    "peers" in cell && pattern in who
      ? `, ${cell.peers} ${who[/** @type {"pubsub"} */ (pattern)].slice(0, cell.peers === 1 ? -1 : undefined)}`
      : "";
  const worker = "worker" in cell && cell.worker ? ", each in a worker thread" : "";
  return `${PATTERNS[pattern]}${peers} over ${TRANSPORTS[transport]}, ${sizeName(size)}${worker}`;
}
