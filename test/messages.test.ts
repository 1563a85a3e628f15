/** What may be sent, what arrives, and whose memory it is. */
import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { MessageChannel } from "node:worker_threads";
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { code, newContext, pair, publisher, rejection, texts, transports } from "./support/sockets.js";

/** The sizes at which something changes: what fits into a libzmq message, into our slab, what is shared. */
const SIZES = [
  0,
  1,
  7,
  8,
  9,
  33,
  34,
  255,
  256,
  767,
  768,
  1023,
  1024,
  1025,
  8191,
  8192,
  8193,
  32767,
  32768,
  32769,
  65536,
  1 << 20,
];

/** Bytes that tell the position and the message apart. */
function pattern(size: number, seed = 0): Buffer {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + seed * 7 + (i >> 8)) & 0xff;
  return bytes;
}

/** Sends one frame and receives it. */
async function through(sockets: readonly [zmq.Socket, zmq.Socket], data: zmq.Data): Promise<Buffer> {
  const [pull, push] = sockets;
  await push.send(data);
  return pull.recv();
}

const NativeArrays = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const;

interface Resizable extends ArrayBuffer {
  resize(length: number): void;
}
const ResizableBuffer = ArrayBuffer as unknown as new (
  length: number,
  options: { maxByteLength: number },
) => Resizable;
interface Growable extends SharedArrayBuffer {
  grow(length: number): void;
}
const GrowableBuffer = SharedArrayBuffer as unknown as new (
  length: number,
  options: { maxByteLength: number },
) => Growable;
const canResize = "resize" in ArrayBuffer.prototype;

// What ArrayBuffer.prototype.transfer() of later Nodes does, for any buffer.
setFlagsFromString("--allow-natives-syntax");
const force = new Function("buffer", "%ArrayBufferDetach(buffer)") as (buffer: ArrayBufferLike) => void;

/** Whether it could be detached: later Nodes keep a buffer that is marked as untransferable even from this. */
function detach(buffer: ArrayBufferLike): boolean {
  try {
    force(buffer);
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

describe.each(transports)("over %s", (transport) => {
  test.each(SIZES)("a frame of %i bytes arrives as a Buffer of the same bytes", async (size) => {
    const sockets = pair(zmq.PULL, zmq.PUSH, { transport });
    const bytes = pattern(size);
    const received = await through(sockets, bytes);
    assert.deepStrictEqual(received, Buffer.from(bytes));
    expect(Buffer.isBuffer(received)).toBe(true);
    expect(Object.getPrototypeOf(received)).toBe(Buffer.prototype);
    // And a view of it, and a string, which take other ways into the message.
    assert.deepStrictEqual(await through(sockets, new DataView(bytes.buffer, bytes.byteOffset, size)), bytes);
    const text = "x".repeat(size);
    assert.deepStrictEqual(await through(sockets, text), Buffer.from(text));
    const wide = "ž".repeat(size / 2);
    assert.deepStrictEqual(await through(sockets, wide), Buffer.from(wide));
  });

  test("frames of all sizes in one message arrive in order", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport });
    const frames = [...SIZES, ...SIZES.toReversed(), 0, 40_000, 1, 40_000, 0].map(pattern);
    await push.sendMultipart(frames);
    await push.sendMultipart(frames);
    assert.deepStrictEqual(await pull.recvMultipart(), frames);
    assert.deepStrictEqual(await pull.recvBatch(), [frames]);
  });
});

describe("a string", () => {
  const strings: Record<string, string> = {
    empty: "",
    ascii: "hello",
    "with a NUL": "a\0b",
    latin: "déjà vu",
    "of two-byte characters": "příliš žluťoučký",
    "of three-byte characters": "日本語",
    emoji: "👩‍👩‍👧‍👦🎉",
    "with a byte order mark": "\ufeffx",
    "of 33 bytes": "a".repeat(33),
    "of 34 bytes": "a".repeat(34),
    "of 33 bytes in 11 characters": "語".repeat(11),
    "of 255 characters of three bytes": "語".repeat(255),
    "of 256 characters of three bytes": "語".repeat(256),
    "of a megabyte": "語x".repeat(1 << 18),
    "that was put together": ["a", "ž", "語"].map((c) => c.repeat(500)).join("-"),
    "that was cut out": "žluťoučký kůň".repeat(100).slice(7, 777),
  };

  test.each(Object.entries(strings))("%s is sent as UTF-8", async (_name, text) => {
    const sockets = pair(zmq.PULL, zmq.PUSH);
    const received = await through(sockets, text);
    assert.deepStrictEqual(received, Buffer.from(text, "utf8"));
    expect(received.toString()).toBe(text);
    const [pull, push] = sockets;
    await push.sendString(text);
    expect(await pull.recvString()).toBe(text);
    await push.sendMultipart([text, text]);
    assert.deepStrictEqual(await pull.recvMultipart(), [Buffer.from(text), Buffer.from(text)]);
  });

  test.each([
    ["high", "\ud800"],
    ["low", "\udc00"],
    ["high, at the end", "abc\ud83d"],
    ["low, in the middle", "a\udc00b"],
    ["both, the wrong way round", "\udc00\ud800"],
    ["many, in a long text", "\ud800x".repeat(1000)],
  ])(
    "with a lone surrogate (%s) is sent with the replacement character, as Buffer.from does",
    async (_n, text) => {
      const received = await through(pair(zmq.PULL, zmq.PUSH), text);
      assert.deepStrictEqual(received, Buffer.from(text));
      expect(received.includes("\ufffd")).toBe(true);
    },
  );

  test("may be in another encoding, and is decoded strictly", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    await push.sendString("déjà", { encoding: "latin1" });
    await push.sendString("déjà", { encoding: "latin1" });
    await push.sendString("déjà", { encoding: "utf16le" });
    expect(await rejection(pull.recvString())).toBeInstanceOf(RangeError);
    expect(await pull.recvString({ encoding: "latin1" })).toBe("déjà");
    expect(await pull.recvString({ encoding: "utf16le" })).toBe("déjà");
  });

  test("may be JSON", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const values = [null, true, 0, -1.5, "", "text", [], [1, [2]], {}, { a: { b: "ž" } }];
    for (const value of values) await push.sendJson(value);
    for (const value of values) expect(await pull.recvJson()).toEqual(value);
    const cycle: unknown[] = [];
    cycle.push(cycle);
    for (const value of [undefined, () => {}, Symbol("x"), cycle, 1n]) {
      expect(await rejection(push.sendJson(value))).toBeInstanceOf(TypeError);
    }
    await push.send("{");
    expect(await rejection(pull.recvJson())).toBeInstanceOf(SyntaxError);
  });
});

describe("binary data", () => {
  test.each(NativeArrays.map((Type) => [Type.name, Type] as const))(
    "%s: the bytes of the view",
    async (_name, Type) => {
      const sockets = pair(zmq.PULL, zmq.PUSH);
      const bytes = pattern(64);
      const memory = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 64) as ArrayBuffer;
      const size = Type.BYTES_PER_ELEMENT;
      assert.deepStrictEqual(await through(sockets, new Type(memory)), bytes);
      assert.deepStrictEqual(
        await through(sockets, new Type(memory, 2 * size, 3)),
        bytes.subarray(2 * size, 5 * size),
      );
      assert.deepStrictEqual(await through(sockets, new Type(memory, 64, 0)), Buffer.alloc(0));
      assert.deepStrictEqual(await through(sockets, new Type(0)), Buffer.alloc(0));
      const [pull, push] = sockets;
      await push.sendMultipart([new Type(memory, size, 1), new Type(memory)]);
      assert.deepStrictEqual(await pull.recvMultipart(), [bytes.subarray(size, 2 * size), bytes]);
    },
  );

  test("DataView, ArrayBuffer, SharedArrayBuffer and views of it, a Buffer of the pool, a subclass", async () => {
    const sockets = pair(zmq.PULL, zmq.PUSH);
    const bytes = pattern(50);
    const memory = new ArrayBuffer(50);
    Buffer.from(memory).set(bytes);
    const shared = new SharedArrayBuffer(50);
    Buffer.from(shared).set(bytes);
    class Special extends Uint8Array {}
    assert.deepStrictEqual(await through(sockets, memory), bytes);
    assert.deepStrictEqual(await through(sockets, new DataView(memory, 3, 40)), bytes.subarray(3, 43));
    assert.deepStrictEqual(await through(sockets, shared), bytes);
    assert.deepStrictEqual(await through(sockets, new Uint8Array(shared, 5, 6)), bytes.subarray(5, 11));
    assert.deepStrictEqual(await through(sockets, new Int16Array(shared, 4, 4)), bytes.subarray(4, 12));
    assert.deepStrictEqual(await through(sockets, new DataView(shared, 5)), bytes.subarray(5));
    assert.deepStrictEqual(await through(sockets, Buffer.from("pooled")), Buffer.from("pooled"));
    assert.deepStrictEqual(await through(sockets, Buffer.from("pooled").subarray(2, 4)), Buffer.from("ol"));
    assert.deepStrictEqual(await through(sockets, new Special(memory, 1, 2)), bytes.subarray(1, 3));
    assert.deepStrictEqual(await through(sockets, new ArrayBuffer(0)), Buffer.alloc(0));
    assert.deepStrictEqual(await through(sockets, new SharedArrayBuffer(0)), Buffer.alloc(0));
  });

  test("of another realm, as in vm and some test runners", async () => {
    const sockets = pair(zmq.PULL, zmq.PUSH);
    const [pull, push] = sockets;
    const foreign = <T>(code: string): T => runInNewContext(code) as T;
    const bytes = Buffer.from([1, 2, 3, 4]);
    for (const data of [
      "new Uint8Array([1, 2, 3, 4]).buffer",
      "const shared = new SharedArrayBuffer(4); new Uint8Array(shared).set([1, 2, 3, 4]); shared",
      "new Uint8Array([1, 2, 3, 4])",
      "new DataView(new Uint8Array([1, 2, 3, 4]).buffer)",
    ]) {
      assert.deepStrictEqual(await through(sockets, foreign<ArrayBuffer>(data)), bytes);
      await push.send(foreign<ArrayBuffer>(data), { copy: false });
      await push.sendBatch([[foreign<ArrayBuffer>(data)], foreign<ArrayBuffer>(data)]);
      expect(await pull.recvBatch()).toEqual([[bytes], [bytes], [bytes]]);
      expect(new zmq.Frame(foreign<ArrayBuffer>(data), { copy: false, copyThreshold: 0 }).buffer).toEqual(
        bytes,
      );
      push.routingId = foreign<ArrayBuffer>(data);
      expect(push.routingId).toEqual(bytes);
      expect(zmq.utils.z85.encode(foreign<ArrayBuffer>(data))).toBe(zmq.utils.z85.encode(bytes));
      await push.send("abcd");
      const target = foreign<ArrayBuffer>(data);
      expect(await pull.recvInto(target)).toBe(4);
      await push.send(target);
      expect(await pull.recvString()).toBe("abcd");
    }
    const address = foreign<Uint8Array>("new Uint8Array([...'inproc://realm'].map((c) => c.charCodeAt(0)))");
    expect(push.bind(address).address).toBe("inproc://realm");
    const detached = foreign<ArrayBuffer>("new ArrayBuffer(4)");
    structuredClone(detached, { transfer: [detached] });
    await expect(push.send(detached)).rejects.toThrow(/detached/);
  });

  test.runIf(canResize)("of a resizable buffer: what the view shows when it is sent", async () => {
    const sockets = pair(zmq.PULL, zmq.PUSH);
    const memory = new ResizableBuffer(8, { maxByteLength: 100 });
    const tracking = new Uint8Array(memory);
    const tail = new Uint8Array(memory, 4);
    const fixed = new Uint8Array(memory, 4, 4);
    const words = new Int32Array(memory, 4);
    tracking.set(pattern(8));
    assert.deepStrictEqual(await through(sockets, memory), pattern(8));
    memory.resize(20);
    tracking.set(pattern(20));
    assert.deepStrictEqual(await through(sockets, memory), pattern(20));
    assert.deepStrictEqual(await through(sockets, tracking), pattern(20));
    assert.deepStrictEqual(await through(sockets, tail), pattern(20).subarray(4));
    assert.deepStrictEqual(await through(sockets, fixed), pattern(20).subarray(4, 8));
    assert.deepStrictEqual(await through(sockets, words), pattern(20).subarray(4));
    memory.resize(6);
    assert.deepStrictEqual(await through(sockets, tracking), pattern(6));
    assert.deepStrictEqual(await through(sockets, tail), pattern(6).subarray(4));
    // As JavaScript has it, a view that reaches beyond its buffer has no elements.
    expect(fixed.length).toBe(0);
    assert.deepStrictEqual(await through(sockets, fixed), Buffer.alloc(0));

    const shared = new GrowableBuffer(4, { maxByteLength: 10 });
    const all = new Uint8Array(shared);
    shared.grow(10);
    all.set(pattern(10));
    assert.deepStrictEqual(await through(sockets, all), pattern(10));
    assert.deepStrictEqual(await through(sockets, shared), pattern(10));
  });

  test.each([
    ["an ArrayBuffer", (buffer: ArrayBuffer) => buffer],
    ["a Buffer", (buffer: ArrayBuffer) => Buffer.from(buffer)],
    ["a Uint8Array", (buffer: ArrayBuffer) => new Uint8Array(buffer, 2, 2)],
    ["a Float64Array", (buffer: ArrayBuffer) => new Float64Array(buffer)],
    ["a DataView", (buffer: ArrayBuffer) => new DataView(buffer)],
  ])("%s that has been detached is a TypeError that names the frame", async (_name, view) => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const buffer = new ArrayBuffer(8);
    const data = view(buffer);
    structuredClone(buffer, { transfer: [buffer] });
    for (const refused of [
      rejection(push.send(data)),
      rejection(push.send(data, zmq.DONTWAIT)),
      rejection(push.sendMultipart([data])),
    ]) {
      expect(await refused).toMatchObject({
        name: "TypeError",
        message: expect.stringContaining("detached"),
      });
    }
    for (const refused of [
      rejection(push.sendMultipart(["a", data, "c"])),
      rejection(push.sendMultipart(["a", data, "c"], zmq.DONTWAIT)),
      rejection(push.sendMultipart(new Set(["a", data]))),
    ]) {
      expect(await refused).toMatchObject({ name: "TypeError", message: expect.stringMatching(/frame 1\b/) });
    }
    expect(await rejection(push.sendBatch(["a", ["b", data]]))).toMatchObject({
      name: "TypeError",
      message: expect.stringMatching(/message 1\b.*frame 1\b/),
    });
    await push.send("the only one");
    expect(texts(await pull.recvBatch())).toEqual([["the only one"]]);
  });
});

describe("the memory of a received frame is its own:", () => {
  test("writing into one never changes another", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const sizes = SIZES.filter((size) => size > 0 && size < 100_000);
    await push.sendMultipart(sizes.map(pattern));
    await push.sendMultipart(sizes.map(pattern));
    const [first, second] = [await pull.recvMultipart(), await pull.recvMultipart()];
    for (const [i, frame] of first.entries()) {
      frame.fill(0xee);
      for (const [j, other] of first.entries()) {
        assert.deepStrictEqual(other, j <= i ? Buffer.alloc(other.length, 0xee) : pattern(other.length, j));
      }
    }
    for (const [j, other] of second.entries()) assert.deepStrictEqual(other, pattern(other.length, j));
  });

  test.each(transports)("also among two subscribers of one big message, over %s", async (transport) => {
    const [xpub, one, two] = (await publisher(2, { transport })) as [zmq.Socket, zmq.Socket, zmq.Socket];
    const sent = pattern(100_000);
    for (const round of [0, 1]) {
      await xpub.send(sent);
      await xpub.sendMultipart(["a", sent]);
      const first = await one.recv();
      if (round === 0) first.fill(1); // before the other has looked, and after
      const second = await two.recv();
      assert.deepStrictEqual(second, pattern(100_000));
      first.fill(1);
      assert.deepStrictEqual(second, pattern(100_000));
      second.fill(2);
      assert.deepStrictEqual(first, Buffer.alloc(100_000, 1));
      const [, third] = (await one.recvMultipart()) as [Buffer, Buffer];
      const [, fourth] = (await two.recvMultipart()) as [Buffer, Buffer];
      third.fill(3);
      assert.deepStrictEqual(fourth, pattern(100_000));
      assert.deepStrictEqual(sent, pattern(100_000));
    }
  });

  test("writing into it does not change what was sent", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    for (const size of SIZES) {
      const sent = pattern(size);
      await push.send(sent);
      (await pull.recv()).fill(0xaa);
      assert.deepStrictEqual(sent, pattern(size));
    }
  });

  test("small frames that are kept stay as they are when thousands more come", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { options: { sndhwm: 0, rcvhwm: 0 } });
    const kept: Buffer[] = [];
    for (let i = 0; i < 20_000; i++) push.sendSync(pattern(i % 200, i));
    for (let i = 0; i < 5000; i++) kept.push(await pull.recv());
    for (let i = 0; i < 5000; i++) kept.push(...(await pull.recvMultipart()));
    while (kept.length < 20_000) for (const [frame] of await pull.recvBatch(77)) kept.push(frame as Buffer);
    for (const [i, frame] of kept.entries()) assert.deepStrictEqual(frame, pattern(i % 200, i));
  });

  test("a Buffer that is given away in a transfer list takes no other frame along", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const sizes = [5, 50, 1024, 1025, 5000, 40_000, 100_000];
    for (const size of sizes) {
      await push.sendMultipart([pattern(size, 1), pattern(size, 2), pattern(size, 3)]);
      const [first, second, third] = (await pull.recvMultipart()) as [Buffer, Buffer, Buffer];
      const { port1, port2 } = new MessageChannel();
      try {
        // Node 20 copies what may not be transferred, later ones refuse; neither empties the others.
        structuredClone(second, { transfer: [second.buffer as ArrayBuffer] });
        port1.postMessage(second, [second.buffer as ArrayBuffer]);
      } catch (error) {
        expect(error).toMatchObject({ name: "DataCloneError" });
      }
      port1.close();
      port2.close();
      assert.deepStrictEqual(first, pattern(size, 1));
      assert.deepStrictEqual(third, pattern(size, 3));
      assert.deepStrictEqual(await through([pull, push], pattern(size, 4)), pattern(size, 4));
    }
  });

  test("detaching it by force breaks nothing that comes later", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { options: { sndhwm: 0, rcvhwm: 0 } });
    for (let i = 0; i < 500; i++) {
      const size = SIZES[i % SIZES.length] as number;
      push.sendSync(pattern(size, i));
      push.sendMultipartSync([pattern(20, i), pattern(size, i), ""]);
      const frame = await pull.recv();
      assert.deepStrictEqual(frame, pattern(size, i));
      const detached = detach(frame.buffer);
      expect(frame.length).toBe(detached ? 0 : size);
      const message = await pull.recvMultipart();
      assert.deepStrictEqual(message, [pattern(20, i), pattern(size, i), Buffer.alloc(0)]);
      for (const { buffer } of message) detach(buffer);
    }
  });

  test("a received Buffer may be sent on", async () => {
    const [left, right] = pair(zmq.PAIR, zmq.PAIR);
    for (const size of SIZES) {
      await left.send(pattern(size));
      await right.send(await right.recv());
      assert.deepStrictEqual(await left.recv(), pattern(size));
    }
  });
});

describe("the caller's buffer may be changed as soon as send() has returned:", () => {
  type Sending = (push: zmq.Socket, data: Buffer) => Promise<unknown>;
  const ways: Record<string, Sending> = {
    send: (push, data) => push.send(data),
    "send with options": (push, data) => push.send(data, { timeout: -1 }),
    "send of an ArrayBuffer": (push, data) => push.send(data.buffer),
    sendMultipart: (push, data) => push.sendMultipart([data]),
    "sendMultipart with options": (push, data) => push.sendMultipart([data], { timeout: -1 }),
    sendBatch: (push, data) => push.sendBatch([[data]]),
    sendSerialized: (push, data) => push.sendSerialized(data, (frame) => [frame]),
  };

  test.each(Object.entries(ways))("%s", async (_name, send) => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { options: { sndhwm: 1, rcvhwm: 1 } });
    const sends: Promise<unknown>[] = [];
    const sizes = SIZES.filter((size) => size > 0 && size < 100_000);
    // Most of them have to wait for room, which begins to come only after all buffers have been spoilt.
    for (const [i, size] of sizes.entries()) {
      const data = Buffer.alloc(size);
      data.set(pattern(size, i));
      sends.push(send(push, data));
      data.fill(0xdd);
      if (data.buffer.byteLength === size) detach(data.buffer);
    }
    for (const [i, size] of sizes.entries()) assert.deepStrictEqual(await pull.recv(), pattern(size, i));
    await Promise.all(sends);
  });

  test("the array of frames or messages, too", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { options: { sndhwm: 1, rcvhwm: 1 } });
    while ((await push.poll(0, zmq.POLLOUT)) !== 0) await push.send("first");
    const frames = ["a", "b"];
    const batch = [["c", "d"], ["e"]];
    const sends = [push.sendMultipart(frames), push.sendBatch(batch)];
    frames[0] = "changed";
    frames.push("more");
    batch[0]?.push("more");
    batch.length = 1;
    const received: string[][] = [];
    while (received.at(-1)?.[0] !== "e") received.push(...texts(await pull.recvBatch()));
    await Promise.all(sends);
    expect(received.filter(([frame]) => frame !== "first")).toEqual([["a", "b"], ["c", "d"], ["e"]]);
  });
});

describe("what is no data", () => {
  const wrong: [name: string, value: unknown][] = [
    ["null", null],
    ["undefined", undefined],
    ["a number", 5],
    ["NaN", Number.NaN],
    ["a bigint", 5n],
    ["a boolean", true],
    ["a symbol", Symbol("s")],
    ["a function", () => "x"],
    ["an object", { length: 3 }],
    ["an object without a prototype", Object.create(null)],
    [
      "an object with a toString",
      { toString: () => "x", valueOf: () => "x", [Symbol.toPrimitive]: () => "x" },
    ],
    ["a boxed string", new String("x")],
    ["a date", new Date(0)],
    ["an array", ["x"]],
    ["an empty array", []],
    ["a Map", new Map()],
    ["a promise", Promise.resolve("x")],
    ["a Blob", new Blob(["x"])],
    ["a proxy of a Buffer", new Proxy(Buffer.from("x"), {})],
    ["an object made from a Buffer", Object.create(Buffer.from("x"))],
  ];

  test.each(wrong)("(%s) is a TypeError that names the frame, and nothing is sent", async (_name, value) => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const data = value as string;
    const isTypeError = async (promise: Promise<unknown>, names: RegExp): Promise<void> => {
      const error = await rejection(promise);
      expect(error).toBeInstanceOf(TypeError);
      expect(String(error)).toMatch(names);
    };
    await isTypeError(push.send(data), /the message \(frame 0\) must be/);
    await isTypeError(push.send(data, zmq.SNDMORE), /the message \(frame 0\) must be/);
    await isTypeError(push.sendMultipart([data]), /frame 0\b/);
    await isTypeError(push.sendMultipart(["a", "b", data, "d"]), /frame 2\b/);
    await isTypeError(push.sendMultipart(["a", "b", data, "d"], { timeout: 5 }), /frame 2\b/);
    await isTypeError(push.sendMultipart(new Set(["a", data])), /frame 1\b/);
    await isTypeError(push.sendBatch(["a", ["b", data]]), /message 1\b.*frame 1\b/);
    if (!Array.isArray(value)) await isTypeError(push.sendBatch(["a", data]), /message 1\b/);
    expect(() => push.sendSync(data)).toThrow(TypeError);
    expect(() => push.sendMultipartSync(["a", data])).toThrow(/frame 1\b/);
    expect(() => push.sendBatchSync(["a", ["b", data]])).toThrow(/message 1\b/);
    await push.send("the only one");
    expect(texts(await pull.recvBatch())).toEqual([["the only one"]]);
  });

  test("is never asked for its text", async () => {
    const [, push] = pair(zmq.PULL, zmq.PUSH);
    const asked = (): never => {
      throw new Error("it was asked");
    };
    const nosy = { toString: asked, valueOf: asked, [Symbol.toPrimitive]: asked, toJSON: asked };
    expect(await rejection(push.send(nosy as never))).toBeInstanceOf(TypeError);
    expect(await rejection(push.sendMultipart([nosy as never]))).toBeInstanceOf(TypeError);
    expect(await rejection(push.sendString(nosy as never))).toBeInstanceOf(TypeError);
  });

  test.each([
    ["null", null],
    ["undefined", undefined],
    ["a number", 1],
    ["a string", "abc"],
    ["a Buffer", Buffer.from("abc")],
    ["an object", { 0: "a", length: 1 }],
    ["an empty array", []],
    ["an empty Set", new Set()],
  ])("as a multipart message (%s) is a TypeError", async (_name, parts) => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    expect(await rejection(push.sendMultipart(parts as string[]))).toBeInstanceOf(TypeError);
    expect(await rejection(push.sendMultipart(parts as string[], zmq.DONTWAIT))).toBeInstanceOf(TypeError);
    expect(() => push.sendMultipartSync(parts as string[])).toThrow(TypeError);
    expect(await code(pull.recv({ timeout: 0 }))).toBe("EAGAIN");
  });
});

describe("a message that calls back into the socket while it is read", () => {
  /** An array whose frames at the given index run `act` when they are read. */
  function nosy(frames: zmq.Data[], at: number, act: () => void): zmq.Data[] {
    const value = frames[at];
    return Object.defineProperty([...frames], at, {
      get: () => {
        act();
        return value;
      },
      enumerable: true,
      configurable: true,
    });
  }

  /** The ways into the library that an array takes. */
  const ways: Record<string, (push: zmq.Socket, frames: zmq.Data[]) => Promise<unknown>> = {
    sendMultipart: (push, frames) => push.sendMultipart(frames),
    "sendMultipart with options": (push, frames) => push.sendMultipart(frames, { timeout: -1 }),
    "sendMultipart of a proxy": (push, frames) => push.sendMultipart(new Proxy(frames, {})),
    "sendMultipart of an iterable": (push, frames) =>
      push.sendMultipart(
        (function* () {
          for (let i = 0; i < frames.length; i++) yield frames[i] as zmq.Data;
        })(),
      ),
    sendBatch: (push, frames) => push.sendBatch([frames]),
    "sendBatch of a proxy": (push, frames) => push.sendBatch(new Proxy([frames], {})),
    sendMultipartSync: async (push, frames) => push.sendMultipartSync(frames),
    sendBatchSync: async (push, frames) => push.sendBatchSync([frames]),
  };

  test.each(Object.entries(ways))("by a send: %s tears neither message", async (_name, send) => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    await send(
      push,
      nosy(["a", "b", "c"], 1, () => void push.sendMultipart(["in", "between"])),
    );
    const received = texts(await pull.recvBatch());
    expect(received).toContainEqual(["a", "b", "c"]);
    expect(received.filter(([first]) => first !== "a")).toEqual([["in", "between"]]);
  });

  test.each(Object.entries(ways))("by close(): %s rejects with ENOTSOCK", async (_name, send) => {
    const [, push] = pair(zmq.PULL, zmq.PUSH);
    expect(
      await code(
        send(
          push,
          nosy(["a", "b", "c"], 1, () => push.close()),
        ),
      ),
    ).toBe("ENOTSOCK");
  });

  test.each(Object.entries(ways))(
    "by throwing: %s rejects with what was thrown, and sends nothing",
    async (_n, send) => {
      const [pull, push] = pair(zmq.PULL, zmq.PUSH);
      const thrown = new Error("no frame today");
      const act = (): never => {
        throw thrown;
      };
      expect(await rejection(send(push, nosy(["a", "b", "c"], 1, act)))).toBe(thrown);
      await push.send("the only one");
      expect(texts(await pull.recvBatch())).toEqual([["the only one"]]);
    },
  );

  test.each(Object.entries(ways))(
    "by detaching a frame that has been read: %s sends it whole or not at all",
    async (_n, send) => {
      const [pull, push] = pair(zmq.PULL, zmq.PUSH);
      const first = pattern(100);
      const memory = new Uint8Array(first).buffer as ArrayBuffer;
      const frames = nosy([new Uint8Array(memory), "b"], 1, () => detach(memory));
      const outcome = await send(push, frames).then(
        () => "sent",
        (error: unknown) => error,
      );
      if (outcome === "sent") assert.deepStrictEqual(await pull.recvMultipart(), [first, Buffer.from("b")]);
      else expect(outcome).toMatchObject({ name: "TypeError", message: expect.stringMatching(/detached/) });
      await push.send("the next one");
      expect(texts(await pull.recvBatch())).toEqual([["the next one"]]);
    },
  );

  test.each(Object.entries(ways))(
    "by shortening the array: %s does not read beyond it",
    async (_name, send) => {
      const [pull, push] = pair(zmq.PULL, zmq.PUSH);
      const frames: zmq.Data[] = nosy(["a", "b", "c"], 1, () => {
        frames.length = 2;
      });
      const outcome = await send(push, frames).then(
        () => "sent",
        (error: unknown) => error,
      );
      if (outcome === "sent") expect(texts([await pull.recvMultipart()])).toEqual([["a", "b"]]);
      else expect(outcome).toBeInstanceOf(TypeError);
      await push.send("the next one");
      expect(texts(await pull.recvBatch())).toEqual([["the next one"]]);
    },
  );

  test("in a wait at the high-water mark keeps everything in order", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { options: { sndhwm: 1, rcvhwm: 1 } });
    while ((await push.poll(0, zmq.POLLOUT)) !== 0) await push.send("first");
    let once = true;
    const sends: Promise<unknown>[] = [];
    const frames = nosy(["a", "b"], 1, () => {
      if (once) sends.push(push.send("in between"));
      once = false;
    });
    sends.push(push.sendMultipart(frames), push.send("last"));
    const received: string[][] = [];
    while (received.at(-1)?.[0] !== "last") received.push(...texts(await pull.recvBatch()));
    await Promise.all(sends);
    expect(received.filter(([frame]) => frame !== "first")).toEqual([["in between"], ["a", "b"], ["last"]]);
  });

  test("from the options: a getter that closes the socket", async () => {
    for (const call of [
      (socket: zmq.Socket, options: object) => socket.recv(options),
      (socket: zmq.Socket, options: object) => socket.recvMultipart(options),
      (socket: zmq.Socket, options: object) => socket.send("x", options),
      (socket: zmq.Socket, options: object) => socket.sendMultipart(["x"], options),
      (socket: zmq.Socket, options: object) => socket.sendBatch(["x"], options),
    ]) {
      const socket = newContext().socket(zmq.PAIR);
      const options = {
        get timeout(): number {
          socket.close();
          return 1000;
        },
      };
      expect(await code(call(socket, options))).toBe("ENOTSOCK");
    }
  });
});
