/** What pyzmq's own tests of ZMQStream show, where no test of ours with another aim does: see pyzmq.md. */
import * as zmq from "nodezmq";
import { ZMQStream } from "nodezmq/eventloop/zmqstream";
import { expect, test } from "vitest";
import { newContext, pair, turn } from "./support/sockets.js";

/** The first message that a stream receives. */
const first = (stream: ZMQStream): Promise<string[]> =>
  new Promise((resolve) => stream.onRecv((frames: Buffer[]) => resolve(frames.map(String))));

test("what was sent before the callback was there is told to it", async () => {
  const [push, pull] = pair(zmq.PUSH, zmq.PULL, { transport: "tcp" });
  await push.sendMultipart(["basic"]);
  await pull.poll();
  expect(await first(new ZMQStream(pull))).toEqual(["basic"]);
});

test("a stream whose loop has long been idle wakes up", async () => {
  const [push, pull] = pair(zmq.PUSH, zmq.PULL, { transport: "tcp" });
  const received = first(new ZMQStream(pull));
  for (let i = 0; i < 100; i++) await turn();
  new ZMQStream(push).sendMultipart(["wake"]);
  expect(await received).toEqual(["wake"]);
});

test("an async callback may wait before it does anything with the message", async () => {
  const [push, pull] = pair(zmq.PUSH, zmq.PULL);
  const stream = new ZMQStream(pull);
  const received = new Promise<string[]>((resolve) => {
    stream.onRecv(async (frames: Buffer[]) => {
      await turn();
      resolve(frames.map(String));
    });
  });
  await push.send("wake");
  expect(await received).toEqual(["wake"]);
});

test("a stream of a shadow receives, and ends when the socket is closed by its other face", async () => {
  const [push, pull] = pair(zmq.PUSH, zmq.PULL, { context: newContext() });
  const shadow = zmq.Socket.shadow(pull);
  const stream = new ZMQStream(shadow);
  expect(stream.socket?.underlying).toBe(pull.underlying);
  const seen: string[] = [];
  const closed = new Promise<void>((resolve) => {
    stream.setCloseCallback(() => resolve());
  });
  await push.sendBatch(["0", "1", "2"]);
  stream.onRecv((frames: Buffer[]) => {
    seen.push(String(frames[0]));
    pull.close();
  });
  await closed;
  expect([seen, shadow.closed, stream.closed()]).toEqual([["0"], true, true]);
});
