/** Loggers: the methods that programs call. */
import { typeError } from "../errors.js";
import { callSite } from "../stack.js";
import type { Handler } from "./handler.js";
import { CRITICAL, DEBUG, ERROR, INFO, readLevel, WARNING } from "./levels.js";
import { textOf } from "./percent.js";
import { type LogRecord, SITE, TOPIC_DELIM } from "./record.js";

/** What may follow the arguments of a logging call, as an object. */
export interface LogOptions {
  /** The error that the message is about: its stack is published too. */
  excInfo?: unknown;
  /** More fields of the record, for formatters. */
  extra?: Readonly<Record<string, unknown>>;
}

const OPTIONS = ["excInfo", "extra"];

/** Takes options off the end of the arguments: an object that has nothing else in it. */
function takeOptions(args: unknown[]): LogOptions {
  const last = args.at(-1);
  if (typeof last !== "object" || last === null) return {};
  const proto: unknown = Object.getPrototypeOf(last);
  const keys = Object.keys(last);
  if ((proto !== Object.prototype && proto !== null) || keys.length === 0) return {};
  return keys.every((key) => OPTIONS.includes(key)) ? (args.pop() as LogOptions) : {};
}

/** A logger like Python's: `logger.info("%d of %d", 1, 2)`. It has no parent: records go to its own handlers. */
export class Logger {
  readonly name: string;
  /** Records below it are dropped; 0, the default, is everything. */
  level: number;
  readonly handlers: Handler[] = [];

  constructor(name = "root", level: number | string = 0) {
    if (typeof name !== "string") throw typeError("the name of a logger is a string");
    this.name = name;
    this.level = readLevel(level);
  }

  setLevel(level: number | string): void {
    this.level = readLevel(level);
  }

  getEffectiveLevel(): number {
    return this.level;
  }

  isEnabledFor(level: number | string): boolean {
    return readLevel(level) >= this.level;
  }

  addHandler(handler: Handler): void {
    if (typeof handler?.emit !== "function") throw typeError("a handler has a method emit(record)");
    if (!this.handlers.includes(handler)) this.handlers.push(handler);
  }

  removeHandler(handler: Handler): void {
    const index = this.handlers.indexOf(handler);
    if (index >= 0) this.handlers.splice(index, 1);
  }

  /** Hands a record to the handlers. */
  handle(record: LogRecord): void {
    const level = record.levelno ?? INFO;
    for (const handler of [...this.handlers]) {
      if (level >= (handler.level ?? 0)) handler.emit(record);
    }
  }

  log(level: number | string, msg: unknown, ...args: unknown[]): void {
    this.write(readLevel(level), msg, args);
  }
  debug(msg: unknown, ...args: unknown[]): void {
    this.write(DEBUG, msg, args);
  }
  info(msg: unknown, ...args: unknown[]): void {
    this.write(INFO, msg, args);
  }
  warning(msg: unknown, ...args: unknown[]): void {
    this.write(WARNING, msg, args);
  }
  warn(msg: unknown, ...args: unknown[]): void {
    this.write(WARNING, msg, args);
  }
  error(msg: unknown, ...args: unknown[]): void {
    this.write(ERROR, msg, args);
  }
  /** `error` whose last argument is the error that it is about. */
  exception(msg: unknown, ...args: unknown[]): void {
    this.write(ERROR, msg, withError(args));
  }
  critical(msg: unknown, ...args: unknown[]): void {
    this.write(CRITICAL, msg, args);
  }
  fatal(msg: unknown, ...args: unknown[]): void {
    this.write(CRITICAL, msg, args);
  }

  /** What all methods come to. */
  protected write(level: number, msg: unknown, given: readonly unknown[]): void {
    if (level < this.level || this.handlers.length === 0) return;
    const args = [...given];
    const { excInfo, extra } = takeOptions(args);
    const record: LogRecord = { ...extra, name: this.name, levelno: level, msg, args, excInfo };
    this.handle(Object.assign(record, { [SITE]: callSite() }));
  }
}

/** Makes the error at the end of the arguments the `excInfo`. */
const withError = (args: readonly unknown[]): readonly unknown[] =>
  args.at(-1) instanceof Error ? [...args.slice(0, -1), { excInfo: args.at(-1) }] : args;

/** A topic in front of a message. */
function topical(topic: unknown, msg: unknown): string {
  if (typeof topic !== "string") {
    throw typeError(
      `the first argument is the topic, a string; got ${topic === null ? "null" : typeof topic}`,
    );
  }
  return `${topic}${TOPIC_DELIM}${textOf(msg)}`;
}

/**
 * A logger whose methods take a topic before the message: `logger.info("db.query", "%d rows", 3)`. A PUBHandler puts it
 * into the message's topic: `"INFO.db.query"`.
 */
export class TopicLogger extends Logger {
  override log(level: number | string, topic: string, msg?: unknown, ...args: unknown[]): void {
    this.write(readLevel(level), topical(topic, msg), args);
  }
  override debug(topic: string, msg?: unknown, ...args: unknown[]): void {
    this.write(DEBUG, topical(topic, msg), args);
  }
  override info(topic: string, msg?: unknown, ...args: unknown[]): void {
    this.write(INFO, topical(topic, msg), args);
  }
  override warning(topic: string, msg?: unknown, ...args: unknown[]): void {
    this.write(WARNING, topical(topic, msg), args);
  }
  override warn(topic: string, msg?: unknown, ...args: unknown[]): void {
    this.write(WARNING, topical(topic, msg), args);
  }
  override error(topic: string, msg?: unknown, ...args: unknown[]): void {
    this.write(ERROR, topical(topic, msg), args);
  }
  override exception(topic: string, msg?: unknown, ...args: unknown[]): void {
    this.write(ERROR, topical(topic, msg), withError(args));
  }
  override critical(topic: string, msg?: unknown, ...args: unknown[]): void {
    this.write(CRITICAL, topical(topic, msg), args);
  }
  override fatal(topic: string, msg?: unknown, ...args: unknown[]): void {
    this.write(CRITICAL, topical(topic, msg), args);
  }
}
