/**
 * Small frames on their way out: side by side in memory that the addon knows, with an entry for each, its length * 2 and
 * 1 more when other frames of its message follow. Copying a few bytes in JavaScript takes less time than showing a Buffer
 * across the border, or a string.
 */
import { Buffer } from "node:buffer";
import { byteLength, charCodeAt, isBytes, setBytes, writeUtf8 } from "./intrinsics.js";
import { native } from "./native.js";
import { setImmediate } from "./timers.js";

const ROOM = 64 * 1024;
const FRAMES = 4096;
/** The largest frame that is copied twice, in bytes. */
const SMALL = 1024;
/** Up to so many characters of ASCII are copied faster one by one than by the runtime. */
const SHORT = 48;

// Never seen by a program, so they cannot be detached: nothing that it may have replaced is called with them.
const memory = new ArrayBuffer(ROOM);
const Bytes = Uint8Array;
export const bytes = new Bytes(memory);
export const entries = new Int32Array(FRAMES);
native.packing(bytes, entries);

/**
 * Whether somebody has begun to pack and nobody else may, meanwhile: who packs what getters of the program's answer, which
 * may send something themselves.
 */
export const room = { taken: false };

function isTaken(): boolean {
  // Not for longer than this turn: who is ended in the midst (vm's `timeout`) gives nothing back.
  if (room.taken) {
    setImmediate(() => {
      room.taken = false;
    });
  }
  return room.taken;
}

/** Returns the length in bytes; -1 where the runtime cannot write UTF-8 there. */
function packText(text: string, offset: number): number {
  const { length } = text;
  if (length <= SHORT) {
    let at = 0;
    for (; at < length; at++) {
      const unit = charCodeAt(text, at);
      if (unit > 0x7f) break;
      bytes[offset + at] = unit;
    }
    if (at === length) return length;
  }
  return writeUtf8 === undefined ? -1 : writeUtf8(bytes, text, offset, ROOM - offset);
}

/**
 * Copies a frame to an offset and writes its entry. Returns its length in bytes; -1 if it is no small string or
 * Uint8Array, or there is no room for it.
 */
export function packFrame(frame: unknown, offset: number, at: number, more: boolean): number {
  if (at >= FRAMES || (at === 0 && isTaken())) return -1;
  let length: number;
  if (typeof frame === "string") {
    if (frame.length > SMALL || frame.length * 3 > ROOM - offset) return -1;
    length = packText(frame, offset);
    if (length < 0) return -1;
  } else if (isBytes(frame)) {
    length = byteLength(frame);
    // An empty one may be one that is detached.
    if (length === 0 || length > SMALL || length > ROOM - offset) return -1;
    setBytes(bytes, frame, offset);
  } else {
    return -1;
  }
  entries[at] = length * 2 + (more ? 1 : 0);
  return length;
}

/** What is packed from one place to another, in memory of its own. */
export function unpacked(from: number, to: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(to - from);
  setBytes(copy, new Bytes(memory, from, to - from), 0);
  return copy;
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
