// Runs the test suite on an addon and a libzmq that are built with sanitizers, or by an emulator. Arguments go to vitest:
//
//   npm run test:asan -- test/proxy.test.ts     AddressSanitizer, LeakSanitizer, UndefinedBehaviorSanitizer
//   npm run test:tsan -- test/workers.test.ts   ThreadSanitizer
//   npm run test:valgrind                       the children of the exit tests under Memcheck, on the ordinary addon
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail, nativeBuild, root, SetupError, setup } from "./setup.mjs";

/**
 * @typedef {object} Sanitizer
 * @property {{ flags: string, runtime: string, variable: string, options: string[] }} [instrumented] what the compiler is
 * told, the library that has to be there before the addon is, and where that reads its options from
 * @property {string[]} [under] a command that Node has to be run by
 * @property {(log: string) => string[]} [children] a command that the children of the tests are run by, and where it logs
 * @property {string[]} [tests] what is run where nothing else is asked for
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
    instrumented: {
      flags: "address,undefined",
      runtime: "libasan.so",
      variable: "ASAN_OPTIONS",
      options: [
        "abort_on_error=1",
        "handle_sigill=2", // how undefined behaviour ends: the addon is compiled to trap
        "detect_leaks=1",
        "exitcode=0", // an error aborts; Node and V8 leave things behind, which is none of our errors
      ],
    },
    // A leak counts when the addon or a library of it has asked for the memory; everything else does anyway.
    ours: (report) =>
      !report.includes("LeakSanitizer: detected") ||
      stacks(report).some((frames) => frames.slice(0, OWNER_DEPTH).some(isOurs)),
  },
  thread: {
    instrumented: {
      flags: "thread",
      runtime: "libtsan.so",
      variable: "TSAN_OPTIONS",
      options: ["exitcode=0", "history_size=4", "report_signal_unsafe=0"],
    },
    under: ["setarch", "-R"], // gcc 12's runtime cannot place its shadow with as much randomness as kernels have now
    // V8 and libuv are not instrumented, so the runtime cannot see what orders their accesses (atomics, futexes, a
    // descriptor that they have closed and we get) and takes them for races: both accesses must be ours.
    ours: (report) => {
      const race = report.includes("data race");
      const accesses = stacks(report, race ? /^\s*(Previous )?(atomic )?(read|write) of/i : /^/);
      const all = (/** @type {boolean[]} */ answers) => answers.length > 0 && answers.every(Boolean);
      const answers = accesses.map((frames) => frames.slice(0, OWNER_DEPTH).some(isOurs));
      return race ? all(answers) : answers.some(Boolean);
    },
  },
  valgrind: {
    children: (log) => [
      "valgrind",
      "--quiet",
      "--smc-check=all-non-file", // V8 writes code
      "--leak-check=full",
      "--show-leak-kinds=definite",
      `--log-file=${log}.%p`,
    ],
    // An emulated Node takes a quarter of a minute to start.
    tests: ["test/exit.test.ts"],
    ours: (report) => /nodezmq\.node|binding\/|zmq::|\bzmq_/.test(report),
  },
};

const kind = process.argv[2] ?? "";
const sanitizer = sanitizers[kind] ?? fail(new SetupError(`unknown sanitizer "${kind}"`));
if (process.platform !== "linux") fail(new SetupError("the sanitizers run on Linux with gcc only"));

const { instrumented } = sanitizer;
const build = instrumented
  ? nativeBuild(`build-${kind}`, {
      NODEZMQ_SANITIZE: instrumented.flags,
      NODEZMQ_UNITY_BATCH: "20", // speed does not matter here; two cores share the compiling
    })
  : nativeBuild();
await setup().catch(fail); // the TypeScript; the ordinary addon serves the tests' own helpers
await setup([build]).catch(fail);

// Reports go to files and not to a terminal: tests start children and workers, whose stderr and exit code a test may
// well expect to be anything.
const reports = mkdtempSync(join(tmpdir(), "nodezmq-sanitizer-"));
chmodSync(reports, 0o777); // a test's child may be somebody else
const log = join(reports, "report");

/** @type {Record<string, string>} */
const environment = {
  NODEZMQ_TEST_WATCHDOG: "180000", // milliseconds until a child counts as hung: looking for leaks takes seconds
};
if (instrumented) {
  // Node is not built with sanitizers, so their runtime must be there before the addon is. libstdc++ comes along because
  // the runtime looks up what it intercepts once, at start.
  environment.LD_PRELOAD = [instrumented.runtime, "libstdc++.so"]
    .map((library) => execFileSync("g++", [`-print-file-name=${library}`], { encoding: "utf8" }).trim())
    .join(":");
  environment[instrumented.variable] = [...instrumented.options, `log_path=${log}`].join(":");
  environment.NODEZMQ_BINARY = build.binary;
}
if (sanitizer.children) environment.NODEZMQ_TEST_UNDER = sanitizer.children(log).join(" ");

const given = process.argv.slice(3);
const [program = process.execPath, ...args] = [
  ...(sanitizer.under ?? []),
  process.execPath,
  join(root, "node_modules", "vitest", "vitest.mjs"),
  "run",
  // Instrumented code is several times slower, emulated code fifty times.
  "--testTimeout=240000",
  "--hookTimeout=240000",
  // It runs other libraries, and programs that are not instrumented.
  "--exclude=test/bench.test.ts",
  ...(given.length > 0 ? given : (sanitizer.tests ?? [])),
];
const run = spawnSync(program, args, {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, ...environment },
});

// A worker that has ended takes the names of its frames along.
/** @param {string} report */
const named = (report) =>
  report.replace(/<null> <null> \(nodezmq\.node\+(0x[0-9a-f]+)\)/g, (_frame, offset) => {
    const place = execFileSync("addr2line", ["-Cfpe", build.binary, offset], { encoding: "utf8" });
    return `${place.trim().replaceAll(`${root}/`, "")} (nodezmq.node+${offset})`;
  });

/** A log's reports: it is one process's, and there may be many in it. @param {string} text */
const split = (text) =>
  kind === "valgrind"
    ? text.replace(/^==\d+== ?/gm, "").split(/\n\s*\n/)
    : text.split(/^={18,}$/m).filter((report) => /(WARNING|ERROR): \w+Sanitizer/.test(report));

const found = readdirSync(reports)
  .flatMap((name) => split(readFileSync(join(reports, name), "utf8")))
  .map(named)
  .filter(sanitizer.ours);
for (const report of found.slice(0, 5)) console.error(`\n${report}`);
/** @type {Map<string, number>} */
const places = new Map();
for (const report of found) {
  const place = (/^SUMMARY: (.*)$/m.exec(report)?.[1] ?? "a report").replaceAll(`${root}/`, "");
  places.set(place, (places.get(place) ?? 0) + 1);
}
for (const [place, count] of places) console.error(`${count} x ${place}`);
rmSync(reports, { recursive: true });
if (found.length > 0) fail(new SetupError(`${found.length} reports of ${kind}`));
process.exit(run.status ?? 1);
