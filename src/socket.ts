/** zmq.Socket: endpoints, waiting, monitoring and life, on top of what it sends, receives and is set to. */
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
import { Configuring } from "./configuring.js";
import { ENOTSOCK, ENOTSUP, EVENT_ALL, EVENT_ALL_V2, POLLIN, POLLOUT, type SocketType } from "./constants.js";
import type { Context } from "./context.js";
import { setOptions, settable } from "./defaults.js";
import { describe, noteEndpoint } from "./describe.js";
import { tellEndpoint } from "./diagnostics.js";
import { patience } from "./ending.js";
import { Endpoint, readAddress, readTarget } from "./endpoint.js";
import type { Engine } from "./engine.js";
import { makeError, ZMQError } from "./errors.js";
import {
  type MonitorEvent,
  monitorEvents,
  openMonitor,
  readMonitorAddress,
  startMonitor,
} from "./monitor.js";
import {
  notAccessors,
  readLinger,
  type SocketOptionAccessors,
  type SocketOptionWrites,
  socketOptions,
} from "./options.js";
import { ownMethods } from "./overriding.js";
import { type RandomPortOptions, randomPort } from "./random-port.js";
import { existing, Opened, open, typeNames } from "./registry.js";

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
export class Socket extends Configuring {
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
      shadowed instanceof Opened
        ? shadowed
        : shadowed instanceof Socket
          ? shadowed.#shadowed()
          : open(context as Context, type ?? undefined);
    super(given.engine);
    this.#engine = given.engine;
    this.#context = given.context;
    this.#type = given.type as SocketType;
    if (given !== shadowed && !(shadowed instanceof Socket)) given.engine.opener = this;
    if (threshold !== undefined) this.copyThreshold = threshold;
    try {
      setOptions(this, wanted);
    } catch (error) {
      if (!(shadowed instanceof Opened) && !(shadowed instanceof Socket)) this.close(0);
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
    return mask === 0
      ? 0
      : this.#engine.touching((native) => native.wait(mask, Math.ceil(limit), false)) & mask;
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
    if (where === null) this.#engine.touching((native) => native.monitor(null, 0));
    else this.#engine.touching(() => startMonitor(this.#engine, this.#context, where, mask));
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
    try {
      this.#engine.touching((native) => native.endpoint(verb, given));
    } catch (error) {
      // Also of a closed socket, and of an empty address.
      if (error instanceof ZMQError && error.endpoint === undefined)
        Object.assign(error, { endpoint: given });
      throw error;
    }
    const endpoint = verb === "bind" ? this.lastEndpoint : given;
    noteEndpoint(this.#engine, verb, endpoint);
    tellEndpoint(verb, this, endpoint);
  }

  /** What another face of the socket is made of. */
  #shadowed(): Opened {
    if (this.closed) throw makeError(ENOTSOCK);
    return new Opened(this.#engine, this.#context, this.type);
  }
}

defineAccessors(Socket.prototype, socketOptions, notAccessors, {
  get: (socket: Socket, option) => socket.get(option),
  set: (socket: Socket, option, value) => socket.set(option, value as never),
});

defineAliases(Socket.prototype);
ownMethods(Socket.prototype, ["close"]);

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

const readEvents = (mask: unknown): number => readMask(mask, POLLIN | POLLOUT, "POLLIN, POLLOUT or both");

/** The events of a monitor: those that 16 bits can tell of. */
const readMonitored = (mask: unknown): number =>
  readMask(mask, EVENT_ALL_V2, "EVENT_ALL or some of zmq.Event") & EVENT_ALL;
