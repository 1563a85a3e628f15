/**
 * nodezmq/pyzmq: the library with pyzmq's own spelling. `recv_string` and `socket.last_endpoint` work beside `recvString`
 * and `socket.lastEndpoint`, option attributes may be written in any case, promises are Futures that can be cancelled.
 * How, and why there are subclasses: spell.ts.
 */
import { EVENTS, SUBSCRIBE, TYPE, UNSUBSCRIBE } from "../constants.js";
import { Context as MainContext } from "../context.js";
import { Endpoint } from "../endpoint.js";
import { Frame as MainFrame } from "../frame.js";
import * as zmq from "../index.js";
import { type Bytes, contextOptions, notAccessors, socketOptions } from "../options.js";
import { Poller as MainPoller } from "../poller.js";
import { Socket as MainSocket } from "../socket.js";
import { MessageTracker as MainTracker } from "../tracker.js";
import { camel, isPlain, snake } from "./names.js";
import { Speller, type Spelling } from "./spell.js";
import type * as types from "./types.js";
import { type Callable, cancellable, deviceCalls, pollerCalls, socketCalls } from "./waiting.js";

/** Option names in lower case, and the properties that they are. */
const spellingsOf = (names: readonly string[]): Map<string, string> =>
  new Map(names.map((name) => [snake(name), name]));

function attributes(...tables: readonly object[]): Map<string, string> {
  const methods: readonly string[] = notAccessors;
  return spellingsOf(tables.flatMap((table) => Object.keys(table)).filter((name) => !methods.includes(name)));
}

const ofSockets = attributes(socketOptions);
const ofContexts = attributes(contextOptions, socketOptions);
const keys = spellingsOf(Object.keys(socketOptions));
/** The property that an option's name in any spelling stands for. */
const optionKey = (name: string): string => keys.get(snake(name).toLowerCase()) ?? camel(name);
const optionKeys = (options: unknown): unknown =>
  isPlain(options)
    ? Object.fromEntries(Object.entries(options).map(([name, value]) => [optionKey(name), value]))
    : options;

const spellings = new Map<unknown, Spelling>([
  [MainSocket, { calls: socketCalls, attributes: ofSockets, fields: ["copyThreshold"] }],
  [MainPoller, { calls: pollerCalls }],
  [MainContext, { attributes: ofContexts }],
  ...Object.values(zmq.devices).map((device): [unknown, Spelling] => [
    device,
    { calls: deviceCalls, fields: ["deviceType", "inType", "outType"] },
  ]),
]);
const shared = new Set<unknown>([MainFrame, MainTracker, Endpoint]);

/** What programs of this entry see of the sockets and contexts that the library opens itself. */
const faces = new WeakMap<object, object>();
function face(value: unknown): unknown {
  let Face: { prototype: object; shadow(of: never): object };
  if (value instanceof MainSocket) Face = Socket;
  else if (value instanceof MainContext) Face = Context;
  else return value;
  if (Object.prototype.isPrototypeOf.call(Face.prototype, value) || value.closed) return value;
  const known = faces.get(value) ?? Face.shadow(value as never);
  faces.set(value, known);
  return known;
}

const speller = new Speller(
  spellings,
  (value) => shared.has(value) || Object.prototype.isPrototypeOf.call(Error, value),
  face,
);
const spelled = speller.spell(zmq) as types.SpelledNamespace<typeof zmq>;

export type Context = types.Context;
export type Socket<T extends zmq.SocketType = zmq.SocketType> = types.Socket<T>;
export type Poller = types.Poller;
export type PollResult = types.PollResult;
export type Frame = types.Frame;
export type Message = types.Frame;
export type MessageTracker = types.MessageTracker;

// Named one by one, for Node finds the names of a CommonJS module by reading its text. test/pyzmq-names.test.ts tells of
// one that is missing. What has one spelling and returns no promise comes from the main entry, below.
export const { Context, Socket, Poller, Frame, Message, SyncContext, SyncSocket, Stopwatch } = spelled;
export const { asyncio, auth, constants, decorators, devices, error } = spelled;
export const { eventloop, green, log, ssh, utils } = spelled;
export const { device, has, proxy, select, strerror, version } = spelled;
export const { getIncludes, getLibraryDirs, get_includes, get_library_dirs } = spelled;
export const { curveKeypair, proxySteerable, setExitLinger, zmqErrno, zmqPoll } = spelled;
export const { curve_keypair, proxy_steerable, set_exit_linger, zmq_errno, zmq_poll } = spelled;
export const { pyzmqVersion, pyzmqVersionInfo, zmqVersion, zmqVersionInfo } = spelled;
export const { pyzmq_version, pyzmq_version_info, zmq_version, zmq_version_info } = spelled;
// Declared by reference: written out, the declaration of what takes a Uint8Array is for the newest compilers only.
export const curvePublic: typeof spelled.curvePublic = spelled.curvePublic;
export const curve_public: typeof spelled.curve_public = spelled.curve_public;
export const parseMonitorMessage: typeof spelled.parseMonitorMessage = spelled.parseMonitorMessage;
export const parse_monitor_message: typeof spelled.parse_monitor_message = spelled.parse_monitor_message;
export const { recvMonitorMessage, recv_monitor_message } = spelled;

// Trackers come from calls of either entry: all of them wait by a Future once this one is loaded, which is a promise, too.
Object.defineProperty(MainTracker.prototype, "wait", {
  configurable: true,
  writable: true,
  value: cancellable(MainTracker.prototype.wait as Callable, { from: 1, names: [], fixed: true }),
});
export const MessageTracker: types.MessageTrackerClass = MainTracker as unknown as types.MessageTrackerClass;

// What is not named above is still spelled, though not typed.
Object.assign(exports, spelled);

export * from "../index.js";
export { CancelledError, Future, InvalidStateError } from "./future.js";

const openSocket: unknown = Object.getOwnPropertyDescriptor(MainContext.prototype, "socket")?.value;
Object.defineProperties(Context.prototype, {
  /** Sockets of this entry's contexts are of this entry, too. */
  newSocket: {
    configurable: true,
    value(this: Context, type: number): Socket {
      const own: unknown = Reflect.get(this, "_socketClass") ?? Reflect.get(this, "_socket_class");
      return new ((own as typeof Socket | undefined) ?? Socket)(this, type);
    },
  },
  socket: {
    configurable: true,
    value(this: Context, type: number, ...more: unknown[]): unknown {
      return Reflect.apply(openSocket as MainContext["socket"], this, [type, ...more.map(optionKeys)]);
    },
  },
});

Object.defineProperty(zmq.ZMQVersionError.prototype, "min_version", {
  configurable: true,
  get(this: zmq.ZMQVersionError) {
    return this.minVersion;
  },
});

const option = (number: number): PropertyDescriptor => ({
  configurable: true,
  get(this: Socket) {
    return this.get(number);
  },
});
/** A method that may also be assigned to, as pyzmq's attribute of the same name. */
function assignable(method: "subscribe" | "unsubscribe", number: number): PropertyDescriptor {
  const call: unknown = Object.getOwnPropertyDescriptor(Socket.prototype, method)?.value;
  return {
    configurable: true,
    get: () => call,
    set(this: Socket, topic: Bytes) {
      this.set(number, topic);
    },
  };
}
const writable = (number: number): PropertyDescriptor => ({
  configurable: true,
  get(this: Socket) {
    return this.get(number); // libzmq says that it cannot be read
  },
  set(this: Socket, topic: Bytes) {
    this.set(number, topic);
  },
});
Object.defineProperties(Socket.prototype, {
  EVENTS: option(EVENTS),
  TYPE: option(TYPE),
  subscribe: assignable("subscribe", SUBSCRIBE),
  unsubscribe: assignable("unsubscribe", UNSUBSCRIBE),
  SUBSCRIBE: writable(SUBSCRIBE),
  UNSUBSCRIBE: writable(UNSUBSCRIBE),
});
