/** Child processes that use the library: how they end is what the tests are about. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A child that takes longer than this hangs: it is killed, and its test fails. */
export const WATCHDOG = Number(process.env.NODEZMQ_TEST_WATCHDOG ?? 30_000);

/** A command that all children are run by: valgrind's. */
const UNDER = (process.env.NODEZMQ_TEST_UNDER ?? "").split(" ").filter(Boolean);

/** What the children's programs find: the library, and a way to print that survives `process.exit()`. */
const prelude = `
const zmq = require("nodezmq");
const say = (...words) => require("node:fs").writeSync(1, words.join(" ") + "\\n");
`;

export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface ChildOptions {
  /** Flags of Node's, such as `--expose-gc`. */
  flags?: string[];
  env?: NodeJS.ProcessEnv;
  stdio?: SpawnOptions["stdio"];
  /** A command that it is run by: `ip netns exec host`, `valgrind`. */
  under?: string[];
  /** How long it may take, in milliseconds, before it counts as hung. */
  patience?: number;
  /** Whether the library is loaded on the main thread. Default true. */
  load?: boolean;
}

/** A running child. `said(line)` waits until it has printed the line; `ended` is how it has ended. */
export interface Child {
  process: ChildProcess;
  ended: Promise<Outcome>;
  said(line: string): Promise<void>;
  /** The next line that it prints. */
  line(): Promise<string>;
}

/** Starts a child that runs a program in CommonJS, with `zmq` and `say` at hand. */
export function start(program: string, options: ChildOptions = {}): Child {
  const { flags = [], env = {}, stdio = "pipe", load = true, patience = WATCHDOG, under = UNDER } = options;
  const command = [...under, process.execPath, ...flags, "-e", (load ? prelude : "") + program];
  const child = spawn(command[0] as string, command.slice(1), {
    cwd: root, // where the library is found by its own name
    env: { ...process.env, NODE_OPTIONS: "", ...env },
    stdio,
  });
  let stdout = "";
  let stderr = "";
  let taken = 0;
  let over = false;
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of [...listeners]) listener();
  };
  child.stdout?.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
    tell();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<Outcome>((resolve, reject) => {
    let hung = false;
    const dog = setTimeout(() => {
      hung = true;
      child.kill("SIGKILL");
    }, patience);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(dog);
      over = true;
      tell();
      if (hung) reject(new Error(`the child hangs; it printed:\n${stdout}\n${stderr}`));
      else resolve({ code, signal, stdout, stderr });
    });
  });
  ended.catch(() => {}); // whoever waits for it hears of it
  const line = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const end = stdout.indexOf("\n", taken);
        if (end < 0 && !over) return;
        listeners.delete(look);
        if (end < 0) {
          reject(new Error(`the child has ended; it printed:\n${stdout}\n${stderr}`));
        } else {
          resolve(stdout.slice(taken, end));
          taken = end + 1;
        }
      };
      listeners.add(look);
      look();
    });
  return {
    process: child,
    ended,
    line,
    said: async (wanted) => {
      while ((await line()) !== wanted);
    },
  };
}

/** Runs a child to its end. */
export const run = (program: string, options?: ChildOptions): Promise<Outcome> =>
  start(program, options).ended;
