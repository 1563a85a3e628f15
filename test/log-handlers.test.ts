/** zmq.log: what a PUBHandler publishes. */
import * as zmq from "nodezmq";
import { log } from "nodezmq";
import * as handlers from "nodezmq/log/handlers";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { run } from "./support/life-child.js";
import { startWorker } from "./support/life-worker.js";
import { code, newContext, publisher } from "./support/sockets.js";

/** A handler with one subscriber that misses nothing, and a way to read the messages as text. */
async function published(
  options: log.PUBHandlerOptions = {},
): Promise<{ handler: log.PUBHandler; next(): Promise<string[]>; context: zmq.Context }> {
  const context = newContext();
  const [socket, sub] = await publisher(1, { context });
  const handler = new log.PUBHandler(socket, null, options);
  return { handler, context, next: async () => (await (sub as zmq.Socket).recvMultipart()).map(String) };
}

const record = { levelno: log.INFO, levelname: "INFO", filename: "app.js", lineno: 12 };

describe("the messages of a PUBHandler", () => {
  test("are a topic of level and subtopic, and the text in pyzmq's formats", async () => {
    const { handler, next } = await published();
    const levels: [number, string, string][] = [
      [log.DEBUG, "DEBUG", "DEBUG app.js:12 - text\n"],
      [log.INFO, "INFO", "text\n"],
      [log.WARNING, "WARNING", "WARNING app.js:12 - text\n"],
      [log.ERROR, "ERROR", "ERROR app.js:12 - text - None\n"],
      [log.CRITICAL, "CRITICAL", "CRITICAL app.js:12 - text\n"],
    ];
    for (const [levelno, levelname, text] of levels) {
      handler.emit({ ...record, levelno, levelname, msg: "text" });
      expect(await next()).toEqual([levelname, text]);
    }
  });

  test("have the root topic in front, whether set as an option, a property or by setRootTopic", async () => {
    const { handler, next } = await published({ rootTopic: "zmq" });
    handler.emit({ ...record, msg: "a" });
    expect(await next()).toEqual(["zmq.INFO", "a\n"]);
    handler.rootTopic = "tøp";
    handler.emit({ ...record, msg: "b" });
    expect(await next()).toEqual(["tøp.INFO", "b\n"]);
    handler.setRootTopic(Buffer.from("bytes"));
    expect(handler.rootTopic).toBe("bytes");
    handler.emit({ ...record, msg: "sub.topic::c" });
    expect(await next()).toEqual(["bytes.INFO.sub.topic", "c\n"]);
    handler.rootTopic = "";
    handler.emit({ ...record, msg: "sub::d" });
    expect(await next()).toEqual(["INFO.sub", "d\n"]);
  });

  test("split at the first '::' only, and not where the record names its topic", async () => {
    const { handler, next } = await published();
    handler.emit({ ...record, msg: "a::b::c" });
    expect(await next()).toEqual(["INFO.a", "b::c\n"]);
    handler.emit({ ...record, msg: "::b" });
    expect(await next()).toEqual(["INFO", "b\n"]);
    handler.emit({ ...record, msg: "listening on ::1", topic: "net" });
    expect(await next()).toEqual(["INFO.net", "listening on ::1\n"]);
    handler.emit({ ...record, msg: "listening on ::1", topic: "" });
    expect(await next()).toEqual(["INFO", "listening on ::1\n"]);
    expect(log.TOPIC_DELIM).toBe("::");
  });

  test("have the arguments in them, Python's way", async () => {
    const { handler, next } = await published();
    handler.emit({ ...record, msg: "topic::%s is %d%% of %.1f", args: ["x", 50, 2] });
    expect(await next()).toEqual(["INFO.topic", "x is 50% of 2.0\n"]);
    handler.emit({ ...record, msg: "%(name)s: %(size)5d", args: { name: "y", size: 3 } });
    expect(await next()).toEqual(["INFO", "y:     3\n"]);
    handler.emit({ ...record, msg: "100%", args: [] });
    expect(await next()).toEqual(["INFO", "100%\n"]);
    handler.emit({ ...record, msg: "one %s", args: "alone" });
    expect(await next()).toEqual(["INFO", "one alone\n"]);
  });

  test("take anything as the message", async () => {
    const { handler, next } = await published();
    const own = { toString: () => "topic::own text" };
    const messages: [unknown, string[]][] = [
      [own, ["INFO.topic", "own text\n"]],
      [{ a: [1, { b: "::" }] }, ["INFO", "{ a: [ 1, { b: '::' } ] }\n"]],
      [new Error("a::b"), ["INFO", "Error: a::b\n"]],
      [null, ["INFO", "null\n"]],
      [undefined, ["INFO", "undefined\n"]],
      [Number.NaN, ["INFO", "NaN\n"]],
      [10n, ["INFO", "10\n"]],
      [Symbol("s"), ["INFO", "Symbol(s)\n"]],
      ["", ["INFO", "\n"]],
      ["\ud800", ["INFO", "\ufffd\n"]],
      ["x".repeat(100_000), ["INFO", `${"x".repeat(100_000)}\n`]],
    ];
    for (const [msg, expected] of messages) {
      handler.emit({ ...record, msg });
      expect(await next()).toEqual(expected);
    }
  });

  test("show the stack of an error", async () => {
    const { handler, next } = await published();
    const error = new TypeError("broken");
    handler.emit({ ...record, levelno: log.ERROR, levelname: "ERROR", msg: "oh", excInfo: error });
    expect(await next()).toEqual(["ERROR", `ERROR app.js:12 - oh - TypeError: broken\n${error.stack}`]);
    handler.emit({ ...record, msg: "oh", excInfo: error });
    expect(await next()).toEqual(["INFO", `oh\n${error.stack}`]);
  });

  test("need no more of a record than a message", async () => {
    const { handler, next } = await published();
    handler.emit({ msg: "bare" });
    expect(await next()).toEqual(["INFO", "bare\n"]);
    handler.emit({ msg: "named", levelname: "warning" });
    expect(await next()).toEqual(["warning", "warning (unknown file):0 - named\n"]);
    handler.emit({ msg: "numbered", levelno: log.DEBUG });
    expect(await next()).toEqual(["DEBUG", "DEBUG (unknown file):0 - numbered\n"]);
    handler.emit({ msg: "odd", levelno: Number.NaN });
    expect(await next()).toEqual(["INFO", "odd\n"]);
  });

  test("leave the record as it was", async () => {
    const { handler, next } = await published();
    const frozen = Object.freeze({ ...record, msg: "a::b %s", args: Object.freeze(["x"]) });
    handler.emit(frozen);
    expect(await next()).toEqual(["INFO.a", "b x\n"]);
    expect(frozen).toEqual({ ...record, msg: "a::b %s", args: ["x"] });
  });

  test("keep their order, ten thousand of them", async () => {
    const context = newContext();
    const [socket, sub] = await publisher(1, { context, options: { sndhwm: 0, rcvhwm: 0 } });
    const handler = new log.PUBHandler(socket);
    for (let i = 0; i < 10_000; i++) handler.emit({ ...record, msg: "%d", args: [i] });
    for (let i = 0; i < 10_000; i++) {
      expect(String((await (sub as zmq.Socket).recvMultipart())[1])).toBe(`${i}\n`);
    }
  });
});

describe("levels of one's own", () => {
  test("are published, under their number or their name, in the next lower level's format", async () => {
    const { handler, next } = await published();
    handler.emit({ ...record, levelno: 25, levelname: "NOTICE", msg: "a" });
    expect(await next()).toEqual(["NOTICE", "a\n"]);
    handler.emit({ msg: "b", levelno: 35, filename: "f", lineno: 1 });
    expect(await next()).toEqual(["Level 35", "Level 35 f:1 - b\n"]);
    handler.emit({ msg: "c", levelno: 1, filename: "f", lineno: 1 });
    expect(await next()).toEqual(["Level 1", "Level 1 f:1 - c\n"]);
    log.addLevelName(26, "Custom");
    handler.emit({ msg: "d", levelname: "Custom" });
    expect(await next()).toEqual(["Custom", "d\n"]);
    expect(log.getLevelName(26)).toBe("Custom");
    handler.setFormatter("own: %(message)s", 26);
    handler.emit({ msg: "e", levelno: 26 });
    expect(await next()).toEqual(["Custom", "own: e"]);
  });
});

describe("setFormatter", () => {
  test("sets the format of all levels, or of one", async () => {
    const { handler, next } = await published();
    handler.setFormatter(new log.Formatter("UNITTEST %(message)s"));
    handler.setFormatter(new log.Formatter("UNITTEST DEBUG %(message)s"), log.DEBUG);
    for (const [levelno, text] of [
      [log.INFO, "UNITTEST x"],
      [log.CRITICAL, "UNITTEST x"],
      [log.DEBUG, "UNITTEST DEBUG x"],
    ] as const) {
      handler.emit({ levelno, msg: "x" });
      expect((await next())[1]).toBe(text);
    }
    handler.formatters[log.INFO] = (one) => `by property: ${one.message}`;
    handler.emit({ msg: "x" });
    expect((await next())[1]).toBe("by property: x");
  });

  test("takes formats, functions, objects and null", async () => {
    const { handler, next } = await published();
    const formatters: [log.FormatterLike | null, string][] = [
      ["%(levelname)-8s|%(name)s|%(message)s", "INFO    |root|t x"],
      [
        (one) => JSON.stringify([one.levelname, one.topic, one.message, one.getMessage()]),
        '["INFO","s","t x","t x"]',
      ],
      [{ format: (one) => `${one.msg} + ${one.args}` }, "t %s + x"],
      [null, "t x"],
    ];
    for (const [formatter, text] of formatters) {
      handler.setFormatter(formatter, "info");
      handler.emit({ msg: "s::t %s", args: ["x"] });
      expect(await next()).toEqual(["INFO.s", text]);
      expect(handler.format({ msg: "s::t %s", args: ["x"] })).toBe(text);
    }
  });

  test("refuses anything else", async () => {
    const { handler } = await published();
    for (const wrong of [1, true, {}, [], { format: "x" }]) {
      expect(() => handler.setFormatter(wrong as never)).toThrow(TypeError);
    }
    for (const level of ["nonsense", Number.NaN, {}, null]) {
      expect(() => handler.setFormatter("x", level as never)).toThrow(TypeError);
    }
    expect(() => new log.Formatter(1 as never)).toThrow(TypeError);
  });
});

describe("a Formatter", () => {
  test("knows Python's fields, and those of the record", () => {
    const formatter = new log.Formatter(
      "%(asctime)s %(levelno)d %(name)s %(module)s %(pathname)s %(msecs)03d %(process)d %(thread)d %(user)s",
    );
    const handler = new log.PUBHandler("inproc://formatter", newContext());
    handler.setFormatter(formatter);
    const created = new Date(2024, 1, 3, 4, 5, 6, 78).getTime() / 1000;
    expect(handler.format({ ...record, msg: "x", created, name: "n", user: "u" })).toBe(
      `2024-02-03 04:05:06,078 20 n app app.js 078 ${process.pid} 0 u`,
    );
    handler.setFormatter(new log.Formatter("%(asctime)s", "%d/%m/%y %H.%M"));
    expect(handler.format({ ...record, msg: "x", created })).toBe("03/02/24 04.05");
    handler.setFormatter("%(unknown)s");
    expect(handler.format({ ...record, msg: "x" })).toBe("%(unknown)s");
  });
});

describe("a record that cannot be formatted", () => {
  test("is lost with one warning, and the program goes on", async () => {
    const { handler, next } = await published();
    const warned = new Promise<Error & { code?: string }>((resolve) => process.once("warning", resolve));
    handler.setFormatter(() => {
      throw new Error("broken formatter");
    }, log.WARNING);
    for (let i = 0; i < 3; i++) handler.emit({ msg: "lost", levelno: log.WARNING });
    handler.emit({ msg: "found" });
    expect(await next()).toEqual(["INFO", "found\n"]);
    expect(await warned).toMatchObject({
      code: "NODEZMQ_LOG_LOST",
      message: expect.stringContaining("broken formatter"),
    });
  });

  test("goes to handleError, which may be replaced", async () => {
    const { handler } = await published();
    const lost = vi.fn();
    handler.handleError = lost;
    const nasty = {
      get msg(): string {
        throw new Error("nasty getter");
      },
    };
    handler.emit(nasty);
    expect(lost.mock.calls[0]?.[0]).toBe(nasty);
    expect(lost.mock.calls[0]?.[1]).toMatchObject({ message: "nasty getter" });
  });

  test("may come from a getter that closes the handler", async () => {
    const { handler } = await published();
    const closing = {
      get msg(): string {
        handler.socket.close();
        return "x";
      },
    };
    expect(() => handler.emit(closing)).toThrow(expect.objectContaining({ code: "ENOTSOCK" }));
  });

  test("is none at all: a TypeError", async () => {
    const { handler } = await published();
    for (const wrong of [null, undefined, "text", 3, []]) {
      expect(() => handler.emit(wrong as never)).toThrow(TypeError);
    }
  });
});

describe("making a PUBHandler", () => {
  test("from an address binds a PUB socket, in a context of its own or the one given", async () => {
    const own = new log.PUBHandler("tcp://127.0.0.1:*");
    onTestFinished(() => own.ctx.destroy(0));
    expect(own.socket.type).toBe(zmq.PUB);
    expect(own.socket.lastEndpoint).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
    expect(own.ctx).not.toBe(zmq.Context.instance());
    const context = newContext();
    for (const handler of [
      new log.PUBHandler("inproc://1", context, "root"),
      new log.PUBHandler("inproc://2", { context, rootTopic: "root" }),
      new log.PUBHandler(Buffer.from("inproc://3"), context, { rootTopic: "root" }),
    ]) {
      expect(handler.ctx).toBe(context);
      expect(handler.socket.context).toBe(context);
      expect(handler.rootTopic).toBe("root");
    }
    expect(handlers.PUBHandler).toBe(log.PUBHandler);
    expect(log.handlers.TopicLogger).toBe(log.TopicLogger);
  });

  test("refuses what is neither, and leaves nothing behind when binding fails", async () => {
    const context = newContext();
    for (const wrong of [null, undefined, 5, {}, context]) {
      expect(() => new log.PUBHandler(wrong as never)).toThrow(TypeError);
    }
    expect(() => new log.PUBHandler("inproc://x", {} as never, 5 as never)).toThrow(TypeError);
    expect(() => new log.PUBHandler("inproc://x", { contxt: context } as never)).toThrow(
      /did you mean 'context'/,
    );
    expect(() => new log.PUBHandler("inproc://x", { context: 5 } as never)).toThrow(TypeError);
    expect(() => new log.PUBHandler("nonsense", context)).toThrow(
      expect.objectContaining({ code: "EINVAL" }),
    );
    await context.term(); // no socket is left in it
    expect(() => new log.PUBHandler("inproc://x", context)).toThrow(zmq.ContextTerminated);
    const closed = newContext().socket(zmq.PUB);
    closed.close();
    expect(() => new log.PUBHandler(closed)).toThrow(expect.objectContaining({ code: "ENOTSOCK" }));
  });
});

describe("a PUBHandler that is closed", () => {
  test("closes the socket that it opened and no other; then records are an error", async () => {
    const own = new log.PUBHandler("inproc://own");
    expect(own.closed).toBe(false);
    own.close();
    own.close();
    expect(own.closed).toBe(true);
    expect(own.socket.closed).toBe(true);
    expect(() => own.emit({ msg: "x" })).toThrow(expect.objectContaining({ code: "ENOTSOCK" }));
    await own.ctx.term();

    const { handler } = await published();
    handler[Symbol.dispose]();
    expect(handler.socket.closed).toBe(false);
    expect(() => handler.emit({ msg: "x" })).toThrow(expect.objectContaining({ code: "ENOTSOCK" }));
  });

  test("is closed with its socket", async () => {
    const { handler } = await published();
    handler.socket.close();
    expect(handler.closed).toBe(true);
    expect(() => handler.emit({ msg: "x" })).toThrow(expect.objectContaining({ code: "ENOTSOCK" }));
  });

  test("by the end of its context has records fail with ContextTerminated", async () => {
    const context = new zmq.Context();
    const handler = new log.PUBHandler("inproc://x", context);
    const ended = context.term();
    expect(() => handler.emit({ msg: "x" })).toThrow(zmq.ContextTerminated);
    handler.close();
    await ended;
  });

  test("still sends what is queued", async () => {
    const context = newContext();
    const sub = context.socket(zmq.SUB);
    sub.subscribe("");
    const handler = new log.PUBHandler("tcp://127.0.0.1:*");
    sub.connect(handler.socket.lastEndpoint);
    let first: string | undefined; // until the subscription has arrived, records are dropped
    while (first === undefined) {
      handler.emit({ msg: "hello" });
      if ((await sub.poll(1)) !== 0) first = String((await sub.recvMultipart())[1]);
    }
    for (let i = 0; i < 100; i++) handler.emit({ msg: "%d", args: [i] });
    handler.close();
    for (let i = 0; i < 100; ) {
      const text = String((await sub.recvMultipart())[1]);
      if (text !== "hello\n") expect(text).toBe(`${i++}\n`);
    }
  });
});

describe("a socket that would have to wait", () => {
  test("loses the record instead, and says so", async () => {
    const push = newContext().socket(zmq.PUSH);
    push.bind("inproc://push");
    const handler = new log.PUBHandler(push);
    const lost = vi.fn();
    handler.handleError = lost;
    handler.emit({ msg: "x" });
    expect(lost).toHaveBeenCalledWith({ msg: "x" }, expect.any(zmq.Again));
  });

  test("keeps the order of its own pending sends", async () => {
    const context = newContext();
    const push = context.socket(zmq.PUSH);
    push.bind("inproc://push");
    const pending = push.send("first");
    const handler = new log.PUBHandler(push);
    handler.handleError = () => {};
    handler.emit({ msg: "lost" });
    const pull = context.socket(zmq.PULL);
    pull.connect("inproc://push");
    await pending;
    handler.emit({ msg: "second" });
    expect(String(await pull.recv())).toBe("first");
    expect((await pull.recvMultipart()).map(String)).toEqual(["INFO", "second\n"]);
    push.close();
    expect(await code(push.send("x"))).toBe("ENOTSOCK");
  });
});

describe("loggers", () => {
  test("have a method for each level, and name the file and line that called", async () => {
    const { handler, next } = await published();
    const logger = new log.Logger("app");
    logger.addHandler(handler);
    logger.addHandler(handler); // once is enough
    logger.info("%s", "a");
    expect(await next()).toEqual(["INFO", "a\n"]);
    logger.debug("b::%d", 1.5);
    const [topic, text] = await next();
    expect(topic).toBe("DEBUG.b");
    expect(text).toMatch(/^DEBUG log-handlers\.test\.ts:\d+ - 1\n$/);
    for (const [method, level] of [
      ["warn", "WARNING"],
      ["warning", "WARNING"],
      ["error", "ERROR"],
      ["critical", "CRITICAL"],
      ["fatal", "CRITICAL"],
    ] as const) {
      logger[method]("x");
      expect((await next())[0]).toBe(level);
    }
    logger.log(25, "y");
    expect((await next())[0]).toBe("Level 25");
    logger.log("warn", "y");
    expect((await next())[0]).toBe("WARNING");
    logger.exception("z", new Error("about"));
    expect((await next())[1]).toContain("Error: about\n");
    logger.info("%s", "with", { excInfo: new Error("as option"), extra: { user: "u" } });
    expect((await next())[1]).toMatch(/^with\nError: as option\n/);
    logger.removeHandler(handler);
    logger.info("not published");
    expect(logger.handlers).toEqual([]);
  });

  test("drop what is below their level, or the handler's", async () => {
    const { handler, next } = await published();
    const logger = new log.Logger("app", log.INFO);
    logger.addHandler(handler);
    logger.debug("no");
    logger.setLevel("error");
    expect([logger.getEffectiveLevel(), logger.isEnabledFor(log.ERROR), logger.isEnabledFor("info")]).toEqual(
      [40, true, false],
    );
    logger.warn("no");
    logger.level = 0;
    handler.setLevel(log.WARNING);
    logger.info("no");
    logger.warn("yes");
    expect((await next())[0]).toBe("WARNING");
    expect(() => logger.setLevel("loud")).toThrow(TypeError);
    expect(() => logger.addHandler({} as never)).toThrow(TypeError);
    expect(() => new log.Logger(5 as never)).toThrow(TypeError);
  });

  test("with topics put them into the messages' topics", async () => {
    const { handler, next } = await published({ rootTopic: "zmq" });
    const logger = new log.TopicLogger("app");
    logger.addHandler(handler);
    for (const [method, level] of [
      ["debug", "DEBUG"],
      ["info", "INFO"],
      ["warn", "WARNING"],
      ["warning", "WARNING"],
      ["error", "ERROR"],
      ["exception", "ERROR"],
      ["critical", "CRITICAL"],
      ["fatal", "CRITICAL"],
    ] as const) {
      logger[method]("sub.topic", "%d::%s", 1, "x");
      const [topic, text] = await next();
      expect(topic).toBe(`zmq.${level}.sub.topic`);
      expect(text).toContain("1::x");
    }
    logger.log(log.INFO, "t", "m");
    expect(await next()).toEqual(["zmq.INFO.t", "m\n"]);
    expect(() => logger.info(5 as never, "x")).toThrow(TypeError);
  });
});

describe("with records queued", () => {
  const connect = (address: string): string => `
    const pub = zmq.Context.instance().socket(zmq.XPUB);
    pub.connect(${JSON.stringify(address)});
    const handler = new zmq.log.PUBHandler(pub);
    await pub.recv(); // the subscription
    for (let i = 0; i < 500; i++) handler.emit({ msg: "%d", args: [i] });`;

  async function collector(): Promise<{ address: string; expectAll(): Promise<void> }> {
    const sub = newContext().socket(zmq.SUB);
    sub.subscribe("");
    sub.bind("tcp://127.0.0.1:*");
    return {
      address: sub.lastEndpoint,
      expectAll: async () => {
        for (let i = 0; i < 500; i++) expect(String((await sub.recvMultipart())[1])).toBe(`${i}\n`);
      },
    };
  }

  test("process.exit() still sends them", async () => {
    const { address, expectAll } = await collector();
    const ended = run(`(async () => {
      zmq.setExitLinger(8000);
      ${connect(address)}
      process.exit(3);
    })();`);
    await expectAll();
    expect(await ended).toEqual({ code: 3, signal: null, stdout: "", stderr: "" });
  });

  test("an uncaught error still sends them", async () => {
    const { address, expectAll } = await collector();
    const ended = run(`(async () => {
      zmq.setExitLinger(8000);
      ${connect(address)}
      setImmediate(() => { throw new Error("on purpose"); });
    })();`);
    await expectAll();
    expect(await ended).toMatchObject({ code: 1, stderr: expect.stringContaining("on purpose") });
  });

  test("a worker that ends or is terminated still sends them", async () => {
    for (const end of ["", "await new Promise(() => setInterval(() => {}, 1e6));"]) {
      const { address, expectAll } = await collector();
      const { worker, heard, ended } = startWorker(`${connect(address)} say("queued"); ${end}`);
      const all = expectAll(); // a socket that nobody asks anything does not even subscribe
      expect(await heard()).toBe("queued");
      if (end !== "") await worker.terminate();
      await Promise.all([ended, all]);
    }
  });

  test("a handler alone keeps no process alive", async () => {
    const outcome = await run(`
      const handler = new zmq.log.PUBHandler("tcp://127.0.0.1:*");
      handler.emit({ msg: "nobody listens" });
      zmq.log.hookConsole(handler);
      console.log("printed");`);
    expect(outcome).toEqual({ code: 0, signal: null, stdout: "printed\n", stderr: "" });
  });
});
