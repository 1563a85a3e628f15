// Runs the test suite on an addon and a libzmq that are built with sanitizers. Arguments go to vitest:
//
//   npm run test:asan -- test/proxy.test.ts     AddressSanitizer, LeakSanitizer, UndefinedBehaviorSanitizer
//   npm run test:tsan -- test/workers.test.ts   ThreadSanitizer
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail, nativeBuild, root, SetupError, setup } from "./setup.mjs";

/**
 * @typedef {object} Sanitizer
 * @property {string} flags what the compiler is told
 * @property {string} runtime the library that has to be there before the addon is
 * @property {string} variable where its options are read from
 * @property {string[]} options
 * @property {string[]} [under] a command that Node has to be run by
 * @property {(report: string) => boolean} ours whether a report is about our code
 */

/**
 * The stack traces of a report, each as its frames from the inside out; those under a certain heading only, if so wished.
 * A trace that the runtime could not restore has none.
 * @param {string} report @param {RegExp} [heading]
 */
const stacks = (report, heading = /^/) =>
  report
    .split(/\n\s*\n/)
    .map((block) => block.split("\n").filter((line) => !/^WARNING|^$/.test(line)))
    .filter((lines) => heading.test(lines[0] ?? ""))
    .map((lines) => lines.filter((line) => /^\s*#\d+ /.test(line)));

/** A frame in the addon or in a library that it carries. @param {string} frame */
const isOurs = (frame) => /nodezmq\.node|\/binding\/|libzmq-|libsodium-/.test(frame);

/**
 * The frames of a stack in which its owner is found: interceptor or allocator, Node-API, then who asked. Deeper down our
 * frames only say that V8 or libuv did something of its own while it ran a callback of ours.
 */
const OWNER_DEPTH = 5;

/** @type {Record<string, Sanitizer>} */
const sanitizers = {
  address: {
    flags: "address,undefined",
    runtime: "libasan.so",
    variable: "ASAN_OPTIONS",
    options: [
      "abort_on_error=1",
      "handle_sigill=2", // how undefined behaviour ends: the addon is compiled to trap
      "detect_leaks=1",
      "exitcode=0", // an error aborts; Node and V8 leave things behind, which is none of our errors
    ],
    // A leak counts when the addon or a library of it has asked for the memory; everything else does anyway.
    ours: (report) =>
      !report.includes("LeakSanitizer: detected") ||
      stacks(report).some((frames) => frames.slice(0, OWNER_DEPTH).some(isOurs)),
  },
  thread: {
    flags: "thread",
    runtime: "libtsan.so",
    variable: "TSAN_OPTIONS",
    options: ["exitcode=0", "history_size=4", "report_signal_unsafe=0"],
    under: ["setarch", "-R"], // gcc 12's runtime cannot place its shadow with as much randomness as kernels have now
    // V8 and libuv are not instrumented, so the runtime cannot see what orders their accesses (atomics, futexes, a
    // descriptor that they have closed and we get) and takes them for races: both accesses must be ours.
    // libzmq's thread-safe (draft) sockets lock each other's mutex when two are connected within the process. That is their
    // design, and may deadlock where two threads use the two ends: docs/reliability.md says so.
    ours: (report) => {
      if (/lock-order-inversion[\s\S]*zmq::ctx_t::send_command/.test(report)) return false;
      const race = report.includes("data race");
      const accesses = stacks(report, race ? /^\s*(Previous )?(atomic )?(read|write) of/i : /^/);
      const all = (/** @type {boolean[]} */ answers) => answers.length > 0 && answers.every(Boolean);
      const answers = accesses.map((frames) => frames.slice(0, OWNER_DEPTH).some(isOurs));
      return race ? all(answers) : answers.some(Boolean);
    },
  },
};

const kind = process.argv[2] ?? "";
const sanitizer = sanitizers[kind] ?? fail(new SetupError(`unknown sanitizer "${kind}"`));
if (process.platform !== "linux") fail(new SetupError("the sanitizers run on Linux with gcc only"));

const build = nativeBuild(`build-${kind}`, {
  NODEZMQ_SANITIZE: sanitizer.flags,
  NODEZMQ_UNITY_BATCH: "20", // speed does not matter here; two cores share the compiling
});
await setup().catch(fail); // the TypeScript; the ordinary addon serves the tests' own helpers
await setup([build]).catch(fail);

// Node is not built with sanitizers, so their runtime must be there before the addon is. libstdc++ comes along because
// the runtime looks up what it intercepts once, at start.
const preload = [sanitizer.runtime, "libstdc++.so"].map((library) =>
  execFileSync("g++", [`-print-file-name=${library}`], { encoding: "utf8" }).trim(),
);

// Reports go to files and not to a terminal: tests start children and workers, whose stderr and exit code a test may
// well expect to be anything.
const reports = mkdtempSync(join(tmpdir(), "nodezmq-sanitizer-"));
const [program = process.execPath, ...args] = [
  ...(sanitizer.under ?? []),
  process.execPath,
  join(root, "node_modules", "vitest", "vitest.mjs"),
  "run",
  // Instrumented code is several times slower.
  "--testTimeout=240000",
  "--hookTimeout=240000",
  ...process.argv.slice(3),
];
const run = spawnSync(program, args, {
  cwd: root,
  stdio: "inherit",
  env: {
    ...process.env,
    NODEZMQ_BINARY: build.binary,
    NODEZMQ_TEST_WATCHDOG: "180000", // milliseconds until a child counts as hung: looking for leaks takes seconds
    LD_PRELOAD: preload.join(":"),
    [sanitizer.variable]: [...sanitizer.options, `log_path=${join(reports, "report")}`].join(":"),
  },
});

// A worker that has ended takes the names of its frames along.
/** @param {string} report */
const named = (report) =>
  report.replace(/<null> <null> \(nodezmq\.node\+(0x[0-9a-f]+)\)/g, (_frame, offset) => {
    const place = execFileSync("addr2line", ["-Cfpe", build.binary, offset], { encoding: "utf8" });
    return `${place.trim().replaceAll(`${root}/`, "")} (nodezmq.node+${offset})`;
  });

// One file a process; ThreadSanitizer writes many reports into it.
const found = readdirSync(reports)
  .flatMap((name) => readFileSync(join(reports, name), "utf8").split(/^={18,}$/m))
  .map(named)
  .filter((report) => /(WARNING|ERROR): \w+Sanitizer/.test(report) && sanitizer.ours(report));
for (const report of found.slice(0, 5)) console.error(`\n${report}`);
rmSync(reports, { recursive: true });
if (found.length > 0) fail(new SetupError(`${found.length} sanitizer reports`));
process.exit(run.status ?? 1);
