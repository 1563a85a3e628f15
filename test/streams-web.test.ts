/** Sockets as the Web's streams. */
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { thrown, until } from "./support/life-own.js";
import { newContext, pair, rejection, turn } from "./support/sockets.js";

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

describe("socket.readable", () => {
  test("gives messages as arrays of frames", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    await push.sendMultipart(["a", "", "b"]);
    const reader = pull.readable.getReader();
    const { value, done } = await reader.read();
    expect([value?.map(String), done]).toEqual([["a", "", "b"], false]);
    expect(Buffer.isBuffer(value?.[0])).toBe(true);
  });

  test("is the same stream each time, until it has been cancelled", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    const stream = pull.readable;
    expect(pull.readable).toBe(stream);
    expect(stream).toBeInstanceOf(ReadableStream);
    await push.sendBatch(numbers(3));
    for await (const frames of stream) {
      expect(frames.map(String)).toEqual(["0"]);
      break; // cancels it
    }
    expect(pull.readable).not.toBe(stream);
    const reader = pull.readable.getReader();
    expect(String((await reader.read()).value)).toBe("1");
    expect(await pull.recvString()).toBe("2");
  });

  test("takes nothing before it is read", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    const reader = pull.readable.getReader();
    await push.sendBatch(numbers(3));
    await turn();
    expect(await pull.recvString()).toBe("0");
    expect(String((await reader.read()).value)).toBe("1");
    await turn();
    expect(await pull.recvString({ flags: zmq.DONTWAIT })).toBe("2");
  });

  test("a read that is cancelled while it waits consumes nothing", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    const reader = pull.readable.getReader();
    const waiting = reader.read();
    await turn();
    await reader.cancel();
    expect(await waiting).toEqual({ value: undefined, done: true });
    await push.send("kept");
    expect(await pull.recvString()).toBe("kept");
  });

  test("is closed with the socket: while it is read, and when it is idle", async () => {
    const context = newContext();
    const [busy, idle] = [context.socket(zmq.PULL), context.socket(zmq.PULL)];
    const reading = busy.readable.getReader().read();
    const reader = idle.readable.getReader();
    await turn();
    busy.close();
    idle.close();
    expect(await reading).toEqual({ value: undefined, done: true });
    expect(await reader.read()).toEqual({ value: undefined, done: true });
    await reader.closed;
  });

  test("is closed when the context is terminated", async () => {
    const context = new zmq.Context();
    const pull = context.socket(zmq.PULL);
    const reading = pull.readable.getReader().read();
    await turn();
    const term = context.term();
    expect(await reading).toEqual({ value: undefined, done: true });
    pull.close();
    await term;
  });

  test("fails with Again at RCVTIMEO, and the next one works", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    pull.rcvtimeo = 5;
    expect(await rejection(pull.readable.getReader().read())).toBeInstanceOf(zmq.Again);
    await push.send("x");
    expect(String((await pull.readable.getReader().read()).value)).toBe("x");
  });

  test("ten thousand messages come in order, and timers run meanwhile", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL, { options: { sndhwm: 0, rcvhwm: 0 } });
    push.sendBatchSync(numbers(10_000));
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    let next = 0;
    for await (const frames of pull.readable) {
      if (String(frames) !== String(next)) throw new Error(`${frames} instead of ${next}`);
      if (++next === 10_000) break;
    }
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(1);
  });
});

describe("socket.writable", () => {
  test("sends data and arrays of frames", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    const writer = push.writable.getWriter();
    await writer.write("a");
    await writer.write(["b", "", Buffer.from("c")]);
    expect((await pull.recvMultipart()).map(String)).toEqual(["a"]);
    expect((await pull.recvMultipart()).map(String)).toEqual(["b", "", "c"]);
  });

  test("is the same stream each time, until it has been closed; the socket stays open", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    const stream = push.writable;
    expect(push.writable).toBe(stream);
    expect(stream).toBeInstanceOf(WritableStream);
    await stream.close();
    expect(push.writable).not.toBe(stream);
    await push.writable.getWriter().write("x");
    expect(await pull.recvString()).toBe("x");
  });

  test("a write is done when there is room, and ready waits for it", async () => {
    const context = newContext();
    const push = context.socket(zmq.PUSH);
    const writer = push.writable.getWriter();
    await writer.ready;
    let written = false;
    const writing = writer.write("x").then(() => {
      written = true;
    });
    expect(writer.desiredSize).toBe(0);
    await turn();
    expect(written).toBe(false);
    const pull = context.socket(zmq.PULL);
    pull.bind("inproc://room");
    push.connect("inproc://room");
    await writing;
    await writer.ready;
    expect(await pull.recvString()).toBe("x");
  });

  test("aborting it takes the message that waits back", async () => {
    const context = newContext();
    const push = context.socket(zmq.PUSH);
    const writer = push.writable.getWriter();
    const writing = rejection(writer.write("never"));
    await turn();
    const reason = new Error("enough");
    await writer.abort(reason);
    expect(await writing).toBe(reason);
    const pull = context.socket(zmq.PULL);
    pull.bind("inproc://aborted");
    push.connect("inproc://aborted");
    await push.writable.getWriter().write("this one");
    expect(await pull.recvString()).toBe("this one");
  });

  test("what cannot be sent fails, and the next stream works", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    for (const wrong of [5, null, undefined, {}, [], ["a", 5]]) {
      expect(await rejection(push.writable.getWriter().write(wrong as never))).toBeInstanceOf(TypeError);
    }
    await push.writable.getWriter().write("x");
    expect(await pull.recvString()).toBe("x");
  });

  test("a socket that is closed while a message waits is an ENOTSOCK", async () => {
    const push = newContext().socket(zmq.PUSH);
    const writing = rejection(push.writable.getWriter().write("x"));
    await turn();
    push.close();
    expect(await writing).toMatchObject({ code: "ENOTSOCK" });
  });
});

test("pipeTo and pipeThrough hold the sender up at the high-water marks", async () => {
  const context = newContext();
  const options = { sndhwm: 3, rcvhwm: 3 };
  const [source, input] = pair(zmq.PUSH, zmq.PULL, { context, options });
  const [output, sink] = pair(zmq.PUSH, zmq.PULL, { context, options });
  const upper = new TransformStream<Buffer[], string>({
    transform(frames, controller) {
      controller.enqueue(`re: ${frames}`);
    },
  });
  const piping = input.readable.pipeThrough(upper).pipeTo(output.writable);
  let sent = 0;
  const sending = (async () => {
    for (const text of numbers(100)) {
      await source.send(text);
      sent++;
    }
  })();
  await until(() => sent >= 12);
  for (let i = 0; i < 20; i++) await turn();
  expect(sent).toBeLessThanOrEqual(6 + 6 + 4);
  for (const text of numbers(100)) expect(await sink.recvString()).toBe(`re: ${text}`);
  await sending;
  input.close();
  await piping;
});

test("what can never work is told at once", () => {
  const context = newContext();
  const closed = context.socket(zmq.PAIR);
  closed.close();
  expect(thrown(() => closed.readable)).toMatchObject({ code: "ENOTSOCK" });
  expect(thrown(() => closed.writable)).toMatchObject({ code: "ENOTSOCK" });
  const pub: zmq.Socket = context.socket(zmq.PUB);
  const sub: zmq.Socket = context.socket(zmq.SUB);
  expect(thrown(() => pub.readable)).toMatchObject({ code: "ENOTSUP" });
  expect(thrown(() => sub.writable)).toMatchObject({ code: "ENOTSUP" });
});
