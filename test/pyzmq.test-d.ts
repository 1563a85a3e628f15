/** What the type checker knows of nodezmq/pyzmq. Nothing here runs; `npm run check` compiles it. */
import * as main from "nodezmq";
import * as zmq from "nodezmq/pyzmq";

declare const context: zmq.Context;
const pub = context.socket(zmq.PUB);
const sub = context.socket(zmq.SUB, { LINGER: 0, rcvhwm: 5, tcp_keepalive_idle: 1 });
const pair = new zmq.Socket(context, zmq.PAIR, { copy_threshold: 0 });
declare const plain: zmq.Socket;

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_same: Same<A, B>): void => {};

export async function messages(): Promise<void> {
  const text: zmq.Future<string> = sub.recv_string();
  const latin: zmq.Future<string> = sub.recv_string(0, "latin1");
  const done: boolean = text.done() && text.cancelled() && text.cancel();
  const result: string = text.result();
  text.add_done_callback((future) => future.exception());
  const bytes: zmq.Future<Buffer> = sub.recv();
  const frame: zmq.Future<zmq.Frame> = sub.recv(0, false);
  const routing: number = (await frame).routing_id;
  const frames: Buffer[] = await sub.recv_multipart(zmq.NOBLOCK);
  const { n } = await sub.recv_json<{ n: number }>();
  await pair.send_multipart(["a"], { routing_id: 5, copy: false });
  await pair.send("x", 0, false, true, 5, "group");
  await pair.send_json({ any_key: 1 }, zmq.SNDMORE);
  await pair.send_serialized(5, (value) => [String(value)]);
  await pair.send_unicode("x");
  const mask: zmq.Future<number> = pair.poll(10, zmq.POLLIN);
  void [latin, done, result, bytes, routing, frames, n, mask];
  // @ts-expect-error PUB does not receive
  pub.recv_string();
  // @ts-expect-error
  pub.recv_multipart();
  // @ts-expect-error
  pub.recv_multipart_sync();
  // @ts-expect-error
  sub.send_string("x");
  // @ts-expect-error
  sub.send_sync("x");
  // @ts-expect-error
  pair.send("x", { routing: 5 });
  // @ts-expect-error
  pair.bind_to_random_prt("tcp://127.0.0.1");
}

export function names(): void {
  const port: number = pair.bind_to_random_port("tcp://127.0.0.1", { min_port: 1, maxTries: 5 });
  const endpoint: string = pair.last_endpoint + pair.LAST_ENDPOINT + pair.lastEndpoint;
  pair.routing_id = "me";
  pair.ROUTING_ID = Buffer.from("me");
  const id: Buffer = pair.routing_id;
  pair.LINGER = pair.linger;
  pair.TCP_KEEPALIVE_IDLE = pair.tcp_keepalive_idle;
  pair.IMMEDIATE = 1;
  pair.curve_secretkey = Buffer.alloc(32);
  pair.router_mandatory = true;
  pair.setsockopt_string(zmq.ROUTING_ID, "x");
  pair.setsockopt_unicode(zmq.ROUTING_ID, "x");
  const text: string = pair.getsockopt_unicode(zmq.ROUTING_ID) + pair.get_string(zmq.ROUTING_ID);
  pair.set_hwm(pair.get_hwm() + pair.copy_threshold);
  sub.subscribe("x");
  sub.subscribe = "x";
  plain.unsubscribe = Buffer.from("x");
  const events: number = plain.EVENTS;
  const monitor: zmq.Socket = pair.get_monitor_socket();
  pair.disable_monitor();
  context.IO_THREADS = context.io_threads + context.ioThreads;
  context.thread_name_prefix = "x";
  context.RCVTIMEO = 5;
  const owner: zmq.Context = pair.context;
  void [port, endpoint, id, text, events, monitor, owner];
  // @ts-expect-error
  pair.last_endpoint = "x";
  // @ts-expect-error
  pair.LINGER = "x";
  // @ts-expect-error
  pair.subscribe("x");
}

export async function functions(): Promise<void> {
  const [publicKey, secretKey]: [string, string] = zmq.curve_keypair();
  const key: string = zmq.curve_public(secretKey) + zmq.zmq_version() + zmq.pyzmq_version();
  const poller = new zmq.Poller();
  poller.register(sub, zmq.POLLIN);
  const polled: zmq.Future<zmq.PollResult[]> = poller.poll({ timeout: 5 });
  const ready = new Map(await polled);
  ready.get(sub);
  const proxying: zmq.Future<number> = zmq.proxy_steerable(plain, pair, null, plain);
  proxying.cancel();
  const selected = await zmq.select([sub], [], [], 1);
  const term: zmq.Future<void> = context.term();
  const errno: number = zmq.zmq_errno();
  const same1: typeof main.ZMQError = zmq.ZMQError;
  const instance: zmq.Context = zmq.Context.instance();
  const shadow: zmq.Socket = zmq.Socket.shadow(pair);
  const other: zmq.Socket = new zmq.asyncio.Context().socket(zmq.PULL);
  void [publicKey, key, selected, term, errno, same1, instance, shadow, other];
}

// ---- One library: each entry takes the other's objects

export function both(socket: main.Socket, owner: main.Context): void {
  const poller = new main.Poller();
  poller.register(pub);
  poller.register(plain);
  const spelled: main.Socket = plain;
  const spelledContext: main.Context = context;
  void main.proxy(plain, pair);
  void zmq.proxy(socket, plain);
  new zmq.Socket(owner, zmq.PUB);
  new zmq.Poller().register(socket);
  void [spelled, spelledContext];
}
const typed: main.Socket<typeof main.PUB> = pub;
void typed;

// ---- Every option and every function has its other names

type Options = Exclude<keyof import("../src/options.js").SocketOptionAccessors, never>;
type Snake<S extends string> = S extends `${infer A}${infer B}`
  ? `${A extends Lowercase<A> ? A : `_${Lowercase<A>}`}${Snake<B>}`
  : "";
same<Exclude<Snake<Options> | Uppercase<Snake<Options>>, keyof zmq.Socket>, never>(true);
type Contexts = keyof import("../src/options.js").ContextOptionAccessors;
same<Exclude<Snake<Contexts> | Uppercase<Snake<Contexts>>, keyof zmq.Context>, never>(true);
type Names<T> = { [K in keyof T]: K extends Uncapitalize<K & string> ? Snake<K & string> : K }[keyof T];
type Main = Omit<typeof main, "default">; // ES modules alone have that one
same<Exclude<Names<Main>, keyof typeof zmq>, never>(true);
same<Exclude<Names<main.Socket>, keyof zmq.Socket | "engine_of">, never>(true);

// ---- Modules

export async function modules(): Promise<void> {
  const device = new zmq.devices.ThreadDevice(zmq.QUEUE, zmq.ROUTER, zmq.DEALER);
  device.bind_in("tcp://127.0.0.1:*");
  const port: number = device.bind_out_to_random_port("tcp://127.0.0.1", { min_port: 5 });
  device.setsockopt_in(zmq.LINGER, 0);
  device.daemon = device.done;
  const type: number = device.in_type;
  const started: zmq.Future<void> = device.start();
  const queue: zmq.Future<void> = zmq.devices.monitored_queue(plain, plain, plain, "in", "out");
  const authenticator = new zmq.auth.thread.ThreadAuthenticator(context);
  authenticator.configure_curve("*", "folder");
  authenticator.configure_plain("*", { any_name: "password" });
  const alive: boolean = authenticator.is_alive();
  zmq.auth.create_certificates("folder", "name");
  const key: string = zmq.auth.load_certificate("file")[0];
  const stream = new zmq.eventloop.zmqstream.ZMQStream(sub);
  stream.on_recv((frames) => frames.length);
  const handler = new zmq.log.handlers.PUBHandler("tcp://127.0.0.1:*", { root_topic: "app" });
  handler.root_topic = "other";
  zmq.decorators.socket(zmq.PUB, { context_name: "ctx" });
  const ports: number[] = zmq.ssh.tunnel.select_random_ports(2);
  const event = zmq.utils.monitor.parse_monitor_message([]);
  void [port, type, started, queue, alive, key, ports, event.name];
  // @ts-expect-error
  device.bind_inn("x");
  // @ts-expect-error
  new zmq.log.handlers.PUBHandler("tcp://127.0.0.1:*", { root_topi: "app" });
}

/** Namespaces of the main entry that are not spelled here. */
type Unspelled = {
  [K in keyof Main]: K extends Capitalize<K & string>
    ? never
    : Main[K] extends (...args: never[]) => unknown
      ? never
      : Main[K] extends object
        ? Exclude<Names<Main[K]>, keyof (typeof zmq)[K]>
        : never;
}[keyof Main];
same<Unspelled, never>(true);

export function overloads(stream: InstanceType<typeof zmq.eventloop.zmqstream.ZMQStream>): void {
  const threaded: zmq.Context[] = [
    new zmq.Context({ io_threads: 2 }),
    new zmq.Context({ ioThreads: 2 }),
    zmq.Context.instance({ io_threads: 1 }),
  ];
  const frame: zmq.Frame = sub.recv_sync({ copy: false });
  const frames: zmq.Frame[] = sub.recvMultipartSync({ copy: false });
  const bytes: Buffer[] = sub.recv_multipart_sync();
  const shown: zmq.Future<string> = sub.recv_serialized((parts) => String(parts[0]?.bytes), 0, false);
  stream.on_recv((message) => message[0]?.bytes, { copy: false });
  stream.onRecv((message) => message[0]?.readUInt8());
  void [threaded, frame, frames, bytes, shown];
}
