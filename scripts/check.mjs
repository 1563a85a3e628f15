// Checks everything that a change must pass: formats, lint, types, constants, tests. Says all that is wrong, not the first.
//
//   --no-tests      leave the test suite out, when it has just run
//   --no-cxx-lint   leave clang-format and clang-tidy out, on a machine without them
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fail, root, SetupError, setup } from "./setup.mjs";

const flags = new Set(process.argv.slice(2));
for (const flag of flags) {
  if (!["--no-tests", "--no-cxx-lint"].includes(flag)) fail(new SetupError(`unknown flag ${flag}`));
}

/** @typedef {{ ok: boolean, output: string }} Outcome */

/** @param {string[]} command @returns {Promise<Outcome>} */
function run([program = "", ...args]) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const collect = (/** @type {Buffer} */ chunk) => {
      output += chunk;
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.on("error", (/** @type {NodeJS.ErrnoException} */ error) => {
      const hint = `${program} is not installed (Debian, Ubuntu: apt-get install ${program})\n`;
      resolve({ ok: false, output: error.code === "ENOENT" ? hint : `${error.message}\n` });
    });
    child.on("close", (code) => resolve({ ok: code === 0, output }));
  });
}

/** @param {string} path @param {string[]} args */
const node = (path, ...args) => run([process.execPath, join(root, path), ...args]);
const tsc = (/** @type {string} */ project) =>
  node("node_modules/typescript/bin/tsc", "--noEmit", "-p", project);

/** @param {RegExp} pattern */
const cxxFiles = (pattern) =>
  readdirSync(join(root, "binding"))
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => `binding/${name}`);

/** One process a file, as many at once as there are cores. @returns {Promise<Outcome>} */
async function clangTidy() {
  const files = cxxFiles(/\.cc$/);
  /** @type {Outcome[]} */
  const outcomes = [];
  const worker = async () => {
    for (let file = files.shift(); file !== undefined; file = files.shift()) {
      outcomes.push(await run(["clang-tidy", "--quiet", "-p", "build", file]));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  // A header's fault is told once for each file that includes it.
  const diagnostics = new Set(
    outcomes
      .flatMap(({ output }) => output.split(/^(?=\S+:\d+:\d+: (?:error|warning):)/m))
      .map((text) => text.replaceAll(`${root}/`, "").replace(/^\d+ warnings.*\n/gm, "")),
  );
  return { ok: outcomes.every(({ ok }) => ok), output: [...diagnostics].join("") };
}

/** @type {[string, () => Promise<Outcome>][]} */
const checks = [
  ["format and lint", () => node("node_modules/@biomejs/biome/bin/biome", "check", "--colors=off", ".")],
  ["types of src", () => tsc("tsconfig.json")],
  ["types of tests, examples, scripts", () => tsc("tsconfig.test.json")],
  ["constants", () => node("scripts/check-constants.mjs")],
  ["pyzmq's names", () => node("scripts/surface.mjs", "--quiet")],
  ["docs/pyzmq.md", () => node("scripts/docs-pyzmq.mjs", "--check")],
  ["package and its types", () => node("scripts/check-package.mjs")],
  ["clauses and their tests", () => node("scripts/check-clauses.mjs")],
  ["API reference", () => node("scripts/docs-api.mjs", "--check")],
  ["option reference", () => node("scripts/docs-options.mjs", "--check")],
];
if (!flags.has("--no-cxx-lint")) {
  checks.push(
    ["clang-format", () => run(["clang-format", "--dry-run", "-Werror", ...cxxFiles(/\.(cc|h)$/)])],
    ["clang-tidy", clangTidy],
  );
}
if (!flags.has("--no-tests")) {
  checks.push(["tests", () => node("node_modules/vitest/vitest.mjs", "run")]);
}

await setup().catch(fail);
let failures = 0;
for (const [name, check] of checks) {
  const start = performance.now();
  const { ok, output } = await check();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${ok ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  if (ok) continue;
  failures += 1;
  console.log(output.trimEnd());
}
if (failures > 0) {
  console.log(`\n${failures} of ${checks.length} checks failed`);
  process.exit(1);
}
