/** pyzmq's modules in nodezmq/pyzmq: devices, auth, log, eventloop, decorators, utils, by their own names. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as main from "nodezmq";
import * as zmq from "nodezmq/pyzmq";
import { describe, expect, onTestFinished, test } from "vitest";
import { rejection } from "./support/sockets.js";

function newContext(): zmq.Context {
  const context = new zmq.Context();
  onTestFinished(() => context.destroy(0));
  return context;
}

describe("zmq.devices", () => {
  test("a device binds, starts and stops by pyzmq's names", async () => {
    const context = newContext();
    const device = new zmq.devices.ThreadDevice(zmq.QUEUE, zmq.ROUTER, zmq.DEALER);
    expect(device).toBeInstanceOf(zmq.devices.Device);
    expect(device).toBeInstanceOf(main.devices.ThreadDevice);
    device.context_factory = () => context;
    device.setsockopt_in(zmq.LINGER, 0);
    device.bind_in("inproc://pyzmq-device-in");
    device.bind_out("inproc://pyzmq-device-out");
    expect([device.in_type, device.out_type, device.device_type]).toEqual([
      zmq.ROUTER,
      zmq.DEALER,
      zmq.QUEUE,
    ]);
    const started = device.start();
    expect(started).toBeInstanceOf(zmq.Future);
    await started;
    const [req, rep] = [context.socket(zmq.REQ), context.socket(zmq.REP)];
    req.connect("inproc://pyzmq-device-in");
    rep.connect("inproc://pyzmq-device-out");
    await req.send_string("question");
    expect(await rep.recv_string()).toBe("question");
    await device.stop();
    expect(device.done).toBe(true);
    expect(device.join(1)).toBeInstanceOf(zmq.Future);
  });

  test("a port is chosen with options in either spelling", () => {
    const device = new zmq.devices.ThreadProxy(zmq.PULL, zmq.PUSH, zmq.PUB);
    const port = device.bind_mon_to_random_port("tcp://127.0.0.1", { min_port: 20_000, maxPort: 30_000 });
    expect(port).toBeGreaterThanOrEqual(20_000);
    expect(port).toBeLessThan(30_000);
  });

  test("cancelling run() stops the device", async () => {
    const device = new zmq.devices.Device(zmq.QUEUE, zmq.PULL, zmq.PUSH);
    device.bind_in("inproc://pyzmq-run-in");
    device.bind_out("inproc://pyzmq-run-out");
    const running = device.run_device();
    expect(running.cancel()).toBe(true);
    expect(await rejection(running)).toBeInstanceOf(zmq.CancelledError);
    await device.stop();
    expect(device.done).toBe(true);
  });

  test("monitored_queue is a Future that can be asked", async () => {
    const context = newContext();
    const sockets = [zmq.PULL, zmq.PUSH, zmq.PUB].map((type) => context.socket(type));
    const [first, second, third] = sockets as [zmq.Socket, zmq.Socket, zmq.Socket];
    const running = zmq.devices.monitored_queue(first, second, third);
    expect(running).toBeInstanceOf(zmq.Future);
    expect(running.done()).toBe(false);
    first.close();
    await rejection(running);
  });
});

describe("zmq.auth", () => {
  test("certificates and authenticators, dictionaries of any names included", async () => {
    const folder = mkdtempSync(join(tmpdir(), "nodezmq-test-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const [publicFile] = zmq.auth.create_certificates(folder, "server", { my_key: "value" });
    expect(zmq.auth.load_certificate(publicFile)[0]).toHaveLength(40);
    const context = newContext();
    const authenticator = new zmq.auth.Authenticator(context);
    await authenticator.start();
    authenticator.configure_plain("*", { some_user: "secret" });
    const [server, client] = [context.socket(zmq.PULL), context.socket(zmq.PUSH)];
    server.plain_server = true;
    server.bind("tcp://127.0.0.1:*");
    client.PLAIN_USERNAME = "some_user";
    client.plain_password = "secret";
    client.connect(server.last_endpoint);
    await client.send_string("let me in");
    expect(await server.recv_string({ timeout: 10_000 })).toBe("let me in");
    authenticator.stop();
  });

  test("curve_user_id may be overridden and assigned", () => {
    class Mine extends zmq.auth.Authenticator {
      // @ts-expect-error to the type checker it is a property
      curve_user_id(): string {
        return "mine";
      }
    }
    const context = newContext();
    const mine = new Mine(context);
    const key = Buffer.alloc(32);
    expect([mine.curveUserId(key), mine.curve_user_id()]).toEqual(["mine", "mine"]);
    const assigned = new zmq.auth.Authenticator(context);
    assigned.curve_user_id = () => "assigned";
    expect(assigned.curveUserId(key)).toBe("assigned");
    expect(new zmq.auth.Authenticator(context).curve_user_id(key)).toHaveLength(40);
  });
});

describe("small modules", () => {
  test("decorators lend sockets of this entry", async () => {
    let seen: unknown[] = [];
    const work = zmq.decorators.context()(
      zmq.decorators.socket(zmq.PULL)((...args: unknown[]) => {
        seen = args;
        return args.map((arg) => arg instanceof zmq.Context || arg instanceof zmq.Socket);
      }) as never,
    ) as () => boolean[];
    expect(work()).toEqual([true, true]);
    const [context, socket] = seen as [zmq.Context, zmq.Socket];
    expect([Reflect.has(context, "io_threads"), Reflect.has(socket, "recv_string"), socket.closed]).toEqual([
      true,
      true,
      true,
    ]);
    const named = zmq.decorators.socket(zmq.PULL, { name: "my_socket" })(
      (options: { my_socket: zmq.Socket }) => options.my_socket.recv_string.name,
    ) as () => string;
    expect(named()).toBe("recvString");
  });

  test("a ZMQStream calls back, by pyzmq's names", async () => {
    const context = newContext();
    const [push, pull] = [context.socket(zmq.PUSH), context.socket(zmq.PULL)];
    pull.bind("inproc://pyzmq-stream");
    push.connect("inproc://pyzmq-stream");
    const stream = new zmq.eventloop.zmqstream.ZMQStream(pull);
    onTestFinished(() => stream.close());
    const received = new Promise<string[]>((resolve) => {
      stream.on_recv_stream((self, frames) => resolve([String(self === stream), ...frames.map(String)]));
    });
    await push.send_multipart(["a", "b"]);
    expect(await received).toEqual(["true", "a", "b"]);
    stream.stop_on_recv();
  });

  test("log handlers publish, and leave what is logged alone", async () => {
    const context = newContext();
    const xpub = context.socket(zmq.XPUB);
    const sub = context.socket(zmq.SUB);
    xpub.bind("inproc://pyzmq-log");
    sub.connect("inproc://pyzmq-log");
    sub.subscribe("");
    await xpub.recv();
    const handler = new zmq.log.handlers.PUBHandler(xpub, { root_topic: "app" });
    expect(handler.root_topic).toBe("app");
    handler.emit({
      levelno: 20,
      levelname: "INFO",
      msg: "text",
      args: [],
      filename: "x",
      lineno: 1,
      exc_info: null,
    } as never);
    expect((await sub.recv_multipart()).map(String)).toEqual(["app.INFO", "text\n"]);
  });

  test("utils", async () => {
    expect(String(zmq.utils.z85.decode(zmq.utils.z85.encode(Buffer.from("12345678"))))).toBe("12345678");
    expect(zmq.utils.monitor.parse_monitor_message).toBeTypeOf("function");
    expect(String(zmq.utils.jsonapi.dumps({ my_key: { other_key: 1 } }))).toContain("my_key");
    expect(String(zmq.utils.strtypes.cast_bytes("ž"))).toBe("ž");
    expect(zmq.ssh.tunnel.select_random_ports(2)).toHaveLength(2);
  });
});
