// Fuzzes the addon's C++ by clang's libFuzzer, under AddressSanitizer and UndefinedBehaviorSanitizer:
//
//   npm run fuzz                       every target of test/fuzz/, five minutes each
//   npm run fuzz -- --seconds 30 peers
//
// What it finds lies in build-fuzz/findings/, to be run again by build-fuzz/fuzz/<target> <file>; what it has learnt, in
// build-fuzz/corpus/, where the next run goes on. Debian: clang-14 and libclang-rt-14-dev; CC and CXX name other clangs.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fail, root, SetupError, setup } from "./setup.mjs";

const { values, positionals } = parseArgs({
  options: { seconds: { type: "string", default: "300" } },
  allowPositionals: true,
});
const known = readdirSync(join(root, "test", "fuzz"))
  .filter((name) => name.endsWith(".cc"))
  .map((name) => name.slice(0, -3));
const targets = positionals.length > 0 ? positionals : known;
for (const target of targets) {
  if (!known.includes(target)) fail(new SetupError(`no target "${target}"; there are: ${known.join(", ")}`));
}
const seconds = Number(values.seconds);
if (!(seconds > 0)) fail(new SetupError("--seconds takes a number above 0"));
if (process.platform !== "linux") fail(new SetupError("the fuzz targets run on Linux only"));

await setup().catch(fail);
const build = join(root, "build-fuzz");
const [cc, cxx] = [process.env.CC ?? "clang-14", process.env.CXX ?? "clang++-14"];
if (spawnSync(cxx, ["--version"]).error) {
  fail(new SetupError(`${cxx} is not installed. Debian: apt-get install clang-14 libclang-rt-14-dev`));
}

/** @param {string[]} args */
function cmakeJs(...args) {
  const program = join(root, "node_modules", "cmake-js", "bin", "cmake-js");
  const run = spawnSync(process.execPath, [program, ...args, "--out", build, "--log-level", "warn"], {
    cwd: root,
    encoding: "utf8",
  });
  if (run.status !== 0) fail(new SetupError(`building the fuzz targets failed\n${run.stdout}${run.stderr}`));
}
const options = {
  CMAKE_C_COMPILER: cc,
  CMAKE_CXX_COMPILER: cxx,
  NODEZMQ_SANITIZE: "address,undefined,fuzzer-no-link",
  NODEZMQ_UNITY_BATCH: "20",
};
cmakeJs("configure", ...Object.entries(options).map(([name, value]) => `--CD${name}=${value}`));
cmakeJs("build", "--target", "fuzz", "--parallel", "2");

/** How much of binding/ a corpus reaches. @param {string} target @param {string} corpus */
function coverage(target, corpus) {
  const run = spawnSync(
    join(build, "fuzz", target),
    ["-runs=0", "-detect_leaks=0", "-print_coverage=1", corpus],
    {
      encoding: "utf8",
      maxBuffer: 2 ** 28,
    },
  );
  // "UNCOVERED_FUNC: hits: 0 edges: 0/31 nodezmq::Addon::Open(napi_env__*) .../binding/addon.cc:199"
  let [reached, edges] = [0, 0];
  for (const [, hit, of] of run.stderr.matchAll(/COVERED_FUNC: .*edges: (\d+)\/(\d+) .*\/binding\//g)) {
    reached += Number(hit);
    edges += Number(of);
  }
  return `${reached} of ${edges} edges of binding/`;
}

let found = 0;
for (const target of targets) {
  const corpus = join(build, "corpus", target);
  const findings = join(build, "findings");
  for (const folder of [corpus, findings]) mkdirSync(folder, { recursive: true });
  console.log(`${target}: ${seconds} seconds`);
  const run = spawnSync(
    join(build, "fuzz", target),
    [
      `-max_total_time=${seconds}`,
      "-max_len=2048",
      "-timeout=30", // seconds that one input may take
      "-rss_limit_mb=2500",
      "-detect_leaks=0", // at the end only: after each input it takes more time than the input
      "-print_final_stats=1",
      `-artifact_prefix=${findings}/${target}-`,
      corpus,
    ],
    {
      encoding: "utf8",
      maxBuffer: 2 ** 28,
      env: {
        ...process.env,
        ASAN_OPTIONS: "detect_leaks=1:allocator_may_return_null=1",
        UBSAN_OPTIONS: `halt_on_error=1:print_stacktrace=1:suppressions=${join(root, "test", "fuzz", "ubsan.supp")}`,
      },
    },
  );
  const executions = /number_of_executed_units: (\d+)/.exec(run.stderr)?.[1] ?? "?";
  console.log(`  ${executions} executions, ${coverage(target, corpus)}`);
  if (run.status === 0) continue;
  found++;
  // The reports, without libFuzzer's progress.
  console.error(run.stderr.replace(/^(#\d|\s*NEW_FUNC).*\n/gm, "").slice(-8000));
}
if (found > 0) fail(new SetupError(`${found} of ${targets.length} targets have found something`));
