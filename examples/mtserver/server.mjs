// Multithreaded server: requests that keep a processor busy are shared between worker threads, over inproc. Clients see
// one REP server; a proxy hands their requests to the threads in turn.
//
//   node examples/mtserver/server.mjs [endpoint] [threads]
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import * as zmq from "nodezmq";
import { keyboardInterrupt } from "../helpers.mjs";
import { readArguments, untilInterrupted } from "../patterns.mjs";

const WORKERS = "inproc://workers";

/** @type {(n: number) => number} */
const fibonacci = (n) => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2));

async function workerThread() {
  // All threads get the same native context, which is what inproc needs; the socket is this thread's own.
  const socket = zmq.Context.instance().socket(zmq.REP);
  socket.connect(WORKERS);
  parentPort?.postMessage("connected");

  for await (const [request] of socket) {
    const n = Number(request);
    await socket.send(`fib(${n}) = ${fibonacci(n)} from thread ${workerData.number}`);
  }
}

async function main() {
  const [endpoint, count] = readArguments("tcp://127.0.0.1:5555", 4);
  const interrupt = keyboardInterrupt();
  const context = zmq.Context.instance();

  await untilInterrupted(context, interrupt, async () => {
    const backend = context.socket(zmq.DEALER);
    backend.bind(WORKERS);

    const threads = Array.from(
      { length: count },
      (_, i) => new Worker(new URL(import.meta.url), { workerData: { number: i + 1 } }),
    );
    try {
      await Promise.all(threads.map((thread) => once(thread, "message", { signal: interrupt })));

      const frontend = context.socket(zmq.ROUTER);
      frontend.bind(endpoint);
      console.log(`The main thread shares the requests between ${count} others`);
      await zmq.proxy(frontend, backend, undefined, { signal: interrupt });
    } finally {
      // Their sockets are closed with them.
      await Promise.all(threads.map((thread) => thread.terminate()));
    }
  });
}

await (isMainThread ? main() : workerThread());
