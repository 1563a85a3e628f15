/**
 * What the type checker knows of sockets. Nothing here runs: `npm run check` compiles it, and each line that must not
 * compile says so.
 */
import * as zmq from "nodezmq";

declare const context: zmq.Context;

/** Compiles where both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_same: Same<A, B>): void => {};

const pub = context.socket(zmq.PUB);
const sub = context.socket(zmq.SUB);
const push = context.socket(zmq.PUSH);
const pull = context.socket(zmq.PULL, { linger: 0 });
const req = context.socket(zmq.SocketType.REQ);
const rep = new zmq.Socket(context, zmq.REP);
const dealer = context.socket(zmq.DEALER);
const router = context.socket(zmq.ROUTER);
const pair = context.socket(zmq.PAIR);
const stream = context.socket(zmq.STREAM);
const xpub = context.socket(zmq.XPUB);
const xsub = context.socket(zmq.XSUB);
const radio = context.socket(zmq.RADIO);
const dish = context.socket(zmq.DISH);
const scatter = context.socket(zmq.SCATTER);
const gather = context.socket(zmq.GATHER);
declare const anyType: zmq.SocketType;
declare const anyNumber: number;
const plain = context.socket(anyType);
const numbered = context.socket(anyNumber);

// ---- The type of a socket is that of its number

same<typeof pub, zmq.Socket<typeof zmq.PUB>>(true);
same<typeof rep, zmq.Socket<typeof zmq.REP>>(true);
same<typeof pub.type, typeof zmq.PUB>(true);
same<typeof plain, zmq.Socket>(true);
same<typeof numbered, zmq.Socket>(true);
same<zmq.Socket, zmq.Socket<zmq.SocketType>>(true);
same<ReturnType<typeof zmq.Socket.shadow<typeof zmq.PUB>>, typeof pub>(true);

/** Functions of any type of socket keep it. */
function open<T extends zmq.SocketType>(type: T): zmq.Socket<T> {
  return context.socket(type, { linger: 0 });
}
same<ReturnType<typeof open<typeof zmq.SUB>>, typeof sub>(true);

// ---- What each can do

export async function abilities(): Promise<void> {
  await pub.send("x");
  const plain: Promise<void> = pub.send("x", zmq.SNDMORE, { copy: false });
  const tracker: zmq.MessageTracker = await pub.send(Buffer.alloc(1), { copy: false, track: true });
  const either: zmq.MessageTracker | undefined = await pub.send(new zmq.Frame("x"));
  // @ts-expect-error a frame may have a tracker
  const none: undefined = await pub.send(new zmq.Frame("x"));
  const texts: Promise<void>[] = [pub.sendString("x"), pub.sendJson(1), pub.sendMultipart(["a"])];
  void [plain, tracker, either, none, texts];
  await pub.sendMultipart(["a", "b"], zmq.SNDMORE, { track: true });
  pub.sendSync("x");
  // @ts-expect-error PUB does not receive
  pub.recv();
  // @ts-expect-error
  pub.recvMultipart();
  // @ts-expect-error
  pub.recvString();
  // @ts-expect-error
  pub.recvJson();
  // @ts-expect-error
  pub.recvInto(Buffer.alloc(1));
  // @ts-expect-error
  pub.recvSerialized((frames) => frames);
  // @ts-expect-error
  pub.recvBatch();
  // @ts-expect-error
  pub.recvSync();
  // @ts-expect-error
  pub.recvMultipartSync();
  // @ts-expect-error
  pub.recvBatchSync();
  // @ts-expect-error
  for await (const _ of pub) break;
  // @ts-expect-error
  pub.subscribe("x");

  sub.subscribe("x");
  sub.unsubscribe(Buffer.from("x"));
  same<Awaited<ReturnType<typeof sub.recvMultipart>>, Buffer[]>(true);
  const frame: zmq.Frame = await sub.recv({ copy: false });
  const bytes: Buffer = await sub.recv();
  const text: string = await sub.recvString({ timeout: 5 });
  const { n } = await sub.recvJson<{ n: number }>();
  for await (const [topic] of sub) same<typeof topic, Buffer | undefined>(true);
  void [frame, bytes, text, n];
  // @ts-expect-error SUB does not send
  sub.send("x");
  // @ts-expect-error
  sub.sendMultipart(["x"]);
  // @ts-expect-error
  sub.sendBatch([["x"]]);
  // @ts-expect-error
  sub.sendSync("x");
  // @ts-expect-error
  sub.join("group");

  await push.sendJson({ a: 1 });
  // @ts-expect-error PUSH does not receive
  push.recv();
  // @ts-expect-error
  push.subscribe("x");
  // @ts-expect-error
  for await (const _ of push) break;

  await pull.recvBatch(10);
  // @ts-expect-error PULL does not send
  pull.sendString("x");
  // @ts-expect-error only SUB subscribes
  pull.subscribe("x");

  for (const both of [req, dealer, router, pair, stream]) {
    await both.send("x");
    await both.recv();
    // @ts-expect-error only SUB subscribes
    both.subscribe("x");
  }
  for await (const frames of rep) await rep.sendMultipart(frames);

  await xpub.recv();
  await xpub.send("x");
  // @ts-expect-error an XPUB answers subscriptions by set(zmq.SUBSCRIBE, ...)
  xpub.subscribe("x");
  xpub.set(zmq.SUBSCRIBE, "x");
  await xsub.send("\x01topic");
  await xsub.recvMultipart();
  // @ts-expect-error an XSUB subscribes by sending
  xsub.subscribe("x");

  await radio.send("x", { group: "g" });
  // @ts-expect-error RADIO does not receive
  radio.recv();
  dish.join("g");
  dish.leave("g");
  await dish.recv();
  // @ts-expect-error DISH does not send
  dish.send("x");
  // @ts-expect-error DISH joins, and does not subscribe
  dish.subscribe("x");
  // @ts-expect-error only DISH joins
  radio.join("g");
  await scatter.send("x");
  // @ts-expect-error SCATTER does not receive
  scatter.recv();
  await gather.recv();
  // @ts-expect-error GATHER does not send
  gather.send("x");
}

/** Streams go in the directions that the socket has. */
export function streams(): void {
  pub.createWriteStream().write("x");
  sub.createReadStream().pipe(push.createWriteStream());
  dealer.createDuplex().end();
  void sub.readable.getReader();
  void push.writable.getWriter();
  // @ts-expect-error PUB does not receive
  pub.createReadStream();
  // @ts-expect-error
  pub.readable.getReader();
  // @ts-expect-error
  pub.createDuplex();
  // @ts-expect-error SUB does not send
  sub.createWriteStream();
  // @ts-expect-error
  sub.writable.getWriter();
  // @ts-expect-error
  sub.createDuplex();
}

// ---- Plain Socket has everything, and takes every socket

const sockets: zmq.Socket[] = [pub, sub, push, pull, req, rep, dealer, router, pair, stream, xpub, xsub];
sockets.push(radio, dish, scatter, gather, plain, numbered);
const known: Map<string, zmq.Socket> = new Map([["pub", pub]]);

export async function everything(socket: zmq.Socket): Promise<void> {
  socket.subscribe("x");
  socket.join("g");
  await socket.send(await socket.recv());
  for await (const frames of socket) await socket.sendMultipart(frames);
}
void everything(pub);
void everything(known.get("pub") ?? sub);

/** One of several types: what any of them can do, told apart by the type. */
export function either(socket: zmq.Socket<typeof zmq.PUB> | zmq.Socket<typeof zmq.SUB>): void {
  if (socket.type === zmq.SUB) socket.subscribe("x");
  else socket.sendSync("x");
}

/** Programs may derive from it. */
export class Mine extends zmq.Socket<typeof zmq.PUB> {
  constructor(owner: zmq.Context) {
    super(owner, zmq.PUB);
  }
  shout(text: string): Promise<unknown> {
    return this.send(text.toUpperCase());
  }
}
export class Any extends zmq.Socket {
  override sendString(text: string): Promise<undefined> {
    return this.send(`${text}!`).then(() => undefined);
  }
}
sockets.push(new Mine(context), new Any(context, zmq.SUB));

// @ts-expect-error a publisher is no subscriber
const wrong: zmq.Socket<typeof zmq.SUB> = pub;
// @ts-expect-error nor a pusher
const alike: zmq.Socket<typeof zmq.PUSH> = pub;
void [wrong, alike];

// ---- Pollers, proxies, monitors take them all

export async function others(): Promise<void> {
  const poller = new zmq.Poller();
  poller.register(pub, zmq.POLLOUT);
  poller.register(sub, zmq.POLLIN);
  const ready = new Map(await poller.poll(10));
  const mask: number | undefined = ready.get(sub);
  const polled: zmq.Socket | number | undefined = (await poller.poll())[0]?.[0];
  await zmq.zmqPoll([[pull, zmq.POLLIN]], 10);
  await zmq.select([sub], [pub], []);
  await zmq.proxy(xsub, xpub, push);
  await zmq.proxySteerable(router, dealer, null, pair);
  await zmq.device(zmq.QUEUE, router, dealer);
  for await (const { name } of pub.events()) void name;
  await zmq.recvMonitorMessage(push.getMonitorSocket());
  void [mask, polled];
}

// ---- Options

pub.linger = 0;
const linger: number = sub.linger;
const affinity: bigint = pub.affinity;
pub.affinity = 3;
pub.curveSecretkey = Buffer.alloc(32);
const key: string = pub.curveSecretkey;
pub.immediate = 1;
const immediate: boolean = pub.immediate;
const hwm: number = pub.get(zmq.SNDHWM);
pub.set(zmq.LINGER, 0);
context.ioThreads = 2;
context.rcvtimeo = 100;
void [linger, affinity, key, immediate, hwm];
// @ts-expect-error a number of milliseconds
pub.linger = "x";
// @ts-expect-error
pub.set(zmq.LINGER, "x");
// @ts-expect-error read-only
pub.lastEndpoint = "x";
// @ts-expect-error
pub.type = zmq.SUB;
// @ts-expect-error no such option
pub.lingr = 0;
// @ts-expect-error
context.socket(zmq.PUB, { lingr: 0 });
// @ts-expect-error
context.socket(zmq.PUB, { linger: "0" });
// @ts-expect-error
context.socket("PUB");
// @ts-expect-error a socket has a type
new zmq.Socket(context);
