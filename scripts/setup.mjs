// Brings a checkout to the state in which it can run, and does nothing when it is there already:
// installs the npm packages, fetches the upstream sources, compiles the addon and the TypeScript.
//
//   node scripts/setup.mjs          everything
//   node scripts/setup.mjs native   the addon
//   node scripts/setup.mjs ts       the TypeScript
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism } from "node:os";
import { delimiter, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { fetchSources } from "./fetch-sources.mjs";

export const root = resolve(fileURLToPath(new URL("..", import.meta.url)));
const lock = join(root, ".deps", "setup.lock");

/** A failure whose message says all there is to say. */
export class SetupError extends Error {}

// Not stdout: `npm pack --json` and the like own that.
/** @param {string} line */
const say = (line) => console.error(`nodezmq: ${line}`);

/**
 * Runs a command of Node's quietly. What it said is shown when it fails, or when `worthShowing` finds something in it.
 * @param {string[]} command @param {{ failure: string, worthShowing?: RegExp }} options
 */
function runNode(command, { failure, worthShowing }) {
  const run = spawnSync(process.execPath, command, { cwd: root, encoding: "utf8" });
  if (run.error) throw run.error;
  const output = run.stdout + run.stderr;
  if (run.status !== 0 || worthShowing?.test(output)) process.stderr.write(output);
  if (run.status !== 0) throw new SetupError(failure);
  return run.stdout;
}

/** Every file below the paths, in a fixed order. @param {string[]} paths @returns {string[]} */
function filesBelow(paths) {
  return paths.flatMap((path) => {
    if (!existsSync(path)) return [];
    if (!statSync(path).isDirectory()) return [path];
    return filesBelow(
      readdirSync(path)
        .sort()
        .map((name) => join(path, name)),
    );
  });
}

/** By content, not by time: a branch switched forth and back needs no rebuild. @param {string[]} paths @param {unknown} [extra] */
function fingerprint(paths, extra) {
  const hash = createHash("sha256").update(JSON.stringify([root, process.arch, extra]));
  for (const file of filesBelow(paths.map((path) => join(root, path)))) {
    hash.update(relative(root, file)).update("\0").update(readFileSync(file)).update("\0");
  }
  return hash.digest("hex");
}

/** @param {string} file */
const contents = (file) => (existsSync(file) ? readFileSync(file, "utf8") : "");

// ---- Packages ----------------------------------------------------------------------------------

const packages = {
  current() {
    const installed = join(root, "node_modules", ".package-lock.json");
    if (!existsSync(installed)) return false;
    // `npm install` writes both within the same moment, in either order.
    const slack = 5000;
    return statSync(installed).mtimeMs + slack >= statSync(join(root, "package-lock.json")).mtimeMs;
  },
  run() {
    say("installing packages");
    // Under npm its own script is named in the environment; on Windows npm itself is no program that can be spawned.
    const npm = process.env.npm_execpath;
    const viaNode = npm !== undefined && /npm-cli\.c?js$/.test(npm);
    const run = spawnSync(
      viaNode ? process.execPath : "npm",
      [...(viaNode ? [npm] : []), "ci", "--include=dev", "--loglevel=error"],
      {
        cwd: root,
        stdio: ["ignore", "ignore", "inherit"],
        shell: !viaNode && process.platform === "win32",
      },
    );
    if (run.status !== 0) throw new SetupError("npm ci failed");
  },
};

// ---- The addon ---------------------------------------------------------------------------------

/** @param {string[]} names */
function onPath(...names) {
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  return names.some((name) =>
    folders.some((folder) => {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    }),
  );
}

function checkTools() {
  // Visual Studio brings its tools along outside of PATH; cmake-js finds them and complains by itself.
  if (process.platform === "win32") return;
  const missing = [];
  if (!onPath("cmake")) missing.push("cmake");
  if (!process.env.CXX && !onPath("c++", "g++", "clang++")) missing.push("a C++ compiler");
  if (!onPath("make", "ninja")) missing.push("make");
  if (missing.length === 0) return;
  throw new SetupError(
    [
      `cannot compile the addon without ${missing.join(", ")}. Install with:`,
      "  Debian, Ubuntu  apt-get install cmake g++ make",
      "  Fedora          dnf install cmake gcc-c++ make",
      "  macOS           xcode-select --install; brew install cmake",
    ].join("\n"),
  );
}

/**
 * The addon in one build folder, with one set of CMake options.
 * @param {string} folder @param {Record<string, string>} options
 */
export function nativeBuild(folder = "build", options = {}) {
  // Strict where a warning has a reader, lenient on the machine of someone with a newer compiler.
  const settings = process.env.CI ? { NODEZMQ_WERROR: "ON", ...options } : options;
  const out = join(root, folder);
  const binary = join(out, "Release", "nodezmq.node");
  const stamp = join(out, "fingerprint");
  const state = () =>
    fingerprint(
      ["CMakeLists.txt", "scripts/libzmq", "binding", "node_modules/node-addon-api/package.json"],
      settings,
    );
  return {
    binary,
    current: () => existsSync(binary) && contents(stamp) === state(),
    async run() {
      checkTools();
      await fetchSources(say).catch((error) => {
        throw new SetupError(error.message);
      });
      const before = state();
      const cache = contents(join(out, "CMakeCache.txt"));
      // CMake refuses a build folder that was copied or moved along with its checkout.
      const home = /^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$/m.exec(cache)?.[1];
      if (home !== undefined && resolve(home) !== root) rmSync(out, { recursive: true });
      say(
        home === undefined
          ? "compiling the addon (libzmq, the first time: about a minute)"
          : "compiling the addon",
      );
      const cmakeJs = join(root, "node_modules", "cmake-js", "bin", "cmake-js");
      const common = ["--out", out, "--log-level", "warn"];
      const failure = "compiling the addon failed";
      const defines = Object.entries(settings).map(([key, value]) => `--CD${key}=${value}`);
      const configured = join(out, "settings");
      if (!existsSync(join(out, "CMakeCache.txt")) || contents(configured) !== defines.join("\n")) {
        // Options that are no longer asked for would stay in CMake's cache.
        rmSync(join(out, "CMakeCache.txt"), { force: true });
        runNode([cmakeJs, "configure", ...common, ...defines], { failure });
        writeFileSync(configured, defines.join("\n"));
      }
      const jobs = String(Math.min(8, Math.max(2, availableParallelism())));
      // `build` and not `compile`: the latter answers a compile error by building everything again.
      runNode([cmakeJs, "build", ...common, "--parallel", jobs], {
        failure,
        worthShowing: /warning:/,
      });
      writeFileSync(stamp, before);
    },
  };
}

// ---- TypeScript --------------------------------------------------------------------------------

const typescript = {
  stamp: join(root, ".deps", "lib.fingerprint"),
  state: () =>
    fingerprint([
      "src",
      "scripts/setup.mjs",
      "scripts/fuse.mjs",
      "tsconfig.json",
      "package.json", // its version
      "node_modules/typescript/package.json",
    ]),
  current() {
    return existsSync(join(root, "lib", "index.js")) && contents(this.stamp) === this.state();
  },
  async run() {
    say("compiling TypeScript");
    const { fuse } = await import("./fuse.mjs"); // needs a package
    const before = this.state();
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const listing = runNode([tsc, "-p", "tsconfig.json", "--listEmittedFiles"], {
      failure: "compiling TypeScript failed",
    });
    // What a deleted source left behind would be published.
    const emitted = new Set(
      [...listing.matchAll(/^TSFILE:\s*(.*)$/gm)].map((match) => resolve(root, match[1] ?? "")),
    );
    for (const file of filesBelow([join(root, "lib")])) {
      if (!emitted.has(resolve(file))) rmSync(file);
    }
    const lib = join(root, "lib");
    const plain = mkdtempSync(join(root, ".deps", "plain-"));
    try {
      runNode([tsc, "-p", "tsconfig.json", "--removeComments", "--declaration", "false", "--outDir", plain], {
        failure: "compiling TypeScript failed",
      });
      fuse(lib, plain);
    } finally {
      rmSync(plain, { recursive: true });
    }
    writeFileSync(this.stamp, before);
  },
};

// ---- All of it ---------------------------------------------------------------------------------

/** Whether a process with that id runs. @param {number} pid */
function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

/** Two terminals in one checkout take turns. @template T @param {() => Promise<T>} work */
async function exclusively(work) {
  mkdirSync(dirname(lock), { recursive: true });
  for (let told = false; ; ) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
    }
    const owner = Number(contents(lock));
    if (owner > 0 && !alive(owner)) {
      rmSync(lock, { force: true });
      continue;
    }
    if (!told) say("waiting for another set-up in this checkout");
    told = true;
    await new Promise((wake) => setTimeout(wake, 200));
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** @typedef {{ current(): boolean, run(): void | Promise<void> }} Step */

/** Runs the steps that are not up to date. @param {Step[]} steps */
export async function setup(steps = [nativeBuild(), typescript]) {
  const all = [packages, ...steps];
  if (all.every((step) => step.current())) return;
  await exclusively(async () => {
    for (const step of all) if (!step.current()) await step.run();
  });
}

/** Ends the process with the one line that explains, and a stack only for what nobody foresaw. @param {unknown} error @returns {never} */
export function fail(error) {
  const stack = error instanceof Error && error.stack;
  console.error(`nodezmq: ${error instanceof SetupError ? error.message : stack || error}`);
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  /** @type {Record<string, Step[]>} */
  const chosen = { all: [nativeBuild(), typescript], native: [nativeBuild()], ts: [typescript] };
  const name = process.argv[2] ?? "all";
  const steps = chosen[name];
  if (steps === undefined)
    fail(new SetupError(`unknown step "${name}"; there are: ${Object.keys(chosen).join(", ")}`));
  await setup(steps).catch(fail);
}
