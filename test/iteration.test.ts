/** for await (const frames of socket) */
import { once } from "node:events";
import { Readable } from "node:stream";
import * as zmq from "nodezmq";
import { describe, expect, expectTypeOf, test } from "vitest";
import {
  newContext,
  pair,
  publisher,
  rejection,
  runWorker,
  texts,
  transports,
  turn,
} from "./support/sockets.js";

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Iterates until the iteration ends by itself; the messages so far. */
function collect(socket: zmq.Socket): { messages: string[][]; ended: Promise<void> } {
  const messages: string[][] = [];
  const ended = (async () => {
    for await (const frames of socket) messages.push(...texts([frames]));
  })();
  return { messages, ended };
}

describe.each(transports)("over %s", (transport) => {
  test("every message comes as an array of Buffers, in order", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport });
    const sending = (async () => {
      for (let i = 0; i < 2000; i++) await push.sendMultipart(i % 2 ? [`${i}`] : [`${i}`, "", "end"]);
    })();
    let count = 0;
    for await (const frames of pull) {
      expectTypeOf(frames).toEqualTypeOf<Buffer[]>();
      expect(frames.every((frame) => Buffer.isBuffer(frame))).toBe(true);
      expect(texts([frames])).toEqual([count % 2 ? [`${count}`] : [`${count}`, "", "end"]]);
      if (++count === 2000) break;
    }
    await sending;
  });

  test("close() ends it, and what had come is not lost on the program", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport });
    const { messages, ended } = collect(pull);
    await push.sendMultipart(["a", "b"]);
    while (messages.length === 0) await turn();
    pull.close();
    await ended;
    expect(messages).toEqual([["a", "b"]]);
  });

  test("the end of the context ends it", async () => {
    const context = newContext();
    const [pull] = pair(zmq.PULL, zmq.PUSH, { transport, context });
    const { ended } = collect(pull);
    await turn();
    const terminated = context.term();
    await ended;
    // term() waits for the sockets to be closed.
    await context.destroy();
    await terminated;
  });

  test("destroy() ends it", async () => {
    const context = newContext();
    const [pull] = pair(zmq.PULL, zmq.PUSH, { transport, context });
    const { ended } = collect(pull);
    await turn();
    await context.destroy();
    await ended;
  });
});

test("a loop that is left closes nothing and takes no message more than it has shown", async () => {
  const [pull, push] = pair(zmq.PULL, zmq.PUSH);
  push.sendBatchSync(numbers(10).map(String));
  const seen: string[] = [];
  for await (const [frame] of pull) {
    seen.push(String(frame));
    if (seen.length === 3) break;
  }
  expect(pull.closed).toBe(false);
  for await (const [frame] of pull) {
    seen.push(String(frame));
    if (seen.length === 5) break;
  }
  seen.push(String(await pull.recv()));
  await (async () => {
    for await (const [frame] of pull) {
      seen.push(String(frame));
      return;
    }
  })();
  const thrown = new Error("enough");
  const throwing = (async () => {
    for await (const [frame] of pull) {
      seen.push(String(frame));
      throw thrown;
    }
  })();
  expect(await rejection(throwing)).toBe(thrown);
  seen.push(...texts(await pull.recvBatch()).flat());
  expect(seen).toEqual(numbers(10).map(String));
});

test("a loop on a closed socket ends at once, and one on a socket whose context has ended, too", async () => {
  const context = newContext();
  const [left, right] = pair(zmq.PAIR, zmq.PAIR, { context });
  left.close();
  expect(await collect(left).ended).toBe(undefined);
  const terminated = context.term();
  expect(await collect(right).ended).toBe(undefined);
  right.close();
  await terminated;
});

test("a loop on a socket that cannot receive throws", async () => {
  const context = newContext();
  expect(await rejection(collect(context.socket(zmq.PUSH)).ended)).toMatchObject({ code: "ENOTSUP" });
  expect(await rejection(collect(context.socket(zmq.REQ)).ended)).toMatchObject({ code: "EFSM" });
});

test("a loop on a socket with RCVTIMEO throws Again, and may begin again", async () => {
  const [pull, push] = pair(zmq.PULL, zmq.PUSH, { left: { rcvtimeo: 1 } });
  expect(await rejection(collect(pull).ended)).toBeInstanceOf(zmq.Again);
  push.sendSync("x");
  for await (const [frame] of pull) {
    expect(String(frame)).toBe("x");
    break;
  }
});

test("several loops on one socket share its messages, and all end with it", async () => {
  const [pull, push] = pair(zmq.PULL, zmq.PUSH);
  const loops = numbers(3).map(() => collect(pull));
  for (let i = 0; i < 300; i++) {
    await push.send(String(i));
    await turn();
  }
  while (loops.reduce((sum, { messages }) => sum + messages.length, 0) < 300) await turn();
  pull.close();
  await Promise.all(loops.map(({ ended }) => ended));
  for (const { messages } of loops) {
    expect(messages.length).toBe(100);
    const order = messages.map(([frame]) => Number(frame));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  }
});

test("closing the socket from within the loop ends the loop after this round", async () => {
  const [pull, push] = pair(zmq.PULL, zmq.PUSH);
  push.sendBatchSync(["a", "b", "c"]);
  const seen: string[][] = [];
  for await (const frames of pull) {
    seen.push(...texts([frames]));
    if (seen.length === 2) pull.close();
  }
  expect(seen).toEqual([["a"], ["b"]]);
});

test("a loop may reply", async () => {
  const [rep, req] = pair(zmq.REP, zmq.REQ, { transport: "tcp" });
  const serving = (async () => {
    for await (const [name] of rep) await rep.send(`Hello, ${name}`);
  })();
  for (const name of ["World", "Mars"]) {
    await req.send(name);
    expect(String(await req.recv())).toBe(`Hello, ${name}`);
  }
  rep.close();
  await serving;
});

test("a subscriber's loop gets its topics only", async () => {
  const [xpub, sub] = (await publisher(1, { topic: "b" })) as [zmq.Socket, zmq.Socket];
  const { messages, ended } = collect(sub);
  for (const topic of ["a", "b", "ab", "ba", "c", "b"]) await xpub.sendMultipart([topic, "news"]);
  while (messages.length < 3) await turn();
  sub.close();
  await ended;
  expect(messages.map(([topic]) => topic)).toEqual(["b", "ba", "b"]);
});

test("a loop gets what worker threads send, to the last message", async () => {
  const context = newContext();
  const pull = context.socket(zmq.PULL);
  pull.bind("inproc://sink");
  for (const name of ["a", "b"]) {
    runWorker(
      `const socket = context.socket(zmq.PUSH, { linger: -1 });
       socket.connect("inproc://sink");
       for (let i = 0; i < 5000; i++) await socket.send(data + i);
       socket.close();`,
      context,
      name,
    );
  }
  const seen = { a: 0, b: 0 };
  for await (const [frame] of pull) {
    const name = String(frame?.subarray(0, 1)) as "a" | "b";
    expect(String(frame)).toBe(`${name}${seen[name]++}`);
    if (seen.a + seen.b === 10_000) break;
  }
});

describe("the iterator itself", () => {
  test("answers several next() at a time, in order", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const iterator = pull[Symbol.asyncIterator]();
    const results = [iterator.next(), iterator.next(), iterator.next()];
    push.sendBatchSync(["a", "b", "c"]);
    expect((await Promise.all(results)).map(({ value }) => String(value))).toEqual(["a", "b", "c"]);
    const last = iterator.next();
    pull.close();
    expect(await last).toEqual({ value: undefined, done: true });
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
  });

  test("is over after return(), and the socket is not", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const iterator = pull[Symbol.asyncIterator]();
    push.sendSync("a");
    expect(await iterator.return?.()).toEqual({ value: undefined, done: true });
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
    expect(String(await pull.recv())).toBe("a");
    expect(iterator[Symbol.asyncIterator]()).toBe(iterator);
  });
});

describe("a loop that is left while its next message is awaited", () => {
  test("takes none", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const iterator = pull[Symbol.asyncIterator]();
    const pending = [iterator.next(), iterator.next()];
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
    for (const next of pending) expect(await next).toEqual({ done: true, value: undefined });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    await push.send("for somebody else");
    expect(await pull.recvString()).toBe("for somebody else");
  });

  test("through a stream that Node has made of it", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const stream = Readable.from(pull);
    const first = once(stream, "data");
    await push.send("first");
    expect(String((await first)[0])).toBe("first");
    await new Promise((resolve) => setImmediate(resolve));
    stream.destroy();
    await once(stream, "close");
    await push.send("second");
    expect(await pull.recvString()).toBe("second");
  });
});
