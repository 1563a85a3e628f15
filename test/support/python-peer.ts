/** Programs of pyzmq's, to talk to. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

let found: string | undefined;

/** A Python that has pyzmq. An Error that says what to install where there is none: the test must not pass without. */
function python(): string {
  found ??= ["python3", "/usr/bin/python3"].find(
    (command) => spawnSync(command, ["-c", "import zmq"], { stdio: "ignore" }).status === 0,
  );
  if (found === undefined) {
    throw new Error(
      'no Python with pyzmq was found: install it (Debian, Ubuntu: "apt-get install python3-zmq")',
    );
  }
  return found;
}

export interface PythonPeer {
  process: ChildProcess;
  /** The next line that it prints. */
  line(): Promise<string>;
  /** Sends it a line. */
  say(line: string): void;
  /** How it has ended: all that it has not printed yet, and its exit code. */
  ended: Promise<number | null>;
}

/**
 * Starts a Python program. It finds there `zmq`, `devices`, `say(...)`, `heard()` and `local`, an address without a port.
 * Killed after the test.
 */
export function pythonPeer(program: string, ...args: (string | number)[]): PythonPeer {
  const prelude = `
import sys, zmq
from zmq import devices
local = "tcp://127.0.0.1"
args = sys.argv[1:]
def say(*words): print(*words, flush=True)
def heard(): return sys.stdin.readline().strip()
`;
  const child = spawn(python(), ["-c", prelude + program, ...args.map(String)], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, LD_PRELOAD: "" }, // a sanitizer is none of Python's
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint += chunk;
  });
  const lines: string[] = [];
  const waiting: { resolve(line: string): void; reject(error: Error): void }[] = [];
  let over = false;
  const end = (): Error => new Error(`the Python program has ended: ${complaint}`);
  createInterface(child.stdout).on("line", (line) => {
    const first = waiting.shift();
    if (first === undefined) lines.push(line);
    else first.resolve(line);
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once("close", (code) => {
      over = true;
      for (const { reject } of waiting.splice(0)) reject(end());
      resolve(code);
    });
  });
  return {
    process: child,
    ended,
    say: (line) => void child.stdin.write(`${line}\n`),
    line: () =>
      new Promise((resolve, reject) => {
        const line = lines.shift();
        if (line !== undefined) resolve(line);
        else if (over) reject(end());
        else waiting.push({ resolve, reject });
      }),
  };
}
