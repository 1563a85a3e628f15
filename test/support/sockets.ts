/** Contexts, connected sockets and worker threads for one test; all of it is cleaned up after the test. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import * as zmq from "nodezmq";
import { onTestFinished } from "vitest";

/** The compiled package, for worker threads and child processes. */
export const library = fileURLToPath(new URL("../../lib/index.js", import.meta.url));

export const transports = ["inproc", "tcp", "ipc"] as const;
export type Transport = (typeof transports)[number];

export type SocketOptions = NonNullable<Parameters<zmq.Context["socket"]>[1]>;

/** A context that is destroyed after the test, with whatever was opened in it. */
export function newContext(): zmq.Context {
  const context = new zmq.Context();
  onTestFinished(() => context.destroy(0));
  return context;
}

let names = 0;

/** An address to bind to that nobody else has; after the bind, `lastEndpoint` is the one to connect to. */
export function freshAddress(transport: Transport): string {
  if (transport === "inproc") return `inproc://nodezmq-test-${++names}`;
  if (transport === "tcp") return "tcp://127.0.0.1:*";
  const folder = mkdtempSync(join(tmpdir(), "nodezmq-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return `ipc://${folder}/socket`;
}

/** Binds a socket to a fresh address and returns the address to connect to. */
export function bound(socket: zmq.Socket, transport: Transport = "inproc"): string {
  socket.bind(freshAddress(transport));
  return socket.lastEndpoint;
}

/** Sockets that the test may forget stay open until it is over: one that is collected is closed. */
function keep(sockets: readonly zmq.Socket[]): void {
  onTestFinished(() => void sockets);
}

export interface PairSettings {
  transport?: Transport;
  context?: zmq.Context;
  /** Options of both sockets, and of one only. */
  options?: SocketOptions;
  left?: SocketOptions;
  right?: SocketOptions;
}

/** Two sockets: the first bound, the second connected to it. What is sent at once is not lost, except by PUB. */
export function pair(
  left: zmq.SocketType,
  right: zmq.SocketType,
  { transport = "inproc", context = newContext(), options, left: ofLeft, right: ofRight }: PairSettings = {},
): [left: zmq.Socket, right: zmq.Socket] {
  const server = context.socket(left, { ...options, ...ofLeft });
  const client = context.socket(right, { ...options, ...ofRight });
  client.connect(bound(server, transport));
  keep([server, client]);
  return [server, client];
}

/** A publisher whose subscribers have all been heard of: nothing that it sends is lost on them. */
export async function publisher(
  subscribers: number,
  { transport = "inproc", context = newContext(), options, topic = "" }: PublisherSettings = {},
): Promise<[publisher: zmq.Socket, ...subscribers: zmq.Socket[]]> {
  const xpub = context.socket(zmq.XPUB, { ...options, xpubVerbose: true });
  const address = bound(xpub, transport);
  const all = Array.from({ length: subscribers }, () => {
    const subscriber = context.socket(zmq.SUB, options);
    subscriber.subscribe(topic);
    subscriber.connect(address);
    return subscriber;
  });
  for (let i = 0; i < subscribers; i++) await xpub.recv();
  keep([xpub, ...all]);
  return [xpub, ...all];
}

export interface PublisherSettings {
  transport?: Transport;
  context?: zmq.Context;
  options?: SocketOptions;
  topic?: string;
}

/**
 * A worker thread that runs `body`, an async function's text. It finds there `zmq`, `context` (a shadow of the test's),
 * `data` and `port`, and may `return` when it is done. Terminated after the test.
 */
export function runWorker(body: string, context: zmq.Context, data: unknown = undefined): Worker {
  const source = `
    const { parentPort: port, workerData } = require("node:worker_threads");
    const zmq = require(workerData.library);
    const context = zmq.Context.shadow(workerData.context);
    const data = workerData.data;
    (async () => {
      ${body}
    })().catch((error) => setImmediate(() => { throw error; }));
  `;
  const worker = new Worker(source, {
    eval: true,
    workerData: { library, context: context.underlying, data },
  });
  worker.on("error", (error) => {
    queueMicrotask(() => {
      throw error; // fails the test run with the worker's own stack
    });
  });
  onTestFinished(async () => {
    await worker.terminate();
  });
  return worker;
}

/** The next message that a worker posts. Rejects if the worker ends before. */
export function posted<T = unknown>(worker: Worker): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number): void => reject(new Error(`the worker ended (${code}) without a message`));
    worker.once("exit", ended);
    worker.once("message", (message: T) => {
      worker.off("exit", ended);
      resolve(message);
    });
  });
}

/** One turn of the event loop. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Keeps the thread busy: the I/O threads go on, the event loop does not. */
export function spin(microseconds: number): void {
  const end = performance.now() + microseconds / 1000;
  while (performance.now() < end);
}

/** What the promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it was not rejected");
}

/** The errno name that the promise is rejected with; anything but a ZMQError is thrown on. */
export async function code(promise: Promise<unknown>): Promise<string | undefined> {
  const error = await rejection(promise);
  if (error instanceof zmq.ZMQError) return error.code;
  throw error;
}

/** Messages as text: one string for each frame. */
export const texts = (messages: readonly (readonly Buffer[])[]): string[][] =>
  messages.map((frames) => frames.map(String));
