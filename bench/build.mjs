// Builds the ends in C with the addon's libraries.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root, SetupError } from "../scripts/setup.mjs";
import { nativeFolder } from "./ends.mjs";

export async function buildEnds() {
  if (process.platform === "win32") return; // they are POSIX programs; everything else is measured all the same
  const cmakeJs = join(root, "node_modules", "cmake-js", "bin", "cmake-js");
  const run = spawnSync(
    process.execPath,
    [cmakeJs, "build", "--out", join(root, "build"), "--log-level", "warn", "--target", "bench"],
    { cwd: root, encoding: "utf8" },
  );
  if (run.status === 0 && existsSync(join(nativeFolder, "bench_end"))) return;
  throw new SetupError(`building the measuring programs failed\n${run.stdout}${run.stderr}`);
}
