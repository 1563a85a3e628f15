/** Sending and receiving. */
import { index, takeFrame, takeMessage, takeMessages } from "./arena.js";
import { readCall, SYNC_KEYS, type SyncOptions, WAIT_KEYS, type WaitOptions } from "./call.js";
import { POLLIN, POLLOUT } from "./constants.js";
import {
  type Data,
  detached,
  kept,
  keptMessage,
  type MessageData,
  type RawFrame,
  rawFrame,
  rawFrames,
  rawMessage,
} from "./data.js";
import { type Engine, isGone } from "./engine.js";
import { rangeError, typeError, ZMQError } from "./errors.js";
import { refusedFrame, SENT } from "./native.js";
import { type Attempt, DONE } from "./pending.js";
import { decodeText, encodeText, type TextOptions } from "./text.js";
import { settled } from "./turn.js";

/** Options of the sending calls. */
export interface SendOptions extends WaitOptions {
  /** `false` lets the library share the caller's memory, which must then stay as it is. Default true. */
  copy?: boolean | undefined;
}

const SEND_KEYS = [...WAIT_KEYS, "copy"] as const;
const TEXT_KEYS = [...WAIT_KEYS, "encoding"] as const;
const SEND_TEXT_KEYS = [...SEND_KEYS, "encoding"] as const;

const BATCH = 1000;

function readMax(max: unknown): number {
  if (typeof max !== "number" || !Number.isInteger(max))
    throw typeError("max must be a whole number of messages");
  if (max < 1 || max >= 2 ** 31) throw rangeError(`max must be a number of messages from 1 on; got ${max}`);
  return max;
}

export class Messaging {
  readonly #engine: Engine;
  readonly #takeFrame: Attempt<Buffer>;
  readonly #takeMessage: Attempt<Buffer[]>;

  protected constructor(engine: Engine) {
    this.#engine = engine;
    this.#takeFrame = () => takeFrame(engine.native);
    this.#takeMessage = () => takeMessage(engine.native);
  }

  /** The engine behind a socket; undefined for anything that is none. */
  static engineOf(socket: unknown): Engine | undefined {
    return typeof socket === "object" && socket !== null && #engine in socket ? socket.#engine : undefined;
  }

  // ---- Sending

  /**
   * Sends one frame: the last of its message, unless `flags` has `SNDMORE`. Waits while the high-water mark is reached
   * or there is no peer, where the socket type does so.
   *
   * @param data string (as UTF-8), Buffer, any view or buffer. It may be changed as soon as this has returned.
   * @param flags `DONTWAIT`, `SNDMORE`; or the options.
   * @throws (rejects) Again at `timeout`/SNDTIMEO or with DONTWAIT; ZMQError EFSM, ENOTSUP, EHOSTUNREACH, ENOTSOCK;
   * ContextTerminated; `signal.reason`. See zmq_msg_send(3).
   */
  send(data: Data, flags?: number | SendOptions, options?: SendOptions): Promise<undefined> {
    const engine = this.#engine;
    if (flags !== undefined || options !== undefined || engine.queued(POLLOUT)) {
      return this.#send(() => rawFrame(data), flags, options, SEND_KEYS);
    }
    try {
      const answer = engine.native.send(data, 0);
      if (engine.waiting) engine.touched();
      if (answer === SENT) return settled(DONE);
      const frame = rawFrame(data);
      if (answer < 0) return this.#send(() => frame, 0, undefined, SEND_KEYS);
      return engine.wait(POLLOUT, this.#sender(kept(frame), 0));
    } catch (error) {
      return engine.refused(error);
    }
  }

  /**
   * Sends a multipart message: all frames or none. Every frame is checked before the first is sent.
   *
   * @throws (rejects) TypeError that names the frame that is no data, also for an empty array; else as `send`.
   */
  sendMultipart(
    parts: Iterable<Data>,
    flags?: number | SendOptions,
    options?: SendOptions,
  ): Promise<undefined> {
    const engine = this.#engine;
    if (flags !== undefined || options !== undefined || engine.queued(POLLOUT) || !Array.isArray(parts)) {
      return this.#send(() => rawFrames(parts), flags, options, SEND_KEYS);
    }
    try {
      const answer = parts.length === 0 ? -1 : engine.native.sendMultipart(parts, 0);
      if (engine.waiting) engine.touched();
      if (answer === SENT) return settled(DONE);
      const frames = rawFrames(parts);
      if (answer < 0) return this.#send(() => frames, 0, undefined, SEND_KEYS);
      return engine.wait(POLLOUT, this.#sender(frames.map(kept), 0));
    } catch (error) {
      return engine.refused(error);
    }
  }

  /** Sends a string, by default as UTF-8; `encoding` may be any that Buffer knows. A TypeError for anything else. */
  sendString(
    text: string,
    flags?: number | (SendOptions & TextOptions),
    options?: SendOptions & TextOptions,
  ): Promise<undefined> {
    return this.#send((given) => encodeText(text, given.encoding), flags, options, SEND_TEXT_KEYS);
  }

  /** Sends a value as JSON. A TypeError for what JSON cannot say (undefined, a function, a cycle). */
  sendJson(value: unknown, flags?: number | SendOptions, options?: SendOptions): Promise<undefined> {
    return this.#send(() => encodeJson(value), flags, options, SEND_KEYS);
  }

  /** Sends the frames that `serialize` makes of a value. */
  sendSerialized<T>(
    value: T,
    serialize: (value: T) => Iterable<Data>,
    flags?: number | SendOptions,
    options?: SendOptions,
  ): Promise<undefined> {
    return this.#send(() => rawFrames(serialize(value)), flags, options, SEND_KEYS);
  }

  /**
   * Sends messages in order, each a datum or an array of frames. If it ends early (DONTWAIT, timeout, an error), the
   * error's `sent` says how many have gone, each whole.
   */
  sendBatch(
    messages: readonly MessageData[],
    flags?: number | SendOptions,
    options?: SendOptions,
  ): Promise<void> {
    try {
      const batch = this.#batch(messages);
      const call = readCall(flags, options, SEND_KEYS);
      const sending = this.#engine.run(POLLOUT, batch.attempt, call, call.dontWait, batch.tell);
      if (!batch.finished()) batch.keep();
      return sending;
    } catch (error) {
      return this.#engine.refused(error);
    }
  }

  /** `send` that blocks the thread. Obeys DONTWAIT, `timeout` and SNDTIMEO. */
  sendSync(data: Data, flags?: number | SyncOptions, options?: SyncOptions): undefined {
    this.#sendSync(rawFrame(data), flags, options);
  }

  /** `sendMultipart` that blocks the thread. */
  sendMultipartSync(parts: Iterable<Data>, flags?: number | SyncOptions, options?: SyncOptions): undefined {
    this.#sendSync(rawFrames(parts), flags, options);
  }

  /** `sendBatch` that blocks the thread. */
  sendBatchSync(messages: readonly MessageData[], flags?: number | SyncOptions, options?: SyncOptions): void {
    const batch = this.#batch(messages);
    const call = readCall(flags, options, SYNC_KEYS);
    try {
      this.#engine.runSync(POLLOUT, batch.attempt, call.timeout, call.dontWait);
    } catch (error) {
      throw batch.tell(error);
    }
  }

  // ---- Receiving

  /**
   * Receives one frame; `rcvmore` says whether others of the same message follow. Takes nothing out of libzmq before
   * it is called.
   *
   * @throws (rejects) as `send`, with RCVTIMEO. See zmq_msg_recv(3).
   */
  recv(flags?: number | WaitOptions, options?: WaitOptions): Promise<Buffer> {
    const engine = this.#engine;
    if (flags !== undefined || options !== undefined || engine.queued(POLLIN)) {
      return this.#receive(this.#takeFrame, flags, options);
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
  recvMultipart(flags?: number | WaitOptions, options?: WaitOptions): Promise<Buffer[]> {
    const engine = this.#engine;
    if (flags !== undefined || options !== undefined || engine.queued(POLLIN)) {
      return this.#receive(this.#takeMessage, flags, options);
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
    options?: WaitOptions & TextOptions,
  ): Promise<string> {
    try {
      const call = readCall(flags, options, TEXT_KEYS);
      const { native } = this.#engine;
      const take = (): string | undefined => {
        const frame = takeFrame(native);
        return frame && decodeText(frame, call.options.encoding);
      };
      return this.#engine.run(POLLIN, take, call, call.dontWait);
    } catch (error) {
      return this.#engine.refused(error);
    }
  }

  /** Receives a frame as JSON. A SyntaxError, the frame being consumed, if it is none. */
  recvJson<T = unknown>(flags?: number | WaitOptions, options?: WaitOptions): Promise<T> {
    return this.recvString(flags, options).then((text) => JSON.parse(text) as T);
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

  /** Receives whatever has arrived: at least one message, at most `max`. */
  recvBatch(max: number | WaitOptions = BATCH, options?: WaitOptions): Promise<Buffer[][]> {
    try {
      const most = typeof max === "object" ? BATCH : readMax(max);
      const { native } = this.#engine;
      return this.#receive(
        () => takeMessages(native, most),
        typeof max === "object" ? max : undefined,
        options,
      );
    } catch (error) {
      return this.#engine.refused(error);
    }
  }

  /** `recv` that blocks the thread. Obeys DONTWAIT, `timeout` and RCVTIMEO. */
  recvSync(flags?: number | SyncOptions, options?: SyncOptions): Buffer {
    return this.#receiveSync(this.#takeFrame, flags, options);
  }

  /** `recvMultipart` that blocks the thread. */
  recvMultipartSync(flags?: number | SyncOptions, options?: SyncOptions): Buffer[] {
    return this.#receiveSync(this.#takeMessage, flags, options);
  }

  /** `recvBatch` that blocks the thread. */
  recvBatchSync(max: number | SyncOptions = BATCH, options?: SyncOptions): Buffer[][] {
    const most = typeof max === "object" ? BATCH : readMax(max);
    const take = (): Buffer[][] | undefined => takeMessages(this.#engine.native, most);
    return this.#receiveSync(take, typeof max === "object" ? max : undefined, options);
  }

  /** Messages as they come, until the socket is closed or its context terminated. Ending the loop closes nothing. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Buffer[]> {
    const engine = this.#engine;
    const take = this.#takeMessage;
    const item = (value: Buffer[]): IteratorResult<Buffer[]> => ({ value, done: false });
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
        try {
          const frames = engine.queued(POLLIN) ? undefined : takeMessage(engine.native);
          if (engine.waiting) engine.touched();
          if (frames !== undefined) return settled(item(frames));
        } catch (error) {
          return engine.refused(error).catch(gone);
        }
        return engine.wait(POLLIN, take).then(item, gone);
      },
      return: () => {
        ended = true;
        return Promise.resolve(end);
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  // ---- Inside

  /** What sends the frame or frames once, without waiting. */
  #sender(message: RawFrame | readonly RawFrame[], flags: number): Attempt<undefined> {
    const { native } = this.#engine;
    return typeof message === "string" || message instanceof Uint8Array
      ? () => answered(native.send(message, flags), message)
      : () => answered(native.sendMultipart(message, flags), message);
  }

  #send(
    read: (options: Readonly<Record<string, unknown>>) => RawFrame | RawFrame[],
    flags: unknown,
    options: unknown,
    known: readonly string[],
  ): Promise<undefined> {
    try {
      const call = readCall(flags, options, known);
      const message = read(call.options);
      let send = this.#sender(message, call.flags);
      let sent = false;
      const attempt = (): Promise<undefined> | undefined => {
        const answer = send();
        sent = answer !== undefined;
        return answer;
      };
      const sending = this.#engine.run(POLLOUT, attempt, call, call.dontWait);
      // Only what has to wait needs memory of its own.
      if (!sent) send = this.#sender(keptMessage(message), call.flags);
      return sending;
    } catch (error) {
      return this.#engine.refused(error);
    }
  }

  #sendSync(message: RawFrame | RawFrame[], flags: unknown, options: unknown): void {
    const call = readCall(flags, options, SYNC_KEYS);
    this.#engine.runSync(POLLOUT, this.#sender(message, call.flags), call.timeout, call.dontWait);
  }

  /** Messages that are sent in order; how far they have got outlives the attempts. */
  #batch(messages: readonly MessageData[]) {
    if (!Array.isArray(messages)) throw typeError("a batch must be an array of messages");
    const { native } = this.#engine;
    let batch = messages.map(rawMessage);
    let next = 0;
    let sent = 0;
    return {
      attempt: (): Promise<undefined> | undefined => {
        if (batch.length === 0) native.events(); // nothing to send, but a closed socket is an error
        if (next < batch.length) {
          let answer: number;
          try {
            answer = native.sendBatch(batch, next);
          } finally {
            sent += (index[0] as number) - next;
            next = index[0] as number;
          }
          if (answer < 0) throw detached(`message ${next}`);
        }
        return next === batch.length ? DONE : undefined;
      },
      finished: () => next === batch.length,
      keep: () => {
        batch = batch.slice(next).map(keptMessage);
        next = 0;
      },
      tell: (error: unknown): unknown => (error instanceof ZMQError ? Object.assign(error, { sent }) : error),
    };
  }

  #receive<T>(take: Attempt<T>, flags: unknown, options: unknown): Promise<T> {
    try {
      const call = readCall(flags, options, WAIT_KEYS);
      return this.#engine.run(POLLIN, take, call, call.dontWait);
    } catch (error) {
      return this.#engine.refused(error);
    }
  }

  #receiveSync<T>(take: Attempt<T>, flags: unknown, options: unknown): T {
    const call = readCall(flags, options, SYNC_KEYS);
    return this.#engine.runSync(POLLIN, take, call.timeout, call.dontWait);
  }
}

/** What a sending verb's answer means to an attempt. A getter of the message may have detached a frame read before it. */
function answered(answer: number, message: RawFrame | readonly RawFrame[]): Promise<undefined> | undefined {
  if (answer >= 0) return answer === SENT ? DONE : undefined;
  const single = typeof message === "string" || message instanceof Uint8Array;
  throw detached(single ? "the message" : `frame ${refusedFrame(answer).index}`);
}

function encodeJson(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw typeError(`JSON cannot say ${typeof value}`);
  return text;
}
