/** Sending. */
import { Batch } from "./batch.js";
import { readCall, readThreshold, SYNC_KEYS, type SyncOptions, WAIT_KEYS, type WaitOptions } from "./call.js";
import { COPY_THRESHOLD, POLLOUT } from "./constants.js";
import { type Data, detached, elements, type MessageData } from "./data.js";
import { introduce, sent, tellSent } from "./diagnostics.js";
import type { Engine } from "./engine.js";
import { typeError } from "./errors.js";
import type { Frame } from "./frame.js";
import { refusedFrame, SENT } from "./native.js";
import { Outgoing, partsOf, type SendOptions } from "./outgoing.js";
import { overridden, ownMethods, passedOn, promised } from "./overriding.js";
import { packFrame, packMessage } from "./packing.js";
import { type Attempt, DONE } from "./pending.js";
import { explained } from "./shapes.js";
import { trimStack } from "./stack.js";
import { encodeText, type TextOptions } from "./text.js";
import type { MessageTracker } from "./tracker.js";
import { settled } from "./turn.js";
import { send, sendMultipart, sendPackedFrame, sendPackedMessage } from "./verbs.js";

/** What a send resolves to: a tracker, where one was asked for or a tracked Frame was sent. */
export type Sent = MessageTracker | undefined;

/** Options of a send that asks for a tracker, and of one that does not. */
export type Tracked = SendOptions & { track: true };
export type Untracked = SendOptions & { track?: false | undefined };
/** Data that cannot have a tracker of its own. */
type Plain = Exclude<Data, Frame>;

/** Options of the sending calls that block. */
export type SyncSendOptions = Omit<SendOptions, "signal">;

const MESSAGE_KEYS = ["copy", "track", "routingId", "group"] as const;
const SEND_KEYS = [...WAIT_KEYS, ...MESSAGE_KEYS] as const;
const SYNC_SEND_KEYS = [...SYNC_KEYS, ...MESSAGE_KEYS] as const;
// A batch is copied, and has no one peer, group or tracker.
const BATCH_KEYS = [...WAIT_KEYS, "copy"] as const;

const SEND_TEXT_KEYS = [...SEND_KEYS, "encoding"] as const;

export class Sending {
  readonly #engine: Engine;
  #copyThreshold: number = COPY_THRESHOLD;

  protected constructor(engine: Engine) {
    this.#engine = engine;
    introduce(engine.native, this);
  }

  /** Frames below this many bytes are copied even where `copy: false` was asked for. */
  get copyThreshold(): number {
    return this.#copyThreshold;
  }
  set copyThreshold(bytes: number) {
    this.#copyThreshold = readThreshold(bytes);
  }

  /** @internal The engine behind a socket; undefined for anything that is none. */
  static engineOf(socket: unknown): Engine | undefined {
    return typeof socket === "object" && socket !== null && #engine in socket ? socket.#engine : undefined;
  }

  /** @internal What sends a message once, for those that have queues of their own. */
  static senderOf(socket: Sending, outgoing: Outgoing, flags: number): Attempt<Sent> {
    return socket.#sender(outgoing, flags);
  }

  /**
   * Sends one frame: the last of its message, unless `flags` has `SNDMORE`. Waits while the high-water mark is reached
   * or there is no peer, where the socket type does so.
   *
   * @param data string (as UTF-8), Buffer, any view or buffer. It may be changed as soon as this has returned.
   * @param flags `DONTWAIT`, `SNDMORE`; or the options.
   * @throws (rejects) Again at `timeout`/SNDTIMEO or with DONTWAIT; ZMQError EFSM, ENOTSUP, EHOSTUNREACH, ENOTSOCK;
   * ContextTerminated; `signal.reason`. See zmq_msg_send(3).
   */
  send(data: Plain, flags?: number | Untracked, options?: Untracked): Promise<undefined>;
  /** The same with a tracker. */
  send(data: Data, flags: number | Tracked, options: Tracked): Promise<MessageTracker>;
  send(data: Data, options: Tracked): Promise<MessageTracker>;
  send(data: Data, flags?: number | SendOptions, options?: SendOptions): Promise<Sent>;
  send(data: Data, flags?: number | SendOptions, options?: SendOptions): Promise<Sent> {
    const engine = this.#engine;
    if (flags !== undefined || options !== undefined || engine.queued(POLLOUT) || engine.pairs) {
      return this.#send(
        (given) => new Outgoing([data], "the message (frame 0)", given, this.copyThreshold),
        flags,
        options,
        SEND_KEYS,
      );
    }
    try {
      const answer = sendOne(engine.native.number, data);
      if (engine.waiting) engine.touched();
      if (answer === SENT) {
        if (sent.hasSubscribers) tellSent(engine.native, data);
        return settled(DONE);
      }
      if (answer < 0)
        return this.#send(() => new Outgoing([data], "the message (frame 0)"), 0, undefined, SEND_KEYS);
      return engine.wait(POLLOUT, this.#sender(new Outgoing([data], "the message (frame 0)").keep(), 0));
    } catch (error) {
      return engine.refused(explained(error, engine.type, data));
    }
  }

  /**
   * Sends a multipart message: all frames or none. Every frame is checked before the first is sent.
   *
   * @throws (rejects) TypeError that names the frame that is no data, also for an empty array; else as `send`.
   */
  sendMultipart(parts: Iterable<Plain>, flags?: number | Untracked, options?: Untracked): Promise<undefined>;
  /** The same with a tracker. */
  sendMultipart(parts: Iterable<Data>, flags: number | Tracked, options: Tracked): Promise<MessageTracker>;
  sendMultipart(parts: Iterable<Data>, options: Tracked): Promise<MessageTracker>;
  sendMultipart(parts: Iterable<Data>, flags?: number | SendOptions, options?: SendOptions): Promise<Sent>;
  sendMultipart(parts: Iterable<Data>, flags?: number | SendOptions, options?: SendOptions): Promise<Sent> {
    const engine = this.#engine;
    const plain = flags === undefined && options === undefined && !engine.queued(POLLOUT) && !engine.pairs;
    if (!plain || !Array.isArray(parts)) {
      return this.#send((given) => this.#outgoing(parts, given), flags, options, SEND_KEYS);
    }
    try {
      const frames = elements(parts);
      const answer = sendWhole(engine.native.number, frames);
      if (engine.waiting) engine.touched();
      if (answer === SENT) {
        if (sent.hasSubscribers) tellSent(engine.native, frames);
        return settled(DONE);
      }
      if (answer < 0) return this.#send(() => this.#outgoing(frames), 0, undefined, SEND_KEYS);
      return engine.wait(POLLOUT, this.#sender(this.#outgoing(frames).keep(), 0));
    } catch (error) {
      return engine.refused(explained(error, engine.type, parts));
    }
  }

  /** Sends a string, by default as UTF-8; `encoding` may be any that Buffer knows. A TypeError for anything else. */
  sendString(
    text: string,
    flags?: number | (Untracked & TextOptions),
    options?: Untracked & TextOptions,
  ): Promise<undefined>;
  sendString(
    text: string,
    flags?: number | (SendOptions & TextOptions),
    options?: SendOptions & TextOptions,
  ): Promise<Sent>;
  sendString(
    text: string,
    flags?: number | (SendOptions & TextOptions),
    options?: SendOptions & TextOptions,
  ): Promise<Sent> {
    if (this.send !== Sending.prototype.send && overridden(this, "send")) {
      return this.#through(
        "send",
        (given) => encodeText(text, given.encoding),
        flags,
        options,
        SEND_TEXT_KEYS,
      );
    }
    return this.#send(
      (given) => this.#outgoing([encodeText(text, given.encoding)], given),
      flags,
      options,
      SEND_TEXT_KEYS,
    );
  }

  /** Sends a value as JSON. A TypeError for what JSON cannot say (undefined, a function, a cycle). */
  sendJson(value: unknown, flags?: number | Untracked, options?: Untracked): Promise<undefined>;
  sendJson(value: unknown, flags?: number | SendOptions, options?: SendOptions): Promise<Sent>;
  sendJson(value: unknown, flags?: number | SendOptions, options?: SendOptions): Promise<Sent> {
    if (this.send !== Sending.prototype.send && overridden(this, "send"))
      return this.#through("send", () => encodeJson(value), flags, options, SEND_KEYS);
    return this.#send((given) => this.#outgoing([encodeJson(value)], given), flags, options, SEND_KEYS);
  }

  /** Sends the frames that `serialize` makes of a value. */
  sendSerialized<T>(
    value: T,
    serialize: (value: T) => Iterable<Data>,
    flags?: number | SendOptions,
    options?: SendOptions,
  ): Promise<Sent> {
    const frames = (): Iterable<Data> => {
      if (typeof serialize !== "function") throw typeError("serialize must be a function");
      return serialize(value);
    };
    if (this.sendMultipart !== Sending.prototype.sendMultipart && overridden(this, "sendMultipart"))
      return this.#through("sendMultipart", frames, flags, options, SEND_KEYS);
    return this.#send((given) => this.#outgoing(frames(), given), flags, options, SEND_KEYS);
  }

  /**
   * Sends messages in order, each a datum or an array of frames. If it ends early (DONTWAIT, timeout, an error), the
   * error's `sent` says how many have gone, each whole.
   */
  sendBatch(
    messages: readonly MessageData[],
    flags?: number | WaitOptions,
    options?: WaitOptions,
  ): Promise<void> {
    try {
      const batch = this.#batch(messages, flags === undefined && options === undefined);
      const call = readCall(flags, options, BATCH_KEYS);
      const sending = this.#engine.run(POLLOUT, batch.attempt, call, call.dontWait, batch.tell);
      batch.keep();
      return sending;
    } catch (error) {
      return this.#engine.refused(error);
    }
  }

  /** `send` that blocks the thread. Obeys DONTWAIT, `timeout` and SNDTIMEO. */
  sendSync(data: Data, flags?: number | SyncSendOptions, options?: SyncSendOptions): Sent {
    const engine = this.#engine;
    if (flags === undefined && options === undefined && !engine.queued(POLLOUT) && !engine.pairs) {
      try {
        if (sendOne(engine.native.number, data) === SENT) {
          if (sent.hasSubscribers) tellSent(engine.native, data);
          return undefined;
        }
      } catch (error) {
        throw explained(error, engine.type, data);
      } finally {
        if (engine.waiting) engine.touched();
      }
    }
    const read = (given: SendOptions): Outgoing =>
      new Outgoing([data], "the message (frame 0)", given, this.copyThreshold);
    return this.#sendSync(read, flags, options);
  }

  /** `sendMultipart` that blocks the thread. */
  sendMultipartSync(
    parts: Iterable<Data>,
    flags?: number | SyncSendOptions,
    options?: SyncSendOptions,
  ): Sent {
    const engine = this.#engine;
    let frames = parts;
    const plain = flags === undefined && options === undefined && !engine.queued(POLLOUT) && !engine.pairs;
    if (plain && Array.isArray(parts)) {
      try {
        const all = elements(parts);
        frames = all as Data[];
        if (sendWhole(engine.native.number, all) === SENT) {
          if (sent.hasSubscribers) tellSent(engine.native, all);
          return undefined;
        }
      } catch (error) {
        throw explained(error, engine.type, parts);
      } finally {
        if (engine.waiting) engine.touched();
      }
    }
    return this.#sendSync((given) => this.#outgoing(frames, given), flags, options);
  }

  /** `sendBatch` that blocks the thread. */
  sendBatchSync(messages: readonly MessageData[], flags?: number | SyncOptions, options?: SyncOptions): void {
    const batch = this.#batch(messages, flags === undefined && options === undefined);
    const call = readCall(flags, options, SYNC_KEYS);
    try {
      this.#engine.runSync(POLLOUT, batch.attempt, call.timeout, call.dontWait);
    } catch (error) {
      throw batch.tell(error);
    }
  }

  // ---- Inside

  /** Sends through a method that the program has overridden; text as bytes, as in pyzmq. */
  #through(
    name: "send" | "sendMultipart",
    read: (options: SendOptions & TextOptions) => unknown,
    flags: unknown,
    options: unknown,
    known: readonly string[],
  ): Promise<Sent> {
    try {
      const call = readCall(flags, options, known);
      const data = read(call.options);
      const bytes = typeof data === "string" ? Buffer.from(data) : data;
      return promised(this, name, [bytes, ...passedOn(call)]) as Promise<Sent>;
    } catch (error) {
      return this.#engine.refused(error);
    }
  }

  #outgoing(parts: unknown, options?: SendOptions): Outgoing {
    return new Outgoing(partsOf(parts), undefined, options, this.copyThreshold);
  }

  /** What sends a message once, without waiting. */
  #sender(outgoing: Outgoing, flags: number): Attempt<Sent> {
    const { native: socket, pairs, type } = this.#engine;
    return () => {
      const { frames } = outgoing;
      pairs?.check(frames.length, flags);
      let answer: number;
      try {
        answer =
          frames.length === 1
            ? send(socket.number, frames[0], flags)
            : sendMultipart(socket.number, frames, flags);
      } catch (error) {
        throw explained(error, type, frames);
      }
      if (answer === SENT) {
        pairs?.sent(frames.length);
        if (sent.hasSubscribers) tellSent(socket, frames);
        return outgoing.sent() ?? DONE;
      }
      if (answer === 0) return undefined;
      // A getter of the message has detached a frame that had been read before it.
      throw detached(frames.length === 1 ? "the message" : `frame ${refusedFrame(answer).index}`);
    };
  }

  #send(
    read: (options: SendOptions & TextOptions) => Outgoing,
    flags: unknown,
    options: unknown,
    known: readonly string[],
  ): Promise<Sent> {
    try {
      const call = readCall(flags, options, known);
      const outgoing = read(call.options);
      const sending = this.#engine.run(POLLOUT, this.#sender(outgoing, call.flags), call, call.dontWait);
      outgoing.keep(); // only what has to wait needs memory of its own
      return sending;
    } catch (error) {
      return this.#engine.refused(error);
    }
  }

  #sendSync(read: (options: SendOptions) => Outgoing, flags: unknown, options: unknown): Sent {
    const call = readCall(flags, options, SYNC_SEND_KEYS);
    const sender: Attempt<unknown> = this.#sender(read(call.options), call.flags);
    const sent = this.#engine.runSync(POLLOUT, sender, call.timeout, call.dontWait);
    return sent === DONE ? undefined : (sent as Sent);
  }

  #batch(messages: readonly MessageData[], plain: boolean): Batch {
    if (!Array.isArray(messages)) throw typeError("a batch must be an array of messages");
    return new Batch(this.#engine, messages, plain && !this.#engine.queued(POLLOUT));
  }
}

ownMethods(Sending.prototype, ["send", "sendMultipart"]);

/** Sends a frame at once, if it can: SENT, 0 if it would block, or what is wrong with it, see native.ts. */
function sendOne(socket: number, frame: unknown): number {
  const length = packFrame(frame, 0, 0, false);
  return length < 0 ? send(socket, frame, 0) : sendPackedFrame(socket, length, 0);
}

/** The same for a whole message. */
function sendWhole(socket: number, frames: readonly unknown[]): number {
  if (packMessage(frames)) return sendPackedMessage(socket, 0);
  return frames.length === 0 ? -1 : sendMultipart(socket, frames, 0);
}

function encodeJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw error instanceof Error ? trimStack(error) : error; // a cycle, or what a toJSON throws
  }
  if (text === undefined) throw typeError(`JSON cannot say ${typeof value}`);
  return text;
}

export { encodeJson };
