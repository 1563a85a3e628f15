/**
 * A pino transport: `pino({ transport: { target: "nodezmq/log/pino", options: { bind: "tcp://127.0.0.1:5555" } } })`.
 * The same function makes a stream to write to on this thread: `pino(options, publishLines({ handler }))`.
 */
import { Writable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { checkKeys } from "../call.js";
import { PUB } from "../constants.js";
import { Context } from "../context.js";
import { typeError, ZMQError } from "../errors.js";
import { PUBHandler } from "./handler.js";
import { CRITICAL, DEBUG, ERROR, getLevelName, INFO, WARNING } from "./levels.js";

/** Options of the transport. One of `bind`, `connect` and `handler` is needed. */
export interface PinoOptions {
  /** Addresses to bind a PUB socket to, in the process-wide context. */
  bind?: string | readonly string[] | undefined;
  /** Addresses to connect it to, where a collector has bound its SUB. */
  connect?: string | readonly string[] | undefined;
  /** A handler to publish through instead; not in a `transport`, whose thread is another. It stays open. */
  handler?: PUBHandler | undefined;
  /** What every topic begins with. */
  rootTopic?: string | undefined;
  /** Publishes pino's lines as they are, JSON. Default false: the message, then other fields as JSON, then a stack. */
  json?: boolean | undefined;
  /** The field with the subtopic, `"name"` by default, and pino's own message and level keys. */
  topicKey?: string | undefined;
  messageKey?: string | undefined;
  levelKey?: string | undefined;
  /** Names of levels of your own, by number: `{ 35: "NOTICE" }`. */
  levels?: Readonly<Record<number, string>> | undefined;
  /** How long, in milliseconds, the end waits for what is queued; for ever by default, within the exit's limit. */
  linger?: number | undefined;
}

const KEYS = [
  "bind",
  "connect",
  "handler",
  "rootTopic",
  "json",
  "topicKey",
  "messageKey",
  "levelKey",
  "levels",
  "linger",
] as const;

/** Options without those that pino adds for transports of its own making. */
function readOptions(options: PinoOptions): PinoOptions {
  if (typeof options !== "object" || options === null) throw typeError("the pino transport takes options");
  const given = Object.entries(options).filter(([key]) => !/^(?:\$|pino)/.test(key));
  return checkKeys(Object.fromEntries(given), KEYS);
}

/** pino's levels as Python's names, which the readers know. */
const levelNames = new Map<unknown, string>([
  [10, "TRACE"],
  [20, getLevelName(DEBUG)],
  [30, getLevelName(INFO)],
  [40, getLevelName(WARNING)],
  [50, getLevelName(ERROR)],
  [60, getLevelName(CRITICAL)],
  ["warn", getLevelName(WARNING)],
  ["fatal", getLevelName(CRITICAL)],
]);

const list = (addresses: string | readonly string[] | undefined): readonly string[] =>
  addresses === undefined ? [] : typeof addresses === "string" ? [addresses] : addresses;

function open(options: PinoOptions): PUBHandler {
  const { handler, linger } = options;
  if (handler !== undefined) {
    if (!(handler instanceof PUBHandler)) throw typeError("handler must be a PUBHandler");
    return handler;
  }
  const [bind, connect] = [list(options.bind), list(options.connect)];
  if (bind.length + connect.length === 0) {
    throw typeError(
      'the pino transport needs an address: { bind: "tcp://127.0.0.1:5555" }, or { connect: ... }',
    );
  }
  const socket = Context.instance().socket(PUB, linger === undefined ? {} : { linger });
  try {
    for (const address of bind) socket.bind(address);
    for (const address of connect) socket.connect(address);
    return new PUBHandler(socket, null, options.rootTopic ?? "");
  } catch (error) {
    socket.close(0);
    throw error;
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** The fields that pino adds by itself, and that the text has no need of. */
const usual = ["time", "pid", "hostname", "err"];

function parse(line: string): Fields | undefined {
  try {
    const fields: unknown = JSON.parse(line);
    return typeof fields === "object" && fields !== null && !Array.isArray(fields)
      ? (fields as Fields)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Publishes lines of pino's, or of anything that writes JSON lines; what is no JSON is published as INFO. */
export default function publishLines(given: PinoOptions): Writable {
  const options = readOptions(given);
  const { topicKey = "name", messageKey = "msg", levelKey = "level", levels = {}, json = false } = options;
  const handler = open(options);
  const hidden = new Set([...usual, topicKey, messageKey, levelKey]);

  const levelName = (level: unknown): string => {
    const own = typeof level === "number" ? levels[level] : undefined;
    const known = own ?? levelNames.get(level);
    if (known !== undefined) return known;
    return typeof level === "string"
      ? level.toUpperCase()
      : typeof level === "number"
        ? `Level ${level}`
        : "INFO";
  };

  const textOf = (fields: Fields, message: string): string => {
    const others = Object.entries(fields).filter(([key]) => !hidden.has(key));
    const { err } = fields as { err?: { stack?: unknown } };
    const parts = others.length === 0 ? [message] : [message, JSON.stringify(Object.fromEntries(others))];
    const text = `${parts.filter((part) => part !== "").join(" ")}\n`;
    return typeof err?.stack === "string" ? text + err.stack : text;
  };

  const send: PUBHandler["publish"] = (...message) => {
    try {
      handler.publish(...message);
    } catch (error) {
      // A program goes on without its log when the socket is closed or the context terminated.
      if (!(error instanceof ZMQError)) throw error;
    }
  };

  const publish = (line: string): void => {
    if (line === "") return;
    const fields = parse(line);
    if (fields === undefined) {
      send("INFO", "", `${line}\n`);
      return;
    }
    const message = fields[messageKey] === undefined ? "" : String(fields[messageKey]);
    const topic = fields[topicKey] === undefined ? "" : String(fields[topicKey]);
    send(levelName(fields[levelKey]), topic, json ? `${line}\n` : textOf(fields, message));
  };

  const decoder = new StringDecoder("utf8");
  let rest = "";
  return new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      try {
        const lines = (rest + (typeof chunk === "string" ? chunk : decoder.write(chunk))).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) publish(line);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    final(done) {
      try {
        publish(rest + decoder.end());
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    destroy(error, done) {
      if (options.handler === undefined) handler.socket.close();
      done(error);
    },
  });
}
export { publishLines };
