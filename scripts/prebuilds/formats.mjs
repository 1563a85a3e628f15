// What a binary asks of the machine that loads it: read by readelf and objdump (binutils), and by hand for macOS.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * @typedef {object} Binary
 * @property {string} machine "x64", "arm64" or what else it is for
 * @property {string[]} libraries that it loads
 * @property {string[]} exports
 * @property {string[]} versions of glibc, and on macOS the oldest that it is for
 */

/** @param {string} program @param {string[]} args */
const say = (program, args) => execFileSync(program, args, { encoding: "utf8", maxBuffer: 1 << 28 });

/** @param {string} text @param {RegExp} pattern */
const all = (text, pattern) => [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ""))];

/** @param {string} file @returns {Binary} */
function elf(file) {
  const text = say("readelf", ["-W", "--file-header", "--dynamic", "--dyn-syms", "--version-info", file]);
  const machine = /Machine:\s+(.*)/.exec(text)?.[1] ?? "";
  return {
    machine: machine.includes("X86-64") ? "x64" : machine === "AArch64" ? "arm64" : machine,
    libraries: all(text, /\(NEEDED\).*\[(.*)\]/g),
    exports: all(text, /(?:GLOBAL|WEAK|UNIQUE)\s+DEFAULT\s+\d+ (\S+)/g),
    versions: all(text, /\bGLIBC_([\d.]+)/g),
  };
}

/** @param {string} file @returns {Binary} */
function pe(file) {
  const text = say("objdump", ["-p", file]);
  const table = text.slice(text.indexOf("[Ordinal/Name Pointer] Table"));
  return {
    machine: /pei?-x86-64/.test(text) ? "x64" : "",
    libraries: all(text, /DLL Name: (\S+)/g),
    exports: all(table, /^\s+\[\s*\d+\][^\n]*?(\w+)$/gm),
    versions: [],
  };
}

const MACH_O_64 = 0xfeedfacf;
const machCommands = { symbols: 0x2, dylib: 0xc, weakDylib: 0x80000018, minimum: 0x24, build: 0x32 };

/** @param {string} file @returns {Binary} */
function machO(file) {
  const bytes = readFileSync(file);
  /** @type {Binary} */
  const binary = { machine: "", libraries: [], exports: [], versions: [] };
  const cpu = bytes.readUInt32LE(4);
  binary.machine = cpu === 0x01000007 ? "x64" : cpu === 0x0100000c ? "arm64" : String(cpu);
  const text = (/** @type {number} */ at) => bytes.toString("latin1", at, bytes.indexOf(0, at));
  let at = 32;
  for (let i = 0; i < bytes.readUInt32LE(16); i++) {
    const command = bytes.readUInt32LE(at);
    if (command === machCommands.dylib || command === machCommands.weakDylib) {
      binary.libraries.push(text(at + bytes.readUInt32LE(at + 8)));
    } else if (command === machCommands.build || command === machCommands.minimum) {
      const version = bytes.readUInt32LE(at + (command === machCommands.build ? 12 : 8));
      binary.versions.push(`${version >> 16}.${(version >> 8) & 255}`);
    } else if (command === machCommands.symbols) {
      const [symbols, count, strings] = [8, 12, 16].map((offset) => bytes.readUInt32LE(at + offset));
      for (let n = 0; n < Number(count); n++) {
        const entry = Number(symbols) + n * 16;
        const type = bytes[entry + 4] ?? 0;
        // External, defined in a section, not private and not for debuggers.
        if ((type & 0x01) !== 0 && (type & 0x0e) === 0x0e && (type & 0xf0) === 0) {
          binary.exports.push(text(Number(strings) + bytes.readUInt32LE(entry)).replace(/^_/, ""));
        }
      }
    }
    at += bytes.readUInt32LE(at + 4);
  }
  return binary;
}

/** @param {string} file @returns {Binary} */
export function readBinary(file) {
  const head = readFileSync(file).subarray(0, 4);
  if (head.toString("latin1") === "\x7fELF") return elf(file);
  if (head.toString("latin1", 0, 2) === "MZ") return pe(file);
  if (head.readUInt32LE(0) === MACH_O_64) return machO(file);
  throw new Error(`${file} is no binary of a kind that is known`);
}
