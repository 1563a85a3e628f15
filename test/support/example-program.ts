/** The programs of examples/, run as their users run them: as processes, with what they print held against what they should. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { onTestFailed, onTestFinished } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const posix = process.platform !== "win32";

/** What the programs' waits are divided by. */
const SPEED = 100;

/**
 * Starts `node examples/<path> <args>`. The process, and whatever it has started itself, is gone when the test ends.
 *
 * @param path for example `pair/server.mjs`
 */
export function exampleProgram(path: string, ...args: readonly (string | number)[]): ExampleProgram {
  return startProgram(path, process.execPath, [`examples/${path}`, ...args.map(String)]);
}

/** Starts any program in the same way. It finds in `NODEZMQ_EXAMPLE_SPEED` what to divide its waits by. */
export function startProgram(
  name: string,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): ExampleProgram {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, NODEZMQ_EXAMPLE_SPEED: String(SPEED), ...env },
    detached: posix, // a group of its own, so that we can tell whether anything is left over
  });
  const program = new ExampleProgram(name, child);
  onTestFinished(() => program.kill());
  onTestFailed(() => console.error(`${program}`));
  return program;
}

export type { ExampleProgram };

class ExampleProgram {
  readonly #path: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #closed: Promise<void>;
  /** Called whenever there is news: output, or the end. */
  readonly #watchers = new Set<() => void>();
  #ended = false;
  #output = "";
  #errors = "";

  constructor(path: string, child: ChildProcessWithoutNullStreams) {
    this.#path = path;
    this.#child = child;
    const news = () => {
      for (const watcher of this.#watchers) watcher();
    };
    child.stdout.setEncoding("utf8").on("data", (text) => {
      this.#output += text;
      news();
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      this.#errors += text;
    });
    child.stdin.on("error", () => {}); // it has ended; `until` tells
    this.#closed = new Promise((resolve) => {
      child.once("close", () => {
        this.#ended = true;
        news();
        resolve();
      });
    });
  }

  /** What it has printed. */
  get output(): string {
    return this.#output;
  }

  /** What it has printed, in whole lines. */
  get lines(): string[] {
    return this.#output.split("\n").slice(0, -1);
  }

  /** What it has printed to standard error. */
  get errors(): string {
    return this.#errors;
  }

  /** Types something. */
  type(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Ends its input. */
  endInput(): void {
    this.#child.stdin.end();
  }

  /** Waits until it has printed so many lines, or lines of that pattern, and returns these. */
  printed(count: number, pattern = /^/): Promise<string[]> {
    return this.until(() => {
      const found = this.lines.filter((line) => pattern.test(line));
      return found.length >= count ? found.slice(0, count) : undefined;
    });
  }

  /** Waits until its output satisfies. */
  until<T>(look: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const watcher = () => {
        const found = look();
        if (found === undefined && !this.#ended) return;
        this.#watchers.delete(watcher);
        if (found === undefined) reject(new Error(`It ended before it printed what was awaited: ${this}`));
        else resolve(found);
      };
      this.#watchers.add(watcher);
      watcher();
    });
  }

  /** Waits until it ends by itself, which must be in order and without leftovers; returns all lines it printed. */
  async end(): Promise<string[]> {
    await this.#end(0, null);
    if (this.#errors !== "") throw new Error(`It complained: ${this}`);
    return this.lines;
  }

  /** Waits until it ends by itself, which must be with an exit code of 1 and without leftovers. */
  fail(): Promise<void> {
    return this.#end(1, null);
  }

  /** Presses Ctrl-C, which it must take as an invitation to end in order. */
  interrupt(): Promise<string[]> {
    this.#child.kill("SIGINT");
    return this.end();
  }

  /** Ends a program that would go on for ever; it must have been alive and without complaint until now. */
  async terminate(): Promise<string[]> {
    this.#child.kill("SIGTERM");
    await this.#end(null, "SIGTERM");
    if (this.#errors !== "") throw new Error(`It complained: ${this}`);
    return this.lines;
  }

  /** Ends whatever is still running. */
  async kill(): Promise<void> {
    if (this.#ended) return;
    this.#killGroup("SIGKILL");
    await this.#closed;
  }

  toString(): string {
    const { exitCode, signalCode } = this.#child;
    const state = this.#ended ? `ended (${signalCode ?? exitCode})` : "running";
    return `${this.#path}, ${state}, printed\n${this.#output}\nand to standard error\n${this.#errors}`;
  }

  async #end(code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    await this.#closed;
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== code || signalCode !== signal) throw new Error(`It ended otherwise: ${this}`);
    if (this.#killGroup("SIGKILL")) throw new Error(`It left processes behind: ${this}`);
  }

  /** Sends a signal to the program and what it has started; false if nothing of it is there. */
  #killGroup(signal: NodeJS.Signals): boolean {
    if (!posix) return this.#child.kill(signal);
    try {
      return process.kill(-(this.#child.pid as number), signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
      throw error;
    }
  }
}

/** Ports that nobody else uses, nor gets from the system for the next minute. */
export function examplePorts<N extends number>(count: N): Promise<FixedArray<number, N>> {
  const ports = Array.from({ length: count }, reservedPort);
  return Promise.all(ports) as Promise<unknown> as Promise<FixedArray<number, N>>;
}

type FixedArray<T, N extends number, A extends T[] = []> = A["length"] extends N
  ? A
  : FixedArray<T, N, [...A, T]>;

/**
 * A port that has only been looked up is free for everybody: another test may get it next, and a client that connects
 * to it too early may even get it as its own port and talk to itself. After a connection that the server's side has
 * closed first, the port rests (TIME-WAIT): the system gives it to nobody, but one who asks for it by number, with
 * SO_REUSEADDR, as libzmq does, can bind to it.
 */
async function reservedPort(): Promise<number> {
  const server = createServer().listen(0, "0.0.0.0");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = connect(port, "127.0.0.1").resume();
  const [accepted] = (await once(server, "connection")) as [Socket];
  accepted.resume().end();
  await Promise.all([once(accepted, "close"), once(client, "close"), once(server.close(), "close")]);
  return port;
}
