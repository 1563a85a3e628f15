/**
 * Small frames on their way out: side by side in memory that the addon knows, with an entry for each, its length * 2 and
 * 1 more when other frames of its message follow. Copying a few bytes in JavaScript takes less time than showing a Buffer
 * across the border, or a string.
 */
import { Buffer } from "node:buffer";
import { native } from "./native.js";

const ROOM = 64 * 1024;
const FRAMES = 4096;
/** The largest frame that is copied twice, in bytes. */
const SMALL = 1024;
/** Up to so many characters of ASCII are copied faster one by one than by `write`. */
const SHORT = 48;

// Never seen by a program, so they cannot be detached.
export const bytes = Buffer.from(new ArrayBuffer(ROOM));
export const entries = new Int32Array(FRAMES);
native.packing(bytes, entries);

// A class of the program's may say anything by its own `byteLength`, or do anything.
const { get: byteLength } = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  "byteLength",
) as { get(this: Uint8Array): number };

function packText(text: string, offset: number): number {
  const { length } = text;
  if (length <= SHORT) {
    let at = 0;
    for (; at < length; at++) {
      const unit = text.charCodeAt(at);
      if (unit > 0x7f) break;
      bytes[offset + at] = unit;
    }
    if (at === length) return length;
  }
  return bytes.write(text, offset);
}

/**
 * Copies a frame to an offset and writes its entry. Returns its length in bytes; -1 if it is no small string or
 * Uint8Array, or has no room.
 */
export function packFrame(frame: unknown, offset: number, at: number, more: boolean): number {
  if (at >= FRAMES) return -1;
  let length: number;
  if (typeof frame === "string") {
    if (frame.length > SMALL || frame.length * 3 > ROOM - offset) return -1;
    length = packText(frame, offset);
  } else if (ArrayBuffer.isView(frame) && frame instanceof Uint8Array) {
    length = byteLength.call(frame);
    // An empty one may be one that is detached.
    if (length === 0 || length > SMALL || length > ROOM - offset) return -1;
    bytes.set(frame, offset);
  } else {
    return -1;
  }
  entries[at] = length * 2 + (more ? 1 : 0);
  return length;
}

/** Packs the frames of one message, at the beginning. False if that cannot be. */
export function packMessage(frames: readonly unknown[]): boolean {
  const last = frames.length - 1;
  let offset = 0;
  for (let i = 0; i <= last; i++) {
    const length = packFrame(frames[i], offset, i, i < last);
    if (length < 0) return false;
    offset += length;
  }
  return last >= 0;
}
