/** copy: false and trackers: whose memory it is, and until when. */
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { run } from "./support/life-child.js";
import { bound, freshAddress, newContext, pair, rejection, transports, turn } from "./support/sockets.js";

const BIG = 1 << 20;

/** A socket whose messages wait for a peer that comes later. */
async function early(
  context: zmq.Context,
  options: object = {},
): Promise<{ push: zmq.Socket; address: string }> {
  const probe = context.socket(zmq.PULL);
  const events = probe.events(zmq.EVENT_CLOSED);
  probe.bind("tcp://127.0.0.1:*");
  const address = probe.lastEndpoint;
  probe.unbind(address);
  await events.next(); // until then the messages could reach it
  probe.close();
  const push = context.socket(zmq.PUSH, { reconnectIvl: 1, ...options });
  push.connect(address);
  return { push, address };
}

/** The peer that comes; the port may still be busy for a moment. */
async function late(context: zmq.Context, address: string): Promise<zmq.Socket> {
  const pull = context.socket(zmq.PULL);
  for (;;) {
    try {
      pull.bind(address);
      return pull;
    } catch (error) {
      if ((error as zmq.ZMQError).code !== "EADDRINUSE") throw error;
      await turn();
    }
  }
}

describe("copy: false", () => {
  test.each(transports)("sends what copy: true sends, of every size, over %s", async (transport) => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport });
    for (const size of [0, 1, 100, 8192, 65_535, 65_536, 65_537, BIG]) {
      const data = Buffer.alloc(size, size % 250);
      expect(await push.send(data, { copy: false })).toBeUndefined();
      expect((await pull.recv()).equals(data)).toBe(true);
      await push.sendMultipart([data, "text", data], 0, { copy: false });
      const frames = await pull.recvMultipart({ copy: false });
      expect(frames.map(({ length }) => length)).toEqual([size, 4, size]);
      expect(frames[2]?.bytes.equals(data)).toBe(true);
    }
  });

  test("lends a large buffer: what is written before libzmq has sent it, is sent", async () => {
    const context = newContext();
    const { push, address } = await early(context);
    const [lent, copied, small] = [Buffer.alloc(BIG, 1), Buffer.alloc(BIG, 1), Buffer.alloc(1000, 1)];
    await push.send(lent, { copy: false });
    await push.send(copied);
    await push.send(small, { copy: false });
    for (const buffer of [lent, copied, small]) buffer.fill(2);
    const pull = await late(context, address);
    const got = [await pull.recv(), await pull.recv(), await pull.recv()];
    expect(got.map((buffer) => buffer[0])).toEqual([2, 1, 1]);
  });

  test("lends from the socket's copyThreshold on", async () => {
    const context = newContext();
    const { push, address } = await early(context);
    expect(push.copyThreshold).toBe(zmq.COPY_THRESHOLD);
    push.copyThreshold = 10;
    expect(() => Object.assign(push, { copyThreshold: -1 })).toThrow(RangeError);
    expect(() => Object.assign(push, { copyThreshold: "10" })).toThrow(TypeError);
    const [lent, copied] = [Buffer.alloc(10, 1), Buffer.alloc(9, 1)];
    await push.send(lent, { copy: false });
    await push.send(copied, { copy: false });
    for (const buffer of [lent, copied]) buffer.fill(2);
    const pull = await late(context, address);
    expect([(await pull.recv())[0], (await pull.recv())[0]]).toEqual([2, 1]);
    const other = new zmq.Socket(context, zmq.PUSH, { copyThreshold: 5 });
    expect(other.copyThreshold).toBe(5);
    other.close();
  });

  test("within the process the receiver gets memory of its own all the same", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport: "inproc" });
    const data = Buffer.alloc(BIG, 1);
    await push.send(data, { copy: false });
    data.fill(2);
    const got = await pull.recv();
    expect(got[0]).toBe(1);
    got.fill(3);
    expect(data[0]).toBe(2);
  });

  test("what is lent cannot be transferred away, and is not collected", async () => {
    const context = newContext();
    const { push, address } = await early(context);
    const data = new Uint8Array(BIG).fill(1);
    await push.send(data, { copy: false });
    try {
      structuredClone(data, { transfer: [data.buffer] }); // older Nodes clone it instead
    } catch (error) {
      expect((error as Error).name).toBe("DataCloneError");
    }
    const moving = data.buffer as unknown as { transfer?(): ArrayBuffer };
    if (moving.transfer !== undefined) expect(() => moving.transfer?.()).toThrow(TypeError);
    expect(data.byteLength).toBe(BIG);
    for (let i = 0; i < 20; i++) await push.send(new Uint8Array(BIG).fill(i), { copy: false });
    for (let i = 0; i < 200; i++) new Uint8Array(BIG).fill(255); // keeps the collector busy
    const pull = await late(context, address);
    expect((await pull.recv())[BIG - 1]).toBe(1);
    for (let i = 0; i < 20; i++) expect((await pull.recv())[BIG - 1]).toBe(i);
  });

  test("takes buffers of every kind: views, shared, resizable", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport: "tcp" });
    const size = 100_000;
    const shared = new SharedArrayBuffer(size + 8);
    new Uint8Array(shared).fill(5);
    const plain = new Uint8Array(size + 8).fill(5).buffer;
    const kinds: zmq.Data[] = [
      plain,
      new Uint8Array(plain, 8),
      new Float64Array(plain, 8),
      new DataView(plain, 4, size),
      shared,
      new Uint8Array(shared, 8),
      new zmq.Frame(plain),
      new zmq.Frame(plain, { copy: false, track: true }),
    ];
    if ("resize" in ArrayBuffer.prototype) {
      const Resizable = ArrayBuffer as unknown as new (
        n: number,
        o: { maxByteLength: number },
      ) => ArrayBuffer;
      const buffer = new Resizable(size, { maxByteLength: 2 * size });
      new Uint8Array(buffer).fill(5);
      kinds.push(buffer, new Uint8Array(buffer, 8));
    }
    for (const data of kinds) {
      await push.send(data, { copy: false });
      const got = await pull.recv();
      const { byteLength } = data as zmq.Frame | ArrayBuffer;
      expect(got.length).toBe(byteLength);
      expect([got[0], got.at(-1)]).toEqual([5, 5]);
    }
  });

  test("a message that is refused lends nothing", async () => {
    const [pub] = pair(zmq.PUSH, zmq.PULL, { transport: "tcp" });
    const data = new Uint8Array(BIG);
    const wrong = await rejection(pub.sendMultipart([data, 5 as never], 0, { copy: false, track: true }));
    expect(wrong).toBeInstanceOf(TypeError);
    expect((wrong as Error).message).toContain("frame 1");
    const alone = newContext().socket(zmq.PUSH);
    expect(await rejection(alone.send(data, { copy: false, timeout: 1 }))).toBeInstanceOf(zmq.Again);
    const stop = new AbortController();
    const aborted = rejection(alone.send(data, { copy: false, signal: stop.signal }));
    stop.abort("enough");
    expect(await aborted).toBe("enough");
  });

  test("takes true and false only", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    for (const copy of [0, 1, "", "false", {}]) {
      expect(await rejection(push.send("x", { copy } as object))).toBeInstanceOf(TypeError);
      expect(await rejection(pull.recv({ copy } as object))).toBeInstanceOf(TypeError);
      expect(await rejection(push.send("x", { track: copy } as object))).toBeInstanceOf(TypeError);
    }
  });
});

describe("a tracker", () => {
  test("is what a send resolves to that was asked for it, or that sent a tracked Frame; else undefined", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport: "tcp" });
    const data = Buffer.alloc(BIG);
    expect(await push.send(data)).toBeUndefined();
    expect(await push.send(data, { copy: false })).toBeUndefined();
    expect(await push.send(new zmq.Frame(data))).toBeUndefined();
    for (const tracked of [
      await push.send("small", { track: true }),
      await push.send(data, { track: true }),
      await push.send(data, 0, { copy: false, track: true }),
      await push.sendMultipart([data, "x"], { copy: false, track: true }),
      await push.sendMultipart(["x", new zmq.Frame("y", { track: true })]),
      await push.sendString("x", { track: true }),
      await push.sendJson({}, { track: true }),
      await push.sendSerialized("x", (text) => [text], { track: true }),
    ]) {
      expect(tracked).toBeInstanceOf(zmq.MessageTracker);
      for (let i = 0; i < 2 && !tracked?.done; i++) await pull.recvMultipart();
      await tracked?.wait();
      expect(tracked?.done).toBe(true);
    }
    const frame = new zmq.Frame(data, { track: true });
    const tracker = await push.send(frame);
    expect(tracker).toBe(frame.tracker);
    expect(tracker?.done).toBe(false); // as in pyzmq, the Frame itself has the memory as long as it lives
  });

  test("is done at once for what was copied", async () => {
    const { push } = await early(newContext());
    const small = await push.send("small", { copy: false, track: true });
    const copied = await push.send(Buffer.alloc(BIG), { track: true });
    expect([small?.done, copied?.done]).toEqual([true, true]);
  });

  test("is done when libzmq has let go of the memory, and not before", async () => {
    const context = newContext();
    const { push, address } = await early(context);
    const tracker = await push.send(Buffer.alloc(BIG, 1), { copy: false, track: true });
    expect(tracker?.done).toBe(false);
    const early1 = await rejection(tracker?.wait(0.001) as Promise<void>);
    expect(early1).toBeInstanceOf(zmq.NotDone);
    expect(await rejection(tracker?.wait({ timeout: 1 }) as Promise<void>)).toBeInstanceOf(zmq.NotDone);
    const waiting = [tracker?.wait(), tracker?.wait(60), tracker?.wait({ timeout: 60_000 })];
    const pull = await late(context, address);
    await pull.recv();
    await Promise.all(waiting);
    expect(tracker?.done).toBe(true);
    await tracker?.wait(0);
  });

  test("can be waited for with a signal: before, during and after", async () => {
    const context = newContext();
    const { push, address } = await early(context);
    const tracker = (await push.send(Buffer.alloc(BIG, 1), {
      copy: false,
      track: true,
    })) as zmq.MessageTracker;
    expect(await rejection(tracker.wait({ signal: AbortSignal.abort("before") }))).toBe("before");
    const stop = new AbortController();
    const during = rejection(tracker.wait(-1, { signal: stop.signal }));
    stop.abort("during");
    expect(await during).toBe("during");
    const after = new AbortController();
    const done = tracker.wait({ signal: after.signal });
    await (await late(context, address)).recv();
    await done;
    after.abort();
    expect(await rejection(tracker.wait("1" as never))).toBeInstanceOf(TypeError);
    expect(await rejection(tracker.wait({ timout: 1 } as object))).toBeInstanceOf(TypeError);
  });

  test("of several is done when all of them are", async () => {
    const context = newContext();
    const { push } = await early(context, { linger: 0 });
    const [one, two] = [Buffer.alloc(BIG), Buffer.alloc(BIG)].map(
      (data) => new zmq.Frame(data, { track: true, copy: false }),
    ) as [zmq.Frame, zmq.Frame];
    expect([one.tracker?.done, two.tracker?.done]).toEqual([false, false]);
    const both = new zmq.MessageTracker(one, two.tracker as zmq.MessageTracker);
    expect(both.done).toBe(false);
    expect(new zmq.MessageTracker().done).toBe(true);
    expect(() => new zmq.MessageTracker(new zmq.Frame("untracked"))).toThrow(RangeError);
    expect(() => new zmq.MessageTracker(5 as never)).toThrow(TypeError);
    await push.send(one);
    push.close();
    expect(both.done).toBe(false); // a Frame keeps what it holds
  });

  test("of a message with untracked Frames is refused, and nothing is sent", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const error = await rejection(push.sendMultipart(["x", new zmq.Frame("y")], { track: true }));
    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).message).toBe("Not a tracked message");
    await push.send("z");
    expect(String(await pull.recv())).toBe("z");
  });

  test("is done when the socket is closed with what it still has", async () => {
    const { push } = await early(newContext());
    const tracker = await push.send(Buffer.alloc(BIG), { copy: false, track: true });
    push.close(0);
    await tracker?.wait();
  });

  test("is done when the peer has got it, for a publisher without subscribers at once", async () => {
    const pub = newContext().socket(zmq.PUB);
    pub.bind(freshAddress("tcp"));
    const tracker = await pub.send(Buffer.alloc(BIG), { copy: false, track: true });
    await tracker?.wait();
  });
});

describe.concurrent("memory that is lent when everything ends", () => {
  const lent = `
    const data = Buffer.alloc(1 << 20, 1);
    const sockets = [];
    for (const linger of [-1, 0, 100000]) {
      const push = context.socket(zmq.PUSH, { linger });
      push.connect("tcp://127.0.0.1:9");
      push.send(data, { copy: false });
      push.send(data, { copy: false, track: true }).then((tracker) => tracker.wait().catch(() => {}));
      new zmq.Frame(data, { copy: false });
      sockets.push(push);
    }
    sockets[0].send(new Uint8Array(new SharedArrayBuffer(1 << 20)), { copy: false });
  `;
  const begin = "zmq.setExitLinger(50); const context = new zmq.Context();";
  const ends: Record<string, string> = {
    "process.exit()": "setImmediate(() => process.exit(7));",
    "an uncaught error":
      'setImmediate(() => { process.on("exit", () => { process.exitCode = 7; }); throw new Error("over"); });',
    "process.exit() with the sockets closed": "for (const s of sockets) s.close(); process.exit(7);",
    "the context destroyed": "context.destroy(0).then(() => process.exit(7));",
  };

  test.each(Object.entries(ends))("by %s", async (_name, end) => {
    const { code, signal } = await run(`${begin} ${lent} ${end}`);
    expect([code, signal]).toEqual([7, null]);
  });

  test.each(["worker.terminate()", "process.exit()"])("in a worker, by %s", async (end) => {
    const body = `
      const zmq = require(${JSON.stringify("nodezmq")});
      const context = new zmq.Context();
      ${lent}
      require("node:worker_threads").parentPort.postMessage(0);
      ${end === "process.exit()" ? "setImmediate(() => process.exit());" : "setInterval(() => {}, 1000);"}`;
    const { code, stdout } = await run(`
      zmq.setExitLinger(50);
      const { Worker } = require("node:worker_threads");
      const worker = new Worker(${JSON.stringify(body)}, { eval: true });
      worker.on("exit", () => { say("ended"); process.exit(7); });
      ${end === "worker.terminate()" ? 'worker.on("message", () => worker.terminate());' : ""}`);
    expect([code, stdout]).toEqual([7, "ended\n"]);
  });
});

describe("a closed socket with memory that is lent", () => {
  test("lets go of it with the peer that it is queued for", async () => {
    const [context, other] = [newContext(), newContext()];
    for (const type of [zmq.PUSH, zmq.XPUB] as const) {
      const sender = context.socket(type, { sndhwm: 100 });
      const receiver = other.socket(type === zmq.PUSH ? zmq.PULL : zmq.SUB, {
        linger: 0,
        rcvhwm: 1,
        rcvbuf: 4096,
      });
      const address = bound(sender, "tcp");
      if (type === zmq.XPUB) receiver.set(zmq.SUBSCRIBE, "");
      receiver.connect(address);
      if (type === zmq.XPUB) await sender.recv();
      let last: zmq.MessageTracker | undefined;
      for (let i = 0; i < 20; i++) last = await sender.send(Buffer.alloc(1e6), { copy: false, track: true });
      sender.close();
      receiver.close(0);
      await last?.wait();
      expect(last?.done).toBe(true);
    }
  });

  test("does not stay open for the sake of another socket's", async () => {
    const { stdout, stderr, code } = await run(`
      const { readdirSync } = require("node:fs");
      const open = () => readdirSync("/proc/self/fd").length;
      (async () => {
        const context = new zmq.Context();
        const waits = context.socket(zmq.PUSH);
        waits.connect("tcp://127.0.0.1:1");
        await waits.send(Buffer.alloc(1e5), { copy: false });
        const pull = context.socket(zmq.PULL);
        pull.bind("tcp://127.0.0.1:*");
        const round = async () => {
          const push = context.socket(zmq.PUSH);
          push.connect(pull.lastEndpoint);
          await push.send(Buffer.alloc(1e5), { copy: false });
          await pull.recv();
          push.close();
        };
        for (let i = 0; i < 50; i++) await round();
        const before = process.platform === "linux" ? open() : 0;
        for (let i = 0; i < 300; i++) await round();
        const after = process.platform === "linux" ? open() : 0;
        say(after - before < 100 ? "few" : before + " and then " + after);
        waits.close(0);
        process.exit(0);
      })();`);
    expect({ stdout, stderr, code }).toEqual({ stdout: "few\n", stderr: "", code: 0 });
  });
});
