/** Multipart messages: sent and received whole, or frame by frame. */
import assert from "node:assert/strict";
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { bound, code, newContext, pair, rejection, texts, transports, turn } from "./support/sockets.js";

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe.each(transports)("over %s", (transport) => {
  test("a message of 5,000 frames arrives whole", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport });
    // More than the library hands over in one go, small ones and large ones, empty ones at the seams.
    const frames = numbers(5000).map((i) =>
      i % 4096 < 2 ? Buffer.alloc(0) : Buffer.alloc(i % 500 === 0 ? 40_000 : i % 100, i & 0xff),
    );
    await push.sendMultipart(frames);
    await push.sendMultipart(["the", "next"]);
    assert.deepStrictEqual(await pull.recvMultipart(), frames);
    expect(texts([await pull.recvMultipart()])).toEqual([["the", "next"]]);
    await push.sendBatch([frames, "x", frames]);
    const received: Buffer[][] = [];
    while (received.length < 3) received.push(...(await pull.recvBatch()));
    assert.deepStrictEqual(received, [frames, [Buffer.from("x")], frames]);
  });

  test("a waiting receive gets a message of 5,000 frames whole", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport });
    const received = pull.recvMultipart();
    await push.sendMultipart(numbers(5000).map(String));
    expect((await received).map(Number)).toEqual(numbers(5000));
  });

  test("empty frames are kept, wherever they are", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport });
    for (const message of [[""], ["", ""], ["", "a"], ["a", ""], ["a", "", "b"], ["", "", "a", "", ""]]) {
      await push.sendMultipart(message);
      expect(texts([await pull.recvMultipart()])).toEqual([message]);
      await push.sendMultipart(message.map((text) => Buffer.from(text)));
      expect(texts([await pull.recvMultipart()])).toEqual([message]);
    }
  });

  test("recv() takes frame by frame, and rcvmore says whether the message goes on", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport });
    await push.sendMultipart(["a", "b", "c"]);
    await push.send("d");
    const seen: [string, boolean][] = [];
    for (let i = 0; i < 4; i++) {
      const frame = await pull.recv();
      expect(pull.get(zmq.RCVMORE)).toBe(pull.rcvmore);
      seen.push([String(frame), pull.rcvmore]);
    }
    expect(seen).toEqual([
      ["a", true],
      ["b", true],
      ["c", false],
      ["d", false],
    ]);
  });

  test("recvMultipart(), recvBatch() and for await take what recv() has left of a message", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport });
    for (let i = 0; i < 6; i++) await push.sendMultipart([`a${i}`, `b${i}`, `c${i}`]);
    expect(String(await pull.recv())).toBe("a0");
    expect(texts([await pull.recvMultipart()])).toEqual([["b0", "c0"]]);
    expect(texts([await pull.recvMultipart()])).toEqual([["a1", "b1", "c1"]]);
    expect(String(await pull.recv())).toBe("a2");
    expect(String(await pull.recv())).toBe("b2");
    expect(texts(await pull.recvBatch(1))).toEqual([["c2"]]);
    expect(String(await pull.recv())).toBe("a3");
    for await (const frames of pull) {
      expect(texts([frames])).toEqual([["b3", "c3"]]);
      break;
    }
    expect(String(pull.recvSync())).toBe("a4");
    expect(texts([pull.recvMultipartSync()])).toEqual([["b4", "c4"]]);
    expect(await pull.recvString()).toBe("a5");
    expect(texts(pull.recvBatchSync(1))).toEqual([["b5", "c5"]]);
  });

  test("receives of frames that wait share a message in the order of the calls", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport });
    const frames = [pull.recv(), pull.recv(), pull.recvMultipart(), pull.recv()];
    await push.sendMultipart(["a", "b", "c", "d"]);
    await push.send("e");
    expect((await Promise.all(frames)).map(String)).toEqual(["a", "b", "c,d", "e"]);
  });

  test("SNDMORE by hand makes one message", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport });
    await push.send("a", zmq.SNDMORE);
    await push.send(Buffer.alloc(40_000), { flags: zmq.SNDMORE });
    await push.sendString("c", zmq.SNDMORE | zmq.DONTWAIT);
    push.sendSync("d", zmq.SNDMORE);
    await push.sendMultipart(["e", "f"], zmq.SNDMORE);
    await push.sendMultipart(["g", "h"]);
    const frames = await pull.recvMultipart();
    expect(frames.length).toBe(8);
    expect(frames[1]).toEqual(Buffer.alloc(40_000));
    expect(texts([frames])[0]?.toSpliced(1, 1)).toEqual(["a", "c", "d", "e", "f", "g", "h"]);
  });

  test("nothing of a message arrives before its last frame is sent", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport });
    const received = pull.recvMultipart();
    await push.send("a", zmq.SNDMORE);
    await turn();
    expect(await pull.poll(transport === "inproc" ? 0 : 5)).toBe(0);
    expect(await code(push.send("b", zmq.SNDMORE | zmq.DONTWAIT).then(() => pull.recv(zmq.DONTWAIT)))).toBe(
      "EAGAIN",
    );
    await push.send("c");
    expect(texts([await received])).toEqual([["a", "b", "c"]]);
  });
});

test("frames sent with SNDMORE wait together at the high-water mark, and stay together", async () => {
  const [pull, push] = pair(zmq.PULL, zmq.PUSH, { options: { sndhwm: 1, rcvhwm: 1 } });
  while ((await push.poll(0, zmq.POLLOUT)) !== 0) await push.send("first");
  const sends = [
    push.send("a", zmq.SNDMORE),
    push.send("b", zmq.SNDMORE),
    push.send("c"),
    push.sendMultipart(["d", "e"]),
    push.send("last"),
  ];
  const received: string[][] = [];
  while (received.at(-1)?.[0] !== "last") received.push(...texts(await pull.recvBatch()));
  await Promise.all(sends);
  expect(received.filter(([frame]) => frame !== "first")).toEqual([["a", "b", "c"], ["d", "e"], ["last"]]);
});

test("any iterable of frames is a message", async () => {
  const [pull, push] = pair(zmq.PULL, zmq.PUSH);
  await push.sendMultipart(new Set(["a", "b"]));
  await push.sendMultipart(["a", "b"].values());
  await push.sendMultipart(
    (function* () {
      yield "a";
      yield Buffer.from("b");
    })(),
  );
  expect(texts(await pull.recvBatch())).toEqual([
    ["a", "b"],
    ["a", "b"],
    ["a", "b"],
  ]);
  const thrown = new Error("no more frames");
  const broken = (function* () {
    yield "a";
    throw thrown;
  })();
  expect(await rejection(push.sendMultipart(broken))).toBe(thrown);
  await push.send("the only one");
  expect(texts(await pull.recvBatch())).toEqual([["the only one"]]);
});

test("a message whose peer goes away in the middle leaves the next one whole", async () => {
  const [push, pull] = pair(zmq.PUSH, zmq.PULL, { transport: "tcp" });
  await push.send("hello");
  expect(String(await pull.recv())).toBe("hello");
  const context = pull.context as zmq.Context;
  await push.send("a", zmq.SNDMORE);
  pull.close();
  const next = context.socket(zmq.PULL);
  next.connect(push.lastEndpoint);
  await push.send("b");
  // What goes to a peer that has just left is lost; whole messages follow until one finds the new peer.
  let received: string[][] | undefined;
  const receiving = next.recvMultipart().then((frames) => {
    received = texts([frames]);
  });
  while (received === undefined) {
    await push
      .sendMultipart(["c", "d"], zmq.DONTWAIT)
      .catch((error) => expect(error).toBeInstanceOf(zmq.Again));
    await turn();
  }
  await receiving;
  expect(received).toEqual([["c", "d"]]);
  while ((await next.poll(0)) !== 0) expect(texts([await next.recvMultipart()])).toEqual([["c", "d"]]);
});

test("serialized messages are multipart messages of the program's making", async () => {
  const [pull, push] = pair(zmq.PULL, zmq.PUSH);
  await push.sendSerialized({ kind: "sum", terms: [1, 2, 3] }, ({ kind, terms }) => [
    kind,
    JSON.stringify(terms),
  ]);
  const deserialize = ([kind, terms]: Buffer[]) => ({ kind: String(kind), terms: JSON.parse(String(terms)) });
  expect(await pull.recvSerialized(deserialize)).toEqual({ kind: "sum", terms: [1, 2, 3] });
  expect(await rejection(push.sendSerialized("x", () => [5 as never]))).toBeInstanceOf(TypeError);
  expect(await rejection(push.sendSerialized("x", undefined as never))).toBeInstanceOf(TypeError);
  expect(await rejection(pull.recvSerialized(undefined as never))).toBeInstanceOf(TypeError);
  await push.send("not json");
  const broken = await rejection(pull.recvSerialized(([frame]) => JSON.parse(String(frame))));
  expect(broken).toBeInstanceOf(SyntaxError);
});

describe.each(transports)("the rest of a message whose connection is given up, over %s", (transport) => {
  const types: [string, zmq.SocketType, zmq.SocketType][] = [
    ["PULL", zmq.PUSH, zmq.PULL],
    ["SUB", zmq.XPUB, zmq.SUB],
    ["DEALER", zmq.DEALER, zmq.DEALER],
    ["PAIR", zmq.PAIR, zmq.PAIR],
  ];
  test.each(types)("can still be received by a %s, and nothing else of it", async (_, sending, receiving) => {
    const context = newContext();
    const sender = context.socket(sending, { linger: 0 });
    const receiver = context.socket(receiving, { linger: 0 });
    const address = bound(sender, transport);
    if (receiver instanceof zmq.Socket && receiving === zmq.SUB) receiver.subscribe("");
    const endpoint = receiver.connect(address);
    if (receiving === zmq.SUB) await sender.recv();
    await sender.sendMultipart(["one", "two", "three"]);
    expect(String(await receiver.recv())).toBe("one");
    endpoint[Symbol.dispose]();
    expect(receiver.rcvmore).toBe(true);
    expect(await receiver.poll(0)).toBe(zmq.POLLIN);
    expect(texts([await receiver.recvMultipart()])).toEqual([["two", "three"]]);
    expect(receiver.rcvmore).toBe(false);
    expect(await receiver.poll(0)).toBe(0);
  });
});
