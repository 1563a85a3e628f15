/** Types of sockets whose messages have a certain number of frames: what they refuse, and what works after that. */
import { createSocket } from "node:dgram";
import { on, once } from "node:events";
import net from "node:net";
import * as zmq from "nodezmq";
import { describe, expect, onTestFinished, test } from "vitest";
import { bound, newContext, pair, rejection } from "./support/sockets.js";

interface Side {
  /** As plain Socket: the wrong calls have to compile. */
  socket: zmq.Socket;
  /** The first frame of a message to the peer. */
  to: Buffer;
  /** What the peer has got when there is a full stop. */
  heard(): Promise<string>;
}

/** What the peer gets from now on, up to each full stop. */
function reader(peer: NodeJS.EventEmitter, event: string): () => Promise<string> {
  const events = on(peer, event);
  return async () => {
    let all = "";
    while (!all.endsWith(".")) all += String((await events.next()).value[0]);
    return all;
  };
}

const sides: Record<"STREAM" | "DGRAM", () => Promise<Side>> = {
  async STREAM() {
    const socket = newContext().socket(zmq.STREAM);
    socket.bind("tcp://127.0.0.1:*");
    const peer = net.connect(Number(new URL(socket.lastEndpoint).port), "127.0.0.1");
    onTestFinished(() => void peer.destroy());
    const [to] = await socket.recvMultipart();
    return { socket, to: to as Buffer, heard: reader(peer, "data") };
  },
  async DGRAM() {
    const socket = newContext().socket(zmq.DGRAM);
    socket.bind("udp://127.0.0.1:*");
    const peer = createSocket("udp4");
    onTestFinished(() => void peer.close());
    peer.bind(0, "127.0.0.1");
    await once(peer, "listening");
    const to = Buffer.from(`127.0.0.1:${peer.address().port}`);
    return { socket, to, heard: reader(peer, "message") };
  },
};

const EINVAL = {
  code: "EINVAL",
  message: expect.stringMatching(/a (STREAM|DGRAM) message is \[\w+, data\]; got/),
};

const caught = async (call: () => unknown): Promise<unknown> => rejection((async () => await call())());

describe.each(["STREAM", "DGRAM"] as const)("a message of %s is a pair", (type) => {
  const wrong: Record<string, (side: Side) => unknown> = {
    "send of one frame": ({ socket }) => socket.send("alone."),
    "send of one frame with options": ({ socket }) => socket.send("alone.", { timeout: 1000 }),
    "sendSync of one frame": ({ socket }) => socket.sendSync("alone."),
    "sendString of one frame": ({ socket }) => socket.sendString("alone."),
    "sendMultipart of one": ({ socket, to }) => socket.sendMultipart([to]),
    "sendMultipart of three": ({ socket, to }) => socket.sendMultipart([to, "two.", "three."]),
    "sendMultipart of four": ({ socket, to }) => socket.sendMultipart([to, "two.", to, "four."]),
    "sendMultipart of three with options": ({ socket, to }) =>
      socket.sendMultipart([to, "two.", "three."], zmq.DONTWAIT, { copy: false }),
    "sendMultipart of three with SNDMORE": ({ socket, to }) =>
      socket.sendMultipart([to, "two.", "three."], zmq.SNDMORE),
    "sendMultipartSync of three": ({ socket, to }) => socket.sendMultipartSync([to, "two.", "three."]),
    "sendMultipartSync of three with options": ({ socket, to }) =>
      socket.sendMultipartSync([to, "two.", "three."], { timeout: 1000 }),
    "sendSerialized of three": ({ socket, to }) => socket.sendSerialized(to, (id) => [id, "two.", "three."]),
  };

  test.each(Object.entries(wrong))("%s is EINVAL, and what comes after arrives", async (_, call) => {
    const side = await sides[type]();
    expect(await caught(() => call(side))).toMatchObject(EINVAL);
    await side.socket.sendMultipart([side.to, "right."]);
    expect(await side.heard()).toBe("right.");
    side.socket.sendMultipartSync([side.to, "right again."]);
    expect(await side.heard()).toBe("right again.");
  });

  test("a batch with a message that is none is refused as a whole", async () => {
    const { socket, to, heard } = await sides[type]();
    for (const message of ["alone.", [to], [to, "two.", "three."]]) {
      const batch = [[to, "first."], message, [to, "last."]];
      const error = { code: "EINVAL", message: expect.stringContaining("message 1: a"), sent: 0 };
      expect(await rejection(socket.sendBatch(batch))).toMatchObject(error);
      expect(await caught(() => socket.sendBatchSync(batch))).toMatchObject(error);
    }
    await socket.sendBatch([[to, "right."]]);
    expect(await heard()).toBe("right.");
    const many = Array.from({ length: 9 }, (_, i) => [to, `${i}.`]);
    socket.sendBatchSync(many);
    let all = "";
    while (!all.endsWith("8.")) all += await heard();
    expect(all).toBe("0.1.2.3.4.5.6.7.8.");
  });

  test("its halves may be sent one by one, the first with SNDMORE", async () => {
    const { socket, to, heard } = await sides[type]();
    await socket.send(to, zmq.SNDMORE);
    expect(await rejection(socket.sendMultipart([to, "whole."]))).toMatchObject(EINVAL);
    expect(await rejection(socket.sendBatch([[to, "whole."]]))).toMatchObject({ ...EINVAL, sent: 0 });
    await socket.send("half.");
    expect(await heard()).toBe("half.");
    socket.sendSync(to, zmq.SNDMORE);
    await socket.sendMultipart(["the other."]);
    expect(await heard()).toBe("the other.");
    await socket.sendMultipart([to, "whole."]);
    expect(await heard()).toBe("whole.");
  });
});

test("the data of a STREAM may have SNDMORE, as in libzmq's manual; that of a DGRAM may not", async () => {
  const stream = await sides.STREAM();
  for (const text of ["one.", "two."]) {
    await stream.socket.send(stream.to, zmq.SNDMORE);
    await stream.socket.send(text, zmq.SNDMORE);
    expect(await stream.heard()).toBe(text);
  }
  await stream.socket.sendMultipart([stream.to, "three."], zmq.SNDMORE);
  expect(await stream.heard()).toBe("three.");
  const dgram = await sides.DGRAM();
  await dgram.socket.send(dgram.to, zmq.SNDMORE);
  expect(await rejection(dgram.socket.send("one.", zmq.SNDMORE))).toMatchObject(EINVAL);
  await dgram.socket.send("two.");
  expect(await dgram.heard()).toBe("two.");
});

test("a STREAM that does not know the peer has not begun a message", async () => {
  const { socket, to, heard } = await sides.STREAM();
  expect(await rejection(socket.send("nobody", zmq.SNDMORE))).toMatchObject({ code: "EHOSTUNREACH" });
  expect(await rejection(socket.sendMultipart(["nobody", "x"]))).toMatchObject({ code: "EHOSTUNREACH" });
  await socket.sendMultipart([to, "known."]);
  expect(await heard()).toBe("known.");
});

const single = {
  CLIENT: zmq.CLIENT,
  SERVER: zmq.SERVER,
  RADIO: zmq.RADIO,
  SCATTER: zmq.SCATTER,
  PEER: zmq.PEER,
  CHANNEL: zmq.CHANNEL,
};

describe("a type whose messages have one frame says so when it refuses more:", () => {
  test.each(Object.entries(single))("%s", async (name, type) => {
    const socket: zmq.Socket = newContext().socket(type);
    bound(socket);
    const refused = { code: "EINVAL", message: expect.stringContaining(`a ${name} message has one frame`) };
    expect(await rejection(socket.sendMultipart(["a", "b"]))).toMatchObject(refused);
    expect(await rejection(socket.sendMultipart(["a", "b"], { timeout: 9 }))).toMatchObject(refused);
    expect(await rejection(socket.send("a", zmq.SNDMORE))).toMatchObject(refused);
    expect(await caught(() => socket.sendSync("a", zmq.SNDMORE))).toMatchObject(refused);
    expect(await caught(() => socket.sendMultipartSync(["a", "b"]))).toMatchObject(refused);
    expect(await rejection(socket.sendBatch([["a", "b"]]))).toMatchObject({ ...refused, sent: 0 });
    expect(await caught(() => socket.sendBatchSync([["a", "b"]]))).toMatchObject({ ...refused, sent: 0 });
  });

  test("a send that has waited, too", async () => {
    const context = newContext();
    const client: zmq.Socket = context.socket(zmq.CLIENT);
    const first = client.send("a");
    const second = rejection(client.sendMultipart(["b", "c"]));
    const server = context.socket(zmq.SERVER);
    client.connect(bound(server));
    await first;
    expect(await second).toMatchObject({
      message: expect.stringContaining("a CLIENT message has one frame"),
    });
  });
});

test.each([
  ["SERVER", zmq.SERVER, zmq.CLIENT],
  ["PEER", zmq.PEER, zmq.PEER],
] as const)("%s says that it needs a routingId, and which is nobody's", async (name, type, peer) => {
  const [socket] = pair(type, peer);
  const needs = {
    code: "EHOSTUNREACH",
    message: expect.stringContaining(`a ${name} message needs the routingId`),
  };
  expect(await rejection(socket.send("x"))).toMatchObject(needs);
  expect(await rejection(socket.send("x", { timeout: 9 }))).toMatchObject(needs);
  expect(await caught(() => socket.sendSync("x"))).toMatchObject(needs);
  expect(await rejection(socket.sendBatch(["x"]))).toMatchObject(needs);
  const nobody = { code: "EHOSTUNREACH", message: expect.stringContaining("no peer has the routingId 99") };
  expect(await rejection(socket.send("x", { routingId: 99 }))).toMatchObject(nobody);
  const frame = new zmq.Frame("x");
  frame.routingId = 99;
  expect(await rejection(socket.send(frame))).toMatchObject(nobody);
});
