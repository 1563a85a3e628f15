/** What Node.js programs expect of any library: using, async context, diagnostics, inspection. */
import { AsyncLocalStorage } from "node:async_hooks";
import { execFileSync } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { inspect } from "node:util";
import * as zmq from "nodezmq";
import { describe, expect, onTestFinished, test } from "vitest";
import { freshAddress, library, newContext, pair, rejection } from "./support/sockets.js";

describe("using", () => {
  test("closes a socket at the end of its block", () => {
    const context = newContext();
    let outside: zmq.Socket;
    {
      using socket = context.socket(zmq.REP);
      outside = socket;
      expect(socket.closed).toBe(false);
    }
    expect(outside.closed).toBe(true);
  });

  test("closes it when the block is left by an error, too", () => {
    const context = newContext();
    let outside: zmq.Socket | undefined;
    expect(() => {
      using socket = context.socket(zmq.REP);
      outside = socket;
      throw new Error("out");
    }).toThrow("out");
    expect(outside?.closed).toBe(true);
  });

  test("gives up an address, and leaves the socket open", () => {
    const context = newContext();
    const socket = context.socket(zmq.REP);
    let address: string;
    {
      using endpoint = socket.bind(freshAddress("inproc"));
      address = endpoint.address;
    }
    context.socket(zmq.REP).bind(address);
    expect(socket.closed).toBe(false);
  });

  test("await using destroys a context with its sockets, after what it was waiting for", async () => {
    let pending: Promise<unknown>;
    let outside: zmq.Context;
    {
      await using context = new zmq.Context();
      outside = context;
      pending = rejection(context.socket(zmq.PULL).recv());
    }
    expect(outside.closed).toBe(true);
    expect(await pending).toMatchObject({ code: "ENOTSOCK" });
  });

  test("a block that closes by itself disposes of nothing twice", async () => {
    await using context = new zmq.Context();
    using socket = context.socket(zmq.REP);
    using endpoint = socket.bind("inproc://twice");
    socket.unbind(endpoint.address);
    socket.close();
    await context.term();
  });
});

describe("the async context of the caller", () => {
  const storage = new AsyncLocalStorage<string>();
  const inside = <T>(body: () => Promise<T>): Promise<T> => storage.run("caller", body);
  const expectCaller = (): void => expect(storage.getStore()).toBe("caller");

  test("is there after a receive and a send that waited, and in the loop over messages", async () => {
    const [server, client] = pair(zmq.PULL, zmq.PUSH, { transport: "tcp" });
    const receiving = inside(async () => {
      await server.recv();
      expectCaller();
      for await (const [text] of server) {
        expectCaller();
        if (String(text) === "last") break;
      }
      expectCaller();
    });
    await client.sendBatch(["first", "second", "last"]);
    await receiving;
    const lonely = newContext().socket(zmq.PUSH, { immediate: true });
    const sending = inside(async () => {
      await lonely.send("x");
      expectCaller();
    });
    const puller = lonely.context.socket(zmq.PULL);
    lonely.connect(`${puller.bind("tcp://127.0.0.1:*")}`);
    await sending;
    lonely.close();
    puller.close();
  });

  test("is there after polls of sockets and pollers", async () => {
    const [server, client] = pair(zmq.PULL, zmq.PUSH, { transport: "tcp" });
    const polls = inside(async () => {
      const poller = new zmq.Poller();
      poller.register(server, zmq.POLLIN);
      const polled = Promise.all([
        poller.poll().then(expectCaller),
        server.poll().then(expectCaller),
        zmq.select([server], [], []).then(expectCaller),
      ]);
      await polled;
      expectCaller();
    });
    await client.send("x");
    await polls;
  });

  test("is there when a wait is aborted, times out, or loses its socket", async () => {
    const [server] = pair(zmq.PULL, zmq.PUSH);
    const abort = new AbortController();
    const ends = inside(async () => {
      await rejection(server.recv({ signal: abort.signal }));
      expectCaller();
      await rejection(server.recv({ timeout: 1 }));
      expectCaller();
      await rejection(server.recv());
      expectCaller();
    });
    abort.abort();
    await server.poll(20); // longer than the timeout above
    server.close();
    await ends;
  });

  test("is there when a proxy ends and when a context has", async () => {
    const context = newContext();
    const [front] = pair(zmq.PULL, zmq.PUSH, { context });
    const [back] = pair(zmq.PUSH, zmq.PULL, { context });
    const stop = new AbortController();
    const proxied = inside(async () => {
      await rejection(zmq.proxy(front, back, null, { signal: stop.signal }));
      expectCaller();
      await context.destroy(0);
      expectCaller();
    });
    stop.abort();
    await proxied;
  });

  test("is the one that a monitor was made in, for its listeners and its loop", async () => {
    const context = newContext();
    const server = context.socket(zmq.REP);
    const looped = inside(async () => {
      for await (const { name } of server.events()) {
        expectCaller();
        if (name === "LISTENING") break;
      }
    });
    server.bind("tcp://127.0.0.1:*");
    await looped;
    const heard = inside(
      () =>
        new Promise<string | undefined>((resolve) => {
          new zmq.Monitor(server).once("LISTENING", () => resolve(storage.getStore()));
        }),
    );
    server.bind("tcp://127.0.0.1:*");
    expect(await heard).toBe("caller");
  });

  test("is the waiting call's, for who listens to the channels", async () => {
    const [server, client] = pair(zmq.PULL, zmq.PUSH, { transport: "tcp" });
    const stores: unknown[] = [];
    listen("nodezmq:recv", () => stores.push(storage.getStore()));
    const receiving = inside(() => server.recv());
    await client.send("x");
    await receiving;
    expect(stores).toEqual(["caller"]);
  });
});

/** Listens to a channel until the test is over. */
function listen(name: string, listener: (message: never) => void): void {
  const listening = listener as (message: unknown) => void;
  subscribe(name, listening);
  onTestFinished(() => void unsubscribe(name, listening));
}

describe("the diagnostics channels", () => {
  interface Told {
    socket: zmq.Socket;
    frames: readonly unknown[];
  }

  /** What is told as text, with whose it is. */
  function told(name: string): [zmq.Socket, string[]][] {
    const all: [zmq.Socket, string[]][] = [];
    listen(name, ({ socket, frames }: Told) =>
      all.push([socket, frames.map((frame) => String(frame instanceof zmq.Frame ? frame.bytes : frame))]),
    );
    return all;
  }

  test("tell of each message once, whichever call has sent it", async () => {
    const [server, client] = pair(zmq.PULL, zmq.PUSH);
    const all = told("nodezmq:send");
    await client.send("1");
    await client.sendMultipart(["2", "b"]);
    await client.send("3", { copy: false });
    await client.send(new zmq.Frame("4"));
    await client.sendString("5");
    await client.sendBatch(["6", ["7", "b"]]);
    client.sendSync("8");
    expect(all).toEqual(
      [["1"], ["2", "b"], ["3"], ["4"], ["5"], ["6"], ["7", "b"], ["8"]].map((m) => [client, m]),
    );
    for (let i = 0; i < 8; i++) await server.recvMultipart();
  });

  test("tell of each message once, whichever call has received it", async () => {
    const [server, client] = pair(zmq.PULL, zmq.PUSH);
    const all = told("nodezmq:recv");
    const waiting = server.recv();
    await client.send("1");
    await waiting;
    await client.sendBatch(["2", "3", ["4", "b"], "5", ["6", "b"], "7", ["8", "b"]]);
    await server.recv();
    await server.recv({ copy: false });
    await server.recvMultipart({ copy: false });
    server.recvSync();
    for await (const _ of server) break;
    await server.recvBatch();
    expect(all).toEqual(
      [["1"], ["2"], ["3"], ["4", "b"], ["5"], ["6", "b"], ["7"], ["8", "b"]].map((m) => [server, m]),
    );
  });

  test("tell when a send that waited has gone, and nothing of one that failed", async () => {
    const context = newContext();
    const client = context.socket(zmq.PUSH);
    const all = told("nodezmq:send");
    await rejection(client.send("never", { timeout: 1 }));
    await rejection(client.send("never", zmq.DONTWAIT));
    const sending = client.send("late");
    expect(all).toEqual([]);
    const server = context.socket(zmq.PULL);
    client.connect(`${server.bind(freshAddress("inproc"))}`);
    await sending;
    expect(all).toEqual([[client, ["late"]]]);
  });

  test("tell of endpoints, by the address that was taken", () => {
    const socket = newContext().socket(zmq.REP);
    const all: string[] = [];
    for (const verb of ["bind", "connect", "unbind", "disconnect"]) {
      listen(`nodezmq:${verb}`, (message: { socket: zmq.Socket; endpoint: string }) => {
        expect(message.socket).toBe(socket);
        all.push(`${verb} ${message.endpoint}`);
      });
    }
    const { address } = socket.bind("tcp://127.0.0.1:*");
    socket.connect("inproc://elsewhere");
    expect(() => socket.bind(address)).toThrow();
    socket.unbind(address);
    socket.disconnect("inproc://elsewhere");
    expect(all).toEqual([
      `bind ${address}`,
      "connect inproc://elsewhere",
      `unbind ${address}`,
      "disconnect inproc://elsewhere",
    ]);
  });

  test("a listener may use the socket, and close it", async () => {
    const [server, client] = pair(zmq.PULL, zmq.PUSH);
    listen("nodezmq:recv", ({ socket }: Told) => socket.close());
    await client.send("x");
    expect(String(await server.recv())).toBe("x");
    expect(server.closed).toBe(true);
  });

  test.each(["inproc", "tcp"] as const)(
    "a listener that aborts the waiting call comes too late: it has the message (%s)",
    async (transport) => {
      const [server, client] = pair(zmq.PULL, zmq.PUSH, { transport });
      const abort = new AbortController();
      listen("nodezmq:recv", () => abort.abort());
      const first = server.recv({ signal: abort.signal, timeout: 60_000 });
      const second = server.recvString({ timeout: 60_000 });
      await client.sendBatch(["1", "2"]);
      expect([String(await first), await second]).toEqual(["1", "2"]);
    },
  );

  test("a listener that closes the socket of the waiting call leaves it its message, and ends those behind it", async () => {
    const [server, client] = pair(zmq.PULL, zmq.PUSH);
    listen("nodezmq:recv", ({ socket }: Told) => socket.close());
    const first = server.recv();
    const second = rejection(server.recv());
    await client.send("x");
    expect(String(await first)).toBe("x");
    expect(await second).toMatchObject({ code: "ENOTSOCK" });
  });

  test("a listener of a waiting call may receive itself: what comes after", async () => {
    const [server, client] = pair(zmq.PULL, zmq.PUSH);
    const heard: unknown[] = [];
    let once = true;
    listen("nodezmq:recv", () => {
      if (!once) return;
      once = false;
      heard.push(server.recvSync({ timeout: 5000 }), server.recv());
    });
    const first = server.recv();
    const last = server.recv();
    client.sendBatchSync(["1", "2", "3", "4"]);
    expect(String(await first)).toBe("1");
    expect((await Promise.all([...heard, last])).map(String)).toEqual(["2", "4", "3"]);
  });

  test("a listener that aborts a send that has waited comes too late as well", async () => {
    const context = newContext();
    const client = context.socket(zmq.PUSH);
    const abort = new AbortController();
    listen("nodezmq:send", () => abort.abort());
    const sending = client.send("late", { signal: abort.signal });
    const server = context.socket(zmq.PULL);
    client.connect(`${server.bind(freshAddress("inproc"))}`);
    await sending;
    expect(await server.recvString()).toBe("late");
  });

  test.each([false, true])(
    "a listener that aborts a batch ends it, and no other call (it has waited: %s)",
    async (waited) => {
      const context = newContext();
      const options = { sndhwm: 5, rcvhwm: 5 };
      const source = context.socket(zmq.PUSH, options);
      const sink = context.socket(zmq.PULL, options);
      const address = sink.bind(freshAddress("inproc")).address;
      const abort = new AbortController();
      listen("nodezmq:send", () => abort.abort(new Error("enough")));
      if (!waited) source.connect(address);
      const batch = Array.from({ length: 3000 }, (_, i) => `message ${i}`);
      const ended = rejection(source.sendBatch(batch, { signal: abort.signal }));
      const behind = source.send("behind");
      if (waited) source.connect(address);
      expect(await ended).toMatchObject({ message: "enough" });
      const received: string[] = [];
      while (received.at(-1) !== "behind") received.push(await sink.recvString({ timeout: 5000 }));
      await behind;
      expect(received.slice(0, -1)).toEqual(batch.slice(0, received.length - 1));
    },
  );

  test("a listener may send a batch while one is being sent that does not fit", async () => {
    const [sink, source] = pair(zmq.PULL, zmq.PUSH, { options: { sndhwm: 5, rcvhwm: 5 } });
    const [otherSink, other] = pair(zmq.PULL, zmq.PUSH);
    let once = true;
    listen("nodezmq:send", () => {
      if (once) {
        once = false;
        void other.sendBatch(Array<string>(50).fill("another batch"));
      }
    });
    const batch = Array.from({ length: 3000 }, (_, i) => `message ${i}`);
    const sending = source.sendBatch(batch);
    const received: string[] = [];
    while (received.length < batch.length) received.push(...(await sink.recvBatch()).flat().map(String));
    await sending;
    expect(received).toEqual(batch);
    const others: string[] = [];
    while (others.length < 50) others.push(...(await otherSink.recvBatch()).flat().map(String));
    expect(others).toEqual(Array<string>(50).fill("another batch"));
  });
});

describe("util.inspect shows", () => {
  test("a socket's type, endpoints and state", async () => {
    const context = newContext();
    const socket = context.socket(zmq.DEALER);
    expect(inspect(socket)).toBe("Socket(zmq.DEALER)");
    const { address } = socket.bind("tcp://127.0.0.1:*");
    socket.connect("inproc://elsewhere");
    expect(inspect(socket)).toBe(`Socket(zmq.DEALER, bound to ${address}, connected to inproc://elsewhere)`);
    const pending = rejection(socket.recv());
    socket.unbind(address);
    expect(inspect(zmq.Socket.shadow(socket))).toBe(
      "Socket(zmq.DEALER, connected to inproc://elsewhere, receiving)",
    );
    for (const name of ["a", "b", "c"]) socket.connect(`inproc://${name}`);
    expect(inspect(socket)).toContain("inproc://b, 1 more, receiving");
    socket.close();
    await pending;
    expect(inspect({ socket })).toBe("{ socket: Socket(zmq.DEALER, closed) }");
  });

  test("a context's sockets", async () => {
    const context = newContext();
    const socket = context.socket(zmq.REP);
    expect(inspect(context)).toBe("Context(1 socket)");
    socket.close();
    await context.term();
    expect(inspect(context)).toBe("Context(0 sockets, closed)");
  });
});

describe("a Monitor", () => {
  test("emits each event by its name and as one of all, then its end", async () => {
    const context = newContext();
    const server = context.socket(zmq.REP);
    const monitor = new zmq.Monitor(server);
    const all: string[] = [];
    monitor.on("event", ({ name }) => all.push(name));
    const accepted = new Promise<zmq.MonitorEvent>((resolve) => monitor.once("HANDSHAKE_SUCCEEDED", resolve));
    const ended = new Promise<void>((resolve) => monitor.once("end", resolve));
    const { address } = server.bind("tcp://127.0.0.1:*");
    context.socket(zmq.REQ).connect(address);
    expect(await accepted).toMatchObject({ event: zmq.EVENT_HANDSHAKE_SUCCEEDED });
    server.close();
    await ended;
    expect(monitor.closed).toBe(true);
    expect(all.slice(0, 3)).toEqual(["LISTENING", "ACCEPTED", "HANDSHAKE_SUCCEEDED"]);
    expect(all.at(-1)).toBe("MONITOR_STOPPED");
  });

  test("emits only what was asked for", async () => {
    const server = newContext().socket(zmq.REP);
    const monitor = new zmq.Monitor(server, zmq.EVENT_CLOSED);
    const all: string[] = [];
    monitor.on("event", ({ name }) => all.push(name));
    const closed = new Promise((resolve) => monitor.once("CLOSED", resolve));
    server.unbind(server.bind("tcp://127.0.0.1:*").address);
    await closed;
    expect(all).toEqual(["CLOSED"]);
  });

  test("ends by close() and at the end of its block, once, and leaves the socket alone", async () => {
    const [server, client] = pair(zmq.PULL, zmq.PUSH);
    let ends = 0;
    {
      using monitor = new zmq.Monitor(server);
      monitor.on("end", () => ends++);
      monitor.close();
    }
    await client.send("x");
    expect(String(await server.recv())).toBe("x");
    await server.poll(10);
    expect(ends).toBe(1);
  });

  test("is refused for what is no socket, for a closed one, and for what are no events", () => {
    const socket = newContext().socket(zmq.REP);
    expect(() => new zmq.Monitor({} as zmq.Socket)).toThrow(TypeError);
    expect(() => new zmq.Monitor(socket, "all" as never)).toThrow(TypeError);
    expect(() => new zmq.Monitor(socket, -1)).toThrow(RangeError);
    socket.close();
    expect(() => new zmq.Monitor(socket)).toThrow(expect.objectContaining({ code: "ENOTSOCK" }));
  });

  test("does not keep a process alive", () => {
    const program = `
      const zmq = require(${JSON.stringify(library)});
      const socket = new zmq.Context().socket(zmq.REP);
      new zmq.Monitor(socket).on("LISTENING", () => console.log("heard"));
      socket.bind("tcp://127.0.0.1:*");
      console.log("end");
    `;
    expect(execFileSync(process.execPath, ["-e", program], { encoding: "utf8" })).toMatch(/^end\n/);
  });

  test("may see its context end before it", async () => {
    const context = newContext();
    const monitor = new zmq.Monitor(context.socket(zmq.REP));
    const ended = new Promise((resolve) => monitor.once("end", () => resolve("ended")));
    await context.destroy(0);
    expect(await ended).toBe("ended");
  });
});
