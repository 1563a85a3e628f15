/** Things that end with the test that made them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as zmq from "nodezmq";
import { onTestFinished } from "vitest";

/** Where tests run at the same time, each has to say for itself what is to be done when it has finished. */
export type Finally = (end: () => Promise<void> | void) => void;

/** A context that is destroyed after the test, whatever is left in it. */
export function newContext(ioThreads?: number, finished: Finally = onTestFinished): zmq.Context {
  const context = new zmq.Context(ioThreads);
  finished(() => context.destroy(0));
  return context;
}

/** Two sockets, the first bound and the second connected, over a transport; the address is told too. */
export function pair(
  context: zmq.Context,
  first: number,
  second: number,
  address = "tcp://127.0.0.1:*",
): [zmq.Socket, zmq.Socket] {
  const bound = context.socket(first);
  const connected = context.socket(second);
  bound.bind(address);
  connected.connect(bound.lastEndpoint);
  return [bound, connected];
}

/** An ipc address that nobody else has, and that can be connected to before it is bound. */
export function ipcAddress(finished: Finally = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), "nodezmq-life-"));
  finished(() => rmSync(folder, { recursive: true, force: true }));
  return `ipc://${folder}/s`;
}

/** A whole life of another context: what was to happen at once has happened when it is over. */
export async function meanwhile(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    const context = new zmq.Context();
    const [a, b] = pair(context, zmq.PAIR, zmq.PAIR);
    await a.send("ping");
    await b.recv();
    await context.destroy(0);
  }
}

/** Looks once each turn of the event loop until something is so; the test's time limit is the limit. */
export async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await new Promise((resolve) => setImmediate(resolve));
}

/** The error that a promise is rejected with. */
export const failure = (promise: Promise<unknown>): Promise<Error & { errno?: number; code?: string }> =>
  promise.then(
    (value) => Promise.reject(new Error(`it should have failed, and gave ${String(value)}`)),
    (error: Error) => error,
  );

/** The error that a call throws. */
export function thrown(call: () => unknown): Error & { errno?: number; code?: string } {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error("it should have thrown");
}
