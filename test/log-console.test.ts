/** zmq.log.hookConsole: what is written to the console is published too. */
import * as zmq from "nodezmq";
import { log } from "nodezmq";
import { describe, expect, test } from "vitest";
import { run } from "./support/life-child.js";
import { newContext, publisher } from "./support/sockets.js";

type Lines = [method: string, ...args: unknown[]][];

/** A console that remembers, and a handler whose messages can be read. */
async function hookable() {
  const [socket, sub] = (await publisher(1, { context: newContext() })) as [zmq.Socket, zmq.Socket];
  const printed: Lines = [];
  const make =
    (name: string) =>
    (...args: unknown[]): void => {
      printed.push([name, ...args]);
    };
  const fake = {
    debug: make("debug"),
    log: make("log"),
    info: make("info"),
    warn: make("warn"),
    error: make("error"),
  };
  return {
    console: fake,
    printed,
    handler: new log.PUBHandler(socket),
    next: async () => (await sub.recvMultipart()).map(String),
    /** Whether something has been published that nobody has read. */
    more: async () => (await sub.poll(0)) !== 0,
  };
}

describe("a hooked console", () => {
  test("prints as before and publishes by level, with the line that wrote", async () => {
    const { console, handler, printed, next } = await hookable();
    const unhook = log.hookConsole(handler, { console });
    console.log("%s is %d", "x", 1, { a: 1 });
    expect(await next()).toEqual(["INFO", "x is 1 { a: 1 }\n"]);
    console.info("info");
    expect(await next()).toEqual(["INFO", "info\n"]);
    console.debug("debug");
    const [topic, text] = await next();
    expect(topic).toBe("DEBUG");
    expect(text).toMatch(/^DEBUG log-console\.test\.ts:\d+ - debug\n$/);
    console.warn("warn");
    expect((await next())[0]).toBe("WARNING");
    console.error(new Error("broken"));
    expect((await next()).join()).toMatch(/^ERROR,.*Error: broken\n\s+at /s);
    expect(printed.map(([method]) => method)).toEqual(["log", "info", "debug", "warn", "error"]);
    expect(printed[0]).toEqual(["log", "%s is %d", "x", 1, { a: 1 }]);
    unhook();
  });

  test("takes text as it is, under a topic if one is given", async () => {
    const { console, handler, next } = await hookable();
    using _hook = log.hookConsole(handler, { console, topic: "console" });
    console.log("listening on ::1");
    expect(await next()).toEqual(["INFO.console", "listening on ::1\n"]);
    console.log();
    expect(await next()).toEqual(["INFO.console", "\n"]);
  });

  test("is as it was after unhook, which may be called twice", async () => {
    const { console, handler, printed, more } = await hookable();
    const before = { ...console };
    const unhook = log.hookConsole(handler, { console });
    expect(console.log).not.toBe(before.log);
    unhook();
    unhook();
    expect(console).toEqual(before);
    console.log("x");
    expect(printed).toEqual([["log", "x"]]);
    expect(await more()).toBe(false);
  });

  test("may be hooked in part, or without printing", async () => {
    const { console, handler, printed, next, more } = await hookable();
    const unhook = log.hookConsole(handler, { console, methods: ["error", "error"], print: false });
    console.log("printed");
    console.error("published");
    expect((await next())[0]).toBe("ERROR");
    expect(await more()).toBe(false);
    unhook();
    console.error("printed too");
    expect(printed).toEqual([
      ["log", "printed"],
      ["error", "printed too"],
    ]);
  });

  test("may be hooked twice and unhooked in either order", async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ] as const) {
      const { console, handler, printed, next, more } = await hookable();
      const hooks = ["a", "b"].map((topic) => log.hookConsole(handler, { console, topic }));
      console.log("x");
      expect([(await next())[0], (await next())[0]].sort()).toEqual(["INFO.a", "INFO.b"]);
      hooks[order[0]]?.();
      console.log("y");
      expect((await next())[0]).toBe(`INFO.${"ab"[order[1]]}`);
      hooks[order[1]]?.();
      console.log("z");
      expect(await more()).toBe(false);
      expect(printed).toEqual([
        ["log", "x"],
        ["log", "y"],
        ["log", "z"],
      ]);
    }
  });

  test("does not publish what the handler itself writes", async () => {
    const { console, handler, printed, next, more } = await hookable();
    using _hook = log.hookConsole(handler, { console });
    handler.setFormatter((record) => {
      console.log("formatting", record.message);
      return record.message;
    });
    console.log("x");
    expect(await next()).toEqual(["INFO", "x"]);
    expect(await more()).toBe(false);
    expect(printed).toEqual([
      ["log", "x"],
      ["log", "formatting", "x"],
    ]);
  });

  test("obeys the handler's level", async () => {
    const { console, handler, next } = await hookable();
    using _hook = log.hookConsole(handler, { console });
    handler.setLevel("warning");
    console.log("no");
    console.warn("yes");
    expect((await next())[0]).toBe("WARNING");
  });

  test("prints on whatever becomes of the handler", async () => {
    const context = new zmq.Context();
    const closed = new log.PUBHandler("inproc://a", context);
    const shut = new log.PUBHandler("inproc://b", context);
    const ended = new log.PUBHandler("inproc://c", context);
    const broken: log.Handler = {
      emit: () => {
        throw new Error("broken");
      },
    };
    const nasty = { toString: () => "", inspect: 1 };
    for (const handler of [closed, shut, ended, broken]) {
      const { console, printed } = await hookable();
      using _hook = log.hookConsole(handler, { console });
      if (handler === closed) closed.close();
      if (handler === shut) shut.socket.close();
      if (handler === ended) {
        const over = context.term();
        console.log("while it ends");
        ended.close();
        await over;
      }
      console.log("x", nasty);
      console.error("y");
      expect(printed.slice(-2)).toEqual([
        ["log", "x", nasty],
        ["error", "y"],
      ]);
    }
  });

  test("still throws what printing throws", async () => {
    const { console, handler, next } = await hookable();
    console.log = () => {
      throw new Error("EPIPE");
    };
    using _hook = log.hookConsole(handler, { console });
    expect(() => console.log("x")).toThrow("EPIPE");
    expect(await next()).toEqual(["INFO", "x\n"]);
  });
});

test("hookConsole refuses what makes no sense", async () => {
  const { handler, console } = await hookable();
  for (const wrong of [null, undefined, {}, "tcp://127.0.0.1:*"]) {
    expect(() => log.hookConsole(wrong as never, { console })).toThrow(TypeError);
  }
  for (const options of [
    { topics: "x" },
    { topic: 5 },
    { print: 1 },
    { methods: "log" },
    { methods: ["table"] },
    { console: 5 },
    null,
  ]) {
    expect(() => log.hookConsole(handler, options as never)).toThrow(TypeError);
  }
});

test("the global console is hooked in a process of its own, to the end", async () => {
  const sub = newContext().socket(zmq.SUB);
  sub.subscribe("");
  sub.bind("tcp://127.0.0.1:*");
  const ended = run(`(async () => {
    zmq.setExitLinger(8000);
    const pub = new zmq.Context().socket(zmq.XPUB);
    pub.connect(${JSON.stringify(sub.lastEndpoint)});
    await pub.recv();
    const handler = new zmq.log.PUBHandler(pub);
    zmq.log.hookConsole(handler);
    console.log("hello");
    process.on("exit", () => {
      console.log("goodbye");
      handler.close();
      console.log("only printed");
    });
  })();`);
  expect((await sub.recvMultipart()).map(String)).toEqual(["INFO", "hello\n"]);
  expect((await sub.recvMultipart()).map(String)).toEqual(["INFO", "goodbye\n"]);
  expect(await ended).toEqual({
    code: 0,
    signal: null,
    stdout: "hello\ngoodbye\nonly printed\n",
    stderr: "",
  });
});
