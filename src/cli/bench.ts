/** nodezmq bench: how fast the installed library is on this machine, between two threads. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { noMore, readArguments, readNumber } from "./arguments.js";
import { inSession, type Session } from "./session.js";
import type { Command } from "./usage.js";

const options = {
  size: { type: "string" },
  count: { type: "string" },
  roundtrips: { type: "string" },
  json: { type: "boolean" },
} as const;

/** What the other thread is to do: see bench-peer.ts. */
export interface Task {
  kind: "push" | "echo";
  endpoint: string;
  size: number;
  count: number;
  context: bigint;
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

/** Runs a task on another thread while `body` does its part. */
async function withPeer(task: Task, signal: AbortSignal, body: () => Promise<void>): Promise<void> {
  const worker = new Worker(require.resolve("./bench-peer.js"), { workerData: task });
  const failed = once(worker, "error").then(([error]) => {
    throw error;
  });
  try {
    signal.throwIfAborted();
    await Promise.race([body(), failed]);
  } finally {
    failed.catch(() => {});
    await worker.terminate();
  }
}

async function throughput(session: Session, url: string, size: number, count: number): Promise<number> {
  const { zmq, context, signal } = session;
  const pull = context.socket(zmq.PULL);
  pull.bind(url);
  let seconds = 0;
  const task: Task = {
    kind: "push",
    endpoint: pull.lastEndpoint,
    size,
    count: count + 1,
    context: context.underlying,
  };
  await withPeer(task, signal, async () => {
    await pull.recv({ signal }); // the first starts the clock: the thread is up and connected
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
  const task: Task = { kind: "echo", endpoint: req.lastEndpoint, size, count, context: context.underlying };
  await withPeer(task, signal, async () => {
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

Measures the installed library for some seconds, between two threads of one process: messages a second
from PUSH to PULL, in batches, and round trips of REQ and REP, one at a time. Quick and rough: other
programs that run meanwhile show.

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
    await inSession(async (session) => {
      const results: Result[] = [];
      for (const [transport, url] of [
        ["inproc", "inproc://nodezmq-bench"],
        ["tcp", "tcp://127.0.0.1:*"],
      ] as const) {
        progress(`${transport}: throughput`);
        const rate = await throughput(session, `${url.replace("bench", "bench-throughput")}`, size, count);
        progress(`${transport}: latency`);
        const times = await latency(session, `${url.replace("bench", "bench-latency")}`, size, roundtrips);
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
    });
  },
};
