import { closeSync, constants, fstatSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as zmq from "nodezmq";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Messaging } from "../lib/messaging.js";
import { type NativeSocket, native } from "../lib/native.js";
import { start } from "./support/life-child.js";
import { fdOf, streams } from "./support/life-net.js";
import { failure, newContext, pair, thrown, until } from "./support/life-own.js";
import { startWorker } from "./support/life-worker.js";

const { POLLIN, POLLOUT, POLLERR } = zmq;

/** Two sockets over inproc, of which the first has been told of the second. */
function connected(): [zmq.Socket, zmq.Socket] {
  const [pull, push] = pair(newContext(), zmq.PULL, zmq.PUSH, "inproc://polled");
  return [pull, push];
}

const pollerOf = (...sockets: [zmq.Pollable, number?][]): zmq.Poller => {
  const poller = new zmq.Poller();
  for (const [socket, mask] of sockets) poller.register(socket, mask);
  return poller;
};

describe("what is registered", () => {
  test("register, has, modify, sockets, unregister", () => {
    const [pull, push] = connected();
    const poller = new zmq.Poller();
    poller.register(pull, POLLIN);
    poller.register(push);
    poller.register(7, POLLIN);
    expect(poller.sockets).toEqual([
      [pull, POLLIN],
      [push, POLLIN | POLLOUT],
      [7, POLLIN],
    ]);
    expect([poller.has(pull), poller.has(7), poller.has(8)]).toEqual([true, true, false]);
    poller.modify(pull, POLLOUT);
    poller.register(push, POLLERR);
    expect(poller.sockets[0]).toEqual([pull, POLLOUT]);
    expect(poller.sockets[1]).toEqual([push, POLLERR]);
    poller.unregister(push);
    expect(poller.has(push)).toBe(false);
    poller.modify(push, POLLIN);
    expect(poller.has(push)).toBe(true);
    poller.register(push, 0);
    poller.modify(pull, 0);
    expect(poller.sockets).toEqual([[7, POLLIN]]);
  });

  test("unregistering what is not there is an Error that is no ZMQError", () => {
    const [pull] = connected();
    const error = thrown(() => new zmq.Poller().unregister(pull));
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(zmq.ZMQError);
    expect(error.message).toMatch(/not registered/);
  });

  test("what cannot be polled is a TypeError, and no number of a descriptor a RangeError", () => {
    const poller = new zmq.Poller();
    for (const value of [
      undefined,
      null,
      "0",
      1.5,
      {},
      [],
      () => 0,
      { fd: "1" },
      { fileno: 5 },
      Number.NaN,
    ]) {
      expect(() => poller.register(value as never)).toThrow(TypeError);
    }
    for (const value of [-1, 2 ** 31, { fd: -1 }]) expect(() => poller.register(value)).toThrow(RangeError);
    const [pull] = connected();
    for (const mask of ["1", 1.5, null, {}]) {
      expect(() => poller.register(pull, mask as never)).toThrow(TypeError);
    }
    expect(poller.sockets).toEqual([]);
  });

  test("the list that is given out is the caller's own", () => {
    const [pull] = connected();
    const poller = pollerOf([pull]);
    poller.sockets.pop();
    expect(poller.has(pull)).toBe(true);
  });
});

describe("poll of sockets", () => {
  test("an empty poller returns at once, whatever the timeout", async () => {
    const poller = new zmq.Poller();
    expect(await poller.poll()).toEqual([]);
    expect(await poller.poll(1e6)).toEqual([]);
    expect(poller.pollSync()).toEqual([]);
    expect(await zmq.zmqPoll([])).toEqual([]);
  });

  test("tells what is ready, in the order of registration", async () => {
    const context = newContext();
    const [a, b] = pair(context, zmq.PAIR, zmq.PAIR, "inproc://order");
    const idle = context.socket(zmq.PULL);
    await a.send("x");
    await b.poll();
    const poller = pollerOf([b], [idle, POLLIN], [a]);
    expect(await poller.poll()).toEqual([
      [b, POLLIN | POLLOUT],
      [a, POLLOUT],
    ]);
    const ready = new Map(await poller.poll());
    expect(ready.get(b)).toBe(POLLIN | POLLOUT);
    expect(ready.has(idle)).toBe(false);
    const turned = pollerOf([a], [b, POLLIN]);
    expect(await turned.poll()).toEqual([
      [a, POLLOUT],
      [b, POLLIN],
    ]);
  });

  test("waits for a message, and consumes nothing", async () => {
    const [pull, push] = connected();
    const polled = pollerOf([pull, POLLIN]).poll();
    await push.send("x");
    expect(await polled).toEqual([[pull, POLLIN]]);
    expect(String(await pull.recv())).toBe("x");
  });

  test("waits for room to send", async () => {
    const context = newContext();
    const push = context.socket(zmq.PUSH);
    const polled = pollerOf([push, POLLOUT]).poll();
    const pull = context.socket(zmq.PULL);
    pull.bind("inproc://room");
    push.connect("inproc://room");
    expect(await polled).toEqual([[push, POLLOUT]]);
  });

  test("tells of all that is ready in one turn", async () => {
    const context = newContext();
    const pairs = [0, 1, 2].map((i) => pair(context, zmq.PULL, zmq.PUSH, `inproc://${i}`));
    const polled = pollerOf(...pairs.map(([pull]): [zmq.Socket, number] => [pull, POLLIN])).poll();
    for (const [, push] of pairs) push.sendSync("x");
    expect(await polled).toEqual(pairs.map(([pull]) => [pull, POLLIN]));
  });

  test("at a timeout of 0 it does not wait; none and negative ones wait for ever", async () => {
    const [pull, push] = connected();
    const poller = pollerOf([pull, POLLIN]);
    expect(await poller.poll(0)).toEqual([]);
    expect(await poller.poll({ timeout: 0 })).toEqual([]);
    expect(await poller.poll(5)).toEqual([]);
    expect(await poller.poll(0.5)).toEqual([]);
    for (const timeout of [undefined, null, -1, -0.5, Number.POSITIVE_INFINITY, 2 ** 40]) {
      const polled = poller.poll(timeout);
      await push.send("x");
      expect(await polled).toEqual([[pull, POLLIN]]);
      await pull.recv();
    }
    for (const timeout of ["5", Number.NaN, 5n, true]) {
      expect(await failure(poller.poll(timeout as never))).toBeInstanceOf(TypeError);
      expect(() => poller.pollSync(timeout as never)).toThrow(TypeError);
    }
  });

  test("is never early", async () => {
    const poller = pollerOf([connected()[0], POLLIN]);
    for (const timeout of [1, 7, 20]) {
      const begin = performance.now();
      await poller.poll(timeout);
      // A timer's millisecond may be a little short of the clock's.
      expect(performance.now() - begin).toBeGreaterThan(timeout - 1.5);
      const blocked = performance.now();
      poller.pollSync(timeout);
      expect(performance.now() - blocked).toBeGreaterThan(timeout - 0.1);
    }
  });

  test("an aborted signal rejects it with its reason, before, during and after", async () => {
    const [pull, push] = connected();
    const poller = pollerOf([pull, POLLIN]);
    await push.send("x");
    await pull.poll();
    const reason = new Error("enough");
    expect(await failure(poller.poll({ signal: AbortSignal.abort(reason) }))).toBe(reason);
    await pull.recv();
    const stop = new AbortController();
    const polled = failure(poller.poll({ signal: stop.signal }));
    stop.abort(reason);
    expect(await polled).toBe(reason);
    const late = new AbortController();
    const answered = poller.poll(1e6, { signal: late.signal });
    await push.send("x");
    expect(await answered).toEqual([[pull, POLLIN]]);
    late.abort(reason);
    expect(await failure(poller.poll({ signal: 5 as never }))).toBeInstanceOf(TypeError);
  });

  test("two polls at once on one socket are both told", async () => {
    const [pull, push] = connected();
    const polls = [
      pollerOf([pull, POLLIN]).poll(),
      pollerOf([pull, POLLIN]).poll(1e6),
      pull.poll(),
      zmq.zmqPoll([[pull, POLLIN]]),
    ];
    await push.send("x");
    expect(await Promise.all(polls)).toEqual([[[pull, POLLIN]], [[pull, POLLIN]], POLLIN, [[pull, POLLIN]]]);
  });

  test("one poller may poll many times at once", async () => {
    const [pull, push] = connected();
    const poller = pollerOf([pull, POLLIN]);
    const polls = Array.from({ length: 500 }, () => poller.poll());
    await push.send("x");
    for (const ready of await Promise.all(polls)) expect(ready).toEqual([[pull, POLLIN]]);
  });

  test("what is registered while it polls counts from the next poll on", async () => {
    const context = newContext();
    const [pull, push] = pair(context, zmq.PULL, zmq.PUSH, "inproc://later");
    const other = context.socket(zmq.PULL);
    const poller = pollerOf([other, POLLIN]);
    const polled = poller.poll({ timeout: 30 });
    poller.register(pull, POLLIN);
    poller.unregister(other);
    await push.send("x");
    expect(await polled).toEqual([]);
    expect(await poller.poll()).toEqual([[pull, POLLIN]]);
  });

  test("a receive that pends on the socket gets the message; the poll waits for the next", async () => {
    const [pull, push] = connected();
    const got = pull.recv();
    const polled = pollerOf([pull, POLLIN]).poll();
    await push.send("1");
    expect(String(await got)).toBe("1");
    await push.send("2");
    expect(await polled).toEqual([[pull, POLLIN]]);
    expect(String(await pull.recv())).toBe("2");
  });

  test("a poll that pends does not keep a receive from its message", async () => {
    const [pull, push] = connected();
    const poller = pollerOf([pull, POLLOUT | POLLIN]);
    const polled = poller.poll();
    const got = [pull.recv(), pull.recv()];
    await push.send("1");
    await push.send("2");
    expect((await Promise.all(got)).map(String)).toEqual(["1", "2"]);
    await push.send("3");
    expect(await polled).toEqual([[pull, POLLIN]]);
  });

  test("POLLERR alone never comes to a socket", async () => {
    const [pull, push] = connected();
    await push.send("x");
    await pull.poll();
    expect(await pollerOf([pull, POLLERR]).poll(5)).toEqual([]);
    expect(pollerOf([pull, POLLERR]).pollSync(5)).toEqual([]);
  });

  test("thread-safe draft sockets are polled together with others", async () => {
    const context = newContext();
    const [server, client] = pair(context, zmq.SERVER, zmq.CLIENT, "inproc://draft");
    const [pull, push] = pair(context, zmq.PULL, zmq.PUSH, "inproc://plain");
    const poller = pollerOf([pull, POLLIN], [server, POLLIN]);
    for (let i = 0; i < 20; i++) {
      const polled = poller.poll();
      await (i % 2 ? client : push).send("x");
      expect(await polled).toEqual([[i % 2 ? server : pull, POLLIN]]);
      await (i % 2 ? server : pull).recv();
    }
    await client.send("x");
    expect(poller.pollSync()).toEqual([[server, POLLIN]]);
  });
});

describe("the end of a socket", () => {
  test("a closed socket in a poller is ENOTSOCK", async () => {
    const [pull, push] = connected();
    const poller = pollerOf([push, POLLIN], [pull]);
    pull.close();
    expect((await failure(poller.poll())).code).toBe("ENOTSOCK");
    expect((await failure(poller.poll(0))).code).toBe("ENOTSOCK");
    expect(thrown(() => poller.pollSync()).code).toBe("ENOTSOCK");
    expect((await failure(zmq.zmqPoll([[pull, POLLIN]]))).code).toBe("ENOTSOCK");
    poller.unregister(pull);
    expect(await poller.poll(0)).toEqual([]);
  });

  test("closing during the poll is ENOTSOCK, and the other sockets are let go of", async () => {
    const context = newContext();
    const [pull, push] = pair(context, zmq.PULL, zmq.PUSH, "inproc://other");
    const doomed = context.socket(zmq.PULL);
    const polls = [
      pollerOf([pull, POLLIN], [doomed, POLLIN]).poll(),
      pollerOf([doomed, POLLIN], [pull, POLLIN]).poll(1e6),
    ].map(failure);
    doomed.close();
    for (const error of await Promise.all(polls)) expect(error.code).toBe("ENOTSOCK");
    const polled = pollerOf([pull, POLLIN]).poll();
    await push.send("x");
    expect(await polled).toEqual([[pull, POLLIN]]);
  });

  test("closing just as it became ready", async () => {
    for (let i = 0; i < 50; i++) {
      const [pull, push] = connected();
      const polled = pollerOf([pull, POLLIN])
        .poll()
        .then(
          (ready) => ready.length,
          (error: zmq.ZMQError) => error.code,
        );
      push.sendSync("x");
      if (i % 2) await new Promise((resolve) => setImmediate(resolve));
      pull.close();
      expect([1, "ENOTSOCK"]).toContain(await polled);
    }
  });

  test("a terminated context is ContextTerminated", async () => {
    const context = newContext();
    const pull = context.socket(zmq.PULL);
    const poller = pollerOf([pull, POLLIN]);
    const polled = failure(poller.poll());
    const term = context.term();
    expect(await polled).toBeInstanceOf(zmq.ContextTerminated);
    expect(await failure(poller.poll())).toBeInstanceOf(zmq.ContextTerminated);
    expect(thrown(() => poller.pollSync())).toBeInstanceOf(zmq.ContextTerminated);
    pull.close();
    await term;
  });

  test("a socket that a proxy has borrowed is EBUSY", async () => {
    const context = newContext();
    const [front, back] = [context.socket(zmq.PULL), context.socket(zmq.PUSH)];
    const poller = pollerOf([front, POLLIN]);
    const stop = new AbortController();
    const running = failure(zmq.proxy(front, back, null, { signal: stop.signal }));
    expect((await failure(poller.poll())).code).toBe("EBUSY");
    stop.abort();
    await running;
    expect(await poller.poll(0)).toEqual([]);
  });
});

describe("nobody's wake-up is lost", () => {
  test("when another poller polls just as the message arrives, 200 of 200", async () => {
    const context = newContext();
    const { worker, heard, ended } = startWorker(
      `
      const push = zmq.Context.shadow(workerData).socket(zmq.PUSH);
      push.connect("inproc://race");
      parentPort.on("message", (last) => {
        push.sendSync("x");
        if (last) { push.close(); parentPort.close(); }
      });
      say("ready");`,
      context.underlying,
    );
    const pull = context.socket(zmq.PULL);
    pull.bind("inproc://race");
    const waiting = pollerOf([pull, POLLIN]);
    const looking = pollerOf([pull, POLLIN]);
    await heard();
    let woken = 0;
    for (let i = 0; i < 200; i++) {
      const polled = waiting.poll();
      worker.postMessage(i === 199);
      // Looks again and again, by every way there is, until the message is there for somebody.
      let answered = false;
      polled.then(() => {
        answered = true;
      });
      for (let n = 0; !answered; n++) {
        const seen =
          n % 4 === 0
            ? (await looking.poll(0)).length
            : n % 4 === 1
              ? looking.pollSync(0).length
              : n % 4 === 2
                ? pull.get(zmq.EVENTS) & POLLIN
                : await pull.poll(0);
        if (seen) break;
        if (n % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await polled).toEqual([[pull, POLLIN]]);
      woken++;
      expect(String(await pull.recv())).toBe("x");
    }
    expect(woken).toBe(200);
    expect((await ended).code).toBe(0);
  });

  test("when the poll begins just as the message arrives, 500 of 500", async () => {
    const context = newContext();
    const { ended } = startWorker(
      `
      const push = zmq.Context.shadow(workerData).socket(zmq.PUSH);
      const back = zmq.Context.shadow(workerData).socket(zmq.PULL);
      push.connect("inproc://begins");
      back.connect("inproc://answers");
      for (let i = 0; i < 1000; i++) {
        push.sendSync("x");
        back.recvSync();
      }
      push.close();
      back.close();`,
      context.underlying,
    );
    const pull = context.socket(zmq.PULL);
    const answer = context.socket(zmq.PUSH);
    answer.bind("inproc://answers");
    pull.bind("inproc://begins");
    for (let i = 0; i < 1000; i++) {
      // A fresh watch each time: nobody waits between the rounds, so that it is stopped and begun anew.
      if (i % 2) expect(await pull.poll()).toBe(POLLIN);
      else expect(await pollerOf([pull, POLLIN]).poll()).toEqual([[pull, POLLIN]]);
      expect(String(await pull.recv(zmq.DONTWAIT))).toBe("x");
      answer.sendSync("next");
    }
    expect((await ended).code).toBe(0);
  });

  /** Does something just before the socket's descriptor is watched again, after everybody has looked in vain. */
  function beforeWatching(socket: zmq.Socket, act: () => void): void {
    const native = Messaging.engineOf(socket)?.native as NativeSocket;
    const hold = native.hold.bind(native);
    const value = (): number => {
      Reflect.deleteProperty(native, "hold");
      act();
      return hold();
    };
    Object.defineProperty(native, "hold", { value, configurable: true });
  }

  test("when the message comes between the look and the watch", async () => {
    for (const wait of [
      (pull: zmq.Socket) => pull.poll(),
      (pull: zmq.Socket) => pull.poll(1e6),
      (pull: zmq.Socket) => pollerOf([pull, POLLIN]).poll(),
      (pull: zmq.Socket) => zmq.select([pull], [], []),
    ]) {
      const [pull, push] = connected();
      beforeWatching(pull, () => push.sendSync("x"));
      await wait(pull);
      expect(String(await pull.recv(zmq.DONTWAIT))).toBe("x");
    }
    const [pull, push] = connected();
    beforeWatching(pull, () => push.sendSync("x"));
    expect(String(await pull.recv())).toBe("x");
  });

  test("when it comes then, and is gone again before the poller looks", async () => {
    const [pull, push] = connected();
    beforeWatching(pull, () => push.sendSync("1"));
    const polled = pollerOf([pull, POLLIN]).poll();
    expect(String(pull.recvSync(zmq.DONTWAIT))).toBe("1");
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    push.sendSync("2");
    expect(await polled).toEqual([[pull, POLLIN]]);
    expect(String(await pull.recv())).toBe("2");
  });

  test("when the watch fails to begin: the poll is told, and nothing keeps waiting", async () => {
    const context = newContext();
    const [pull, push] = pair(context, zmq.PULL, zmq.PUSH, "inproc://healthy");
    const broken = context.socket(zmq.PULL);
    for (const sockets of [
      [broken, pull],
      [pull, broken],
    ] as [zmq.Socket, zmq.Socket][]) {
      beforeWatching(broken, () => {
        throw new zmq.ZMQError(zmq.ENOBUFS);
      });
      const poller = pollerOf([sockets[0], POLLIN], [sockets[1], POLLIN]);
      expect((await failure(poller.poll())).errno).toBe(zmq.ENOBUFS);
      expect(Messaging.engineOf(pull)?.waiting).toBe(false);
      expect(Messaging.engineOf(broken)?.waiting).toBe(false);
    }
    beforeWatching(broken, () => {
      throw new zmq.ZMQError(zmq.ENOBUFS);
    });
    expect((await failure(broken.poll())).errno).toBe(zmq.ENOBUFS);
    await push.send("x");
    expect(await pollerOf([broken, POLLIN], [pull, POLLIN]).poll()).toEqual([[pull, POLLIN]]);
  });

  test("when somebody takes the message before the poller has looked a second time", async () => {
    const [pull, push] = connected();
    const poller = pollerOf([pull, POLLIN]);
    for (let i = 0; i < 100; i++) {
      const polled = poller.poll();
      const first = pull.poll();
      push.sendSync("1");
      await first;
      // The poller has been woken; what it was woken for may be gone when it looks.
      pull.recvSync(zmq.DONTWAIT);
      push.sendSync("2");
      expect(await polled).toEqual([[pull, POLLIN]]);
      expect(String(await pull.recv())).toBe("2");
    }
  });

  test("when two pollers share a socket and one of them takes each message", async () => {
    const [pull, push] = connected();
    let taken = 0;
    const take = async () => {
      const poller = pollerOf([pull, POLLIN]);
      while (taken < 300) {
        for (const [socket] of await poller.poll(20)) {
          await (socket as zmq.Socket).recv(zmq.DONTWAIT).then(
            () => taken++,
            (error) => expect(error).toBeInstanceOf(zmq.Again),
          );
        }
      }
    };
    const takers = [take(), take(), take()];
    for (let i = 0; i < 300; i++) {
      await push.send("x");
      if (i % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(takers);
    expect(taken).toBe(300);
  });
});

describe("poll of descriptors", () => {
  test("a stream of node:net, by its number: readable, writable, both", async () => {
    const [near, far] = await streams();
    const fd = fdOf(near);
    expect(await pollerOf([fd, POLLIN]).poll(5)).toEqual([]);
    expect(await pollerOf([fd, POLLOUT]).poll()).toEqual([[fd, POLLOUT]]);
    const polled = pollerOf([fd, POLLIN]).poll();
    far.write("x");
    expect(await polled).toEqual([[fd, POLLIN]]);
    expect(await pollerOf([fd]).poll()).toEqual([[fd, POLLIN | POLLOUT]]);
    expect(pollerOf([fd]).pollSync()).toEqual([[fd, POLLIN | POLLOUT]]);
    // Node's own watching has not suffered.
    const read = new Promise((resolve) => near.once("data", (data: Buffer) => resolve(String(data))));
    near.resume();
    expect(await read).toBe("x");
  });

  test("several polls at once, while Node itself writes to it", async () => {
    const [near, far] = await streams();
    const fd = fdOf(near);
    const heard: string[] = [];
    far.on("data", (data: Buffer) => heard.push(String(data)));
    const polls = [pollerOf([fd, POLLIN]).poll(), pollerOf([{ fd }, POLLIN]).poll(1e6)];
    near.write("to far");
    await until(() => heard.length > 0);
    far.write("to near");
    expect(await Promise.all(polls)).toEqual([[[fd, POLLIN]], [[fd, POLLIN]]]);
  });

  test("polls end without harm when Node reads what they have waited for", async () => {
    const [near, far] = await streams();
    const fd = fdOf(near);
    const stop = new AbortController();
    const poller = pollerOf([fd, POLLIN]);
    const polls = Promise.allSettled(Array.from({ length: 20 }, () => poller.poll({ signal: stop.signal })));
    let read = 0;
    near.on("data", (data: Buffer) => {
      read += data.length;
    });
    near.resume();
    for (let i = 0; i < 100; i++) far.write("x");
    await until(() => read === 100);
    stop.abort();
    await polls;
  });

  test("objects with an fd or a fileno(), and the same descriptor twice: told as its number", async () => {
    const [near, far] = await streams();
    const fd = fdOf(near);
    far.write("x");
    const ready = await pollerOf([{ fd }, POLLIN], [{ fileno: () => fd }, POLLOUT], [fd, POLLIN]).poll();
    await pollerOf([fd, POLLIN]).poll();
    expect(ready.map(([item]) => item)).toContain(fd);
    expect(await pollerOf([{ fd }, POLLIN], [{ fileno: () => fd }, POLLOUT], [fd, POLLIN]).poll()).toEqual([
      [fd, POLLIN],
      [fd, POLLOUT],
      [fd, POLLIN],
    ]);
  });

  test("together with sockets, in the order of registration", async () => {
    const [pull, push] = connected();
    const [near, far] = await streams();
    const fd = fdOf(near);
    const poller = pollerOf([fd, POLLIN], [pull, POLLIN]);
    const first = poller.poll();
    await push.send("x");
    expect(await first).toEqual([[pull, POLLIN]]);
    far.write("x");
    await pollerOf([fd, POLLIN]).poll();
    expect(await poller.poll()).toEqual([
      [fd, POLLIN],
      [pull, POLLIN],
    ]);
    await pull.recv();
    expect(await poller.poll()).toEqual([[fd, POLLIN]]);
  });

  test("the other end's farewell is readable, a broken connection POLLERR", async () => {
    const [near, far] = await streams();
    const fd = fdOf(near);
    const farewell = pollerOf([fd, POLLIN]).poll();
    far.end();
    expect(await farewell).toEqual([[fd, POLLIN]]);
    const broken = pollerOf([fd, POLLERR]).poll();
    far.resetAndDestroy();
    expect(await broken).toEqual([[fd, POLLERR]]);
  });

  test("waiting for POLLERR on a half-closed connection leaves the loop in peace", async () => {
    const [near, far] = await streams();
    const fd = fdOf(near);
    far.end();
    await pollerOf([fd, POLLIN]).poll();
    const looks = vi.spyOn(native, "poll");
    onTestFinished(() => looks.mockRestore());
    expect(await pollerOf([fd, POLLERR]).poll(50)).toEqual([]);
    expect(looks.mock.calls.length).toBeLessThan(5);
  });

  test("a regular file is always ready", async () => {
    const folder = mkdtempSync(join(tmpdir(), "nodezmq-life-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const fd = openSync(join(folder, "file"), constants.O_RDWR | constants.O_CREAT);
    onTestFinished(() => closeSync(fd));
    expect(await pollerOf([fd]).poll()).toEqual([[fd, POLLIN | POLLOUT]]);
    expect(pollerOf([fd, POLLIN]).pollSync()).toEqual([[fd, POLLIN]]);
  });

  test("fd 0, which stays as blocking as it was", async () => {
    const child = start(`
      const poller = new zmq.Poller();
      poller.register(0, zmq.POLLIN);
      const stop = new AbortController();
      (async () => {
        say(JSON.stringify(await poller.poll(0)), JSON.stringify(poller.pollSync(0)));
        const polled = poller.poll();
        say("polls");
        say(JSON.stringify(await polled));
        say(String(require("node:fs").readFileSync(0)));
      })();`);
    expect(await child.line()).toBe("[] []");
    expect(await child.line()).toBe("polls");
    child.process.stdin?.end("hello");
    // Its writer may have left already: then it is POLLERR too.
    expect(await child.line()).toMatch(/^\[\[0,[15]\]\]$/);
    expect(await child.line()).toBe("hello");
    expect((await child.ended).code).toBe(0);
  });

  test("a connection that is full is not writable until the other end reads", async () => {
    const [near, far] = await streams();
    const fd = fdOf(near);
    const poller = pollerOf([fd, POLLOUT]);
    const block = Buffer.alloc(65536);
    expect(await poller.poll()).toEqual([[fd, POLLOUT]]);
    while ((await poller.poll(5)).length > 0) {
      try {
        writeSync(fd, block);
      } catch (error) {
        expect((error as NodeJS.ErrnoException).code).toBe("EAGAIN");
      }
    }
    const polled = poller.poll();
    far.resume();
    expect(await polled).toEqual([[fd, POLLOUT]]);
  });

  test("a closed descriptor is POLLERR at once, as in poll(2), and never somebody else's", async () => {
    const fd = openSync(join(tmpdir()), constants.O_RDONLY);
    closeSync(fd);
    expect(() => fstatSync(fd)).toThrow();
    expect(await pollerOf([fd, POLLIN]).poll()).toEqual([[fd, POLLERR]]);
    expect(pollerOf([fd, POLLIN]).pollSync()).toEqual([[fd, POLLERR]]);
  });

  test("a thousand polls of descriptors leave none behind", async () => {
    const [near] = await streams();
    const fd = fdOf(near);
    const poller = pollerOf([fd, POLLIN]);
    const next = (): number => {
      const free = openSync(tmpdir(), constants.O_RDONLY);
      closeSync(free);
      return free;
    };
    await poller.poll(1);
    const before = next();
    const stop = new AbortController();
    const polls = Array.from({ length: 200 }, () => failure(poller.poll({ signal: stop.signal })));
    stop.abort();
    await Promise.all(polls);
    for (let i = 0; i < 5; i++) await poller.poll(1);
    expect(next()).toBe(before);
  });
});

describe("pollSync", () => {
  test("blocks until something is ready, in a worker as here", async () => {
    const context = newContext();
    const pull = context.socket(zmq.PULL);
    pull.bind("inproc://sync");
    const { heard, ended } = startWorker(
      `
      const context = zmq.Context.shadow(workerData);
      const push = context.socket(zmq.PUSH);
      const back = context.socket(zmq.PULL);
      back.bind("inproc://back");
      push.connect("inproc://sync");
      const poller = new zmq.Poller();
      poller.register(back, zmq.POLLIN);
      say(poller.pollSync(0).length);
      push.sendSync("x");
      const [[socket, mask]] = poller.pollSync();
      say(socket === back && mask);
      say(String(back.recvSync()));
      push.close();
      back.close();`,
      context.underlying,
    );
    expect(pollerOf([pull, POLLIN]).pollSync()).toEqual([[pull, POLLIN]]);
    expect(await heard()).toBe(0);
    const push = context.socket(zmq.PUSH);
    push.connect("inproc://back");
    push.sendSync("answer");
    expect(await heard()).toBe(POLLIN);
    expect(await heard()).toBe("answer");
    expect((await ended).code).toBe(0);
  });

  test("while an asynchronous poll pends on the same socket: both are told", async () => {
    const [pull, push] = connected();
    const poller = pollerOf([pull, POLLIN]);
    const polled = poller.poll();
    push.sendSync("x");
    expect(poller.pollSync()).toEqual([[pull, POLLIN]]);
    expect(await polled).toEqual([[pull, POLLIN]]);
  });

  test("while a receive pends on the same socket: the receive gets the message all the same", async () => {
    const [pull, push] = connected();
    const poller = pollerOf([pull, POLLIN]);
    const got = pull.recv();
    push.sendSync("x");
    expect(poller.pollSync()).toEqual([[pull, POLLIN]]);
    expect(String(await got)).toBe("x");
  });
});

describe("zmqPoll", () => {
  test("polls a list of pairs", async () => {
    const [pull, push] = connected();
    expect(await zmq.zmqPoll([[pull, POLLIN]], 0)).toEqual([]);
    const polled = zmq.zmqPoll([
      [pull, POLLIN],
      [push, POLLIN],
    ]);
    await push.send("x");
    expect(await polled).toEqual([[pull, POLLIN]]);
    const stop = new AbortController();
    await pull.recv();
    const pending = failure(zmq.zmqPoll([[pull, POLLIN]], -1, { signal: stop.signal }));
    stop.abort("reason");
    expect(await pending).toBe("reason");
  });

  test("rejects what it cannot poll, and never throws", async () => {
    expect(await failure(zmq.zmqPoll([["x" as never, POLLIN]]))).toBeInstanceOf(TypeError);
    expect(await failure(zmq.zmqPoll(5 as never))).toBeInstanceOf(TypeError);
    expect(await failure(zmq.zmqPoll([[-1, POLLIN]]))).toBeInstanceOf(RangeError);
  });
});
