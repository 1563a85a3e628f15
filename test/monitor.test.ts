/** Monitors: what they tell, when they end, and that they hold nothing up. */
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { run } from "./support/life-child.js";
import {
  bound,
  code,
  freshAddress,
  newContext,
  pair,
  rejection,
  runWorker,
  texts,
  turn,
} from "./support/sockets.js";

function thrown(call: () => unknown): zmq.ZMQError {
  try {
    call();
  } catch (error) {
    return error as zmq.ZMQError;
  }
  throw new Error("nothing was thrown");
}

/** The names of the events up to one of them. */
async function until(events: AsyncIterable<zmq.MonitorEvent>, last: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of events) {
    names.push(name);
    if (name === last) break;
  }
  return names;
}

/** The same from a monitor socket. */
async function read(monitor: zmq.Socket, last: string): Promise<string[]> {
  const names: string[] = [];
  while (names.at(-1) !== last) names.push((await zmq.recvMonitorMessage(monitor)).name);
  return names;
}

describe("socket.events()", () => {
  test.each([
    ["one event", zmq.EVENT_LISTENING],
    ["those of connections", zmq.EVENT_CONNECTED | zmq.EVENT_DISCONNECTED | zmq.EVENT_ACCEPTED],
  ])("ends with its socket, also where it is about %s", async (_, mask) => {
    const socket = newContext().socket(zmq.PULL);
    const heard = socket.events(mask);
    const next = heard.next();
    socket.close();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await heard.next()).toEqual({ done: true, value: undefined });
  });

  test("tells a server and a client of a connection, from its beginning to its end", async () => {
    const context = newContext();
    const [server, client] = [context.socket(zmq.REP), context.socket(zmq.REQ, { reconnectIvl: -1 })];
    const heard = until(server.events(), "DISCONNECTED");
    const told = until(client.events(), "DISCONNECTED");
    const address = bound(server, "tcp");
    client.connect(address);
    await client.send("x");
    await server.recv();
    await server.send("y");
    await client.recv();
    const connected = client.events();
    client.close();
    expect(await heard).toEqual(["LISTENING", "ACCEPTED", "HANDSHAKE_SUCCEEDED", "DISCONNECTED"]);
    // The second monitor has ended the first.
    expect(await told).toEqual(["CONNECT_DELAYED", "CONNECTED", "HANDSHAKE_SUCCEEDED"]);
    for await (const event of connected) expect(event.name).toMatch(/DISCONNECTED|CLOSED/);
  });

  test("gives the number, the name, the value and the address of each", async () => {
    const context = newContext();
    const server = context.socket(zmq.PULL);
    const events = server.events();
    const address = bound(server, "tcp");
    const { value } = await events.next();
    expect(value).toEqual({
      event: zmq.EVENT_LISTENING,
      name: "LISTENING",
      value: expect.any(Number),
      endpoint: address,
    });
    expect(Number.isInteger(value.value) && value.value > 2).toBe(true); // the descriptor that listens
    server.unbind(address);
    expect((await events.next()).value).toMatchObject({ name: "CLOSED", endpoint: address });
  });

  test("tells what goes wrong, and how soon it is tried again", async () => {
    const context = newContext();
    const probe = context.socket(zmq.PULL);
    const address = bound(probe, "tcp");
    const events = probe.events();
    const other = context.socket(zmq.PULL);
    const failing = other.events();
    expect(thrown(() => other.bind(address)).code).toBe("EADDRINUSE");
    expect((await failing.next()).value.name).toBe("CLOSED"); // the descriptor that could not be bound
    expect((await failing.next()).value).toMatchObject({
      name: "BIND_FAILED",
      value: zmq.EADDRINUSE,
      endpoint: expect.stringContaining(address.slice("tcp://".length)),
    });
    await events.return?.();
    probe.unbind(address);
    const client = context.socket(zmq.PUSH, { reconnectIvl: 20 });
    const retries = client.events(zmq.EVENT_CONNECT_RETRIED);
    client.connect(address);
    const { value: retried } = await retries.next();
    expect(retried).toMatchObject({ name: "CONNECT_RETRIED", endpoint: address });
    expect(retried.value).toBeGreaterThanOrEqual(20);
  });

  test("gives only what was asked for", async () => {
    const context = newContext();
    const server = context.socket(zmq.PULL);
    const events = server.events(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_CLOSED);
    const address = bound(server, "tcp");
    const push = context.socket(zmq.PUSH);
    push.connect(address);
    expect((await events.next()).value.name).toBe("HANDSHAKE_SUCCEEDED");
    server.unbind(address);
    expect((await events.next()).value.name).toBe("CLOSED");
    for (const mask of [-1, 2 ** 40]) expect(() => server.events(mask)).toThrow(RangeError);
    for (const mask of ["all", 1.5, true]) expect(() => server.events(mask as never)).toThrow(TypeError);
  });

  test("begins at the call: nothing is lost before the loop", async () => {
    const server = newContext().socket(zmq.PULL);
    const events = server.events();
    for (let i = 0; i < 5; i++) server.bind("tcp://127.0.0.1:*");
    await turn();
    for (let i = 0; i < 5; i++) expect((await events.next()).value.name).toBe("LISTENING");
  });

  test("ends when the socket is closed, when the context ends, and when a proxy's end closes it", async () => {
    const context = newContext();
    const one = context.socket(zmq.PULL);
    const ended = until(one.events(), "never");
    bound(one, "tcp");
    one.close();
    expect((await ended).slice(0, 1)).toEqual(["LISTENING"]);

    const other = new zmq.Context();
    const socket = other.socket(zmq.PULL);
    const over = until(socket.events(), "never");
    const terminated = other.term();
    expect(await over).toEqual([]);
    socket.close();
    await terminated;

    const third = new zmq.Context();
    const pending = third.socket(zmq.PULL).events().next();
    await third.destroy(0);
    expect(await pending).toEqual({ value: undefined, done: true });
  });

  test("begins at the call also while other events come: none is lost after it", async () => {
    const context = newContext();
    const server = context.socket(zmq.REP);
    const address = bound(server, "tcp");
    // A client that goes is an event that libzmq sends to a monitor that has just begun.
    for (let i = 0; i < 200; i++) {
      const client = context.socket(zmq.REQ, { linger: 0 });
      const events = server.events(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED);
      client.connect(address);
      for await (const { name } of events) if (name === "HANDSHAKE_SUCCEEDED") break;
      client.close();
    }
  });

  test("of a socket that is closed keeps nobody waiting, though nobody goes on with the loop", async () => {
    const context = new zmq.Context();
    const socket = context.socket(zmq.PULL);
    const events = socket.events();
    bound(socket, "tcp");
    expect((await events.next()).value.name).toBe("LISTENING");
    socket.close();
    await context.term();
    // What the reader had not got when the context ended went with it.
    expect((await until(events, "never")).filter((name) => name !== "CLOSED")).toEqual([]);
  });

  test("leaving the loop ends the monitoring, and gives its sockets back", async () => {
    const context = new zmq.Context();
    context.maxSockets = 4;
    /** There is room again as soon as libzmq's reaper has done with the sockets that have gone. */
    const inTime = async <T>(open: () => T): Promise<T> => {
      for (;;) {
        try {
          return open();
        } catch (error) {
          expect((error as zmq.ZMQError).code).toBe("EMFILE");
          await turn();
        }
      }
    };
    const server = context.socket(zmq.PULL);
    for (let i = 0; i < 20; i++) {
      // The address of the turn before may be given up, and told of as CLOSED, only now.
      const events = await inTime(() => server.events(zmq.EVENT_LISTENING));
      const address = bound(server, "tcp");
      expect((await events.next()).value.name).toBe("LISTENING");
      await events.return?.();
      expect(await events.next()).toEqual({ value: undefined, done: true });
      server.unbind(address);
    }
    for (let i = 0; i < 3; i++) await inTime(() => context.socket(zmq.PAIR));
    await context.destroy(0);
  });

  test("ends by a signal, whose reason the loop throws", async () => {
    const socket = newContext().socket(zmq.PULL);
    const stop = new AbortController();
    const events = socket.events({ signal: stop.signal, events: zmq.EVENT_LISTENING });
    bound(socket, "tcp");
    expect((await events.next()).value.name).toBe("LISTENING");
    const waiting = events.next();
    stop.abort("enough");
    expect(await waiting.catch((reason: unknown) => reason)).toBe("enough");
    expect(thrown(() => socket.events({ signal: AbortSignal.abort("no") }))).toBe("no");
    expect(thrown(() => socket.events({ signl: 1 } as object))).toBeInstanceOf(TypeError);
    const again = socket.events();
    bound(socket, "ipc");
    expect((await again.next()).value.name).toBe("LISTENING");
    socket.close();
  });

  test("leaving a loop that has been replaced leaves the new one alone", async () => {
    const server = newContext().socket(zmq.PULL);
    const [old, current] = [server.events(), server.events()];
    await old.return?.();
    bound(server, "tcp");
    expect((await current.next()).value.name).toBe("LISTENING");
  });

  test("on a closed socket is ENOTSOCK, in a terminated context ETERM", async () => {
    const context = newContext();
    const [closed, open] = [context.socket(zmq.PULL), context.socket(zmq.PULL)];
    closed.close();
    expect(thrown(() => closed.events()).code).toBe("ENOTSOCK");
    const over = context.term();
    expect(thrown(() => open.events()).code).toBe("ETERM");
    open.close();
    await over;
  });
});

describe("getMonitorSocket", () => {
  test("gives a PAIR that recvMonitorMessage reads: the same again until it is closed", async () => {
    const context = newContext();
    const server = context.socket(zmq.PULL);
    const monitor = server.getMonitorSocket();
    expect(monitor.type).toBe(zmq.PAIR);
    expect(server.getMonitorSocket()).toBe(monitor);
    expect(server.getMonitorSocket(zmq.EVENT_CLOSED)).toBe(monitor);
    const address = bound(server, "tcp");
    expect(await zmq.recvMonitorMessage(monitor)).toMatchObject({ name: "LISTENING", endpoint: address });
    monitor.close();
    const other = server.getMonitorSocket(zmq.EVENT_CLOSED);
    expect(other).not.toBe(monitor);
    server.unbind(address);
    expect(await read(other, "CLOSED")).toEqual(["CLOSED"]);
  });

  test("may be given an address, which is inproc", () => {
    const server = newContext().socket(zmq.PULL);
    for (const address of ["tcp://127.0.0.1:*", "ipc:///tmp/x", "nonsense"]) {
      expect(thrown(() => server.getMonitorSocket(zmq.EVENT_ALL, address)).code).toBe("EPROTONOSUPPORT");
    }
    expect(thrown(() => server.getMonitorSocket(zmq.EVENT_ALL, 5 as never))).toBeInstanceOf(TypeError);
    const monitor = server.getMonitorSocket(null, "inproc://of-my-own");
    expect(monitor.lastEndpoint).toBe("inproc://of-my-own");
  });

  test("disableMonitor ends it with MONITOR_STOPPED; the PAIR is yours to close", async () => {
    const server = newContext().socket(zmq.PULL);
    const monitor = server.getMonitorSocket();
    bound(server, "tcp");
    server.disableMonitor();
    expect(await read(monitor, "MONITOR_STOPPED")).toEqual(["LISTENING", "MONITOR_STOPPED"]);
    expect(monitor.closed).toBe(false);
    expect(server.getMonitorSocket()).not.toBe(monitor);
    server.disableMonitor();
    server.disableMonitor();
  });

  test("its last message, when the socket is closed, is MONITOR_STOPPED", async () => {
    const server = newContext().socket(zmq.PULL);
    const monitor = server.getMonitorSocket();
    bound(server, "tcp");
    server.close();
    const names = await read(monitor, "MONITOR_STOPPED");
    expect(names[0]).toBe("LISTENING");
    expect(thrown(() => server.getMonitorSocket()).code).toBe("ENOTSOCK");
  });

  test("of an address that is taken is EADDRINUSE, and leaves no socket behind", async () => {
    const context = new zmq.Context();
    const [one, two] = [context.socket(zmq.PULL), context.socket(zmq.PULL)];
    one.getMonitorSocket(zmq.EVENT_ALL, "inproc://taken");
    expect(thrown(() => two.getMonitorSocket(zmq.EVENT_ALL, "inproc://taken")).code).toBe("EADDRINUSE");
    const ended = context.destroy(0);
    await ended;
  });
});

describe("monitor(address)", () => {
  test("publishes to a PAIR of the program's, also what came before it connected", async () => {
    const context = newContext();
    const server = context.socket(zmq.PULL);
    server.monitor("inproc://monitor", zmq.EVENT_ALL);
    const address = bound(server, "tcp");
    const reader = context.socket(zmq.PAIR);
    reader.connect("inproc://monitor");
    expect(await zmq.recvMonitorMessage(reader)).toMatchObject({ name: "LISTENING", endpoint: address });
    server.unbind(address);
    expect(await read(reader, "CLOSED")).toEqual(["CLOSED"]);
    server.monitor(null);
    expect((await zmq.recvMonitorMessage(reader)).name).toBe("MONITOR_STOPPED");
  });

  test("takes an inproc address, as text or bytes; another is EPROTONOSUPPORT, one in use EADDRINUSE", () => {
    const context = newContext();
    const server = context.socket(zmq.PULL);
    const error = thrown(() => server.monitor("tcp://127.0.0.1:*"));
    expect([error.code, error.endpoint]).toEqual(["EPROTONOSUPPORT", "tcp://127.0.0.1:*"]);
    for (const address of [5, {}, Symbol("x")]) {
      expect(thrown(() => server.monitor(address as never))).toBeInstanceOf(TypeError);
    }
    server.monitor(Buffer.from("inproc://bytes"));
    expect(thrown(() => server.monitor("inproc://bytes")).code).toBe("EADDRINUSE");
    context.socket(zmq.PAIR).bind("inproc://mine");
    expect(thrown(() => server.monitor("inproc://mine")).code).toBe("EADDRINUSE");
    server.monitor(null);
    server.monitor(null);
  });

  test("on a closed socket is ENOTSOCK", () => {
    const socket = newContext().socket(zmq.PULL);
    socket.close();
    expect(thrown(() => socket.monitor("inproc://x")).code).toBe("ENOTSOCK");
    expect(thrown(() => socket.monitor(null)).code).toBe("ENOTSOCK");
  });
});

describe("a monitor that nobody reads", () => {
  const begun: Record<string, (socket: zmq.Socket) => unknown> = {
    "monitor() without a reader": (socket) => socket.monitor(freshAddress("inproc")),
    "a monitor socket that is not read": (socket) => socket.getMonitorSocket(),
    "a monitor socket that is closed": (socket) => socket.getMonitorSocket().close(),
    "an iteration that is not asked on": (socket) => socket.events(),
  };

  test.each(Object.entries(begun))("hangs no bind and stops no message: %s", async (_name, begin) => {
    const context = newContext();
    const server = context.socket(zmq.PULL);
    const kept = begin(server);
    for (let i = 0; i < 600; i++) {
      server.bind("tcp://127.0.0.1:*"); // LISTENING, CLOSED
      server.unbind(server.lastEndpoint);
    }
    const address = bound(server, "tcp");
    for (let i = 0; i < 400; i++) {
      const push = context.socket(zmq.PUSH);
      push.connect(address); // ACCEPTED, HANDSHAKE_SUCCEEDED, DISCONNECTED
      await push.send(`${i}`);
      expect(String(await server.recv())).toBe(`${i}`);
      push.close();
    }
    void kept;
  });
});

describe("recvMonitorMessage", () => {
  test("obeys DONTWAIT, timeout and signal; a message of another kind is an Error", async () => {
    const context = newContext();
    const server = context.socket(zmq.PULL);
    const monitor = server.getMonitorSocket();
    expect(await code(zmq.recvMonitorMessage(monitor, zmq.DONTWAIT))).toBe("EAGAIN");
    expect(await code(zmq.recvMonitorMessage(monitor, { timeout: 1 }))).toBe("EAGAIN");
    const stop = new AbortController();
    const waiting = rejection(zmq.recvMonitorMessage(monitor, 0, { signal: stop.signal }));
    stop.abort("enough");
    expect(await waiting).toBe("enough");
    const [a, b] = pair(zmq.PAIR, zmq.PAIR);
    await b.sendMultipart(["not", "a monitor's"]);
    const error = await rejection(zmq.recvMonitorMessage(a));
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toMatch(/monitor message/);
    expect(await rejection(zmq.recvMonitorMessage({} as never))).toBeInstanceOf(TypeError);
  });

  test("parseMonitorMessage reads the frames that a program has received itself", () => {
    const head = Buffer.alloc(6);
    new DataView(head.buffer, head.byteOffset).setUint16(0, zmq.EVENT_CONNECTED, true);
    new DataView(head.buffer, head.byteOffset).setUint32(2, 17, true);
    expect(zmq.parseMonitorMessage([head, Buffer.from("tcp://x")])).toEqual({
      event: zmq.EVENT_CONNECTED,
      name: "CONNECTED",
      value: 17,
      endpoint: "tcp://x",
    });
    for (const wrong of [
      [],
      [head],
      [head, head, head],
      [Buffer.alloc(5), Buffer.alloc(0)],
      [6, "x"],
      "xx",
    ]) {
      expect(() => zmq.parseMonitorMessage(wrong as never)).toThrow(/not a monitor message/);
    }
  });
});

describe("monitors and the end", () => {
  const steps = `
    const sockets = Array.from({ length: 4 }, () => context.socket(zmq.PULL));
    sockets[0].monitor("inproc://left-alone");
    const monitor = sockets[1].getMonitorSocket();
    zmq.recvMonitorMessage(monitor).catch(() => {});
    (async () => { for await (const _ of sockets[2].events()); })().catch(() => {});
    sockets[3].events();
    for (const socket of sockets) socket.bind("tcp://127.0.0.1:*");`;

  test.each([
    "process.exit(7)",
    "process.exitCode = 7; context.destroy(0)",
    "setImmediate(() => process.exit(7))",
  ])("of the process, by %s", async (end) => {
    const outcome = await run(`const context = new zmq.Context(); ${steps} ${end};`);
    expect(outcome).toMatchObject({ code: 7, signal: null, stderr: "" });
  });

  test("of a worker, whose context another thread owns", async () => {
    const context = newContext();
    const worker = runWorker(
      `${steps} port.postMessage("ready"); await new Promise(() => setInterval(() => {}, 1e6));`,
      context,
    );
    await new Promise((resolve) => worker.once("message", resolve));
    await worker.terminate();
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { context });
    await push.send("still here");
    expect(texts([await pull.recvMultipart()])).toEqual([["still here"]]);
  });
});

test("a socket whose monitor nobody reads leaves no thread or descriptor behind when it is closed", async () => {
  const outcome = await run(`
    const fs = require("node:fs");
    const sleep = require("node:timers/promises").setTimeout;
    const left = () => fs.readdirSync("/proc/self/fd").length + fs.readdirSync("/proc/self/task").length;
    (async () => {
      const context = new zmq.Context();
      context.socket(zmq.PULL).close();
      await sleep(100);
      const before = left();
      for (let i = 0; i < 20; i++) {
        const pull = context.socket(zmq.PULL, { linger: 0 });
        pull.monitor("inproc://monitor" + i);
        pull.bind("tcp://127.0.0.1:*");
        pull.close();
      }
      while (left() > before + 10) await sleep(50);
      say("ended");
      await context.term();
    })();`);
  expect(outcome).toEqual({ code: 0, signal: null, stdout: "ended\n", stderr: "" });
});
