// The few things that the Python originals take from their standard library.
import { fork } from "node:child_process";
import { setTimeout } from "node:timers/promises";

/** How many times as fast as the originals the programs go: `NODEZMQ_EXAMPLE_SPEED=10 node examples/...` */
const speed = Number(process.env.NODEZMQ_EXAMPLE_SPEED ?? 1);

/**
 * `time.sleep`.
 *
 * @param {number} seconds
 * @param {{ signal?: AbortSignal }} [options]
 */
export async function sleep(seconds, options) {
  await setTimeout((seconds * 1000) / speed, undefined, options);
}

/** `KeyboardInterrupt`: a signal that Ctrl-C aborts, once. A second Ctrl-C ends the program, as ever. */
export function keyboardInterrupt() {
  const interrupt = new AbortController();
  process.once("SIGINT", () => interrupt.abort(new Error("Interrupted by Ctrl-C")));
  return interrupt.signal;
}

// `multiprocessing.Process`: a new process loads the same file, and runs one of its functions instead of `main`.
const TARGET = "NODEZMQ_EXAMPLE_TARGET";

/**
 * Runs `main`; or, in a process that `start` has started, the function that it was started for.
 *
 * @param {() => void} main
 * @param {Record<string, (...args: any[]) => Promise<void>>} targets what `start` may be given
 */
export async function run(main, targets) {
  const [name, ...args] = JSON.parse(process.env[TARGET] ?? "[]");
  await (targets[name] ?? main)(...args);
}

/** @type {Set<import("node:child_process").ChildProcess>} */
const children = new Set();

/**
 * `Process(target=target, args=args).start()`; what it returns is for `terminate`. When one process fails, the others are
 * ended too.
 *
 * @param {(...args: any[]) => Promise<void>} target
 * @param {unknown[]} args anything that JSON can say
 */
export function start(target, ...args) {
  const env = { ...process.env, [TARGET]: JSON.stringify([target.name, ...args]) };
  const child = fork(/** @type {string} */ (process.argv[1]), { env });
  children.add(child);
  child.once("exit", (code) => {
    children.delete(child);
    if (code === 0 || terminated.has(child)) return;
    process.exitCode = 1;
    for (const other of children) other.kill();
  });
  return child;
}

/** @type {WeakSet<import("node:child_process").ChildProcess>} */
const terminated = new WeakSet();

/**
 * `process.terminate()`.
 *
 * @param {import("node:child_process").ChildProcess[]} processes
 */
export function terminate(...processes) {
  for (const child of processes) {
    terminated.add(child);
    child.kill();
  }
}
