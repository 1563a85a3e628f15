/** The promises of nodezmq/pyzmq, which are asyncio's Futures: asked, called back, cancelled. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import * as zmq from "nodezmq/pyzmq";
import { describe, expect, onTestFinished, test } from "vitest";
import { rejection, turn } from "./support/sockets.js";

const library = fileURLToPath(new URL("../lib/pyzmq/index.js", import.meta.url));

function connected(transport: "inproc" | "tcp" = "inproc"): [zmq.Socket, zmq.Socket] {
  const context = new zmq.Context();
  onTestFinished(() => context.destroy(0));
  const left = context.socket(zmq.PAIR);
  const right = context.socket(zmq.PAIR);
  left.bind(transport === "tcp" ? "tcp://127.0.0.1:*" : "inproc://pyzmq-futures");
  right.connect(left.last_endpoint);
  return [left, right];
}

/** Every call of a socket that may wait, when there is nothing to receive. */
const waits: Record<string, (socket: zmq.Socket) => zmq.Future<unknown>> = {
  recv: (socket) => socket.recv(),
  "recv with options": (socket) => socket.recv({ copy: false }),
  recv_multipart: (socket) => socket.recv_multipart(),
  recv_string: (socket) => socket.recv_string(),
  recv_json: (socket) => socket.recv_json(),
  recv_unicode: (socket) => socket.recv_unicode(),
  recv_serialized: (socket) => socket.recv_serialized((frames) => frames),
  recv_into: (socket) => socket.recv_into(Buffer.alloc(9)),
  recv_batch: (socket) => socket.recv_batch(),
  "recv_batch of 5": (socket) => socket.recv_batch(5),
  poll: (socket) => socket.poll(),
  "poll with flags": (socket) => socket.poll(-1, zmq.POLLIN),
  "poller.poll": (socket) => {
    const poller = new zmq.Poller();
    poller.register(socket, zmq.POLLIN);
    return poller.poll();
  },
  select: (socket) => zmq.select([socket], [], []),
  zmq_poll: (socket) => zmq.zmq_poll([[socket, zmq.POLLIN]]),
};
const all = Object.entries(waits);

describe("a future", () => {
  test("is pending, and then done with its result", async () => {
    const [left, right] = connected();
    const future = right.recv_string();
    expect([future.done(), future.cancelled()]).toEqual([false, false]);
    expect(() => future.result()).toThrow(zmq.InvalidStateError);
    expect(() => future.exception()).toThrow("the future is not done");
    await left.send("x");
    expect(await future).toBe("x");
    expect([future.done(), future.cancelled(), future.result(), future.exception()]).toEqual([
      true,
      false,
      "x",
      null,
    ]);
    expect(future.cancel()).toBe(false);
  });

  test("is done with its error", async () => {
    const [, right] = connected();
    const future = right.recv(zmq.NOBLOCK);
    const error = await rejection(future);
    expect(error).toBeInstanceOf(zmq.Again);
    expect([future.done(), future.cancelled(), future.exception()]).toEqual([true, false, error]);
    expect(() => future.result()).toThrow(zmq.Again);
  });

  test("calls back when it is done, with itself, also if it is already", async () => {
    const [left, right] = connected();
    const calls: string[] = [];
    const future = right.recv_string();
    const forgotten = (): number => calls.push("forgotten");
    future.add_done_callback(forgotten);
    future.add_done_callback((done) => calls.push(`first ${done === future} ${done.result()}`));
    expect(future.remove_done_callback(forgotten)).toBe(1);
    expect(future.remove_done_callback(forgotten)).toBe(0);
    await left.send("x");
    await future;
    future.addDoneCallback((done) => calls.push(`later ${done.done()}`));
    expect(calls).toEqual(["first true x"]);
    await turn();
    expect(calls).toEqual(["first true x", "later true"]);
    const failed = right.recv({ timeout: 1 });
    const seen = new Promise((resolve) => failed.add_done_callback((done) => resolve(done.exception())));
    expect(await seen).toBeInstanceOf(zmq.Again);
  });

  test("comes from whatever returns a promise", async () => {
    const context = new zmq.Context();
    const [push, pull] = [context.socket(zmq.PUSH), context.socket(zmq.PULL)];
    pull.bind("inproc://pyzmq-promises");
    push.connect("inproc://pyzmq-promises");
    const futures = [
      push.send("a"),
      push.send_multipart(["a"]),
      push.send_string("a"),
      push.send_json(1),
      push.send_serialized(1, () => ["a"]),
      push.sendBatch(["a"]),
      pull.recv(),
      pull.poll(0),
      new zmq.Poller().poll(0),
      zmq.select([], [], [], 0),
      context.destroy(0),
      context.term(),
    ];
    for (const future of futures) expect(future).toBeInstanceOf(zmq.Future);
    await Promise.all(futures);
    expect(futures[0]?.then(String)).not.toBeInstanceOf(zmq.Future);
  });

  test("names the caller's line in its error's stack", async () => {
    const [, right] = connected();
    async function myReceiver(): Promise<void> {
      await right.recv_json({ timeout: 1 });
    }
    expect(await rejection(myReceiver())).toMatchObject({ stack: expect.stringMatching(/\n.*myReceiver/) });
  });

  test("never throws at once", async () => {
    const [left] = connected();
    const wrong: (() => Promise<unknown>)[] = [
      () => left.send(null as never),
      () => left.send("x", Number.NaN),
      () => left.send("x", "5" as never),
      () => left.recv({ timeout: "soon" as never }),
      () => left.recv({ signal: 5 as never }),
      () => left.recv_batch(0),
      () => left.recv_into(5 as never),
      () => left.poll("soon" as never),
      () => new zmq.Poller().poll("soon" as never),
      () => zmq.proxy(5 as never, left),
    ];
    for (const call of wrong) expect(await rejection(call())).toBeInstanceOf(Error);
  });
});

describe("cancelling", () => {
  test.each(all)("%s: it is rejected with a CancelledError, and consumes nothing", async (_, wait) => {
    const [left, right] = connected();
    const future = wait(right);
    expect(future.cancel()).toBe(true);
    expect([future.done(), future.cancelled(), future.cancel()]).toEqual([true, true, false]);
    const error = await rejection(future);
    expect(error).toBeInstanceOf(zmq.CancelledError);
    expect(error).toMatchObject({ name: "CancelledError" });
    expect(() => future.result()).toThrow(zmq.CancelledError);
    expect(() => future.exception()).toThrow(zmq.CancelledError);
    await left.send("x");
    expect(await right.recv_string({ timeout: 1000 })).toBe("x");
  });

  test.each(all.slice(0, 10))(
    "%s: too late once the message has been taken, which is not lost",
    async (_, wait) => {
      const [left, right] = connected();
      await left.send('"x"');
      const future = wait(right);
      expect(future.cancel()).toBe(false);
      await future;
      expect(future.cancelled()).toBe(false);
      expect(await right.poll(0)).toBe(0);
    },
  );

  test("a thousand receives, each cancelled while its message is on its way, lose nothing and invent nothing", async () => {
    const [left, right] = connected("tcp");
    const received: string[] = [];
    let cancelled = 0;
    for (let i = 0; i < 1000; i++) {
      const future = right.recv_string();
      await left.send(String(i));
      if (i % 3 === 0) await turn();
      if (future.cancel()) cancelled += 1;
      try {
        received.push(await future);
      } catch (error) {
        expect(error).toBeInstanceOf(zmq.CancelledError);
      }
    }
    while (received.length < 1000) received.push(await right.recv_string({ timeout: 5000 }));
    expect(received).toEqual(Array.from({ length: 1000 }, (_, i) => String(i)));
    expect(cancelled).toBeGreaterThan(0);
    expect(await right.poll(0)).toBe(0);
  });

  test("one of many that wait leaves the others their places", async () => {
    const [left, right] = connected();
    const futures = Array.from({ length: 10_000 }, () => right.recv_string());
    for (const [i, future] of futures.entries()) if (i % 2 === 0) expect(future.cancel()).toBe(true);
    for (let i = 0; i < 5000; i++) await left.send(String(i));
    const rest = futures.filter((future) => !future.cancelled());
    expect((await Promise.all(rest)).length).toBe(5000);
  }, 30_000);

  test("a send that waits is never sent", async () => {
    const context = new zmq.Context();
    onTestFinished(() => context.destroy(0));
    const push = context.socket(zmq.PUSH);
    push.bind("inproc://pyzmq-cancelled-send");
    const [first, second] = [push.send("first"), push.send("second")];
    expect(first.cancel("no peer")).toBe(true);
    expect(await rejection(first)).toMatchObject({ name: "CancelledError", message: "no peer" });
    const pull = context.socket(zmq.PULL);
    pull.connect("inproc://pyzmq-cancelled-send");
    await second;
    expect(await pull.recv_string()).toBe("second");
  });

  test("a proxy ends it, and the sockets can be used again", async () => {
    const context = new zmq.Context();
    onTestFinished(() => context.destroy(0));
    const [front, back] = [context.socket(zmq.PULL), context.socket(zmq.PUSH)];
    front.bind("inproc://pyzmq-front");
    back.bind("inproc://pyzmq-back");
    const running = zmq.proxy(front, back);
    expect(running.cancel()).toBe(true);
    expect(await rejection(running)).toBeInstanceOf(zmq.CancelledError);
    await rejection(front.recv({ timeout: 0 }));
  });

  test("what nothing can end is ended for who waits", async () => {
    const context = new zmq.Context();
    const socket = context.socket(zmq.PULL);
    const term = context.term();
    expect(term.cancel()).toBe(true);
    expect(await rejection(term)).toBeInstanceOf(zmq.CancelledError);
    socket.close();
    await context.term();
  });

  test("works beside the caller's own signal, before, during and after", async () => {
    const [left, right] = connected();
    expect(await rejection(right.recv({ signal: AbortSignal.abort("early") }))).toBe("early");
    const controller = new AbortController();
    const first = right.recv({ signal: controller.signal });
    const second = right.recv_string({ signal: controller.signal });
    expect(first.cancel()).toBe(true);
    controller.abort("during");
    expect(await rejection(second)).toBe("during");
    expect([second.cancelled(), second.exception()]).toEqual([false, "during"]);
    await rejection(first);
    const late = new AbortController();
    await left.send("x");
    const third = right.recv_string({ signal: late.signal });
    late.abort("late");
    expect(await third).toBe("x");
  });

  test("a hundred calls may share a signal without a warning", async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error): number => warnings.push(warning);
    process.on("warning", warned);
    onTestFinished(() => void process.off("warning", warned));
    const [, right] = connected();
    const controller = new AbortController();
    const futures = Array.from({ length: 100 }, () => right.recv({ signal: controller.signal }));
    controller.abort("all");
    for (const future of futures) expect(await rejection(future)).toBe("all");
    await turn();
    expect(warnings).toEqual([]);
  });
});

describe("at the end", () => {
  test("a closed socket rejects what waits, and what comes", async () => {
    const [, right] = connected();
    const waiting = right.recv_string();
    right.close();
    expect(await rejection(waiting)).toMatchObject({ code: "ENOTSOCK" });
    expect(await rejection(right.recv_json())).toMatchObject({ code: "ENOTSOCK" });
    expect(await rejection(right.poll())).toMatchObject({ code: "ENOTSUP" });
    expect(() => right.LINGER).toThrow(zmq.ZMQError);
  });

  test("a terminated context rejects what waits", async () => {
    const [, right] = connected();
    const waiting = right.recv_string();
    const term = right.context.term();
    expect(await rejection(waiting)).toBeInstanceOf(zmq.ContextTerminated);
    await right.context.destroy(0);
    await term;
  });

  test("an option that closes the socket while it is read is ENOTSOCK", async () => {
    const [, right] = connected();
    const options = {
      get timeout(): number {
        right.close();
        return 5;
      },
    };
    expect(await rejection(right.recv_string(options))).toMatchObject({ code: "ENOTSOCK" });
  });

  test("a process that has cancelled everything ends by itself; one with an error that nobody looked at fails", () => {
    const run = (body: string): { status: number | null; stderr: string } =>
      spawnSync(process.execPath, ["-e", `const zmq = require(${JSON.stringify(library)}); ${body}`], {
        encoding: "utf8",
      });
    const open = 'const s = new zmq.Context().socket(zmq.PULL); s.bind("inproc://x");';
    expect(run(`${open} s.recv().cancel(); new zmq.Poller().poll().cancel();`)).toMatchObject({
      status: 0,
      stderr: "",
    });
    expect(run(`${open} s.recv(); process.exit(0);`)).toMatchObject({ status: 0, stderr: "" });
    expect(run(`${open} s.recv(zmq.NOBLOCK);`)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("Resource temporarily unavailable"),
    });
    const looked =
      "const f = s.recv(zmq.NOBLOCK); f.done(); setImmediate(() => console.log(f.exception().code))";
    expect(run(`${open} ${looked}`)).toMatchObject({ status: 0, stdout: "EAGAIN\n" });
  });

  test("a worker with pending futures can be terminated", async () => {
    const source = `
      const { parentPort, workerData } = require("node:worker_threads");
      const zmq = require(workerData);
      const socket = zmq.Context.instance().socket(zmq.PULL);
      socket.bind("inproc://pyzmq-worker");
      socket.recv_string();
      socket.poll();
      parentPort.postMessage("waiting");
    `;
    const worker = new Worker(source, { eval: true, workerData: library });
    await once(worker, "message");
    expect(await worker.terminate()).toBe(1);
  });
});
