/** Message data: what may be sent, and how it is brought into the two forms that the addon takes. */
import { types } from "node:util";
import { typeError } from "./errors.js";
import type { Frame } from "./frame.js";
import { bufferOf, byteLength, bytesOf, isBytes, setBytes } from "./intrinsics.js";
import type { NativeFrame } from "./native.js";

/** Anything that can be sent as one frame. Strings are sent as UTF-8. */
export type Data = string | ArrayBufferView | ArrayBuffer | SharedArrayBuffer | Frame;

/** A whole message: one frame, or several. */
export type MessageData = Data | readonly Data[];

/** What the addon takes. */
export type RawFrame = string | Uint8Array | NativeFrame;

/** How a Frame shows the addon's object behind it, which is what is sent. */
export const RAW = Symbol("raw");

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return `an object (${value.constructor?.name ?? "no class"})`;
  const text = String(value);
  return `${typeof value} ${text.length > 32 ? `${text.slice(0, 32)}...` : text}`;
}

const WANTED = "a string, Buffer, TypedArray, DataView, ArrayBuffer, SharedArrayBuffer or Frame";

export const detached = (what: string): TypeError =>
  typeError(`${what} is a view of a detached buffer: it has no content any more`);

/** One frame for the addon; a TypeError that names the frame for anything that is no data. */
export function rawFrame(data: unknown, what = "the message (frame 0)"): RawFrame {
  if (typeof data === "string") return data;
  if (ArrayBuffer.isView(data)) {
    if (isBytes(data)) {
      if (byteLength(data) === 0 && isDetached(bufferOf(data))) throw detached(what);
      return data;
    }
    try {
      return bytesOf(data);
    } catch {
      throw detached(what);
    }
  }
  // Of any realm: vm and some test runners have classes of their own.
  if (types.isAnyArrayBuffer(data)) {
    if (data.byteLength === 0 && isDetached(data)) throw detached(what);
    return new Uint8Array(data);
  }
  if (typeof data === "object" && data !== null && RAW in data) return data[RAW] as NativeFrame;
  throw typeError(`${what} must be ${WANTED}, not ${describe(data)}`);
}

// ArrayBuffer.prototype.detached is younger than Node 20; making a view of a detached buffer throws everywhere.
function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** What is a frame as it stands: to be asked before a name for the error is put together. */
export const isRaw = (data: unknown): data is string | Uint8Array =>
  typeof data === "string" || (isBytes(data) && byteLength(data) > 0);

/** Arrays up to this length are allocated at once. */
const MANY = 1000;

/**
 * What is in an array, each element looked at once: a getter may answer differently the next time. It ends with the first
 * that is undefined, which is no data: most of an array of a thousand million may be holes.
 */
export function elements(array: readonly unknown[]): unknown[] {
  const { length } = array;
  const all = length > MANY ? [] : new Array<unknown>(length);
  for (let i = 0; i < length; i++) {
    const element = array[i];
    all[i] = element;
    if (element === undefined) return all.slice(0, i + 1);
  }
  return all;
}

/** The parts of a multipart message as an array. */
export function partsOf(parts: unknown): readonly unknown[] {
  const refused = typeof parts !== "object" || parts === null || ArrayBuffer.isView(parts);
  if (refused || !(Symbol.iterator in parts)) {
    throw typeError(`a multipart message must be an array of frames, not ${describe(parts)}`);
  }
  const list = Array.isArray(parts) ? elements(parts) : Array.from(parts as Iterable<unknown>);
  if (list.length === 0) throw typeError("a message has at least one frame; got an empty array");
  return list;
}

/** A message of a batch. */
function rawMessage(message: unknown, index: number): RawFrame | RawFrame[] {
  if (isRaw(message)) return message;
  return Array.isArray(message)
    ? partsOf(message).map((part, i) => (isRaw(part) ? part : rawFrame(part, `message ${index}, frame ${i}`)))
    : rawFrame(message, `message ${index}`);
}

/**
 * The messages of a batch, so many from one on: all are looked at before the first is sent. Those that have been looked at
 * already are in `seen`.
 */
export function rawMessages(
  messages: readonly unknown[],
  from: number,
  length: number,
  seen: readonly unknown[],
): (RawFrame | RawFrame[])[] {
  const all = length > MANY ? [] : new Array<RawFrame | RawFrame[]>(length);
  for (let i = 0; i < length; i++) {
    all[i] = rawMessage(i < seen.length ? seen[i] : messages[from + i], from + i); // a hole throws
  }
  return all;
}

/** The same content in memory of its own, for a message that has to wait: the caller may reuse the buffer. */
export function kept(frame: RawFrame): RawFrame {
  if (!isBytes(frame)) return frame;
  const copy = Buffer.allocUnsafe(byteLength(frame));
  setBytes(copy, frame, 0);
  return copy;
}

export const keptMessage = (message: RawFrame | readonly RawFrame[]): RawFrame | RawFrame[] =>
  Array.isArray(message) ? message.map(kept) : kept(message as RawFrame);
