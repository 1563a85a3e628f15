// Holds the constants (lib/constants.js) and the option tables (lib/options.js) against the zmq.h that the addon is
// built with: the same numbers, and nothing missing. They are typed by hand; this is what makes that safe.
//
//   node scripts/check-constants.mjs          needs a build: zmq.h is looked for in $NODEZMQ_DEPS_CACHE or .deps
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(fileURLToPath(new URL("..", import.meta.url)));
const require = createRequire(import.meta.url);

/** Names of zmq.h that are not ours to export. */
const leftOut = new Map([
  ["VERSION_MAJOR", "zmqVersionInfo() asks the library that runs"],
  ["VERSION_MINOR", "as above"],
  ["VERSION_PATCH", "as above"],
  ["VERSION", "as above"],
  ["DEFINED_STDINT", "about the C compiler"],
  ["POLLITEMS_DFLT", "how large an array a C program might keep"],
  ["HAS_CAPABILITIES", "says that zmq_has() exists"],
]);

/** Names whose number is not that of one zmq.h, which is given here so that another change still shows. */
const otherNumber = new Map([
  // 4.3.4 wrote 3, which is both other bits; 4.3.5 and pyzmq have 4.
  ["RECONNECT_STOP_AFTER_DISCONNECT", 3],
]);

/** Socket options of pyzmq that are no row of the socket table. */
const noRow = new Map([
  ["HWM", "refused since libzmq 3; socket.hwm is sndhwm and rcvhwm"],
  ["BLOCKY", "a context option"],
]);

/** @param {string} message @returns {never} */
function stop(message) {
  console.error(message);
  process.exit(1);
}

/** @param {string} name @returns {Record<string, unknown>} */
function load(name) {
  const path = join(root, "lib", name);
  if (!existsSync(path)) stop(`${path} is missing: npm run build:ts`);
  return require(path);
}

/** The texts of all headers in the cache that differ: the unpacked source and the installed copy are one. */
function headers() {
  const cache = process.env.NODEZMQ_DEPS_CACHE || join(root, ".deps");
  const tail = join("include", "zmq.h");
  const files = existsSync(cache)
    ? readdirSync(cache, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(tail))
    : [];
  if (files.length === 0) stop(`no include/zmq.h below ${cache}: npm run build:native`);
  return new Set(files.map((file) => readFileSync(join(cache, file), "utf8")));
}

/**
 * What a header defines, by our names: ZMQ_X is X. Macros with arguments or without a value are no constants.
 * @param {string} header @returns {Map<string, number | string>}
 */
function definitions(header) {
  /** @type {Map<string, string>} */
  const texts = new Map();
  const source = header.replace(/\/\*[\s\S]*?\*\//g, " ").replace(/\\\r?\n/g, " ");
  for (const [, name = "", text = ""] of source.matchAll(/^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+(.+)$/gm)) {
    // EFSM and its kind; what zmq.h gives POSIX names where a system lacks them is not looked at.
    const own = name.startsWith("ZMQ_") || /^E(FSM|NOCOMPATPROTO|TERM|MTHREAD)$/.test(name);
    if (own && name !== "ZMQ_EXPORT") texts.set(name, text.replace(/\/\/.*/, "").trim());
  }

  /** @param {string} text @returns {number | string | undefined} */
  const value = (text) => {
    const string = /^"(.*)"$/.exec(text);
    if (string) return string[1];
    let sum = 0;
    // A number, another name, or such in a row: `(ZMQ_HAUSNUMERO + 51)`, `ZMQ_A | ZMQ_B`. Flags never
    // overlap, so that adding does for both.
    for (const term of text.replace(/^\((.*)\)$/, "$1").split(/[|+]/)) {
      const word = term.trim();
      const known = texts.get(word);
      const number = known === undefined ? Number(word || Number.NaN) : value(known);
      if (typeof number !== "number" || Number.isNaN(number)) return undefined;
      sum += number;
    }
    return sum;
  };

  /** @type {Map<string, number | string>} */
  const found = new Map();
  for (const [name, text] of texts) {
    const result = value(text);
    if (result !== undefined) found.set(name.replace(/^ZMQ_/, ""), result);
  }
  return found;
}

const ours = load("constants.js");
const options = load("options.js");
/** @type {string[]} */
const wrong = [];
let compared = 0;
/** @type {string[]} */
const versions = [];

for (const header of headers()) {
  const theirs = definitions(header);
  const version = ["MAJOR", "MINOR", "PATCH"].map((part) => theirs.get(`VERSION_${part}`)).join(".");
  versions.push(version);
  if (theirs.size < 200) wrong.push(`zmq.h ${version}: only ${theirs.size} constants were found`);
  for (const [name, expected] of theirs) {
    if (leftOut.has(name)) continue;
    compared += 1;
    if (!(name in ours)) {
      wrong.push(`${name} = ${expected} of zmq.h ${version} is not exported`);
    } else if (ours[name] !== expected && otherNumber.get(name) !== expected) {
      wrong.push(`${name} is ${ours[name]}, in zmq.h ${version} ${expected}`);
    }
  }
}

/** @param {unknown} value */
const record = (value) => /** @type {Record<string, readonly [number, ...unknown[]]>} */ (value);
/** @param {unknown} value */
const numbers = (value) => /** @type {Record<string, number>} */ (value);

// Each row is keyed by its constant's name in camelCase, and each option has a row.
let rows = 0;
for (const [table, members] of [
  [options.socketOptions, ours.SocketOption],
  [options.contextOptions, ours.ContextOption],
]) {
  const names = new Set();
  for (const [property, [number]] of Object.entries(record(table))) {
    rows += 1;
    const name = property.replace(/[A-Z]/g, "_$&").toUpperCase();
    names.add(name);
    if (ours[name] !== number) wrong.push(`row ${property} has ${number}, ${name} is ${ours[name]}`);
  }
  for (const [name, number] of Object.entries(numbers(members))) {
    if (!names.has(name) && !noRow.has(name)) wrong.push(`${name} = ${number} has no row in options.ts`);
  }
}

if (wrong.length > 0) stop(wrong.join("\n"));
console.log(`constants: ${compared} of zmq.h ${versions.join(" and ")} and ${rows} rows of options agree`);
