import * as zmq from "nodezmq";
import { monitoredQueue } from "nodezmq/devices/monitoredqueue";
import { describe, expect, onTestFinished, test } from "vitest";
import { ending, local, peers } from "./support/devices.js";
import { failure, newContext } from "./support/life-own.js";
import { startWorker } from "./support/life-worker.js";

const { devices } = zmq;

const message = async (socket: zmq.Socket): Promise<string[]> => (await socket.recvMultipart()).map(String);

/** Alice and Bob, the two ends of a monitored queue, and who listens in. The queue itself has yet to be started. */
function three(inType: number, outType: number, peerType: number, context = newContext()) {
  const names = [1, 2, 3].map((i) => `inproc://${i} of ${Math.random()}`) as [string, string, string];
  const [input, output, mon] = [
    context.socket(inType),
    context.socket(outType),
    context.socket(zmq.PUSH),
  ] as const;
  for (const [i, socket] of [input, output, mon].entries()) socket.bind(names[i] as string);
  const connect = (i: number, type: number, id?: string): zmq.Socket => {
    const socket = context.socket(type, id === undefined ? {} : { routingId: id });
    socket.connect(names[i] as string);
    return socket;
  };
  return {
    context,
    sockets: [input, output, mon] as const,
    alice: connect(0, peerType, "alice"),
    bob: connect(1, peerType, "bob"),
    ear: connect(2, zmq.PULL),
    another: (id: string) => connect(1, peerType, id),
  };
}

/** Runs a monitored queue until the test is over. */
function run(start: (signal: AbortSignal) => Promise<void>) {
  const stop = new AbortController();
  const done = failure(start(stop.signal));
  const end = (): Promise<unknown> => {
    stop.abort(new Error("the test is over"));
    return done;
  };
  onTestFinished(async () => {
    await end();
  });
  return { done, end };
}

describe("monitoredQueue", () => {
  test("passes messages both ways, and says of each copy where it came from", async () => {
    const { sockets, alice, bob, ear } = three(zmq.PAIR, zmq.PAIR, zmq.PAIR);
    run((signal) => monitoredQueue(...sockets, { signal }));
    await alice.sendMultipart(["hello", "bob"]);
    expect(await message(bob)).toEqual(["hello", "bob"]);
    expect(await message(ear)).toEqual(["in", "hello", "bob"]);
    await bob.sendMultipart(["hello", "", "alice"]);
    expect(await message(alice)).toEqual(["hello", "", "alice"]);
    expect(await message(ear)).toEqual(["out", "hello", "", "alice"]);
  });

  test.each([
    ["text", "von", "bis"],
    ["text beyond ASCII", "→", "←"],
    ["bytes", Buffer.from("von"), new Uint8Array([98, 105, 115])],
    ["buffers", new Uint8Array([1, 2]).buffer, new DataView(new Uint8Array([3]).buffer)],
    ["nothing, which is a frame all the same", "", Buffer.alloc(0)],
  ])("takes prefixes of %s", async (_what, inPrefix, outPrefix) => {
    const bytes = (value: string | ArrayBuffer | ArrayBufferView): Buffer =>
      typeof value === "string"
        ? Buffer.from(value)
        : Buffer.from(
            ArrayBuffer.isView(value)
              ? value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength)
              : value,
          );
    for (const named of [false, true]) {
      const { sockets, alice, bob, ear } = three(zmq.PAIR, zmq.PAIR, zmq.PAIR);
      run((signal) =>
        named
          ? monitoredQueue(...sockets, { inPrefix, outPrefix, signal })
          : monitoredQueue(...sockets, inPrefix, outPrefix, { signal }),
      );
      await alice.send("a");
      expect(await ear.recvMultipart()).toEqual([bytes(inPrefix), Buffer.from("a")]);
      await bob.send("b");
      expect(await ear.recvMultipart()).toEqual([bytes(outPrefix), Buffer.from("b")]);
      expect([await message(bob), await message(alice)]).toEqual([["a"], ["b"]]);
    }
  });

  test("between two ROUTERs the sender names the receiver, who reads the sender's name", async () => {
    const { sockets, alice, bob, ear, another } = three(zmq.ROUTER, zmq.ROUTER, zmq.DEALER);
    const carol = another("carol");
    // A ROUTER knows those that it has heard of.
    for (const socket of [bob, carol]) await socket.sendMultipart(["nobody", "here I am"]);
    run((signal) => monitoredQueue(...sockets, { signal }));
    expect((await message(ear))[0]).toBe("out");
    expect((await message(ear))[0]).toBe("out");
    await alice.sendMultipart(["bob", "hello", "there"]);
    expect(await message(bob)).toEqual(["alice", "hello", "there"]);
    expect(await message(ear)).toEqual(["in", "bob", "alice", "hello", "there"]);
    await alice.sendMultipart(["carol", "hello"]);
    expect(await message(carol)).toEqual(["alice", "hello"]);
    expect(await message(ear)).toEqual(["in", "carol", "alice", "hello"]);
    await bob.sendMultipart(["alice", "hello", "you"]);
    expect(await message(alice)).toEqual(["bob", "hello", "you"]);
    expect(await message(ear)).toEqual(["out", "alice", "bob", "hello", "you"]);
    // Without any more frames there is nobody to send it to.
    await alice.send("bob");
    expect(await message(bob)).toEqual(["alice"]);
  });

  test("between a ROUTER and a DEALER nothing changes places", async () => {
    const { sockets, alice, bob, ear } = three(zmq.ROUTER, zmq.DEALER, zmq.DEALER);
    run((signal) => monitoredQueue(...sockets, { signal }));
    await alice.sendMultipart(["", "question"]);
    expect(await message(bob)).toEqual(["alice", "", "question"]);
    await bob.sendMultipart(["alice", "", "answer"]);
    expect(await message(alice)).toEqual(["", "answer"]);
    expect(await message(ear)).toEqual(["in", "alice", "", "question"]);
    expect(await message(ear)).toEqual(["out", "alice", "", "answer"]);
  });

  test("one socket for both sides echoes, and is heard once", async () => {
    const { sockets, alice, ear } = three(zmq.PAIR, zmq.PAIR, zmq.PAIR);
    run((signal) => monitoredQueue(sockets[0], sockets[0], sockets[2], { signal }));
    await alice.send("echo");
    expect(await message(alice)).toEqual(["echo"]);
    expect(await message(ear)).toEqual(["in", "echo"]);
    await alice.send("again");
    expect(await message(ear)).toEqual(["in", "again"]);
  });

  test("ends by its signal, by a socket that is closed, by its context", async () => {
    const one = three(zmq.PAIR, zmq.PAIR, zmq.PAIR);
    const aborted = run((signal) => monitoredQueue(...one.sockets, { signal }));
    expect(await aborted.end()).toMatchObject({ message: "the test is over" });
    expect(one.sockets[0].linger).toBe(-1); // usable again
    const closed = failure(monitoredQueue(...one.sockets));
    one.sockets[2].close();
    expect((await closed).code).toBe("ENOTSOCK");
    const other = three(zmq.PAIR, zmq.PAIR, zmq.PAIR);
    const terminated = failure(monitoredQueue(...other.sockets));
    const term = other.context.term();
    expect(await terminated).toBeInstanceOf(zmq.ContextTerminated);
    await other.context.destroy(0);
    await term;
    expect(await failure(monitoredQueue(...one.sockets, { signal: AbortSignal.abort("no") }))).toMatchObject({
      code: "ENOTSOCK",
    });
  });

  test("a signal that was aborted before: nothing begins", async () => {
    const { sockets, alice } = three(zmq.PAIR, zmq.PAIR, zmq.PAIR);
    await alice.send("stays");
    expect(await failure(monitoredQueue(...sockets, "a", "b", { signal: AbortSignal.abort("no") }))).toBe(
      "no",
    );
    expect(await sockets[0].recvString()).toBe("stays");
  });

  test("what is no socket, prefix or option is a TypeError, by the promise", async () => {
    const { context, sockets } = three(zmq.PAIR, zmq.PAIR, zmq.PAIR);
    const [input, output, mon] = sockets;
    for (const value of [undefined, null, 5, "in", {}, context, zmq]) {
      expect(await failure(monitoredQueue(value as never, output, mon))).toBeInstanceOf(TypeError);
      expect(await failure(monitoredQueue(input, value as never, mon))).toBeInstanceOf(TypeError);
      expect(await failure(monitoredQueue(input, output, value as never))).toBeInstanceOf(TypeError);
    }
    for (const value of [5, true, 5n, Symbol.iterator, () => {}, [], new zmq.Frame("x")]) {
      expect(await failure(monitoredQueue(...sockets, value as never)), String(value)).toBeInstanceOf(
        TypeError,
      );
      expect(await failure(monitoredQueue(...sockets, "in", value as never))).toBeInstanceOf(TypeError);
      expect(await failure(monitoredQueue(...sockets, { outPrefix: value as never }))).toBeInstanceOf(
        TypeError,
      );
    }
    expect(await failure(monitoredQueue(...sockets, { signal: 5 as never }))).toBeInstanceOf(TypeError);
    expect((await failure(monitoredQueue(...sockets, { prefix: "x" } as never))).message).toMatch(/inPrefix/);
    expect([input.linger, output.linger, mon.linger]).toEqual([-1, -1, -1]);
    run((signal) => monitoredQueue(...sockets, { signal }));
    expect((await failure(monitoredQueue(...sockets))).code).toBe("EBUSY");
  });

  test("a worker that is terminated takes its monitored queue with it", async () => {
    const context = newContext();
    const { worker, heard } = startWorker(
      `const context = zmq.Context.shadow(workerData);
       const [a, b, c] = [zmq.PULL, zmq.PUSH, zmq.PUB].map((type) => context.socket(type));
       a.bind("inproc://in of the worker");
       zmq.devices.monitoredQueue(a, b, c).catch(() => {});
       say("runs");`,
      context.underlying,
    );
    expect(await heard()).toBe("runs");
    await worker.terminate();
    context.socket(zmq.PULL).bind("inproc://another");
  });
});

const kinds = [
  ["MonitoredQueue", devices.MonitoredQueue],
  ["ThreadMonitoredQueue", devices.ThreadMonitoredQueue],
  ["ProcessMonitoredQueue", devices.ProcessMonitoredQueue],
] as const;

describe.each(kinds)("%s", (_name, Kind) => {
  /** Alice, Bob and a subscriber bind, as in pyzmq's tests; the device connects. */
  async function built(topic: string, ...prefixes: (string | Buffer)[]) {
    const context = newContext();
    const [alice, bob] = [context.socket(zmq.PAIR), context.socket(zmq.PAIR)];
    const mon = context.socket(zmq.SUB, { rcvhwm: 0 });
    const device = ending(new Kind(zmq.PAIR, zmq.PAIR, zmq.XPUB, ...(prefixes as string[])));
    mon.subscribe(topic);
    device.connectIn(`${local}:${alice.bindToRandomPort(local)}`);
    device.connectOut(`${local}:${bob.bindToRandomPort(local)}`);
    device.connectMon(`${local}:${mon.bindToRandomPort(local)}`);
    await device.start();
    // Nobody tells of a subscriber: send until the monitor hears.
    while ((await mon.poll(0)) === 0) {
      await bob.send("are you there?");
      await alice.recv();
    }
    await bob.send("last");
    await alice.recv();
    while ((await message(mon)).at(-1) !== "last");
    return { device, alice, bob, mon };
  }

  test("passes messages both ways and copies them behind 'in' and 'out', in order", async () => {
    const { alice, bob, mon } = await built("");
    const questions = [
      ["hello", "bob"],
      ["hello", "again"],
      ["hello", "", "and again"],
    ];
    for (const question of questions) await alice.sendMultipart(question);
    for (const question of questions) expect(await message(bob)).toEqual(question);
    for (const question of questions) expect(await message(mon)).toEqual(["in", ...question]);
    await bob.sendMultipart(["hello", "alice"]);
    expect(await message(alice)).toEqual(["hello", "alice"]);
    expect(await message(mon)).toEqual(["out", "hello", "alice"]);
  });

  test("has prefixes of one's own, which subscriptions can tell apart", async () => {
    const { alice, bob, mon } = await built("bar", "foo", Buffer.from("bar"));
    await alice.send("not heard");
    expect(await message(bob)).toEqual(["not heard"]);
    await bob.send("heard");
    expect(await message(alice)).toEqual(["heard"]);
    expect(await message(mon)).toEqual(["bar", "heard"]);
  });

  test("stands between two ROUTERs", async () => {
    const device = ending(new Kind(zmq.ROUTER, zmq.ROUTER, zmq.PUSH));
    device.setsockoptIn(zmq.LINGER, 0);
    device.setsockoptOut(zmq.LINGER, 0);
    device.setsockoptMon(zmq.LINGER, 0);
    const [a, b] = [device.bindInToRandomPort(local), device.bindOutToRandomPort(local)];
    const monitor = device.bindMonToRandomPort(local);
    const { connect } = peers();
    await device.start();
    const [alice, bob] = [
      connect(zmq.DEALER, a, { routingId: "a" }),
      connect(zmq.DEALER, b, { routingId: "b" }),
    ];
    const mon = connect(zmq.PULL, monitor);
    // What the device has copied it has heard of.
    await alice.sendMultipart(["nobody", "here I am"]);
    expect((await message(mon))[0]).toBe("in");
    await bob.sendMultipart(["nobody", "here I am"]);
    expect((await message(mon))[0]).toBe("out");
    await alice.sendMultipart(["b", "hello", "there"]);
    expect(await message(bob)).toEqual(["a", "hello", "there"]);
    await bob.sendMultipart(["a", "hello", "you"]);
    expect(await message(alice)).toEqual(["b", "hello", "you"]);
    expect(await message(mon)).toEqual(["in", "b", "a", "hello", "there"]);
  });

  test("refuses what is no prefix when it is made", () => {
    for (const prefix of [5, [], true, new zmq.Frame("x")]) {
      expect(() => new Kind(zmq.PAIR, zmq.PAIR, zmq.PUB, prefix as never)).toThrow(TypeError);
    }
    expect(() => new Kind(zmq.PAIR, zmq.PAIR, zmq.PUB, { inPrefix: 5 as never })).toThrow(TypeError);
  });

  test("starts and stops with nothing but its types", async () => {
    const device = ending(new Kind(zmq.ROUTER, zmq.DEALER, zmq.PUB));
    await device.start();
    await device.stop();
    expect(device.done).toBe(true);
  });
});
