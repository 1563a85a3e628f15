import { inspect } from "node:util";
import * as zmq from "nodezmq";
import { describe, expect, onTestFinished, test } from "vitest";
import { run } from "./support/life-child.js";
import { failure, ipcAddress, meanwhile, newContext, pair, thrown } from "./support/life-own.js";
import { startWorker } from "./support/life-worker.js";

/** A socket with one message that waits for a peer who is not there yet. */
function queue(context: zmq.Context, address: string, linger = -1): zmq.Socket {
  const socket = context.socket(zmq.PUSH, { linger });
  socket.connect(address);
  socket.sendSync("queued");
  return socket;
}

const settled = (promise: Promise<unknown>): { done: boolean } => {
  const state = { done: false };
  promise.finally(() => {
    state.done = true;
  });
  return state;
};

describe("making a context", () => {
  test("one I/O thread by default, and as many as were asked for", () => {
    expect(newContext().ioThreads).toBe(1);
    expect(newContext(3).ioThreads).toBe(3);
    expect(newContext(0).ioThreads).toBe(0);
  });

  test("without I/O threads inproc works, and tcp has no thread to work on", async () => {
    const context = newContext(0);
    const [a, b] = pair(context, zmq.PAIR, zmq.PAIR, "inproc://a");
    await a.send("x");
    expect(String(await b.recv())).toBe("x");
    const error = thrown(() => context.socket(zmq.PULL).bind("tcp://127.0.0.1:*"));
    expect(error).toBeInstanceOf(zmq.ZMQError);
    expect(error.code).toBe("EMTHREAD");
  });

  test("a negative number of threads is EINVAL", () => {
    const error = thrown(() => new zmq.Context(-1));
    expect(error).toBeInstanceOf(zmq.ZMQError);
    expect(error.errno).toBe(zmq.EINVAL);
  });

  test.each(["x", "1", null, 1.5, Number.NaN, {}, [], true])("%j threads is a TypeError", (ioThreads) => {
    expect(() => new zmq.Context(ioThreads as never)).toThrow(TypeError);
    expect(() => zmq.Context.instance(ioThreads as never)).toThrow(TypeError);
  });

  test("two contexts are strangers to each other", async () => {
    const one = newContext();
    const other = newContext();
    expect(one.underlying).not.toBe(other.underlying);
    one.socket(zmq.PAIR).bind("inproc://same");
    other.socket(zmq.PAIR).bind("inproc://same");
  });

  test("it prints what it is", async () => {
    const context = newContext();
    expect(inspect(context)).toBe("Context(0 sockets)");
    const socket = context.socket(zmq.PAIR);
    expect(inspect(context)).toBe("Context(1 socket)");
    context.socket(zmq.PAIR);
    expect(inspect(context)).toBe("Context(2 sockets)");
    socket.close();
    expect(inspect(context)).toBe("Context(1 socket)");
    await context.destroy();
    expect(inspect(context)).toBe("Context(0 sockets, closed)");
  });
});

describe("options of the context", () => {
  test("are read and written, by property and by number", () => {
    const context = newContext();
    context.maxSockets = 77;
    expect(context.get(zmq.MAX_SOCKETS)).toBe(77);
    context.set(zmq.MAX_SOCKETS, 78);
    expect(context.maxSockets).toBe(78);
    expect(context.socketLimit).toBe(65535);
    expect(context.msgTSize).toBe(64);
    expect(thrown(() => context.set(9999, 1)).errno).toBe(zmq.EINVAL);
    expect(thrown(() => context.get(9999)).errno).toBe(zmq.EINVAL);
    expect(() => context.set(zmq.MAX_SOCKETS, "many" as never)).toThrow(TypeError);
  });

  test("one socket more than maxSockets is EMFILE, and there is room again when one has gone", async () => {
    const context = newContext();
    context.maxSockets = 2;
    const first = context.socket(zmq.PAIR);
    context.socket(zmq.PAIR);
    const error = thrown(() => context.socket(zmq.PAIR));
    expect(error).toBeInstanceOf(zmq.ZMQError);
    expect(error.code).toBe("EMFILE");
    first.close();
    // libzmq frees a closed socket's place in the background.
    for (;;) {
      try {
        context.socket(zmq.PAIR);
        break;
      } catch (again) {
        expect((again as zmq.ZMQError).code).toBe("EMFILE");
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  });

  test("pyzmq's arguments: a class and options, shadows", async () => {
    const context = newContext();
    class Own extends zmq.Socket {}
    for (const own of [
      context.socket(zmq.REQ, Own, { linger: 7 }),
      context.socket(zmq.REQ, { socketClass: Own, linger: 7 }),
    ]) {
      expect(own).toBeInstanceOf(Own);
      expect(own.linger).toBe(7);
    }
    expect(
      (context.socket as (...all: unknown[]) => zmq.Socket)(zmq.REQ, undefined, { linger: 8 }).linger,
    ).toBe(8);
    expect(() => context.socket(zmq.REQ, Own, { lingr: 1 } as never)).toThrow(/'linger'/);
    expect(() => context.socket(-1)).toThrow(TypeError);
    for (const shadow of [
      new zmq.Context(1, context),
      new zmq.Context(1, context.underlying),
      new zmq.Context({ shadow: context }),
    ]) {
      expect(shadow.underlying).toBe(context.underlying);
    }
    for (const other of [new zmq.Context(1, 0), new zmq.Context({ ioThreads: 2, shadow: 0 })]) {
      expect(other.underlying).not.toBe(context.underlying);
      await other.term();
    }
    expect(() => new zmq.Context({ ioThread: 1 } as never)).toThrow(/'ioThreads'/);
    const socket = context.socket(zmq.PULL) as zmq.Socket;
    for (const shadow of [
      new zmq.Socket({ shadow: socket }),
      new zmq.Socket(null, null, { shadow: socket.underlying }),
    ]) {
      expect([shadow.underlying, shadow.type]).toEqual([socket.underlying, zmq.PULL]);
    }
    const stop = new AbortController();
    const { signal } = stop;
    const polling = socket.poll(1e6, { signal });
    stop.abort();
    await expect(polling).rejects.toBe(signal.reason);
    expect(await socket.poll(0, { flags: zmq.POLLOUT })).toBe(0);
    expect(new zmq.ZMQVersionError("9.9").version).toBe(zmq.zmqVersion());
  });

  test("sockets can be opened as fast as others are closed, which libzmq does in the background", () => {
    const context = newContext();
    context.maxSockets = 6;
    for (let i = 0; i < 500; i++) {
      const sockets = Array.from({ length: 6 }, () => context.socket(zmq.PAIR));
      for (const socket of sockets) socket.close();
    }
  });

  test("BLOCKY 0 gives new sockets LINGER 0", () => {
    const context = newContext();
    context.set(zmq.BLOCKY, 0);
    expect(context.socket(zmq.PUSH).linger).toBe(0);
  });
});

describe("defaults for sockets", () => {
  test("hold for sockets made later, and are no more once set to undefined", () => {
    const context = newContext();
    const before = context.socket(zmq.PUSH);
    context.linger = 0;
    context.sndhwm = 7;
    const after = context.socket(zmq.PUSH);
    expect([before.linger, before.sndhwm]).toEqual([-1, 1000]);
    expect([after.linger, after.sndhwm]).toEqual([0, 7]);
    expect(context.getsockopt(zmq.LINGER)).toBe(0);
    Object.assign(context, { linger: undefined });
    expect(context.socket(zmq.PUSH).linger).toBe(-1);
    expect(context.socket(zmq.PUSH).sndhwm).toBe(7);
  });

  test("setsockopt and getsockopt are the same by number", () => {
    const context = newContext();
    context.setsockopt(zmq.LINGER, 5);
    expect(context.getsockopt(zmq.LINGER)).toBe(5);
    expect(context.socket(zmq.PUSH).linger).toBe(5);
    context.setsockopt(zmq.LINGER, undefined);
    const error = thrown(() => context.getsockopt(zmq.LINGER));
    expect(error).not.toBeInstanceOf(zmq.ZMQError);
    expect(error.message).toMatch(`${zmq.LINGER}`);
  });

  test("what a type of socket does not have is none for it", async () => {
    const context = newContext();
    context.subscribe = "topic";
    context.routingId = "me";
    const publisher = context.socket(zmq.PUB);
    const subscriber = context.socket(zmq.SUB);
    publisher.bind("inproc://topics");
    subscriber.connect("inproc://topics");
    // Over inproc the subscription is there once the publisher has looked.
    while ((await subscriber.poll(0)) === 0) await publisher.send("topic 1");
    expect(String(await subscriber.recv())).toBe("topic 1");
    expect(context.socket(zmq.DEALER).routingId.toString()).toBe("me");
  });

  test("read as the option does, and are not the caller's bytes", () => {
    const context = newContext();
    const name = Buffer.from("me");
    Object.assign(context, { affinity: 1, conflate: 1, routingId: name, plainUsername: "you" });
    name.fill(0);
    expect([context.affinity, context.conflate, context.routingId, context.plainUsername]).toEqual([
      1n,
      true,
      Buffer.from("me"),
      "you",
    ]);
    expect(String(context.socket(zmq.DEALER).routingId)).toBe("me");
    context.hwm = 9;
    const socket = context.socket(zmq.PUSH, { hwm: 7, rcvhwm: 8 });
    expect([context.hwm, context.sndhwm, context.rcvhwm, socket.sndhwm, socket.rcvhwm]).toEqual([
      9, 9, 9, 7, 8,
    ]);
    context.maxMsgSize = 5;
    expect([context.maxMsgSize, context.maxMsgsz]).toEqual([5, 5]);
  });

  test("an option given to socket() goes before a default", () => {
    const context = newContext();
    context.linger = 5;
    expect(context.socket(zmq.PUSH, { linger: 6 }).linger).toBe(6);
  });

  test("a wrong value is told where it is written", () => {
    const context = newContext();
    expect(() => Object.assign(context, { linger: "never" })).toThrow(TypeError);
    expect(() => Object.assign(context, { linger: 2 ** 40 })).toThrow(RangeError);
    expect(context.socket(zmq.PUSH).linger).toBe(-1);
  });
});

describe("socket(type, options)", () => {
  test("sets the options before it returns", () => {
    const socket = newContext().socket(zmq.SUB, { linger: 3, rcvhwm: 4, subscribe: "a", ipv6: true });
    expect([socket.linger, socket.rcvhwm, socket.ipv6]).toEqual([3, 4, true]);
  });

  test("an unknown option suggests the one that was meant", () => {
    const context = newContext();
    const error = thrown(() => context.socket(zmq.PUSH, { lingr: 0 } as never));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/'lingr'.*'linger'/);
    expect(thrown(() => context.socket(zmq.PUSH, { SNDHWM: 0 } as never)).message).toMatch(/'sndhwm'/);
    expect(thrown(() => context.socket(zmq.PUSH, { lastEndpoint: "x" } as never))).toBeInstanceOf(TypeError);
  });

  test("an option that is refused leaves no socket behind", async () => {
    const context = newContext();
    expect(() => context.socket(zmq.PUSH, { linger: "0" } as never)).toThrow(TypeError);
    expect(thrown(() => context.socket(zmq.PUSH, { subscribe: "x" })).errno).toBe(zmq.EINVAL);
    expect(thrown(() => context.socket(zmq.PUSH, { rcvhwm: -5 })).errno).toBe(zmq.EINVAL);
    await context.term(); // would wait for it
  });

  test("an option of undefined is none", () => {
    expect(newContext().socket(zmq.PUSH, { linger: undefined } as never).linger).toBe(-1);
  });

  test("a type that is no socket type", () => {
    const context = newContext();
    expect(thrown(() => context.socket(99)).errno).toBe(zmq.EINVAL);
    for (const type of [undefined, null, "REQ", 1.5, -1]) {
      expect(() => context.socket(type as never)).toThrow(TypeError);
    }
    expect(() => new zmq.Socket(undefined as never, zmq.REQ)).toThrow(TypeError);
    expect(() => new zmq.Socket({} as never, zmq.REQ)).toThrow(TypeError);
    expect(() => new zmq.Socket(context, undefined as never)).toThrow(TypeError);
  });
});

describe("term", () => {
  test("resolves when the last socket has been closed", async () => {
    const context = newContext();
    const sockets = [context.socket(zmq.PUSH), context.socket(zmq.PULL)];
    const term = context.term();
    const state = settled(term);
    await meanwhile();
    sockets[0]?.close();
    await meanwhile();
    expect(state.done).toBe(false);
    expect(context.closed).toBe(false);
    sockets[1]?.close();
    await term;
    expect(context.closed).toBe(true);
    expect(context.underlying).toBe(0n);
  });

  test("resolves when what was queued has reached a peer", async () => {
    const context = newContext();
    const address = ipcAddress();
    queue(context, address).close();
    const term = context.term();
    const state = settled(term);
    await meanwhile();
    expect(state.done).toBe(false);
    const receiver = newContext().socket(zmq.PULL);
    receiver.bind(address);
    await term;
    expect(String(await receiver.recv())).toBe("queued");
  });

  test("resolves when the LINGER of what was queued is over", async () => {
    const context = newContext();
    const begin = performance.now();
    queue(context, ipcAddress(), 150).close();
    await context.term();
    expect(performance.now() - begin).toBeGreaterThan(140);
  });

  test("does not wait for a message whose LINGER is 0", async () => {
    const context = newContext();
    queue(context, ipcAddress()).close(0);
    await context.term();
  });

  test("is idempotent, and any number may wait for it", async () => {
    const context = newContext();
    const socket = context.socket(zmq.PUSH);
    const all = Promise.all([context.term(), context.term(), context.term()]);
    socket.close();
    await all;
    await context.term();
    await context.destroy();
    await context.destroy(0);
  });

  test("rejects what is pending on its sockets with ContextTerminated", async () => {
    const context = newContext();
    const pull = context.socket(zmq.PULL);
    const push = context.socket(zmq.PUSH);
    const polled = context.socket(zmq.PULL);
    const poller = new zmq.Poller();
    poller.register(context.socket(zmq.PULL));
    const pending = [
      pull.recv(),
      pull.recvMultipart({ timeout: 60_000 }),
      pull.recvBatch(),
      push.send("x"),
      push.sendMultipart(["x", "y"]),
      push.sendBatch(["x"]),
      polled.poll(),
      poller.poll(),
      zmq.select([polled], [], []),
      zmq.proxy(context.socket(zmq.PULL), context.socket(zmq.PUSH)),
    ];
    const iteration = (async () => {
      for await (const _ of context.socket(zmq.PULL)) expect.unreachable();
      return "ended";
    })();
    const term = context.term();
    for (const error of await Promise.all(pending.map(failure))) {
      expect(error).toBeInstanceOf(zmq.ContextTerminated);
    }
    expect(await iteration).toBe("ended");
    expect(context.closed).toBe(false);
    await context.destroy();
    await term;
  });

  test("waits as long as it is told to, and goes on ending all the same", async () => {
    const context = newContext();
    const socket = context.socket(zmq.PAIR);
    expect(await failure(context.term({ timeout: 20 }))).toBeInstanceOf(zmq.Again);
    const stop = new AbortController();
    const ending = failure(context.term({ signal: stop.signal }));
    stop.abort("enough");
    expect(await ending).toBe("enough");
    expect(thrown(() => context.socket(zmq.PAIR))).toBeInstanceOf(zmq.ContextTerminated);
    socket.close();
    await context.term({ timeout: -1, signal: new AbortController().signal });
    expect(context.closed).toBe(true);
    await context.term({ timeout: 0 });
  });

  test("what it cannot take is refused by the promise, and nothing ends", async () => {
    const context = newContext();
    const unknown = await failure(context.term({ timout: 5 } as object));
    expect(unknown).toBeInstanceOf(TypeError);
    expect(unknown.message).toContain("'timeout'");
    expect(await failure(context.term(5 as never))).toBeInstanceOf(TypeError);
    expect(await failure(context.term({ timeout: "x" as never }))).toBeInstanceOf(TypeError);
    expect(await failure(context.term({ signal: AbortSignal.abort("no") }))).toBe("no");
    expect(await failure(context.destroy(0, { signal: AbortSignal.abort("no") }))).toBe("no");
    expect(await failure(context.destroy({ lingr: 5 } as object))).toBeInstanceOf(TypeError);
    context.socket(zmq.PAIR).close();
  });

  test("is refused nothing by messages that nobody has received", async () => {
    const context = newContext();
    const [pull, push] = pair(context, zmq.PULL, zmq.PUSH);
    for (let i = 0; i < 100; i++) push.sendSync(`${i}`);
    await pull.recv();
    push.close();
    pull.close();
    await context.term();
  });
});

describe.each([1, 4])(
  "a context with %i connections to names that nobody has bound, and no room for more",
  (count) => {
    test.each(["term", "destroy"] as const)("%s() ends it, as does the end of the process", async (verb) => {
      for (const steps of [`await context.${verb}(); say("ended");`, `say("ended");`]) {
        const outcome = await run(`
        const context = new zmq.Context();
        context.maxSockets = ${count};
        const sockets = Array.from({ length: ${count} }, () => context.socket(zmq.PAIR));
        for (const [i, socket] of sockets.entries()) socket.connect("inproc://nobody-" + i);
        if ("${verb}" === "term") for (const socket of sockets) socket.close();
        (async () => { ${steps} })();`);
        expect(outcome).toEqual({ code: 0, signal: null, stdout: "ended\n", stderr: "" });
      }
    });
  },
);

describe("a terminated context", () => {
  test("every use of it is ContextTerminated", async () => {
    const context = newContext();
    await context.term();
    const uses: (() => unknown)[] = [
      () => context.socket(zmq.PUSH),
      () => new zmq.Socket(context, zmq.PUSH),
      () => context.get(zmq.IO_THREADS),
      () => context.set(zmq.MAX_SOCKETS, 5),
      () => context.ioThreads,
      () => {
        context.maxSockets = 5;
      },
      () => zmq.Context.shadow(context),
      () => new zmq.Context(context),
      () => context.linger,
      () => Object.assign(context, { linger: 5 }),
      () => context.getsockopt(zmq.LINGER),
      () => context.setsockopt(zmq.LINGER, undefined),
      () => context.sockopts,
      () => context.hwm,
      () => context.maxMsgSize,
    ];
    for (const use of uses) expect(thrown(use)).toBeInstanceOf(zmq.ContextTerminated);
    await context.term();
    await context.destroy();
  });

  test("is as unusable while it is still being terminated", async () => {
    const context = newContext();
    const socket = context.socket(zmq.PUSH);
    const term = context.term();
    expect(thrown(() => context.socket(zmq.PUSH))).toBeInstanceOf(zmq.ContextTerminated);
    expect(thrown(() => context.ioThreads)).toBeInstanceOf(zmq.ContextTerminated);
    expect(thrown(() => zmq.Context.shadow(context))).toBeInstanceOf(zmq.ContextTerminated);
    socket.close();
    await term;
  });

  test("every use of its sockets is ContextTerminated from the call of term() on", async () => {
    const context = newContext();
    const [pull, push] = pair(context, zmq.PULL, zmq.PUSH);
    await push.send("there already");
    await pull.poll();
    const sub = context.socket(zmq.SUB);
    const poller = new zmq.Poller();
    poller.register(pull, zmq.POLLIN);
    const term = context.term();
    const sync: (() => unknown)[] = [
      () => push.sendSync("x"),
      () => push.sendMultipartSync(["x"]),
      () => push.sendBatchSync(["x"]),
      () => pull.recvSync(),
      () => pull.recvMultipartSync(),
      () => pull.recvBatchSync(),
      () => pull.recvSync(zmq.DONTWAIT),
      () => pull.pollSync(),
      () => poller.pollSync(),
      () => pull.bind("inproc://x"),
      () => push.connect("inproc://x"),
      () => pull.unbind(pull.lastEndpoint),
      () => sub.subscribe("x"),
      () => sub.unsubscribe("x"),
      () => push.linger,
      () => {
        push.sndhwm = 5;
      },
      () => push.get(zmq.EVENTS),
      () => push.monitor("inproc://m"),
      () => push.fileno(),
    ];
    for (const use of sync) expect(thrown(use)).toBeInstanceOf(zmq.ContextTerminated);
    const async: (() => Promise<unknown>)[] = [
      () => push.send("x"),
      () => push.send("x", zmq.DONTWAIT),
      () => push.sendMultipart(["x"]),
      () => push.sendBatch(["x"]),
      () => pull.recv(),
      () => pull.recv(zmq.DONTWAIT),
      () => pull.recvMultipart(),
      () => pull.recvBatch(),
      () => pull.poll(),
      () => poller.poll(),
      () => zmq.select([pull], [], [], 0),
      () => zmq.proxy(pull, push),
    ];
    for (const use of async) expect(await failure(use())).toBeInstanceOf(zmq.ContextTerminated);
    for await (const _ of pull) expect.unreachable();
    expect(push.type).toBe(zmq.PUSH);
    expect(push.closed).toBe(false);
    for (const socket of [pull, push, sub]) socket.close(0);
    await term;
  });

  test("its sockets can still be closed, with a linger that can be set no more", async () => {
    const context = newContext();
    const socket: zmq.Socket = context.socket(zmq.PUSH);
    const term = context.term();
    await failure(socket.recv());
    socket.close(0);
    expect(socket.closed).toBe(true);
    await term;
  });

  test("can be destroyed while it is being terminated", async () => {
    const context = newContext();
    const sockets = [context.socket(zmq.PUSH), context.socket(zmq.PULL)];
    const term = context.term();
    await failure(sockets[1]?.recv() ?? Promise.resolve());
    await context.destroy(0);
    await term;
    expect(sockets.every((socket) => socket.closed)).toBe(true);
  });
});

describe("destroy", () => {
  test("closes the sockets, and rejects what is pending on them with ENOTSOCK", async () => {
    const context = newContext();
    const pull = context.socket(zmq.PULL);
    const push = context.socket(zmq.PUSH);
    const poller = new zmq.Poller();
    poller.register(pull);
    const pending = [
      pull.recv(),
      push.send("x"),
      pull.poll(),
      poller.poll(),
      zmq.proxy(context.socket(zmq.PULL), context.socket(zmq.PUSH)),
    ].map(failure);
    await context.destroy();
    for (const error of await Promise.all(pending)) expect(error.code).toBe("ENOTSOCK");
    expect([pull.closed, push.closed, context.closed]).toEqual([true, true, true]);
  });

  test("takes a linger for all sockets, whatever they have", async () => {
    const context = newContext();
    queue(context, ipcAddress());
    queue(context, ipcAddress(), 60_000);
    await context.destroy(0);
  });

  test("waits as long as it is told to for what lingers", async () => {
    const context = newContext();
    queue(context, ipcAddress(), 300);
    expect(await failure(context.destroy({ timeout: 10 }))).toBeInstanceOf(zmq.Again);
    expect(context.closed).toBe(false);
    await context.destroy();
    expect(context.closed).toBe(true);
    const other = newContext();
    queue(other, ipcAddress());
    await other.destroy(null, { linger: 0, timeout: -1 });
    expect(other.closed).toBe(true);
  });

  test("without one each socket keeps its LINGER", async () => {
    const context = newContext();
    const address = ipcAddress();
    queue(context, address);
    const destroyed = context.destroy();
    const receiver = newContext().socket(zmq.PULL);
    receiver.bind(address);
    await destroyed;
    expect(String(await receiver.recv())).toBe("queued");
  });

  test("a linger that is none is refused, by the promise, and nothing is closed", async () => {
    const context = newContext();
    const socket = context.socket(zmq.PUSH);
    expect(await failure(context.destroy("0" as never))).toBeInstanceOf(TypeError);
    expect(await failure(context.destroy(0.5))).toBeInstanceOf(TypeError);
    expect([socket.closed, context.closed]).toEqual([false, false]);
  });

  test("takes a linger while a proxy has the sockets", async () => {
    const context = newContext();
    const pull = context.socket(zmq.PULL);
    const push = queue(context, ipcAddress());
    const running = failure(zmq.proxy(pull, push));
    await context.destroy(0);
    expect((await running).code).toBe("ENOTSOCK");
    expect(push.closed).toBe(true);
  });

  test("is what `await using` does", async () => {
    let socket: zmq.Socket;
    let kept: zmq.Context;
    {
      await using context = new zmq.Context();
      kept = context;
      socket = context.socket(zmq.PUSH);
    }
    expect([socket.closed, kept.closed]).toEqual([true, true]);
  });

  test("2,000 sockets, a thousand at a time", async () => {
    for (let i = 0; i < 2; i++) {
      const context = newContext();
      for (let n = 0; n < 1000; n++) context.socket(zmq.PULL);
      await context.destroy();
    }
  });
});

describe("Context.instance()", () => {
  test("is one, and a new one after its end", async () => {
    const first = zmq.Context.instance();
    onTestFinished(() => zmq.Context.instance().destroy(0));
    expect(zmq.Context.instance()).toBe(first);
    expect(newContext().underlying).not.toBe(first.underlying);
    const ending = first.term();
    const second = zmq.Context.instance();
    expect(second).not.toBe(first);
    await ending;
    expect(zmq.Context.instance()).toBe(second);
    await second.destroy();
    expect(zmq.Context.instance().closed).toBe(false);
  });

  test("is the same in two workers and here: inproc works between them", async () => {
    const context = zmq.Context.instance();
    onTestFinished(() => context.destroy(0));
    const sink = context.socket(zmq.PULL);
    sink.bind("inproc://sink");
    const program = `
      const context = zmq.Context.instance();
      say(context.underlying);
      const push = context.socket(zmq.PUSH);
      push.connect("inproc://sink");
      const pair = context.socket(zmq.PAIR);
      workerData === 0 ? pair.bind("inproc://between") : pair.connect("inproc://between");
      await pair.send("from " + workerData);
      await push.send(workerData + " heard " + await pair.recv());
      push.close();
      pair.close();`;
    const threads = [startWorker(program, 0), startWorker(program, 1)];
    for (const thread of threads) expect(await thread.heard()).toBe(context.underlying);
    const heard = [String(await sink.recv()), String(await sink.recv())].sort();
    expect(heard).toEqual(["0 heard from 1", "1 heard from 0"]);
    for (const thread of threads) expect(await thread.ended).toEqual({ code: 0, error: undefined });
  });

  test("terminated by a worker it is over here too, and there is a new one", async () => {
    const context = zmq.Context.instance();
    onTestFinished(() => zmq.Context.instance().destroy(0));
    const socket = context.socket(zmq.PULL);
    const pending = failure(socket.recv());
    const { heard, ended } = startWorker(`await zmq.Context.instance().term(); say("terminated");`);
    expect(await pending).toBeInstanceOf(zmq.ContextTerminated);
    expect(thrown(() => context.socket(zmq.PULL))).toBeInstanceOf(zmq.ContextTerminated);
    const next = zmq.Context.instance();
    expect(next).not.toBe(context);
    expect(next.underlying).not.toBe(0n);
    socket.close();
    expect(await heard()).toBe("terminated");
    await ended;
    await context.term();
    const [a, b] = pair(next, zmq.PAIR, zmq.PAIR, "inproc://next");
    await a.send("x");
    await b.recv();
  });
});

describe("Context.shadow", () => {
  test("is another face of the same context", async () => {
    const context = newContext();
    const shadows = [
      zmq.Context.shadow(context),
      zmq.Context.shadow(context.underlying),
      new zmq.Context(context),
      new zmq.Context(context.underlying),
      zmq.Context.shadow(zmq.Context.shadow(context)),
    ];
    for (const [i, shadow] of shadows.entries()) {
      expect(shadow.underlying).toBe(context.underlying);
      const one = context.socket(zmq.PAIR);
      const other = shadow.socket(zmq.PAIR);
      one.bind(`inproc://shadow ${i}`);
      other.connect(`inproc://shadow ${i}`);
      await other.send("x");
      expect(String(await one.recv())).toBe("x");
      one.close();
      other.close();
      await shadow.term();
    }
  });

  test("its term() lets go of the shadow only", async () => {
    const context = newContext();
    const shadow = zmq.Context.shadow(context);
    const socket = shadow.socket(zmq.PULL);
    await shadow.term();
    expect(shadow.closed).toBe(true);
    expect(shadow.underlying).toBe(0n);
    expect(thrown(() => shadow.socket(zmq.PULL))).toBeInstanceOf(zmq.ContextTerminated);
    expect(context.closed).toBe(false);
    socket.bind("inproc://x");
    const push = context.socket(zmq.PUSH);
    push.connect("inproc://x");
    await push.send("x");
    expect(String(await socket.recv())).toBe("x");
    socket.close();
  });

  test("its destroy() closes the sockets that it has made, and no others", async () => {
    const context = newContext();
    const own = context.socket(zmq.PULL);
    const shadow = zmq.Context.shadow(context);
    const other = shadow.socket(zmq.PULL);
    await shadow.destroy(0);
    expect([own.closed, other.closed, context.closed]).toEqual([false, true, false]);
  });

  test("the owner's term() is told to the shadow's sockets", async () => {
    const context = newContext();
    const shadow = zmq.Context.shadow(context);
    const socket = shadow.socket(zmq.PULL);
    const pending = failure(socket.recv());
    const term = context.term();
    expect(await pending).toBeInstanceOf(zmq.ContextTerminated);
    expect(thrown(() => shadow.socket(zmq.PULL))).toBeInstanceOf(zmq.ContextTerminated);
    expect(thrown(() => shadow.ioThreads)).toBeInstanceOf(zmq.ContextTerminated);
    socket.close();
    await term;
    expect(thrown(() => shadow.socket(zmq.PULL))).toBeInstanceOf(zmq.ContextTerminated);
  });

  test("works in another thread", async () => {
    const context = newContext();
    const pull = context.socket(zmq.PULL);
    pull.bind("inproc://pull");
    const { ended } = startWorker(
      `
      const shadow = zmq.Context.shadow(workerData);
      const push = shadow.socket(zmq.PUSH);
      push.connect("inproc://pull");
      await push.send("from the worker");
      push.close();
      await shadow.term();
      `,
      context.underlying,
    );
    expect(String(await pull.recv())).toBe("from the worker");
    expect(await ended).toEqual({ code: 0, error: undefined });
    expect(context.closed).toBe(false);
    expect(context.ioThreads).toBe(1);
  });

  test.each([0n, 1n, 8n, 0x7fff_ffff_fff8n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n, 2n ** 70n, -1n])(
    "%d is the address of no context",
    (address) => {
      const error = thrown(() => zmq.Context.shadow(address));
      expect(error).toBeInstanceOf(zmq.ZMQError);
      expect(error.errno).toBe(zmq.EFAULT);
      expect(thrown(() => new zmq.Context(address)).errno).toBe(zmq.EFAULT);
    },
  );

  test("nor is the address of one that has ended, or of a socket", async () => {
    const context = newContext();
    const { underlying } = context;
    const socket = context.socket(zmq.PULL);
    expect(thrown(() => zmq.Context.shadow(socket.underlying)).errno).toBe(zmq.EFAULT);
    await context.destroy();
    expect(thrown(() => zmq.Context.shadow(underlying)).errno).toBe(zmq.EFAULT);
  });

  test.each([undefined, null, 1.5, "0", {}])("%j is a TypeError", (value) => {
    expect(() => zmq.Context.shadow(value as never)).toThrow(TypeError);
  });
});

describe("a context of another thread", () => {
  const owner = `
    const context = new zmq.Context();
    say(context.underlying);
    await heard();
    await context.term();
    say("over");`;

  test("that is terminated there wakes the sockets here", async () => {
    const { worker, heard, ended } = startWorker(owner);
    const shadow = zmq.Context.shadow((await heard()) as bigint);
    const pull = shadow.socket(zmq.PULL);
    const push = shadow.socket(zmq.PUSH);
    const poller = new zmq.Poller();
    poller.register(shadow.socket(zmq.PULL));
    const pending = [
      pull.recv(),
      push.send("x"),
      poller.poll(),
      shadow.socket(zmq.SUB).poll(),
      zmq.proxy(shadow.socket(zmq.PULL), shadow.socket(zmq.PUSH)),
    ].map(failure);
    const iteration = (async () => {
      for await (const _ of shadow.socket(zmq.PULL)) expect.unreachable();
      return "ended";
    })();
    worker.postMessage("end");
    for (const error of await Promise.all(pending)) expect(error).toBeInstanceOf(zmq.ContextTerminated);
    expect(await iteration).toBe("ended");
    await shadow.destroy(0); // closes what keeps the other thread waiting
    expect(await heard()).toBe("over");
    await ended;
  });

  test("that ends with its worker wakes them too", async () => {
    const { worker, heard, ended } = startWorker(owner);
    const shadow = zmq.Context.shadow((await heard()) as bigint);
    const pull = shadow.socket(zmq.PULL);
    const pending = failure(pull.recv());
    const stopped = worker.terminate();
    expect(await pending).toBeInstanceOf(zmq.ContextTerminated);
    pull.close();
    await stopped;
    await ended;
    expect(thrown(() => shadow.socket(zmq.PULL))).toBeInstanceOf(zmq.ContextTerminated);
  });

  test("its sockets cannot be reached from here", async () => {
    const { worker, heard, ended } = startWorker(`
      const context = new zmq.Context();
      say(context.socket(zmq.PULL).underlying);
      await heard();
      await context.destroy();`);
    const address = (await heard()) as bigint;
    expect(thrown(() => zmq.Socket.shadow(address)).code).toBe("ENOTSOCK");
    worker.postMessage("end");
    expect((await ended).code).toBe(0);
  });
});
