/** Messages of small frames are copied together before they are sent: whatever they are made of, they arrive as they were. */
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { pair, rejection } from "./support/sockets.js";

/** The numbers of characters and bytes at which something changes, and their neighbours. */
const SIZES = [0, 1, 2, 47, 48, 49, 341, 1023, 1024, 1025];
/** ASCII, two to four bytes a character, half a character, the last and first of their kinds. */
const LETTERS = ["a", "\0", "\x7f", "\x80", "é", "€", "\u{1f600}", "\ud800", "\udc00"];

const texts = SIZES.flatMap((size) => LETTERS.map((letter) => letter.repeat(size)));
// Short ones that begin as ASCII and do not end so.
const mixed = LETTERS.flatMap((letter) => ["", "abc", "x".repeat(47)].map((before) => before + letter));
const views = SIZES.flatMap((size) => {
  const bytes = Buffer.alloc(size + 16, "0123456789");
  return [
    bytes.subarray(3, 3 + size),
    new Uint8Array(bytes.buffer, bytes.byteOffset + 5, size),
    new Uint8Array(new SharedArrayBuffer(size)),
    new Uint16Array(size),
    new DataView(new ArrayBuffer(size)),
    new ArrayBuffer(size),
  ];
});

const bytesOf = (frame: zmq.Data): Buffer => {
  if (typeof frame === "string") return Buffer.from(frame);
  if (frame instanceof zmq.Frame) return frame.bytes;
  return ArrayBuffer.isView(frame)
    ? Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength)
    : Buffer.from(frame);
};

type Way = (socket: zmq.Socket, messages: zmq.Data[][]) => Promise<void> | void;
const ways: Record<string, Way> = {
  async sendMultipart(socket, messages) {
    for (const message of messages) await socket.sendMultipart(message as string[]);
  },
  sendMultipartSync(socket, messages) {
    for (const message of messages) socket.sendMultipartSync(message);
  },
  async sendBatch(socket, messages) {
    await socket.sendBatch(messages);
  },
  sendBatchSync(socket, messages) {
    socket.sendBatchSync(messages);
  },
};

const unlimited = { options: { sndhwm: 0, rcvhwm: 0 } };

describe.each(Object.entries(ways))("%s", (way, send) => {
  const through = async (messages: zmq.Data[][]): Promise<void> => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, unlimited);
    await send(push, messages);
    for (const message of messages) {
      const frames = await pull.recvMultipart();
      expect(frames.length).toBe(message.length);
      for (const [i, frame] of frames.entries())
        expect(frame.equals(bytesOf(message[i] as zmq.Data))).toBe(true);
    }
    expect(await pull.poll(0)).toBe(0);
  };

  test("strings of every length and script", () => through([...texts, ...mixed].map((text) => [text])));

  test("bytes of every length and kind", () => through(views.map((view) => [view])));

  test("frames of all kinds in one message", () =>
    through([
      ["topic", Buffer.from("payload"), "", Buffer.alloc(0), new Uint8Array(1024), "é".repeat(500), "end"],
      ["small", Buffer.alloc(1025, 7), "small again"],
      [Buffer.alloc(0)],
      ["", ""],
      ["before", new zmq.Frame("a frame of its own"), "after"],
    ]));

  test("more frames, and more bytes, than are packed at once", () =>
    through([
      Array.from({ length: 4096 }, (_, i) => String(i)),
      Array.from({ length: 5000 }, (_, i) => String(i)),
      Array.from({ length: 64 }, () => Buffer.alloc(1024, 1)),
      Array.from({ length: 65 }, () => Buffer.alloc(1024, 2)),
      Array.from({ length: 100 }, (_, i) => "€".repeat(300 + i)),
    ]));

  test("a class that lies about its length is believed by nobody", async () => {
    class Liar extends Uint8Array {
      override get byteLength(): number {
        return 5;
      }
      override get length(): number {
        return 7;
      }
    }
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, unlimited);
    const messages = Array.from({ length: 8 }, (_, i) => [new Liar(600).fill(i), "next"]);
    await send(push, messages);
    for (let i = 0; i < 8; i++) {
      const [liar, next] = await pull.recvMultipart();
      expect([liar?.equals(Buffer.alloc(600, i)), next?.toString()]).toEqual([true, "next"]);
    }
  });

  test("a getter that sends something itself changes nothing", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, unlimited);
    const [others, other] = pair(zmq.PULL, zmq.PUSH, unlimited);
    const tricky = ["one", "two", "three"];
    let reads = 0;
    Object.defineProperty(tricky, 1, {
      enumerable: true,
      get() {
        reads++;
        other.sendMultipartSync(["meanwhile", "there", "was", "this"]);
        return "two";
      },
    });
    await send(push, [tricky]);
    expect((await pull.recvMultipart()).map(String)).toEqual(["one", "two", "three"]);
    expect(reads).toBe(1);
    expect((await others.recvMultipart()).map(String)).toEqual(["meanwhile", "there", "was", "this"]);
    expect([await pull.poll(0), await others.poll(0)]).toEqual([0, 0]);
  });

  test("what the buffers hold afterwards does not matter", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, unlimited);
    const buffer = Buffer.from("as it was");
    await send(push, [[buffer, buffer]]);
    buffer.fill(0);
    expect((await pull.recvMultipart()).map(String)).toEqual(["as it was", "as it was"]);
  });

  test("a frame that is no data: nothing is sent, and the error names it", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, unlimited);
    const detached = new Uint8Array(8);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    for (const wrong of [
      7,
      null,
      undefined,
      {},
      [],
      Symbol("s"),
      detached,
      Object.create(Uint8Array.prototype),
    ]) {
      const attempt = async (): Promise<void> => send(push, [["good", wrong as string]]);
      expect(await rejection(attempt())).toMatchObject({ message: expect.stringMatching(/frame 1/) });
    }
    expect(await pull.poll(0)).toBe(0);
    await send(push, [["still", "works"]]);
    expect((await pull.recvMultipart()).map(String)).toEqual(["still", "works"]);
  });

  test("thousands of millions of holes: nothing is sent, and nothing lasts long", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, unlimited);
    const holes: string[] = ["good"];
    holes.length = 4_000_000_000;
    for (const [wrong, named] of [
      [holes, /frame 1/],
      [new Array(2 ** 32 - 1), /frame 0/],
    ] as const) {
      const attempt = async (): Promise<void> => send(push, [wrong as string[]]);
      expect(await rejection(attempt())).toMatchObject({ message: expect.stringMatching(named) });
    }
    expect(() => push.sendBatchSync(holes)).toThrow(/message 1/);
    expect(await pull.poll(0)).toBe(0);
  });

  test("messages that wait keep their content and their order", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { options: { sndhwm: 1, rcvhwm: 1 } });
    if (!way.endsWith("Sync")) {
      const buffer = Buffer.alloc(4);
      const sending: unknown[] = [];
      for (let i = 0; i < 50; i++) {
        buffer.writeInt32BE(i);
        sending.push(send(push, [["number", buffer]]));
        buffer.fill(255);
      }
      for (let i = 0; i < 50; i++) {
        const [, number] = await pull.recvMultipart();
        expect(number?.readInt32BE()).toBe(i);
      }
      await Promise.all(sending);
    } else {
      push.sndtimeo = 0;
      let sent = 0;
      expect(() => {
        for (;;) {
          void send(push, [["number", String(sent)]]);
          sent++;
        }
      }).toThrow(zmq.Again);
      for (let i = 0; i < sent; i++)
        expect((await pull.recvMultipart()).map(String)).toEqual(["number", String(i)]);
      expect(await pull.poll(0)).toBe(0);
    }
  });
});
