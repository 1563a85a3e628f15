/** Sockets as Node's streams. */
import { once } from "node:events";
import { Duplex, PassThrough, Readable, Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as zmq from "nodezmq";
import { describe, expect, test, vi } from "vitest";
import { run } from "./support/life-child.js";
import { thrown, until } from "./support/life-own.js";
import { newContext, pair, publisher, rejection, runWorker, turn } from "./support/sockets.js";

/** Both ends can hold so many messages that nobody has read; the rest waits. */
const HWM = 5;
const marks = { options: { sndhwm: HWM, rcvhwm: HWM } };

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

/** Sends until it would have to wait, and says how many messages went. */
function fill(socket: zmq.Socket, most = 10_000): number {
  for (let sent = 0; sent < most; sent++) {
    try {
      socket.sendSync(String(sent), zmq.DONTWAIT);
    } catch (error) {
      if (error instanceof zmq.Again) return sent;
      throw error;
    }
  }
  return most;
}

/** Reads what is there without waiting. */
function drain(socket: zmq.Socket): string[] {
  const got: string[] = [];
  try {
    for (;;) got.push(String(socket.recvSync(zmq.DONTWAIT)));
  } catch (error) {
    if (!(error instanceof zmq.Again)) throw error;
  }
  return got;
}

describe("a read stream", () => {
  test("gives messages as arrays of frames", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    await push.send("one");
    await push.sendMultipart(["two", "", "three"]);
    const got: string[][] = [];
    for await (const frames of pull.createReadStream() as AsyncIterable<Buffer[]>) {
      expect(Buffer.isBuffer(frames[0])).toBe(true);
      got.push(frames.map(String));
      if (got.length === 2) break;
    }
    expect(got).toEqual([["one"], ["two", "", "three"]]);
  });

  test("flows into listeners, pauses and resumes", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    const stream = pull.createReadStream();
    const got: string[] = [];
    stream.on("data", ([frame]: Buffer[]) => {
      got.push(String(frame));
      if (got.length % 3 === 0) stream.pause();
    });
    await push.sendBatch(numbers(10));
    await until(() => got.length === 3);
    for (let i = 0; i < 5; i++) await turn();
    expect(got).toHaveLength(3);
    for (const count of [6, 9, 10]) {
      stream.resume();
      await until(() => got.length === count);
    }
    expect(got).toEqual(numbers(10));
    stream.destroy();
  });

  test("takes nothing before it is read, and no more than it is asked for", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    const stream = pull.createReadStream();
    await push.sendBatch(numbers(5));
    await turn();
    expect(drain(pull)).toEqual(numbers(5));

    await push.sendBatch(numbers(5));
    expect(String(stream.read())).toBe("0");
    await turn();
    expect(drain(pull)).toEqual(["1", "2", "3", "4"]);
    stream.destroy();
  });

  test("holds as many as its high-water mark, and lets the sender wait for the rest", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL, marks);
    const capacity = fill(push);
    drain(pull);
    const stream = pull.createReadStream({ highWaterMark: 3 });
    fill(push);
    stream.read(0); // begins to fill the stream
    await until(() => stream.readableLength === 3);
    for (let i = 0; i < 5; i++) await turn();
    expect(stream.readableLength).toBe(3);
    expect(drain(pull)).toHaveLength(capacity - 3);
    stream.destroy();
  });

  test("a slow reader holds up the sender at the high-water marks", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL, marks);
    let sent = 0;
    const sending = (async () => {
      for (const text of numbers(50)) {
        await push.send(text);
        sent++;
      }
    })();
    let read = 0;
    for await (const frames of pull.createReadStream() as AsyncIterable<Buffer[]>) {
      for (let i = 0; i < 3; i++) await turn();
      expect(sent).toBeLessThanOrEqual(++read + 2 * HWM + 1);
      if (String(frames[0]) === "49") break;
    }
    await sending;
    expect(read).toBe(50);
  });

  test("destroying it loses no message and leaves the socket open", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    const got: string[] = [];
    const sending = (async () => {
      for (const text of numbers(300)) {
        await push.send(text);
        if (Number(text) % 7 === 0) await turn();
      }
    })();
    while (got.length < 300) {
      const most = got.length + 1 + (got.length % 4);
      for await (const [frame] of pull.createReadStream() as AsyncIterable<Buffer[]>) {
        got.push(String(frame));
        if (got.length >= most || got.length === 300) break;
      }
    }
    await sending;
    expect(got).toEqual(numbers(300));

    const waiting = pull.createReadStream();
    waiting.read();
    waiting.destroy();
    await once(waiting, "close");
    await push.send("afterwards");
    expect(await pull.recvString()).toBe("afterwards");
  });

  test("ends when the socket is closed, while it waits, while it is idle and while it is paused", async () => {
    const context = newContext();
    const waiting = context.socket(zmq.PULL);
    const end = rejection(
      (async () => {
        for await (const _ of waiting.createReadStream());
        throw new Error("ended in order");
      })(),
    );
    await turn();
    waiting.close();
    expect(await end).toMatchObject({ message: "ended in order" });

    const idle = context.socket(zmq.PULL);
    const stream = idle.createReadStream();
    idle.close();
    await turn();
    expect(stream.readableEnded).toBe(false);
    stream.resume();
    await once(stream, "end");
  });

  test("ends when the context is terminated", async () => {
    const context = new zmq.Context();
    const pull = context.socket(zmq.PULL);
    const stream = pull.createReadStream({ closeSocket: true });
    stream.resume();
    const ended = once(stream, "end");
    await turn();
    const term = context.term(); // waits for the socket, which goes with the stream
    await ended;
    await term;
    expect(pull.closed).toBe(true);
  });

  test("obeys RCVTIMEO", async () => {
    const pull = newContext().socket(zmq.PULL, { rcvtimeo: 5 });
    const stream = pull.createReadStream();
    stream.resume();
    const [error] = await once(stream, "error");
    expect(error).toBeInstanceOf(zmq.Again);
    pull.rcvtimeo = 0;
    const again = pull.createReadStream();
    again.resume();
    expect((await once(again, "error"))[0]).toBeInstanceOf(zmq.Again);
  });

  test("a busy one lets timers run", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL, { options: { sndhwm: 0, rcvhwm: 0 } });
    push.sendBatchSync(Array.from({ length: 100_000 }, () => "x"));
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    let read = 0;
    for await (const _ of pull.createReadStream()) if (++read === 100_000) break;
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(1);
  });

  test("a recv that waits comes first", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    const first = pull.recvString();
    const stream = pull.createReadStream();
    const got: string[] = [];
    stream.on("data", (frames: Buffer[]) => got.push(String(frames)));
    await push.sendBatch(["first", "second"]);
    expect(await first).toBe("first");
    await until(() => got.length > 0);
    expect(got).toEqual(["second"]);
    stream.destroy();
  });
});

describe("a write stream", () => {
  test("sends data and arrays of frames", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    const stream = push.createWriteStream();
    stream.write("one");
    stream.write(Buffer.from("two"));
    stream.write(["three", "", new Uint8Array([52])]);
    stream.end(new zmq.Frame("five"));
    await once(stream, "finish");
    const got: string[][] = [];
    for (let i = 0; i < 4; i++) got.push((await pull.recvMultipart()).map(String));
    expect(got).toEqual([["one"], ["two"], ["three", "", "4"], ["five"]]);
    expect(push.closed).toBe(false);
    await push.send("more");
  });

  test("stops at the high-water marks, and goes on with the receiver", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL, marks);
    const capacity = fill(push);
    drain(pull);
    const stream = push.createWriteStream();
    let produced = 0;
    const source = Readable.from(
      (function* () {
        for (const text of numbers(100)) {
          produced++;
          yield text;
        }
      })(),
      { highWaterMark: 1 },
    );
    const done = pipeline(source, stream);
    await until(() => produced >= capacity);
    for (let i = 0; i < 10; i++) await turn();
    // One that the stream holds, and one or two that the source does.
    expect(produced).toBeLessThanOrEqual(capacity + 3);
    expect(stream.writableLength).toBe(1);
    for (const text of numbers(100)) expect(await pull.recvString()).toBe(text);
    await done;
  });

  test("write says whether to wait, and drain when to go on", async () => {
    const context = newContext();
    const push = context.socket(zmq.PUSH);
    const stream = push.createWriteStream({ highWaterMark: 2 });
    expect([stream.write("a"), stream.write("b"), stream.write("c")]).toEqual([true, false, false]);
    const pull = context.socket(zmq.PULL);
    pull.bind("inproc://drain");
    push.connect("inproc://drain");
    await once(stream, "drain");
    expect([await pull.recvString(), await pull.recvString(), await pull.recvString()]).toEqual([
      "a",
      "b",
      "c",
    ]);
  });

  test("what is no data destroys it with a TypeError, and nothing of it is sent", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    for (const [wrong, message] of [
      [5, /must be a string/],
      [{}, /must be a string/],
      [[], /at least one frame/],
      [["a", 5], /frame 1/],
      [Number.NaN, /must be a string/],
    ] as const) {
      const stream = push.createWriteStream();
      stream.write(wrong);
      const [error] = await once(stream, "error");
      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toMatch(message);
      expect(stream.destroyed).toBe(true);
    }
    expect(thrown(() => push.createWriteStream().write(null))).toMatchObject({
      code: "ERR_STREAM_NULL_VALUES",
    });
    await push.send("ok");
    expect(await pull.recvString()).toBe("ok");
  });

  test("a send that fails is its error", async () => {
    const router = newContext().socket(zmq.ROUTER, { routerMandatory: true });
    const stream = router.createWriteStream();
    stream.write(["nobody", "x"]);
    expect((await once(stream, "error"))[0]).toMatchObject({ code: "EHOSTUNREACH" });
    expect(router.closed).toBe(false);

    const push = newContext().socket(zmq.PUSH, { sndtimeo: 5 });
    const late = push.createWriteStream();
    late.write("x");
    expect((await once(late, "error"))[0]).toBeInstanceOf(zmq.Again);
  });

  test("a message that waits when the socket is closed is an ENOTSOCK", async () => {
    const push = newContext().socket(zmq.PUSH);
    const stream = push.createWriteStream();
    stream.write("x");
    push.close();
    expect((await once(stream, "error"))[0]).toMatchObject({ code: "ENOTSOCK" });
  });

  test("an idle one is destroyed when the socket is closed", async () => {
    const push = newContext().socket(zmq.PUSH);
    const stream = push.createWriteStream();
    const source = new PassThrough({ objectMode: true });
    const failed = rejection(pipeline(source, stream));
    push.close();
    expect(await failed).toMatchObject({ code: "ERR_STREAM_PREMATURE_CLOSE" });
    expect(source.destroyed).toBe(true);
  });

  test("destroying it takes the message that waits back, and leaves the socket open", async () => {
    const context = newContext();
    const push = context.socket(zmq.PUSH);
    const stream = push.createWriteStream();
    stream.write("never");
    await turn();
    stream.destroy();
    await once(stream, "close");
    const pull = context.socket(zmq.PULL);
    pull.bind("inproc://taken-back");
    push.connect("inproc://taken-back");
    await push.send("this one");
    expect(await pull.recvString()).toBe("this one");
  });

  test("closeSocket closes the socket at the end, once all has been sent", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport: "tcp" });
    await pipeline(Readable.from(numbers(20)), push.createWriteStream({ closeSocket: true }));
    await until(() => push.closed);
    for (const text of numbers(20)) expect(await pull.recvString()).toBe(text);
    const reading = pull.createReadStream({ closeSocket: true });
    reading.destroy();
    await once(reading, "close");
    expect(pull.closed).toBe(true);
  });
});

describe("a pipeline", () => {
  test("from socket to socket moves messages through a transform", async () => {
    const context = newContext();
    const [source, input] = pair(zmq.PUSH, zmq.PULL, { context });
    const [output, sink] = pair(zmq.PUSH, zmq.PULL, { context });
    const upper = new Transform({
      objectMode: true,
      transform(frames: Buffer[], _encoding, done) {
        done(
          null,
          frames.map((frame) => String(frame).toUpperCase()),
        );
      },
    });
    const running = pipeline(input.createReadStream(), upper, output.createWriteStream());
    for (const text of ["a", "b", "c"]) await source.sendMultipart([text, text]);
    for (const text of ["A", "B", "C"])
      expect((await sink.recvMultipart()).map(String)).toEqual([text, text]);
    input.close();
    await running;
    await output.send("still open");
    expect(await sink.recvString()).toBe("still open");
  });

  test("fails with the error of its middle, and the sockets stay open", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    const stream = pull.createReadStream();
    const broken = new Writable({
      objectMode: true,
      write(_chunk, _encoding, done) {
        done(new Error("broken"));
      },
    });
    await push.send("x");
    expect(await rejection(pipeline(stream, broken))).toMatchObject({ message: "broken" });
    expect(stream.destroyed).toBe(true);
    await push.send("y");
    expect(await pull.recvString()).toBe("y");
  });

  test("a REP's duplex is an echo server, and ends when the socket is closed", async () => {
    const [rep, req] = pair(zmq.REP, zmq.REQ);
    const duplex = rep.createDuplex();
    const running = pipeline(
      duplex,
      async function* (requests: AsyncIterable<Buffer[]>) {
        for await (const [request] of requests) yield `re: ${request}`;
      },
      duplex,
    );
    for (const text of ["a", "b"]) {
      await req.send(text);
      expect(await req.recvString()).toBe(`re: ${text}`);
    }
    rep.close();
    await running;
  });
});

describe("a duplex", () => {
  test("has halves that end by themselves", async () => {
    const [left, right] = pair(zmq.PAIR, zmq.PAIR);
    const duplex = left.createDuplex();
    expect(duplex).toBeInstanceOf(Duplex);
    duplex.end("last");
    await once(duplex, "finish");
    expect(await right.recvString()).toBe("last");
    await right.send("still read");
    const [frames] = (await once(duplex, "data")) as [Buffer[]];
    expect(frames.map(String)).toEqual(["still read"]);
    expect(duplex.destroyed).toBe(false);
    left.close();
    await once(duplex, "close");
    expect(duplex.readableEnded).toBe(true);
  });

  test("without half-open ends the writing ends with the reading", async () => {
    const [left] = pair(zmq.PAIR, zmq.PAIR);
    const duplex = left.createDuplex({ allowHalfOpen: false, closeSocket: true });
    duplex.resume();
    await turn();
    duplex.push(null);
    await once(duplex, "close");
    expect(duplex.writableFinished).toBe(true);
    expect(left.closed).toBe(true);
  });

  test("a REQ sends its requests one after the other, as the replies come", async () => {
    const [rep, req] = pair(zmq.REP, zmq.REQ);
    const replies: string[] = [];
    const duplex = req.createDuplex();
    duplex.on("data", (frames: Buffer[]) => replies.push(String(frames)));
    for (const text of ["a", "b", "c"]) duplex.write(text);
    for (const text of ["a", "b", "c"]) {
      expect(await rep.recvString()).toBe(text);
      await rep.send(text);
    }
    await until(() => replies.length === 3);
    expect(replies).toEqual(["a", "b", "c"]);
    duplex.destroy();
  });

  test("has high-water marks of its own for each half", () => {
    const [left] = pair(zmq.PAIR, zmq.PAIR);
    const plain = left.createDuplex();
    expect([plain.readableHighWaterMark, plain.writableHighWaterMark]).toEqual([0, 1]);
    const both = left.createDuplex({ highWaterMark: 7 });
    expect([both.readableHighWaterMark, both.writableHighWaterMark]).toEqual([7, 7]);
    const each = left.createDuplex({ readableHighWaterMark: 2, writableHighWaterMark: 3 });
    expect([each.readableHighWaterMark, each.writableHighWaterMark]).toEqual([2, 3]);
    expect(left.createReadStream().readableHighWaterMark).toBe(0);
    expect(left.createWriteStream().writableHighWaterMark).toBe(1);
  });
});

describe("a signal", () => {
  test("destroys the streams with its reason: before, while they wait, and idle", async () => {
    const context = newContext();
    const pair = context.socket(zmq.PAIR);
    const reason = new Error("enough");
    const make = [
      (signal: AbortSignal) => pair.createReadStream({ signal }).resume(),
      (signal: AbortSignal) => pair.createDuplex({ signal }).resume(),
      (signal: AbortSignal) => pair.createReadStream({ signal }),
      (signal: AbortSignal) => {
        const stream = pair.createWriteStream({ signal });
        stream.write("x");
        return stream;
      },
    ];
    for (const create of make) {
      const early = create(AbortSignal.abort(reason));
      expect((await once(early, "error"))[0]).toBe(reason);
      const stop = new AbortController();
      const stream = create(stop.signal);
      await turn();
      stop.abort(reason);
      expect((await once(stream, "error"))[0]).toBe(reason);
      expect(stream.destroyed).toBe(true);
    }
    expect(pair.closed).toBe(false);
  });

  test("afterwards it is no matter, and a reason that is no error becomes one", async () => {
    const socket = newContext().socket(zmq.PAIR);
    const stop = new AbortController();
    const done = socket.createWriteStream({ signal: stop.signal });
    done.end();
    await once(done, "close");
    const failed = vi.fn();
    done.on("error", failed);
    const stream = socket.createReadStream({ signal: stop.signal });
    stop.abort("enough");
    expect((await once(stream, "error"))[0]).toMatchObject({ name: "AbortError", cause: "enough" });
    expect(failed).not.toHaveBeenCalled();
  });
});

describe("what can never work is told at once", () => {
  test("a closed socket, a type that goes one way only, wrong options", () => {
    const context = newContext();
    const closed = context.socket(zmq.PAIR);
    closed.close();
    for (const make of ["createReadStream", "createWriteStream", "createDuplex"] as const) {
      expect(thrown(() => closed[make]())).toMatchObject({ code: "ENOTSOCK" });
      const socket: zmq.Socket = context.socket(zmq.PAIR);
      for (const wrong of [null, 5, "x", []]) expect(() => socket[make](wrong as never)).toThrow(TypeError);
      expect(() => socket[make]({ highWatermark: 1 } as never)).toThrow(/did you mean 'highWaterMark'/);
      for (const highWaterMark of [-1, 1.5, Number.NaN, "1", null]) {
        expect(() => socket[make]({ highWaterMark } as never)).toThrow(TypeError);
      }
      expect(() => socket[make]({ signal: {} } as never)).toThrow(TypeError);
    }
    const pub: zmq.Socket = context.socket(zmq.PUB);
    const pull: zmq.Socket = context.socket(zmq.PULL);
    expect(thrown(() => pub.createReadStream())).toMatchObject({ code: "ENOTSUP" });
    expect(thrown(() => pub.createDuplex())).toMatchObject({ code: "ENOTSUP" });
    expect(thrown(() => pull.createWriteStream())).toMatchObject({ code: "ENOTSUP" });
    expect(thrown(() => pull.createDuplex())).toMatchObject({ code: "ENOTSUP" });
  });
});

test("two read streams of one socket share what comes", async () => {
  const [push, pull] = pair(zmq.PUSH, zmq.PULL);
  const got: string[] = [];
  const streams = [pull.createReadStream(), pull.createReadStream()];
  for (const stream of streams) stream.on("data", (frames: Buffer[]) => got.push(String(frames)));
  for (const text of numbers(100)) await push.send(text);
  await until(() => got.length === 100);
  expect(got.map(Number).sort((a, b) => a - b)).toEqual(numbers(100).map(Number));
  for (const stream of streams) stream.destroy();
});

test("a publisher's write stream reaches a subscriber's read stream", async () => {
  const [pub, sub] = await publisher(1, { transport: "tcp" });
  const got = (async () => {
    const all: string[] = [];
    for await (const frames of (sub as zmq.Socket).createReadStream() as AsyncIterable<Buffer[]>) {
      all.push(frames.map(String).join("/"));
      if (all.length === 3) return all;
    }
    return all;
  })();
  await pipeline(
    Readable.from([
      ["a", "1"],
      ["b", "2"],
      ["c", "3"],
    ]),
    pub.createWriteStream(),
  );
  expect(await got).toEqual(["a/1", "b/2", "c/3"]);
});

describe.concurrent("in a process of its own", () => {
  const open = `
    const { once } = require("node:events");
    const context = new zmq.Context();
    const [pull, push] = [context.socket(zmq.PULL), context.socket(zmq.PUSH)];
    pull.bind("inproc://a");
    push.connect("inproc://a");`;

  test("what a listener throws is an uncaught exception", async ({ expect }) => {
    const { code, stdout, stderr } = await run(`${open}
      process.on("uncaughtException", (error, origin) => say(origin, error.message));
      pull.createReadStream().on("data", ([frame]) => {
        if (String(frame) === "2") pull.close();
        throw new Error("read " + frame);
      });
      const out = push.createWriteStream();
      out.on("drain", () => { throw new Error("drained"); });
      out.write("1");
      setImmediate(() => setImmediate(() => push.send("2")));`);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.split("\n").sort()).toEqual([
      "",
      "uncaughtException drained",
      "uncaughtException read 1",
      "uncaughtException read 2",
    ]);
  });

  test("a stream that is read keeps it alive, one that is not does not", async ({ expect }) => {
    const { code, stdout } = await run(`${open}
      pull.createReadStream();
      push.createWriteStream();
      pull.readable;
      push.writable;
      process.once("beforeExit", () => {
        say("idle");
        const stream = pull.createReadStream();
        stream.on("data", (frames) => { say(frames); stream.destroy(); });
        setTimeout(() => push.send("read"), 20).unref();
      });`);
    expect([code, stdout]).toEqual([0, "idle\nread\n"]);
  });

  test("process.exit() while streams are busy ends it", async ({ expect }) => {
    const { code, signal, stderr } = await run(`${open}
      pull.createReadStream().resume();
      const out = push.createWriteStream();
      require("node:stream").Readable.from((function* () { for (;;) yield "x"; })()).pipe(out);
      setTimeout(() => process.exit(7), 20);`);
    expect([code, signal, stderr]).toEqual([7, null, ""]);
  });

  test("the library loads without them", async ({ expect }) => {
    const { stdout } = await run(
      `say(Object.keys(require.cache).some((path) => /streams.(node|web)\\.js/.test(path)));`,
    );
    expect(stdout).toBe("false\n");
  });
});

test("worker.terminate() while streams are busy ends the worker", async () => {
  const context = newContext();
  const worker = runWorker(
    `const [a, b] = [context.socket(zmq.PUSH), context.socket(zmq.PULL)];
     b.bind("inproc://in-worker"); a.connect("inproc://in-worker");
     require("node:stream").Readable.from((function* () { for (;;) yield "x"; })()).pipe(a.createWriteStream());
     b.createReadStream().once("data", () => port.postMessage("got")).resume();
     await new Promise(() => {});`,
    context,
  );
  await new Promise((resolve) => worker.once("message", resolve));
  expect(await worker.terminate()).toBe(1);
});
