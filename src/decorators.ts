/** zmq.decorators: functions that are given a context or a socket, which is closed when they are done. */
import { checkKeys } from "./call.js";
import { Context } from "./context.js";
import { typeError } from "./errors.js";
import type { SocketOptionWrites } from "./options.js";
import type { Socket } from "./socket.js";

/** Wraps a function: what it makes takes the same arguments without the last, which is the context or socket. */
export type Adding<T> = <This, A extends unknown[], R>(
  target: (this: This, ...args: [...A, T]) => R,
  place?: unknown,
) => (this: This, ...args: A) => R;

/** The same for a function whose last argument is an options object that has the context or socket by name. */
export type Naming<N extends string, T> = <This, A extends unknown[], O extends Record<N, T>, R>(
  target: (this: This, ...args: [...A, O]) => R,
  place?: unknown,
) => (
  this: This,
  ...args: object extends Omit<O, N> ? [...A, options?: Omit<O, N>] : [...A, options: Omit<O, N>]
) => R;

export interface ContextOptions {
  /** The key under which the context comes in the function's options object. Default: it comes as the last argument. */
  name?: string | undefined;
  /** As for `new Context`. */
  ioThreads?: number | undefined;
}

export interface SocketOptions extends SocketOptionWrites {
  /** The key under which the socket comes in the function's options object. Default: it comes as the last argument. */
  name?: string | undefined;
  /** The key under which to look for a context in the function's options object. Default "context". */
  contextName?: string | undefined;
}

interface Lent {
  value: Context | Socket;
  /** What is awaited before an async function's result is passed on. */
  close(): Promise<void> | undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";

/** Wraps functions so that they are lent something for as long as they run. */
function lending(name: string | undefined, lend: (args: readonly unknown[]) => Lent) {
  return (target: unknown): unknown => {
    if (typeof target !== "function") throw typeError("a decorator wraps a function");
    function wrapped(this: unknown, ...args: unknown[]): unknown {
      const last = args.at(-1);
      const given = name !== undefined && isObject(last) ? last : undefined;
      if (name !== undefined && given !== undefined && name in given)
        throw typeError(`${(target as { name: string }).name}() got multiple values for argument '${name}'`);
      const { value, close } = lend(args);
      let lent: unknown[];
      if (name === undefined) lent = [...args, value];
      else lent = [...(given === undefined ? args : args.slice(0, -1)), { ...given, [name]: value }];
      let result: unknown;
      try {
        result = Reflect.apply(target as (...all: unknown[]) => unknown, this, lent);
      } catch (error) {
        void close();
        throw error;
      }
      if (!isPromise(result)) {
        void close();
        return result;
      }
      return Promise.resolve(result).finally(close);
    }
    Object.defineProperty(wrapped, "name", { value: target.name, configurable: true });
    return wrapped;
  };
}

function readName(first: unknown, options: { name?: unknown }): string | undefined {
  const name = options.name ?? (typeof first === "string" ? first : undefined);
  if (name !== undefined && typeof name !== "string") throw typeError("name is the key of an argument");
  return name;
}

/**
 * `context()(async (a, b, context) => ...)` is a function of `(a, b)`. It is given a new Context, which is destroyed
 * when it returns or throws; when it is async, its promise is settled after that. A synchronous function returns at
 * once: its context's sockets are closed then, and what lingers is sent in the background.
 *
 * @param name the key under which the context comes in the function's last argument, an options object, instead
 * @param ioThreads as for `new Context`
 */
export function context<N extends string>(
  name: N,
  ioThreads?: number | ContextOptions,
  options?: ContextOptions,
): Naming<N, Context>;
export function context<N extends string>(options: ContextOptions & { name: N }): Naming<N, Context>;
export function context(ioThreads?: number | ContextOptions, options?: ContextOptions): Adding<Context>;
export function context(...args: unknown[]): unknown {
  const last = args.at(-1);
  const options: ContextOptions = isObject(last) ? checkKeys(last, ["name", "ioThreads"]) : {};
  const name = readName(args[0], options);
  const [positional] = args.filter((arg) => typeof arg !== "string" && !isObject(arg));
  const ioThreads = positional ?? options.ioThreads;
  return lending(name, () => {
    const made = new Context(ioThreads as number | undefined);
    return { value: made, close: () => made.destroy() };
  });
}

/**
 * `socket(zmq.PUSH)(async (context, socket) => ...)` is a function of `(context)`. It is given a new socket, closed
 * when it returns or throws, or its promise is settled. The socket's context is the one that the function's options
 * object has as `contextName`, else the first Context among its arguments, else `Context.instance()`.
 *
 * @param name the key under which the socket comes in the function's last argument, an options object, instead
 * @param type `zmq.PUSH` and so on; without it calling the function is a TypeError
 * @param options also the socket's options: `{ linger: 0 }`
 */
export function socket<N extends string>(name: N, type: number, options?: SocketOptions): Naming<N, Socket>;
export function socket<N extends string>(
  type: number,
  options: SocketOptions & { name: N },
): Naming<N, Socket>;
export function socket(type: number, options?: SocketOptions): Adding<Socket>;
export function socket(...args: unknown[]): unknown {
  const last = args.at(-1);
  const given: SocketOptions = isObject(last) ? last : {};
  const { name: _name, contextName = "context", ...options } = given;
  const name = readName(args[0], given);
  const type = args.find((arg) => typeof arg === "number");
  return lending(name, (passed) => {
    if (type === undefined) throw typeError("the socket decorator needs a type such as zmq.REQ");
    const owner = contextAmong(passed, contextName) ?? Context.instance();
    const made = owner.socket(type as number, options);
    return {
      value: made,
      close: () => {
        made.close();
        return undefined;
      },
    };
  });
}

function contextAmong(args: readonly unknown[], name: string): Context | undefined {
  const last = args.at(-1);
  const named = isObject(last) ? last[name] : undefined;
  if (named instanceof Context) return named;
  return args.find((arg) => arg instanceof Context) as Context | undefined;
}
