import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { inspect } from "node:util";
import * as zmq from "nodezmq";
import { describe, expect, onTestFinished, test } from "vitest";
import { run } from "./support/life-child.js";
import { failure, ipcAddress, newContext, pair, thrown } from "./support/life-own.js";

/** A port that is taken, by somebody who does not speak ZeroMQ. */
async function takenPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  return (server.address() as { port: number }).port;
}

describe("bind", () => {
  test("a wildcard takes a free port, and lastEndpoint says which", () => {
    const context = newContext();
    const one = context.socket(zmq.PULL);
    expect(one.lastEndpoint).toBe("");
    one.bind("tcp://127.0.0.1:*");
    expect(one.lastEndpoint).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
    const first = one.lastEndpoint;
    one.bind("tcp://127.0.0.1:0");
    expect(one.lastEndpoint).not.toBe(first);
    one.bind("tcp://*:*");
    expect(one.lastEndpoint).toMatch(/^tcp:\/\/0\.0\.0\.0:\d+$/);
  });

  test("the address may be bytes, as in pyzmq", async () => {
    const context = newContext();
    const pull = context.socket(zmq.PULL);
    const push = context.socket(zmq.PUSH);
    expect(String(pull.bind(Buffer.from("inproc://byt\u00e9s")))).toBe("inproc://byt\u00e9s");
    push.connect(new Uint8Array(Buffer.from("inproc://byt\u00e9s")));
    await push.send("x");
    expect(String(await pull.recv())).toBe("x");
  });

  test.each([
    ["foo", "EINVAL"],
    ["tcp://", "EINVAL"],
    ["tcp://127.0.0.1", "EINVAL"],
    ["tcp://127.0.0.1:port", "EINVAL"],
    ["xyz://127.0.0.1:5", "EPROTONOSUPPORT"],
    ["tcp://no-such-interface:*", "ENODEV"],
    ["udp://127.0.0.1:5555", "ENOCOMPATPROTO"],
    ["", "EINVAL"],
  ])("%j is refused with %s, and the error names it", (address, code) => {
    const socket = newContext().socket(zmq.PULL);
    const error = thrown(() => socket.bind(address)) as zmq.ZMQError;
    expect(error).toBeInstanceOf(zmq.ZMQError);
    expect(error.code).toBe(code);
    if (address !== "") {
      expect(error.endpoint).toBe(address);
      expect(error.message).toContain(`addr='${address}'`);
    }
    socket.bind("tcp://127.0.0.1:*"); // it has not suffered
  });

  test("a taken address is EADDRINUSE", async () => {
    const context = newContext();
    const address = `tcp://127.0.0.1:${await takenPort()}`;
    const error = thrown(() => context.socket(zmq.PULL).bind(address)) as zmq.ZMQError;
    expect([error.errno, error.code, error.endpoint]).toEqual([zmq.EADDRINUSE, "EADDRINUSE", address]);
    context.socket(zmq.PULL).bind("inproc://taken");
    expect(thrown(() => context.socket(zmq.PULL).bind("inproc://taken")).errno).toBe(zmq.EADDRINUSE);
  });

  test.each([5, null, undefined, {}, [], "inproc://a\0b"])("%j is a TypeError", (address) => {
    const socket = newContext().socket(zmq.PULL);
    for (const verb of ["bind", "connect", "unbind", "disconnect"] as const) {
      expect(() => socket[verb](address as never)).toThrow(TypeError);
    }
  });

  test("an ipc path that is too long, or in no folder, is told in words", () => {
    const socket = newContext().socket(zmq.PULL);
    const long = thrown(() => socket.bind(`ipc:///tmp/${"x".repeat(200)}`));
    expect(long.code).toBe("ENAMETOOLONG");
    expect(long.message).toMatch(/longer than \d+ characters/);
    const lost = thrown(() => socket.bind("ipc:///no/such/folder/socket"));
    expect(lost.code).toBe("ENOENT");
    expect(lost.message).toContain("/no/such/folder/socket");
  });

  test("ipc: the path is there while it is bound", async () => {
    const context = newContext();
    const address = ipcAddress();
    const [pull, push] = pair(context, zmq.PULL, zmq.PUSH, address);
    await push.send("x");
    expect(String(await pull.recv())).toBe("x");
    expect(existsSync(address.slice("ipc://".length))).toBe(true);
  });

  test("without IPV6 the loopback [::1] is ENODEV", () => {
    const context = newContext();
    expect(thrown(() => context.socket(zmq.PULL).bind("tcp://[::1]:*")).code).toBe("ENODEV");
  });
});

describe("connect", () => {
  test("may come before the bind, and more than once", async () => {
    const context = newContext();
    const address = ipcAddress();
    const push = context.socket(zmq.PUSH);
    push.connect(address);
    push.connect("inproc://later");
    const [one, two] = [context.socket(zmq.PULL), context.socket(zmq.PULL)];
    one.bind(address);
    two.bind("inproc://later");
    await push.send("a");
    await push.send("b");
    const heard = [String(await one.recv()), String(await two.recv())].sort();
    expect(heard).toEqual(["a", "b"]);
  });

  test("an unresolvable host is no error: it is tried again and again", () => {
    newContext().socket(zmq.PUSH).connect("tcp://no.such.host.invalid:5555");
  });

  test.each([
    ["foo", "EINVAL"],
    ["tcp://127.0.0.1", "EINVAL"],
    ["xyz://a", "EPROTONOSUPPORT"],
    ["udp://127.0.0.1:5555", "ENOCOMPATPROTO"],
  ])("%j is refused with %s", (address, code) => {
    const error = thrown(() => newContext().socket(zmq.PUSH).connect(address)) as zmq.ZMQError;
    expect([error.code, error.endpoint]).toEqual([code, address]);
  });
});

describe("unbind and disconnect", () => {
  test("take back what bind and connect did; the second time there is nothing: ENOENT", async () => {
    const context = newContext();
    const [pull, push] = pair(context, zmq.PULL, zmq.PUSH);
    const address = pull.lastEndpoint;
    await push.send("x");
    await pull.recv();
    push.disconnect(address);
    expect(thrown(() => push.disconnect(address)).code).toBe("ENOENT");
    expect((await failure(push.send("y", zmq.DONTWAIT))).errno).toBe(zmq.EAGAIN);
    pull.unbind(address);
    expect(thrown(() => pull.unbind(address)).code).toBe("ENOENT");
  });

  test("a wildcard is unbound by the address that was taken", () => {
    const socket = newContext().socket(zmq.PULL);
    socket.bind("tcp://127.0.0.1:*");
    expect(thrown(() => socket.unbind("tcp://127.0.0.1:*")).code).toBe("ENOENT");
    socket.unbind(socket.lastEndpoint);
  });

  test("an address that was never there is ENOENT", () => {
    const socket = newContext().socket(zmq.PAIR);
    for (const address of ["tcp://127.0.0.1:9", "inproc://nowhere", "ipc:///tmp/nowhere"]) {
      expect(thrown(() => socket.unbind(address)).code).toBe("ENOENT");
      expect(thrown(() => socket.disconnect(address)).code).toBe("ENOENT");
    }
  });
});

describe("the endpoint that bind and connect return", () => {
  test("is the address, and unbinds at the end of its block", () => {
    const context = newContext();
    const socket = context.socket(zmq.PULL);
    let taken: string;
    {
      using endpoint = socket.bind("tcp://127.0.0.1:*");
      taken = endpoint.address;
      expect(taken).toBe(socket.lastEndpoint);
      expect(`${endpoint}`).toBe(taken);
      expect(endpoint).toBeInstanceOf(zmq.Endpoint);
    }
    expect(thrown(() => socket.unbind(taken)).code).toBe("ENOENT");
    expect(socket.closed).toBe(false);
  });

  test("disconnects at the end of its block", async () => {
    const context = newContext();
    const pull = context.socket(zmq.PULL);
    pull.bind("tcp://127.0.0.1:*");
    const push = context.socket(zmq.PUSH);
    {
      using endpoint = push.connect(pull.lastEndpoint);
      expect(endpoint.address).toBe(pull.lastEndpoint);
      await push.send("x");
    }
    expect(String(await pull.recv())).toBe("x");
    expect(thrown(() => push.disconnect(pull.lastEndpoint)).code).toBe("ENOENT");
  });

  test("does nothing once its socket is closed", () => {
    const socket = newContext().socket(zmq.PULL);
    const endpoint = socket.bind("tcp://127.0.0.1:*");
    socket.close();
    endpoint[Symbol.dispose]();
  });
});

describe("bindToRandomPort", () => {
  test("lets the system choose, and returns the number", () => {
    const socket = newContext().socket(zmq.PULL);
    const port = socket.bindToRandomPort("tcp://127.0.0.1");
    expect(socket.lastEndpoint).toBe(`tcp://127.0.0.1:${port}`);
    expect(port).toBeGreaterThan(0);
  });

  test("keeps to a range, given by position or by name", () => {
    const context = newContext();
    const one = context.socket(zmq.PULL).bindToRandomPort("tcp://127.0.0.1", 50000, 60000);
    const other = context
      .socket(zmq.PULL)
      .bindToRandomPort("tcp://127.0.0.1", { minPort: 50000, maxPort: 60000 });
    for (const port of [one, other]) {
      expect(port).toBeGreaterThanOrEqual(50000);
      expect(port).toBeLessThan(60000);
    }
  });

  test("gives up after so many tries", async () => {
    const port = await takenPort();
    const socket = newContext().socket(zmq.PULL);
    const error = thrown(() => socket.bindToRandomPort("tcp://127.0.0.1", port, port + 1, 3));
    expect(error).toBeInstanceOf(zmq.ZMQBindError);
    expect(error).toBeInstanceOf(zmq.ZMQBaseError);
    const sameAgain = { minPort: port, maxPort: port + 1, maxTries: 1 };
    expect(thrown(() => socket.bindToRandomPort("tcp://127.0.0.1", sameAgain))).toBeInstanceOf(
      zmq.ZMQBindError,
    );
  });

  test("other errors are not tried again", () => {
    const socket = newContext().socket(zmq.PULL);
    expect(thrown(() => socket.bindToRandomPort("tcp://no-such-interface", 50000, 60000)).code).toBe(
      "ENODEV",
    );
    expect(thrown(() => socket.bindToRandomPort("tcp://no-such-interface")).code).toBe("ENODEV");
  });

  test("an address without ports is refused before anything is bound", () => {
    const socket = newContext().socket(zmq.PULL);
    for (const address of ["ipc:///tmp/x", "inproc://x", "udp://127.0.0.1"]) {
      expect(() => socket.bindToRandomPort(address)).toThrow(RangeError);
    }
    const refused = (address: string, code: string) =>
      expect(() => socket.bindToRandomPort(address)).toThrow(
        expect.objectContaining({ code, endpoint: address }),
      );
    refused("tcp:*", "EINVAL");
    refused("", "EINVAL");
    refused("rand://*", "EPROTONOSUPPORT");
    expect(socket.lastEndpoint).toBe("");
  });

  test("a range that is none", () => {
    const socket = newContext().socket(zmq.PULL);
    expect(() => socket.bindToRandomPort("tcp://127.0.0.1", 6000, 5000)).toThrow(RangeError);
    expect(() => socket.bindToRandomPort("tcp://127.0.0.1", 0, 70000)).toThrow(RangeError);
    expect(() => socket.bindToRandomPort("tcp://127.0.0.1", "5000" as never)).toThrow(TypeError);
    expect(() => socket.bindToRandomPort("tcp://127.0.0.1", { minport: 1 } as never)).toThrow(/minPort/);
    expect(() => socket.bindToRandomPort(5 as never)).toThrow(TypeError);
  });
});

describe("options of a socket", () => {
  test("are read and written by property, by number and by pyzmq's names", () => {
    const socket = newContext().socket(zmq.DEALER);
    socket.linger = 5;
    expect([socket.linger, socket.get(zmq.LINGER), socket.getsockopt(zmq.LINGER)]).toEqual([5, 5, 5]);
    socket.set(zmq.LINGER, 6);
    expect(socket.linger).toBe(6);
    socket.setsockopt(zmq.LINGER, 7);
    expect(socket.linger).toBe(7);
    socket.routingId = "name";
    expect(socket.routingId.equals(Buffer.from("name"))).toBe(true);
    expect(socket.getString(zmq.ROUTING_ID)).toBe("name");
    socket.setString(zmq.ROUTING_ID, "na\u00efve", "latin1");
    expect(socket.routingId.equals(Buffer.from("na\u00efve", "latin1"))).toBe(true);
    expect(socket.getsockoptString(zmq.ROUTING_ID, "latin1")).toBe("na\u00efve");
    expect(socket.affinity).toBe(0n);
    socket.affinity = 2n ** 63n;
    expect(socket.affinity).toBe(2n ** 63n);
    expect(socket.maxmsgsize).toBe(-1);
    expect(socket.ipv6).toBe(false);
    socket.ipv6 = true;
    expect(socket.ipv6).toBe(true);
    expect(socket.type).toBe(zmq.DEALER);
    expect(socket.get(zmq.TYPE)).toBe(zmq.DEALER);
  });

  test("hwm is both high-water marks", () => {
    const socket = newContext().socket(zmq.DEALER);
    socket.hwm = 3;
    expect([socket.sndhwm, socket.rcvhwm, socket.hwm, socket.getHwm()]).toEqual([3, 3, 3, 3]);
    socket.setHwm(4);
    expect([socket.sndhwm, socket.rcvhwm]).toEqual([4, 4]);
  });

  test("of the wrong type are a TypeError, out of C's range a RangeError, refused by libzmq EINVAL", () => {
    const socket: zmq.Socket = newContext().socket(zmq.DEALER);
    expect(() => Object.assign(socket, { linger: "5" })).toThrow(TypeError);
    expect(() => Object.assign(socket, { linger: 1.5 })).toThrow(TypeError);
    expect(() => Object.assign(socket, { linger: undefined })).toThrow(TypeError);
    expect(() => Object.assign(socket, { routingId: 5 })).toThrow(TypeError);
    expect(() => {
      socket.linger = 2 ** 31;
    }).toThrow(RangeError);
    expect(
      thrown(() => {
        socket.linger = -2;
      }).errno,
    ).toBe(zmq.EINVAL);
    expect(thrown(() => socket.subscribe("x")).errno).toBe(zmq.EINVAL);
    expect(thrown(() => socket.get(9999)).errno).toBe(zmq.EINVAL);
    expect(thrown(() => socket.set(9999, 5)).errno).toBe(zmq.EINVAL);
    expect(thrown(() => socket.set(9999, "x")).errno).toBe(zmq.EINVAL);
    expect(socket.linger).toBe(-1);
  });

  test("an option that can only be written, or only be read", () => {
    const socket = newContext().socket(zmq.ROUTER);
    expect(() => (socket as unknown as { routerMandatory: boolean }).routerMandatory).toThrow(/write-only/);
    expect(() => Object.assign(socket, { lastEndpoint: "x" })).toThrow(/read-only/);
    socket.routerMandatory = true;
    expect(thrown(() => socket.get(zmq.ROUTER_MANDATORY)).errno).toBe(zmq.EINVAL);
  });

  test("a valueOf or getter that closes the socket while its value is read is no crash", () => {
    const context = newContext();
    const socket = context.socket(zmq.DEALER);
    const value = {
      valueOf() {
        socket.close();
        return 5;
      },
    };
    expect(() => socket.set(zmq.LINGER, value as never)).toThrow(TypeError);
    expect(() => socket.set(value as never, 5)).toThrow(TypeError);
    expect(socket.closed).toBe(false);
  });
});

describe("Socket.shadow", () => {
  test("is another face of the socket, by itself or its underlying", async () => {
    const context = newContext();
    const [pull, push] = pair(context, zmq.PULL, zmq.PUSH, "inproc://faces");
    const byAddress = zmq.Socket.shadow(push.underlying);
    const byItself = zmq.Socket.shadow(pull);
    expect([byAddress.type, byItself.type]).toEqual([zmq.PUSH, zmq.PULL]);
    expect(byItself.underlying).toBe(pull.underlying);
    expect(byItself.context).toBe(context);
    await byAddress.send("x");
    expect(String(await byItself.recv())).toBe("x");
    byItself.linger = 9;
    expect(pull.linger).toBe(9);
  });

  test("closing either closes both", async () => {
    const context = newContext();
    const socket = context.socket(zmq.PULL);
    const shadow = zmq.Socket.shadow(socket);
    const pending = failure(socket.recv());
    shadow.close();
    expect((await pending).code).toBe("ENOTSOCK");
    expect([socket.closed, shadow.closed, shadow.underlying]).toEqual([true, true, 0n]);
    expect(thrown(() => zmq.Socket.shadow(socket)).code).toBe("ENOTSOCK");
  });

  test("their calls wait in one line", async () => {
    const context = newContext();
    const [pull, push] = pair(context, zmq.PULL, zmq.PUSH, "inproc://line");
    const shadow = zmq.Socket.shadow(pull);
    const heard = Promise.all([pull.recv(), shadow.recv(), pull.recv(), shadow.recv()]);
    for (const word of ["a", "b", "c", "d"]) await push.send(word);
    expect((await heard).map(String)).toEqual(["a", "b", "c", "d"]);
  });

  test("an address that is no open socket of this thread is ENOTSOCK", () => {
    const context = newContext();
    const socket = context.socket(zmq.PULL);
    const { underlying } = socket;
    socket.close();
    for (const address of [0n, 1n, 2n ** 64n - 1n, 2n ** 70n, -1n, underlying, context.underlying]) {
      expect(thrown(() => zmq.Socket.shadow(address)).code).toBe("ENOTSOCK");
    }
    for (const value of [undefined, null, 5, "x", {}]) {
      expect(() => zmq.Socket.shadow(value as never)).toThrow(TypeError);
    }
  });
});

describe("close", () => {
  test("is at once, and twice is nothing", () => {
    const socket = newContext().socket(zmq.PUSH);
    expect([socket.closed, socket.underlying === 0n]).toEqual([false, false]);
    socket.close();
    expect([socket.closed, socket.underlying]).toEqual([true, 0n]);
    socket.close();
    socket.close(0);
    socket[Symbol.dispose]();
  });

  test("is what `using` does", () => {
    const context = newContext();
    let kept: zmq.Socket;
    {
      using socket = context.socket(zmq.PUSH);
      kept = socket;
    }
    expect(kept.closed).toBe(true);
  });

  test("rejects what is pending with ENOTSOCK, in the order in which it was asked for", async () => {
    const context = newContext();
    const socket = context.socket(zmq.DEALER);
    const poller = new zmq.Poller();
    poller.register(socket);
    const order: number[] = [];
    const pending = [
      socket.recv(),
      socket.recvMultipart(),
      socket.recvBatch({ timeout: 60_000 }),
      socket.send("x"),
      socket.sendMultipart(["x", "y"]),
      socket.poll(60_000),
      poller.poll(60_000),
    ].map(async (promise, i) => {
      const error = await failure(promise);
      order.push(i);
      return error;
    });
    socket.close();
    for (const error of await Promise.all(pending)) expect(error.code).toBe("ENOTSOCK");
    expect(order.indexOf(0)).toBeLessThan(order.indexOf(1));
    expect(order.indexOf(1)).toBeLessThan(order.indexOf(2));
    expect(order.indexOf(3)).toBeLessThan(order.indexOf(4));
  });

  test("ends an iteration", async () => {
    const context = newContext();
    const [pull, push] = pair(context, zmq.PULL, zmq.PUSH, "inproc://iterated");
    await push.send("1");
    await push.send("2");
    const heard: string[] = [];
    for await (const [frame] of pull) {
      heard.push(String(frame));
      if (heard.length === 2) setImmediate(() => pull.close());
    }
    expect(heard).toEqual(["1", "2"]);
  });

  test("within the loop that iterates it, and within its own wake-up", async () => {
    const context = newContext();
    const [pull, push] = pair(context, zmq.PULL, zmq.PUSH, "inproc://own");
    const first = pull.recv().then((frame) => {
      pull.close();
      return String(frame);
    });
    const second = pull.recv().then(String, (error: zmq.ZMQError) => error.code);
    await push.send("1");
    await push.send("2");
    expect(await first).toBe("1");
    // Served in the same wake-up, or too late: either is right, a crash or a hang is not.
    expect(["2", "ENOTSOCK"]).toContain(await second);
    for await (const _ of pull) expect.unreachable();
  });

  test("sends what is queued in the background, for as long as LINGER says", async () => {
    const context = newContext();
    const address = ipcAddress();
    const push = context.socket(zmq.PUSH);
    push.connect(address);
    for (let i = 0; i < 100; i++) push.sendSync(`${i}`);
    push.close();
    const pull = newContext().socket(zmq.PULL);
    pull.bind(address);
    for (let i = 0; i < 100; i++) expect(String(await pull.recv())).toBe(`${i}`);
    await context.term();
  });

  test("a linger that is none is refused, and nothing is closed", () => {
    const socket = newContext().socket(zmq.PUSH);
    expect(() => socket.close("0" as never)).toThrow(TypeError);
    expect(() => socket.close(0.5)).toThrow(TypeError);
    expect(() => socket.close(2 ** 31)).toThrow(RangeError);
    expect(thrown(() => socket.close(-2)).errno).toBe(zmq.EINVAL);
    expect(socket.closed).toBe(false);
    socket.close(null);
    expect(socket.closed).toBe(true);
  });

  test("a closed socket knows its type and its context, and prints that it is closed", () => {
    const context = newContext();
    const socket = context.socket(zmq.PUSH);
    expect(inspect(socket)).toBe("Socket(zmq.PUSH)");
    socket.close();
    expect(inspect(socket)).toBe("Socket(zmq.PUSH, closed)");
    expect(socket.type).toBe(zmq.PUSH);
    expect(socket.context).toBe(context);
  });

  test("every use of a closed socket is ENOTSOCK; poll is ENOTSUP, as in pyzmq", async () => {
    const socket: zmq.Socket = newContext().socket(zmq.DEALER);
    socket.bind("tcp://127.0.0.1:*");
    const address = socket.lastEndpoint;
    socket.close();
    const uses: (() => unknown)[] = [
      () => socket.bind("inproc://x"),
      () => socket.connect("inproc://x"),
      () => socket.unbind(address),
      () => socket.disconnect(address),
      () => socket.bindToRandomPort("tcp://127.0.0.1"),
      () => socket.linger,
      () => socket.lastEndpoint,
      () => socket.get(zmq.TYPE),
      () => {
        socket.linger = 0;
      },
      () => socket.subscribe("x"),
      () => socket.unsubscribe("x"),
      () => socket.join("x"),
      () => socket.leave("x"),
      () => socket.monitor("inproc://m"),
      () => socket.fileno(),
      () => socket.sendSync("x"),
      () => socket.sendMultipartSync(["x"]),
      () => socket.sendBatchSync(["x"]),
      () => socket.recvSync(),
      () => socket.recvMultipartSync(),
      () => socket.recvBatchSync(),
    ];
    for (const use of uses) expect(thrown(use).code).toBe("ENOTSOCK");
    const calls = [
      () => socket.send("x"),
      () => socket.send("x", zmq.DONTWAIT),
      () => socket.sendMultipart(["x"]),
      () => socket.sendBatch(["x"]),
      () => socket.recv(),
      () => socket.recv({ timeout: 0 }),
      () => socket.recvMultipart(),
      () => socket.recvString(),
      () => socket.recvBatch(),
    ];
    for (const call of calls) expect((await failure(call())).code).toBe("ENOTSOCK");
    expect((await failure(socket.poll())).code).toBe("ENOTSUP");
    expect((await failure(socket.poll(0))).code).toBe("ENOTSUP");
    expect(thrown(() => socket.pollSync()).code).toBe("ENOTSUP");
    for await (const _ of socket) expect.unreachable();
    socket.ref().unref();
  });

  test("a thousand pending calls, and a thousand sockets", async () => {
    const context = newContext();
    const socket = context.socket(zmq.PULL);
    const pending = Array.from({ length: 1000 }, () => failure(socket.recv()));
    const sockets = Array.from({ length: 900 }, () => context.socket(zmq.PULL));
    const others = sockets.map((one) => failure(one.recv()));
    socket.close();
    for (const one of sockets) one.close();
    for (const error of await Promise.all([...pending, ...others])) expect(error.code).toBe("ENOTSOCK");
  });
});

describe("what would abort libzmq", () => {
  test("an inproc name that is too long is refused", () => {
    const socket = newContext().socket(zmq.PAIR);
    const name = (length: number): string => `inproc://${"n".repeat(length - 9)}`;
    for (const verb of ["bind", "connect"] as const)
      expect(thrown(() => socket[verb](name(1024)))).toMatchObject({ code: "ENAMETOOLONG" });
    socket.bind(name(1023));
    expect(socket.lastEndpoint).toBe(name(1023));
  });

  test("USE_FD takes a socket that listens, for one bind", async () => {
    const context = newContext();
    const pull = context.socket(zmq.PULL);
    for (const fd of [0, 999]) {
      pull.set(zmq.USE_FD, fd);
      expect(thrown(() => pull.bind("tcp://127.0.0.1:*"))).toMatchObject({
        code: "EINVAL",
        message: expect.stringContaining(`USE_FD ${fd} is no listening socket`),
      });
    }
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const handle = Reflect.get(server, "_handle") as { fd: number };
    pull.set(zmq.USE_FD, handle.fd);
    expect(pull.get(zmq.USE_FD)).toBe(handle.fd);
    pull.set(zmq.USE_FD, -1);
    pull.bind("tcp://127.0.0.1:*");
    expect(pull.get(zmq.USE_FD)).toBe(-1);
  });

  test("a message that is too large for udp is refused", async () => {
    const context = newContext();
    const radio = context.socket(zmq.RADIO);
    radio.connect("udp://127.0.0.1:39223");
    await radio.send(Buffer.alloc(8190), { group: "g" });
    for (const size of [8191, 9000, 70_000])
      expect(await failure(radio.send(Buffer.alloc(size), { group: "g" }))).toMatchObject({
        code: "EMSGSIZE",
      });
    const dgram = context.socket(zmq.DGRAM);
    dgram.bind("udp://127.0.0.1:*");
    for (const size of [8192, 70_000])
      expect(await failure(dgram.sendMultipart(["127.0.0.1:39223", Buffer.alloc(size)]))).toMatchObject({
        code: "EMSGSIZE",
      });
    await dgram.sendMultipart(["127.0.0.1:39223", "still works"]);
  });

  test.runIf(process.getuid?.() === 0)("no more threads are an error", async () => {
    // The limit is for each user, and none for the superuser: as somebody who has no threads yet.
    const { stdout } = await run(
      `process.setgid?.(65534);
      process.setuid?.(65534);
      const contexts = [];
      let error;
      for (let i = 0; i < 100 && error === undefined; i++) {
        try {
          const context = new zmq.Context();
          contexts.push(context);
          context.socket(zmq.PULL);
        } catch (thrown) { error = thrown; }
      }
      say(error?.code);
      process.exit(0);`,
      { under: ["prlimit", "--nproc=60"] },
    );
    expect(stdout).toBe("ENOMEM\n");
  });
});
