// A measured process: started, listened to by lines of JSON, and never left behind.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/**
 * What an end says when it is done; ends/README.md explains the fields.
 * @typedef {{
 *   count: number, measured: number, bytes: number, seconds: number, cpu: number, memory: number, samples?: number[],
 * }} Done
 * @typedef {{ endpoint: string, second: string }} Ready
 */

/** Nothing that is measured takes longer, in milliseconds: whatever does has hung. */
const LONGEST = 60_000;

export class Measured {
  #lines = /** @type {any[]} */ ([]);
  #error = /** @type {Error | undefined} */ (undefined);
  #wake = () => {};
  #complaints = "";
  #child;
  #gone;

  /** @param {string[]} command @param {{ env?: Record<string, string> }} [options] */
  constructor([program = "", ...args], { env = {} } = {}) {
    this.name = [program, ...args].join(" ");
    this.#child = spawn(program, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    this.#child.stdin.on("error", () => {}); // it may have ended already
    this.#child.stderr.on("data", (chunk) => {
      this.#complaints += chunk;
    });
    createInterface(this.#child.stdout).on("line", (line) => {
      this.#lines.push(JSON.parse(line));
      this.#wake();
    });
    this.#child.once("error", (error) => this.#fail(error.message));
    const watchdog = setTimeout(() => {
      this.#fail(`did not end within ${LONGEST / 1000} s`);
      this.#child.kill("SIGKILL");
    }, LONGEST);
    this.#gone = new Promise((resolve) => {
      this.#child.once("close", (code, signal) => {
        clearTimeout(watchdog);
        this.#fail(`ended (${signal ?? code}) without an answer`);
        resolve({ code, signal });
      });
    });
  }

  get pid() {
    return this.#child.pid ?? 0;
  }

  /** The line that says where it is bound. @returns {Promise<Ready>} */
  ready() {
    return this.line("ready");
  }

  /** The line with what it measured. @returns {Promise<Done>} */
  done() {
    return this.line("done");
  }

  /** The first line, not yet taken, that has the key. @param {string} key @returns {Promise<any>} */
  async line(key) {
    for (;;) {
      const at = this.#lines.findIndex((line) => key in line);
      if (at >= 0) return this.#lines.splice(at, 1)[0];
      if (this.#error !== undefined) throw this.#error;
      await /** @type {Promise<void>} */ (
        new Promise((resolve) => {
          const before = this.#wake;
          this.#wake = () => {
            before();
            resolve();
          };
        })
      );
    }
  }

  /** Tells it that it may end. */
  dismiss() {
    this.#child.stdin.end();
  }

  /** Tells it that it may end, and waits until it has. */
  async release() {
    this.dismiss();
    await this.#gone;
  }

  /** Ends it now; for those that would send for ever. */
  async kill() {
    this.#child.kill("SIGKILL");
    await this.#gone;
  }

  /** @param {string} what */
  #fail(what) {
    this.#error ??= new Error(`${this.name}: ${what}\n${this.#complaints}`.trimEnd());
    this.#wake();
  }
}

/**
 * Runs a function with processes, all of which are gone when it has returned: released when it was successful, killed
 * when it was not.
 *
 * @template T
 * @param {(start: (command: string[], options?: { env?: Record<string, string> }) => Measured) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withProcesses(work) {
  /** @type {Measured[]} */
  const started = [];
  try {
    const result = await work((command, options) => {
      const one = new Measured(command, options);
      started.push(one);
      return one;
    });
    await Promise.all(started.map((one) => one.release()));
    return result;
  } catch (error) {
    await Promise.all(started.map((one) => one.kill()));
    throw error;
  }
}
