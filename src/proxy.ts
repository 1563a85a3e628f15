/** zmq.proxy, proxySteerable and device: forwarding on a native thread. */
import { constants } from "node:os";
import { ENOTSOCK, QUEUE, STREAMER } from "./constants.js";
import type { Engine } from "./engine.js";
import { makeError, rangeError, typeError } from "./errors.js";
import { Messaging } from "./messaging.js";
import { type ForwarderOptions, native } from "./native.js";
import { rejectLater } from "./pending.js";
import type { Socket } from "./socket-types.js";
import { readEnd, within } from "./within.js";

export interface ProxyOptions {
  /** Aborting it stops the proxy, whose promise rejects with `signal.reason`; the sockets are usable again then. */
  signal?: AbortSignal | undefined;
  /** Milliseconds, after which the proxy is stopped as by the signal, and rejects with Again. None or negative: never. */
  timeout?: number | null | undefined;
}

/** Options of `proxy`. */
export interface CaptureOptions extends ProxyOptions {
  /** The capture socket, by its name. */
  capture?: Socket | null | undefined;
}

/** Options of `proxySteerable`. */
export interface SteerableOptions extends CaptureOptions {
  /** The control socket, by its name. */
  control?: Socket | null | undefined;
}

/** The engine of a socket that may be lent: TypeError, ENOTSOCK or EBUSY if it may not. */
function engine(socket: unknown, name: string): Engine {
  const found = Messaging.engineOf(socket);
  if (found === undefined) throw typeError(`the ${name} of a proxy must be a Socket`);
  if (found.closed) throw makeError(ENOTSOCK, `the ${name} socket is closed`);
  if (found.waiting) throw makeError(constants.errno.EBUSY, `calls are pending on the ${name} socket`);
  return found;
}

const optional = (socket: unknown, name: string): Engine | undefined =>
  socket === undefined || socket === null ? undefined : engine(socket, name);

/** A proxy that runs: `done` settles when it has ended and the sockets are usable again. */
export interface Running {
  readonly done: Promise<void>;
  stop(): void;
}

/** Starts forwarding between sockets, which are lent to the native thread meanwhile. */
export function forward(
  sockets: { frontend: Engine; backend: Engine; capture?: Engine | undefined; control?: Engine | undefined },
  options: Omit<ForwarderOptions, "frontend" | "backend" | "capture" | "control">,
): Running {
  const { frontend, backend, capture, control } = sockets;
  const engines = [frontend, backend, capture, control].filter((one) => one !== undefined);
  let stop = (): void => {};
  const done = new Promise<void>((resolve) => {
    const forwarder = new native.Forwarder(
      {
        ...options,
        frontend: frontend.native,
        backend: backend.native,
        capture: capture?.native,
        control: control?.native,
      },
      (errno) => {
        const code = errno === 0 && engines.some((one) => one.closed) ? ENOTSOCK : errno;
        if (code === 0) resolve();
        else rejectLater(resolve, () => makeError(code));
      },
    );
    stop = () => forwarder.stop();
  });
  return { done, stop: () => stop() };
}

const isOptions = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  Object.getPrototypeOf(value) === Object.prototype &&
  Object.keys(value).length > 0;

/** What `runProxy` forwards between, as a program has given it. */
interface Given {
  frontend: unknown;
  backend: unknown;
  capture?: unknown;
  control?: unknown;
}

/** What a monitored queue adds to a proxy. */
export type Monitoring = Pick<ForwarderOptions, "forwardPrefix" | "backwardPrefix" | "swap">;

/**
 * Forwards until it ends by itself, or the signal is aborted; keeps the process alive meanwhile. Never throws. `named` are the
 * sockets that the options may name.
 */
export function runProxy(
  { frontend, backend, capture, control }: Given,
  options: unknown,
  { named = [], ...monitoring }: Monitoring & { named?: readonly ("capture" | "control")[] } = {},
): Promise<void> {
  try {
    // The options may stand in place of what was left out before them.
    if (isOptions(capture)) [capture, control, options] = [undefined, undefined, capture];
    else if (isOptions(control)) [control, options] = [undefined, control];
    const limits = readEnd(options, "proxy", named);
    if (named.length > 0 && isOptions(options)) {
      const given = options as SteerableOptions;
      capture ??= given.capture;
      control ??= given.control;
    }
    const sockets = {
      frontend: engine(frontend, "frontend"),
      backend: engine(backend, "backend"),
      capture: optional(capture, "capture"),
      control: optional(control, "control"),
    };
    if (limits.signal?.aborted) return Promise.reject(limits.signal.reason);
    const running = forward(sockets, { ...monitoring, keepAlive: true });
    // The sockets are usable again only when the native thread has let go of them.
    return within(running.done, limits).catch(async (reason: unknown) => {
      running.stop();
      await running.done;
      throw reason;
    });
  } catch (error) {
    return Promise.reject(error);
  }
}

/**
 * Forwards messages both ways between two sockets, on a native thread, until the context is terminated
 * (ContextTerminated), a socket is closed (ENOTSOCK) or the signal is aborted. The sockets cannot be used meanwhile
 * (EBUSY). One socket for both sides echoes.
 *
 * @param capture gets a copy of every message: PUB, PUSH, PAIR or DEALER
 */
export function proxy(
  frontend: Socket,
  backend: Socket,
  capture?: Socket | null | CaptureOptions,
  options?: CaptureOptions | null,
): Promise<void> {
  return runProxy({ frontend, backend, capture }, options, { named: ["capture"] });
}

/**
 * `proxy` that obeys `PAUSE`, `RESUME`, `TERMINATE` and `STATISTICS`, sent to the `control` socket (PAIR, REP, ROUTER,
 * PULL or SUB). Every command is answered with one empty frame, STATISTICS with eight frames of a 64-bit number in the
 * machine's byte order: frames and bytes received and sent by the frontend, then by the backend. Resolves to 0 after
 * TERMINATE, as pyzmq's.
 */
export function proxySteerable(
  frontend: Socket,
  backend: Socket,
  capture?: Socket | null | SteerableOptions,
  control?: Socket | null | SteerableOptions,
  options?: SteerableOptions | null,
): Promise<number> {
  const sockets = { frontend, backend, capture, control };
  return runProxy(sockets, options, { named: ["capture", "control"] }).then(() => 0);
}

function readDevice(type: unknown): Error | undefined {
  const message = "a device type is QUEUE, FORWARDER or STREAMER";
  if (typeof type !== "number" || !Number.isInteger(type)) return typeError(message);
  return type < STREAMER || type > QUEUE ? rangeError(`${message}; got ${type}`) : undefined;
}

/** pyzmq's old name of `proxy`; the type (QUEUE, FORWARDER, STREAMER) says only what it is meant for. */
export function device(
  type: number,
  frontend: Socket,
  backend: Socket,
  options?: ProxyOptions | null,
): Promise<void> {
  const wrong = readDevice(type);
  if (wrong !== undefined) return Promise.reject(wrong);
  return runProxy({ frontend, backend }, options);
}
