// Runs the tests in every runtime: the whole suite in each Node.js, once with the watcher that Bun and Deno need, and the
// behaviours that all share in Bun and Deno by their own runners.
//
//   npm run test:runtimes                  all of them
//   npm run test:runtimes -- node24 bun    some; also node20, node22, node26, thread, deno
//
// The runtimes are npm packages with a binary in each; they are installed into .deps/runtimes the first time.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fail, root, SetupError, setup } from "./setup.mjs";

const home = join(root, ".deps", "runtimes");
const { platform, arch } = process;
const system = platform === "win32" ? "win" : platform;
const suffix = platform === "win32" ? ".exe" : "";
const vitest = [join(root, "node_modules", "vitest", "vitest.mjs"), "run"];

/**
 * @typedef {object} Runtime
 * @property {string} [install] what npm installs
 * @property {string} binary below node_modules, or an absolute path
 * @property {string[]} args
 * @property {NodeJS.ProcessEnv} [env]
 */

/** @param {number} major @returns {[string, Runtime]} */
const node = (major) => [
  `node${major}`,
  {
    install: `node${major}@npm:node-${system}-${arch}@${major}`,
    binary: join(`node${major}`, "bin", `node${suffix}`),
    args: vitest,
  },
];

/** @type {Record<string, Runtime>} */
const runtimes = {
  ...Object.fromEntries([20, 22, 24, 26].map(node)),
  thread: { binary: process.execPath, args: vitest, env: { NODEZMQ_WATCHER: "thread" } },
  bun: {
    install: `@oven/bun-${platform === "win32" ? "windows" : platform}-${arch === "arm64" ? "aarch64" : arch}`,
    binary: join(
      "@oven",
      `bun-${platform === "win32" ? "windows" : platform}-${arch === "arm64" ? "aarch64" : arch}`,
      "bin",
      `bun${suffix}`,
    ),
    args: ["test", "test/bun"],
  },
  deno: {
    install: `@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}`,
    binary: join("@deno", `${platform}-${arch}${platform === "linux" ? "-glibc" : ""}`, `deno${suffix}`),
    args: ["test", "--allow-all", "--no-check", "test/deno"],
  },
};

/** @param {Runtime} runtime */
function path({ install, binary }) {
  if (install === undefined) return binary;
  const file = join(home, "node_modules", binary);
  if (existsSync(file)) return file;
  mkdirSync(home, { recursive: true });
  if (!existsSync(join(home, "package.json")))
    writeFileSync(join(home, "package.json"), '{ "private": true }\n');
  const run = spawnSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", install], {
    cwd: home,
    stdio: ["ignore", "ignore", "inherit"],
    shell: platform === "win32",
  });
  if (run.status !== 0 || !existsSync(file)) throw new SetupError(`npm cannot install ${install}`);
  return file;
}

try {
  const names = process.argv.slice(2).filter((argument) => !argument.includes("/"));
  const files = process.argv.slice(2).filter((argument) => argument.includes("/")); // go to vitest
  await setup();
  /** @type {string[]} */
  const failed = [];
  for (const name of names.length > 0 ? names : Object.keys(runtimes)) {
    const runtime = runtimes[name];
    if (runtime === undefined) {
      throw new SetupError(`unknown runtime ${name}; there are: ${Object.keys(runtimes).join(", ")}`);
    }
    const binary = path(runtime);
    const version = spawnSync(binary, ["--version"], { encoding: "utf8" }).stdout.split("\n")[0];
    console.log(`\n---- ${name}: ${version}`);
    const args = runtime.args === vitest ? [...vitest, ...files] : runtime.args;
    const env = { ...process.env, ...runtime.env };
    if (spawnSync(binary, args, { cwd: root, stdio: "inherit", env }).status !== 0) failed.push(name);
  }
  if (failed.length > 0) throw new SetupError(`failed: ${failed.join(", ")}`);
} catch (error) {
  fail(error);
}
