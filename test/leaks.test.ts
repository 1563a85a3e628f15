import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { run } from "./support/life-child.js";

/**
 * Runs rounds of something in a process of its own, and prints how many descriptors, threads and libuv handles there
 * are before and after. The first rounds are not counted: they make what the process keeps for good.
 */
const rounds = (count: number, round: string) =>
  run(`
    const { existsSync, readdirSync } = require("node:fs");
    const entries = (...folders) => {
      const folder = folders.find((folder) => existsSync(folder));
      return folder === undefined ? "unknown" : readdirSync(folder).length;
    };
    const count = () => ({
      descriptors: entries("/proc/self/fd", "/dev/fd"),
      threads: entries("/proc/self/task"),
      handles: process.report.getReport().libuv.filter(({ type }) => type !== "loop").length,
    });
    const { Worker } = require("node:worker_threads");
    const lib = JSON.stringify(require.resolve("nodezmq"));
    (async () => {
      const round = async () => { ${round} };
      for (let i = 0; i < 3; i++) await round();
      const before = count();
      for (let i = 0; i < ${count}; i++) await round();
      // What ends in the background (a thread that has just said so, a handle that libuv closes) is given its time;
      // there may have been some of it before, too.
      let after = count();
      while (Object.keys(before).some((what) => after[what] > before[what])) {
        await new Promise((resolve) => setImmediate(resolve));
        after = count();
      }
      say(JSON.stringify({ before, after }));
    })();`);

const cases: Record<string, [number, string]> = {
  "50 contexts and 2,000 sockets, opened and closed": [
    50,
    // All sockets are kept: to warn of one that has been collected, Node opens the standard error for good.
    `
    const context = new zmq.Context();
    const kept = [];
    for (let i = 0; i < 10; i++) {
      const sockets = [zmq.PULL, zmq.PUSH, zmq.SUB, zmq.DEALER].map((type) => context.socket(type));
      const [a, b, c, d] = sockets;
      kept.push(...sockets);
      a.bind(i % 2 ? "tcp://127.0.0.1:*" : "inproc://" + i);
      b.connect(a.lastEndpoint);
      b.send("x");
      if (i % 3) await a.recv();
      for (const call of [c.recv(), d.poll(), c.recv({ timeout: 1e6 })]) call.catch(() => {});
      if (i % 4) for (const socket of sockets) socket.close(0);
    }
    await context.destroy(0);
    if (!kept.every((socket) => socket.closed)) throw new Error("destroy() has left a socket open");`,
  ],
  "thread-safe sockets, which are watched by a poller of libzmq's": [
    10,
    `
    const context = new zmq.Context();
    const kept = [];
    for (let i = 0; i < 10; i++) {
      const [server, client] = [context.socket(zmq.SERVER), context.socket(zmq.CLIENT)];
      kept.push(server, client);
      server.bind("inproc://" + i);
      client.connect("inproc://" + i);
      const got = server.recv();
      await client.send("x");
      await got;
      server.recv().catch(() => {});
      if (i % 2) server.close();
    }
    await context.destroy(0);
    if (!kept.every((socket) => socket.closed)) throw new Error("destroy() has left a socket open");`,
  ],
  "polls of sockets and descriptors, answered, aborted, timed out": [
    20,
    `
    const context = new zmq.Context();
    const [a, b] = [context.socket(zmq.PAIR), context.socket(zmq.PAIR)];
    a.bind("inproc://a");
    b.connect("inproc://a");
    const server = require("node:net").createServer();
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const poller = new zmq.Poller();
    poller.register(a, zmq.POLLIN);
    poller.register(server._handle.fd, zmq.POLLIN);
    const stop = new AbortController();
    const { signal } = stop;
    const calls = [poller.poll({ signal }), poller.poll(1), poller.poll(), a.poll(1), zmq.select([a], [], [], 0.001)];
    setImmediate(() => stop.abort());
    await Promise.allSettled([calls[0], calls[1], calls[3], calls[4]]);
    b.send("x");
    await Promise.allSettled(calls);
    await new Promise((resolve) => server.close(resolve));
    await context.destroy(0);`,
  ],
  "proxies, stopped, closed and destroyed": [
    20,
    `
    const context = new zmq.Context();
    const ended = [];
    for (let i = 0; i < 4; i++) {
      const [front, back] = [context.socket(zmq.PULL), context.socket(zmq.PUSH)];
      front.bind("inproc://" + i);
      const stop = new AbortController();
      ended.push(zmq.proxy(front, back, null, { signal: stop.signal }).catch(() => {}));
      if (i === 0) stop.abort();
      if (i === 1) front.close();
      if (i === 2) zmq.proxy(front, back).catch(() => {});
    }
    await context.destroy(0);
    await Promise.all(ended);`,
  ],
  "errors of every kind": [
    20,
    `
    const context = new zmq.Context();
    const refused = (call) => { try { call(); } catch { return; } throw new Error("not refused"); };
    refused(() => new zmq.Context(-1));
    refused(() => context.socket(99));
    refused(() => context.socket(zmq.PUSH, { lingr: 1 }));
    refused(() => context.socket(zmq.PUSH, { linger: "1" }));
    refused(() => context.socket(zmq.PUSH, { subscribe: "x" }));
    const socket = context.socket(zmq.PULL);
    refused(() => socket.bind("tcp://nowhere:*"));
    refused(() => zmq.Context.shadow(1n));
    zmq.Context.shadow(context);
    await zmq.proxy(socket, socket, socket, { sginal: 1 }).catch(() => {});
    await socket.recv({ timeout: 0 }).catch(() => {});
    socket.close();
    await context.term();`,
  ],
  "workers, in every way to end": [
    3,
    `
    const program = "const zmq = require(" + lib + ");" +
      "const context = new zmq.Context(); const pull = zmq.Context.instance().socket(zmq.PULL);" +
      "pull.recv().catch(() => {}); context.socket(zmq.PULL).recv().catch(() => {});" +
      "const push = context.socket(zmq.PUSH); push.bind('inproc://x');" +
      "zmq.proxy(context.socket(zmq.PULL), push).catch(() => {});" +
      "require('node:worker_threads').parentPort.postMessage(0);";
    zmq.Context.instance();
    await Promise.all(["process.exit(0)", "throw new Error()", "pull.close(); push.recvSync()", "0"].map(async (end) => {
      const worker = new Worker(program + "setImmediate(() => {" + end + "})", { eval: true });
      worker.on("error", () => {});
      const ended = new Promise((resolve) => worker.on("exit", resolve));
      await new Promise((resolve) => worker.on("message", resolve));
      if (end.length < 40) await new Promise((resolve) => setImmediate(resolve));
      if (end === "0" || end.includes("Sync")) await worker.terminate();
      await ended;
    }));`,
  ],
};

describe("50 contexts, 10,000 sockets and 1,000 monitors", () => {
  test("leave descriptors, threads, handles and memory where they were", { timeout: 300_000 }, async () => {
    const { stdout, stderr, code } = await run(
      `
      const { readdirSync, existsSync } = require("node:fs");
      const entries = (folder) => (existsSync(folder) ? readdirSync(folder).length : 0);
      const count = () => [
        entries("/proc/self/fd"),
        entries("/proc/self/task"),
        process.report.getReport().libuv.filter(({ type }) => type !== "loop").length,
      ];
      const round = async () => {
        const context = new zmq.Context();
        for (let i = 0; i < 50; i++) {
          const sockets = [zmq.PULL, zmq.PUSH, zmq.SUB, zmq.DEALER].map((type) => context.socket(type, { linger: 0 }));
          const [a, b, c, d] = sockets;
          a.bind(i % 2 ? "tcp://127.0.0.1:*" : "inproc://" + i);
          b.connect(a.lastEndpoint);
          b.send("x".repeat(i * 100));
          if (i % 3) await a.recv();
          for (const call of [c.recv(), d.poll(), c.recv({ timeout: 1e6 })]) call.catch(() => {});
          if (i < 20 && i % 2) zmq.recvMonitorMessage(a.getMonitorSocket()).catch(() => {});
          if (i < 20 && i % 2 === 0) (async () => { for await (const _ of a.events()) if (i % 4) break; })().catch(() => {});
          if (i % 4) for (const socket of sockets) socket.close(0);
        }
        await context.destroy(0);
      };
      const memory = async () => {
        for (let i = 0; i < 3; i++) { gc(); await new Promise(setImmediate); }
        return process.memoryUsage();
      };
      process.on("warning", () => {}); // some sockets are collected before destroy() reaches them
      (async () => {
        for (let i = 0; i < 3; i++) await round();
        const before = count();
        const heaps = [], sizes = [];
        for (let all = 0; all < 4; all++) {
          for (let i = 0; i < 50; i++) await round();
          const { heapUsed, rss } = await memory();
          heaps.push(heapUsed);
          sizes.push(rss);
        }
        let after = count();
        while (after.some((n, i) => n > before[i])) {
          await new Promise(setImmediate);
          after = count();
        }
        say(JSON.stringify({ before, after, heaps, sizes }));
      })();`,
      // V8's young generation grows as it likes, by tens of megabytes from Node.js 24 on: here it has one size. So does
      // glibc's memory, with a heap for each of many threads: here it has one.
      {
        env: { MALLOC_ARENA_MAX: "1" },
        flags: ["--expose-gc", "--no-warnings", "--min-semi-space-size=4", "--max-semi-space-size=4"],
        patience: 300_000,
      },
    );
    expect([code, stderr]).toEqual([0, ""]);
    const { before, after, heaps, sizes } = JSON.parse(stdout) as Record<string, number[]>;
    for (const [i, n] of before?.entries() ?? []) expect(after?.[i]).toBeLessThanOrEqual(n);
    // The first time fills what allocators keep; from then on as much again needs nothing more.
    // A leak grows with every round, what V8 takes at some time only once: the middle one of the steps tells.
    const growth = (all: number[] = []): number => {
      const steps = all.slice(1).map((size, i) => size - (all[i] ?? Number.NaN));
      return steps.sort((a, b) => a - b)[steps.length >> 1] ?? Number.NaN;
    };
    expect(growth(heaps)).toBeLessThan(1 << 20); // 100 bytes a socket
    // A sanitizer's allocator keeps what is freed in quarantine.
    if (process.env.NODEZMQ_BINARY === undefined) expect(growth(sizes)).toBeLessThan(12 << 20);
  });
});

describe.concurrent("nothing is left behind by", () => {
  test.each(Object.entries(cases))("%s", async (_name, [count, round]) => {
    const outcome = await rounds(count, round);
    expect(outcome.stderr).toBe("");
    expect(outcome.code).toBe(0);
    const { before, after } = JSON.parse(outcome.stdout);
    for (const what of Object.keys(before)) {
      if (before[what] !== "unknown") expect(after[what]).toBeLessThanOrEqual(before[what]);
    }
    if (existsSync("/proc/self/task")) expect(before.threads).toBeGreaterThan(1);
  });
});
