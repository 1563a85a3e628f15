import * as zmq from "nodezmq";
import * as subpath from "nodezmq/devices";
import { BackgroundDevice, Device, ProcessDevice, ThreadDevice } from "nodezmq/devices/basedevice";
import * as monitoredqueue from "nodezmq/devices/monitoredqueue";
import * as monitoredqueuedevice from "nodezmq/devices/monitoredqueuedevice";
import * as proxydevice from "nodezmq/devices/proxydevice";
import * as proxysteerabledevice from "nodezmq/devices/proxysteerabledevice";
import { describe, expect, onTestFinished, test } from "vitest";
import { ending, expectAnswer, expectService, figures, freePort, local, peers } from "./support/devices.js";
import { failure, ipcAddress, newContext, thrown } from "./support/life-own.js";

const { devices } = zmq;

const kinds = [
  ["Device", devices.Device],
  ["ThreadDevice", devices.ThreadDevice],
  ["ProcessDevice", devices.ProcessDevice],
] as const;

type AnyDevice = new (...given: ConstructorParameters<typeof Device>) => Device;

/** A queue that listens on two free ports. */
function queue(Kind: AnyDevice) {
  const device = ending(new Kind(zmq.QUEUE, zmq.ROUTER, zmq.DEALER));
  return { device, front: device.bindInToRandomPort(local), back: device.bindOutToRandomPort(local) };
}

describe("the module", () => {
  test("is zmq.devices, nodezmq/devices and, in parts, pyzmq's modules", () => {
    expect({ ...subpath }).toEqual({ ...devices });
    expect(subpath.Device).toBe(devices.Device);
    expect(devices.basedevice).toMatchObject({ Device, ThreadDevice, ProcessDevice });
    expect(devices.Device).toBe(Device);
    const all = { ...proxydevice, ...proxysteerabledevice, ...monitoredqueuedevice, ...monitoredqueue };
    expect(Object.keys(all).sort()).toEqual(
      [
        ...["Proxy", "ProxySteerable", "MonitoredQueue"].flatMap((name) => [
          name,
          `Thread${name}`,
          `Process${name}`,
        ]),
        "monitoredQueue",
      ].sort(),
    );
    for (const [name, value] of Object.entries(all)) {
      expect(devices[name as keyof typeof devices], name).toBe(value);
    }
  });

  test("its classes are related as pyzmq's", () => {
    expect(new devices.ThreadProxy(zmq.PULL, zmq.PUSH)).toBeInstanceOf(ThreadDevice);
    expect(new devices.ProcessProxy(zmq.PULL, zmq.PUSH)).toBeInstanceOf(ProcessDevice);
    expect(new devices.ThreadProxySteerable(zmq.PULL, zmq.PUSH)).toBeInstanceOf(devices.ThreadProxy);
    expect(new devices.ProcessMonitoredQueue(zmq.PULL, zmq.PUSH)).toBeInstanceOf(devices.ProcessProxy);
    expect(new devices.MonitoredQueue(zmq.PULL, zmq.PUSH)).toBeInstanceOf(devices.Proxy);
    expect(new devices.Proxy(zmq.PULL, zmq.PUSH)).not.toBeInstanceOf(BackgroundDevice);
    expect(new devices.ProcessDevice(zmq.QUEUE, zmq.PULL, zmq.PUSH)).toBeInstanceOf(BackgroundDevice);
  });
});

describe("a device that is made", () => {
  test.each(kinds)("%s keeps its types, and may still be told others", (_name, Kind) => {
    for (const type of [zmq.STREAMER, zmq.FORWARDER, zmq.QUEUE]) {
      const device = new Kind(type, zmq.SUB, zmq.PUB);
      expect([device.deviceType, device.inType, device.outType]).toEqual([type, zmq.SUB, zmq.PUB]);
      expect([device.daemon, device.done, device.context]).toEqual([true, false, undefined]);
    }
  });

  test("takes its arguments by name, wherever the object stands", () => {
    for (const device of [
      new Device({ inType: zmq.SUB, outType: zmq.PUB }),
      new Device(undefined, zmq.SUB, zmq.PUB),
      new Device(zmq.QUEUE, { inType: zmq.SUB, outType: zmq.PUB }),
      new Device(zmq.QUEUE, zmq.SUB, { outType: zmq.PUB }),
      new devices.Proxy({ inType: zmq.SUB, outType: zmq.PUB, monType: zmq.PUSH }),
      new devices.ProxySteerable(zmq.SUB, zmq.PUB, { ctrlType: zmq.REP }),
      new devices.MonitoredQueue(zmq.SUB, zmq.PUB, zmq.PUB, { inPrefix: "a" }),
    ]) {
      expect([device.deviceType, device.inType, device.outType]).toEqual([zmq.QUEUE, zmq.SUB, zmq.PUB]);
    }
    expect(new devices.ThreadProxy(zmq.SUB, zmq.PUB).monType).toBe(zmq.PUB);
    expect(new devices.ThreadProxySteerable(zmq.SUB, zmq.PUB, zmq.PUSH, zmq.REP)).toMatchObject({
      monType: zmq.PUSH,
      ctrlType: zmq.REP,
    });
    expect(new devices.ProxySteerable(zmq.SUB, zmq.PUB).ctrlType).toBe(undefined);
    expect(thrown(() => new Device({ inTyp: 5 } as never)).message).toMatch(/'inType'/);
    expect(thrown(() => new devices.Proxy({ deviceType: 5 } as never))).toBeInstanceOf(TypeError);
  });

  test("needs both types", () => {
    for (const make of [
      () => new Device(),
      () => new Device(zmq.QUEUE),
      () => new Device(zmq.QUEUE, zmq.PULL),
      () => new Device(zmq.QUEUE, undefined, zmq.PULL),
      () => new Device(zmq.QUEUE, null as never, zmq.PULL),
      () => new Device(zmq.QUEUE, "REQ" as never, zmq.PULL),
      () => new Device(zmq.QUEUE, Number.NaN, zmq.PULL),
      () => new Device("QUEUE" as never, zmq.PUSH, zmq.PULL),
      () => new devices.ThreadProxy(zmq.PULL),
      () => new devices.ProcessMonitoredQueue(),
      () => new devices.ProxySteerable(zmq.PULL, zmq.PUSH, zmq.PUB, "REP" as never),
    ]) {
      expect(thrown(make)).toBeInstanceOf(TypeError);
    }
    expect(thrown(() => new Device(zmq.QUEUE)).message).toMatch(/inType must be specified/);
  });

  test("refuses what is no address, option or port at once, and a port by name", () => {
    const device = new devices.ProxySteerable(zmq.PULL, zmq.PUSH, zmq.PUB, zmq.REP);
    for (const call of [
      () => device.bindIn(5 as never),
      () => device.connectOut(null as never),
      () => device.bindMon(undefined as never),
      () => device.connectCtrl("tcp://x\0"),
      () => device.setsockoptIn("LINGER" as never, 0 as never),
      () => device.setsockoptMon(Number.NaN, 0),
      () => device.bindInToRandomPort(5 as never),
      () => device.bindOutToRandomPort(local, "1" as never),
      () => device.bindMonToRandomPort(local, { minport: 5 } as never),
    ]) {
      expect(thrown(call)).toBeInstanceOf(TypeError);
    }
    expect(thrown(() => device.bindInToRandomPort("inproc://x"))).toBeInstanceOf(RangeError);
    expect(thrown(() => device.bindInToRandomPort(local, 9000, 9000))).toBeInstanceOf(RangeError);
    expect(thrown(() => Device.prototype.bindIn.call({} as never, "x"))).toBeInstanceOf(TypeError);
  });
});

describe("ports chosen at random", () => {
  test.runIf(process.platform === "linux")("are given to nobody by the system before the start", async () => {
    const device = ending(new ThreadDevice(zmq.QUEUE, zmq.ROUTER, zmq.DEALER));
    const ports = new Set(Array.from({ length: 200 }, () => device.bindInToRandomPort(local)));
    expect(ports.size).toBe(200);
    device.bindOutToRandomPort(local);
    const context = newContext();
    for (let i = 0; i < 10; i++) {
      const sockets = Array.from({ length: 900 }, () => context.socket(zmq.PULL));
      const given = sockets.map((socket) => socket.bindToRandomPort(local));
      for (const port of given) expect(ports).not.toContain(port);
      for (const socket of sockets) socket.close();
    }
    await device.start();
  });

  test("are not chosen again by another device before the first has started and stopped", async () => {
    const first = ending(new ThreadDevice(zmq.QUEUE, zmq.ROUTER, zmq.DEALER));
    const second = ending(new ThreadDevice(zmq.QUEUE, zmq.ROUTER, zmq.DEALER));
    const port = first.bindInToRandomPort(local);
    const only = { minPort: port, maxPort: port + 1, maxTries: 3 };
    expect(() => second.bindInToRandomPort(local, only)).toThrow(zmq.ZMQBindError);
    first.bindOutToRandomPort(local);
    await first.start();
    expect(() => second.bindInToRandomPort(local, only)).toThrow(zmq.ZMQBindError);
    await first.stop();
    // libzmq closes the listener in the background.
    expect(second.bindInToRandomPort(local, { ...only, maxTries: 1e6 })).toBe(port);
  });

  test("are all different, and within the limits", () => {
    const device = new devices.ThreadProxySteerable(zmq.PULL, zmq.PUSH, zmq.PUSH, zmq.PAIR);
    const limits = { minPort: 20000, maxPort: 20050 };
    const ports = [
      device.bindInToRandomPort(local, limits),
      device.bindOutToRandomPort(local, 20000, 20050),
      device.bindMonToRandomPort(local, 20000, { maxPort: 20050 }),
      device.bindCtrlToRandomPort(local, 20000, 20050, 50),
      device.bindInToRandomPort(local, limits),
    ];
    expect(new Set(ports).size).toBe(ports.length);
    for (const port of ports) expect(port >= 20000 && port < 20050).toBe(true);
  });

  test("run out with a ZMQBindError", () => {
    const device = new ThreadDevice(zmq.QUEUE, zmq.PULL, zmq.PUSH);
    const more = (): void => {
      for (let i = 0; i < 11; i++) device.bindInToRandomPort(local, { minPort: 20100, maxPort: 20110 });
    };
    expect(thrown(more)).toBeInstanceOf(zmq.ZMQBindError);
  });

  test.each(kinds)("are free when the %s starts, right after they were chosen", async (_name, Kind) => {
    const device = ending(new Kind(zmq.STREAMER, zmq.PULL, zmq.PUSH));
    const ports = Array.from({ length: 5 }, () => device.bindInToRandomPort(local));
    const back = device.bindOutToRandomPort(local);
    await device.start();
    const { connect } = peers();
    const receiver = connect(zmq.PULL, back);
    for (const port of ports) {
      await connect(zmq.PUSH, port).send(`${port}`);
      expect(await receiver.recvString()).toBe(`${port}`);
    }
  });
});

describe.each(kinds)("%s", (name, Kind) => {
  test("forwards both ways, from clients that were there before as well", async () => {
    const { device, front, back } = queue(Kind);
    const { connect } = peers();
    const early = connect(zmq.REQ, front);
    await early.send("early");
    expect(await device.start()).toBe(undefined);
    const server = connect(zmq.REP, back);
    expect(await server.recvString()).toBe("early");
    await server.send("answer");
    expect(await early.recvString()).toBe("answer");
    const clients = Array.from({ length: 5 }, () => connect(zmq.REQ, front));
    for (const [i, client] of clients.entries()) await expectAnswer(client, server, `${i}`);
    expect(device.done).toBe(false);
  });

  test.each(["connectIn", "connectOut"] as const)(
    "with one socket for both sides echoes, by %s",
    async (connects) => {
      const context = newContext();
      const client = context.socket(zmq.REQ);
      const port = client.bindToRandomPort(local);
      const echo = ending(new Kind(zmq.QUEUE, zmq.REP, -1));
      echo[connects](`${local}:${port}`);
      await echo.start();
      await client.send("hello");
      expect(await client.recvString()).toBe("hello");
    },
  );

  test.each(["bindInToRandomPort", "bindOutToRandomPort"] as const)(
    "with one socket for both sides echoes, by %s",
    async (binds) => {
      const echo = ending(new Kind(zmq.QUEUE, zmq.REP, -1));
      const client = peers().connect(zmq.REQ, echo[binds](local));
      await client.send("hello");
      await echo.start();
      expect(await client.recvString()).toBe("hello");
    },
  );

  test("sets options before it binds and connects, as many as wanted, in order", async () => {
    const address = ipcAddress();
    const router = newContext().socket(zmq.ROUTER);
    router.bind(address);
    const device = ending(new Kind(zmq.QUEUE, zmq.DEALER, zmq.DEALER));
    const id = Buffer.from("device");
    device.setsockoptIn(zmq.ROUTING_ID, "overwritten");
    device.setsockoptIn(zmq.ROUTING_ID, id);
    id.fill("x"); // the caller's buffer is free again
    device.setsockoptIn(zmq.LINGER, 0);
    device.setsockoptIn(zmq.AFFINITY, 1n);
    device.setsockoptOut(zmq.TCP_KEEPALIVE, 1);
    device.setsockoptOut(zmq.IPV6, true);
    device.connectIn(address);
    const back = device.bindOutToRandomPort(local);
    await device.start();
    const { connect } = peers();
    await connect(zmq.DEALER, back).send("to the router");
    expect((await router.recvMultipart()).map(String)).toEqual(["device", "to the router"]);
  });

  test("forwards subscriptions: SUB and PUB, XSUB and XPUB", async () => {
    const device = ending(new Kind(zmq.FORWARDER, zmq.SUB, zmq.PUB));
    device.setsockoptIn(zmq.SUBSCRIBE, "");
    const front = device.bindInToRandomPort(local);
    const back = device.bindOutToRandomPort(local);
    await device.start();
    const { connect } = peers();
    const publisher = connect(zmq.XPUB, front);
    const subscriber = connect(zmq.SUB, back, { subscribe: "a" } as never);
    expect((await publisher.recv())[0]).toBe(1);
    // Nobody tells of the subscriber behind a PUB: send until it hears.
    for (let i = 0; (await subscriber.poll(0)) === 0; i++) await publisher.send(`a ${i}`);
    expect(await subscriber.recvString()).toMatch(/^a \d+$/);
  });

  test("what the sockets say comes from start(), which may be tried again", async () => {
    const context = newContext();
    const holder = context.socket(zmq.PULL);
    const port = holder.bindToRandomPort(local);
    const device = ending(new Kind(zmq.QUEUE, zmq.ROUTER, zmq.DEALER));
    const front = device.bindInToRandomPort(local);
    device.bindOut(`${local}:${port}`);
    for (let i = 0; i < 3; i++) {
      const error = await failure(device.start());
      expect(error).toBeInstanceOf(zmq.ZMQError);
      expect(error).toMatchObject({
        errno: zmq.EADDRINUSE,
        code: "EADDRINUSE",
        endpoint: `${local}:${port}`,
        message: `Address already in use (addr='${local}:${port}')`,
      });
      expect(error.stack).toMatch(/^ZMQError: Address already in use.*\n\s+at .*devices\.test\.ts/);
      expect(device.done).toBe(true);
      await device.join();
    }
    await context.destroy(0);
    await device.start();
    expect(device.done).toBe(false);
    const { connect } = peers();
    await expectAnswer(connect(zmq.REQ, front), connect(zmq.REP, port));
  });

  test.each([
    ["an option that the type does not have", zmq.SUBSCRIBE, "x", "EINVAL"],
    ["an unknown option", 9999, 1, "EINVAL"],
    ["a value out of the option's range", zmq.LINGER, -5, "EINVAL"],
    ["a value of the wrong type", zmq.LINGER, "x", TypeError],
    ["a value that cannot be sent to a process", zmq.LINGER, () => 1, TypeError],
    ["a number out of C's range", zmq.SNDHWM, 2 ** 40, RangeError],
  ])("%s is refused by start()", async (_what, option, value, expected) => {
    const device = ending(new Kind(zmq.STREAMER, zmq.PULL, zmq.PUSH));
    device.setsockoptIn(option, value as never);
    const error = await failure(device.start());
    if (typeof expected === "string") expect(error.code).toBe(expected);
    else expect(error).toBeInstanceOf(expected);
  });

  test("wrong addresses and types are refused by start()", async () => {
    for (const [address, code] of [
      ["nonsense", "EINVAL"],
      ["foo://bar", "EPROTONOSUPPORT"],
      ["tcp://127.0.0.1", "EINVAL"],
    ] as const) {
      const device = ending(new Kind(zmq.STREAMER, zmq.PULL, zmq.PUSH));
      device.bindIn(address);
      expect(await failure(device.start())).toMatchObject({ code, endpoint: address });
    }
    expect((await failure(new Kind(zmq.QUEUE, 500, zmq.PULL).start())).code).toBe("EINVAL");
    expect((await failure(new Kind(zmq.QUEUE, zmq.PULL, 500).start())).code).toBe("EINVAL");
  });

  test("can be stopped and started again, also without waiting, on the same addresses", async () => {
    const { device, front, back } = queue(Kind);
    const file = ipcAddress();
    device.bindIn(file);
    for (let i = 0; i < 3; i++) {
      await device.start();
      await expectService(front, back, `${i}`);
      expect(await device.stop()).toBe(undefined);
      expect(device.done).toBe(true);
    }
    const order: string[] = [];
    await Promise.all([
      device.start().then(() => order.push("started")),
      device.stop().then(() => order.push("stopped")),
      device.start().then(() => order.push("started again")),
    ]);
    expect(order[0]).toBe("started");
    expect(order.sort()).toEqual(["started", "started again", "stopped"]);
    await expectService(front, back, "last");
    expect(device.done).toBe(false);
  });

  test("its addresses are free for others when it has stopped", async () => {
    const { device, front, back } = queue(Kind);
    await device.start();
    await device.stop();
    const context = newContext();
    context.socket(zmq.PULL).bind(`${local}:${front}`);
    context.socket(zmq.PULL).bind(`${local}:${back}`);
  });

  test("a second start while it runs or starts is an Error, and disturbs nothing", async () => {
    const { device, front, back } = queue(Kind);
    const first = device.start();
    const second = await failure(device.start());
    expect(second.constructor).toBe(Error);
    expect(second.message).toMatch(new RegExp(`this ${name} is running`));
    await first;
    expect((await failure(device.start())).message).toMatch(/running/);
    await expectService(front, back);
  });

  test("stop() before a start, twice, and after the end is nothing", async () => {
    const { device } = queue(Kind);
    await device.stop();
    expect(device.done).toBe(false);
    await device.start();
    expect((await failure(device.stop({ timout: 1 } as object))).message).toMatch(/'timeout'/);
    expect(await failure(device.stop({ signal: AbortSignal.abort("no") }))).toBe("no");
    await Promise.all([device.stop(), device.stop({ timeout: -1 }), device.stop(null)]);
    await device.stop();
    expect(device.done).toBe(true);
  });

  test("join() waits for the end, or for so many seconds", async () => {
    const { device } = queue(Kind);
    const early = await failure(device.join());
    expect(early.message).toMatch(new RegExp(`this ${name} has not been started`));
    await device.start();
    expect(await device.join(0)).toBe(undefined);
    expect(await device.join(0.01)).toBe(undefined);
    expect(device.done).toBe(false);
    expect((await failure(device.join({ timeout: 1 }))).code).toBe("EAGAIN");
    const gone = new AbortController();
    const aborted = [
      failure(device.join({ signal: gone.signal })),
      failure(device.join(9, { signal: gone.signal })),
    ];
    gone.abort("enough");
    expect(await Promise.all(aborted)).toEqual(["enough", "enough"]);
    const joins = Promise.all([device.join(), device.join(null), device.join(-1), device.join(1e9)]);
    await device.stop();
    await joins;
    expect(device.done).toBe(true);
    await device.join();
    for (const timeout of ["1", Number.NaN, {} as never, [], true, 5n]) {
      if (typeof timeout === "object" && !Array.isArray(timeout)) continue;
      expect(await failure(device.join(timeout as never))).toBeInstanceOf(TypeError);
    }
    expect((await failure(device.join({ timout: 5 } as never))).message).toMatch(/'timeout'/);
  });

  test("a signal aborted before the start: nothing begins", async () => {
    const { device } = queue(Kind);
    expect(await failure(device.start({ signal: AbortSignal.abort("no") }))).toBe("no");
    expect(device.done).toBe(false);
    expect((await failure(device.join())).message).toMatch(/not been started/);
    await device.start();
  });

  test("a signal aborted during the start: it rejects with the reason and nothing is left", async () => {
    const { device, front } = queue(Kind);
    const reason = new Error("changed my mind");
    const abort = new AbortController();
    const starting = failure(device.start({ signal: abort.signal }));
    abort.abort(reason);
    expect(await starting).toBe(reason);
    expect(device.done).toBe(true);
    newContext().socket(zmq.PULL).bind(`${local}:${front}`);
  });

  test("a signal aborted while it runs stops it", async () => {
    const { device, front, back } = queue(Kind);
    const abort = new AbortController();
    await device.start({ signal: abort.signal });
    await expectService(front, back);
    abort.abort(new Error("enough"));
    await device.join();
    expect(device.done).toBe(true);
    await device.start();
    expect(device.done).toBe(false);
  });

  test("what is no signal or option is a TypeError, by the promise", async () => {
    const { device } = queue(Kind);
    for (const options of [{ signal: 5 }, null, 5, { singal: AbortSignal.abort() }]) {
      expect(await failure(device.start(options as never))).toBeInstanceOf(TypeError);
      expect(await failure(device.run(options as never))).toBeInstanceOf(TypeError);
    }
    await device.start();
  });

  test("options that call back in start it once", async () => {
    const { device, front, back } = queue(Kind);
    let inner: Promise<unknown> = Promise.resolve();
    const outer = failure(
      device.start({
        get signal() {
          inner = device.start();
          return undefined;
        },
      }),
    );
    expect((await outer).message).toMatch(/is running/);
    await inner;
    await expectService(front, back);
  });

  test("what is asked of it while it runs counts from the next start on", async () => {
    const { device } = queue(Kind);
    await device.start();
    const port = device.bindInToRandomPort(local);
    const context = newContext();
    const holder = context.socket(zmq.PULL);
    holder.bind(`${local}:${port}`);
    await device.stop();
    expect(await failure(device.start())).toMatchObject({ code: "EADDRINUSE", endpoint: `${local}:${port}` });
  });

  test("run() runs it here until it is over", async () => {
    const { device, front, back } = queue(Kind);
    const context = newContext();
    if (Kind !== ProcessDevice) device.contextFactory = () => context;
    const running = device.run();
    await expectService(front, back);
    await device.stop();
    expect(await running).toBe(undefined);
    const ends = [device.run(), device.join()];
    await device.context?.term();
    await device.stop();
    await Promise.all(ends);
    device.bindIn("nonsense");
    device.contextFactory = zmq.Context;
    expect((await failure(device.run())).code).toBe("EINVAL");
  });
});

describe("the context", () => {
  test("of a Device and ThreadDevice is the process-wide one", async () => {
    for (const Kind of [Device, ThreadDevice]) {
      const device = ending(new Kind(zmq.QUEUE, zmq.PULL, zmq.PUSH));
      device.bindIn("inproc://device in");
      device.bindOut("inproc://device out");
      await device.start();
      const shared = zmq.Context.instance();
      expect(device.context).toBe(shared);
      const [sender, receiver] = [shared.socket(zmq.PUSH), shared.socket(zmq.PULL)];
      onTestFinished(() => [sender, receiver].forEach((socket) => void socket.close(0)));
      sender.connect("inproc://device in");
      receiver.connect("inproc://device out");
      await sender.send("by inproc");
      expect(await receiver.recvString()).toBe("by inproc");
      await device.stop();
      sender.close();
      receiver.close();
      await device.start(); // inproc names are free again, too
      await device.stop();
    }
  });

  test("that is terminated ends the device quietly; so does destroy()", async () => {
    for (const end of [(c: zmq.Context) => c.term(), (c: zmq.Context) => c.destroy(0)]) {
      const context = newContext();
      const device = ending(new ThreadDevice(zmq.QUEUE, zmq.PULL, zmq.PUSH));
      device.contextFactory = () => context;
      device.bindIn(`${local}:*`);
      await device.start();
      await end(context);
      expect(device.done).toBe(true);
      await device.join();
      expect(await failure(device.start())).toBeInstanceOf(zmq.ContextTerminated);
      const other = newContext();
      device.contextFactory = () => other;
      await device.start();
      expect(device.done).toBe(false);
    }
  });

  test("that is terminated rejects runDevice(), and not run()", async () => {
    for (const how of ["run", "runDevice"] as const) {
      const context = newContext();
      const device = ending(new Device(zmq.QUEUE, zmq.PULL, zmq.PUSH));
      device.contextFactory = () => context;
      const running = how === "run" ? device.run() : failure(device.runDevice());
      await device.join(0);
      await context.term();
      if (how === "run") expect(await running).toBe(undefined);
      else expect(await running).toBeInstanceOf(zmq.ContextTerminated);
    }
  });

  test("can be made by a function or class, of one device, of a class, of a subclass", async () => {
    const context = newContext();
    class Mine extends ThreadDevice {
      static override contextFactory = () => context;
    }
    class Field extends ThreadDevice {
      override contextFactory = () => context;
    }
    class Sub extends zmq.Context {}
    const own = new Device(zmq.QUEUE, zmq.PULL, zmq.PUSH);
    own.contextFactory = () => context;
    for (const device of [
      own,
      new Mine(zmq.QUEUE, zmq.PULL, zmq.PUSH),
      new Field(zmq.QUEUE, zmq.PULL, zmq.PUSH),
    ]) {
      await ending(device).start();
      expect(device.context).toBe(context);
      await device.stop();
    }
    expect(context.closed).toBe(false);
    const made = ending(new Device(zmq.QUEUE, zmq.PULL, zmq.PUSH));
    expect(made.contextFactory).toBe(zmq.Context.instance);
    expect(new ProcessDevice(zmq.QUEUE, zmq.PULL, zmq.PUSH).contextFactory).toBe(zmq.Context);
    made.contextFactory = Sub;
    await made.start();
    expect(made.context).toBeInstanceOf(Sub);
    const before = made.context;
    await made.stop();
    expect(thrown(() => before?.socket(zmq.PULL))).toBeInstanceOf(zmq.ContextTerminated);
    await made.start();
    expect(made.context).not.toBe(before);
  });

  test("assigned to a class counts for all of its devices", () => {
    const before = ThreadDevice.contextFactory;
    onTestFinished(() => {
      ThreadDevice.contextFactory = before;
    });
    const factory = () => zmq.Context.instance();
    const device = new devices.ThreadProxy(zmq.PULL, zmq.PUSH);
    ThreadDevice.contextFactory = factory;
    expect(device.contextFactory).toBe(factory);
    expect(new Device(zmq.QUEUE, zmq.PULL, zmq.PUSH).contextFactory).not.toBe(factory);
  });

  test("that is none is told by start(); so is what a factory throws", async () => {
    const device = ending(new Device(zmq.QUEUE, zmq.PULL, zmq.PUSH));
    for (const factory of [5, null, undefined, () => 5, () => null, async () => new zmq.Context()]) {
      device.contextFactory = factory as never;
      expect(await failure(device.start())).toBeInstanceOf(TypeError);
    }
    const error = new Error("no context today");
    device.contextFactory = () => {
      throw error;
    };
    expect(await failure(device.start())).toBe(error);
    // A factory that calls back in.
    device.contextFactory = () => {
      device.start().catch(() => {});
      return zmq.Context.instance();
    };
    await device.start();
    const process = ending(new ProcessDevice(zmq.QUEUE, zmq.PULL, zmq.PUSH));
    process.contextFactory = () => new zmq.Context();
    expect(await failure(process.start())).toBeInstanceOf(TypeError);
  });
});

const proxies = [
  ["Proxy", devices.Proxy],
  ["ThreadProxy", devices.ThreadProxy],
  ["ProcessProxy", devices.ProcessProxy],
] as const;

test.each(proxies)("%s copies what passes to its monitor", async (_name, Kind) => {
  const device = ending(new Kind(zmq.PULL, zmq.PUSH, zmq.PUSH));
  device.setsockoptMon(zmq.SNDHWM, 5);
  const [front, back] = [device.bindInToRandomPort(local), device.bindOutToRandomPort(local)];
  const monitor = device.bindMonToRandomPort(local);
  const context = newContext();
  const second = context.socket(zmq.PULL);
  device.connectMon(`${local}:${second.bindToRandomPort(local)}`);
  await device.start();
  const { connect } = peers();
  const [push, pull, mon] = [connect(zmq.PUSH, front), connect(zmq.PULL, back), connect(zmq.PULL, monitor)];
  const heard: string[] = [];
  const listen = async (socket: zmq.Socket) => {
    for await (const frames of socket) heard.push(frames.map(String).join());
  };
  const listening = [listen(mon), listen(second)];
  for (let i = 0; i < 10; i++) {
    await push.sendMultipart(["hello", `${i}`]);
    expect((await pull.recvMultipart()).map(String)).toEqual(["hello", `${i}`]);
  }
  await device.stop();
  while (heard.length < 10) await new Promise((resolve) => setImmediate(resolve));
  mon.close();
  second.close();
  await Promise.all(listening);
  expect(heard.sort()).toEqual(Array.from({ length: 10 }, (_, i) => `hello,${i}`));
});

const steerables = [
  ["ProxySteerable", devices.ProxySteerable],
  ["ThreadProxySteerable", devices.ThreadProxySteerable],
  ["ProcessProxySteerable", devices.ProcessProxySteerable],
] as const;

describe.each(steerables)("%s", (_name, Kind) => {
  /** A steerable streamer that runs, and who talks to it. */
  async function steered(ctrlType: number, peerType: number) {
    const device = ending(new Kind(zmq.PULL, zmq.PUSH, zmq.PUSH, ctrlType));
    const [front, back] = [device.bindInToRandomPort(local), device.bindOutToRandomPort(local)];
    const [monitor, control] = [device.bindMonToRandomPort(local), device.bindCtrlToRandomPort(local)];
    if (ctrlType === zmq.SUB) device.setsockoptCtrl(zmq.SUBSCRIBE, "");
    await device.start();
    const { connect } = peers();
    const ctrl = connect(peerType, control);
    return {
      device,
      push: connect(zmq.PUSH, front),
      pull: connect(zmq.PULL, back),
      mon: connect(zmq.PULL, monitor),
      ctrl,
      order: async (command: string): Promise<Buffer[]> => {
        await ctrl.send(command);
        return ctrl.recvMultipart();
      },
    };
  }
  const empty = [Buffer.alloc(0)];

  test.each([
    ["PAIR", zmq.PAIR, zmq.PAIR],
    ["REP", zmq.REP, zmq.REQ],
    ["ROUTER", zmq.ROUTER, zmq.DEALER],
    ["DEALER", zmq.DEALER, zmq.DEALER],
  ])("obeys by a %s, counts, and ends by TERMINATE", async (_type, type, peerType) => {
    const { device, push, pull, mon, order } = await steered(type, peerType);
    await push.sendMultipart(["hello", "you"]);
    expect((await pull.recvMultipart()).map(String)).toEqual(["hello", "you"]);
    expect((await mon.recvMultipart()).map(String)).toEqual(["hello", "you"]);
    expect(figures(await order("STATISTICS"))).toEqual([2, 8, 0, 0, 0, 0, 2, 8]);
    expect(await order("PAUSE")).toEqual(empty);
    await push.send("kept back");
    expect(await order("what?")).toEqual(empty);
    expect(await pull.poll(0)).toBe(0);
    expect(await order("RESUME")).toEqual(empty);
    expect(await pull.recvString()).toBe("kept back");
    expect(await mon.recvString()).toBe("kept back");
    expect(await order("TERMINATE")).toEqual(empty);
    await device.join();
    expect(device.done).toBe(true);
    await device.start();
    expect(device.done).toBe(false);
  });

  test.each([
    ["PULL", zmq.PULL, zmq.PUSH],
    ["SUB", zmq.SUB, zmq.XPUB],
  ])("obeys by a %s, which cannot answer", async (_type, type, peerType) => {
    const { device, push, pull, mon, ctrl } = await steered(type, peerType);
    if (type === zmq.SUB) await ctrl.recv(); // the subscription
    for (const command of ["PAUSE", "what?", "STATISTICS", "RESUME"]) await ctrl.send(command);
    await push.send("hello");
    expect(await pull.recvString()).toBe("hello");
    expect(await mon.recvString()).toBe("hello");
    await ctrl.send("TERMINATE");
    await device.join();
    expect(device.done).toBe(true);
  });

  test("its control socket connects and has options, too", async () => {
    const context = newContext();
    const ctrl = context.socket(zmq.ROUTER);
    const device = ending(new Kind(zmq.PULL, zmq.PUSH, zmq.PUB, zmq.DEALER));
    device.setsockoptCtrl(zmq.ROUTING_ID, "the device");
    device.setsockoptCtrl(zmq.PROBE_ROUTER, true);
    device.connectCtrl(`${local}:${ctrl.bindToRandomPort(local)}`);
    await device.start();
    expect((await ctrl.recvMultipart()).map(String)).toEqual(["the device", ""]);
    await ctrl.sendMultipart(["the device", "TERMINATE"]);
    await device.join();
    expect((await ctrl.recvMultipart()).map(String)).toEqual(["the device", ""]);
  });

  test("does not start without the type of its control socket", async () => {
    const device = ending(new Kind(zmq.PULL, zmq.PUSH));
    const error = await failure(device.start());
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/ctrlType must be specified/);
    device.ctrlType = zmq.REP;
    device.monType = zmq.PUSH;
    await device.start();
  });
});

test("20 devices start and stop at once", async () => {
  const all = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const made = queue(ThreadDevice);
      await made.device.start();
      return made;
    }),
  );
  const { connect } = peers();
  await Promise.all(
    all.map(async ({ front, back }, i) =>
      expectAnswer(connect(zmq.REQ, front), connect(zmq.REP, back), `${i}`),
    ),
  );
  await Promise.all(all.map(({ device }) => device.stop()));
  expect(all.every(({ device }) => device.done)).toBe(true);
});

test("a device that nobody refers to goes on", async () => {
  const start = async (): Promise<[number, number]> => {
    const device = new ThreadDevice(zmq.QUEUE, zmq.ROUTER, zmq.DEALER);
    const context = newContext();
    device.contextFactory = () => context; // ends with the test
    const ports: [number, number] = [device.bindInToRandomPort(local), device.bindOutToRandomPort(local)];
    await device.start();
    return ports;
  };
  const [front, back] = await start();
  await expectService(front, back);
});

test("a port that is taken meanwhile is told by start()", async () => {
  const port = await freePort();
  const first = ending(new ThreadDevice(zmq.QUEUE, zmq.ROUTER, zmq.DEALER));
  const second = ending(new ProcessDevice(zmq.QUEUE, zmq.ROUTER, zmq.DEALER));
  first.bindIn(`${local}:${port}`);
  second.bindIn(`${local}:${port}`);
  await first.start();
  expect((await failure(second.start())).code).toBe("EADDRINUSE");
  await first.stop();
  await second.start();
});
