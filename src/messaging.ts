/** Receiving, on top of sending. */
import { types } from "node:util";
import { takeFrame, takeMessage, takeMessages } from "./arena.js";
import { readCall, readFlag, SYNC_KEYS, type SyncOptions, WAIT_KEYS, type WaitOptions } from "./call.js";
import { POLLIN } from "./constants.js";
import { detached, rawFrame } from "./data.js";
import { received, tellReceived } from "./diagnostics.js";
import type { Engine } from "./engine.js";
import { isGone, rangeError, typeError } from "./errors.js";
import { type Frame, receivedFrame } from "./frame.js";
import { bytesOf } from "./intrinsics.js";
import type { NativeSocket } from "./native.js";
import { overridden, ownMethods, passedOn, promised } from "./overriding.js";
import type { Attempt, Waiter } from "./pending.js";
import { Sending } from "./sending.js";
import { trimStack } from "./stack.js";
import { decodeText, readEncoding, type TextEncoding, type TextOptions } from "./text.js";
import { settled } from "./turn.js";

/** Options of the receiving calls. */
export interface ReceiveOptions extends WaitOptions {
  /** `false` gives Frames, which share libzmq's memory and have the message's properties. Default true: Buffers. */
  copy?: boolean | undefined;
  /** Accepted as in pyzmq; what is received needs no tracking. */
  track?: boolean | undefined;
}

/** Options of `recvInto`. */
export interface ReceiveIntoOptions extends WaitOptions {
  /** How many bytes of the buffer may be used; 0, the default, is all of it. */
  nbytes?: number | undefined;
}

/** Options of the receiving calls that block. */
export type SyncReceiveOptions = Omit<ReceiveOptions, "signal">;

const RECEIVE_KEYS = [...WAIT_KEYS, "copy", "track"] as const;
const SYNC_RECEIVE_KEYS = [...SYNC_KEYS, "copy", "track"] as const;
const INTO_KEYS = [...WAIT_KEYS, "nbytes"] as const;
const TEXT_KEYS = [...WAIT_KEYS, "encoding"] as const;

const BATCH = 1000;
const TARGET = "the buffer to receive into";

function readMax(max: unknown): number {
  if (typeof max !== "number" || !Number.isInteger(max))
    throw typeError("max must be a whole number of messages");
  if (max < 1 || max >= 2 ** 31) throw rangeError(`max must be a number of messages from 1 on; got ${max}`);
  return max;
}

/** Whether Frames were asked for. */
function wantsObjects({ copy, track }: Readonly<Record<string, unknown>>): boolean {
  readFlag(track, "track");
  return readFlag(copy, "copy") === false;
}

/** One frame as a Frame, or undefined when there is none. */
function takeFrameObject(native: NativeSocket): Frame | undefined {
  const handle = native.receiveFrame();
  if (handle === undefined) return undefined;
  const frame = receivedFrame(handle);
  if (received.hasSubscribers) tellReceived(native, [frame]);
  return frame;
}

/** A whole message as Frames, or undefined when there is none. */
function takeMessageObjects(native: NativeSocket): Frame[] | undefined {
  const frames: Frame[] = [];
  do {
    const handle = native.receiveFrame();
    if (handle === undefined) return undefined;
    frames.push(receivedFrame(handle));
  } while (frames.at(-1)?.more);
  if (received.hasSubscribers) tellReceived(native, frames);
  return frames;
}

function decodeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw trimStack(error as SyntaxError);
  }
}

/** The part of a buffer that `recvInto` may write. */
function readTarget(buffer: unknown, nbytes: unknown): Uint8Array {
  if (!ArrayBuffer.isView(buffer) && !types.isAnyArrayBuffer(buffer))
    throw typeError("recvInto takes a buffer or a view of one");
  const whole = rawFrame(buffer, TARGET) as Uint8Array;
  // A view of our own: one without a length of its own would grow with its buffer.
  const all = bytesOf(whole);
  if (nbytes === undefined || nbytes === 0) return all;
  if (typeof nbytes !== "number" || !Number.isInteger(nbytes))
    throw typeError("nbytes must be a whole number of bytes");
  if (nbytes < 0 || nbytes > all.byteLength) {
    throw rangeError(`nbytes must be from 0 to the ${all.byteLength} bytes of the buffer; got ${nbytes}`);
  }
  return new Uint8Array(all.buffer, all.byteOffset, nbytes);
}

export class Messaging extends Sending {
  readonly #engine: Engine;
  readonly #takeFrame: Attempt<Buffer>;
  readonly #takeMessage: Attempt<Buffer[]>;

  protected constructor(engine: Engine) {
    super(engine);
    this.#engine = engine;
    this.#takeFrame = () => takeFrame(engine.native);
    this.#takeMessage = () => takeMessage(engine.native);
  }

  /**
   * Receives one frame; `rcvmore` says whether others of the same message follow. Takes nothing out of libzmq before
   * it is called.
   *
   * @throws (rejects) as `send`, with RCVTIMEO. See zmq_msg_recv(3).
   */
  recv(flags: number | ReceiveOptions, options: ReceiveOptions & { copy: false }): Promise<Frame>;
  recv(options: ReceiveOptions & { copy: false }): Promise<Frame>;
  recv(flags?: number | ReceiveOptions, options?: ReceiveOptions): Promise<Buffer>;
  recv(flags?: number | ReceiveOptions, options?: ReceiveOptions): Promise<Buffer | Frame> {
    const engine = this.#engine;
    if (flags !== undefined || options !== undefined || engine.queued(POLLIN)) {
      return this.#receive<Buffer | Frame>(this.#takeFrame, takeFrameObject, flags, options);
    }
    try {
      const frame = takeFrame(engine.native);
      if (engine.waiting) engine.touched();
      return frame === undefined ? engine.wait(POLLIN, this.#takeFrame) : settled(frame);
    } catch (error) {
      return engine.refused(error);
    }
  }

  /** Receives a whole message, or the rest of one whose first frames have been taken by `recv`. */
  recvMultipart(flags: number | ReceiveOptions, options: ReceiveOptions & { copy: false }): Promise<Frame[]>;
  recvMultipart(options: ReceiveOptions & { copy: false }): Promise<Frame[]>;
  recvMultipart(flags?: number | ReceiveOptions, options?: ReceiveOptions): Promise<Buffer[]>;
  recvMultipart(flags?: number | ReceiveOptions, options?: ReceiveOptions): Promise<Buffer[] | Frame[]> {
    const engine = this.#engine;
    if (flags !== undefined || options !== undefined || engine.queued(POLLIN)) {
      return this.#receive<Buffer[] | Frame[]>(this.#takeMessage, takeMessageObjects, flags, options);
    }
    try {
      const frames = takeMessage(engine.native);
      if (engine.waiting) engine.touched();
      return frames === undefined ? engine.wait(POLLIN, this.#takeMessage) : settled(frames);
    } catch (error) {
      return engine.refused(error);
    }
  }

  /** Receives a frame as text. A RangeError, the frame being consumed, if it is not valid in the `encoding` (UTF-8). */
  recvString(
    flags?: number | (WaitOptions & TextOptions),
    options?: TextEncoding | (WaitOptions & TextOptions),
  ): Promise<string> {
    return this.#text(flags, options);
  }

  #text(flags: unknown, options: unknown): Promise<string> {
    try {
      // pyzmq's order is flags, encoding.
      const given = typeof options === "string" ? { encoding: options } : options;
      const call = readCall(flags, given, TEXT_KEYS);
      const encoding = readEncoding(call.options.encoding); // before anything is consumed
      if (this.recv !== Messaging.prototype.recv && overridden(this, "recv")) {
        const frame = promised(this, "recv", passedOn(call)) as Promise<Buffer>;
        return frame.then((bytes) => decodeText(bytes, encoding));
      }
      const { native } = this.#engine;
      const take = (): string | undefined => {
        const frame = takeFrame(native);
        return frame && decodeText(frame, encoding);
      };
      return this.#engine.run(POLLIN, take, call, call.dontWait);
    } catch (error) {
      return this.#engine.refused(error);
    }
  }

  /** Receives a frame as JSON. A SyntaxError, the frame being consumed, if it is none. */
  recvJson<T = unknown>(flags?: number | WaitOptions, options?: WaitOptions): Promise<T> {
    return this.#text(flags, options).then((text) => decodeJson(text) as T);
  }

  /** Receives a message and returns what `deserialize` makes of its frames. */
  recvSerialized<T>(
    deserialize: (frames: Buffer[]) => T,
    flags?: number | WaitOptions,
    options?: WaitOptions,
  ): Promise<T> {
    if (typeof deserialize !== "function")
      return this.#engine.refused(typeError("deserialize must be a function"));
    return this.recvMultipart(flags, options).then(deserialize);
  }

  /**
   * Receives a frame into memory of the caller's. What does not fit is lost.
   *
   * @returns the size of the frame in bytes, also when it was larger than the buffer
   * @throws (rejects) TypeError for what is no buffer, or none any more when the frame comes (transferred, shrunk);
   * RangeError for a bad `nbytes`; nothing is consumed then
   */
  recvInto(
    buffer: ArrayBufferView | ArrayBuffer | SharedArrayBuffer,
    options?: ReceiveIntoOptions,
  ): Promise<number> {
    try {
      const call = readCall(undefined, options, INTO_KEYS);
      const target = readTarget(buffer, call.options.nbytes);
      const size = target.byteLength;
      const take = (): number | undefined => {
        // While the call waited, the buffer may have been transferred away or shrunk: nothing is consumed then.
        if (target.byteLength !== size) throw detached(TARGET);
        const frame = takeFrame(this.#engine.native);
        if (frame === undefined) return undefined;
        target.set(frame.subarray(0, target.byteLength));
        return frame.length;
      };
      return this.#engine.run(POLLIN, take, call, call.dontWait);
    } catch (error) {
      return this.#engine.refused(error);
    }
  }

  /** Receives whatever has arrived: at least one message, at most `max`. */
  recvBatch(
    max: number | WaitOptions = BATCH,
    flags?: number | WaitOptions,
    options?: WaitOptions,
  ): Promise<Buffer[][]> {
    try {
      const stands = typeof max === "object";
      const most = stands ? BATCH : readMax(max);
      const { native } = this.#engine;
      const call = readCall(stands ? max : flags, stands ? flags : options, WAIT_KEYS);
      return this.#engine.run(POLLIN, () => takeMessages(native, most), call, call.dontWait);
    } catch (error) {
      return this.#engine.refused(error);
    }
  }

  /** `recv` that blocks the thread. Obeys DONTWAIT, `timeout` and RCVTIMEO. */
  recvSync(flags: number | SyncReceiveOptions, options: SyncReceiveOptions & { copy: false }): Frame;
  recvSync(options: SyncReceiveOptions & { copy: false }): Frame;
  recvSync(flags?: number | SyncReceiveOptions, options?: SyncReceiveOptions): Buffer;
  recvSync(flags?: number | SyncReceiveOptions, options?: SyncReceiveOptions): Buffer | Frame {
    return this.#receiveSync<Buffer | Frame>(this.#takeFrame, takeFrameObject, flags, options);
  }

  /** `recvMultipart` that blocks the thread. */
  recvMultipartSync(
    flags: number | SyncReceiveOptions,
    options: SyncReceiveOptions & { copy: false },
  ): Frame[];
  recvMultipartSync(options: SyncReceiveOptions & { copy: false }): Frame[];
  recvMultipartSync(flags?: number | SyncReceiveOptions, options?: SyncReceiveOptions): Buffer[];
  recvMultipartSync(flags?: number | SyncReceiveOptions, options?: SyncReceiveOptions): Buffer[] | Frame[] {
    return this.#receiveSync<Buffer[] | Frame[]>(this.#takeMessage, takeMessageObjects, flags, options);
  }

  /** `recvBatch` that blocks the thread. */
  recvBatchSync(
    max: number | SyncOptions = BATCH,
    flags?: number | SyncOptions,
    options?: SyncOptions,
  ): Buffer[][] {
    const stands = typeof max === "object";
    const most = stands ? BATCH : readMax(max);
    const take = (): Buffer[][] | undefined => takeMessages(this.#engine.native, most);
    const call = readCall(stands ? max : flags, stands ? flags : options, SYNC_KEYS);
    return this.#engine.runSync(POLLIN, take, call.timeout, call.dontWait);
  }

  /**
   * Messages as they come, until the socket is closed or its context terminated. Ending the loop closes nothing, and takes
   * no message: a `next()` that still waits when `return()` is called is done.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Buffer[]> {
    const engine = this.#engine;
    // Undefined is what those get that still wait when the loop is left.
    const take = this.#takeMessage as Attempt<Buffer[] | undefined>;
    const item = (value: Buffer[] | undefined): IteratorResult<Buffer[]> =>
      value === undefined ? end : { value, done: false };
    let waiters: Waiter<Buffer[] | undefined>[] = [];
    const waiting = (waiter: Waiter<Buffer[] | undefined>): void => {
      waiters = waiters.filter(({ queue }) => queue !== undefined);
      waiters.push(waiter);
    };
    const others = overridden(this, "recvMultipart");
    let ended = false;
    const end: IteratorResult<Buffer[]> = { value: undefined, done: true };
    const gone = (error: unknown): IteratorResult<Buffer[]> => {
      if (!isGone(error)) throw error;
      ended = true;
      return end;
    };
    const iterator: AsyncIterableIterator<Buffer[]> = {
      next: () => {
        if (ended) return Promise.resolve(end);
        if (others) return (promised(this, "recvMultipart", []) as Promise<Buffer[]>).then(item, gone);
        try {
          const frames = engine.queued(POLLIN) ? undefined : takeMessage(engine.native);
          if (engine.waiting) engine.touched();
          if (frames !== undefined) return settled(item(frames));
        } catch (error) {
          return engine.refused(error).catch(gone);
        }
        return engine.wait(POLLIN, take, waiting).then(item, gone);
      },
      return: () => {
        ended = true;
        for (const waiter of waiters) engine.release(waiter, undefined);
        return Promise.resolve(end);
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  // ---- Inside

  #receive<T>(
    take: Attempt<T>,
    takeObjects: (native: NativeSocket) => T | undefined,
    flags: unknown,
    options: unknown,
  ): Promise<T> {
    try {
      const { native } = this.#engine;
      const call = readCall(flags, options, RECEIVE_KEYS);
      const attempt = wantsObjects(call.options) ? () => takeObjects(native) : take;
      return this.#engine.run(POLLIN, attempt, call, call.dontWait);
    } catch (error) {
      return this.#engine.refused(error);
    }
  }

  #receiveSync<T>(
    take: Attempt<T>,
    takeObjects: (native: NativeSocket) => T | undefined,
    flags: unknown,
    options: unknown,
  ): T {
    const engine = this.#engine;
    let looked = false;
    if (flags === undefined && options === undefined && !engine.queued(POLLIN)) {
      try {
        const value = take();
        if (value !== undefined) return value as T;
        looked = true;
      } finally {
        if (engine.waiting) engine.touched();
      }
    }
    const call = readCall(flags, options, SYNC_RECEIVE_KEYS);
    const attempt = wantsObjects(call.options) ? () => takeObjects(engine.native) : take;
    return engine.runSync(POLLIN, attempt, call.timeout, call.dontWait, looked);
  }
}

ownMethods(Messaging.prototype, ["recv", "recvMultipart"]);

export { takeMessageObjects };
