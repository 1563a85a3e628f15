/**
 * Where received frames land. The addon writes small frames into a slab of memory that JavaScript owns and their
 * lengths into an index; the views are made here, which is cheaper than making Buffers across the border.
 */
import { Buffer } from "node:buffer";
import { received, tellReceived } from "./diagnostics.js";
import { type NativeSocket, native } from "./native.js";
import { threads } from "./threads.js";
import { receive } from "./verbs.js";

/** Small enough that a tiny message kept for long pins little, large enough that a slab serves many messages. */
const SLAB = 32 * 1024;
/** Message::kSmall in binding/message.h: the largest frame that goes into the slab. */
const SMALL = 1024;
const ENTRIES = 4096;

/**
 * The class that makes Node's Buffers, where it can be had: it takes half the time of `Buffer.from`, which first finds out
 * what it is given.
 */
const Views = (Buffer as unknown as Record<symbol, unknown>)[Symbol.species] as new (
  memory: ArrayBuffer,
  offset: number,
  length: number,
) => Buffer;
const known =
  typeof Views === "function" &&
  (Views as unknown) !== Buffer && // whose constructor is deprecated
  Object.getPrototypeOf(new Views(new ArrayBuffer(1), 0, 1)) === Buffer.prototype;

export const index = new Int32Array(ENTRIES);
let slab = new ArrayBuffer(0); // until there is something to receive
/** All of it: the length of a view is known faster than that of its buffer. */
let whole = new Uint8Array(slab);
let offset = 0;
native.arena(slab, index);

function renew(): void {
  const fresh = Buffer.allocUnsafeSlow(SLAB).buffer as ArrayBuffer;
  // As Node does with its own pool: who transfers one Buffer must not empty all the others.
  threads().markAsUntransferable(fresh);
  native.arena(fresh, index);
  slab = fresh;
  whole = new Uint8Array(slab);
  offset = 0;
}

/** The frame of the index entry, at the present place of the slab. */
function frame(socket: NativeSocket, entry: number): Buffer {
  if (entry < 0) return socket.takeLarge();
  const length = entry >> 1;
  const view = known ? new Views(slab, offset, length) : Buffer.from(slab, offset, length);
  offset += (length + 7) & ~7;
  return view;
}

const more = (entry: number): boolean => (entry >= 0 ? (entry & 1) === 1 : entry === -2);

/** The frames of some entries. As literals where they are few: a push would make room for sixteen more. */
function framesOf(socket: NativeSocket, from: number, to: number): Buffer[] {
  const first = frame(socket, index[from] as number);
  if (to - from === 1) return [first];
  const second = frame(socket, index[from + 1] as number);
  if (to - from === 2) return [first, second];
  const frames = [first, second, frame(socket, index[from + 2] as number)];
  for (let i = from + 3; i < to; i++) frames.push(frame(socket, index[i] as number));
  return frames;
}

function fill(socket: NativeSocket, messages: number): number {
  // A program can detach the slab through one of its Buffers; the addon sees no room in it then.
  if (SLAB - offset < SMALL || whole.length === 0) renew();
  return receive(socket.number, offset, messages);
}

/** One frame, or undefined when there is none. */
export function takeFrame(socket: NativeSocket): Buffer | undefined {
  if (fill(socket, 0) === 0) return undefined;
  const bytes = frame(socket, index[0] as number);
  if (received.hasSubscribers) tellReceived(socket, [bytes]);
  return bytes;
}

/** Up to `max` whole messages, at least one; or undefined when there is none. */
export function takeMessages(socket: NativeSocket, max: number): Buffer[][] | undefined {
  const messages: Buffer[][] = [];
  let frames: Buffer[] | undefined;
  for (;;) {
    let count: number;
    try {
      count = fill(socket, max - messages.length);
    } catch (error) {
      if (messages.length === 0) throw error;
      break; // the context has ended meanwhile; what has been taken is delivered
    }
    if (count === 0) break;
    let within = false;
    for (let next = 0; next < count; ) {
      const from = next;
      const entry = index[from] as number;
      // Most are: no list of entries for them.
      if (frames === undefined && entry >= 0 && (entry & 1) === 0) {
        messages.push([frame(socket, entry)]);
        next++;
        continue;
      }
      do within = more(index[next++] as number);
      while (within && next < count);
      const part = framesOf(socket, from, next);
      if (frames === undefined) frames = part;
      else frames.push(...part);
      if (within) break;
      messages.push(frames);
      frames = undefined;
    }
    const full = count === ENTRIES || SLAB - offset < SMALL;
    if (!within && (messages.length >= max || !full)) break;
  }
  if (received.hasSubscribers) for (const message of messages) tellReceived(socket, message);
  return messages.length === 0 ? undefined : messages;
}

/** One whole message, or what is left of one whose first frames have been taken. */
export function takeMessage(socket: NativeSocket): Buffer[] | undefined {
  const frames = takeFrames(socket);
  if (received.hasSubscribers && frames !== undefined) tellReceived(socket, frames);
  return frames;
}

function takeFrames(socket: NativeSocket): Buffer[] | undefined {
  let count = fill(socket, 1);
  if (count === 0) return undefined;
  let within = more(index[count - 1] as number);
  const frames = framesOf(socket, 0, count);
  while (within) {
    count = fill(socket, 1);
    if (count === 0) break; // its peer has gone
    within = more(index[count - 1] as number);
    frames.push(...framesOf(socket, 0, count));
  }
  return frames;
}
