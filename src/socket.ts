/** zmq.Socket: everything but sending and receiving, which is in messaging.ts. */
import { inspect } from "node:util";
import { defineAccessors } from "./accessors.js";
import { defineAliases, type SocketAliases } from "./aliases.js";
import {
  checkKeys,
  readMask,
  readNamed,
  readPlace,
  readSignal,
  readThreshold,
  readTimeout,
  SYNC_KEYS,
  type SyncOptions,
  WAIT_KEYS,
  type WaitOptions,
} from "./call.js";
import {
  EINVAL,
  ENOTSOCK,
  ENOTSUP,
  EVENT_ALL,
  EVENT_ALL_V2,
  FD,
  POLLIN,
  POLLOUT,
  RCVHWM,
  SNDHWM,
  SocketType,
  SUBSCRIBE,
  TYPE,
  UNSUBSCRIBE,
} from "./constants.js";
import { type Context, contextInside } from "./context.js";
import { setOptions, settable } from "./defaults.js";
import { describe, noteEndpoint } from "./describe.js";
import { warnOfDraftDescriptor } from "./descriptor.js";
import { tellEndpoint } from "./diagnostics.js";
import { patience } from "./ending.js";
import { Endpoint, readAddress, readTarget } from "./endpoint.js";
import { Engine } from "./engine.js";
import { makeError, rangeError, typeError, ZMQError } from "./errors.js";
import { forget, watchForLeak } from "./leaks.js";
import {
  type MonitorEvent,
  monitorEvents,
  openMonitor,
  readMonitorAddress,
  startMonitor,
} from "./monitor.js";
import type { NativeContext, NativeSocket } from "./native.js";
import {
  type Bytes,
  decodeOption,
  encodeOption,
  nativeKind,
  nativeSize,
  notAccessors,
  optionNumber,
  readLinger,
  refusal,
  type SocketOptionAccessors,
  type SocketOptionInput,
  type SocketOptionValue,
  type SocketOptionWrites,
  socketOptionRow,
  socketOptions,
} from "./options.js";
import { type RandomPortOptions, randomPort } from "./random-port.js";
import { Streaming } from "./streaming.js";
import { encodeText, readEncoding, readGroup, type TextOptions } from "./text.js";

/** The engines of this thread's open sockets, by address: how a shadow finds the socket it stands for. */
const engines = new Map<bigint, WeakRef<Engine>>();

/** How `context.socket` and `Socket.shadow` hand over what the constructor cannot be given by a program. */
class Shadowed {
  constructor(
    readonly engine: Engine,
    readonly context: Context,
    readonly type: number,
  ) {}
}

const typeNames = new Map<number, string>();
for (const [name, number] of Object.entries(SocketType)) {
  if (!typeNames.has(number)) typeNames.set(number, name);
}

/** The class that a static method was called on; such methods are handed around as functions, too. */
const classOf = (self: unknown): typeof Socket =>
  typeof self === "function" && self.prototype instanceof Socket ? (self as typeof Socket) : Socket;

export interface Socket extends SocketOptionAccessors, SocketAliases {}

/**
 * A ZeroMQ socket. Made by `context.socket(type)`.
 *
 * Methods that may wait return promises; the others act at once. A socket belongs to the thread that made it.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the option table defines the accessors, below
export class Socket extends Streaming {
  readonly #engine: Engine;
  readonly #context: Context;
  readonly #type: SocketType;
  #monitor: Socket | undefined;

  /**
   * @param context the context it belongs to; or a socket, to make another face of it, as `shadow` does
   * @param type `zmq.REQ` and so on
   * @param options as for `context.socket`, which also sets the context's defaults
   * @throws TypeError without a context or type; ZMQError EINVAL for an unknown type, EMFILE when the context is full;
   * ContextTerminated. See zmq_socket(3).
   */
  constructor(
    context: Context | Socket | SocketArguments | null,
    type?: number | null,
    options?: SocketArguments | null,
  ) {
    const stands = isPlain(context);
    const { copyThreshold, shadow, ...wanted } = checkKeys(
      (stands ? context : options) ?? {},
      KEYS,
    ) as SocketArguments;
    const none = shadow === undefined || shadow === null || shadow === 0 || shadow === 0n;
    const shadowed = none ? context : shadow instanceof Socket ? shadow : existing(shadow);
    const threshold = copyThreshold === undefined ? undefined : readThreshold(copyThreshold);
    const given =
      shadowed instanceof Shadowed
        ? shadowed
        : shadowed instanceof Socket
          ? shadowed.#shadowed()
          : open(context as Context, type ?? undefined);
    super(given.engine);
    this.#engine = given.engine;
    this.#context = given.context;
    this.#type = given.type as SocketType;
    if (threshold !== undefined) this.copyThreshold = threshold;
    try {
      setOptions(this, wanted);
    } catch (error) {
      if (!(shadowed instanceof Shadowed) && !(shadowed instanceof Socket)) this.close(0);
      throw error;
    }
  }

  /** Another face of an open socket of this thread, by its `underlying` or itself. Closing either closes both. */
  static shadow(socket: Socket | bigint): Socket {
    const found = socket instanceof Socket ? socket.#shadowed() : existing(socket);
    return new (classOf(this))(found as unknown as Context);
  }

  /** pyzmq's other name of `shadow`, for turning a blocking socket into an asynchronous one: here each is both. */
  static fromSocket(socket: Socket): Socket {
    return classOf(this).shadow(socket);
  }

  /** The context it was made with. */
  get context(): Context {
    return this.#context;
  }

  /** The socket type, as given: `zmq.REQ`. */
  get type(): SocketType {
    return this.#type;
  }

  get closed(): boolean {
    return this.#engine.closed;
  }

  /** libzmq's handle, for `Socket.shadow`; 0n once closed. */
  get underlying(): bigint {
    return this.#engine.native.address();
  }

  // ---- Endpoints

  /**
   * Accepts connections on an address: `tcp://127.0.0.1:*`, `ipc:///tmp/x`, `inproc://name`, `ws://*:8080`. Where the
   * address leaves something open, `lastEndpoint` says what was taken. The result unbinds when it is disposed of.
   *
   * @throws ZMQError with `endpoint`: EADDRINUSE, EADDRNOTAVAIL, ENODEV, EINVAL, EPROTONOSUPPORT, ENOCOMPATPROTO. See
   * zmq_bind(3).
   */
  bind(address: string | Uint8Array): Endpoint {
    this.#endpoint("bind", address);
    return new Endpoint(this, "unbind", this.lastEndpoint);
  }

  /**
   * Connects to an address, in the background and again whenever the connection is lost. The result disconnects when
   * it is disposed of.
   *
   * @throws ZMQError with `endpoint`. See zmq_connect(3).
   */
  connect(address: string | Uint8Array): Endpoint {
    this.#endpoint("connect", address);
    return new Endpoint(this, "disconnect", readAddress(address));
  }

  /** Stops accepting on an address: the one that `lastEndpoint` gave, for wildcards. ENOENT if it is not bound. */
  unbind(address: string | Uint8Array): void {
    this.#endpoint("unbind", address);
  }

  /** Drops the connection to an address. ENOENT if there is none. See zmq_disconnect(3). */
  disconnect(address: string | Uint8Array): void {
    this.#endpoint("disconnect", address);
  }

  /**
   * Binds to a free port of `tcp://interface` and returns its number.
   *
   * @param address the address without a port
   * @param minPort the lowest, 49152 by default; with none of these given the system chooses
   * @param maxPort one past the highest, 65536 by default
   * @param maxTries how many ports to try, 100 by default
   * @throws ZMQBindError when no port was free
   */
  bindToRandomPort(
    address: string,
    minPort?: number | RandomPortOptions,
    maxPort?: number | RandomPortOptions,
    maxTries?: number | RandomPortOptions,
  ): number {
    return randomPort(address, [minPort, maxPort, maxTries], (url) => {
      this.bind(url);
      return this.lastEndpoint;
    });
  }

  // ---- Options

  /** Sets an option by its number. See zmq_setsockopt(3) and docs/options.md. */
  set<N extends number>(option: N, value: SocketOptionInput<N>): void {
    const number = optionNumber(option);
    const { kind, value: encoded } = encodeOption(socketOptionRow(number), number, value);
    try {
      this.#touching((native) => native.set(number, kind, encoded));
    } catch (error) {
      throw refusal(error, "setting", socketOptionRow(number), number);
    }
  }

  /** Reads an option by its number. See zmq_getsockopt(3) and docs/options.md. */
  get<N extends number>(option: N): SocketOptionValue<N> {
    const number = optionNumber(option);
    const row = socketOptionRow(number);
    try {
      const value = this.#touching((native) => {
        if (number === FD) warnOfDraftDescriptor(native);
        return native.get(number, nativeKind(row), nativeSize(row));
      });
      return decodeOption(row, number, value) as SocketOptionValue<N>;
    } catch (error) {
      throw refusal(error, "reading", socketOptionRow(number), number);
    }
  }

  /** Sets a byte-valued option to a string in an encoding, UTF-8 by default. */
  setString(option: number, text: string, encoding?: BufferEncoding | TextOptions): void {
    this.set(option, encodeText(text, readNamed(encoding, "encoding")));
  }

  /** Reads a byte-valued option as a string. A TypeError if it is a number. */
  getString(option: number, encoding?: BufferEncoding | TextOptions): string {
    const other = readEncoding(readNamed(encoding, "encoding"));
    const value = this.get(option);
    if (typeof value === "string") return other === undefined ? value : Buffer.from(value).toString(other);
    if (Buffer.isBuffer(value)) return value.toString(other);
    throw typeError(`option ${option} will not return a string to be decoded`);
  }

  /** pyzmq's other names of `set`, `get`, `setString` and `getString`. */
  setsockopt<N extends number>(option: N, value: SocketOptionInput<N>): void {
    this.set(option, value);
  }
  getsockopt<N extends number>(option: N): SocketOptionValue<N> {
    return this.get(option);
  }
  setsockoptString(option: number, text: string, encoding?: BufferEncoding | TextOptions): void {
    this.setString(option, text, encoding);
  }
  getsockoptString(option: number, encoding?: BufferEncoding | TextOptions): string {
    return this.getString(option, encoding);
  }

  /** Subscribes to messages that begin with the topic; the empty topic takes all. SUB only (EINVAL). */
  subscribe(topic: Bytes): void {
    this.set(SUBSCRIBE, topic);
  }

  /** Ends one subscription to the topic; without effect if there is none. */
  unsubscribe(topic: Bytes): void {
    this.set(UNSUBSCRIBE, topic);
  }

  /** Joins a group. DISH only. See zmq_join(3). */
  join(group: string): void {
    this.#touching((native) => native.group("join", readGroup(group)));
  }

  /** Leaves a group. DISH only. See zmq_leave(3). */
  leave(group: string): void {
    this.#touching((native) => native.group("leave", readGroup(group)));
  }

  /** Both high-water marks, in messages; reads SNDHWM. */
  get hwm(): number {
    return this.get(SNDHWM);
  }
  set hwm(value: number) {
    this.set(SNDHWM, value);
    this.set(RCVHWM, value);
  }
  getHwm(): number {
    return this.hwm;
  }
  setHwm(value: number): void {
    this.hwm = value;
  }

  /** The descriptor that signals news of the socket (option FD): edge-triggered, for reading only. */
  fileno(): number {
    return this.get(FD);
  }

  // ---- Waiting

  /**
   * Waits until the socket is ready, without consuming anything.
   *
   * @param timeout milliseconds; none or negative waits for ever
   * @param flags `POLLIN`, `POLLOUT` or both; or the options
   * @returns the events that are ready; 0 at the timeout
   * @throws (rejects) ZMQError ENOTSUP on a closed socket, ENOTSOCK when it is closed meanwhile
   */
  poll(
    timeout?: number | null | PollOptions,
    flags: number | PollOptions = POLLIN,
    options?: PollOptions,
  ): Promise<number> {
    try {
      const stands = typeof flags === "object" && flags !== null && options === undefined;
      const { place, options: given } = readPlace(
        timeout,
        options ?? (stands ? flags : undefined),
        WAIT_KEYS,
      );
      const limit = given.timeout === undefined ? place : given.timeout;
      const wait = { timeout: readTimeout(limit) ?? -1, signal: readSignal(given.signal) };
      const mask = readEvents(given.flags ?? (stands ? POLLIN : flags));
      if (this.closed) throw makeError(ENOTSUP);
      return this.#engine.poll(mask, wait);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** `poll` that blocks the thread; the options may stand in place of either argument. */
  pollSync(timeout?: number | null | SyncOptions, flags: number | SyncOptions = POLLIN): number {
    const stands = typeof flags === "object" && flags !== null;
    const { place, options: given } = readPlace(timeout, stands ? flags : undefined, SYNC_KEYS);
    const limit = patience(readTimeout(given.timeout === undefined ? place : given.timeout) ?? -1);
    const mask = readEvents(given.flags ?? (stands ? POLLIN : flags));
    if (this.closed) throw makeError(ENOTSUP);
    return mask === 0 ? 0 : this.#touching((native) => native.wait(mask, Math.ceil(limit), false)) & mask;
  }

  /**
   * Undoes `unref()`: pending operations keep the process alive again. Of a socket that nobody has unref'ed: it keeps the
   * process alive while it is idle, too, until it is closed or unref'ed.
   */
  ref(): this {
    this.#engine.ref();
    return this;
  }

  /** Pending operations do not keep the process alive. */
  unref(): this {
    this.#engine.unref();
    return this;
  }

  // ---- Monitoring

  /**
   * Publishes the socket's events on a PAIR that is bound to an `inproc://` address, for another PAIR to connect to;
   * `null` stops. A slow or missing reader holds nothing up. A socket has one monitor: a new one ends the old.
   *
   * @param events those that are wanted, such as `zmq.EVENT_CONNECTED`; by default all
   * @throws ZMQError EPROTONOSUPPORT for other addresses, EADDRINUSE. See zmq_socket_monitor(3).
   */
  monitor(address: string | Uint8Array | null, events: number | MonitorOptions = EVENT_ALL): void {
    const mask = readMonitored(readNamed(events, "events") ?? EVENT_ALL);
    const where = readMonitorAddress(address);
    if (where === null) this.#touching((native) => native.monitor(null, 0));
    else this.#touching(() => startMonitor(this.#engine, this.#context, where, mask));
  }

  /**
   * A PAIR socket that receives the socket's events: `recvMonitorMessage` reads them. The same socket again until it is
   * closed; closing it ends the monitoring.
   */
  getMonitorSocket(
    events?: number | null | (MonitorOptions & { addr?: string | null }),
    address?: string | null,
  ): Socket {
    const { place, options } = readPlace(events, undefined, ["events", "addr"]);
    const mask = readMonitored(options.events ?? place ?? EVENT_ALL);
    const where = readMonitorAddress(options.addr ?? address);
    if (this.closed) throw makeError(ENOTSOCK);
    if (this.#monitor === undefined || this.#monitor.closed) {
      this.#monitor = openMonitor(this.#engine, this.#context, mask, where);
      this.#engine.touched();
    }
    return this.#monitor;
  }

  /** Ends the monitoring. The monitor socket gets a last event, MONITOR_STOPPED, and is yours to close. */
  disableMonitor(): void {
    this.#monitor = undefined;
    this.monitor(null);
  }

  /**
   * The socket's events as they come: `for await (const { name, endpoint } of socket.events())`. Ends when the socket
   * is closed; leaving the loop ends the monitoring. So does aborting the `signal`, whose reason the loop throws.
   */
  events(
    events: number | (MonitorOptions & { signal?: AbortSignal | undefined }) = EVENT_ALL,
  ): AsyncIterableIterator<MonitorEvent> {
    const stands = typeof events === "object" && events !== null;
    const given = stands ? checkKeys(events, ["events", "signal"]) : {};
    const mask = readMonitored((stands ? given.events : events) ?? EVENT_ALL);
    return monitorEvents(this.#engine, this.#context, mask, readSignal(given.signal));
  }

  // ---- Life

  /**
   * Closes the socket. What waits on it is rejected with ENOTSOCK; what is queued to be sent is sent in the background
   * for as long as LINGER says. Closing twice is nothing.
   *
   * @param linger milliseconds, instead of the socket's LINGER; or `{ linger }`
   */
  close(linger?: number | null | { linger?: number | null }): void {
    if (this.closed) return;
    this.#engine.close(readLinger(readNamed(linger, "linger")));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  [inspect.custom](): string {
    return describe(this.#engine, typeNames.get(this.type) ?? String(this.type));
  }

  #endpoint(verb: "bind" | "connect" | "unbind" | "disconnect", address: string | Uint8Array): void {
    const given = readTarget(address);
    this.#touching((native) => native.endpoint(verb, given));
    const endpoint = verb === "bind" ? this.lastEndpoint : given;
    noteEndpoint(this.#engine, verb, endpoint);
    tellEndpoint(verb, this, endpoint);
  }

  /** What another face of the socket is made of. */
  #shadowed(): Shadowed {
    if (this.closed) throw makeError(ENOTSOCK);
    return new Shadowed(this.#engine, this.#context, this.type);
  }

  /** A native call, which may swallow a signal that others wait for: also when it fails. */
  #touching<T>(call: (native: NativeSocket) => T): T {
    try {
      return call(this.#engine.native);
    } finally {
      this.#engine.touched();
    }
  }
}

defineAccessors(Socket.prototype, socketOptions, notAccessors, {
  get: (socket: Socket, option) => socket.get(option),
  set: (socket: Socket, option, value) => socket.set(option, value as never),
});

defineAliases(Socket.prototype);

/** Which events a monitor tells of; all by default. */
export interface MonitorOptions {
  events?: number | undefined;
}

const KEYS = [...settable, "copyThreshold", "shadow"];

/** Options of `new Socket`: socket options by property name, and how it is made. */
export type SocketArguments = SocketOptionWrites & {
  /** Both high-water marks, in messages. */
  hwm?: number | undefined;
  copyThreshold?: number | undefined;
  /** A socket of this thread, or its `underlying`, to make another face of; 0 is none. */
  shadow?: Socket | bigint | 0 | null | undefined;
};

const isPlain = (value: unknown): value is SocketArguments =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** Options of `socket.poll` in one object. */
export type PollOptions = WaitOptions;

/** What stands behind the `underlying` of a socket. */
function existing(address: unknown): Shadowed {
  if (typeof address !== "bigint")
    throw typeError("Socket.shadow takes a Socket or the bigint of its `underlying`");
  const engine = engines.get(address)?.deref();
  if (engine === undefined || engine.closed) {
    throw makeError(ENOTSOCK, `no open socket of this thread has the address ${address}`);
  }
  const type = engine.native.get(TYPE, nativeKind(socketOptionRow(TYPE))) as number;
  return new Shadowed(engine, engine.context as Context, type);
}

/** Opens a libzmq socket and writes it into this thread's book. */
function open(context: Context, type: unknown): Shadowed {
  const owner = contextInside(context);
  if (typeof type !== "number" || !Number.isInteger(type)) {
    throw typeError(`a socket type is a number such as zmq.REQ; got ${type === null ? "null" : typeof type}`);
  }
  if (type === -1) throw typeError("a socket type is a number such as zmq.REQ; got -1, which is none");
  if (type < -(2 ** 31) || type >= 2 ** 31)
    throw rangeError(`a socket type is a number such as zmq.REQ; got ${type}`);
  const engine = newEngine(owner.native, type, context);
  const address = engine.native.address();
  const reference = new WeakRef(engine);
  engines.set(address, reference);
  const leave = owner.adopt(reference);
  watchForLeak(engine, `zmq.${typeNames.get(type) ?? type} socket`, closer(engine.native, address, leave));
  engine.onClose(() => {
    forget(engine);
    gone(address);
    leave();
  });
  return new Shadowed(engine, context, type);
}

function newEngine(inside: NativeContext, type: number, context: Context): Engine {
  try {
    return new Engine(inside, type, context);
  } catch (error) {
    if (!(error instanceof ZMQError) || error.errno !== EINVAL) throw error;
    throw makeError(EINVAL, `there is no socket type ${type}`);
  }
}

/** Strikes an address out of the book, unless a later socket has got it. */
function gone(address: bigint): void {
  const engine = engines.get(address)?.deref();
  if (engine === undefined || engine.closed) engines.delete(address);
}

/** Closes what is left of a collected socket. Made here: within `open` the closure would keep the engine in its scope. */
function closer(native: NativeSocket, address: bigint, leave: () => void): () => void {
  return () => {
    gone(address);
    leave();
    native.close();
  };
}

const readEvents = (mask: unknown): number => readMask(mask, POLLIN | POLLOUT, "POLLIN, POLLOUT or both");

/** The events of a monitor: those that 16 bits can tell of. */
const readMonitored = (mask: unknown): number =>
  readMask(mask, EVENT_ALL_V2, "EVENT_ALL or some of zmq.Event") & EVENT_ALL;
