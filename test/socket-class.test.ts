/** Sockets of a program's own classes, and other faces of a socket. */
import * as zmq from "nodezmq";
import * as pz from "nodezmq/pyzmq";
import { describe, expect, onTestFinished, test } from "vitest";
import { bound, newContext, rejection } from "./support/sockets.js";

class Loud extends zmq.Socket {
  shout(text: string): Promise<unknown> {
    return this.send(text.toUpperCase());
  }
}

describe("context.socket makes sockets of a program's own class", () => {
  test.each<[string, (context: zmq.Context) => Loud]>([
    ["in place of the options", (context) => context.socket(zmq.PUSH, Loud)],
    ["among the options", (context) => context.socket(zmq.PUSH, { socketClass: Loud, linger: 5 })],
  ])("%s", async (_, open) => {
    const context = newContext();
    context.sndhwm = 7;
    const loud = open(context);
    const pull = context.socket(zmq.PULL);
    loud.connect(bound(pull));
    await loud.shout("hello");
    expect([await pull.recvString(), loud.sndhwm, loud instanceof Loud]).toEqual(["HELLO", 7, true]);
  });

  test("of a subclass of Context that has one", () => {
    class Louder extends zmq.Context {
      protected override newSocket(type: number): Loud {
        return new Loud(this, type);
      }
    }
    const context = new Louder();
    onTestFinished(() => context.destroy(0));
    expect(context.socket(zmq.PUSH)).toBeInstanceOf(Loud);
    expect(context.socket(zmq.PUSH).getMonitorSocket()).toBeInstanceOf(Loud);
    expect(Louder.instance()).toBeInstanceOf(Louder);
    expect(Louder.instance()).toBe(Louder.instance());
    expect(Louder.instance().underlying).toBe(zmq.Context.instance().underlying);
    expect(Louder.shadow(context)).toBeInstanceOf(Louder);
    const { instance, shadow } = zmq.Context;
    expect([instance(), shadow(context).underlying]).toEqual([zmq.Context.instance(), context.underlying]);
  });

  test("of a subclass of Context that names one, as pyzmq's do", () => {
    class Louder extends zmq.Context {
      protected override _socketClass = Loud;
    }
    const context = new Louder();
    onTestFinished(() => context.destroy(0));
    expect(context.socket(zmq.PUSH)).toBeInstanceOf(Loud);
    expect(context.socket(zmq.PUSH, { socketClass: zmq.Socket })).not.toBeInstanceOf(Loud);
  });

  test("with options in the constructor, too", () => {
    const context = newContext();
    const loud = new Loud(context, zmq.PUSH, { linger: 5, hwm: 6, copyThreshold: 7 });
    expect([loud.linger, loud.sndhwm, loud.rcvhwm, loud.copyThreshold]).toEqual([5, 6, 6, 7]);
    expect(() => new Loud(context, zmq.PUSH, { lingr: 5 } as object)).toThrow(/'linger'/);
    expect(() => new Loud(context, zmq.PUSH, { linger: "5" as never })).toThrow(TypeError);
    expect(() => Object.assign(loud, { type: 5 })).toThrow(TypeError);
    expect(loud.type).toBe(zmq.PUSH);
  });

  test("refuses what is no class, and closes a socket whose options are wrong", () => {
    const context = newContext();
    for (const wrong of ["Loud", 5, null]) {
      if (wrong !== null) expect(() => context.socket(zmq.PUSH, wrong as never)).toThrow(TypeError);
      expect(() => context.socket(zmq.PUSH, { socketClass: wrong } as never)).toThrow(TypeError);
    }
    expect(() => context.socket(zmq.PUSH, { copyThreshold: -1 })).toThrow(RangeError);
    expect(context.socket(zmq.PUSH, { copyThreshold: 9 }).copyThreshold).toBe(9);
  });
});

describe.each([
  ["nodezmq", zmq],
  ["nodezmq/pyzmq", pz as unknown as typeof zmq],
])("methods that a class of the program's overrides, with %s", (_, library) => {
  const calls: string[] = [];
  class Heard extends library.Socket {
    override send(...args: unknown[]): Promise<never> {
      calls.push("send");
      return Reflect.apply(super.send, this, args);
    }
    override sendMultipart(...args: unknown[]): Promise<never> {
      calls.push("sendMultipart");
      return Reflect.apply(super.sendMultipart, this, args);
    }
    override recv(...args: unknown[]): Promise<never> {
      calls.push("recv");
      return Reflect.apply(super.recv, this, args);
    }
    override recvMultipart(...args: unknown[]): Promise<never> {
      calls.push("recvMultipart");
      return Reflect.apply(super.recvMultipart, this, args);
    }
    override close(...args: unknown[]): void {
      calls.push(`close ${args[0]}`);
      Reflect.apply(super.close, this, args);
    }
  }

  function both(): [zmq.Context, Heard, Heard] {
    const context = new library.Context();
    onTestFinished(() => context.destroy(0));
    const [left, right] = [context.socket(zmq.PAIR, Heard), context.socket(zmq.PAIR, Heard)];
    right.connect(bound(left));
    calls.length = 0;
    return [context, left, right];
  }

  test("are called by those that send and receive in another form, with their flags and options", async () => {
    const [, left, right] = both();
    await left.sendString("\u00e9", { encoding: "latin1" });
    expect(await right.recvString(zmq.DONTWAIT, { encoding: "latin1" })).toBe("\u00e9");
    await left.sendJson({ a: 1 }, zmq.DONTWAIT);
    expect(await right.recvJson({ timeout: 5000 })).toEqual({ a: 1 });
    await left.sendSerialized("x", (text) => [text, text], { timeout: 5000 });
    expect(await right.recvSerialized((frames) => frames.join())).toBe("x,x");
    await left.sendMultipart(["a", "b"]);
    for await (const frames of right) {
      expect(frames.map(String)).toEqual(["a", "b"]);
      break;
    }
    expect(calls).toEqual(
      "send recv send recv sendMultipart recvMultipart sendMultipart recvMultipart".split(" "),
    );
    await expect(left.sendString(5 as never)).rejects.toThrow(TypeError);
    await expect(left.sendString("x", { encodin: "latin1" } as never)).rejects.toThrow(/'encodin'/);
    await expect(right.recvString(zmq.DONTWAIT)).rejects.toThrow(library.Again);
    await expect(right.recvString({ encoding: "klingon" as never })).rejects.toThrow(TypeError);
  });

  test("close is called by destroy, with its linger, and by the end of `using`", async () => {
    const [context, left] = both();
    left[Symbol.dispose]();
    expect(calls).toEqual(["close undefined"]);
    await context.destroy(7);
    expect(calls).toEqual(["close undefined", "close 7"]);
  });

  test("a close that throws, or does not close, does not keep destroy from ending", async () => {
    class Stubborn extends library.Socket {
      override close(): void {
        throw new Error("never");
      }
    }
    class Lazy extends library.Socket {
      override close(): void {}
    }
    const context = new library.Context();
    const sockets = [
      context.socket(zmq.PAIR, Stubborn),
      context.socket(zmq.PAIR, Lazy),
      context.socket(zmq.PAIR),
    ];
    expect(await rejection(context.destroy(0))).toMatchObject({ message: "never" });
    expect([context.closed, ...sockets.map((socket) => socket.closed)]).toEqual([true, true, true, true]);
  });
});

test("methods overridden by pyzmq's names, and on the object itself, count as well", async () => {
  const calls: string[] = [];
  class Heard extends pz.Socket {
    // biome-ignore lint/suspicious/noExplicitAny: pyzmq's name of an overload
    override send_multipart = ((...args: any[]) => {
      calls.push("send_multipart");
      return Reflect.apply(pz.Socket.prototype.send_multipart, this, args);
    }) as never;
  }
  const context = new pz.Context();
  onTestFinished(() => context.destroy(0) as Promise<void>);
  const socket = context.socket(pz.PAIR, Heard as never) as unknown as pz.Socket;
  const other = context.socket(pz.PAIR);
  other.connect(socket.bind("inproc://overridden").address);
  await socket.send_serialized("x", (text) => [text]);
  await socket.sendSerialized("x", (text) => [text]);
  expect(calls).toEqual(["send_multipart", "send_multipart"]);
  await other.send_string("x");
  expect(String(await socket.recv_multipart())).toBe("x");
});

describe("another face of a socket", () => {
  test("is made by new Socket, shadow and fromSocket, of the class that is asked", () => {
    const socket = newContext().socket(zmq.PUSH);
    const faces = [
      new Loud(socket as never, undefined as never),
      Loud.shadow(socket),
      Loud.shadow(socket.underlying),
      Loud.fromSocket(socket),
    ];
    for (const face of faces) {
      expect(face).toBeInstanceOf(Loud);
      expect([face.underlying, face.type]).toEqual([socket.underlying, zmq.PUSH]);
    }
    faces[0]?.close();
    expect([socket.closed, faces[1]?.closed]).toEqual([true, true]);
    expect(() => Loud.shadow(socket)).toThrow(zmq.ZMQError);
    expect(() => new Loud(socket as never, undefined as never)).toThrow(zmq.ZMQError);
  });

  test("is found by its old names: socketType, sockopts, rawSockets", () => {
    const context = newContext();
    context.linger = 3;
    expect(context.sockopts).toEqual(new Map([[zmq.LINGER, 3]]));
    expect(context.socket(zmq.PUSH).socketType).toBe(zmq.PUSH);
    const poller = new zmq.Poller();
    poller.register(0, zmq.POLLIN);
    poller.register(context.socket(zmq.PULL), zmq.POLLIN);
    expect(poller.rawSockets).toEqual([0]);
  });
});

describe("small names of pyzmq's", () => {
  test("a Stopwatch measures microseconds, and must be started and stopped in turn", () => {
    const watch = new zmq.Stopwatch();
    expect(() => watch.stop()).toThrow(Error);
    watch.start();
    expect(() => watch.start()).toThrow(Error);
    const elapsed = watch.stop();
    expect(Number.isInteger(elapsed)).toBe(true);
    expect(elapsed).toBeGreaterThanOrEqual(0);
  });

  test("zmqErrno is the number of the latest error", () => {
    const context = newContext();
    expect(() => context.socket(zmq.PUSH).bind("nonsense")).toThrow(zmq.ZMQError);
    expect(zmq.zmqErrno()).toBe(zmq.EINVAL);
    expect(new zmq.ZMQError().errno).toBe(zmq.EINVAL);
    expect(() => context.socket(zmq.PULL).recvSync(zmq.DONTWAIT)).toThrow(zmq.Again);
    expect(zmq.zmqErrno()).toBe(zmq.EAGAIN);
  });

  test("trackers know their events and peers, frames their event", () => {
    const first = new zmq.Frame(Buffer.alloc(100_000), { track: true, copy: false });
    const small = new zmq.Frame("x", { track: true });
    const tracker = new zmq.MessageTracker(first, small.tracker as zmq.MessageTracker);
    expect(tracker.events).toContain(first.trackerEvent);
    expect([...tracker.peers]).toEqual([small.tracker]);
    expect(new zmq.Frame("x").trackerEvent).toBe(null);
  });

  test("zmq.asyncio and zmq.constants are the library and its constants", () => {
    expect([zmq.asyncio.Context, zmq.constants.PUSH]).toEqual([zmq.Context, zmq.PUSH]);
    expect(zmq.asyncio.install()).toBe(undefined);
    expect(new zmq.asyncio.ZMQEventLoop()).toBeInstanceOf(zmq.eventloop.IOLoop);
    expect(new zmq.asyncio.ProactorSelectorThreadWarning("x")).toBeInstanceOf(Error);
    expect(zmq.green.Context).toBe(zmq.Context);
    expect([zmq.getIncludes(), zmq.getLibraryDirs()]).toEqual([[], []]);
    expect([zmq.SyncContext, zmq.SyncSocket]).toEqual([zmq.Context, zmq.Socket]);
    expect(new zmq.ZMQVersionError("9", "Magic").msg).toBe("Magic");
  });
});
