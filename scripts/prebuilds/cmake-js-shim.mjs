// What prebuildify calls in place of node-gyp: "<this> rebuild --target=1.2.3 --devdir=… --arch=x64 --release". cmake-js has
// other meanings for most of that. Builds into build/ of the working directory, with the CMake options that
// scripts/prebuilds.mjs has put into NODEZMQ_CMAKE_OPTIONS.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { root } from "../setup.mjs";

const architecture = process.argv.find((argument) => argument.startsWith("--arch="))?.slice("--arch=".length);
const options = JSON.parse(process.env.NODEZMQ_CMAKE_OPTIONS ?? "{}");
const run = spawnSync(
  process.execPath,
  [
    createRequire(import.meta.url).resolve("cmake-js/bin/cmake-js"),
    "rebuild",
    ...["--directory", root],
    ...["--out", join(process.cwd(), "build")],
    ...["--config", process.argv.includes("--debug") ? "Debug" : "Release"],
    ...["--log-level", "warn", "--parallel", "2"],
    ...(architecture === undefined ? [] : ["--arch", architecture]),
    ...Object.entries(options).map(([name, value]) => `--CD${name}=${value}`),
  ],
  { stdio: "inherit" },
);
process.exit(run.status ?? 1);
