import * as zmq from "nodezmq";
import { context, socket } from "nodezmq/decorators";
import { describe, expect, test } from "vitest";
import { run } from "./support/life-child.js";
import { newContext, rejection } from "./support/sockets.js";

describe("the context decorator", () => {
  test("gives an async function a context, which is gone when its promise is settled", async () => {
    let given: zmq.Context | undefined;
    const add = context()(async (a: number, b: number, ctx: zmq.Context) => {
      given = ctx;
      expect(ctx.closed).toBe(false);
      return a + b;
    });
    const sum: number = await add(1, 2);
    expect(sum).toBe(3);
    expect(given).toBeInstanceOf(zmq.Context);
    expect(given?.closed).toBe(true);
  });

  test("gives a synchronous function one, and passes its result on at once", async () => {
    let made: zmq.Socket | undefined;
    const given: zmq.Context[] = [];
    const name = context()((ctx: zmq.Context) => {
      given.push(ctx);
      made = ctx.socket(zmq.PULL);
      return "result";
    });
    expect(name()).toBe("result");
    expect(made?.closed).toBe(true); // destroyed: its sockets are closed
    expect(name()).toBe("result");
    expect(given[0]).not.toBe(given[1]);
    await given[0]?.term();
    expect(given[0]?.closed).toBe(true);
  });

  test("ends the context when the function fails, and passes the error on", async () => {
    const contexts: zmq.Context[] = [];
    const keep = (ctx: zmq.Context): never => {
      contexts.push(ctx);
      throw new Error("failed");
    };
    expect(() => context()(keep)()).toThrow("failed");
    expect(await rejection(context()(async (ctx: zmq.Context) => keep(ctx))())).toMatchObject({
      message: "failed",
    });
    for (const ctx of contexts) await ctx.term();
    expect(contexts.map((ctx) => ctx.closed)).toEqual([true, true]);
  });

  test("takes the number of I/O threads, positionally or by name", async () => {
    const threads = ({ ioThreads }: zmq.Context) => ioThreads;
    expect(context(2)(threads)()).toBe(2);
    expect(context({ ioThreads: 3 })(threads)()).toBe(3);
    expect(context("ctx", 2)(({ ctx }: { ctx: zmq.Context }) => ctx.ioThreads)()).toBe(2);
    expect(context("ctx", { ioThreads: 3 })(({ ctx }: { ctx: zmq.Context }) => ctx.ioThreads)()).toBe(3);
    expect(() => context({ iothreads: 3 } as object)).toThrow(/did you mean 'ioThreads'/);
    expect(() => context(-1)(threads)()).toThrow(expect.objectContaining({ code: "EINVAL" }));
    expect(() => context({ ioThreads: "x" } as object)(threads)()).toThrow(TypeError);
  });

  test("with a name the context comes in the options object", () => {
    const look = context("ctx")((a: number, given: { ctx: zmq.Context; more?: string }) => [
      a,
      given.ctx instanceof zmq.Context,
      given.more,
    ]);
    expect(look(1)).toEqual([1, true, undefined]);
    expect(look(1, { more: "x" })).toEqual([1, true, "x"]);
    const same = context({ name: "ctx" })((given: { ctx: zmq.Context }) => given.ctx instanceof zmq.Context);
    expect(same()).toBe(true);
    function wrapMe(given: { ctx: zmq.Context }): unknown {
      return given;
    }
    expect(() => context("ctx")(wrapMe)({ ctx: 1 })).toThrow(
      "wrapMe() got multiple values for argument 'ctx'",
    );
  });

  test("keeps the function's name and this", () => {
    const object = {
      value: 5,
      method: context()(function method(this: { value: number }, add: number, _ctx: zmq.Context) {
        return this.value + add;
      }),
    };
    expect(object.method(1)).toBe(6);
    expect(object.method.name).toBe("method");
  });

  test("wraps nothing but functions", () => {
    for (const wrong of [null, undefined, 5, "x", {}])
      expect(() => context()(wrong as never)).toThrow(TypeError);
    expect(() => context({ name: 5 } as never)).toThrow(TypeError);
  });
});

describe("the socket decorator", () => {
  test("gives a socket of the context among the arguments", async () => {
    const own = newContext();
    const look = socket(zmq.PUSH)(async (ctx: zmq.Context, push: zmq.Socket) => {
      expect(push.context).toBe(ctx);
      expect(push.closed).toBe(false);
      return push;
    });
    const push = await look(own);
    expect([push.type, push.closed]).toEqual([zmq.PUSH, true]);
    expect(own.closed).toBe(false);
  });

  test("stacks: a context and two sockets that talk", async () => {
    const talk = context()(
      socket(zmq.PULL)(
        socket(zmq.PUSH)(async (text: string, _ctx: zmq.Context, pull: zmq.Socket, push: zmq.Socket) => {
          pull.bind("inproc://decorated");
          push.connect("inproc://decorated");
          await push.send(text);
          return pull.recvString();
        }),
      ),
    );
    expect(await talk("hello")).toBe("hello");
    const many = Array.from({ length: 20 }, (_, i) => talk(String(i)));
    expect(await Promise.all(many)).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
  });

  test("stacks three sockets, in the order of the lines, of the given context or the process's", async () => {
    const look = socket(zmq.PUB)(
      socket(zmq.SUB)(socket(zmq.PUSH)((...given: unknown[]) => given.slice(-3) as zmq.Socket[])),
    );
    const own = newContext();
    for (const [sockets, expected] of [
      [look(own), own],
      [look(), zmq.Context.instance()],
    ] as const) {
      expect(sockets.map(({ type }) => type)).toEqual([zmq.PUB, zmq.SUB, zmq.PUSH]);
      for (const one of sockets) expect(one.context).toBe(expected);
    }
  });

  test("gives each call a socket of its own, also while others last", async () => {
    const own = newContext();
    const opened: zmq.Socket[] = [];
    const last = socket(zmq.PUB)(async (_ctx: zmq.Context, wait: Promise<void>, pub: zmq.Socket) => {
      opened.push(pub);
      await wait;
      return pub.closed;
    });
    let end = (): void => {};
    const wait = new Promise<void>((resolve) => {
      end = resolve;
    });
    const calls = Array.from({ length: 8 }, () => last(own, wait));
    expect(new Set(opened).size).toBe(8);
    end();
    expect(await Promise.all(calls)).toEqual(Array(8).fill(false));
    expect(opened.every(({ closed }) => closed)).toBe(true);
  });

  test("finds the context by its name in the options object", () => {
    const own = newContext();
    const plain = socket(zmq.PUB)((_given: object, pub: zmq.Socket) => pub.context);
    expect(plain({ context: own })).toBe(own);
    const other = socket(zmq.PUB, { contextName: "ctx" })((_given: object, pub: zmq.Socket) => pub.context);
    expect(other({ ctx: own })).toBe(own);
    const named = context("ctx")(
      socket("pub", zmq.PUB, { contextName: "ctx" })((given: { ctx: zmq.Context; pub: zmq.Socket }) => [
        given.pub.context === given.ctx,
        given.pub.type,
      ]),
    );
    expect(named()).toEqual([true, zmq.PUB]);
  });

  test("without any context it is that of the process", () => {
    expect(socket(zmq.PUB)((pub: zmq.Socket) => pub.context)()).toBe(zmq.Context.instance());
  });

  test("closes the socket when the function fails", async () => {
    const sockets: zmq.Socket[] = [];
    const own = newContext();
    const fail = (_ctx: zmq.Context, made: zmq.Socket): never => {
      sockets.push(made);
      throw new Error("failed");
    };
    expect(() => socket(zmq.PUSH)(fail)(own)).toThrow("failed");
    const late = socket(zmq.PUSH)(async (ctx: zmq.Context, made: zmq.Socket) => fail(ctx, made));
    expect(await rejection(late(own))).toMatchObject({ message: "failed" });
    expect(sockets.map((made) => made.closed)).toEqual([true, true]);
  });

  test("passes the socket's options on", () => {
    const options = { linger: 7, name: "pub" } as const;
    expect(socket(zmq.PUB, options)(({ pub }: { pub: zmq.Socket }) => pub.linger)()).toBe(7);
    const wrong = socket(zmq.PUB, { lingr: 7 } as object)((pub: zmq.Socket) => pub);
    expect(() => wrong()).toThrow(/did you mean 'linger'/);
    const bad = socket(99)((made: zmq.Socket) => made);
    expect(() => bad()).toThrow(expect.objectContaining({ code: "EINVAL" }));
  });

  test("without a type, calling the function is a TypeError", () => {
    const call = socket("name" as never, undefined as never)(() => {});
    expect(call).toThrow(TypeError);
  });

  test("of a terminated context is ContextTerminated", async () => {
    const own = newContext();
    await own.term();
    const call = socket(zmq.PUB)((_ctx: zmq.Context, pub: zmq.Socket) => pub);
    expect(() => call(own)).toThrow(zmq.ContextTerminated);
  });
});

test("they decorate methods, where the language has decorators", async () => {
  // What a compiler makes of `@context() @socket(zmq.PUSH) method(ctx, push) {}`
  class Service {
    greeting = "hello";
    async greet(this: Service, name: string, _ctx: zmq.Context, push: zmq.Socket) {
      return `${this.greeting} ${name}, ${push.type === zmq.PUSH}`;
    }
  }
  const place = { kind: "method", name: "greet" };
  const decorated = context()(socket(zmq.PUSH)(Service.prototype.greet, place), place);
  expect(await decorated.call(new Service(), "you")).toBe("hello you, true");
});

test("a process whose functions have returned ends", async () => {
  const { code, stdout, stderr } = await run(`
    const { context, socket } = zmq.decorators;
    const work = context()(socket(zmq.PUSH, { linger: 0 })(async (ctx, push) => {
      push.connect("tcp://127.0.0.1:1");
      await push.send("nobody is there");
      return "done";
    }));
    work().then(say);
  `);
  expect([code, stdout, stderr]).toEqual([0, "done\n", ""]);
});
