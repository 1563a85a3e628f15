/** Our sockets through pyzmq's devices, pyzmq's sockets through ours. */
import * as zmq from "nodezmq";
import { describe, expect, onTestFinished, test } from "vitest";
import { ending, expectAnswer, figures, local, peers } from "./support/devices.js";
import { newContext } from "./support/life-own.js";
import { type PythonPeer, pythonPeer } from "./support/python-peer.js";

const { devices } = zmq;

const message = async (socket: zmq.Socket): Promise<string[]> => (await socket.recvMultipart()).map(String);

const numbers = async (python: PythonPeer): Promise<number[]> => (await python.line()).split(" ").map(Number);

/** Client and server of pyzmq's, which count their rounds. */
const client = `
context = zmq.Context()
client, server = context.socket(zmq.REQ), context.socket(zmq.REP)
client.connect(f"{local}:{args[0]}")
server.connect(f"{local}:{args[1]}")
for i in range(20):
    client.send_multipart([b"question", b"", str(i).encode()])
    server.send_multipart(server.recv_multipart() + [b"answer"])
    assert client.recv_multipart() == [b"question", b"", str(i).encode(), b"answer"]
say("done")
`;

describe("pyzmq's client and server", () => {
  test.each(["Device", "ThreadDevice", "ProcessDevice"] as const)("talk through our %s", async (kind) => {
    const device = ending(new devices[kind](zmq.QUEUE, zmq.ROUTER, zmq.DEALER));
    const [front, back] = [device.bindInToRandomPort(local), device.bindOutToRandomPort(local)];
    await device.start();
    expect(await pythonPeer(client, front, back).line()).toBe("done");
  });

  test.each(["Proxy", "ThreadProxy", "ProcessProxy"] as const)(
    "talk through our %s, and hear themselves",
    async (kind) => {
      const device = ending(new devices[kind](zmq.PULL, zmq.PUSH, zmq.PUSH));
      const ports = [
        device.bindInToRandomPort(local),
        device.bindOutToRandomPort(local),
        device.bindMonToRandomPort(local),
      ];
      await device.start();
      const python = pythonPeer(
        `
context = zmq.Context()
push, pull, mon = context.socket(zmq.PUSH), context.socket(zmq.PULL), context.socket(zmq.PULL)
for socket, port in zip((push, pull, mon), args): socket.connect(f"{local}:{port}")
big = b"x" * 1000000
for i in range(20):
    push.send_multipart([b"hello", big, b"", str(i).encode()])
    for socket in (pull, mon): assert socket.recv_multipart() == [b"hello", big, b"", str(i).encode()]
say("done")
`,
        ...ports,
      );
      expect(await python.line()).toBe("done");
    },
  );

  test.each(["MonitoredQueue", "ThreadMonitoredQueue", "ProcessMonitoredQueue"] as const)(
    "talk through our %s between two ROUTERs, and are heard by pyzmq's subscriber",
    async (kind) => {
      const device = ending(new devices[kind](zmq.ROUTER, zmq.ROUTER, zmq.PUB, "von", "bis"));
      const ports = [
        device.bindInToRandomPort(local),
        device.bindOutToRandomPort(local),
        device.bindMonToRandomPort(local),
      ];
      await device.start();
      const python = pythonPeer(
        `
context = zmq.Context()
a, b, mon = context.socket(zmq.DEALER), context.socket(zmq.DEALER), context.socket(zmq.SUB)
a.identity, b.identity = b"a", b"b"
mon.subscribe(b"")
for socket, port in zip((a, b, mon), args): socket.connect(f"{local}:{port}")
# Heard of by the monitor, which has subscribed by then: known to the device.
def introduce(socket, prefix):
    while True:
        socket.send_multipart([b"nobody", b"here I am"])
        while mon.poll(10):
            if mon.recv_multipart()[0] == prefix: return
introduce(a, b"von")
introduce(b, b"bis")
while mon.poll(100): mon.recv_multipart()
a.send_multipart([b"b", b"hello", b"there"])
assert b.recv_multipart() == [b"a", b"hello", b"there"]
assert mon.recv_multipart() == [b"von", b"b", b"a", b"hello", b"there"]
b.send_multipart([b"a", b"hello"])
assert a.recv_multipart() == [b"b", b"hello"]
assert mon.recv_multipart() == [b"bis", b"a", b"b", b"hello"]
say("done")
`,
        ...ports,
      );
      expect(await python.line()).toBe("done");
    },
  );

  test.each([
    ["PAIR", "ThreadProxySteerable", zmq.PAIR, "PAIR"],
    ["REQ", "ThreadProxySteerable", zmq.REP, "REQ"],
    ["DEALER", "ProxySteerable", zmq.ROUTER, "DEALER"],
    ["PAIR", "ProcessProxySteerable", zmq.PAIR, "PAIR"],
  ] as const)("steer by a %s our %s", async (_peer, kind, ctrlType, peerType) => {
    const device = ending(new devices[kind](zmq.PULL, zmq.PUSH, zmq.PUSH, ctrlType));
    const ports = [
      device.bindInToRandomPort(local),
      device.bindOutToRandomPort(local),
      device.bindMonToRandomPort(local),
      device.bindCtrlToRandomPort(local),
    ];
    await device.start();
    const python = pythonPeer(
      `
import struct
context = zmq.Context()
push, pull, mon, ctrl = (context.socket(t) for t in (zmq.PUSH, zmq.PULL, zmq.PULL, zmq.${peerType}))
for socket, port in zip((push, pull, mon, ctrl), args): socket.connect(f"{local}:{port}")
def order(command):
    ctrl.send(command)
    return ctrl.recv_multipart()
push.send(b"hello")
assert pull.recv() == b"hello"
assert mon.recv() == b"hello"
assert [struct.unpack("=Q", x)[0] for x in order(b"STATISTICS")] == [1, 5, 0, 0, 0, 0, 1, 5]
assert order(b"PAUSE") == [b""]
push.send(b"kept back")
assert pull.poll(50) == 0
assert order(b"RESUME") == [b""]
assert pull.recv() == b"kept back"
assert order(b"unknown") == [b""]
assert order(b"TERMINATE") == [b""]
say("done")
`,
      ...ports,
    );
    expect(await python.line()).toBe("done");
    await device.join();
    expect(device.done).toBe(true);
  });

  test("talk through our monitoredQueue()", async () => {
    const context = newContext();
    const sockets = [zmq.ROUTER, zmq.DEALER, zmq.PUB].map((type) => context.socket(type));
    const ports = sockets.map((socket) => socket.bindToRandomPort(local));
    const stop = new AbortController();
    const [a, b, c] = sockets as [zmq.Socket, zmq.Socket, zmq.Socket];
    const done = devices.monitoredQueue(a, b, c, { signal: stop.signal }).catch(() => {});
    onTestFinished(async () => {
      stop.abort();
      await done;
    });
    expect(await pythonPeer(client, ...ports.slice(0, 2)).line()).toBe("done");
  });
});

describe("our client and server", () => {
  test.each(["ThreadDevice", "ProcessDevice"])("talk through pyzmq's %s", async (kind) => {
    const python = pythonPeer(`
device = devices.${kind}(zmq.QUEUE, zmq.ROUTER, zmq.DEALER)
ports = device.bind_in_to_random_port(local), device.bind_out_to_random_port(local)
device.start()
say(*ports)
heard()
`);
    const [front = 0, back = 0] = await numbers(python);
    const { connect } = peers();
    const [asks, answers] = [connect(zmq.REQ, front), connect(zmq.REP, back)];
    for (let i = 0; i < 20; i++) await expectAnswer(asks, answers, `${i}`);
  });

  test("talk through pyzmq's ThreadMonitoredQueue, and hear themselves", async () => {
    const python = pythonPeer(`
device = devices.ThreadMonitoredQueue(zmq.PAIR, zmq.PAIR, zmq.PUSH, b"von", b"bis")
ports = [getattr(device, f"bind_{side}_to_random_port")(local) for side in ("in", "out", "mon")]
device.start()
say(*ports)
heard()
`);
    const [front = 0, back = 0, monitor = 0] = await numbers(python);
    const { connect } = peers();
    const [alice, bob, mon] = [connect(zmq.PAIR, front), connect(zmq.PAIR, back), connect(zmq.PULL, monitor)];
    await alice.sendMultipart(["hello", "bob"]);
    expect(await message(bob)).toEqual(["hello", "bob"]);
    expect(await message(mon)).toEqual(["von", "hello", "bob"]);
    await bob.sendMultipart(["hello", "", "alice"]);
    expect(await message(alice)).toEqual(["hello", "", "alice"]);
    expect(await message(mon)).toEqual(["bis", "hello", "", "alice"]);
  });

  test("talk through pyzmq's monitored queue between two ROUTERs", async () => {
    const python = pythonPeer(`
device = devices.ThreadMonitoredQueue(zmq.ROUTER, zmq.ROUTER, zmq.PUSH)
ports = [getattr(device, f"bind_{side}_to_random_port")(local) for side in ("in", "out", "mon")]
device.start()
say(*ports)
heard()
`);
    const [front = 0, back = 0, monitor = 0] = await numbers(python);
    const { connect } = peers();
    const a = connect(zmq.DEALER, front, { routingId: "a" });
    const b = connect(zmq.DEALER, back, { routingId: "b" });
    const mon = connect(zmq.PULL, monitor);
    await a.sendMultipart(["nobody", "here I am"]);
    await mon.recvMultipart();
    await b.sendMultipart(["nobody", "here I am"]);
    await mon.recvMultipart();
    await a.sendMultipart(["b", "hello", "there"]);
    expect(await message(b)).toEqual(["a", "hello", "there"]);
    expect(await message(mon)).toEqual(["in", "b", "a", "hello", "there"]);
  });

  test("steer pyzmq's ThreadProxySteerable", async () => {
    const python = pythonPeer(`
device = devices.ThreadProxySteerable(zmq.PULL, zmq.PUSH, zmq.PUSH, zmq.PAIR)
ports = [getattr(device, f"bind_{side}_to_random_port")(local) for side in ("in", "out", "mon", "ctrl")]
device.start()
say(*ports)
device.join()
say("ended")
`);
    const [front = 0, back = 0, monitor = 0, control = 0] = await numbers(python);
    const { connect } = peers();
    const [push, pull, mon] = [connect(zmq.PUSH, front), connect(zmq.PULL, back), connect(zmq.PULL, monitor)];
    const ctrl = connect(zmq.PAIR, control);
    await push.send("hello");
    expect(await pull.recvString()).toBe("hello");
    expect(await mon.recvString()).toBe("hello");
    await ctrl.send("STATISTICS");
    expect(figures(await ctrl.recvMultipart())).toEqual([1, 5, 0, 0, 0, 0, 1, 5]);
    await ctrl.send("TERMINATE");
    expect(await python.line()).toBe("ended");
  });
});
