/** Message data: what may be sent, and how it is brought into the two forms that the addon takes. */
import { typeError } from "./errors.js";

/** Anything that can be sent as one frame. Strings are sent as UTF-8. */
export type Data = string | ArrayBufferView | ArrayBuffer | SharedArrayBuffer;

/** A whole message: one frame, or several. */
export type MessageData = Data | readonly Data[];

/** What the addon takes. */
export type RawFrame = string | Uint8Array;

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return `an object (${value.constructor?.name ?? "no class"})`;
  const text = String(value);
  return `${typeof value} ${text.length > 32 ? `${text.slice(0, 32)}...` : text}`;
}

const WANTED = "a string, Buffer, TypedArray, DataView, ArrayBuffer or SharedArrayBuffer";

export const detached = (what: string): TypeError =>
  typeError(`${what} is a view of a detached buffer: it has no content any more`);

/** One frame for the addon; a TypeError that names the frame for anything that is no data. */
export function rawFrame(data: unknown, what = "the message"): RawFrame {
  if (typeof data === "string") return data;
  if (ArrayBuffer.isView(data)) {
    if (data instanceof Uint8Array) {
      if (data.byteLength === 0 && isDetached(data.buffer)) throw detached(what);
      return data;
    }
    const bytes = bytesOf(data);
    if (bytes === undefined) throw detached(what);
    return bytes;
  }
  if (data instanceof ArrayBuffer) {
    if (data.byteLength === 0 && isDetached(data)) throw detached(what);
    return new Uint8Array(data);
  }
  if (data instanceof SharedArrayBuffer) return new Uint8Array(data);
  throw typeError(`${what} must be ${WANTED}, not ${describe(data)}`);
}

/** The bytes of a view whose buffer is there; undefined otherwise, when a DataView refuses to say where it lies. */
function bytesOf(view: ArrayBufferView): Uint8Array | undefined {
  try {
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  } catch {
    return undefined;
  }
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

/** The frames of a multipart message. Every frame is checked before any is sent. */
export function rawFrames(parts: unknown, what = "frame"): RawFrame[] {
  const refused = typeof parts !== "object" || parts === null || ArrayBuffer.isView(parts);
  if (refused || !(Symbol.iterator in parts)) {
    throw typeError(`a multipart message must be an array of frames, not ${describe(parts)}`);
  }
  const list = Array.isArray(parts) ? parts : Array.from(parts as Iterable<unknown>);
  if (list.length === 0) throw typeError("a message has at least one frame; got an empty array");
  const frames: RawFrame[] = [];
  for (let i = 0; i < list.length; i++) frames.push(rawFrame(list[i], `${what} ${i}`));
  return frames;
}

/** A message of a batch. */
export function rawMessage(message: unknown, index: number): RawFrame | RawFrame[] {
  return Array.isArray(message)
    ? rawFrames(message, `message ${index}, frame`)
    : rawFrame(message, `message ${index}`);
}

/** The same content in memory of its own, for a message that has to wait: the caller may reuse the buffer. */
export function kept(frame: RawFrame): RawFrame {
  return typeof frame === "string" ? frame : Buffer.from(frame);
}

export const keptMessage = (message: RawFrame | readonly RawFrame[]): RawFrame | RawFrame[] =>
  typeof message === "string" || message instanceof Uint8Array ? kept(message) : message.map(kept);
