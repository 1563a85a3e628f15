/** The arguments of devices: by position as in pyzmq, or named in one object, which stands last. */
import { types } from "node:util";
import { checkKeys } from "../call.js";
import { PUB } from "../constants.js";
import { type Data, rawFrame } from "../data.js";
import { typeError } from "../errors.js";
import { Frame } from "../frame.js";

/** What stands before a message on a monitored queue's `mon` socket: text (UTF-8) or bytes. */
export type Prefix = Exclude<Data, Frame>;

const isBytes = (value: object): boolean => ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value);

/** Reads arguments by their names; those in an object win. */
export function readArguments(
  names: readonly string[],
  given: readonly unknown[],
): Readonly<Record<string, unknown>> {
  const read: Record<string, unknown> = {};
  for (const [i, value] of given.entries()) {
    const named = typeof value === "object" && value !== null && !isBytes(value);
    if (named) Object.assign(read, checkKeys(value, names));
    else if (value !== undefined) read[names[i] as string] = value;
  }
  return read;
}

export function readType(type: unknown, name: string): number {
  if (typeof type === "number" && Number.isInteger(type)) return type;
  const got = type === undefined || type === null ? "" : `; got ${typeof type} ${String(type)}`;
  throw typeError(`${name} must be specified: a socket type such as zmq.REP${got}`);
}

/** The arguments that all proxies have. */
export interface ReadProxyArguments {
  inType: number;
  outType: number;
  monType: number;
}

export function readProxyArguments(given: Readonly<Record<string, unknown>>): ReadProxyArguments {
  return {
    inType: readType(given.inType, "inType"),
    outType: readType(given.outType, "outType"),
    monType: readType(given.monType ?? PUB, "monType"),
  };
}

/** A prefix, copied. */
export function readPrefix(prefix: unknown, name: string): Uint8Array {
  if (prefix instanceof Frame) throw typeError(`${name} must be a string or bytes, not a Frame`);
  const raw = rawFrame(prefix, name);
  return typeof raw === "string" ? Buffer.from(raw) : Buffer.from(raw as Uint8Array);
}
