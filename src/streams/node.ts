/** Node's streams of a socket. Loaded by the first call that asks for one. */
import { Duplex, Readable, Writable } from "node:stream";
import { checkKeys, readSignal } from "../call.js";
import type { MessageData } from "../data.js";
import type { Engine } from "../engine.js";
import { plainError, typeError } from "../errors.js";
import { onAbort } from "../pending.js";
import type { Sending } from "../sending.js";
import { setImmediate } from "../timers.js";
import { checkDirections, readOne, sendOne } from "./exchange.js";

export interface StreamOptions {
  /**
   * How many messages the stream may hold, besides the socket's own queue. Reading: default 0, a message is taken when
   * somebody reads. Writing: default 1, the one that waits.
   */
  highWaterMark?: number | undefined;
  /** Destroys the stream with `signal.reason`; a message that has not been sent or read then is not touched. */
  signal?: AbortSignal | undefined;
  /** Closes the socket when the stream is done or destroyed. Default false. */
  closeSocket?: boolean | undefined;
}

export interface DuplexOptions extends StreamOptions {
  readableHighWaterMark?: number | undefined;
  writableHighWaterMark?: number | undefined;
  /** `false` ends the writing when the reading ends. Default true. */
  allowHalfOpen?: boolean | undefined;
}

const KEYS = ["highWaterMark", "signal", "closeSocket"] as const;
const DUPLEX_KEYS = [...KEYS, "readableHighWaterMark", "writableHighWaterMark", "allowHalfOpen"] as const;

type Done = (error?: Error | null) => void;

/** One end of a socket: what its streams share. */
class Link {
  /** Ends what the stream waits for. */
  readonly #stop = new AbortController();
  readonly #socket: Sending;
  readonly #engine: Engine;
  readonly #closeSocket: boolean;
  #undo: (() => void)[] = [];
  #ended = false;

  constructor(socket: Sending, engine: Engine, closeSocket: boolean) {
    this.#socket = socket;
    this.#engine = engine;
    this.#closeSocket = closeSocket;
  }

  /** Ties the stream to the socket's end and to the caller's signal. */
  tie(stream: Readable | Writable, signal: AbortSignal | undefined, socketClosed: () => void): void {
    // The socket is still being closed: the stream's listeners may throw, and come after it.
    this.#undo.push(this.#engine.onClose(() => process.nextTick(socketClosed)));
    if (signal === undefined) return;
    const abort = (): void => void stream.destroy(asError(signal.reason));
    if (signal.aborted) process.nextTick(abort);
    else this.#undo.push(onAbort(signal, abort));
  }

  read(stream: Readable): void {
    if (this.#ended) return;
    readOne(this.#engine, this.#stop.signal, {
      message: (frames) => void stream.push(frames),
      end: () => this.end(stream),
      error: (error) => void stream.destroy(error as Error),
    });
  }

  /** Nothing more is to be read. */
  end(stream: Readable): void {
    if (this.#ended || stream.destroyed) return;
    this.#ended = true;
    stream.push(null);
  }

  write(message: MessageData, done: Done): void {
    const sent = sendOne(this.#socket, this.#engine, message, this.#stop.signal);
    // In a tick of its own: what the stream's listeners throw is an uncaught exception, not a rejection.
    sent.then(
      () => process.nextTick(done),
      (error) => process.nextTick(done, error),
    );
  }

  destroy(error: Error | null, done: Done): void {
    for (const step of this.#undo) step();
    this.#undo = [];
    this.#stop.abort();
    if (this.#closeSocket) this.#engine.close();
    done(error);
  }
}

function asError(reason: unknown): Error {
  if (reason instanceof Error) return reason;
  return Object.assign(plainError("The operation was aborted"), { name: "AbortError", cause: reason });
}

class MessageReadable extends Readable {
  readonly #link: Link;

  constructor(link: Link, highWaterMark: number, signal: AbortSignal | undefined) {
    super({ objectMode: true, highWaterMark });
    this.#link = link;
    link.tie(this, signal, () => link.end(this));
  }

  override _read(): void {
    this.#link.read(this);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#link.destroy(error, done);
  }
}

class MessageWritable extends Writable {
  readonly #link: Link;

  constructor(link: Link, highWaterMark: number, signal: AbortSignal | undefined) {
    super({ objectMode: true, decodeStrings: false, highWaterMark });
    this.#link = link;
    // A write that is under way fails by itself, with the reason.
    link.tie(this, signal, () => this.writableLength === 0 && this.destroy());
  }

  override _write(message: MessageData, _encoding: string, done: Done): void {
    this.#link.write(message, done);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#link.destroy(error, done);
  }
}

class MessageDuplex extends Duplex {
  readonly #link: Link;

  constructor(
    link: Link,
    options: { readableHighWaterMark: number; writableHighWaterMark: number; allowHalfOpen: boolean },
    signal: AbortSignal | undefined,
  ) {
    super({ ...options, objectMode: true, decodeStrings: false });
    this.#link = link;
    link.tie(this, signal, () => {
      // With the end of the reading comes the end of the writing: there is nothing to write to any more.
      this.allowHalfOpen = false;
      link.end(this);
    });
  }

  override _read(): void {
    this.#link.read(this);
  }

  override _write(message: MessageData, _encoding: string, done: Done): void {
    this.#link.write(message, done);
  }

  override _final(done: Done): void {
    // `pipeline(duplex, ..., duplex)` ends the writing once more, and waits for a finish that must not have been before.
    setImmediate(done);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#link.destroy(error, done);
  }
}

function readMark(mark: unknown, otherwise: number): number {
  if (mark === undefined) return otherwise;
  if (typeof mark !== "number" || !Number.isInteger(mark) || mark < 0)
    throw typeError("a highWaterMark is a whole number of messages");
  return mark;
}

function readOptions(options: unknown, known: readonly string[]) {
  const given = checkKeys(options, known) as DuplexOptions;
  return {
    signal: readSignal(given.signal),
    closeSocket: given.closeSocket === true,
    readMark: readMark(given.readableHighWaterMark ?? given.highWaterMark, 0),
    writeMark: readMark(given.writableHighWaterMark ?? given.highWaterMark, 1),
    allowHalfOpen: given.allowHalfOpen !== false,
  };
}

export function createReadStream(socket: Sending, engine: Engine, options: StreamOptions = {}): Readable {
  const { signal, closeSocket, readMark } = readOptions(options, KEYS);
  checkDirections(engine, true, false);
  return new MessageReadable(new Link(socket, engine, closeSocket), readMark, signal);
}

export function createWriteStream(socket: Sending, engine: Engine, options: StreamOptions = {}): Writable {
  const { signal, closeSocket, writeMark } = readOptions(options, KEYS);
  checkDirections(engine, false, true);
  return new MessageWritable(new Link(socket, engine, closeSocket), writeMark, signal);
}

export function createDuplex(socket: Sending, engine: Engine, options: DuplexOptions = {}): Duplex {
  const { signal, closeSocket, readMark, writeMark, allowHalfOpen } = readOptions(options, DUPLEX_KEYS);
  checkDirections(engine, true, true);
  const marks = { readableHighWaterMark: readMark, writableHighWaterMark: writeMark, allowHalfOpen };
  return new MessageDuplex(new Link(socket, engine, closeSocket), marks, signal);
}
