/** This thread's open sockets, by address: how a shadow finds the socket that it stands for. */
import { EINVAL, ENOTSOCK, SocketType, TYPE } from "./constants.js";
import { type Context, contextInside } from "./context.js";
import { Engine } from "./engine.js";
import { makeError, rangeError, typeError, ZMQError } from "./errors.js";
import { forget, watchForLeak } from "./leaks.js";
import type { NativeContext } from "./native.js";
import { nativeKind, socketOptionRow } from "./options.js";

const engines = new Map<bigint, WeakRef<Engine>>();

/** What the constructor of a Socket makes a face of, which a program cannot give it. */
export class Opened {
  constructor(
    readonly engine: Engine,
    readonly context: Context,
    readonly type: number,
  ) {}
}

/** The socket types by number: "REQ". */
export const typeNames = new Map<number, string>();
for (const [name, number] of Object.entries(SocketType)) {
  if (!typeNames.has(number)) typeNames.set(number, name);
}

/** What stands behind the `underlying` of a socket. */
export function existing(address: unknown): Opened {
  if (typeof address !== "bigint")
    throw typeError("Socket.shadow takes a Socket or the bigint of its `underlying`");
  const engine = engines.get(address)?.deref();
  if (engine === undefined || engine.closed) {
    throw makeError(ENOTSOCK, `no open socket of this thread has the address ${address}`);
  }
  const type = engine.native.get(TYPE, nativeKind(socketOptionRow(TYPE))) as number;
  return new Opened(engine, engine.context as Context, type);
}

/** Opens a libzmq socket and writes it into the book. */
export function open(context: Context, type: unknown): Opened {
  const inside = contextInside(context);
  if (typeof type !== "number" || !Number.isInteger(type)) {
    throw typeError(`a socket type is a number such as zmq.REQ; got ${type === null ? "null" : typeof type}`);
  }
  if (type === -1) throw typeError("a socket type is a number such as zmq.REQ; got -1, which is none");
  if (type < -(2 ** 31) || type >= 2 ** 31)
    throw rangeError(`a socket type is a number such as zmq.REQ; got ${type}`);
  const engine = newEngine(inside, type, context);
  const { address } = engine;
  engines.set(address, new WeakRef(engine));
  // No closure here may name the engine: those that are kept, which share their scope, would keep it.
  watchForLeak(
    engine,
    () => `zmq.${typeNames.get(type) ?? type} socket`,
    () => gone(address),
  );
  return new Opened(engine, context, type);
}

/** The open sockets that were made in a context. */
export function openIn(context: Context): Engine[] {
  const found: Engine[] = [];
  for (const reference of engines.values()) {
    const engine = reference.deref();
    if (engine?.context === context && !engine.closed) found.push(engine);
  }
  return found;
}

/** What a closed socket leaves behind. */
function struck(engine: Engine): void {
  forget(engine);
  gone(engine.address);
}

function newEngine(inside: NativeContext, type: number, context: Context): Engine {
  try {
    return new Engine(inside, type, context, struck);
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
