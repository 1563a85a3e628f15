/** Processes by their ids. */
import { readFileSync } from "node:fs";

/**
 * Whether a process is there that has `program` in its command line, and not only what is left of it until its parent
 * asks. The id alone says little where many tests run: it is soon another's, and threads have ids of the same kind.
 */
export function isAlive(pid: number, program: string): boolean {
  try {
    process.kill(pid, 0);
    // What has ended and has not been asked for has no command line any more.
    return process.platform !== "linux" || readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(program);
  } catch {
    return false;
  }
}
