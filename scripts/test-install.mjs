// Installs the packed tarball as a user would, and runs the README's first example: with npm, pnpm, yarn (Plug'n'Play) and
// bun, scripts disabled, no compiler in PATH, and (on Linux, as root) no network; in every runtime that is there.
//
//   npm run test:install                     prebuilds/ must have this machine's binary
//   npm run test:install -- source           instead: a package without binaries tells how to build it, and that works
//
// The package managers come from npm. Each sees the one dependency once with the network, to have it in its cache.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, SetupError, setup } from "./setup.mjs";

const tools = join(root, ".deps", "package-managers");
const runtimes = join(root, ".deps", "runtimes", "node_modules");
const work = mkdtempSync(join(tmpdir(), "nodezmq-install-"));
const caches = join(work, "caches");
// A network of its own has a loopback that is down.
const alone = ["-n", "sh", "-c", 'ip link set lo up && exec "$0" "$@"'];
const cut = process.platform === "linux" && spawnSync("unshare", [...alone, "true"]).status === 0;
const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const example = /## A complete example\n\n```js\n(.*?)```\n\nIt prints\n\n```text\n(.*?)```/s;
const [, program = "", expected = ""] = example.exec(readFileSync(join(root, "README.md"), "utf8")) ?? [];

/** A PATH with nothing in it but these. @param {string} folder @param {Record<string, string>} programs */
function pathOf(folder, programs) {
  mkdirSync(folder, { recursive: true });
  for (const [name, target] of Object.entries(programs)) symlinkSync(target, join(folder, name));
  return folder;
}

/** @param {string} program */
const which = (program) => spawnSync("which", [program], { encoding: "utf8" }).stdout.trim();

const bare = pathOf(join(work, "bin"), {
  node: process.execPath,
  sh: which("sh"),
  env: which("env"),
  ip: which("ip"),
});

/**
 * @param {string} cwd @param {string[]} command
 * @param {{ network?: boolean, env?: NodeJS.ProcessEnv, path?: string }} [options]
 */
function run(cwd, [program = "", ...args], { network = false, env = {}, path = bare } = {}) {
  const isolated = cut && !network;
  const [name, rest] = isolated ? [which("unshare"), [...alone, program, ...args]] : [program, args];
  const { status, stdout, stderr, error } = spawnSync(name, rest, {
    cwd,
    encoding: "utf8",
    env: { HOME: join(work, "home"), PATH: path, TMPDIR: tmpdir(), ...env },
  });
  return { ok: status === 0, output: `${stdout ?? ""}${stderr ?? ""}${error ?? ""}`, stdout: stdout ?? "" };
}

/** @param {ReturnType<typeof run>} outcome @param {string} what */
function must(outcome, what) {
  if (!outcome.ok) throw new SetupError(`${what} failed:\n${outcome.output}`);
  return outcome;
}

/** The path of a program in a folder of npm's, which is installed when it is missing. @param {string} name @param {string} file */
function tool(name, file) {
  const path = join(tools, "node_modules", name, file);
  if (existsSync(path)) return path;
  mkdirSync(tools, { recursive: true });
  writeFileSync(join(tools, "package.json"), '{ "private": true }\n');
  const npm = spawnSync(
    "npm",
    ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", name],
    {
      cwd: tools,
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  if (npm.status !== 0) throw new SetupError(`npm cannot install ${name}`);
  return path;
}

const bun = `@oven/bun-${process.platform}-${process.arch === "arm64" ? "aarch64" : process.arch}`;
const npmCli = spawnSync("npm", ["root", "-g"], { encoding: "utf8" }).stdout.trim();

/**
 * @typedef {object} Manager
 * @property {() => string[]} command
 * @property {string[]} install
 * @property {string[]} offline
 * @property {NodeJS.ProcessEnv} env
 * @property {Record<string, string>} [files]
 * @property {string} [lock] without this file it asks the registry even for what is in its cache
 * @property {string[]} [node] how a program finds the packages
 */

/** @type {Record<string, Manager>} */
const managers = {
  npm: {
    command: () => [process.execPath, join(npmCli, "npm", "bin", "npm-cli.js")],
    install: ["install", "--ignore-scripts", "--no-audit", "--no-fund"],
    offline: ["--offline"],
    env: { npm_config_cache: join(caches, "npm") },
  },
  pnpm: {
    command: () => [process.execPath, tool("pnpm", "bin/pnpm.mjs")],
    install: [
      "install",
      "--ignore-scripts",
      "--store-dir",
      join(caches, "pnpm"),
      "--config.package-import-method=copy",
    ],
    offline: ["--offline"],
    env: { npm_config_cache_dir: join(caches, "pnpm-cache"), XDG_CACHE_HOME: join(caches, "pnpm-cache") },
  },
  yarn: {
    command: () => [process.execPath, tool("@yarnpkg/cli-dist", "bin/yarn.js")],
    install: ["install"],
    offline: [],
    lock: "yarn.lock",
    env: {
      YARN_GLOBAL_FOLDER: join(caches, "yarn"),
      YARN_ENABLE_TELEMETRY: "0",
      YARN_ENABLE_SCRIPTS: "0",
      YARN_PNP_ENABLE_ESM_LOADER: "1",
      YARN_ENABLE_IMMUTABLE_INSTALLS: "0",
      YARN_NPM_REGISTRY_SERVER: spawnSync("npm", ["config", "get", "registry"], {
        encoding: "utf8",
      }).stdout.trim(),
    },
    node: ["--require", "./.pnp.cjs", "--experimental-loader", "./.pnp.loader.mjs"],
  },
  bun: {
    command: () => [
      existsSync(join(runtimes, bun)) ? join(runtimes, bun, "bin", "bun") : tool(bun, "bin/bun"),
    ],
    install: ["install", "--ignore-scripts", "--no-progress"],
    offline: [],
    env: { BUN_INSTALL_CACHE_DIR: join(caches, "bun") },
  },
};

/** @param {string} folder @param {Record<string, string>} wanted */
function project(folder, wanted) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "package.json"),
    `${JSON.stringify({ name: "app", private: true, version: "1.0.0", dependencies: wanted }, null, 2)}\n`,
  );
  writeFileSync(join(folder, "main.mjs"), program);
  const npmrc = ["/etc/npmrc", join(process.env.HOME ?? "", ".npmrc")].find(existsSync);
  if (npmrc !== undefined) cpSync(npmrc, join(folder, ".npmrc"));
}

function pack() {
  const npm = spawnSync("npm", ["pack", "--json", "--pack-destination", work], {
    cwd: root,
    encoding: "utf8",
  });
  if (npm.status !== 0) throw new SetupError(`npm pack failed:\n${npm.stderr}`);
  const [{ filename, size, unpackedSize }] = JSON.parse(npm.stdout.slice(npm.stdout.indexOf("[")));
  const mega = (/** @type {number} */ bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
  console.log(`${filename}: ${mega(size)}, unpacked ${mega(unpackedSize)}`);
  if (unpackedSize > 12e6) throw new SetupError("the package is larger than 12 MB");
  return join(work, filename);
}

/** @param {string} name @param {string} tarball @returns {string} the project's folder */
function install(name, tarball) {
  const { command, install, offline, env, lock } = /** @type {Manager} */ (managers[name]);
  const settings = { env: { ...proxies(), ...env }, network: true };
  const warm = join(work, `${name}-warm`);
  const wanted = { nodezmq: `file:${tarball}` };
  project(warm, lock === undefined ? dependencies : wanted);
  must(run(warm, [...command(), ...install], settings), `${name}: filling the cache`);
  const folder = join(work, name);
  project(folder, wanted);
  if (lock !== undefined) cpSync(join(warm, lock), join(folder, lock));
  must(run(folder, [...command(), ...install, ...offline], { env }), `${name} install`);
  return folder;
}

/** Only for filling the caches. */
function proxies() {
  const names = /^(https?_proxy|no_proxy|node_extra_ca_certs|ssl_cert_file|npm_config_registry)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => names.test(name)));
}

/** Programs that run the example, but for Node's own. @returns {[string, string[]][]} */
function runtimeCommands() {
  /** @type {[string, string[]][]} */
  const found = [[`node ${process.version}`, [process.execPath]]];
  if (!existsSync(runtimes)) return found;
  for (const name of readdirSync(runtimes).filter((name) => /^node\d+$/.test(name))) {
    found.push([name, [join(runtimes, name, "bin", "node")]]);
  }
  if (existsSync(join(runtimes, bun))) found.push(["bun", [join(runtimes, bun, "bin", "bun"), "run"]]);
  const deno = `@deno/${process.platform}-${process.arch}${process.platform === "linux" ? "-glibc" : ""}`;
  if (existsSync(join(runtimes, deno))) {
    found.push(["deno", [join(runtimes, deno, "deno"), "run", "--allow-all", "--no-lock"]]);
  }
  return found;
}

/** @param {string} folder @param {string[]} command */
function runExample(folder, command) {
  const outcome = run(folder, [...command, "main.mjs"], { env: { DENO_NO_UPDATE_CHECK: "1" } });
  return outcome.ok && outcome.stdout === expected ? undefined : outcome.output;
}

function fromSource() {
  // Without binaries: an error that names the command, which then works with CMake and a compiler, still without network.
  const tarball = pack();
  const folder = install("npm", tarball);
  const home = join(folder, "node_modules", "nodezmq");
  rmSync(join(home, "prebuilds"), { recursive: true, force: true });
  const told = run(folder, [process.execPath, "main.mjs"]).output;
  const command = /^ {2}node (.*build\.mjs)$/m.exec(told)?.[1];
  if (command === undefined) throw new SetupError(`no command in:\n${told}`);
  console.log(told.trimEnd());
  must(run(folder, [process.execPath, command], { path: process.env.PATH ?? "" }), "building from source");
  const wrong = runExample(folder, [process.execPath]);
  if (wrong !== undefined) throw new SetupError(`the example prints:\n${wrong}`);
  console.log("ok     built from source");
}

try {
  await setup();
  mkdirSync(join(work, "home"), { recursive: true });
  if (process.argv[2] === "source") {
    fromSource();
  } else {
    const tarball = pack();
    let failures = 0;
    console.log(cut ? "the network is cut" : "the network is there: no right to cut it");
    for (const name of Object.keys(managers)) {
      const folder = install(name, tarball);
      const { node = [] } = /** @type {Manager} */ (managers[name]);
      // Plug'n'Play is Node's: bun and deno have no hooks for it.
      for (const [runtime, command] of runtimeCommands()) {
        if (node.length > 0 && !runtime.startsWith("node")) continue;
        const wrong = runExample(folder, [...command, ...node]);
        console.log(`${wrong === undefined ? "ok    " : "FAILED"} ${name}, ${runtime}`);
        if (wrong !== undefined) console.log(wrong);
        failures += wrong === undefined ? 0 : 1;
      }
    }
    if (failures > 0) throw new SetupError(`${failures} failed`);
  }
} catch (error) {
  process.exitCode = 1;
  console.error(error instanceof SetupError ? `nodezmq: ${error.message}` : error);
} finally {
  rmSync(work, { recursive: true, force: true });
}
