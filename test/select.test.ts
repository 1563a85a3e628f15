import * as zmq from "nodezmq";
import { expect, test } from "vitest";
import { fdOf, streams } from "./support/life-net.js";
import { failure, newContext, pair } from "./support/life-own.js";

const connected = (): [zmq.Socket, zmq.Socket] =>
  pair(newContext(), zmq.PAIR, zmq.PAIR, "inproc://selected") as [zmq.Socket, zmq.Socket];

test("select sorts what is ready into readable, writable and broken", async () => {
  const [a, b] = connected();
  await a.send("x");
  await b.poll();
  expect(await zmq.select([a, b], [a, b], [a, b])).toEqual([[b], [a, b], []]);
  expect(await zmq.select([b, a], [b], [])).toEqual([[b], [b], []]);
});

test("select waits until something is ready", async () => {
  const [a, b] = connected();
  const selected = zmq.select([a, b], [], []);
  await a.send("x");
  expect(await selected).toEqual([[b], [], []]);
  const context = newContext();
  const push = context.socket(zmq.PUSH);
  const writable = zmq.select([], [push], []);
  const pull = context.socket(zmq.PULL);
  pull.bind("inproc://p");
  push.connect("inproc://p");
  expect(await writable).toEqual([[], [push], []]);
});

test("select takes seconds: 0 does not wait, none and negative ones wait for ever", async () => {
  const [a, b] = connected();
  expect(await zmq.select([a], [], [], 0)).toEqual([[], [], []]);
  const begin = performance.now();
  expect(await zmq.select([a], [], [], 0.02)).toEqual([[], [], []]);
  expect(performance.now() - begin).toBeGreaterThan(18);
  for (const timeout of [undefined, null, -1, -0.001, 1e9, Number.POSITIVE_INFINITY]) {
    const selected = zmq.select([a], [], [], timeout);
    await b.send("x");
    expect(await selected).toEqual([[a], [], []]);
    await a.recv();
  }
});

test("select takes any iterable, also empty ones, and the same socket in several lists", async () => {
  const [a] = connected();
  expect(await zmq.select([], [], [])).toEqual([[], [], []]);
  expect(await zmq.select([], [], [], 1000)).toEqual([[], [], []]);
  expect(await zmq.select(new Set([a]), new Set([a, a]), new Set([a]))).toEqual([[], [a], []]);
});

test("select gives descriptors back as they were given", async () => {
  const [near, far] = await streams();
  const fd = fdOf(near);
  const object = { fileno: () => fd };
  const [a, b] = connected();
  const socket = zmq.select([fd, object, a], [], [fd]);
  await b.send("x");
  expect(await socket).toEqual([[a], [], []]);
  const descriptors = zmq.select([object, fd], [], []);
  far.write("x");
  expect(await descriptors).toEqual([[object, fd], [], []]);
  expect(await zmq.select([fd], [object], [fd])).toEqual([[fd], [object], []]);
});

test("select rejects what cannot be polled, closed sockets, and with the signal's reason", async () => {
  const [a, b] = connected();
  expect(await failure(zmq.select(["x" as never], [], []))).toBeInstanceOf(TypeError);
  expect(await failure(zmq.select(undefined as never, [], []))).toBeInstanceOf(TypeError);
  expect(await failure(zmq.select([a], [], [], "1" as never))).toBeInstanceOf(TypeError);
  expect(await failure(zmq.select([-1], [], []))).toBeInstanceOf(RangeError);
  const stop = new AbortController();
  const pending = failure(zmq.select([a], [], [], -1, { signal: stop.signal }));
  stop.abort("enough");
  expect(await pending).toBe("enough");
  const closed = failure(zmq.select([a], [], []));
  a.close();
  expect((await closed).code).toBe("ENOTSOCK");
  expect((await failure(zmq.select([b], [a], []))).code).toBe("ENOTSOCK");
});
