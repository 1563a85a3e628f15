import * as zmq from "nodezmq";
import * as ioloop from "nodezmq/eventloop/ioloop";
import { ZMQStream } from "nodezmq/eventloop/zmqstream";
import { describe, expect, test, vi } from "vitest";
import { run } from "./support/life-child.js";
import { until } from "./support/life-own.js";
import { pair, rejection, turn } from "./support/sockets.js";

const { IOLoop, PeriodicCallback } = ioloop;

test("start lasts until stop", async () => {
  const loop = new IOLoop();
  const steps: string[] = [];
  loop.addCallback((step: string) => steps.push(step), "callback");
  loop.callLater(0.001, () => {
    steps.push("stop");
    loop.stop();
  });
  await loop.start();
  expect(steps).toEqual(["callback", "stop"]);
});

test("instance is one loop, and current the one that was made current", () => {
  expect(IOLoop.instance()).toBe(IOLoop.instance());
  expect(IOLoop.current()).toBe(IOLoop.instance());
  const other = new IOLoop();
  other.makeCurrent();
  expect(IOLoop.current()).toBe(other);
  other.close();
  expect(IOLoop.current()).toBe(IOLoop.instance());
  IOLoop.clearCurrent();
  expect(IOLoop.current()).toBe(IOLoop.instance());
  ioloop.install();
  expect(ioloop.ZMQIOLoop).toBe(IOLoop);
});

test("a loop runs once at a time, and again after it has been stopped", async () => {
  const loop = new IOLoop();
  const started = loop.start();
  expect(await rejection(loop.start())).toMatchObject({ message: "IOLoop is already running" });
  expect(await rejection(loop.runSync(() => 1))).toMatchObject({ message: "IOLoop is already running" });
  loop.stop();
  await started;
  loop.addCallback(() => loop.stop());
  await loop.start();
  loop.close();
  expect(await rejection(loop.start())).toMatchObject({ message: "IOLoop is closed" });
});

test("a stop that comes before the start ends it after one turn", async () => {
  const loop = new IOLoop();
  const called = vi.fn();
  loop.addCallback(called);
  loop.stop();
  await loop.start();
  expect(called).toHaveBeenCalledTimes(1);
});

test("a stopped loop holds its streams and timers until it is started again", async () => {
  const loop = new IOLoop();
  const [push, pull] = pair(zmq.PUSH, zmq.PULL);
  const stream = new ZMQStream(pull, loop);
  const got: string[] = [];
  stream.onRecv(([frame]: Buffer[]) => {
    got.push(String(frame));
    loop.stop();
  });
  const late = vi.fn();
  await push.sendBatch(["1", "2"]);
  await loop.start();
  loop.callLater(0, late);
  const timer = loop.callLater(0, late);
  loop.removeTimeout(timer);
  expect(got).toEqual(["1"]);
  for (let i = 0; i < 5; i++) await turn();
  expect(got).toEqual(["1"]);

  await loop.start();
  expect(got).toEqual(["1", "2"]);
});

test("a stream made after the loop was stopped works", async () => {
  const loop = new IOLoop();
  loop.addCallback(() => loop.stop());
  await loop.start();
  const [push, pull] = pair(zmq.PUSH, zmq.PULL);
  const got = vi.fn();
  new ZMQStream(pull, loop).onRecv(got);
  new ZMQStream(push, loop).send("x");
  await until(() => got.mock.calls.length === 1);
});

test("runSync runs to the end of the function, and gives its result", async () => {
  const loop = new IOLoop();
  expect(await loop.runSync(() => 1)).toBe(1);
  expect(await loop.runSync(async () => 2)).toBe(2);
  expect(await rejection(loop.runSync(() => Promise.reject(new Error("no"))))).toMatchObject({
    message: "no",
  });
  expect(await rejection(loop.runSync(() => new Promise(() => {}), 0.001))).toMatchObject({
    message: "Operation timed out after 0.001 seconds",
  });
  expect(await rejection(loop.runSync(() => new Promise(() => loop.stop())))).toMatchObject({
    message: "Event loop stopped before the call was completed",
  });
  expect(await rejection(loop.runSync(5 as never))).toBeInstanceOf(TypeError);
  expect(await loop.runSync(() => 3, 10)).toBe(3);
});

test("timers take delays and times in seconds, or a Date", async () => {
  const loop = new IOLoop();
  expect(Math.abs(loop.time() - Date.now() / 1000)).toBeLessThan(1);
  const steps: string[] = [];
  const step = (name: string): number => steps.push(name);
  const forgotten = loop.callLater(0, step, "forgotten");
  loop.removeTimeout(forgotten);
  loop.removeTimeout(forgotten);
  loop.addTimeout(loop.time() - 1, step, "past");
  loop.addTimeout(new Date(0), step, "1970");
  loop.callAt(loop.time(), step, "now");
  const distant = loop.callLater(1e9, step, "distant");
  await until(() => steps.length === 3);
  loop.removeTimeout(distant);
  expect(steps.sort()).toEqual(["1970", "now", "past"]);
});

test("addFuture tells of a promise's end, whatever it is", async () => {
  const loop = new IOLoop();
  const ends: Promise<unknown>[] = [];
  const [good, bad] = [Promise.resolve(1), Promise.reject(new Error("bad"))];
  loop.addFuture(good, (future) => ends.push(future));
  loop.addFuture(bad, (future) => ends.push(future));
  await until(() => ends.length === 2);
  expect(ends).toEqual([good, bad]);
});

test("arguments of the wrong type are TypeErrors", () => {
  const loop = new IOLoop();
  expect(() => loop.addCallback(null as never)).toThrow(TypeError);
  expect(() => loop.callLater("1" as never, () => {})).toThrow(TypeError);
  expect(() => loop.callLater(Number.NaN, () => {})).toThrow(TypeError);
  expect(() => loop.callLater(1, 5 as never)).toThrow(TypeError);
  expect(() => loop.removeTimeout({} as never)).toThrow(TypeError);
  expect(() => new PeriodicCallback(5 as never, 1)).toThrow(TypeError);
  for (const time of [0, -1, Number.NaN, "x"]) {
    expect(() => new PeriodicCallback(() => {}, time as never)).toThrow(TypeError);
  }
});

describe("a PeriodicCallback", () => {
  test("calls again and again until it is stopped", async () => {
    let calls = 0;
    const periodic = new PeriodicCallback(() => {
      calls++;
      if (calls === 3) periodic.stop();
    }, 1);
    expect(periodic.isRunning()).toBe(false);
    periodic.start();
    periodic.start();
    expect(periodic.isRunning()).toBe(true);
    await until(() => calls === 3);
    expect(periodic.isRunning()).toBe(false);
    await turn();
    expect(calls).toBe(3);
  });

  test("waits for an async callback", async () => {
    let within = 0;
    let most = 0;
    let calls = 0;
    const periodic = new PeriodicCallback(
      async () => {
        most = Math.max(most, ++within);
        for (let i = 0; i < 10; i++) await turn();
        within--;
        calls++;
      },
      0.01,
      0.1,
    );
    periodic.start();
    await until(() => calls === 3);
    periodic.stop();
    expect(most).toBe(1);
  });
});

describe.concurrent("in a process of its own", () => {
  test("a running loop keeps it alive, and a stopped one lets it end, whatever is bound to it", async ({
    expect,
  }) => {
    const outcome = await run(`
      const { IOLoop, PeriodicCallback } = zmq.eventloop.ioloop;
      const loop = IOLoop.instance();
      new PeriodicCallback(() => say("tick"), 1e6).start();
      loop.callLater(1e6, () => {});
      process.once("beforeExit", () => say("let go"));
      loop.start().then(() => say("stopped"));
      setTimeout(() => loop.stop(), 20).unref();
    `);
    expect(outcome).toEqual({ code: 0, signal: null, stdout: "stopped\nlet go\n", stderr: "" });
  });

  test("what callbacks throw is an uncaught exception, and the loop goes on", async ({ expect }) => {
    const outcome = await run(`
      const { IOLoop, PeriodicCallback } = zmq.eventloop.ioloop;
      const loop = IOLoop.instance();
      process.on("uncaughtException", (error, origin) => say(origin, error.message));
      loop.addCallback(() => { throw new Error("callback"); });
      loop.callLater(0, async () => { throw new Error("later"); });
      let calls = 0;
      const periodic = new PeriodicCallback(() => {
        if (++calls === 3) loop.stop();
        else if (calls === 2) return Promise.reject(new Error("second"));
        else throw new Error("first");
      }, 1);
      periodic.start();
      loop.start().then(() => say("stopped"));
    `);
    expect(outcome.stderr).toBe("");
    expect(outcome.stdout.trim().split("\n").sort()).toEqual([
      "stopped",
      "uncaughtException callback",
      "uncaughtException first",
      "unhandledRejection later",
      "unhandledRejection second",
    ]);
  });
});
