/** What pyzmq's own tests of its Socket show, where no test of ours with another aim does: see pyzmq.md. */
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { bound, code, newContext, pair, publisher, rejection } from "./support/sockets.js";

describe("options", () => {
  test("hold a routing id with NULs in it", () => {
    const id = Buffer.from("identity\0\0");
    const pull = newContext().socket(zmq.PULL);
    pull.routingId = id;
    expect(pull.get(zmq.IDENTITY)).toEqual(id);
  });

  test("hwm is 1000 at first, and then what it was set to, for both directions, whatever the type", () => {
    const context = newContext();
    for (const type of [zmq.PUB, zmq.ROUTER, zmq.SUB, zmq.REQ, zmq.DEALER]) {
      using socket = context.socket(type);
      expect(socket.hwm).toBe(1000);
      socket.hwm = 100;
      expect([socket.hwm, socket.sndhwm, socket.rcvhwm]).toEqual([100, 100, 100]);
    }
  });

  test("of text go in the encoding of the program's choice, those of numbers never", () => {
    const dealer = newContext().socket(zmq.DEALER);
    dealer.setString(zmq.IDENTITY, "tést", "utf16le");
    expect(dealer.get(zmq.IDENTITY)).toEqual(Buffer.from("tést", "utf16le"));
    expect(dealer.getString(zmq.IDENTITY, "utf16le")).toBe("tést");
    expect(() => dealer.setsockopt(zmq.AFFINITY, "tést" as never)).toThrow(TypeError);
    expect(() => dealer.getString(zmq.AFFINITY)).toThrow(TypeError);
  });

  test("that can only be written or only be read say so", () => {
    const sub = newContext().socket(zmq.SUB);
    expect(() => sub.getString(zmq.SUBSCRIBE)).toThrow(expect.objectContaining({ code: "EINVAL" }));
    expect(() => sub.setsockopt(zmq.EVENTS, 127)).toThrow(expect.objectContaining({ code: "EINVAL" }));
  });

  test("that nobody knows are EINVAL, and SUBSCRIBE is for no PUB", () => {
    const pub = newContext().socket(zmq.PUB);
    const invalid = expect.objectContaining({ code: "EINVAL" });
    expect(() => pub.setsockopt(9999, 5)).toThrow(invalid);
    expect(() => pub.getsockopt(9999)).toThrow(invalid);
    expect(() => pub.setsockopt(zmq.SUBSCRIBE, "hi")).toThrow(invalid);
  });
});

describe("messages", () => {
  test("text arrives as it was, in whichever encoding both ends agree on", async () => {
    const [left, right] = pair(zmq.PAIR, zmq.PAIR);
    await left.sendString("çπ§");
    expect(await right.recv()).toEqual(Buffer.from("çπ§"));
    await left.sendString("çπ§", { encoding: "utf16le" });
    expect(await right.recvString({ encoding: "utf16le" })).toBe("çπ§");
    await left.sendString("tést", { flags: zmq.SNDMORE });
    await left.sendString("tésttést", { encoding: "latin1" });
    expect(await right.recvString()).toBe("tést");
    expect(await right.recvString({ encoding: "latin1" })).toBe("tésttést");
  });

  test("one frame that is no data spoils the message, and the next one arrives alone", async () => {
    const [left, right] = pair(zmq.PAIR, zmq.PAIR);
    expect(await rejection(left.sendMultipart(["a", 5 as never]))).toBeInstanceOf(TypeError);
    await left.sendMultipart(["b"]);
    expect((await right.recvMultipart()).map(String)).toEqual(["b"]);
  });

  test("the program's own packing carries routing ids there and back", async () => {
    interface Letter {
      identities: readonly Buffer[];
      content: unknown;
    }
    const pack = ({ identities, content }: Letter) => [...identities, JSON.stringify(content)];
    const unpack = (frames: Buffer[]): Letter => ({
      identities: frames.slice(0, -1),
      content: JSON.parse(String(frames.at(-1))),
    });
    const [dealer, router] = pair(zmq.DEALER, zmq.ROUTER);
    const content = { a: 5, b: "bee" };
    await dealer.sendSerialized({ identities: [], content }, pack);
    const received = await router.recvSerialized(unpack);
    expect([received.content, received.identities.length]).toEqual([content, 1]);
    await router.sendSerialized(received, pack);
    expect(await dealer.recvSerialized(unpack)).toEqual({ identities: [], content });
  });

  test("packing that makes no frames is a TypeError, and unpacking that fails is its error", async () => {
    const [dealer, router] = pair(zmq.DEALER, zmq.ROUTER);
    const wrong = JSON.stringify as unknown as (value: unknown) => string[];
    expect(await rejection(dealer.sendSerialized({ a: 5 }, wrong))).toBeInstanceOf(TypeError);
    await dealer.send("not json");
    const unpack = (frames: Buffer[]): unknown => JSON.parse(String(frames.at(-1)));
    expect(await rejection(router.recvSerialized(unpack))).toBeInstanceOf(SyntaxError);
  });

  test("poll tells of room and of messages, and of nothing when it has been read", async () => {
    const [left, right] = pair(zmq.PAIR, zmq.PAIR);
    expect(await left.poll(10)).toBe(0);
    expect(await left.poll(10, zmq.POLLOUT)).toBe(zmq.POLLOUT);
    await left.send("hi");
    expect(await right.poll()).toBe(zmq.POLLIN);
    expect(await right.recvString()).toBe("hi");
    expect(await right.poll(10)).toBe(0);
  });

  test("a subscription that is taken back brings nothing more", async () => {
    const [pub, sub] = await publisher(1, { topic: "prefix" });
    await pub.send("prefix message");
    expect(await sub?.recvString()).toBe("prefix message");
    sub?.unsubscribe("prefix");
    expect(await pub.recv()).toEqual(Buffer.from("\0prefix"));
    await pub.send("prefix message");
    expect(await sub?.poll(10)).toBe(0);
  });

  test("an endpoint that is left at the end of its block is no way any more", async () => {
    const context = newContext();
    const [push, pull] = [context.socket(zmq.PUSH), context.socket(zmq.PULL)];
    const address = bound(push);
    {
      using connected = pull.connect(address);
      expect(String(connected)).toBe(address);
      await push.send("hi");
      expect(await pull.recvString()).toBe("hi");
    }
    // libzmq takes the pipe away by messages between its threads: the socket hears of them when it is asked.
    while (((await push.poll(0, zmq.POLLOUT)) & zmq.POLLOUT) !== 0);
    expect(await code(push.send("hi", zmq.DONTWAIT))).toBe("EAGAIN");
    expect(await code(pull.recv(zmq.DONTWAIT))).toBe("EAGAIN");
  });
});

describe("a socket of a program's own class", () => {
  class Mine extends zmq.Socket {
    note: number | null = null;
    constructor(context: zmq.Context, type: number) {
      super(context, type);
      this.note = -1;
    }
  }

  test("keeps the properties that the class gives it", () => {
    using socket = new Mine(newContext(), zmq.REP);
    expect(socket.note).toBe(-1);
    socket.note = 1;
    expect([socket.note, socket.type]).toEqual([1, zmq.REP]);
  });

  test("is shadowed over tcp as any other", async () => {
    const context = newContext();
    using push = new Mine(context, zmq.PUSH);
    const pull = context.socket(zmq.PULL);
    const [front, back] = [zmq.Socket.shadow(push.underlying), zmq.Socket.shadow(pull)];
    expect([front.underlying, back.underlying]).toEqual([push.underlying, pull.underlying]);
    expect(front.underlying).not.toBe(back.underlying);
    back.connect(bound(push, "tcp"));
    await front.send("hi");
    expect(await back.recvString()).toBe("hi");
  });
});
