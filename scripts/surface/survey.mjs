// Which of pyzmq's public names the library has: in the main entry, in camelCase, and in nodezmq/pyzmq, as they are.
// pyzmq.json lists the names (pyzmq 27.2 and libzmq 4.3.5), missing.json the reason for each that we do not have.
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const require = createRequire(import.meta.url);
/** @param {string} name @returns {Record<string, unknown>} */
const readJson = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));

/** @typedef {"function" | "class" | "exception" | "enum" | "constant" | "command"} Kind */
/** @typedef {{ module: string, name: string, kind: Kind, members: string[] }} Name */

/** @returns {Name[]} */
function names() {
  /** @type {Name[]} */
  const all = [];
  for (const [module, kinds] of Object.entries(readJson("pyzmq.json"))) {
    for (const [key, text] of Object.entries(/** @type {Record<string, string>} */ (kinds))) {
      const [kind, owner] = /** @type {[Kind, string | undefined]} */ (key.split(" "));
      const list = text.split(" ");
      if (owner !== undefined) all.push({ module, name: owner, kind, members: list });
      else all.push(...list.map((name) => ({ module, name, kind, members: [] })));
    }
  }
  return all;
}

/** @param {string} name */
export const camel = (name) =>
  /^[a-z]/.test(name) ? name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase()) : name;

/** The fields that classes declare, by the name of the class: objects have them, prototypes do not. */
function declaredFields() {
  /** @type {Map<string, Set<string>>} */
  const fields = new Map();
  for (const file of readdirSync(join(root, "lib"), { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".d.ts")) continue;
    const text = readFileSync(join(root, "lib", file), "utf8");
    for (const match of text.matchAll(/^export declare (?:abstract )?class (\w+)[^\n]*\{\n([\s\S]*?)^\}/gm)) {
      const [, name = "", body = ""] = match;
      const known = fields.get(name) ?? new Set();
      fields.set(name, known);
      for (const field of body.matchAll(/^ {4}(?:readonly |static |declare )*(\w+)\??:/gm))
        known.add(field[1] ?? "");
    }
  }
  return fields;
}

/** @param {unknown} type @param {string} member @param {ReadonlyMap<string, ReadonlySet<string>>} fields */
function hasMember(type, member, fields) {
  if (typeof type !== "function") return typeof type === "object" && type !== null && member in type;
  if (member in type) return true;
  if (typeof type.prototype === "object" && type.prototype !== null && member in type.prototype) return true;
  for (let from = type; typeof from === "function"; from = Object.getPrototypeOf(from)) {
    if (fields.get(from.name)?.has(camel(member))) return true;
  }
  return false;
}

/** @param {object} entry @param {string} module "zmq.auth.thread" @returns {unknown} */
const namespace = (entry, module) =>
  module
    .split(".")
    .slice(1)
    .reduce((/** @type {any} */ value, name) => value?.[name], entry);

/** Commands of pyzmq's modules, and those of ours that do the same. */
const commands = new Map([
  ["zmq.log.__main__", "log"],
  ["zmq.curve_keygen", "keygen"],
]);

/**
 * @typedef {object} Module
 * @property {string} module
 * @property {number} total names and members of classes
 * @property {number} main how many of them the main entry has
 * @property {number} pyzmq how many nodezmq/pyzmq has
 * @property {{ path: string, where: string, reason: string | undefined }[]} missing
 */

/** @returns {{ modules: Module[], stale: string[] }} */
export function survey() {
  const main = require("nodezmq");
  const pyzmq = require("nodezmq/pyzmq");
  const { bin } = /** @type {{ bin?: { nodezmq?: string } }} */ (require("../../package.json"));
  const reasons = /** @type {Record<string, string>} */ (readJson("missing.json"));
  const fields = declaredFields();
  const used = new Set();
  /** @type {Map<string, Module>} */
  const modules = new Map();

  /** @param {string} path */
  const reasonFor = (path) => {
    for (let at = path; at.includes("."); at = at.slice(0, at.lastIndexOf("."))) {
      if (reasons[at] === undefined) continue;
      used.add(at);
      return reasons[at];
    }
    return undefined;
  };
  /** @param {Module} entry @param {string} path @param {boolean} inMain @param {boolean} inPyzmq */
  const count = (entry, path, inMain, inPyzmq) => {
    entry.total += 1;
    entry.main += inMain ? 1 : 0;
    entry.pyzmq += inPyzmq ? 1 : 0;
    if (inMain && inPyzmq) return;
    const where = inMain ? "nodezmq/pyzmq" : inPyzmq ? "nodezmq" : "both";
    entry.missing.push({ path, where, reason: reasonFor(path) });
  };

  for (const { module, name, kind, members } of names()) {
    let entry = modules.get(module);
    if (entry === undefined) {
      entry = { module, total: 0, main: 0, pyzmq: 0, missing: [] };
      modules.set(module, entry);
    }
    if (kind === "command") {
      const there = bin?.nodezmq !== undefined && commands.has(module);
      count(entry, `${module}.${name}`, there, there);
      continue;
    }
    const spelt = kind === "function" ? camel(name) : name;
    const ours = /** @type {any} */ (namespace(main, module))?.[spelt];
    const theirs = /** @type {any} */ (namespace(pyzmq, module))?.[name];
    count(entry, `${module}.${name}`, ours !== undefined, theirs !== undefined);
    for (const member of members) {
      const path = `${module}.${name}.${member}`;
      const own = kind === "enum" ? member : camel(member);
      count(entry, path, hasMember(ours, own, fields), hasMember(theirs, member, fields));
    }
  }
  const stale = Object.keys(reasons).filter((path) => !used.has(path));
  return { modules: [...modules.values()], stale };
}
