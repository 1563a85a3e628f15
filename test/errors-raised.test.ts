/** Which errors calls raise, when, and what their stack traces say. */
import { fileURLToPath } from "node:url";
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { bound, code, newContext, pair, rejection, turn } from "./support/sockets.js";

const here = fileURLToPath(import.meta.url);

/** The line of this file that the error's stack begins with. */
function firstLine(error: unknown): number {
  expect(error).toBeInstanceOf(Error);
  const { stack = "" } = error as Error;
  const first = stack.split("\n").find((line) => /^\s+at /.test(line)) ?? "nowhere";
  expect(first).toContain(here);
  return Number(/:(\d+):\d+\)?$/.exec(first)?.[1]);
}

/** The line of this file that called `mark` last. */
let marked = 0;
function mark(): void {
  marked = Number(/:(\d+):\d+\)?$/.exec(new Error("here").stack?.split("\n")[2] ?? "")?.[1]);
}

function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

/** Every method that returns a promise. */
const promising: Record<string, (socket: zmq.Socket) => Promise<unknown>> = {
  send: (socket) => socket.send("x"),
  "send with options": (socket) => socket.send("x", { timeout: 1000 }),
  "send(DONTWAIT)": (socket) => socket.send("x", zmq.DONTWAIT),
  sendMultipart: (socket) => socket.sendMultipart(["x", "y"]),
  "sendMultipart with options": (socket) => socket.sendMultipart(["x"], { timeout: 1000 }),
  sendString: (socket) => socket.sendString("x"),
  sendJson: (socket) => socket.sendJson({}),
  sendSerialized: (socket) => socket.sendSerialized("x", (text) => [text]),
  sendBatch: (socket) => socket.sendBatch(["x"]),
  recv: (socket) => socket.recv(),
  "recv with options": (socket) => socket.recv({ timeout: 1000 }),
  "recv(DONTWAIT)": (socket) => socket.recv(zmq.DONTWAIT),
  recvMultipart: (socket) => socket.recvMultipart(),
  recvString: (socket) => socket.recvString(),
  recvJson: (socket) => socket.recvJson(),
  recvSerialized: (socket) => socket.recvSerialized((frames) => frames),
  recvBatch: (socket) => socket.recvBatch(),
};

/** And the synchronous ones. */
const immediate: Record<string, (socket: zmq.Socket) => unknown> = {
  sendSync: (socket) => socket.sendSync("x"),
  sendMultipartSync: (socket) => socket.sendMultipartSync(["x"]),
  sendBatchSync: (socket) => socket.sendBatchSync(["x"]),
  recvSync: (socket) => socket.recvSync(),
  recvMultipartSync: (socket) => socket.recvMultipartSync(),
  recvBatchSync: (socket) => socket.recvBatchSync(),
  bind: (socket) => socket.bind("inproc://x"),
  connect: (socket) => socket.connect("inproc://x"),
  unbind: (socket) => socket.unbind("inproc://x"),
  disconnect: (socket) => socket.disconnect("inproc://x"),
  bindToRandomPort: (socket) => socket.bindToRandomPort("tcp://127.0.0.1"),
  subscribe: (socket) => socket.subscribe("x"),
  unsubscribe: (socket) => socket.unsubscribe("x"),
  get: (socket) => socket.get(zmq.LINGER),
  set: (socket) => socket.set(zmq.LINGER, 0),
  "a property": (socket) => socket.rcvtimeo,
  "setting a property": (socket) => {
    socket.rcvtimeo = 1;
  },
  fileno: (socket) => socket.fileno(),
  monitor: (socket) => socket.monitor("inproc://m"),
};

/** Calls that wait on a socket that nobody talks to. */
const waiting: Record<string, (socket: zmq.Socket) => Promise<unknown>> = {
  ...Object.fromEntries(Object.entries(promising).filter(([name]) => !name.includes("DONTWAIT"))),
  poll: (socket) => socket.poll(),
  "poll for room": (socket) => socket.poll(-1, zmq.POLLOUT),
};

describe("a closed socket", () => {
  test.each(Object.entries(promising))("has %s reject with ENOTSOCK", async (_name, call) => {
    const [left] = pair(zmq.PAIR, zmq.PAIR);
    left.close();
    expect(await code(call(left))).toBe("ENOTSOCK");
    // Once more: the first error was not the last.
    expect(await code(call(left))).toBe("ENOTSOCK");
  });

  test.each(Object.entries(immediate))("has %s throw ENOTSOCK", (_name, call) => {
    const socket = newContext().socket(zmq.SUB);
    socket.close();
    expect(thrown(() => call(socket))).toMatchObject({ code: "ENOTSOCK", errno: zmq.ENOTSOCK });
  });

  test("has poll reject with ENOTSUP, as pyzmq has", async () => {
    const socket = newContext().socket(zmq.PAIR);
    socket.close();
    expect(await code(socket.poll())).toBe("ENOTSUP");
    expect(await code(socket.poll(0))).toBe("ENOTSUP");
    expect(thrown(() => socket.pollSync(0))).toMatchObject({ code: "ENOTSUP" });
  });

  test("still tells its type, that it is closed, and may be closed again", () => {
    const socket = newContext().socket(zmq.PAIR);
    socket.close();
    expect(socket.type).toBe(zmq.PAIR);
    expect(socket.closed).toBe(true);
    expect(socket.underlying).toBe(0n);
    socket.close();
    socket.close(5);
    socket[Symbol.dispose]();
  });
});

describe("close()", () => {
  test.each(Object.entries(waiting))("rejects %s that waits with ENOTSOCK", async (_name, call) => {
    const socket = newContext().socket(zmq.DEALER);
    const calls = [code(call(socket)), code(call(socket)), code(call(socket))];
    await turn();
    socket.close();
    expect(await Promise.all(calls)).toEqual(["ENOTSOCK", "ENOTSOCK", "ENOTSOCK"]);
  });

  test("at once after the call does, too", async () => {
    for (const call of Object.values(waiting)) {
      const socket = newContext().socket(zmq.DEALER);
      const rejected = code(call(socket));
      socket.close();
      expect(await rejected).toBe("ENOTSOCK");
    }
  });

  test("rejects a thousand calls, in order", async () => {
    const socket = newContext().socket(zmq.DEALER);
    const order: number[] = [];
    const all = Array.from({ length: 1000 }, (_, i) => socket.recv().catch(() => order.push(i)));
    socket.close();
    await Promise.all(all);
    expect(order).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  });

  test("by a callback of one of the calls is fine for the others", async () => {
    const [left, right] = pair(zmq.PAIR, zmq.PAIR);
    const first = left.recv().then(() => left.close());
    const others = [left.recv(), left.recvMultipart(), left.poll()].map(code);
    await right.send("x");
    await first;
    expect(await Promise.all(others)).toEqual(["ENOTSOCK", "ENOTSOCK", "ENOTSOCK"]);
  });
});

describe("a terminated context", () => {
  test.each(Object.entries(waiting))("rejects %s that waits with ContextTerminated", async (_name, call) => {
    const context = newContext();
    const socket = context.socket(zmq.DEALER);
    const rejected = rejection(call(socket));
    const terminated = context.term();
    expect(await rejected).toBeInstanceOf(zmq.ContextTerminated);
    expect(await rejection(call(socket))).toMatchObject({ code: "ETERM" });
    socket.close();
    await terminated;
  });

  test("tells calls that begin later, whatever else has looked at the socket before", async () => {
    for (const look of [
      (socket: zmq.Socket) => thrown(() => socket.recvSync(zmq.DONTWAIT)),
      (socket: zmq.Socket) => thrown(() => socket.sendSync("x", zmq.DONTWAIT)),
      (socket: zmq.Socket) => thrown(() => socket.get(zmq.EVENTS)),
      (socket: zmq.Socket) => thrown(() => socket.pollSync(0)),
      (socket: zmq.Socket) => rejection(socket.send("x", zmq.DONTWAIT)),
      (socket: zmq.Socket) => rejection(socket.poll(0)),
    ]) {
      const context = newContext();
      const socket = context.socket(zmq.DEALER);
      const waits = [rejection(socket.recv()), rejection(socket.poll())];
      // term() works on a thread of its own: once another socket has heard of it, this one has as well, or will.
      const other = context.socket(zmq.PULL);
      const terminated = context.term();
      let error: unknown;
      while (!(error instanceof zmq.ContextTerminated)) {
        error = thrown(() => other.recvSync({ timeout: 1 }));
      }
      look(socket);
      for (const wait of waits) expect(await wait).toBeInstanceOf(zmq.ContextTerminated);
      socket.close();
      other.close();
      await terminated;
    }
  });
});

describe("what can never succeed is rejected at once:", () => {
  const receiving = Object.entries(promising).filter(([name]) => name.startsWith("recv"));
  const sending = Object.entries(promising).filter(([name]) => name.startsWith("send"));

  test.each(receiving)(
    "%s on PUB and PUSH with ENOTSUP, on REQ before it has asked with EFSM",
    async (_name, call) => {
      const context = newContext();
      expect(await code(call(context.socket(zmq.PUB)))).toBe("ENOTSUP");
      expect(await code(call(context.socket(zmq.PUSH)))).toBe("ENOTSUP");
      expect(await code(call(context.socket(zmq.REQ)))).toBe("EFSM");
    },
  );

  test.each(sending)(
    "%s on SUB and PULL with ENOTSUP, on REP before it was asked with EFSM",
    async (_name, call) => {
      const context = newContext();
      expect(await code(call(context.socket(zmq.SUB)))).toBe("ENOTSUP");
      expect(await code(call(context.socket(zmq.PULL)))).toBe("ENOTSUP");
      expect(await code(call(context.socket(zmq.REP)))).toBe("EFSM");
      const [, req] = pair(zmq.REP, zmq.REQ, { context });
      await req.send("question");
      expect(await code(call(req))).toBe("EFSM");
    },
  );

  test("a call behind others that becomes impossible is rejected in its turn, and those behind it are not", async () => {
    const [rep, req] = pair(zmq.REP, zmq.REQ);
    await req.send("question");
    const calls = [req.recv(), req.recv()] as const;
    const second = code(calls[1]);
    await rep.send(await rep.recv());
    expect(String(await calls[0])).toBe("question");
    expect(await second).toBe("EFSM");
    await req.send("again");
  });
});

describe("a method that returns a promise never throws:", () => {
  const wrong: Record<string, (socket: zmq.Socket) => Promise<unknown>> = {
    "no arguments to send": (socket) => (socket.send as () => Promise<unknown>)(),
    "no arguments to sendMultipart": (socket) => (socket.sendMultipart as () => Promise<unknown>)(),
    "no arguments to sendBatch": (socket) => (socket.sendBatch as () => Promise<unknown>)(),
    "no arguments to sendString": (socket) => (socket.sendString as () => Promise<unknown>)(),
    "no arguments to sendJson": (socket) => (socket.sendJson as () => Promise<unknown>)(),
    "no arguments to sendSerialized": (socket) => (socket.sendSerialized as () => Promise<unknown>)(),
    "no arguments to recvSerialized": (socket) => (socket.recvSerialized as () => Promise<unknown>)(),
    "wrong flags": (socket) => socket.recv("now" as never),
    "wrong options": (socket) => socket.recv(0, 5 as never),
    "an array of options": (socket) => socket.recv([] as never),
    "an unknown option": (socket) => socket.recvMultipart({ colour: "red" } as never),
    "an unknown option of send": (socket) => socket.send("x", { colour: "red" } as never),
    "a wrong encoding": (socket) => socket.sendString("x", { encoding: "utf-9" as never }),
    "a wrong encoding to decode": (socket) => socket.recvString({ encoding: 5 as never }),
    "a wrong signal": (socket) => socket.recvBatch({ signal: {} as never }),
    "a wrong max": (socket) => socket.recvBatch("all" as never),
    "a wrong poll timeout": (socket) => socket.poll("x" as never),
    "a wrong poll mask": (socket) => socket.poll(0, "in" as never),
    "a wrong poll signal": (socket) => socket.poll({ signal: 5 as never }),
    "a serializer that throws": (socket) =>
      socket.sendSerialized("x", () => {
        throw new TypeError("no");
      }),
  };

  test.each(Object.entries(wrong))("%s is a rejection with a TypeError", async (_name, call) => {
    const [pull, push] = pair(zmq.PAIR, zmq.PAIR);
    let promise: Promise<unknown> | undefined;
    expect(() => {
      promise = call(pull);
    }).not.toThrow();
    expect(promise).toBeInstanceOf(Promise);
    expect(await rejection(promise as Promise<unknown>)).toBeInstanceOf(TypeError);
    push.sendSync("nothing was consumed");
    expect(String(pull.recvSync(zmq.DONTWAIT))).toBe("nothing was consumed");
  });

  test("an unknown option is answered with the nearest known one", async () => {
    const socket = newContext().socket(zmq.PAIR);
    expect(String(await rejection(socket.recv({ singal: 1 } as never)))).toContain("signal");
    expect(String(await rejection(socket.send("x", { flag: 1 } as never)))).toContain("flags");
  });
});

describe("an error", () => {
  test("tells its number, its name, libzmq's text and the address that was tried", () => {
    const context = newContext();
    const first = context.socket(zmq.REP);
    const address = bound(first, "tcp");
    const error = thrown(() => context.socket(zmq.REP).bind(address));
    expect(error).toBeInstanceOf(zmq.ZMQError);
    expect(error).toMatchObject({
      name: "ZMQError",
      code: "EADDRINUSE",
      errno: zmq.EADDRINUSE,
      endpoint: address,
      message: `Address already in use (addr='${address}')`,
      strerror: `Address already in use (addr='${address}')`,
    });
  });

  test.each([
    ["bind", "", "EINVAL"],
    ["connect", "", "EINVAL"],
    ["bind", "foo", "EINVAL"],
    ["bind", "tcp://127.0.0.1:65536", "EINVAL"],
    ["connect", "ws://127.0.0.1:99999/path", "EINVAL"],
    ["bind", "tcp://127.0.0.1:-1", "EINVAL"],
    ["bind", "tcp://127.0.0.1:5x", "EINVAL"],
    ["bind", "tcp://*:", "EINVAL"],
    ["connect", "tcp://127.0.0.1:+5", "EINVAL"],
    ["connect", "tcp://127.0.0.1:-1;127.0.0.1:5", "EINVAL"],
    ["connect", "ws://127.0.0.1: 5/path", "EINVAL"],
    ["bind", "pigeon://x", "EPROTONOSUPPORT"],
    ["bind", "tcp://localhost.invalid:5", "ENODEV"],
    ["connect", "tcp://", "EINVAL"],
    ["connect", "pigeon://x", "EPROTONOSUPPORT"],
    ["connect", "udp://127.0.0.1:5", "ENOCOMPATPROTO"],
    ["unbind", "tcp://127.0.0.1:5", "ENOENT"],
    ["disconnect", "inproc://nobody", "ENOENT"],
  ] as const)("of %s(%j) is %s", (verb, address, expected) => {
    const socket = newContext().socket(zmq.DEALER);
    expect(thrown(() => socket[verb](address))).toMatchObject({ code: expected, endpoint: address });
  });

  test("of a closed socket names the address, too", () => {
    const socket = newContext().socket(zmq.DEALER);
    socket.close();
    for (const verb of ["bind", "connect", "unbind", "disconnect"] as const)
      expect(thrown(() => socket[verb]("inproc://x"))).toMatchObject({
        code: "ENOTSOCK",
        endpoint: "inproc://x",
      });
  });

  test("of a port that is none says so", () => {
    const socket = newContext().socket(zmq.DEALER);
    expect(thrown(() => socket.bind("tcp://127.0.0.1:-1"))).toMatchObject({
      message: "Invalid argument (a port is a number or *; got '-1', addr='tcp://127.0.0.1:-1')",
    });
    for (const good of ["tcp://127.0.0.1:*", "tcp://127.0.0.1:0", "ws://127.0.0.1:*/a path"])
      socket.bind(good);
    for (const good of ["tcp://127.0.0.1:0;127.0.0.1:5", "tcp://[::1]:5"]) socket.connect(good);
  });

  test.each<[string, (context: zmq.Context) => unknown]>([
    ["setting SNDHWM", (context) => context.socket(zmq.PUSH, { sndhwm: -1 })],
    [
      "HWM is an option of libzmq 2; there are SNDHWM and RCVHWM, or the property hwm for both",
      (context) => context.socket(zmq.PUSH).set(zmq.HWM, 1 as never),
    ],
    ["setting SUBSCRIBE", (context) => context.socket(zmq.PUB as number).set(zmq.SUBSCRIBE, "x")],
    ["setting option 9999", (context) => context.socket(zmq.PUSH).set(9999, 1)],
    ["reading option 9999", (context) => context.socket(zmq.PUSH).get(9999)],
    ["setting MAX_SOCKETS", (context) => context.set(zmq.MAX_SOCKETS, 0)],
    ["reading option 9999", (context) => context.get(9999)],
    ["there is no socket type 9999", (context) => context.socket(9999)],
  ])("says what libzmq has refused: %s", (what, call) => {
    const error = thrown(() => call(newContext()));
    expect(error).toBeInstanceOf(zmq.ZMQError);
    expect(error).toMatchObject({ code: "EINVAL", message: `Invalid argument (${what})` });
  });

  test("of an option of a socket that a proxy has says so", async () => {
    const context = newContext();
    const [pull, push] = [context.socket(zmq.PULL), context.socket(zmq.PUSH)];
    const ended = rejection(zmq.proxy(pull, push));
    for (const use of [() => pull.linger, () => Object.assign(push, { linger: 5 })]) {
      expect(thrown(use)).toMatchObject({
        code: "EBUSY",
        message: expect.stringContaining("lent to a proxy"),
      });
    }
    pull.close();
    await ended;
  });

  test("of the same call is a new one each time", async () => {
    const socket = newContext().socket(zmq.PULL);
    const errors = [await rejection(socket.recv(zmq.DONTWAIT)), await rejection(socket.recv(zmq.DONTWAIT))];
    expect(errors[0]).not.toBe(errors[1]);
  });
});

describe("the stack trace begins at the caller's line, the one below `mark()`:", () => {
  /** Sockets on which nothing ever happens. */
  function idle(): { pull: zmq.Socket; push: zmq.Socket; req: zmq.Socket } {
    const context = newContext();
    return { pull: context.socket(zmq.PULL), push: context.socket(zmq.PUSH), req: context.socket(zmq.REQ) };
  }

  test("of what is thrown", () => {
    const { pull, push, req } = idle();
    const calls: (() => unknown)[] = [
      () => {
        mark();
        pull.bind("foo");
      },
      () => {
        mark();
        pull.connect("foo");
      },
      () => {
        mark();
        pull.unbind("tcp://127.0.0.1:1");
      },
      () => {
        mark();
        pull.set(zmq.SUBSCRIBE, "x");
      },
      () => {
        mark();
        pull.set(zmq.LINGER, "x" as never);
      },
      () => {
        mark();
        pull.linger = 2 ** 40;
      },
      () => {
        mark();
        pull.get(zmq.SUBSCRIBE);
      },
      () => {
        mark();
        pull.subscribe(5 as never);
      },
      () => {
        mark();
        pull.sendSync("x");
      },
      () => {
        mark();
        pull.recvSync(zmq.DONTWAIT);
      },
      () => {
        mark();
        pull.recvSync({ timeout: 1 });
      },
      () => {
        mark();
        pull.recvBatchSync(0);
      },
      () => {
        mark();
        push.sendMultipartSync([]);
      },
      () => {
        mark();
        push.sendBatchSync(["x"], zmq.DONTWAIT);
      },
      () => {
        mark();
        req.recvMultipartSync();
      },
      () => {
        mark();
        req.pollSync("x" as never);
      },
      () => {
        mark();
        new zmq.Socket({} as never, zmq.PAIR);
      },
    ];
    for (const call of calls) {
      const error = thrown(call);
      expect([String(call), firstLine(error)]).toEqual([String(call), marked + 1]);
    }
  });

  test("of what is rejected at once", async () => {
    const { pull, push, req } = idle();
    const closed = newContext().socket(zmq.PAIR);
    closed.close();
    const calls: (() => Promise<unknown>)[] = [
      () => {
        mark();
        return pull.recv(zmq.DONTWAIT);
      },
      () => {
        mark();
        return pull.recv({ timeout: 0 });
      },
      () => {
        mark();
        return pull.recvMultipart(zmq.DONTWAIT);
      },
      () => {
        mark();
        return pull.recvBatch({ flags: zmq.DONTWAIT });
      },
      () => {
        mark();
        return pull.recvBatch(0);
      },
      () => {
        mark();
        return pull.recvString(zmq.DONTWAIT);
      },
      () => {
        mark();
        return pull.recvJson(zmq.DONTWAIT);
      },
      () => {
        mark();
        return pull.recv({ timeout: "x" as never });
      },
      () => {
        mark();
        return pull.send("x");
      },
      () => {
        mark();
        return pull.sendMultipart(["x"]);
      },
      () => {
        mark();
        return pull.sendMultipart([]);
      },
      () => {
        mark();
        return push.send(5 as never);
      },
      () => {
        mark();
        return push.sendMultipart(["x", null as never], zmq.DONTWAIT);
      },
      () => {
        mark();
        return push.send("x", zmq.DONTWAIT);
      },
      () => {
        mark();
        return push.sendBatch(["x"], zmq.DONTWAIT);
      },
      () => {
        mark();
        return push.sendJson(undefined);
      },
      () => {
        mark();
        return push.recv();
      },
      () => {
        mark();
        return req.recvMultipart();
      },
      () => {
        mark();
        return closed.recv();
      },
      () => {
        mark();
        return closed.send("x", { timeout: 5 });
      },
      () => {
        mark();
        return closed.poll();
      },
      () => {
        mark();
        return pull.poll(0, "x" as never);
      },
    ];
    for (const call of calls) {
      const error = await rejection(call());
      expect([String(call), firstLine(error)]).toEqual([String(call), marked + 1]);
    }
  });

  const late: Record<
    string,
    (sockets: { pull: zmq.Socket; push: zmq.Socket; timeout: number }) => Promise<unknown>
  > = {
    recv: async ({ pull, timeout }) => {
      mark();
      await pull.recv({ timeout });
    },
    "recv with RCVTIMEO": async ({ pull, timeout }) => {
      pull.rcvtimeo = timeout;
      mark();
      await pull.recv();
    },
    recvMultipart: async ({ pull, timeout }) => {
      mark();
      await pull.recvMultipart({ timeout });
    },
    recvBatch: async ({ pull, timeout }) => {
      mark();
      await pull.recvBatch({ timeout });
    },
    recvString: async ({ pull, timeout }) => {
      mark();
      await pull.recvString({ timeout });
    },
    recvJson: async ({ pull, timeout }) => {
      mark();
      await pull.recvJson({ timeout });
    },
    recvSerialized: async ({ pull, timeout }) => {
      mark();
      await pull.recvSerialized((frames) => frames, { timeout });
    },
    send: async ({ push, timeout }) => {
      mark();
      await push.send("x", { timeout });
    },
    "send with SNDTIMEO": async ({ push, timeout }) => {
      push.sndtimeo = timeout;
      mark();
      await push.send("x");
    },
    sendMultipart: async ({ push, timeout }) => {
      mark();
      await push.sendMultipart(["x"], { timeout });
    },
    sendBatch: async ({ push, timeout }) => {
      mark();
      await push.sendBatch(["x"], { timeout });
    },
    "one of several in Promise.all": async ({ pull, timeout }) => {
      mark();
      await Promise.all([pull.recv({ timeout })]);
    },
    "a function that returns the promise": async ({ pull, timeout }) => {
      mark();
      await (() => pull.recv({ timeout }))();
    },
  };

  test.each(Object.entries(late))("of %s that has waited in vain", async (_name, call) => {
    const error = await rejection(call({ ...idle(), timeout: 1 }));
    expect(error).toBeInstanceOf(zmq.Again);
    expect(firstLine(error)).toBe(marked + 1);
  });

  test("of a call that nobody awaits, also when its time is over", async () => {
    const { pull } = idle();
    mark();
    const late = new Promise<Error>((resolve) => void pull.recv({ timeout: 1 }).catch(resolve));
    expect(firstLine(await late)).toBe(marked + 1);
    const closed = new Promise<Error>((resolve) => setTimeout(() => pull.recv().catch(resolve)));
    await turn();
    setTimeout(() => pull.close());
    // Nothing of the caller's is known then, and our own frames are nobody's business.
    expect((await closed).stack).not.toMatch(/[\\/](lib|src)[\\/]/);
  });

  test.each(Object.entries(late))("of %s whose socket was closed", async (_name, call) => {
    const sockets = idle();
    const rejected = rejection(call({ ...sockets, timeout: -1 }));
    await turn();
    sockets.pull.close();
    sockets.push.close();
    const error = await rejected;
    expect(error).toMatchObject({ code: "ENOTSOCK" });
    expect(firstLine(error)).toBe(marked + 1);
  });

  test.each(Object.entries(late))("of %s whose context was terminated", async (_name, call) => {
    const sockets = idle();
    const rejected = rejection(call({ ...sockets, timeout: -1 }));
    await turn();
    const terminated = (sockets.pull.context as zmq.Context).term();
    const error = await rejected;
    expect(error).toBeInstanceOf(zmq.ContextTerminated);
    expect(firstLine(error)).toBe(marked + 1);
    for (const socket of [sockets.pull, sockets.push, sockets.req]) socket.close();
    await terminated;
  });

  test("of a poll and an iteration, too", async () => {
    const { pull } = idle();
    const polling = rejection(
      (async () => {
        mark();
        await pull.poll();
      })(),
    );
    await turn();
    pull.close();
    expect(firstLine(await polling)).toBe(marked + 1);

    const { pull: other } = idle();
    other.rcvtimeo = 1;
    const iterating = rejection(
      (async () => {
        mark();
        for await (const _ of other) throw new Error("nobody sends");
      })(),
    );
    expect(firstLine(await iterating)).toBe(marked + 1);
  });

  const others: Record<string, (sockets: ReturnType<typeof idle>) => Promise<unknown>> = {
    "JSON that is none": async () => {
      const [pull, push] = pair(zmq.PULL, zmq.PUSH);
      await push.send("{none");
      mark();
      await pull.recvJson();
    },
    "a text that is none, which comes later": async () => {
      const [pull, push] = pair(zmq.PULL, zmq.PUSH);
      setTimeout(() => void push.send(Buffer.from([0xff])));
      mark();
      await pull.recvString();
    },
    "a value that JSON cannot say": async ({ push }) => {
      const cycle: { cycle?: object } = {};
      cycle.cycle = cycle;
      mark();
      await push.sendJson(cycle);
    },
    "a tracker that is waited for in vain": async () => {
      const [, push] = pair(zmq.PULL, zmq.PUSH);
      const frame = new zmq.Frame(Buffer.alloc(100_000), { copy: false, track: true });
      await push.send(frame);
      mark();
      await frame.tracker?.wait(0.001);
    },
    "a context that takes longer to end": async ({ pull }) => {
      mark();
      await (pull.context as zmq.Context).term({ timeout: 1 });
    },
    "a proxy whose time is over": async () => {
      const context = newContext();
      const [front, back] = [context.socket(zmq.PULL), context.socket(zmq.PUSH)];
      mark();
      await zmq.proxy(front, back, { timeout: 1 });
    },
  };

  test.each(Object.entries(others))("of %s", async (_name, call) => {
    const sockets = idle();
    expect(firstLine(await rejection(call(sockets)))).toBe(marked + 1);
    for (const socket of [sockets.pull, sockets.push, sockets.req]) socket.close();
  });

  test("through several async functions, each with its line", async () => {
    const { pull } = idle();
    const inner = async (): Promise<Buffer> => {
      mark();
      return await pull.recv({ timeout: 1 });
    };
    const outer = async (): Promise<Buffer> => await inner();
    const error = await rejection(outer());
    expect(firstLine(error)).toBe(marked + 1);
    expect((error as Error).stack).toMatch(/inner[\s\S]*outer/);
  });
});
