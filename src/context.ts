/** zmq.Context. */
import { inspect } from "node:util";
import { defineAccessors } from "./accessors.js";
import { readPlace, readSignal, readThreshold, readTimeout } from "./call.js";
import { IO_THREADS_DFLT, RCVHWM, SNDHWM, type SocketType } from "./constants.js";
import { type ContextArguments, readShadow, readThreads } from "./context-arguments.js";
import { Defaults, setOptions } from "./defaults.js";
import { ContextTerminated, typeError } from "./errors.js";
import { forget, watchForLeak } from "./leaks.js";
import { type NativeContext, native } from "./native.js";
import { type NewSocketOptions, readNewSocket, type SocketClass } from "./new-socket.js";
import {
  type ContextOptionAccessors,
  type ContextOptionInput,
  type ContextOptionValue,
  contextOptionRow,
  contextOptions,
  decodeOption,
  encodeOption,
  type OptionRow,
  optionNumber,
  readLinger,
  refusal,
  type SocketOptionWrites,
  socketOptions,
} from "./options.js";
import { overridden } from "./overriding.js";
import { openIn } from "./registry.js";
import { Socket } from "./socket.js";
import type { Socket as TypedSocket } from "./socket-types.js";
import { END_KEYS, type EndOptions, held, readEnd, within } from "./within.js";

/** How the constructor is told to make something else than a new context. */
class Existing {
  constructor(
    readonly native: NativeContext,
    readonly shadow: boolean,
  ) {}
}

const sockets: Readonly<Record<string, OptionRow>> = socketOptions;
const contexts: Readonly<Record<string, OptionRow>> = contextOptions;

/** Options of `destroy`. */
export interface DestroyOptions extends EndOptions {
  /** Milliseconds, instead of each socket's LINGER. */
  linger?: number | null | undefined;
}

const DESTROY_KEYS = ["linger", ...END_KEYS];

/** The process-wide context, as each class shows it. */
const instances = new Map<typeof Context, Context>();

const isContext = (value: unknown): value is Context => value instanceof Context;

/** The class that a static method was called on; such methods are handed around as functions, too. */
const classOf = (self: unknown): typeof Context =>
  typeof self === "function" && self.prototype instanceof Context ? (self as typeof Context) : Context;

let inside: (context: unknown) => NativeContext;

export interface Context
  extends ContextOptionAccessors,
    Omit<SocketOptionWrites, keyof ContextOptionAccessors> {}

/**
 * A ZeroMQ context: the I/O threads, and the sockets that can reach each other by `inproc://`. Safe to share between
 * threads, by `Context.shadow(context.underlying)` or `Context.instance()`.
 *
 * Socket options set on a context, as properties or with `setsockopt`, are defaults for the sockets made later.
 */
export class Context implements AsyncDisposable {
  readonly #native: NativeContext;
  readonly #shadow: boolean;
  readonly #defaults = new Defaults();
  #terminated = false;
  #ending: Promise<void> | undefined;

  /**
   * @param ioThreads how many threads move the messages of tcp and ipc; 1 by default. A context or the bigint of its
   * `underlying` instead makes a shadow.
   * @param shadow the same, after the number that does not matter then; 0 is none
   * @throws ZMQError EINVAL for a negative number, EMFILE. See zmq_ctx_new(3).
   */
  constructor(
    ioThreads: number | ContextArguments<Context> | Context | bigint = IO_THREADS_DFLT,
    shadow?: Context | bigint | 0 | null,
  ) {
    const given: unknown = readShadow(ioThreads, shadow, isContext) ?? ioThreads;
    if (given instanceof Existing) {
      this.#native = given.native;
      this.#shadow = given.shadow;
    } else if (given instanceof Context || typeof given === "bigint") {
      this.#native = shadowOf(given);
      this.#shadow = true;
    } else {
      this.#native = new native.Context(readThreads(given), "new");
      this.#shadow = false;
      const context = this.#native;
      watchForLeak(
        this,
        () => "zmq.Context",
        () => context.term(null),
      );
    }
  }

  /** The one context of the process, in every thread: `inproc://` works between workers through it. */
  static instance(ioThreads: number | { ioThreads: number } = IO_THREADS_DFLT): Context {
    const threads = readThreads(ioThreads);
    const Class = classOf(this);
    const known = instances.get(Class);
    if (known !== undefined && !known.closed && !known.#native.terminated()) return known;
    const made = new Class(new Existing(new native.Context(threads, "instance"), false) as unknown as number);
    instances.set(Class, made);
    return made;
  }

  /** Another face of a context, by itself or its `underlying`; `term()` on it lets go of the shadow only. */
  static shadow(context: Context | bigint | number): Context {
    return new (classOf(this))(new Existing(shadowOf(context), true) as unknown as number);
  }

  /** @deprecated The same as `shadow`; there is no pyczmq here. */
  static shadowPyczmq(context: Context | bigint): Context {
    return classOf(this).shadow(context);
  }

  /** Whether `term()` has been completed here. */
  get closed(): boolean {
    return this.#terminated;
  }

  /** libzmq's handle, for `Context.shadow`, also in another thread; 0n once closed. */
  get underlying(): bigint {
    return this.#terminated ? 0n : this.#native.address();
  }

  /** Opens a socket of a class of the program's own, which is made with the context and the type. */
  socket<S extends Socket>(type: number, socketClass: SocketClass<S>, options?: NewSocketOptions | null): S;
  /** The same with options. */
  socket<S extends Socket>(type: number, options: NewSocketOptions & { socketClass: SocketClass<S> }): S;
  /**
   * Opens a socket.
   *
   * @param type `zmq.REQ` and so on
   * @param options socket options by property name, set before it is returned: `{ linger: 0 }`. Also `socketClass`, a
   * class of the program's own, which may stand in place of the options, and `copyThreshold`.
   * @throws TypeError for an unknown option; else as `new Socket`
   */
  socket<T extends SocketType>(type: T, options?: NewSocketOptions | null): TypedSocket<T>;
  /** Opens a socket whose type is not known when the program is compiled. */
  socket(type: number, options?: NewSocketOptions | null): TypedSocket;
  socket(type: number, options?: NewSocketOptions | SocketClass | null, more?: unknown): Socket {
    this.#alive();
    const { socketClass, copyThreshold, given } = readNewSocket(options, more);
    const socket = socketClass === undefined ? this.newSocket(type) : new socketClass(this, type);
    try {
      this.#defaults.apply(socket);
      if (copyThreshold !== undefined) socket.copyThreshold = readThreshold(copyThreshold);
      setOptions(socket, given);
      return socket;
    } catch (error) {
      socket.close(0);
      throw error;
    }
  }

  /** What `socket` makes when it is not told a class: for subclasses, in place of `newSocket`. */
  declare protected _socketClass?: SocketClass;

  /** Makes the sockets, without options: for subclasses that have sockets of a class of their own. */
  protected newSocket(type: number): Socket {
    return new (this._socketClass ?? Socket)(this, type);
  }

  /** Sets a context option by its number. See zmq_ctx_set(3). */
  set<N extends number>(option: N, value: ContextOptionInput<N>): void {
    this.#alive();
    const number = optionNumber(option);
    const encoded = encodeOption(contextOptionRow(number), number, value).value;
    try {
      this.#native.set(number, typeof encoded === "bigint" ? Number(encoded) : (encoded as number | string));
    } catch (error) {
      throw refusal(error, "setting", contextOptionRow(number), number);
    }
  }

  /** Reads a context option by its number. See zmq_ctx_get(3). */
  get<N extends number>(option: N): ContextOptionValue<N> {
    this.#alive();
    const number = optionNumber(option);
    try {
      return decodeOption(
        contextOptionRow(number),
        number,
        this.#native.get(number),
      ) as ContextOptionValue<N>;
    } catch (error) {
      throw refusal(error, "reading", contextOptionRow(number), number);
    }
  }

  /** Sets a default for the sockets made later; `undefined` removes it. */
  setsockopt(option: number, value: unknown): void {
    this.#alive();
    this.#defaults.set(option, value);
  }

  /** The default for an option. An Error that names it if there is none. */
  getsockopt(option: number): unknown {
    this.#alive();
    return this.#defaults.get(option);
  }

  /** The defaults for sockets made later, by option number, as they are now. */
  get sockopts(): Map<number, unknown> {
    this.#alive();
    return this.#defaults.all;
  }

  /** Both high-water marks of sockets made later, in messages; reads SNDHWM. */
  get hwm(): number {
    return this.getsockopt(SNDHWM) as number;
  }
  set hwm(value: number) {
    this.setsockopt(SNDHWM, value);
    this.setsockopt(RCVHWM, value);
  }

  /** MAX_MSGSZ by the name that the reference of libzmq's options has for it. */
  get maxMsgSize(): number {
    return this.maxMsgsz;
  }
  set maxMsgSize(value: number) {
    this.maxMsgsz = value;
  }

  /**
   * Ends the context: pending operations of its sockets are rejected with ContextTerminated; resolves when every
   * socket has been closed and what was queued has been sent, or its LINGER is over. Does not close sockets itself:
   * see `destroy`. On a shadow, only lets go of it.
   *
   * @param options how long to wait: the context goes on ending all the same, and calling again waits on
   * @throws (rejects) Again at the timeout; `signal.reason`
   */
  term(options?: EndOptions | null): Promise<void> {
    try {
      const limits = readEnd(options, "term");
      if (limits.signal?.aborted) throw limits.signal.reason;
      return held(within(this.#end(), limits));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #end(): Promise<void> {
    if (this.#ending !== undefined) return this.#ending;
    forget(this);
    if (this.#shadow) {
      this.#terminated = true;
      this.#ending = Promise.resolve();
    } else {
      this.#ending = new Promise((resolve) => {
        this.#native.term(() => {
          this.#terminated = true;
          resolve();
        });
      });
    }
    return this.#ending;
  }

  /**
   * Closes the context's sockets of this thread, then `term()`. A `close` that a program has overridden is called; what it
   * throws is what this rejects with, when all has ended.
   *
   * @param linger milliseconds, instead of each socket's LINGER; the options may stand in its place
   * @param options `linger`, and how long to wait, as for `term`
   */
  destroy(linger?: number | null | DestroyOptions, options?: DestroyOptions | null): Promise<void> {
    try {
      const { place, options: given } = readPlace(linger, options, DESTROY_KEYS);
      const wait = readLinger(place ?? given.linger);
      const limits = { timeout: readTimeout(given.timeout), signal: readSignal(given.signal) };
      if (limits.signal?.aborted) throw limits.signal.reason;
      const failures: unknown[] = [];
      for (const engine of openIn(this)) {
        if (engine.closed) continue; // by the close of one before it
        const socket = engine.opener;
        engine.opener = undefined; // it may destroy the context in its turn
        try {
          if (socket !== undefined && overridden(socket, "close")) socket.close(wait);
        } catch (error) {
          failures.push(error);
        }
        engine.close(wait);
      }
      const ended = held(within(this.#end(), limits));
      return failures.length === 0 ? ended : ended.then(() => Promise.reject(failures[0]));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.destroy();
  }

  [inspect.custom](): string {
    const open = openIn(this).length;
    return `Context(${open} ${open === 1 ? "socket" : "sockets"}${this.#terminated ? ", closed" : ""})`;
  }

  #alive(): void {
    if (this.#terminated || this.#ending !== undefined) throw new ContextTerminated();
  }

  static {
    inside = (context) => {
      if (!(context instanceof Context)) throw typeError("a socket needs a Context");
      context.#alive();
      return context.#native;
    };
  }
}

/** What a socket is opened in: throws for what is no context, or has ended. */
export const contextInside = (context: unknown): NativeContext => inside(context);

// A context is not collected, and so not terminated, while somebody still has a shadow of it.
const shadowed = new WeakMap<NativeContext, Context>();

function shadowOf(context: unknown): NativeContext {
  if (context instanceof Context) {
    const shadow = new native.Context(contextInside(context).address(), "shadow");
    shadowed.set(shadow, context);
    return shadow;
  }
  if (typeof context === "bigint") return new native.Context(context, "shadow");
  if (typeof context === "number" && Number.isSafeInteger(context))
    return new native.Context(BigInt(context), "shadow");
  throw typeError("a shadow takes a Context or the bigint of its `underlying`");
}

defineAccessors(Context.prototype, contexts, [], {
  get: (context: Context, option) => context.get(option),
  set: (context: Context, option, value) => context.set(option, value as never),
});
// Whatever is no option of the context itself is a default for its sockets, which can be read even where the option cannot.
const defaults = Object.entries(sockets).map(([name, [option, kind, access]]): [string, OptionRow] => [
  name,
  [option, kind, access === "w" ? "rw" : access],
]);
defineAccessors(Context.prototype, Object.fromEntries(defaults), ["events", "type"], {
  get: (context: Context, option) => context.getsockopt(option),
  set: (context: Context, option, value) => context.setsockopt(option, value),
});
