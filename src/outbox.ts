/**
 * Where small messages of a batch are laid out for the addon: copying a few bytes in JavaScript takes less time than
 * showing a Buffer across the border, and one call then sends them all.
 */
import { index } from "./arena.js";
import type { RawFrame } from "./data.js";
import { native } from "./native.js";

const ROOM = 64 * 1024;
/** The largest message that is copied twice, in bytes. */
const SMALL = 1024;

// Never seen by a program, so it cannot be detached.
const room = new Uint8Array(ROOM);
native.outbox(room.buffer);

/**
 * Lays out messages of a batch, beginning with one, as long as they are small and of one frame. Returns how many; their
 * lengths are in the index.
 */
export function pack(batch: readonly (RawFrame | readonly RawFrame[])[], from: number): number {
  let offset = 0;
  let count = 0;
  for (let i = from; i < batch.length && count < index.length; i++) {
    const message = batch[i];
    if (!(message instanceof Uint8Array)) break;
    const { byteLength } = message;
    if (byteLength === 0 || byteLength > SMALL || byteLength > ROOM - offset) break;
    room.set(message, offset);
    offset += byteLength;
    index[count++] = byteLength;
  }
  return count;
}
