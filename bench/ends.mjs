// Which ends there are, how they are started, and which of them this machine has.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root, SetupError } from "../scripts/setup.mjs";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

/** Where CMake puts the programs in C. */
export const nativeFolder = join(root, "build", "bench");

/** The Python that has pyzmq: `$PYTHON`, the first on the PATH, or the system's own. @type {string | undefined} */
let python;

function findPython() {
  python ??=
    [process.env.PYTHON, "python3", "/usr/bin/python3"]
      .filter((name) => name !== undefined && name !== "")
      .find((name) => spawnSync(/** @type {string} */ (name), ["-c", "import zmq"]).status === 0) ?? "";
  return python;
}

/**
 * @typedef {{
 *   title: string, command: () => string[], available: () => boolean, install: string, version: () => string,
 * }} End
 */

/** @param {string} library */
const node = (library) => () => [process.execPath, here("ends/node.mjs"), `library=${library}`];

/** @param {string} name */
const packageVersion = (name) =>
  /** @type {{ version: string }} */ (
    JSON.parse(
      spawnSync(process.execPath, ["-p", `JSON.stringify(require("${name}/package.json"))`], {
        cwd: root,
        encoding: "utf8",
      }).stdout || '{"version":""}',
    )
  ).version;

/** @type {Record<string, End>} */
export const ends = {
  c: {
    title: "C",
    command: () => [join(nativeFolder, "bench_end")],
    available: () => existsSync(join(nativeFolder, "bench_end")),
    install: "it is built by the harness, where there is a compiler",
    version: () => "libzmq 4.3.4, the one that nodezmq links",
  },
  ours: {
    title: "nodezmq",
    command: node("ours"),
    available: () => true,
    install: "",
    version: () => packageVersion("nodezmq"),
  },
  zeromq: {
    title: "zeromq.js",
    command: node("zeromq"),
    available: () => existsSync(join(root, "node_modules", "zeromq")),
    install: "npm install",
    version: () => packageVersion("zeromq"),
  },
  pyzmq: {
    title: "pyzmq",
    command: () => [findPython(), here("ends/pyzmq.py")],
    available: () => findPython() !== "",
    install: "apt-get install python3-zmq, or set PYTHON to one that has pyzmq",
    version: () =>
      spawnSync(findPython(), ["-c", "import zmq; print(zmq.__version__)"], {
        encoding: "utf8",
      }).stdout.trim(),
  },
};

/**
 * One end of a pair: a library and one of its ways, written `ours:batch`. The way may be left out where there is one.
 * @typedef {{ library: string, way: string }} Side
 * @typedef {{ name: string, source: Side, sink: Side }} Pair
 */

/** What a side does when no way is named. @type {Record<string, { source: string, sink: string }>} */
const usual = {
  c: { source: "", sink: "" },
  ours: { source: "send", sink: "recv" },
  zeromq: { source: "send", sink: "recv" },
  pyzmq: { source: "blocking", sink: "blocking" },
};

/** @param {string} text @param {"source" | "sink"} side @returns {Side} */
function readSide(text, side) {
  const [library = "", way] = text.split(":");
  const ways = usual[library];
  if (ways === undefined) {
    throw new SetupError(
      `unknown library "${library}" in "${text}"; there are: ${Object.keys(ends).join(", ")}`,
    );
  }
  return { library, way: way ?? ways[side] };
}

/** Reads `sender>receiver`, for instance `c>ours:batch`. @param {string} name @returns {Pair} */
export function readPair(name) {
  const [source, sink] = name.split(">");
  if (!source || !sink) throw new SetupError(`a contender is written sender>receiver; got "${name}"`);
  return { name, source: readSide(source, "source"), sink: readSide(sink, "sink") };
}

/** The command line of a side. @param {Side} side @param {Record<string, string | number | undefined>} spec */
export function commandOf(side, spec) {
  const end = /** @type {End} */ (ends[side.library]);
  const given = Object.entries({ way: side.way, ...spec }).filter(([, value]) => value !== undefined);
  return [...end.command(), ...given.map(([key, value]) => `${key}=${value}`)];
}

/** Whether both sides of a pair are there. @param {Pair} pair */
export const available = ({ source, sink }) =>
  [source, sink].every(({ library }) => ends[library]?.available() === true);
