/** recvInto: frames into memory of the caller's. */
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { code, pair, rejection, transports, turn } from "./support/sockets.js";

type ResizableConstructor = new (length: number, options: { maxByteLength: number }) => ArrayBuffer;
const Resizable = ArrayBuffer as unknown as ResizableConstructor;
const canResize = "resize" in ArrayBuffer.prototype;
const resize = (buffer: ArrayBuffer, length: number): void =>
  (buffer as unknown as { resize(length: number): void }).resize(length);

const detach = (buffer: ArrayBuffer): void => void structuredClone(buffer, { transfer: [buffer] });
const bytes = (view: ArrayBufferLike): number[] => [...new Uint8Array(view)];

describe.each(transports)("over %s", (transport) => {
  test("a frame of any size lands in the buffer, and its size is told", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport });
    for (const size of [0, 1, 33, 1000, 8192, 40_000, 1 << 20]) {
      const data = Buffer.alloc(size, size % 251);
      const into = Buffer.alloc(size + 8, 255);
      await push.send(data);
      expect(await pull.recvInto(into)).toBe(size);
      expect(into.subarray(0, size).equals(data)).toBe(true);
      expect([...into.subarray(size)]).toEqual(Array(8).fill(255));
    }
  });
});

describe("what may be received into", () => {
  const memory = (): ArrayBuffer => new Uint8Array(12).fill(9).buffer;
  const kinds: Record<
    string,
    () => [ArrayBufferView | ArrayBuffer | SharedArrayBuffer, ArrayBufferLike, number]
  > = {
    "a Buffer": () => {
      const buffer = Buffer.from(memory());
      return [buffer, buffer.buffer, 0];
    },
    "a view with an offset": () => {
      const all = memory();
      return [new Uint8Array(all, 3, 5), all, 3];
    },
    "a view of wider elements": () => {
      const all = memory();
      return [new Uint32Array(all, 4, 2), all, 4];
    },
    "a DataView": () => {
      const all = memory();
      return [new DataView(all, 2, 6), all, 2];
    },
    "an ArrayBuffer": () => {
      const all = memory();
      return [all, all, 0];
    },
    "a SharedArrayBuffer": () => {
      const all = new SharedArrayBuffer(12);
      new Uint8Array(all).fill(9);
      return [all, all, 0];
    },
    "a view of a SharedArrayBuffer": () => {
      const all = new SharedArrayBuffer(12);
      new Uint8Array(all).fill(9);
      return [new Int16Array(all, 4, 3), all, 4];
    },
  };

  test.each(Object.entries(kinds))("%s: its own part is written, nothing else", async (_name, make) => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const [target, all, offset] = make();
    await push.send(Uint8Array.of(1, 2, 3));
    expect(await pull.recvInto(target)).toBe(3);
    const expected = Array(12).fill(9);
    expected.splice(offset, 3, 1, 2, 3);
    expect(bytes(all)).toEqual(expected);
  });

  test("what does not fit is lost, and the frame's own size is told", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const all = memory();
    await push.send("abcdefghij");
    expect(await pull.recvInto(new Uint8Array(all, 2, 4))).toBe(10);
    expect(bytes(all)).toEqual([9, 9, 97, 98, 99, 100, 9, 9, 9, 9, 9, 9]);
    await push.send("abcdefghij");
    expect(await pull.recvInto(Buffer.alloc(0))).toBe(10); // a way to drop a frame
    await push.send("klm");
    expect(await pull.recvInto(new ArrayBuffer(0))).toBe(3);
  });

  test("nbytes says how much of it may be used; 0 is all", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const all = memory();
    await push.sendBatch(["abcdef", "abcdef", "abcdef"]);
    expect(await pull.recvInto(new Uint8Array(all, 2), { nbytes: 3 })).toBe(6);
    expect(bytes(all)).toEqual([9, 9, 97, 98, 99, 9, 9, 9, 9, 9, 9, 9]);
    expect(await pull.recvInto(all, { nbytes: 0 })).toBe(6);
    expect(Buffer.from(all, 0, 6).toString()).toBe("abcdef");
    for (const nbytes of [-1, 13, 2 ** 53]) {
      expect(await rejection(pull.recvInto(all, { nbytes }))).toBeInstanceOf(RangeError);
    }
    for (const nbytes of ["3", 1.5, Number.NaN, null]) {
      expect(await rejection(pull.recvInto(all, { nbytes } as object))).toBeInstanceOf(TypeError);
    }
    expect(String(await pull.recv())).toBe("abcdef"); // the refused ones have taken nothing
  });

  test.each([undefined, null, 5, "text", [], {}, new zmq.Frame("x")])("%s is a TypeError", async (value) => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    await push.send("x");
    expect(await rejection(pull.recvInto(value as never))).toBeInstanceOf(TypeError);
    expect(String(await pull.recv())).toBe("x");
  });

  test("the frames of a message one by one, with rcvmore in between", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    await push.sendMultipart(["one", "two", "three"]);
    const into = Buffer.alloc(3);
    expect(await pull.recvInto(into)).toBe(3);
    expect([into.toString(), pull.rcvmore]).toEqual(["one", true]);
    expect((await pull.recvMultipart()).map(String)).toEqual(["two", "three"]);
  });
});

describe("memory that goes away", () => {
  test("a detached buffer is refused at once, and nothing is consumed", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    await push.send("x");
    const gone = new ArrayBuffer(8);
    const views = [new Uint8Array(gone), new DataView(gone, 2), new Uint16Array(gone, 2, 2)];
    detach(gone);
    for (const target of [gone, ...views]) {
      const error = await rejection(pull.recvInto(target));
      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toMatch(/detached/);
    }
    expect(String(await pull.recv())).toBe("x");
  });

  test("detached while the call waits: it is told, and the message is left to the next call", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const buffer = new ArrayBuffer(8);
    const into = rejection(pull.recvInto(new Uint8Array(buffer, 2)));
    const next = pull.recv();
    await turn();
    detach(buffer);
    await push.send("x");
    expect(await into).toBeInstanceOf(TypeError);
    expect(String(await next)).toBe("x");
  });

  test.runIf(canResize)(
    "shrunk while the call waits: the same; grown, it is as large as it was",
    async () => {
      const [pull, push] = pair(zmq.PULL, zmq.PUSH);
      const buffer = new Resizable(8, { maxByteLength: 64 });
      const shrunk = rejection(pull.recvInto(new Uint8Array(buffer)));
      await turn();
      resize(buffer, 4);
      await push.send("first");
      expect(await shrunk).toBeInstanceOf(TypeError);
      expect(String(await pull.recv())).toBe("first");

      const grown = pull.recvInto(buffer); // 4 bytes of it
      await turn();
      resize(buffer, 64);
      await push.send("abcdefgh");
      expect(await grown).toBe(8);
      expect(bytes(buffer).slice(0, 6)).toEqual([97, 98, 99, 100, 0, 0]);
    },
  );
});

describe("like every receive it", () => {
  test("obeys DONTWAIT, timeout, RCVTIMEO and signals, and consumes nothing then", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { left: { rcvtimeo: 1 } });
    const into = Buffer.alloc(8, 7);
    expect(await code(pull.recvInto(into, { flags: zmq.DONTWAIT }))).toBe("EAGAIN");
    expect(await code(pull.recvInto(into, { timeout: 1 }))).toBe("EAGAIN");
    expect(await code(pull.recvInto(into))).toBe("EAGAIN");
    const stop = new AbortController();
    const waiting = rejection(pull.recvInto(into, { timeout: -1, signal: stop.signal }));
    stop.abort("enough");
    expect(await waiting).toBe("enough");
    await push.send("x");
    expect(await rejection(pull.recvInto(into, { signal: AbortSignal.abort("before") }))).toBe("before");
    expect([...into]).toEqual(Array(8).fill(7));
    expect(String(await pull.recv())).toBe("x");
  });

  test("waits its turn, and ends with the socket or the context", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const buffers = [Buffer.alloc(1), Buffer.alloc(1)];
    const first = pull.recvInto(buffers[0] as Buffer);
    const second = pull.recv();
    const third = pull.recvInto(buffers[1] as Buffer);
    await push.sendBatch(["1", "2", "3"]);
    expect([await first, String(await second), await third, String(buffers)]).toEqual([1, "2", 1, "1,3"]);
    const closed = code(pull.recvInto(Buffer.alloc(1)));
    pull.close();
    expect(await closed).toBe("ENOTSOCK");
    expect(await code(pull.recvInto(Buffer.alloc(1)))).toBe("ENOTSOCK");
    const [other] = pair(zmq.PULL, zmq.PUSH);
    const ended = code(other.recvInto(Buffer.alloc(1)));
    const over = other.context.term();
    expect(await ended).toBe("ETERM");
    await other.context.destroy(0);
    await over;
  });

  test("is refused at once where a socket cannot receive", async () => {
    const [pub] = pair(zmq.PUB, zmq.SUB);
    expect(await code(pub.recvInto(Buffer.alloc(1)))).toBe("ENOTSUP");
  });
});
