// Writes docs/options.md from the option table: the text of an option is the comment above its row in src/options.ts.
//
//   --check   writes nothing; fails when the page is not what the table says
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { root } from "./setup.mjs";

const require = createRequire(import.meta.url);
/** @typedef {readonly [option: number, kind: string, access: string, initial?: unknown, unit?: string]} Row */
const options = /** @type {Record<"socketOptions" | "contextOptions", Record<string, Row>>} */ (
  require("../lib/options.js")
);
const constants = /** @type {Record<string, unknown>} */ (require("../lib/constants.js"));

const page = join(root, "docs", "options.md");
const source = readFileSync(join(root, "src", "options.ts"), "utf8");

const TYPES = {
  int: "number",
  bool: "boolean",
  int64: "number",
  uint64: "bigint",
  fd: "number",
  bytes: "Buffer",
  text: "string",
  key: "string (Z85)",
  name: "string, reads as number",
};
const ACCESS = { r: "read", w: "write", rw: "" };

/** @param {string} property */
const constantOf = (property) => property.replace(/[A-Z]/g, "_$&").toUpperCase();

/** What stands in a cell must not end it. @param {string} text */
const cell = (text) => text.replaceAll("|", "\\|");

/** @param {Row} row */
function initial([, kind, , value]) {
  if (kind === "key") return '`"000…"`';
  if (value === undefined || value === null) return "";
  if (value === "") return kind === "bytes" ? "empty" : '`""`';
  return `\`${typeof value === "bigint" ? `${value}n` : value}\``;
}

/** The sections of a table, as its source has them. @param {"socketOptions" | "contextOptions"} table */
function sections(table) {
  const start = source.indexOf(`export const ${table} = {`);
  const body = source.slice(start, source.indexOf("} as const satisfies Table;", start));
  /** @type {{ title: string, rows: string[] }[]} */
  const found = [];
  for (const [, title, comment, property] of body.matchAll(
    /^ {2}(?:\/\/ ---- (.*)|\/\*\* (.*) \*\/\n {2}(\w+): \[)/gm,
  )) {
    if (title !== undefined) found.push({ title, rows: [] });
    if (property === undefined || comment === undefined) continue;
    if (found.length === 0) found.push({ title: "", rows: [] });
    const row = options[table][property];
    if (row === undefined)
      throw new Error(`${property} is not in ${table}: build first (node scripts/setup.mjs ts)`);
    const name = constantOf(property);
    const [number, kind, access, , unit = ""] = row;
    const cells = [
      `\`${property}\``,
      constants[name] === number ? `\`${name}\` ${number}` : `${number}`,
      TYPES[/** @type {keyof typeof TYPES} */ (kind)],
      ACCESS[/** @type {keyof typeof ACCESS} */ (access)],
      initial(row),
      unit,
      comment,
    ];
    found.at(-1)?.rows.push(`| ${cells.map(cell).join(" | ")} |`);
  }
  const rows = found.reduce((sum, { rows }) => sum + rows.length, 0);
  if (rows !== Object.keys(options[table]).length)
    throw new Error(`a row of ${table} has no comment of one line`);
  return found;
}

const HEAD =
  "| property | constant | type | only | default | unit | |\n| --- | --- | --- | --- | --- | --- | --- |";

/** @param {"socketOptions" | "contextOptions"} table */
const tables = (table) =>
  sections(table)
    .map(({ title, rows }) => `${title === "" ? "" : `### ${title}\n\n`}${HEAD}\n${rows.join("\n")}\n`)
    .join("\n");

const text = `# Options

<!-- Written by \`npm run docs\` from the table in src/options.ts. Change the table, not this page. -->

Every option is a property (\`socket.linger = 0\`), a number for \`set\` and \`get\` (\`socket.set(zmq.LINGER, 0)\`), and a key
of \`context.socket(type, { linger: 0 })\`. On a context, \`context.linger = 0\` is a default for the sockets made later;
assigning \`undefined\` takes it back. libzmq's own words about each are in zmq_setsockopt(3), zmq_getsockopt(3) and
zmq_ctx_set(3).

- A number has to be a whole one: anything else is a \`TypeError\`, one out of C's range a \`RangeError\`, and one that libzmq
  does not want a \`ZMQError\` \`EINVAL\`.
- A boolean takes 0 and 1 too, a bigint takes a number, a Buffer takes a string (as UTF-8), any view and any buffer.
- A string takes bytes as well, and \`null\` where libzmq can take the text back.
- A CURVE key takes 32 bytes, or 40 characters of Z85 with or without a NUL, and reads as the 40 characters.
- "read" and "write" say that an option can only be read, or only be set. Unless its text says "at once", it acts on the
  binds and connects that follow.
- A number that is not in the tables goes to libzmq all the same: a number as an int, a string or bytes as bytes.

## Socket options

${tables("socketOptions")}
## Context options

${tables("contextOptions")}`;

if (process.argv.includes("--check")) {
  let present = "";
  try {
    present = readFileSync(page, "utf8");
  } catch {
    // Missing is as stale as can be.
  }
  if (present !== text) {
    console.log("docs/options.md is not what src/options.ts says: run npm run docs");
    process.exit(1);
  }
} else {
  writeFileSync(page, text);
}
