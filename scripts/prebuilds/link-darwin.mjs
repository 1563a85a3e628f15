// Links for macOS on another system: zig knows what belongs into the binary (its own C++ runtime, the system's library) but
// its linker takes no list of exported symbols, LLVM's does. So zig links once and says how; ld64.lld does it again.
//
//   node link-darwin.mjs <zig's c++> <its arguments, with -o>      (Debian: apt-get install lld-19; NODEZMQ_LD64 names it)
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../setup.mjs";

/** @param {string} message */
function give(message) {
  console.error(message);
  process.exit(1);
}

/** The newest ld64.lld, by its plain name or with a version. */
function findLinker() {
  if (process.env.NODEZMQ_LD64) return process.env.NODEZMQ_LD64;
  const found = (process.env.PATH ?? "").split(":").flatMap((folder) => {
    try {
      return readdirSync(folder).filter((name) => /^ld64\.lld(-\d+)?$/.test(name));
    } catch {
      return [];
    }
  });
  return found.sort((a, b) => b.localeCompare(a, "en", { numeric: true }))[0];
}

const [compiler = "", ...args] = process.argv.slice(2);
const zig = spawnSync(compiler, args, { encoding: "utf8", env: { ...process.env, ZIG_VERBOSE_LINK: "1" } });
const line = zig.stderr.split("\n").findLast((text) => text.startsWith("zig ld "));
if (zig.status !== 0 || line === undefined) give(zig.stderr);
const linker = findLinker();
if (linker === undefined) give("linking for macOS needs ld64.lld (Debian, Ubuntu: apt-get install lld-19)");

const zigHome = dirname(process.env.NODEZMQ_ZIG ?? "");
const arch = (process.env.NODEZMQ_ZIG_TARGET ?? "").startsWith("aarch64") ? "arm64" : "x86_64";
const own = (line ?? "").split(" ").slice("zig ld".split(" ").length);
const { status } = spawnSync(
  linker ?? "",
  [
    ...["-arch", arch],
    ...own.filter((argument) => argument !== "-dynamic" && argument !== "-s"),
    ...["-L", join(zigHome, "lib", "libc", "darwin")],
    ...["-exported_symbols_list", join(root, "binding", "exports.txt")],
    // Signed ad hoc, as arm64 demands; without the symbols that only a debugger reads.
    ...["-adhoc_codesign", "-S", "-x", "--icf=safe", "-no_data_in_code_info"],
    // Found by its file's name; the default is the path on this machine.
    ...["-install_name", "nodezmq.node"],
  ],
  { stdio: "inherit" },
);
process.exit(status ?? 1);
