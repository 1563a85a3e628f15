/** What pyzmq's tests of asyncio show of promises, where no test of ours with another aim does: see pyzmq.md. */
import * as zmq from "nodezmq";
import { expect, onTestFinished, test } from "vitest";
import { code, newContext, pair, rejection } from "./support/sockets.js";

test("zmq.asyncio's context makes sockets that promise", async () => {
  const context = new zmq.asyncio.Context();
  onTestFinished(() => context.destroy(0));
  const push = context.socket(zmq.PUSH);
  expect(push).toBeInstanceOf(zmq.asyncio.Socket);
  const sent = push.send("x", zmq.DONTWAIT);
  expect(sent).toBeInstanceOf(Promise);
  expect(await code(sent)).toBe("EAGAIN");
});

test("two receives of frames share a message, first come, first served", async () => {
  const [push, pull] = pair(zmq.PUSH, zmq.PULL);
  const settled: string[] = [];
  const both = [pull.recvString(), pull.recvString()];
  for (const one of both) one.then((text) => settled.push(text));
  await push.sendMultipart(["hi", "there"]);
  expect(await Promise.all(both)).toEqual(["hi", "there"]);
  expect(settled).toEqual(["hi", "there"]);
});

test.each<[string, (pull: zmq.Socket) => Promise<unknown>, (push: zmq.Socket) => Promise<unknown>, unknown]>([
  ["a string", (pull) => pull.recvString(), (push) => push.sendString("πøøπ"), "πøøπ"],
  ["JSON", (pull) => pull.recvJson(), (push) => push.sendJson({ a: 5 }), { a: 5 }],
])("a receive of %s that waits gets what is sent later", async (_what, receive, send, value) => {
  const [push, pull] = pair(zmq.PUSH, zmq.PULL);
  const received = receive(pull);
  await send(push);
  expect(await received).toEqual(value);
});

test("a receive that gave up at its RCVTIMEO leaves the message to the next, which has another", async () => {
  const [push, pull] = pair(zmq.PUSH, zmq.PULL);
  pull.rcvtimeo = 10;
  const first = pull.recv();
  pull.rcvtimeo = -1;
  const second = pull.recvMultipart();
  expect(await rejection(first)).toBeInstanceOf(zmq.Again);
  await push.sendMultipart(["hi", "there"]);
  expect((await second).map(String)).toEqual(["hi", "there"]);
});

test("a send that nobody takes gives up at its SNDTIMEO", async () => {
  const push = newContext().socket(zmq.PUSH, { sndtimeo: 10 });
  expect(await code(push.send("not going anywhere"))).toBe("EAGAIN");
  expect(await code(push.send("nor this", zmq.DONTWAIT))).toBe("EAGAIN");
  expect(await code(push.sendMultipart(["nor", "this"], zmq.DONTWAIT))).toBe("EAGAIN");
});

test("an aborted receive of JSON leaves the message to the next", async () => {
  const [push, pull] = pair(zmq.PUSH, zmq.PULL);
  const stop = new AbortController();
  const aborted = pull.recvJson({ signal: stop.signal });
  stop.abort("enough");
  await push.sendJson({ a: 5 });
  expect(await rejection(aborted)).toBe("enough");
  expect(await pull.poll()).toBe(zmq.POLLIN);
  expect(await pull.recvJson()).toEqual({ a: 5 });
});

test("a receive that does not wait is Again, or gets what is there", async () => {
  const [push, pull] = pair(zmq.PUSH, zmq.PULL);
  expect(await code(pull.recv(zmq.DONTWAIT))).toBe("EAGAIN");
  await push.send("ping");
  await pull.poll();
  expect(String(await pull.recv(zmq.DONTWAIT))).toBe("ping");
});

test("a poll of its socket waits for a message and takes none", async () => {
  const [push, pull] = pair(zmq.PUSH, zmq.PULL);
  expect([await pull.poll(0), await pull.poll(1)]).toEqual([0, 0]);
  const polled = pull.poll();
  await push.sendMultipart(["hi", "there"]);
  expect(await polled).toBe(zmq.POLLIN);
  expect((await pull.recvMultipart()).map(String)).toEqual(["hi", "there"]);
});

test("a poll whose socket is closed meanwhile does not hang", async () => {
  const [, pull] = pair(zmq.PUSH, zmq.PULL);
  const polled = code(pull.poll());
  pull.close();
  expect(await polled).toBe("ENOTSOCK");
});

test("polls that are aborted leave nothing on the signal nor on the socket", async () => {
  const [push, pull] = pair(zmq.PUSH, zmq.PULL);
  for (let i = 0; i < 10; i++) {
    const stop = new AbortController();
    const polled = pull.poll(-1, zmq.POLLIN, { signal: stop.signal });
    stop.abort(i);
    expect(await rejection(polled)).toBe(i);
  }
  await push.send("x");
  expect(await pull.recvString()).toBe("x");
});
