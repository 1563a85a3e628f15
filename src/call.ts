/** The arguments that calls share: `(…, flags?, options?)`, where the options may stand in place of the flags. */
import { DONTWAIT } from "./constants.js";
import { rangeError, shown, typeError } from "./errors.js";
import type { WaitLimits } from "./pending.js";
import { didYouMean } from "./suggest.js";
import { FOREVER } from "./timers.js";

/** Options of every call that may wait. */
export interface WaitOptions {
  /** `zmq.DONTWAIT` and the like, when the options stand in place of the flags. */
  flags?: number | undefined;
  /** Milliseconds to wait before the call fails with Again; negative waits for ever. Default: RCVTIMEO or SNDTIMEO. */
  timeout?: number | null | undefined;
  /** Aborting it rejects the call with `signal.reason`; nothing is consumed then. */
  signal?: AbortSignal | undefined;
}

/** Options of the blocking calls, which no signal can reach. */
export type SyncOptions = Omit<WaitOptions, "signal">;

export const WAIT_KEYS = ["flags", "timeout", "signal"] as const;
export const SYNC_KEYS = ["flags", "timeout"] as const;

/** What a call was given, checked. */
export interface Call extends WaitLimits {
  flags: number;
  dontWait: boolean;
  options: Readonly<Record<string, unknown>>;
}

/** A timeout in milliseconds: -1 for ever. `undefined` and `null` mean the default. */
export function readTimeout(timeout: unknown): number | undefined {
  if (timeout === undefined || timeout === null) return undefined;
  if (typeof timeout !== "number" || Number.isNaN(timeout)) {
    throw typeError(`a timeout is a number of milliseconds; got ${shown(timeout)}`);
  }
  return timeout < 0 || timeout === Number.POSITIVE_INFINITY ? -1 : Math.min(timeout, FOREVER); // one day more or less in 24 is no matter
}

export function readSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  // jsdom and some polyfills have a class of their own.
  const { aborted, addEventListener, removeEventListener } = Object(signal) as Partial<AbortSignal>;
  const listens = typeof addEventListener === "function" && typeof removeEventListener === "function";
  if (typeof aborted === "boolean" && listens) return signal as AbortSignal;
  throw typeError("signal must be an AbortSignal");
}

/** Whether an object can be meant as options: a signal, a buffer or a socket in their place is a mistake. */
function isOptions(value: unknown): value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || Object.getPrototypeOf(prototype) === null) return true; // of any realm
  return Object.keys(value).length > 0 && !ArrayBuffer.isView(value);
}

/** Refuses keys that nobody reads: a misspelt option must not be silently without effect. */
export function checkKeys(options: unknown, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (!isOptions(options)) {
    const kind = typeof options === "object" && options !== null ? options.constructor?.name : undefined;
    throw typeError(`options must be an object; got ${options === null ? "null" : (kind ?? typeof options)}`);
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    throw typeError(`unknown option '${key}'${didYouMean(key, known) || `; known: ${known.join(", ")}`}`);
  }
  return options as Readonly<Record<string, unknown>>;
}

const none: Readonly<Record<string, unknown>> = Object.freeze({});

/** `(timeout?, options?)`, where the options may stand in place of the timeout: what is given, checked for its keys. */
export function readPlace(
  place: unknown,
  options: unknown,
  known: readonly string[],
): { place: unknown; options: Readonly<Record<string, unknown>> } {
  const stands = typeof place === "object" && place !== null;
  const given = options ?? (stands ? place : none);
  if (stands && given !== place) checkKeys(place, known);
  return { place: stands ? undefined : place, options: given === none ? none : checkKeys(given, known) };
}

/** One argument, or an options object in its place that carries it by its name, as Python's keyword arguments do. */
export function readNamed(place: unknown, name: string): unknown {
  return typeof place === "object" && place !== null ? checkKeys(place, [name])[name] : place;
}

/** true or false; undefined and null where nothing was said. */
export function readFlag(value: unknown, name: string): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "boolean") return value;
  throw typeError(`${name} must be true or false; got ${typeof value}`);
}

/** A mask of events, as large as one may be. */
export function readMask(mask: unknown, most: number, what: string): number {
  if (typeof mask !== "number" || !Number.isInteger(mask)) throw typeError(`events are ${what}`);
  if (mask < 0 || mask > most) throw rangeError(`events are ${what}; got ${mask}`);
  return mask;
}

/** From how many bytes on memory is shared. */
export function readThreshold(threshold: unknown): number {
  if (typeof threshold !== "number" || Number.isNaN(threshold))
    throw typeError("copyThreshold must be a number of bytes");
  if (threshold < 0) throw rangeError(`copyThreshold must be a number of bytes, 0 or more; got ${threshold}`);
  return threshold;
}

export function readFlags(flags: unknown): number {
  if (typeof flags === "number" && Number.isInteger(flags) && flags >= 0 && flags < 2 ** 31) return flags;
  throw typeError(`flags must be an integer such as zmq.DONTWAIT; got ${shown(flags)}`);
}

/** Reads `(flags?, options?)`. */
export function readCall(flags: unknown, options: unknown, known: readonly string[]): Call {
  let given = none;
  let number: unknown = 0;
  if (typeof flags === "object" && flags !== null) {
    given = checkKeys(flags, known);
    number = given.flags ?? 0;
  } else {
    number = flags ?? 0;
  }
  if (options !== undefined && options !== null) {
    given = checkKeys(options, known);
    number = given.flags ?? number;
  }
  const checked = readFlags(number);
  return {
    flags: checked & ~DONTWAIT,
    dontWait: (checked & DONTWAIT) !== 0,
    timeout: readTimeout(given.timeout),
    signal: readSignal(given.signal),
    options: given,
  };
}
