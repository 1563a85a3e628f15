/** zmq.eventloop.zmqstream: a socket that calls back. */
import { readCall, readFlags, readPlace } from "../call.js";
import { ENOTSOCK, POLLIN, POLLOUT } from "../constants.js";
import type { Data } from "../data.js";
import { mustReceive } from "../direction.js";
import type { Engine } from "../engine.js";
import { makeError, typeError } from "../errors.js";
import type { Frame } from "../frame.js";
import { Messaging } from "../messaging.js";
import { Outgoing, partsOf, type SendOptions } from "../outgoing.js";
import { Poller } from "../poller.js";
import { encodeJson } from "../sending.js";
import type { Socket } from "../socket.js";
import { encodeText, type TextOptions } from "../text.js";
import { IOLoop } from "./ioloop.js";
import { type MessageCallback, Pump, type SendCallback, type SendStatus } from "./pump.js";

export type { SendCallback, SendStatus };

/** Options of the stream's sending methods. */
export interface StreamSendOptions extends Omit<SendOptions, "timeout" | "signal"> {
  /** The new `onSend` callback, from now on. */
  callback?: SendCallback | undefined;
}

const SEND_KEYS = ["flags", "copy", "track", "routingId", "group", "callback"] as const;
const SEND_TEXT_KEYS = [...SEND_KEYS, "encoding"] as const;

function readCallback<T>(callback: T | null | undefined): T | undefined {
  if (callback === null || callback === undefined) return undefined;
  if (typeof callback !== "function")
    throw typeError(`a callback is a function or null; got ${typeof callback}`);
  return callback;
}

/** The arguments of `flush`, by name. */
export interface FlushOptions {
  flag?: number | undefined;
  limit?: number | null | undefined;
}

/**
 * Calls back for the messages of a socket, and queues what is to be sent.
 *
 * One callback is made in each turn of the event loop. What a callback throws is an uncaught exception, and what an
 * async one rejects with an unhandled rejection, as with any listener in Node; the stream goes on if the program does.
 * A stream that receives, or has something to send, keeps the process alive, unless the socket is `unref`'ed.
 */
export class ZMQStream {
  readonly socket: Socket;
  readonly ioLoop: IOLoop;
  /** pyzmq's attribute; the stream itself has no use for it. */
  readonly poller: Poller = new Poller();
  readonly #engine: Engine;
  readonly #pump: Pump;
  #onClose: (() => unknown) | undefined;
  #closed = false;

  /**
   * @param socket an open socket; it belongs to the stream now, and is closed with it
   * @param ioLoop the loop that can hold the stream; `IOLoop.current()` by default
   */
  constructor(socket: Socket, ioLoop?: IOLoop | null) {
    const engine = Messaging.engineOf(socket);
    if (engine === undefined) throw typeError("a ZMQStream takes a Socket");
    if (engine.closed) throw makeError(ENOTSOCK, "a ZMQStream takes an open socket");
    if (ioLoop !== undefined && ioLoop !== null && !(ioLoop instanceof IOLoop))
      throw typeError("ioLoop is an IOLoop");
    this.socket = socket;
    this.ioLoop = ioLoop ?? IOLoop.current();
    this.#engine = engine;
    this.#pump = new Pump(engine, socket.type, this.ioLoop, () => this.close());
  }

  // ---- The socket's own

  bind(...args: Parameters<Socket["bind"]>): ReturnType<Socket["bind"]> {
    return this.socket.bind(...args);
  }
  bindToRandomPort(...args: Parameters<Socket["bindToRandomPort"]>): number {
    return this.socket.bindToRandomPort(...args);
  }
  connect(...args: Parameters<Socket["connect"]>): ReturnType<Socket["connect"]> {
    return this.socket.connect(...args);
  }
  setsockopt(option: number, value: unknown): void {
    this.socket.setsockopt(option, value as never);
  }
  getsockopt(option: number): unknown {
    return this.socket.getsockopt(option);
  }
  setsockoptString(option: number, text: string, encoding?: BufferEncoding): void {
    this.socket.setsockoptString(option, text, encoding);
  }
  getsockoptString(option: number, encoding?: BufferEncoding): string {
    return this.socket.getsockoptString(option, encoding);
  }

  // ---- Callbacks

  /**
   * Calls back with each message, an array of its frames, until another callback replaces it; `null` ends it, and what
   * comes then waits in the socket.
   *
   * @param copy `false` gives Frames
   * @throws TypeError; ZMQError ENOTSUP for a type of socket that does not receive, ENOTSOCK once closed
   */
  onRecv(callback: ((message: Frame[]) => unknown) | null, copy: false | { copy: false }): void;
  onRecv(callback: ((message: Buffer[]) => unknown) | null, copy?: boolean | { copy?: boolean }): void;
  onRecv(callback: unknown, copy: boolean | { copy?: boolean | undefined } = true): void {
    const wanted = readCallback(callback as MessageCallback | null);
    if (wanted === undefined) {
      this.#pump.receive(undefined);
      return;
    }
    this.#alive();
    mustReceive(this.socket.type);
    const copied = typeof copy === "object" && copy !== null ? copy.copy !== false : Boolean(copy);
    this.#pump.receive(wanted, copied);
  }

  /** `onRecv` whose callback is given the stream first. */
  onRecvStream(
    callback: ((stream: this, message: Frame[]) => unknown) | null,
    copy: false | { copy: false },
  ): void;
  onRecvStream(
    callback: ((stream: this, message: Buffer[]) => unknown) | null,
    copy?: boolean | { copy?: boolean },
  ): void;
  onRecvStream(callback: unknown, copy?: boolean | { copy?: boolean }): void {
    const wanted = readCallback(callback as ((stream: this, message: unknown) => unknown) | null);
    this.onRecv(wanted === undefined ? null : (message: Buffer[]) => wanted(this, message), copy);
  }

  /** `onRecv(null)`. */
  stopOnRecv(): void {
    this.onRecv(null);
  }

  /**
   * Calls back when a message has been handed to libzmq, with the message and with what `send` resolves to, or has
   * failed, with the error; `null` ends it. A failure without a callback is a process warning.
   */
  onSend(callback: SendCallback | null): void {
    const wanted = readCallback(callback);
    if (wanted !== undefined) this.#alive();
    this.#pump.onSend = wanted;
  }

  /** `onSend` whose callback is given the stream first. */
  onSendStream(
    callback: ((stream: this, message: readonly Data[], status: SendStatus) => unknown) | null,
  ): void {
    const wanted = readCallback(callback);
    this.onSend(wanted === undefined ? null : (message, status) => wanted(this, message, status));
  }

  /** `onSend(null)`. */
  stopOnSend(): void {
    this.onSend(null);
  }

  /** Without effect, as in pyzmq: errors come as the status of `onSend`, or close the stream. */
  onErr(callback: unknown): void {
    readCallback(callback);
  }
  stopOnErr(): void {}

  /** Calls back once the stream has been closed, by whomever; `null` forgets it. */
  setCloseCallback(callback: (() => unknown) | null): void {
    this.#onClose = readCallback(callback);
  }

  // ---- Sending

  /**
   * Queues a message of one frame; REQ and REP send it when it is their turn. The data may be changed afterwards,
   * unless `copy: false` was asked for.
   *
   * @throws TypeError for what is no data; ZMQError ENOTSOCK once closed. All else is told to `onSend`.
   */
  send(message: Data, flags?: number | StreamSendOptions, options?: StreamSendOptions): void {
    this.#send(() => [message], flags, options, SEND_KEYS, "the message (frame 0)");
  }

  /** Queues a message of several frames. */
  sendMultipart(
    message: Iterable<Data>,
    flags?: number | StreamSendOptions,
    options?: StreamSendOptions,
  ): void {
    this.#send(() => partsOf(message) as Data[], flags, options, SEND_KEYS);
  }

  /** Queues a string, as UTF-8 by default. */
  sendString(
    text: string,
    flags?: number | (StreamSendOptions & TextOptions),
    options?: StreamSendOptions & TextOptions,
  ): void {
    this.#send((given) => [encodeText(text, given.encoding)], flags, options, SEND_TEXT_KEYS);
  }

  /** pyzmq's older name of `sendString`. */
  sendUnicode(...args: Parameters<ZMQStream["sendString"]>): void {
    this.sendString(...args);
  }

  /** Queues a value as JSON. */
  sendJson(value: unknown, flags?: number | StreamSendOptions, options?: StreamSendOptions): void {
    this.#send(() => [encodeJson(value)], flags, options, SEND_KEYS);
  }

  /** Queues a value in V8's serialization, which `v8.deserialize` reads: for programs of Node's only. */
  sendPyobj(value: unknown, flags?: number | StreamSendOptions, options?: StreamSendOptions): void {
    const { serialize } = require("node:v8") as typeof import("node:v8");
    this.#send(() => [serialize(value)], flags, options, SEND_KEYS);
  }

  /**
   * Makes pending callbacks at once, until nothing more is pending or so many have been made. Messages are received
   * even without a callback: they are dropped.
   *
   * @param flag POLLIN, POLLOUT or both, the default
   * @returns how many messages were received and sent
   */
  flush(flag: number | FlushOptions = POLLIN | POLLOUT, limit: number | null | FlushOptions = null): number {
    const stands = typeof limit === "object" && limit !== null;
    const { place, options } = readPlace(flag, stands ? limit : undefined, ["flag", "limit"]);
    const flags = readFlags(place === undefined ? (options.flag ?? POLLIN | POLLOUT) : place);
    const most = (stands ? undefined : limit) ?? options.limit ?? null;
    if (most !== null && typeof most !== "number")
      throw typeError(`a limit is a number of messages; got ${typeof most}`);
    this.#alive();
    return this.#pump.flush(flags, most ?? Number.POSITIVE_INFINITY);
  }

  // ---- State

  /** Whether there is an `onRecv` callback. */
  receiving(): boolean {
    return this.#pump.receiving;
  }

  /** Whether messages wait to be sent, or for the `onSend` callback. */
  sending(): boolean {
    return this.#pump.sending;
  }

  /** Whether the socket is closed, by the stream or otherwise. */
  closed(): boolean {
    if (this.#engine.closed) this.close();
    return this.#closed;
  }

  /** Closes the socket; what has not been handed to libzmq is dropped. Closing twice is nothing. */
  close(linger?: number | null): void {
    if (this.#closed) return;
    this.socket.close(linger);
    this.#closed = true;
    this.#pump.close();
    const callback = this.#onClose;
    this.#onClose = undefined;
    callback?.();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  // ---- Inside

  #alive(): void {
    if (this.closed()) throw makeError(ENOTSOCK, "Stream is closed");
  }

  #send(
    read: (options: StreamSendOptions & TextOptions) => Data[],
    flags: unknown,
    options: unknown,
    known: readonly string[],
    name?: string,
  ): void {
    const call = readCall(flags, options, known);
    const given = call.options as StreamSendOptions & TextOptions;
    const callback = readCallback(given.callback);
    const message = read(given);
    const outgoing = new Outgoing(message, name, given, this.socket.copyThreshold);
    this.#alive();
    if (callback !== undefined) this.#pump.onSend = callback;
    this.#pump.send(message, Messaging.senderOf(this.socket, outgoing, call.flags));
    outgoing.keep(); // only what has to wait needs memory of its own
  }
}
