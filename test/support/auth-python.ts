/** Python processes that use pyzmq, for the tests of what both sides say to each other. */
import { spawn } from "node:child_process";
import { onTestFinished } from "vitest";
import { python } from "./python.js";

export interface Python {
  /** The next line that it prints. Rejects when it ends without one. */
  line(): Promise<string>;
  /** Writes a line to its standard input. */
  tell(line: string): void;
  /** Resolves when it has ended in order; rejects with what it has complained of. */
  ended: Promise<void>;
}

const prelude = `
import sys, zmq, zmq.auth
from zmq.auth.thread import ThreadAuthenticator
from zmq.utils import z85
args = sys.argv[1:]
def say(*words): print(*words, flush=True)
def heard(): return sys.stdin.readline().strip()
context = zmq.Context()
context.linger = 0
context.rcvtimeo = 20000
`;

/** Runs a Python program, which finds `zmq`, `args`, `say`, `heard` and a `context`. */
export function runPython(program: string, ...args: string[]): Python {
  const child = spawn(python(), ["-c", prelude + program, ...args]);
  let output = "";
  let errors = "";
  let over = false;
  let look = (): void => {};
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    look();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  child.stdin.on("error", () => {});
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      over = true;
      look();
      if (code === 0) resolve();
      else reject(new Error(`Python has ended (${code}): ${errors}`));
    });
  });
  ended.catch(() => {}); // whoever waits for it hears of it
  onTestFinished(() => void child.kill("SIGKILL"));
  return {
    ended,
    tell: (line) => void child.stdin.write(`${line}\n`),
    line: () =>
      new Promise((resolve, reject) => {
        look = () => {
          const end = output.indexOf("\n");
          if (end < 0 && !over) return;
          look = () => {};
          if (end < 0) reject(new Error(`Python has ended without a word: ${errors}`));
          else {
            resolve(output.slice(0, end));
            output = output.slice(end + 1);
          }
        };
        look();
      }),
  };
}
