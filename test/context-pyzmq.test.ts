/** What pyzmq's own tests of its Context show, where no test of ours with another aim does: see pyzmq.md. */
import * as zmq from "nodezmq";
import { describe, expect, onTestFinished, test } from "vitest";
import { bound, newContext, pair } from "./support/sockets.js";

describe("a context whose sockets are closed", () => {
  test("ends though a message of LINGER 0 was never read", async () => {
    const context = newContext();
    const [router, dealer] = pair(zmq.ROUTER, zmq.DEALER, { context });
    dealer.linger = 0;
    await dealer.send("hello", { copy: false });
    dealer.close();
    router.close();
    await context.term();
    expect(context.closed).toBe(true);
  });

  test("is destroyed as well when nothing is open any more", async () => {
    const context = newContext();
    const pub = context.socket(zmq.PUB);
    pub.bindToRandomPort("tcp://127.0.0.1");
    pub.close();
    await context.destroy();
    expect([pub.closed, context.closed]).toEqual([true, true]);
  });

  test("is destroyed when the program has closed every other one itself", async () => {
    const context = newContext();
    const sockets = Array.from({ length: 65 }, () => context.socket(zmq.REP));
    for (const [i, socket] of sockets.entries()) if (i % 2 === 0) socket.close();
    await context.destroy();
    expect(sockets.every(({ closed }) => closed)).toBe(true);
  });

  test("is destroyed when things that refer to each other hold its sockets", async () => {
    const context = newContext();
    interface Holder {
      socket: zmq.Socket;
      child?: Holder;
      parent?: Holder;
    }
    const holder: Holder = { socket: context.socket(zmq.PULL) };
    holder.child = { socket: holder.socket, parent: holder };
    await context.destroy();
    expect(holder.child.parent?.socket.closed).toBe(true);
  });

  test("lets its sockets be closed once more after destroy()", async () => {
    const context = newContext();
    const rep = context.socket(zmq.REP);
    await context.destroy();
    rep.close();
    expect(rep.closed).toBe(true);
  });
});

describe("the process-wide context", () => {
  test("is the one that is there, however many I/O threads are asked for", async () => {
    const context = zmq.Context.instance();
    onTestFinished(() => zmq.Context.instance().destroy(0));
    expect(zmq.Context.instance({ ioThreads: 2 })).toBe(context);
    expect(zmq.Context.instance(2)).toBe(context);
    expect(context.ioThreads).toBe(1);
    await context.term();
    const next = zmq.Context.instance({ ioThreads: 2 });
    expect(next).not.toBe(context);
    expect([next.closed, next.ioThreads]).toEqual([false, 2]);
  });

  test.each(["first", "second"])("is asked for by a subclass %s: each has its own class", async (when) => {
    class Mine extends zmq.Context {}
    const ask = when === "first" ? [Mine, zmq.Context] : [zmq.Context, Mine];
    const contexts = ask.map((Class) => Class.instance());
    onTestFinished(() => zmq.Context.instance().destroy(0));
    expect(contexts.map((context) => context.constructor)).toEqual(ask);
    expect(contexts[0]?.underlying).toBe(contexts[1]?.underlying);
  });
});

describe("a shadow", () => {
  test("closes what it has opened, by the end of a block, and nothing else", async () => {
    const context = newContext();
    const own = context.socket(zmq.PUB);
    const shadow = zmq.Context.shadow(context);
    expect(shadow.underlying).toBe(context.underlying);
    let inside: zmq.Socket;
    {
      using socket = shadow.socket(zmq.PUB);
      inside = socket;
    }
    expect([inside.closed, own.closed, context.closed]).toEqual([true, false, false]);
    own.close();
    await context.term();
    expect(() => shadow.socket(zmq.PUB)).toThrow(zmq.ContextTerminated);
  });

  test("talks to the sockets of its owner", async () => {
    const context = newContext();
    const pull = context.socket(zmq.PULL);
    using push = zmq.Context.shadow(context.underlying).socket(zmq.PUSH);
    push.connect(bound(pull));
    await push.send("hi");
    expect(await pull.recvString()).toBe("hi");
  });
});
