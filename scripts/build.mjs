// Builds the addon from the published package, for a machine that no prebuilt binary fits:
//
//   node node_modules/nodezmq/scripts/build.mjs
//
// Needs CMake and a C++17 compiler, nothing from the network: the sources are in vendor/. (In a checkout, `npm run build`
// does this and more.)
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const build = join(root, "build");
const libraries = join(build, "libraries");

/** @param {string[]} args */
function cmake(args) {
  const { status, error } = spawnSync("cmake", args, {
    stdio: "inherit",
    env: { ...process.env, NODEZMQ_DEPS_CACHE: libraries },
  });
  if (status === 0) return;
  const missing = error !== undefined && "code" in error && error.code === "ENOENT";
  console.error(
    missing
      ? "nodezmq: cannot be built without CMake 3.18 and a C++17 compiler (Debian, Ubuntu: apt-get install cmake g++ make; macOS: xcode-select --install, brew install cmake)"
      : "nodezmq: building failed, see above",
  );
  process.exit(1);
}

rmSync(build, { recursive: true, force: true });
mkdirSync(join(build, "Release"), { recursive: true });
cmake([
  ...["-S", root, "-B", build],
  "-DCMAKE_BUILD_TYPE=Release",
  `-DCMAKE_LIBRARY_OUTPUT_DIRECTORY=${join(build, "Release")}`,
  `-DCMAKE_RUNTIME_OUTPUT_DIRECTORY_RELEASE=${join(build, "Release")}`,
]);
cmake(["--build", build, "--config", "Release", "--parallel", "2"]);
rmSync(libraries, { recursive: true, force: true });

const { zmqVersion } = createRequire(import.meta.url)("../lib/index.js");
console.log(`nodezmq: built, with libzmq ${zmqVersion()}`);
