/** nodezmq bench: how fast the installed library is on this machine, between threads and between processes. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { noMore, readArguments, readNumber } from "./arguments.js";
import { inSession, type Session } from "./session.js";
import { type Command, CommandError } from "./usage.js";

const options = {
  size: { type: "string" },
  count: { type: "string" },
  roundtrips: { type: "string" },
  json: { type: "boolean" },
} as const;

/** What the other end is to do: see bench-peer.ts. */
export interface Task {
  kind: "push" | "echo";
  endpoint: string;
  size: number;
  count: number;
  /** The context of a thread; a process has its own. */
  context?: bigint;
}

interface Result {
  transport: string;
  size: number;
  messagesPerSecond: number;
  megabytesPerSecond: number;
  /** Of a round trip, in microseconds. */
  latency: { p50: number; p99: number };
}

const BATCH = 1000;

/** The other end, until it is stopped. `failed` rejects when it ends by itself, which it never should. */
interface Peer {
  failed: Promise<never>;
  stop(): Promise<unknown>;
}

const program = require.resolve("./bench-peer.js");

function inThread(task: Task, context: bigint): Peer {
  const worker = new Worker(program, { workerData: { ...task, context } });
  const failed = once(worker, "exit").then(() => {
    throw new CommandError("the other thread ended");
  });
  return { failed, stop: () => worker.terminate() };
}

function inProcess(task: Task): Peer {
  // A signal from the terminal reaches both processes: this one ends the other.
  const child = fork(program, [JSON.stringify(task)], { detached: true });
  const exit = once(child, "exit");
  const failed = exit.then(([code, signal]) => {
    throw new CommandError(`the other process ended with ${signal ?? `code ${code}`}`);
  });
  return {
    failed,
    stop() {
      child.kill("SIGKILL");
      return exit;
    },
  };
}

/** Runs a task at the other end while `body` does its part. */
async function withPeer(session: Session, task: Task, body: () => Promise<void>): Promise<void> {
  session.signal.throwIfAborted();
  const peer = task.endpoint.startsWith("inproc:")
    ? inThread(task, session.context.underlying)
    : inProcess(task);
  try {
    await Promise.race([body(), peer.failed]);
  } finally {
    peer.failed.catch(() => {});
    await peer.stop();
  }
}

async function throughput(session: Session, url: string, size: number, count: number): Promise<number> {
  const { zmq, context, signal } = session;
  const pull = context.socket(zmq.PULL);
  pull.bind(url);
  let seconds = 0;
  const task: Task = { kind: "push", endpoint: pull.lastEndpoint, size, count: count + 1 };
  await withPeer(session, task, async () => {
    await pull.recv({ signal }); // the first starts the clock: the other end is up and connected
    const start = performance.now();
    for (let left = count; left > 0; ) {
      left -= (await pull.recvBatch(Math.min(left, BATCH), { signal })).length;
    }
    seconds = (performance.now() - start) / 1000;
  });
  pull.close(0);
  return count / seconds;
}

async function latency(session: Session, url: string, size: number, count: number): Promise<number[]> {
  const { zmq, context, signal } = session;
  const req = context.socket(zmq.REQ);
  req.bind(url);
  const warmUp = Math.min(100, count);
  const times: number[] = [];
  const message = Buffer.alloc(size);
  const task: Task = { kind: "echo", endpoint: req.lastEndpoint, size, count };
  await withPeer(session, task, async () => {
    for (let i = -warmUp; i < count; i++) {
      const start = performance.now();
      await req.send(message, { signal });
      await req.recv({ signal });
      if (i >= 0) times.push((performance.now() - start) * 1000);
    }
  });
  req.close(0);
  return times.sort((a, b) => a - b);
}

const rank = (sorted: readonly number[], share: number): number =>
  Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) / 10;

function table(results: readonly Result[]): string {
  const head = ["transport", "bytes", "messages/s", "MB/s", "round trip p50 µs", "p99 µs"];
  const rows = results.map(({ transport, size, messagesPerSecond, megabytesPerSecond, latency }) =>
    [transport, size, messagesPerSecond, megabytesPerSecond, latency.p50, latency.p99].map(String),
  );
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  return [head, ...rows]
    .map((row) => row.map((cell, i) => (i ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))))
    .map((row) => `${row.join("  ")}\n`)
    .join("");
}

export const bench: Command = {
  summary: "measure throughput and latency on this machine",
  help: `usage: nodezmq bench [options]

Measures the installed library for some seconds: messages a second from PUSH to PULL, in batches, and
round trips of REQ and REP, one at a time. inproc is measured between two threads, ipc (where there is
one) and tcp between two processes. Quick and rough: other programs that run meanwhile show.

  nodezmq bench
  nodezmq bench --size 65536 --count 20000 --json

options:
  --size BYTES           of a message; 64 by default
  --count N              how many messages for the throughput; 200000 by default
  --roundtrips N         how many for the latency; 5000 by default
  --json                 print an array of objects, latency in microseconds
  -h, --help             show this help
`,
  async run(args, print) {
    const { values, positionals } = readArguments(args, options);
    noMore(positionals);
    const size = readNumber(values.size, "--size", 64);
    const count = readNumber(values.count, "--count", 200_000, 1);
    const roundtrips = readNumber(values.roundtrips, "--roundtrips", 5000, 1);
    const progress = (text: string): void => {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
    };
    // libzmq's own wildcard makes a folder in the working directory, which need not be writable.
    const folder = await mkdtemp(join(tmpdir(), "nodezmq-"));
    await inSession(async (session) => {
      const results: Result[] = [];
      const endpoints = {
        inproc: "inproc://nodezmq-bench-*",
        ...(session.zmq.has("ipc") && { ipc: `ipc://${join(folder, "bench-*")}` }),
        tcp: "tcp://127.0.0.1:*",
      };
      for (const [transport, url] of Object.entries(endpoints)) {
        progress(`${transport}: throughput`);
        const rate = await throughput(session, url.replace("bench-*", "bench-throughput"), size, count);
        progress(`${transport}: latency`);
        const times = await latency(session, url.replace("bench-*", "bench-latency"), size, roundtrips);
        results.push({
          transport,
          size,
          messagesPerSecond: Math.round(rate),
          megabytesPerSecond: Math.round(rate * size) / 1e6,
          latency: { p50: rank(times, 0.5), p99: rank(times, 0.99) },
        });
      }
      progress("");
      await print(values.json ? `${JSON.stringify(results, null, 1)}\n` : table(results));
    }).finally(() => rm(folder, { recursive: true, force: true }));
  },
};
