/** nodezmq/pyzmq: the same library with pyzmq's spelling. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as main from "nodezmq";
import * as zmq from "nodezmq/pyzmq";
import { describe, expect, onTestFinished, test } from "vitest";
import { newContext, rejection } from "./support/sockets.js";

const root = fileURLToPath(new URL("..", import.meta.url));

function spelledContext(): zmq.Context {
  const context = new zmq.Context();
  onTestFinished(() => context.destroy(0));
  return context;
}

function connected(context = spelledContext()): [zmq.Socket, zmq.Socket] {
  const left = context.socket(zmq.PAIR);
  const right = context.socket(zmq.PAIR);
  const port = left.bind_to_random_port("tcp://127.0.0.1");
  right.connect(`tcp://127.0.0.1:${port}`);
  return [left, right];
}

const snake = (name: string): string =>
  /^[a-z]/.test(name) ? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : name;

/** Whatever a namespace and what it contains has, by dotted path. */
function paths(value: object, path = "", seen = new Set<unknown>()): [string, unknown][] {
  if (seen.has(value)) return [];
  seen.add(value);
  const found: [string, unknown][] = [];
  for (const [name, member] of Object.entries(value)) {
    if (name === "module.exports") continue; // Node.js 23 and later add it to what is imported
    found.push([`${path}${name}`, member]);
    const nested = typeof member === "object" && member !== null && Object.hasOwn(member, "__esModule");
    if (nested) found.push(...paths(member as object, `${path}${name}.`, seen));
  }
  return found;
}
const lookUp = (path: string): unknown =>
  path.split(".").reduce<unknown>((value, name) => Reflect.get(value as object, name), zmq);

describe("names", () => {
  test("everything that the main entry has is there by both names, for import and for require", () => {
    const print = "console.log(JSON.stringify(Object.keys(zmq)))";
    const run = (...args: string[]): string[] =>
      JSON.parse(execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" })) as string[];
    const imported = run("--input-type=module", "-e", `import * as zmq from "nodezmq/pyzmq"; ${print}`);
    const required = run("-e", `const zmq = require("nodezmq/pyzmq"); ${print}`);
    for (const name of Object.keys(main)) {
      if (["default", "__esModule", "module.exports"].includes(name)) continue; // module loaders' own
      for (const names of [imported, required])
        expect(names).toEqual(expect.arrayContaining([name, snake(name)]));
    }
  });

  test("so is everything in its namespaces, and every method and property of every class", () => {
    const missing: string[] = [];
    for (const [path, value] of paths(main)) {
      const spelt = path.split(".").map(snake).join(".");
      const ours = lookUp(spelt);
      if (ours === undefined || lookUp(path) !== ours) missing.push(spelt);
      if (typeof value !== "function" || value.prototype === undefined) continue;
      if (!/^class\b/.test(Function.prototype.toString.call(value))) continue;
      const { prototype } = ours as { prototype: object };
      for (
        let from = value.prototype as object;
        from !== Object.prototype;
        from = Object.getPrototypeOf(from)
      ) {
        if (from === Error.prototype) break;
        for (const name of Object.getOwnPropertyNames(from)) {
          if (!(name in prototype && snake(name) in prototype)) missing.push(`${spelt}.${snake(name)}`);
        }
      }
    }
    expect(missing.filter((name) => !name.startsWith("default"))).toEqual([]);
  });

  test("deprecated ones, too", async () => {
    const [left, right] = connected();
    left.setsockopt_unicode(zmq.ROUTING_ID, "me");
    expect(left.getsockopt_unicode(zmq.ROUTING_ID)).toBe("me");
    left.setsockopt_string(zmq.ROUTING_ID, "you");
    expect([left.getsockopt_string(zmq.ROUTING_ID), left.socket_type]).toEqual(["you", zmq.PAIR]);
    await left.send_unicode("ž");
    expect(await right.recv_unicode()).toBe("ž");
    for (const refused of [left.send_pyobj({}), right.recv_pyobj()]) {
      expect(await rejection(refused)).toMatchObject({ message: expect.stringContaining("Json") });
    }
  });

  test("the main entry's classes show none of them", () => {
    const socket = newContext().socket(main.PUSH);
    for (const name of ["recv_string", "bind_to_random_port", "last_endpoint", "LINGER", "copy_threshold"]) {
      expect(name in socket).toBe(false);
    }
    expect("io_threads" in main.Context.prototype).toBe(false);
    expect("curve_keypair" in main).toBe(false);
    expect(Object.keys(main.Frame.prototype)).toEqual([]);
  });

  test("frames and errors, of which there is one class, have them", async () => {
    const [left, right] = connected();
    await left.send("x");
    const frame = await right.recv({ copy: false });
    expect(frame).toBeInstanceOf(main.Frame);
    expect([frame.routing_id, frame.byte_length, frame.tracker_event]).toEqual([0, 1, null]);
    const version = new zmq.ZMQVersionError("9.9");
    expect([version.minVersion, Reflect.get(version, "min_version")]).toEqual(["9.9", "9.9"]);
    expect([zmq.ZMQError, zmq.error.Again, zmq.Frame]).toEqual([main.ZMQError, main.error.Again, main.Frame]);
  });

  test("options objects take keys in both spellings, and name the nearest of a misspelt one", async () => {
    const [left, right] = connected();
    const port = left.bind_to_random_port("tcp://127.0.0.1", { min_port: 20000, maxPort: 30000 });
    expect(port).toBeGreaterThanOrEqual(20000);
    expect(port).toBeLessThan(30000);
    const error = await rejection(left.send("x", { routing_idd: 5 } as never));
    expect(error).toMatchObject({ name: "TypeError", message: expect.stringContaining("routingId") });
    const socket = left.context.socket(zmq.PUSH, {
      LINGER: 7,
      tcp_keepalive_idle: 9,
    } as object);
    expect([socket.linger, socket.tcpKeepaliveIdle]).toEqual([7, 9]);
    socket.close();
    const subscriber = left.context.socket(zmq.SUB, zmq.Socket, { SUBSCRIBE: "a", RCVTIMEO: 5 } as object);
    expect(subscriber).toBeInstanceOf(zmq.Socket);
    expect(subscriber.rcvtimeo).toBe(5);
    subscriber.close();
    await left.send_json({ any_key: { other_key: 1 } });
    expect(await right.recv_json()).toEqual({ any_key: { other_key: 1 } });
  });

  test("arguments may stand in pyzmq's positions", async () => {
    const [left, right] = connected();
    const tracker = await left.send("a", zmq.SNDMORE, true, true);
    expect(tracker?.done).toBe(true);
    expect(tracker?.wait().done()).toBe(false); // a Future, as all that is awaited
    const frame = new zmq.Frame(Buffer.alloc(100_000), { track: true, copy_threshold: 1 });
    const waiting = (frame.tracker as zmq.MessageTracker).wait();
    expect(waiting.cancel()).toBe(true);
    await expect(waiting).rejects.toThrow(zmq.CancelledError);
    await expect(frame.tracker?.wait(0.001)).rejects.toThrow(zmq.NotDone);
    await left.send_string("é", 0, true, "latin-1");
    expect(await right.recv(0, false)).toBeInstanceOf(zmq.Frame);
    expect(await right.recv_string(0, "latin1")).toBe("é");
    expect(await rejection(left.recv_multipart(zmq.NOBLOCK, false))).toBeInstanceOf(zmq.Again);
  });
});

describe("option attributes", () => {
  test("have any case", () => {
    const [socket] = connected();
    socket.LINGER = 1;
    expect([socket.linger, socket.LINGER, Reflect.get(socket, "Linger")]).toEqual([1, 1, 1]);
    Reflect.set(socket, "Tcp_Keepalive_Idle", 5);
    expect([socket.tcp_keepalive_idle, socket.TCP_KEEPALIVE_IDLE, socket.tcpKeepaliveIdle]).toEqual([
      5, 5, 5,
    ]);
    expect(socket.last_endpoint).toBe(socket.LAST_ENDPOINT);
    socket.ROUTING_ID = "me";
    expect([String(socket.routing_id), String(socket.identity)]).toEqual(["me", "me"]);
    expect([socket.TYPE, socket.EVENTS & zmq.POLLIN]).toEqual([zmq.PAIR, 0]);
    socket.copy_threshold = 5;
    expect(socket.copyThreshold).toBe(5);
  });

  test("of a context are its own, or defaults for its sockets", () => {
    const context = spelledContext();
    context.MAX_SOCKETS = 7;
    context.RCVTIMEO = 5;
    context.tcp_keepalive_idle = 6;
    Reflect.set(context, "Linger", 3);
    expect([context.io_threads, context.max_sockets, context.maxSockets]).toEqual([1, 7, 7]);
    const socket = context.socket(zmq.PULL);
    expect([socket.rcvtimeo, socket.tcp_keepalive_idle, socket.linger]).toEqual([5, 6, 3]);
    expect(context.sockopts.get(zmq.LINGER)).toBe(3);
    context.LINGER = undefined;
    expect(context.sockopts.has(zmq.LINGER)).toBe(false);
  });

  test("that do not exist are an error that names the nearest, where a program must have meant one", () => {
    const [socket] = connected();
    expect(() => Reflect.set(socket, "lingr", 0)).toThrow(
      "Socket has no such option: lingr; did you mean 'linger'?",
    );
    expect(() => Reflect.get(socket, "LINGR")).toThrow(TypeError);
    expect(() => Reflect.get(socket, "last_endpont")).toThrow("last_endpoint");
    expect(() => Reflect.set(socket.context, "io_threds", 2)).toThrow("io_threads");
    expect(() => Reflect.set(socket, "push", 1)).toThrow(TypeError);
    for (const name of ["then", "toJSON", "length", "nodeType", "$$typeof", "asymmetricMatch"]) {
      expect(Reflect.get(socket, name)).toBeUndefined();
    }
  });

  test("that can only be written or only be read say so", () => {
    const [socket] = connected();
    expect(() => socket.ROUTER_MANDATORY).toThrow("write-only");
    expect(() => Reflect.set(socket, "LAST_ENDPOINT", "x")).toThrow("read-only");
    expect(() => Reflect.set(socket, "last_endpoint", "x")).toThrow("read-only");
  });

  test("subscribe is a method, and can be assigned to", async () => {
    const context = spelledContext();
    const xpub = context.socket(zmq.XPUB);
    const sub = context.socket(zmq.SUB);
    xpub.bind("inproc://pyzmq-subscribe");
    sub.connect("inproc://pyzmq-subscribe");
    sub.subscribe("a");
    sub.subscribe = "b";
    sub.SUBSCRIBE = Buffer.from("c");
    for (const topic of ["\x01a", "\x01b", "\x01c"]) expect(await xpub.recv_string()).toBe(topic);
    sub.unsubscribe = "b";
    sub.unsubscribe("a");
    for (const topic of ["\x00b", "\x00a"]) expect(await xpub.recv_string()).toBe(topic);
  });
});

describe("one library", () => {
  test("sockets of both entries are sockets of both, and any poller takes them", async () => {
    const context = spelledContext();
    const ours = context.socket(zmq.PAIR);
    const theirs = main.Context.shadow(context).socket(main.PAIR);
    onTestFinished(() => theirs.close(0));
    ours.bind("inproc://pyzmq-both");
    theirs.connect("inproc://pyzmq-both");
    expect([
      ours instanceof main.Socket,
      theirs instanceof zmq.Socket,
      context instanceof main.Context,
    ]).toEqual([true, true, true]);
    for (const poller of [new main.Poller(), new zmq.Poller()]) {
      poller.register(ours, zmq.POLLIN);
      poller.register(theirs, zmq.POLLIN);
      await ours.send("x");
      expect(await poller.poll()).toEqual([[theirs, zmq.POLLIN]]);
      expect(poller.pollSync()[0]?.[0]).toBe(theirs);
      await theirs.recv();
    }
    const [[, first], [readable]] = [
      await main.zmqPoll([[ours, zmq.POLLOUT]]).then((r) => [0, r[0]?.[0]]),
      await zmq.select([], [theirs], []),
    ];
    expect([first, readable]).toEqual([ours, []]);
  });

  test("Context.instance() is the same native context, by this entry's class", async () => {
    const ours = zmq.Context.instance();
    expect(ours).toBe(zmq.Context.instance());
    expect(ours).toBeInstanceOf(zmq.Context);
    expect(ours.underlying).toBe(main.Context.instance().underlying);
    const bound = main.Context.instance().socket(main.PULL);
    bound.bind("inproc://pyzmq-instance");
    const push = ours.socket(zmq.PUSH);
    push.connect("inproc://pyzmq-instance");
    await push.send_string("through");
    expect(await bound.recvString()).toBe("through");
    push.close();
    bound.close();
  });

  test("zmq.asyncio.Context is zmq.Context, and the main entry's is the main entry's", () => {
    expect(zmq.asyncio.Context).toBe(zmq.Context);
    expect(main.asyncio.Context).toBe(main.Context);
    expect(zmq.asyncio.Poller).toBe(zmq.Poller);
  });

  test("what the library opens itself comes with this entry's names", async () => {
    const left = spelledContext().socket(zmq.PAIR);
    const monitor = left.get_monitor_socket();
    expect(monitor.recv_multipart).toBeTypeOf("function");
    expect(left.get_monitor_socket()).toBe(monitor);
    left.bind_to_random_port("tcp://127.0.0.1");
    expect(await zmq.recv_monitor_message(monitor)).toMatchObject({ name: "LISTENING" });
    left.disable_monitor();
    monitor.close();
    const theirs = newContext().socket(main.PUSH);
    const face = zmq.Socket.shadow(theirs);
    expect([face.socket_type, face.context.socket]).toEqual([main.PUSH, expect.any(Function)]);
    expect(zmq.Socket.from_socket(theirs).underlying).toBe(theirs.underlying);
    face.close();
    expect(theirs.closed).toBe(true);
  });

  test("a program's own classes keep their methods, their fields and their instanceof", async () => {
    class Loud extends zmq.Socket {
      volume = 0;
      shout(text: string): zmq.Future<unknown> {
        this.volume += 1;
        return this.send_string(text.toUpperCase());
      }
    }
    class Loudly extends zmq.Context {
      note: string;
      constructor() {
        super(1);
        this.note = "x";
      }
    }
    const context = new Loudly();
    onTestFinished(() => context.destroy(0));
    expect(context.note).toBe("x");
    const [loud, right] = [new Loud(context, zmq.PAIR), context.socket(zmq.PAIR)];
    loud.bind("inproc://pyzmq-loud");
    right.connect("inproc://pyzmq-loud");
    await loud.shout("hello");
    expect([await right.recv_string(), loud.volume]).toEqual(["HELLO", 1]);
    expect([right instanceof Loud, loud instanceof Loud, loud instanceof zmq.Socket]).toEqual([
      false,
      true,
      true,
    ]);
  });
});
