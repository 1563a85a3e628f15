/** PUBHandler: log records as messages of a PUB socket. */
import { types } from "node:util";
import { checkKeys } from "../call.js";
import { DONTWAIT, ENOTSOCK, PUB } from "../constants.js";
import { Context } from "../context.js";
import { Again, makeError, typeError } from "../errors.js";
import { Socket } from "../socket.js";
import { defaultFormatters, type FormatterLike, readFormatter, render } from "./formatter.js";
import { NOTSET, readLevel } from "./levels.js";
import { complete, type FormattedRecord, type LogRecord } from "./record.js";

/** Options of a PUBHandler. */
export interface PUBHandlerOptions {
  /** The context of a socket that the handler opens itself; by default a new one of its own. */
  context?: Context | null | undefined;
  /** What every topic begins with; nothing by default. */
  rootTopic?: string | Uint8Array | undefined;
}

/** What a Logger writes to. A PUBHandler is one. */
export interface Handler {
  /** Records below it are not wanted; 0 is everything. */
  level?: number;
  emit(record: LogRecord): void;
}

type Formatters = Record<number, FormatterLike | null>;

function readRootTopic(topic: unknown): string {
  if (typeof topic === "string") return topic;
  if (types.isUint8Array(topic)) return Buffer.from(topic).toString("utf8");
  throw typeError(`a root topic is a string; got ${topic === null ? "null" : typeof topic}`);
}

function readOptions(
  context: unknown,
  rootTopic: unknown,
): { context: Context | undefined; rootTopic: string } {
  const given: PUBHandlerOptions = { context: undefined, rootTopic: "" };
  for (const [key, value] of [
    ["context", context],
    ["rootTopic", rootTopic],
  ] as const) {
    if (value === undefined || value === null) continue;
    const options = typeof value === "object" && !(value instanceof Context) && !types.isUint8Array(value);
    Object.assign(given, options ? checkKeys(value, ["context", "rootTopic"]) : { [key]: value });
  }
  const owner = given.context ?? undefined;
  if (owner !== undefined && !(owner instanceof Context)) throw typeError("context must be a zmq.Context");
  return { context: owner, rootTopic: readRootTopic(given.rootTopic ?? "") };
}

/**
 * Publishes log records. Each is a message of two frames: the topic, which is the root topic, the level's name and the
 * subtopic, joined by dots (`"app.INFO.db"`), and the text. pyzmq's `python3 -m zmq.log` and `nodezmq log` print them.
 *
 * Publishing never waits: without subscribers, and beyond the socket's SNDHWM, records are dropped.
 */
export class PUBHandler implements Handler, Disposable {
  /** The context of the socket. */
  readonly ctx: Context;
  /** The socket: `handler.socket.lastEndpoint` tells which port was taken. */
  readonly socket: Socket;
  /** Formatters by level number. A level that has none is given that of the next lower one. */
  formatters: Formatters = defaultFormatters();
  /** For loggers: records below it are not handed to this handler. 0 is everything. */
  level: number = NOTSET;
  readonly #ownSocket: boolean;
  readonly #ownContext: boolean;
  #rootTopic: string;
  #closed = false;
  #warned = false;

  /**
   * @param interfaceOrSocket an address, which a PUB socket is bound to, or a socket, which is used as it is
   * @param context for an address: the context to open the socket in, by default a new one
   * @param rootTopic what every topic begins with
   * @throws TypeError; ZMQError as `socket.bind`
   */
  constructor(
    interfaceOrSocket: string | Uint8Array | Socket,
    context?: Context | null | PUBHandlerOptions,
    rootTopic?: string | Uint8Array | PUBHandlerOptions,
  ) {
    const options = readOptions(context, rootTopic);
    this.#rootTopic = options.rootTopic;
    this.#ownSocket = !(interfaceOrSocket instanceof Socket);
    if (interfaceOrSocket instanceof Socket) {
      if (interfaceOrSocket.closed) throw makeError(ENOTSOCK);
      this.#ownContext = false;
      this.socket = interfaceOrSocket;
      this.ctx = interfaceOrSocket.context;
      return;
    }
    if (typeof interfaceOrSocket !== "string" && !types.isUint8Array(interfaceOrSocket)) {
      throw typeError(
        `a PUBHandler takes an address to bind to, or a Socket; got ${interfaceOrSocket === null ? "null" : typeof interfaceOrSocket}`,
      );
    }
    this.#ownContext = options.context === undefined;
    this.ctx = options.context ?? new Context();
    this.socket = this.ctx.socket(PUB);
    try {
      this.socket.bind(interfaceOrSocket);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** What every topic begins with; `""` for nothing. Bytes are decoded. */
  get rootTopic(): string {
    return this.#rootTopic;
  }
  set rootTopic(topic: string | Uint8Array) {
    this.setRootTopic(topic);
  }

  setRootTopic(rootTopic: string | Uint8Array): void {
    this.#rootTopic = readRootTopic(rootTopic);
  }

  /**
   * Sets the formatter of one level, or of all (`NOTSET`, the default).
   *
   * @param fmt a format such as `"%(levelname)s %(message)s"`, a function of the record, an object with a `format`
   * method such as a `Formatter`; null is the bare message
   */
  setFormatter(fmt: FormatterLike | null, level: number | string = NOTSET): void {
    const formatter = readFormatter(fmt);
    const number = readLevel(level);
    for (const one of number === NOTSET ? Object.keys(this.formatters) : [number]) {
      this.formatters[Number(one)] = formatter;
    }
  }

  /** See `level`. */
  setLevel(level: number | string): void {
    this.level = readLevel(level);
  }

  /** The text of a record. */
  format(record: LogRecord): string {
    return this.#render(complete(record));
  }

  /**
   * Publishes a record, which is not changed. A record that cannot be formatted goes to `handleError`.
   *
   * @throws TypeError for what is no record; ZMQError ENOTSOCK when the handler or its socket is closed;
   * ContextTerminated
   */
  emit(record: LogRecord): void {
    if (this.closed) throw makeError(ENOTSOCK, "the handler is closed");
    let ready: FormattedRecord;
    let text: string;
    try {
      ready = complete(record);
      text = this.#render(ready);
    } catch (error) {
      if (typeof record !== "object" || record === null || Array.isArray(record)) throw error;
      this.handleError(record, error);
      return;
    }
    this.publish(ready.levelname, ready.topic, text, record);
  }

  /** The same: what a logger calls. */
  handle(record: LogRecord): void {
    this.emit(record);
  }

  /** Publishes a text as it is. */
  publish(levelName: string, topic: string, text: string, record: LogRecord = { msg: text }): void {
    const whole = [this.#rootTopic, levelName, topic].filter((part) => part !== "").join(".");
    try {
      this.socket.sendMultipartSync([whole, text], DONTWAIT);
    } catch (error) {
      // Of sockets that are no PUB: nothing that logs should wait for them.
      if (!(error instanceof Again)) throw error;
      this.handleError(record, error);
    }
  }

  /** Called for a record that is lost, with the reason. By default warns, once. Made to be replaced. */
  handleError(_record: LogRecord, error: unknown): void {
    if (this.#warned) return;
    this.#warned = true;
    process.emitWarning(`a log record was lost: ${error instanceof Error ? error.message : String(error)}`, {
      type: "LogWarning",
      code: "NODEZMQ_LOG_LOST",
    });
  }

  /** Whether the handler or its socket is closed: nothing can be published any more. */
  get closed(): boolean {
    return this.#closed || this.socket.closed;
  }

  /**
   * Closes the socket, if the handler has opened it; what is queued is still sent, as LINGER says. A socket that was
   * given stays open.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#ownSocket) return;
    this.socket.close();
    if (this.#ownContext) void this.ctx.term();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #render(record: FormattedRecord): string {
    const { formatters } = this;
    const { levelno } = record;
    if (levelno in formatters) return render(formatters[levelno], record);
    const levels = Object.keys(formatters)
      .map(Number)
      .sort((a, b) => a - b);
    const level = levels.filter((one) => one <= levelno).at(-1) ?? levels[0];
    return render(level === undefined ? null : formatters[level], record);
  }
}
