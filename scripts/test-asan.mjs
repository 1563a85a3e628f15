// Runs the test suite on an addon and a libzmq that are built with AddressSanitizer and UndefinedBehaviorSanitizer.
// Arguments go to vitest: npm run test:asan -- test/socket.test.ts
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail, nativeBuild, root, SetupError, setup } from "./setup.mjs";

if (process.platform !== "linux") fail(new SetupError("test:asan runs on Linux with gcc only"));

const build = nativeBuild("build-asan", {
  NODEZMQ_SANITIZE: "address,undefined",
  NODEZMQ_UNITY_BATCH: "20", // speed does not matter here; two cores share the compiling
});
await setup().catch(fail); // the TypeScript; the ordinary addon serves the tests' own helpers
await setup([build]).catch(fail);

// Node is not built with sanitizers, so their runtime must be there before the addon is. libstdc++ comes along because
// ASan looks up what it intercepts once, at start.
const preload = ["libasan.so", "libstdc++.so"].map((library) =>
  execFileSync("g++", [`-print-file-name=${library}`], { encoding: "utf8" }).trim(),
);

// Reports go to files and not to a terminal: tests start children and workers, whose stderr and exit code a test may
// well expect to be anything.
const reports = mkdtempSync(join(tmpdir(), "nodezmq-asan-"));
const run = spawnSync(
  process.execPath,
  [
    join(root, "node_modules", "vitest", "vitest.mjs"),
    "run",
    // Instrumented code is several times slower.
    "--testTimeout=120000",
    "--hookTimeout=120000",
    // Runs other libraries, and programs that are not instrumented.
    "--exclude=test/bench.test.ts",
    ...process.argv.slice(2),
  ],
  {
    cwd: root,
    stdio: "inherit",
    env: {
      ...process.env,
      NODEZMQ_BINARY: build.binary,
      NODEZMQ_TEST_WATCHDOG: "90000", // milliseconds until a child counts as hung: looking for leaks takes seconds
      LD_PRELOAD: preload.join(":"),
      // An error aborts. A leak does not change the exit code: Node and V8 may leave things behind, see below.
      ASAN_OPTIONS: [
        "abort_on_error=1",
        "handle_sigill=2", // how undefined behaviour ends: the addon is compiled to trap
        "detect_leaks=1",
        "exitcode=0",
        `log_path=${join(reports, "report")}`,
      ].join(":"),
    },
  },
);

// The frames of an allocation in which its owner is found: allocator, Node-API, then who asked. Deeper down our frames
// only say that V8 allocated something of its own while it ran a callback of ours.
const OWNER_DEPTH = 5;

/** A leak counts when the addon or a library of it has asked for the memory. @param {string} report */
function ours(report) {
  if (!report.includes("LeakSanitizer: detected")) return true;
  return report
    .split(/\n(?=(?:Direct|Indirect) leak of)/)
    .slice(1)
    .some((leak) =>
      leak
        .split("\n")
        .filter((line) => /^\s*#\d+ /.test(line))
        .slice(0, OWNER_DEPTH)
        .some((frame) => /nodezmq\.node|\/binding\/|libzmq-|libsodium-/.test(frame)),
    );
}

const found = readdirSync(reports)
  .map((name) => readFileSync(join(reports, name), "utf8"))
  .filter(ours);
for (const report of found.slice(0, 5)) console.error(`\n${report}`);
rmSync(reports, { recursive: true });
if (found.length > 0) fail(new SetupError(`${found.length} sanitizer reports`));
process.exit(run.status ?? 1);
