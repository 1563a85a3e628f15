/** What the loop in spell.ts makes of a namespace, for the type checker. */
import type { SocketType, SUB } from "../constants.js";
import type { DestroyOptions, Context as MainContext } from "../context.js";
import type { ContextArguments } from "../context-arguments.js";
import type { Endpoint } from "../endpoint.js";
import type { Frame as MainFrame } from "../frame.js";
import type { SocketClass as NewSocketClass, NewSocketOptions } from "../new-socket.js";
import type {
  Bytes,
  ContextOptionAccessors,
  SocketOptionAccessors,
  SocketOptionWrites,
  WideContextOptions,
  WideSocketOptions,
} from "../options.js";
import type { Poller as MainPoller, PollResult as MainPollResult } from "../poller.js";
import type { Socket as AnySocket, SocketArguments } from "../socket.js";
import type {
  Socket as MainSocket,
  SocketClass as MainSocketClass,
  ReceiveOnly,
  SendOnly,
} from "../socket-types.js";
import type { MessageTracker as MainTracker, TrackerOptions } from "../tracker.js";
import type { EndOptions } from "../within.js";
import type { Calls, Keys } from "./calls.js";
import type { Future } from "./future.js";
import type { Snake } from "./names.js";
import type { ContextNames, SocketNames } from "./wide-options.js";

// ---- Anything

type Class = abstract new (...args: never[]) => unknown;
type Callable = (...args: never[]) => unknown;
type Shared =
  | typeof MainFrame
  | typeof MainTracker
  | typeof Endpoint
  | (abstract new (
      ...args: never[]
    ) => Error);

/** An argument; options may have their keys in both spellings. */
type Argument<A> = unknown extends A
  ? A
  : A extends object
    ? { [Key in never]: A } extends A
      ? Keys<A>
      : A
    : A;
type Arguments<A extends unknown[]> = { [I in keyof A]: Argument<A[I]> };
type Value<V> = [V] extends [never]
  ? V
  : unknown extends V
    ? V
    : V extends AnySocket
      ? Socket
      : V extends MainContext
        ? Context
        : V;
type Result<R> = R extends Promise<infer V> ? Future<Value<V>> : Value<R>;
/** The names that something answers to besides its own. */
type Other<K> = Exclude<Snake<K>, K>;
type Members<T> = { [K in keyof T as K | Snake<K>]: Spelled<T[K]> };

type SpelledClass<C extends Class> = {
  new (...args: Arguments<ConstructorParameters<C>>): Members<InstanceType<C>> & InstanceType<C>;
} & Omit<Members<C>, "prototype">;

/** What returns no promise is called as in the main entry, with all overloads; or with other spellings and objects. */
type OwnFirst<V, A extends unknown[], R> = [Value<R>] extends [R]
  ? [R] extends [Value<R>]
    ? V & ((...args: Arguments<A>) => R)
    : ((...args: Arguments<A>) => Result<R>) & V
  : ((...args: Arguments<A>) => Result<R>) & V;

/** A function, class or namespace in pyzmq's spelling; what is none of these is as it was. */
export type Spelled<V> = V extends Shared
  ? V
  : V extends typeof MainContext
    ? ContextClass
    : V extends MainSocketClass | typeof AnySocket
      ? SocketClass
      : V extends typeof MainPoller
        ? PollerClass
        : V extends Class
          ? SpelledClass<V>
          : V extends (...args: infer A) => infer R
            ? R extends Callable
              ? V & ((...args: Arguments<A>) => R)
              : R extends Promise<unknown>
                ? ((...args: Arguments<A>) => Result<R>) & V
                : OwnFirst<V, A, R>
            : V;

/** A namespace: nested ones have names that begin with a small letter, unlike constants. */
export type SpelledNamespace<N> = {
  readonly [K in keyof N as K | Snake<K>]: K extends Capitalize<K & string>
    ? Spelled<N[K]>
    : N[K] extends Callable
      ? Spelled<N[K]>
      : N[K] extends object
        ? SpelledNamespace<N[K]>
        : N[K];
};

// ---- Sockets

type Sends<T, Name extends keyof Calls> = T extends ReceiveOnly ? never : Calls[Name];
type Receives<T, Name extends keyof Calls> = T extends SendOnly ? never : Calls[Name];
type Subscribes<T> = T extends typeof SUB ? (topic: Bytes) => void : never;
type Joins<T> = T extends typeof import("../constants.js").DISH
  ? (group: string | Uint8Array) => void
  : never;

type OptionNames<Accessors, Wide> = {
  [K in keyof Accessors as K extends keyof Wide
    ? never
    : Exclude<Snake<K> | Uppercase<Snake<K> & string>, K>]: Accessors[K];
};
type SocketOptions = OptionNames<SocketOptionAccessors, WideSocketOptions>;
type OtherMethods = Omit<AnySocket, keyof Calls | keyof SocketOptionAccessors>;
type Able<T, K, V> = K extends `send${string}` | "createWriteStream"
  ? T extends ReceiveOnly
    ? never
    : V
  : K extends `recv${string}` | "createReadStream"
    ? T extends SendOnly
      ? never
      : V
    : V;
type MethodNames<T> = { [K in keyof OtherMethods as Other<K>]: Able<T, K, Spelled<OtherMethods[K]>> };

/** A socket whose methods and options answer to pyzmq's names too, and whose promises are Futures. */
export interface Socket<T extends SocketType = SocketType>
  extends MainSocket<T>,
    SocketOptions,
    SocketNames,
    MethodNames<T> {
  readonly context: Context;
  getMonitorSocket(events?: number | null, address?: string | null): Socket;
  poll: Calls["poll"];

  send: Sends<T, "send">;
  sendMultipart: Sends<T, "sendMultipart">;
  send_multipart: Sends<T, "sendMultipart">;
  sendString: Sends<T, "sendString">;
  send_string: Sends<T, "sendString">;
  sendUnicode: Sends<T, "sendString">;
  send_unicode: Sends<T, "sendString">;
  sendJson: Sends<T, "sendJson">;
  send_json: Sends<T, "sendJson">;
  sendSerialized: Sends<T, "sendSerialized">;
  send_serialized: Sends<T, "sendSerialized">;
  sendBatch: Sends<T, "sendBatch">;
  send_batch: Sends<T, "sendBatch">;

  recvSync: Receives<T, "recvSync">;
  recv_sync: Receives<T, "recvSync">;
  recvMultipartSync: Receives<T, "recvMultipartSync">;
  recv_multipart_sync: Receives<T, "recvMultipartSync">;
  recv: Receives<T, "recv">;
  recvMultipart: Receives<T, "recvMultipart">;
  recv_multipart: Receives<T, "recvMultipart">;
  recvString: Receives<T, "recvString">;
  recv_string: Receives<T, "recvString">;
  recvUnicode: Receives<T, "recvString">;
  recv_unicode: Receives<T, "recvString">;
  recvJson: Receives<T, "recvJson">;
  recv_json: Receives<T, "recvJson">;
  recvSerialized: Receives<T, "recvSerialized">;
  recv_serialized: Receives<T, "recvSerialized">;
  recvInto: Receives<T, "recvInto">;
  recv_into: Receives<T, "recvInto">;
  recvBatch: Receives<T, "recvBatch">;
  recv_batch: Receives<T, "recvBatch">;

  /** The method, or by assignment: `sub.subscribe = "topic"`. */
  get subscribe(): Subscribes<T>;
  set subscribe(topic: Bytes);
  get unsubscribe(): Subscribes<T>;
  set unsubscribe(topic: Bytes);
  set SUBSCRIBE(topic: Bytes);
  set UNSUBSCRIBE(topic: Bytes);
  join: Joins<T>;
  leave: Joins<T>;
  readonly EVENTS: number;
  readonly TYPE: number;
  copy_threshold: number;
}

export interface SocketClass {
  new <T extends SocketType>(context: MainContext, type: T, options?: Keys<SocketArguments>): Socket<T>;
  new (context: MainContext, type: number, options?: Keys<SocketArguments>): Socket;
  readonly prototype: Socket;
  /** The same socket with pyzmq's names; closing either closes both. */
  shadow(socket: AnySocket | bigint): Socket;
  fromSocket(socket: AnySocket): Socket;
  from_socket(socket: AnySocket): Socket;
}

// ---- Contexts

type Defaults = Omit<SocketOptionWrites, keyof ContextOptionAccessors>;
type DefaultNames = {
  [K in keyof Defaults as Exclude<Snake<K> | Uppercase<Snake<K>>, K>]: Defaults[K];
};
type ContextOptions = OptionNames<ContextOptionAccessors, WideContextOptions>;

/** Socket options by property name, in any spelling. */
export type SocketOptionKeys = Keys<NewSocketOptions> & {
  [K in keyof SocketOptionWrites as Exclude<Snake<K> | Uppercase<Snake<K>>, K>]?: SocketOptionWrites[K];
};

export interface Context extends MainContext, ContextOptions, ContextNames, DefaultNames {
  socket<S extends AnySocket>(
    type: number,
    socketClass: NewSocketClass<S>,
    options?: SocketOptionKeys | null,
  ): S;
  socket<S extends AnySocket>(
    type: number,
    options: SocketOptionKeys & Keys<{ socketClass: NewSocketClass<S> }>,
  ): S;
  socket<T extends SocketType>(type: T, options?: SocketOptionKeys | null): Socket<T>;
  socket(type: number, options?: SocketOptionKeys | null): Socket;
  term(options?: EndOptions | null): Future<void>;
  destroy(linger?: number | null | DestroyOptions, options?: DestroyOptions | null): Future<void>;
}

export interface ContextClass {
  new (
    ioThreads?: number | Keys<ContextArguments<MainContext>> | MainContext | bigint,
    shadow?: MainContext | bigint | 0 | null,
  ): Context;
  readonly prototype: Context;
  instance(ioThreads?: number | Keys<{ ioThreads?: number }>): Context;
  shadow(context: MainContext | bigint): Context;
  shadowPyczmq(context: MainContext | bigint): Context;
  shadow_pyczmq(context: MainContext | bigint): Context;
}

// ---- Pollers, frames

export type PollResult = [socket: Socket | number, mask: MainPollResult[1]];
type PollKeys = Keys<NonNullable<Parameters<MainPoller["poll"]>[1]>>;

export interface Poller extends MainPoller {
  poll(timeout?: number | null | PollKeys, options?: PollKeys): Future<PollResult[]>;
  pollSync(timeout?: Parameters<MainPoller["pollSync"]>[0]): PollResult[];
  poll_sync(timeout?: Parameters<MainPoller["pollSync"]>[0]): PollResult[];
  readonly raw_sockets: MainPoller["rawSockets"];
}

export interface PollerClass {
  new (): Poller;
  readonly prototype: Poller;
}

/** A frame; the class is the same one as the main entry's. */
export type Frame = MainFrame & { [K in keyof MainFrame as Other<K>]: MainFrame[K] };

/** A tracker; the class is the same one as the main entry's. */
export interface MessageTracker extends MainTracker {
  wait(timeout?: number | null | TrackerOptions, options?: TrackerOptions | null): Future<void>;
}

export interface MessageTrackerClass {
  new (...watched: ConstructorParameters<typeof MainTracker>): MessageTracker;
  readonly prototype: MessageTracker;
}
