/** What pyzmq's tests of pair, reqrep, pubsub and poll show, where no test of ours with another aim does: see pyzmq.md. */
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { code, newContext, pair, publisher } from "./support/sockets.js";

/** There and back: what the first socket asks the second answers with the same. */
async function pingPong(left: zmq.Socket, right: zmq.Socket, message: string): Promise<string> {
  await left.send(message);
  await right.send(await right.recv());
  return left.recvString();
}

describe.each([
  ["PAIR", zmq.PAIR, zmq.PAIR],
  ["REQ and REP", zmq.REQ, zmq.REP],
] as const)("%s", (_name, left, right) => {
  test("carry a message there and back, again and again, empty ones too", async () => {
    const [first, second] = pair(left, right);
    for (let i = 0; i < 10; i++) expect(await pingPong(first, second, " ".repeat(i))).toBe(" ".repeat(i));
  });

  test("carry 10,000 bytes there and back", async () => {
    const [first, second] = pair(left, right, { transport: "tcp" });
    const large = "X".repeat(10_000);
    for (let i = 0; i < 10; i++) expect(await pingPong(first, second, large)).toBe(large);
  });

  test("carry JSON there and back", async () => {
    const [first, second] = pair(left, right);
    const value = { a: 10, b: [0, 1, 2, 3] };
    await first.sendJson(value);
    await second.sendJson(await second.recvJson());
    expect(await first.recvJson()).toEqual(value);
  });
});

test("PAIR takes ten messages of both ends before either reads", async () => {
  const [left, right] = pair(zmq.PAIR, zmq.PAIR);
  for (const socket of [left, right]) for (let i = 0; i < 10; i++) await socket.send("x".repeat(i));
  for (const socket of [left, right]) {
    for (let i = 0; i < 10; i++) expect(await socket.recvString()).toBe("x".repeat(i));
  }
});

test("REQ and REP out of turn are EFSM, and go on in turn", async () => {
  const [req, rep] = pair(zmq.REQ, zmq.REP);
  for (const copy of [true, false]) {
    expect(await code(req.recv({ copy }))).toBe("EFSM");
    expect(await code(rep.send("x", { copy }))).toBe("EFSM");
  }
  expect(await pingPong(req, rep, "x")).toBe("x");
});

test("SUB hears its topic, and of nothing else", async () => {
  const [pub, sub] = await publisher(1, { topic: "x" });
  await pub.send("message");
  await pub.send("xmessage");
  expect(await sub?.recvString()).toBe("xmessage");
  expect(await code((sub as zmq.Socket).recv(zmq.DONTWAIT))).toBe("EAGAIN");
});

describe("Poller.poll tells the state of", () => {
  const BOTH = zmq.POLLIN | zmq.POLLOUT;

  /** A poller of the sockets, and a look at it that waits until the first is in the state that is expected of it. */
  function look(...sockets: zmq.Socket[]): () => Promise<(number | undefined)[]> {
    const poller = new zmq.Poller();
    for (const socket of sockets) poller.register(socket, BOTH);
    return async () => {
      const states = new Map(await poller.poll(0));
      return sockets.map((socket) => states.get(socket));
    };
  }

  /** Messages and room between sockets take a moment, on libzmq's threads. */
  const arrived = (socket: zmq.Socket, events = zmq.POLLIN) => socket.poll(-1, events);

  test("two PAIRs", async () => {
    const [left, right] = pair(zmq.PAIR, zmq.PAIR, { transport: "tcp" });
    const states = look(left, right);
    for (const socket of [left, right]) await arrived(socket, zmq.POLLOUT);
    expect(await states()).toEqual([zmq.POLLOUT, zmq.POLLOUT]);
    await left.send("msg1");
    await right.send("msg2");
    for (const socket of [left, right]) await arrived(socket);
    expect(await states()).toEqual([BOTH, BOTH]);
    await left.recv();
    await right.recv();
    expect(await states()).toEqual([zmq.POLLOUT, zmq.POLLOUT]);
  });

  test("REP and REQ, through a question and its answer", async () => {
    const [rep, req] = pair(zmq.REP, zmq.REQ, { transport: "tcp" });
    const states = look(rep, req);
    await arrived(req, zmq.POLLOUT);
    expect(await states()).toEqual([undefined, zmq.POLLOUT]);
    await req.send("question");
    expect((await states())[1]).toBeUndefined();
    await arrived(rep);
    expect(await states()).toEqual([zmq.POLLIN, undefined]);
    await rep.recv();
    expect(await states()).toEqual([zmq.POLLOUT, undefined]);
    await rep.send("answer");
    expect((await states())[0]).toBeUndefined();
    await arrived(req);
    expect(await states()).toEqual([undefined, zmq.POLLIN]);
    await req.recv();
    expect(await states()).toEqual([undefined, zmq.POLLOUT]);
  });

  test("a publisher, which can always send, and its subscriber", async () => {
    const [xpub, sub] = (await publisher(1, { transport: "tcp" })) as [zmq.Socket, zmq.Socket];
    const states = look(xpub, sub);
    expect(await states()).toEqual([zmq.POLLOUT, undefined]);
    await xpub.send("message");
    expect((await states())[0]).toBe(zmq.POLLOUT);
    await arrived(sub);
    expect(await states()).toEqual([zmq.POLLOUT, zmq.POLLIN]);
    await sub.recv();
    expect(await states()).toEqual([zmq.POLLOUT, undefined]);
  });

  test("nothing, where no events are asked for", () => {
    const context = newContext();
    const [one, other] = [context.socket(zmq.PAIR), context.socket(zmq.PAIR)];
    const poller = new zmq.Poller();
    poller.register(one, BOTH);
    poller.register(other, 0);
    expect([poller.has(one), poller.has(other)]).toEqual([true, false]);
    poller.register(one, 0);
    expect(poller.has(one)).toBe(false);
  });
});

test("select names the sockets that may send, and none as readable", async () => {
  const [left, right] = pair(zmq.PAIR, zmq.PAIR);
  const both = [left, right];
  const [readable, writable, broken] = await zmq.select(both, both, both);
  expect(writable).toEqual(both);
  expect([readable, broken]).toEqual([[], []]);
});
