/** Programs other than Node's `-e`: started, listened to, ended with the test. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { onTestFinished } from "vitest";
import type { Outcome } from "./life-child.js";

export interface ProgramOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Called when the test is over; needed where tests run at the same time. */
  finished?: (end: () => Promise<void> | void) => void;
}

export interface Program {
  process: ChildProcessWithoutNullStreams;
  ended: Promise<Outcome>;
  /** Waits until a whole line that matches has been printed, to either output, and returns it. */
  line(pattern: RegExp): Promise<string>;
  /** Everything it has printed. */
  readonly stdout: string;
  readonly stderr: string;
}

export function program(command: string, args: readonly string[], options: ProgramOptions = {}): Program {
  const { finished = onTestFinished, cwd, env = process.env } = options;
  const child = spawn(command, args, { cwd, env });
  const output = { stdout: "", stderr: "" };
  let over = false;
  const watchers = new Set<() => void>();
  const news = (): void => {
    for (const watcher of [...watchers]) watcher();
  };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
      news();
    });
  }
  child.stdin.on("error", () => {});
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      over = true;
      news();
      resolve({ code, signal, ...output });
    });
  });
  ended.catch(() => {});
  finished(async () => {
    if (!over) child.kill("SIGKILL");
    await ended;
  });
  return {
    process: child,
    ended,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const lines = [output.stdout, output.stderr].flatMap((text) => text.split("\n").slice(0, -1));
          const line = lines.find((one) => pattern.test(one));
          if (line === undefined && !over) return;
          watchers.delete(look);
          if (line !== undefined) resolve(line);
          else reject(new Error(`${command} ended without ${pattern}:\n${output.stdout}\n${output.stderr}`));
        };
        watchers.add(look);
        look();
      }),
    get stdout() {
      return output.stdout;
    },
    get stderr() {
      return output.stderr;
    },
  };
}
