/** Python's keyword arguments: an options object in place of the argument, its keys in camelCase. */
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { bound, newContext, pair } from "./support/sockets.js";

describe("an argument by its name", () => {
  test("ioThreads of a context", async () => {
    const context = new zmq.Context({ ioThreads: 3 });
    expect(context.ioThreads).toBe(3);
    await context.term();
    expect(zmq.Context.instance({ ioThreads: 1 })).toBe(zmq.Context.instance());
    expect(() => new zmq.Context({ ioThreads: "3" } as object as never)).toThrow(TypeError);
    expect(() => new zmq.Context({ ioThreads: 1, shadows: 0 } as never)).toThrow("unknown option 'shadows'");
  });

  test("linger of close and destroy", async () => {
    const context = new zmq.Context();
    const sockets = [context.socket(zmq.PUSH), context.socket(zmq.PUSH)];
    for (const socket of sockets) {
      socket.connect("tcp://127.0.0.1:9");
      await socket.send("x");
    }
    expect(() => sockets[0]?.close({ lingr: 0 } as object)).toThrow("did you mean 'linger'?");
    expect(sockets[0]?.closed).toBe(false);
    sockets[0]?.close({ linger: 0 });
    await context.destroy({ linger: 0 }); // would wait for ever otherwise
    expect(sockets.map(({ closed }) => closed)).toEqual([true, true]);
  });

  test("timeout and flags of the polls", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    await push.send("x");
    expect(await pull.poll({ timeout: 0, flags: zmq.POLLIN })).toBe(zmq.POLLIN);
    expect(await pull.poll(0, zmq.POLLIN, {})).toBe(zmq.POLLIN);
    const poller = new zmq.Poller();
    poller.register(pull, zmq.POLLIN);
    expect(await poller.poll({ timeout: 0 })).toEqual([[pull, zmq.POLLIN]]);
    expect(await zmq.zmqPoll([[pull, zmq.POLLIN]], { timeout: 0 })).toEqual([[pull, zmq.POLLIN]]);
    await pull.recv();
    expect(await pull.poll({ timeout: 1 })).toBe(0);
    expect(await pull.poll(-1, undefined, { timeout: 1 })).toBe(0);
    // Milliseconds, where the argument itself is in seconds.
    expect(await zmq.select([pull], [], [], { timeout: 1 })).toEqual([[], [], []]);
    expect(await zmq.select([pull], [], [], null, { timeout: 1 })).toEqual([[], [], []]);
    for (const call of [
      pull.poll({ timout: 1 } as object),
      poller.poll({ timout: 1 } as object),
      zmq.zmqPoll([], { timout: 1 } as object),
      zmq.select([], [], [], { timout: 1 } as object),
    ]) {
      await expect(call).rejects.toThrow("did you mean 'timeout'?");
    }
  });

  test("flags of what a poller is told to watch", () => {
    const [pull] = pair(zmq.PULL, zmq.PUSH);
    const poller = new zmq.Poller();
    poller.register(pull, { flags: zmq.POLLIN });
    expect(poller.sockets).toEqual([[pull, zmq.POLLIN]]);
    poller.modify(pull, { flags: zmq.POLLOUT });
    expect(poller.sockets).toEqual([[pull, zmq.POLLOUT]]);
    expect(() => poller.register(pull, { flag: 1 } as never)).toThrow("unknown option 'flag'");
  });

  test("capture and control of the proxies", async () => {
    const context = newContext();
    const socket = (type: number): zmq.Socket => {
      const made = context.socket(type);
      made.bind("tcp://127.0.0.1:*");
      return made;
    };
    const [front, back, capture, control] = [zmq.PULL, zmq.PUSH, zmq.PUSH, zmq.PAIR].map(socket) as [
      zmq.Socket,
      zmq.Socket,
      zmq.Socket,
      zmq.Socket,
    ];
    const [sender, receiver, listener, steering] = [zmq.PUSH, zmq.PULL, zmq.PULL, zmq.PAIR].map((type, i) => {
      const made = context.socket(type);
      made.connect([front, back, capture, control][i]?.lastEndpoint ?? "");
      return made;
    }) as [zmq.Socket, zmq.Socket, zmq.Socket, zmq.Socket];
    for (const call of [
      () => zmq.proxySteerable(front, back, { capture, control }),
      () => zmq.proxySteerable(front, back, capture, { control }),
    ]) {
      const done = call();
      await sender.send("text");
      expect(await receiver.recvString()).toBe("text");
      expect(await listener.recvString()).toBe("text");
      await steering.send("TERMINATE");
      expect(await done).toBe(0);
      await steering.recv();
    }
    const stop = new AbortController();
    const proxied = zmq.proxy(front, back, { capture, signal: stop.signal });
    await sender.send("captured");
    expect(await listener.recvString()).toBe("captured");
    stop.abort();
    await expect(proxied).rejects.toBe(stop.signal.reason);
    await expect(zmq.proxy(front, back, { control } as never)).rejects.toThrow("unknown option 'control'");
  });

  test("events and addr of the monitors", async () => {
    const server = newContext().socket(zmq.PULL);
    const monitor = server.getMonitorSocket({ events: zmq.EVENT_CLOSED, addr: "inproc://mine" });
    expect(monitor.lastEndpoint).toBe("inproc://mine");
    const address = bound(server, "tcp");
    server.unbind(address);
    expect((await zmq.recvMonitorMessage(monitor)).name).toBe("CLOSED");
    server.monitor("inproc://other", { events: zmq.EVENT_ALL });
    server.disableMonitor();
    const events = server.events({ events: zmq.EVENT_LISTENING });
    bound(server, "tcp");
    expect((await events.next()).value.name).toBe("LISTENING");
    expect(() => server.events({ event: 1 } as object)).toThrow("did you mean 'events'?");
  });

  test("encoding of the string options", () => {
    const socket = newContext().socket(zmq.DEALER);
    socket.setString(zmq.ROUTING_ID, "n\u00e4me", { encoding: "latin1" });
    expect(socket.routingId).toEqual(Buffer.from("n\u00e4me", "latin1"));
    expect(socket.getString(zmq.ROUTING_ID, { encoding: "latin1" })).toBe("n\u00e4me");
    expect(() => socket.getString(zmq.ROUTING_ID, "nonsense" as BufferEncoding)).toThrow(TypeError);
    expect(() => socket.setString(zmq.ROUTING_ID, "x", "nonsense" as BufferEncoding)).toThrow(TypeError);
  });
});
