// Checks the binaries in prebuilds/ before they are published: nothing newer than what Node.js itself needs is asked of the
// machine, nothing leaks, nothing is missing or too large.
//
//   npm run prebuilds:check            every target must be there
//   npm run prebuilds:check -- --some  what is there
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { readBinary } from "./prebuilds/formats.mjs";
import { fileOf, targets } from "./prebuilds/targets.mjs";
import { root } from "./setup.mjs";

/** @typedef {import("./prebuilds/targets.mjs").Target} Target */

const LARGEST = 2.5e6; // bytes
const ENTRIES = new Set(["napi_register_module_v1", "node_api_module_get_api_version_v1"]);
const GLIBC = "2.28"; // what Node.js 18 and later is built for
const MACOS = "11.0";

/** What the operating system always has. @param {Target} target */
function systemLibraries({ platform, libc }) {
  if (platform === "darwin") return /^\/usr\/lib\/(libSystem\.B|libc\+\+\.1)\.dylib$/;
  if (platform === "win32")
    return /^(node\.exe|(kernel32|ws2_32|iphlpapi|advapi32|rpcrt4|msvcrt|user32|ntdll|api-ms-win-crt-.*)\.dll)$/i;
  return libc === "musl"
    ? /^(libc\.so|libc\.musl-.*\.so\.1)$/
    : /^(lib(c|m|dl|pthread|rt)\.so\.\d+|ld-linux-.*)$/;
}

/** @param {string} a @param {string} b */
const newer = (a, b) => a.localeCompare(b, "en", { numeric: true }) > 0;

/** @param {Target} target @param {string} file @returns {string[]} what is wrong */
function check(target, file) {
  const { size } = statSync(file);
  const { machine, libraries, exports, versions } = readBinary(file);
  const limit = target.platform === "darwin" ? MACOS : GLIBC;
  const foreign = libraries.filter((library) => !systemLibraries(target).test(library));
  const tooNew = versions.filter((version) => newer(version, limit));
  const leaked = exports.filter((name) => !ENTRIES.has(name));
  return [
    ...(size > LARGEST ? [`${size} bytes, more than ${LARGEST}`] : []),
    ...(machine === target.arch ? [] : [`is for ${machine}`]),
    ...foreign.map((library) => `needs ${library}`),
    ...tooNew.map((version) => `needs ${target.platform === "darwin" ? "macOS" : "glibc"} ${version}`),
    ...(target.libc !== "musl" || versions.length === 0 ? [] : ["needs glibc"]),
    ...leaked.slice(0, 5).map((name) => `exports ${name}`),
    ...[...ENTRIES].filter((name) => !exports.includes(name)).map((name) => `does not export ${name}`),
  ];
}

const some = process.argv.includes("--some");
let failures = 0;
/** @param {string} name @param {string[]} faults */
function tell(name, faults, note = "") {
  console.log(`${faults.length === 0 ? "ok    " : "FAILED"} ${name}${note}`);
  for (const fault of faults) console.log(`         ${fault}`);
  failures += faults.length;
}

const expected = new Map(Object.entries(targets).map(([name, target]) => [fileOf(target), { name, target }]));
for (const [file, { name, target }] of expected) {
  const path = join(root, file);
  if (!existsSync(path)) {
    if (!some) tell(name, [`${file} is missing`]);
    continue;
  }
  tell(name, check(target, path), `: ${(statSync(path).size / 1e6).toFixed(2)} MB`);
}
for (const folder of existsSync(join(root, "prebuilds")) ? readdirSync(join(root, "prebuilds")) : []) {
  for (const file of readdirSync(join(root, "prebuilds", folder))) {
    const path = `prebuilds/${folder}/${file}`;
    // Also a Linux binary without its libc's name: it would be loaded on any.
    if (!expected.has(path)) tell(path, ["is the binary of no target (a missing libc tag?)"]);
  }
}
process.exit(failures > 0 ? 1 : 0);
