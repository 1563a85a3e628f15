/** zmq.devices.Device: what all devices have in common. */
import { checkKeys, readPlace, readSignal, readTimeout } from "../call.js";
import { QUEUE } from "../constants.js";
import { Context } from "../context.js";
import { isGone, plainError, ZMQError } from "../errors.js";
import { callSite, trimStack } from "../stack.js";
import { END_KEYS, type EndOptions, held, readEnd, within } from "../within.js";
import { readArguments, readType } from "./arguments.js";
import type { Part, Prefixes, Recipe } from "./recipe.js";
import { Reservations } from "./reservations.js";
import { Session, warnOf } from "./session.js";
import { copySide, defineSide, type InSide, newSide, type OutSide, type Side } from "./side.js";
import { type ContextFactory, launchThread, type Manner, type Running } from "./thread.js";

/** Options of `start` and `run`. */
export interface StartOptions {
  /**
   * Aborting it while the device starts rejects with `signal.reason`, and nothing is left of it; later it stops the
   * device as `stop()` does.
   */
  signal?: AbortSignal | undefined;
}

/** The arguments of a Device by their names. */
export interface DeviceArguments {
  deviceType?: number | undefined;
  inType?: number | undefined;
  outType?: number | undefined;
}

/** One of a device's sockets: what is asked of it, and its type, which the program may still change. */
interface Asked {
  readonly side: Side;
  readonly type: () => number | undefined;
}

/** What a device is made of; the classes differ in this only. */
export interface Parts {
  readonly in: Asked;
  readonly out: Asked;
  mon?: Asked;
  ctrl?: Asked;
  prefixes?: Prefixes;
  launch: (recipe: Recipe, manner: Manner) => Promise<Running>;
  readonly reservations: Reservations;
  running(): Running | undefined;
}

const asked = (type: () => number | undefined): Asked => ({ side: newSide(), type });

export interface Device extends InSide, OutSide {}

/**
 * Forwards messages both ways between two sockets that it opens itself, on a native thread: message bodies are not
 * copied, and the JavaScript thread has nothing to do with them.
 *
 * What the `bind...`, `connect...` and `setsockopt...` methods ask for is done at the next start: first the options, then
 * the binds, then the connects. Unlike pyzmq's, `start()` does not block: a Device does the same as a ThreadDevice.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: defineSide makes the methods, below
export class Device {
  /** What makes the context of devices of this class; see the property of the same name. */
  static contextFactory: ContextFactory = Context.instance;

  /**
   * Makes the context when the device starts: `Context.instance`, of Process devices `Context`. May be assigned, to one
   * device or to a class. A context that is made of a class (`Context`) is terminated when the device ends; one that a
   * function returns is the program's own to terminate.
   */
  declare contextFactory: ContextFactory;
  /** `zmq.QUEUE`, `zmq.FORWARDER` or `zmq.STREAMER`: says what it is meant for and has no effect. */
  deviceType: number;
  /** The type of the `in` socket. */
  inType: number;
  /** The type of the `out` socket; if negative, the `in` socket stands on both sides. */
  outType: number;
  /** Whether the program may end while the device runs: true. Counts from the next start on. */
  daemon = true;
  readonly #parts: Parts;
  #session: Session | undefined;

  /**
   * @param deviceType `zmq.QUEUE`, the default, `zmq.FORWARDER` or `zmq.STREAMER`
   * @param inType the type of the `in` socket, such as `zmq.ROUTER`
   * @param outType the type of the `out` socket; negative: one socket stands on both sides, and echoes
   * @throws TypeError without `inType` or `outType`
   */
  constructor(
    deviceType?: number | DeviceArguments,
    inType?: number | DeviceArguments,
    outType?: number | DeviceArguments,
  ) {
    const given = readArguments(["deviceType", "inType", "outType"], [deviceType, inType, outType]);
    this.deviceType = readType(given.deviceType ?? QUEUE, "deviceType");
    this.inType = readType(given.inType, "inType");
    this.outType = readType(given.outType, "outType");
    this.#parts = {
      in: asked(() => this.inType),
      out: asked(() => this.outType),
      launch: launchThread,
      reservations: new Reservations(),
      running: () => this.#session?.running,
    };
  }

  /** @internal What a device is made of, and how its subclasses add to it. */
  static inside(device: Device): Parts {
    return device.#parts;
  }

  /** Whether it has ended, or has failed to start. False again from the next start on. */
  get done(): boolean {
    return this.#session?.over ?? false;
  }

  /** The context of the last start; undefined where it is another process's. */
  get context(): Context | undefined {
    return this.#session?.running?.context;
  }

  /**
   * Starts the device. Resolves when it runs: its sockets are open and bound. A running device does not keep the process
   * alive, unless `daemon` is false.
   *
   * @throws (rejects) what the sockets said, such as ZMQError EADDRINUSE with `endpoint`: they are closed then, and the
   * device may be started again. An Error if it is running already.
   */
  start(options: StartOptions = {}): Promise<void> {
    try {
      const session = this.#begin(options, this.#parts.launch);
      void session.ended.then((reason) => warnOf(this.constructor.name, reason));
      // A promise of the caller's own: who does not look at it hears of a failure all the same.
      return session.started.then(() => {});
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Stops the device; resolves when it has ended, its sockets are closed and their addresses are free. A start-up that
   * is under way is completed first. Without effect if it does not run.
   *
   * @param options how long to wait for its end, which comes all the same
   * @throws (rejects) Again at the timeout; `signal.reason`
   */
  async stop(options?: EndOptions | null): Promise<void> {
    const limits = readEnd(options, "stop");
    const session = this.#session;
    if (session === undefined || session.over) return;
    session.stop();
    await held(
      within(
        session.ended.then(() => {}),
        limits,
      ),
    );
  }

  /**
   * Waits until the device has ended: by `stop()`, by the end of its context, by TERMINATE.
   *
   * @param timeout seconds, after which it resolves all the same: `done` says what has happened. None or negative waits
   * for ever. `{ timeout }` is in milliseconds, and rejects with Again.
   * @throws (rejects) an Error if it has never been started
   */
  async join(timeout?: number | null | EndOptions, options?: EndOptions | null): Promise<void> {
    const { place, options: given } = readPlace(timeout, options, END_KEYS);
    const signal = readSignal(given.signal);
    const seconds = readTimeout(place) ?? -1;
    const late = given.timeout !== undefined && given.timeout !== null;
    const limit = late || seconds < 0 ? readTimeout(given.timeout) : readTimeout(seconds * 1000);
    const session = this.#session;
    if (session === undefined) {
      throw plainError(`this ${this.constructor.name} has not been started: there is nothing to join`);
    }
    if (signal?.aborted) throw signal.reason;
    if (session.over) return;
    const ended = session.ended.then(() => {});
    await held(within(ended, { timeout: limit, signal }, late ? "rejects" : "resolves"));
  }

  /**
   * Runs the device in this process, whatever its class, and waits until it has ended. Keeps the process alive.
   *
   * @throws (rejects) as `start`, and with what has ended it, unless that was `stop()` or the end of its context
   */
  run(options: StartOptions = {}): Promise<void> {
    return this.#run(options, isGone);
  }

  /** As `run`, but the end of the context rejects with ContextTerminated. */
  runDevice(options: StartOptions = {}): Promise<void> {
    return this.#run(options, () => false);
  }

  // ---- Inside

  async #run(options: StartOptions, silent: (reason: unknown) => boolean): Promise<void> {
    const session = this.#begin(options, launchThread);
    await session.started;
    const reason = await held(session.ended);
    if (reason !== undefined && !silent(reason)) throw reason;
  }

  #recipe(): Recipe {
    const { mon, ctrl, prefixes, ...sides } = this.#parts;
    const part = ({ side, type }: Asked): Part => ({ ...copySide(side), type: type() });
    return {
      in: part(sides.in),
      out: part(sides.out),
      mon: mon && part(mon),
      ctrl: ctrl && part(ctrl),
      prefixes,
    };
  }

  #begin(options: StartOptions, launch: Parts["launch"]): Session {
    const signal = readSignal(checkKeys(options, ["signal"]).signal);
    const before = this.#session;
    if (before !== undefined && !before.leaving) {
      throw plainError(`this ${this.constructor.name} is running: stop it before it is started again`);
    }
    if (signal?.aborted) throw signal.reason;
    const recipe = this.#recipe();
    const manner = { factory: this.contextFactory, daemon: this.daemon, signal };
    const site = callSite();
    const begin = (): Promise<Running> =>
      launch(recipe, manner).catch((error: unknown) => {
        // What was not thrown within the call has no trace of the caller yet. The program's own errors keep theirs.
        const ours = error instanceof ZMQError || launch !== launchThread;
        if (ours && error instanceof Error && error !== signal?.reason) trimStack(error, site);
        throw error;
      });
    const session = new Session(begin, before?.over ? undefined : before?.ended, signal);
    this.#session = session;
    session.begin();
    const bound = (): void => this.#parts.reservations.bound();
    session.started.then(bound, bound);
    return session;
  }
}

export const deviceInside = Device.inside;

// A property of the class until a device gets one of its own.
Object.defineProperty(Device.prototype, "contextFactory", {
  configurable: true,
  enumerable: false,
  get(this: Device) {
    return (this.constructor as typeof Device).contextFactory;
  },
  set(this: Device, value: ContextFactory) {
    Object.defineProperty(this, "contextFactory", {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  },
});

/** Where the methods of a side find what they add to. */
export const asks =
  (name: "in" | "out" | "mon" | "ctrl") =>
  (device: Device): { side: Side; reservations: Reservations } => {
    const parts = deviceInside(device);
    return { side: (parts[name] as Asked).side, reservations: parts.reservations };
  };

defineSide(Device.prototype, "In", asks("in"));
defineSide(Device.prototype, "Out", asks("out"));
