/** Worker threads that use the library. */
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

const lib = fileURLToPath(new URL("../../lib/index.js", import.meta.url));

/** What the workers' programs find; they are the body of an async function. */
const prelude = `
const { parentPort, threadId, workerData } = require("node:worker_threads");
const zmq = require(${JSON.stringify(lib)});
const say = (value) => parentPort.postMessage(value);
const heard = () => new Promise((resolve) => parentPort.once("message", resolve));
`;

export interface Thread {
  worker: Worker;
  /** The next message that it posts; rejects when it ends without one. */
  heard(): Promise<unknown>;
  /** Its exit code; an uncaught error counts as such. */
  ended: Promise<{ code: number; error: unknown }>;
}

/** Starts a worker that runs a program, with `zmq`, `say`, `heard` and `workerData` at hand. */
export function startWorker(program: string, workerData?: unknown): Thread {
  const worker = new Worker(`${prelude}(async () => {${program}})();`, { eval: true, workerData });
  const messages: unknown[] = [];
  const waiting: { resolve(message: unknown): void; reject(error: Error): void }[] = [];
  let over = false;
  let failure: unknown;
  worker.on("error", (error) => {
    failure = error;
  });
  worker.on("message", (message: unknown) => {
    const first = waiting.shift();
    if (first === undefined) messages.push(message);
    else first.resolve(message);
  });
  const ended = new Promise<{ code: number; error: unknown }>((resolve) => {
    worker.on("exit", (code) => {
      over = true;
      for (const { reject } of waiting.splice(0)) reject(new Error(`the worker has ended: ${failure}`));
      resolve({ code, error: failure });
    });
  });
  return {
    worker,
    ended,
    heard: () =>
      new Promise((resolve, reject) => {
        if (messages.length > 0) resolve(messages.shift());
        else if (over) reject(new Error(`the worker has ended: ${failure}`));
        else waiting.push({ resolve, reject });
      }),
  };
}
