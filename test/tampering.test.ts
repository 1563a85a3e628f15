/** What a program changes in the language, or tells falsely: messages arrive as they were, and nobody sees our memory. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import * as zmq from "nodezmq";
import { describe, expect, onTestFinished, test } from "vitest";
import { pair } from "./support/sockets.js";

const ways: Record<string, (socket: zmq.Socket, frame: zmq.Data) => unknown> = {
  send: (socket, frame) => socket.send(frame as Buffer),
  "send with options": (socket, frame) => socket.send(frame as Buffer, { copy: true }),
  sendSync: (socket, frame) => socket.sendSync(frame),
  sendMultipart: (socket, frame) => socket.sendMultipart([frame as Buffer]),
  sendMultipartSync: (socket, frame) => socket.sendMultipartSync([frame]),
  sendBatch: (socket, frame) => socket.sendBatch([frame]),
  "sendBatch of many": (socket, frame) => socket.sendBatch(Array(8).fill(frame)),
  "a Frame": (socket, frame) => socket.send(new zmq.Frame(frame)),
};

const of = <T extends object>(view: T, prototype: object | null): T => Object.setPrototypeOf(view, prototype);

class Liar extends Uint8Array {
  override get byteLength(): number {
    return 1_000_000;
  }
  override get length(): number {
    return 3;
  }
  override get byteOffset(): number {
    return 2;
  }
}

const views: Record<string, () => [frame: ArrayBufferView, bytes: number[]]> = {
  "numbers of 16 bits as a Uint8Array": () => [
    of(new Uint16Array([1, 2]), Uint8Array.prototype),
    [1, 0, 2, 0],
  ],
  "numbers of 32 bits as a Buffer": () => [of(new Float32Array([1]), Buffer.prototype), [0, 0, 128, 63]],
  "BigInts as a Uint8Array": () => [
    of(new BigInt64Array([5n]), Uint8Array.prototype),
    [5, 0, 0, 0, 0, 0, 0, 0],
  ],
  "a DataView as a Uint8Array": () => [
    of(new DataView(Uint8Array.of(7, 8, 9).buffer, 1), Uint8Array.prototype),
    [8, 9],
  ],
  "a Uint8Array without a prototype": () => [of(new Uint8Array([1, 2]), null), [1, 2]],
  "a class that tells other lengths": () => [new Liar([1, 2, 3, 4]), [1, 2, 3, 4]],
};

describe.each(Object.entries(ways))("by %s", (_way, send) => {
  test.each(Object.entries(views))("%s arrives as its bytes", async (_name, make) => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    push.sendSync("S".repeat(1000)); // what is left in memory that is used again
    await pull.recv();
    const [frame, bytes] = make();
    void send(push, frame);
    expect([...(await pull.recv())]).toEqual(bytes);
  });
});

test("what runs while a message is looked at may send messages of its own", async () => {
  const [pull, push] = pair(zmq.PULL, zmq.PUSH);
  const nosy = new Proxy(Object.create(Uint8Array.prototype), {
    getPrototypeOf(target) {
      push.sendSync("nested");
      return Reflect.getPrototypeOf(target);
    },
  });
  push.sendMultipartSync(["first", of(Uint8Array.of(49, 50), nosy), "last"]);
  await push.send("end");
  const messages: string[][] = [];
  for await (const frames of pull) {
    messages.push(frames.map(String));
    if (messages.at(-1)?.[0] === "end") break;
  }
  expect(messages.filter(([first]) => first !== "nested")).toEqual([["first", "12", "last"], ["end"]]);
});

describe("a batch whose messages are looked at", () => {
  const plain = (size: number) => Array.from({ length: 1000 }, (_, i) => `${i} `.padEnd(size, "x"));

  test.each([
    { where: "the first", size: 10, place: 0 },
    { where: "one of the first", size: 10, place: 2 },
    { where: "one beyond what is packed at once", size: 200, place: 900 },
    { where: "a frame of one", size: 10, place: 5, within: true },
  ])("by a getter that sends, $where, arrives as it was", async ({ size, place, within }) => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { options: { sndhwm: 0, rcvhwm: 0 } });
    const nested = Array(20).fill("nested message");
    for (const send of ["sendBatch", "sendBatchSync"] as const) {
      const messages: unknown[] = plain(size);
      const value = messages[place];
      const get = () => {
        push.sendBatchSync(nested);
        return value;
      };
      if (within) messages[place] = Object.defineProperty(["head", ""], 1, { get });
      else Object.defineProperty(messages, place, { get });
      void push[send](messages as zmq.MessageData[]);
      void push.send("end");
      const heard: string[] = [];
      while (heard.at(-1) !== "end")
        heard.push(...(await pull.recvBatch()).map((frames) => String(frames.at(-1))));
      expect(heard.filter((text) => text !== "nested message")).toEqual([...plain(size), "end"]);
    }
  });

  test("by a getter that has another send wait, goes behind it", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport: "inproc", options: { sndhwm: 1, rcvhwm: 1 } });
    await push.send("full");
    await push.send("full");
    const messages = plain(10);
    let waits = false;
    Object.defineProperty(messages, 3, {
      get() {
        if (!waits) void push.send(Buffer.alloc(5000, "w"));
        waits = true;
        return "3 xxxxxxxx";
      },
    });
    void push.sendBatch(messages);
    const [, other] = pair(zmq.PULL, zmq.PUSH);
    other.sendBatchSync(Array(500).fill("what another sends meanwhile"));
    const heard: string[] = [];
    while (heard.length < 1003) heard.push(...(await pull.recvBatch()).map((frames) => String(frames[0])));
    expect(heard.slice(0, 3)).toEqual(["full", "full", "w".repeat(5000)]);
    expect(heard.slice(3)).toEqual(plain(10));
  });

  test("by a getter that begins to listen, arrives as it was, and is told so", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport: "inproc", options: { sndhwm: 2, rcvhwm: 1 } });
    const [, other] = pair(zmq.PULL, zmq.PUSH, { options: { sndhwm: 0, rcvhwm: 0 } });
    const told: string[] = [];
    const listen = (event: unknown) => {
      const { socket, frames } = event as { socket: zmq.Socket; frames: Buffer[] };
      if (socket !== push) return;
      told.push(frames.map(String).join());
      other.sendBatchSync(Array(8).fill("what another sends"));
    };
    onTestFinished(() => void unsubscribe("nodezmq:send", listen));
    const small = Array.from({ length: 8 }, (_, i) => `small ${i}`);
    const messages: zmq.MessageData[] = [...small, Buffer.alloc(2000, "L"), ""];
    Object.defineProperty(messages, 9, {
      get: () => {
        subscribe("nodezmq:send", listen);
        return "last";
      },
    });
    const sending = push.sendBatch(messages);
    const heard: string[] = [];
    while (heard.length < 10) heard.push(...(await pull.recvBatch()).map(String));
    await sending;
    const all = [...small, "L".repeat(2000), "last"];
    expect([heard, told]).toEqual([all, all]);
  });

  test("has the length that it had, whatever its getters make of it", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    for (const longer of [false, true]) {
      for (const size of [3, 8]) {
        const messages = Array.from({ length: size }, (_, i) => String(i));
        Object.defineProperty(messages, 1, {
          get: () => {
            if (longer) messages.push("one more");
            else messages.length = 2;
            return "1";
          },
        });
        if (longer) push.sendBatchSync(messages);
        else expect(() => push.sendBatchSync(messages)).toThrow("message 2 must be");
      }
    }
    push.sendBatchSync(
      new Proxy(["a", "b", "c"], {
        get: (target, name) => (name === "length" ? target.length-- : Reflect.get(["a", "b", "c"], name)),
      }),
    );
    await push.send("end");
    const heard: string[] = [];
    while (heard.at(-1) !== "end") heard.push(...(await pull.recvBatch()).map(String));
    expect(heard.join("")).toBe("01201234567abcend");
  });

  test.each([
    [[], "at least one frame"],
    [undefined, "message 500"],
    [{}, "message 500"],
    [["frame", 5], "message 500, frame 1"],
  ])("and has %j among them is refused, and none of it goes", async (wrong, told) => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    for (const size of [10, 300]) {
      const messages: unknown[] = plain(size);
      messages[500] = wrong;
      const error = await push.sendBatch(messages as zmq.MessageData[]).catch((thrown: unknown) => thrown);
      expect(String(error)).toContain(told);
      expect(() => push.sendBatchSync(messages as zmq.MessageData[])).toThrow(told);
    }
    await push.send("the first");
    expect(String(await pull.recv())).toBe("the first");
  });
});

test("methods that a program has replaced see none of the library's memory", () => {
  const [, push] = pair(zmq.PULL, zmq.PUSH, { options: { sndhwm: 2, rcvhwm: 2 } });
  const seen: string[] = [];
  const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
  const places: [object, string][] = [
    ...["set", "slice", "subarray", "fill", "at"].map((name): [object, string] => [typedArray, name]),
    ...["write", "utf8Write", "slice", "subarray"].map((name): [object, string] => [Buffer.prototype, name]),
    [String.prototype, "charCodeAt"],
  ];
  for (const [object, name] of places) {
    const method = Reflect.get(object, name);
    Reflect.set(object, name, function (this: unknown, ...args: unknown[]) {
      if (ArrayBuffer.isView(this) && this.buffer.byteLength >= 4096 * 4) seen.push(name);
      return Reflect.apply(method, this, args);
    });
    onTestFinished(() => {
      Reflect.set(object, name, method);
    });
  }
  for (const frame of ["short", "é".repeat(60), Buffer.alloc(10)]) {
    void push.sendMultipart([frame, frame]).catch(() => {});
    void push.send(frame).catch(() => {});
    void push.sendBatch(Array(100).fill(frame)).catch(() => {}); // has to wait
  }
  expect(seen).toEqual([]);
});

test.each([
  { what: "each in a call", one: (i: number) => [["peer", String(i)]] },
  { what: "in a batch with a large frame", one: (i: number) => [["peer", Buffer.alloc(2000, String(i))]] },
])("the making of an error may send and receive, $what", async ({ one }) => {
  const context = new zmq.Context();
  onTestFinished(() => context.destroy(0));
  const [router, dealer] = [context.socket(zmq.ROUTER), context.socket(zmq.DEALER)];
  router.routerMandatory = true;
  dealer.routingId = "peer";
  router.bind("inproc://errors");
  dealer.connect("inproc://errors");
  await dealer.send("here");
  await router.recvMultipart();
  const [left, right] = pair(zmq.PAIR, zmq.PAIR, { transport: "inproc" });
  left.sendSync("x".repeat(100));
  const received: string[] = [];
  const prepare = Error.prepareStackTrace;
  Error.prepareStackTrace = (error) => {
    if (received.length === 0) {
      received.push(String(right.recvSync({ timeout: 1000 })));
      left.sendMultipartSync(["nested", "message"]);
      received.push(...right.recvMultipartSync({ timeout: 1000 }).map(String));
    }
    return String(error);
  };
  const batch = [1, 2, 3, 4, 5, 6].flatMap(one);
  let error: unknown;
  try {
    router.sendBatchSync([...batch.slice(0, 4), ["nobody", "5"], ...batch.slice(4)] as zmq.MessageData[]);
  } catch (thrown) {
    error = thrown;
    void (thrown as Error).stack; // newer V8s ask for the text here, and not as they take the trace
  } finally {
    Error.prepareStackTrace = prepare;
  }
  expect(error).toMatchObject({ code: "EHOSTUNREACH", sent: 4 });
  expect(received).toEqual(["x".repeat(100), "nested", "message"]);
  for (let i = 0; i < 4; i++) await dealer.recv();
  await expect(dealer.recv(zmq.DONTWAIT)).rejects.toBeInstanceOf(zmq.Again);
});

describe("memory that is shared with libzmq", () => {
  test("cannot be transferred away under a view that tells another buffer", () => {
    const [, push] = pair(zmq.PULL, zmq.PUSH, { transport: "tcp" });
    class Hidden extends Uint8Array {
      override get buffer(): ArrayBuffer {
        return new ArrayBuffer(8);
      }
    }
    const memory = new ArrayBuffer(200_000);
    void push.send(new Hidden(memory), { copy: false });
    try {
      structuredClone(memory, { transfer: [memory] }); // older runtimes copy it, newer ones refuse
    } catch {}
    expect(memory.byteLength).toBe(200_000);
  });

  test("is a copy where the buffer can be resized, whatever it tells", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport: "tcp" });
    const resizable = ArrayBuffer as unknown as new (
      size: number,
      options: { maxByteLength: number },
    ) => ArrayBuffer & { resize(size: number): void };
    const memory = new resizable(200_000, { maxByteLength: 200_000 });
    Object.defineProperty(memory, "resizable", { value: false });
    new Uint8Array(memory).fill(7);
    void push.send(new Uint8Array(memory), { copy: false });
    memory.resize(0);
    expect((await pull.recv()).equals(Buffer.alloc(200_000, 7))).toBe(true);
  });
});
