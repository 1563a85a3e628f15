/** Log records: what a handler is given, and what a formatter sees of it. */
import { basename } from "node:path";
import { threadId } from "node:worker_threads";
import { typeError } from "../errors.js";
import { type CallSite, trimStack } from "../stack.js";
import { getLevelName, INFO, levelOf } from "./levels.js";
import { percent, speaks, textOf } from "./percent.js";

/** What stands between a subtopic and the message. */
export const TOPIC_DELIM = "::";

/** A log record. All but `msg` may be left out; other fields are at hand for formatters. */
export interface LogRecord {
  /** What is logged; `"subtopic::message"` puts the subtopic into the topic. */
  msg: unknown;
  /** Python's number of the level: `zmq.log.INFO` is 20. By default that of `levelname`, else INFO. */
  levelno?: number | undefined;
  /** The level's name, part of the topic. By default that of `levelno`. */
  levelname?: string | undefined;
  /** Arguments for `msg`, by Python's %-format; one object for `%(name)s`. */
  args?: unknown;
  /** The file that logged, `"(unknown file)"` by default, and its line. */
  filename?: string | undefined;
  lineno?: number | undefined;
  /** The error that the message is about: its stack is appended. */
  excInfo?: unknown;
  /** Seconds since 1970; now by default. */
  created?: number | undefined;
  /** The logger's name. */
  name?: string | undefined;
  /** A subtopic: `msg` is then taken as it is, whatever it contains. */
  topic?: string | undefined;
  [field: string]: unknown;
}

/** A record as formatters get it: complete, with the `message` made of `msg` and `args`. A copy: it may be changed. */
export interface FormattedRecord extends LogRecord {
  levelno: number;
  levelname: string;
  args: readonly unknown[] | Readonly<Record<string, unknown>>;
  filename: string;
  lineno: number;
  created: number;
  name: string;
  topic: string;
  message: string;
  /** Python's way to ask for `message`. */
  getMessage(): string;
}

/** Where a logger was called, for `filename` and `lineno`, which are looked up only if a formatter reads them. */
export const SITE: unique symbol = Symbol("call site");

// "    at async save (/x/app.js:12:5)" and "    at file:///x/app.mjs:12:5"
const FRAME = /^\s*at (?:.* \()?(?:async )?(.*?):(\d+):\d+\)?$/;

function locate(site: CallSite): { filename: string; lineno: number } {
  const stack = String(trimStack(new Error(), site).stack);
  const [, file, line] = FRAME.exec(stack.split("\n")[1] ?? "") ?? [];
  return file === undefined
    ? { filename: UNKNOWN, lineno: 0 }
    : { filename: basename(file), lineno: Number(line) };
}

function readArgs(args: unknown): FormattedRecord["args"] {
  if (args === undefined || args === null) return [];
  if (Array.isArray(args)) return args as unknown[];
  const proto: unknown = typeof args === "object" ? Object.getPrototypeOf(args) : undefined;
  return proto === Object.prototype || proto === null ? (args as Record<string, unknown>) : [args];
}

const isEmpty = (args: FormattedRecord["args"]): boolean =>
  Array.isArray(args) ? args.length === 0 : Object.keys(args).length === 0;

const UNKNOWN = "(unknown file)";
const { pid } = process;

/** A complete copy of a record. A class with fields: object literals with spread parts cost several times as much. */
class Completed implements FormattedRecord {
  [field: string]: unknown;
  name: string;
  levelno: number;
  levelname: string;
  msg: string;
  args: FormattedRecord["args"];
  excInfo: unknown;
  created: number;
  process: unknown;
  thread: unknown;
  topic: string;
  message: string;
  declare filename: string;
  declare lineno: number;

  constructor(given: LogRecord) {
    // A record may be an instance of a class: each field is read, not only what is the object's own.
    const { name, msg, levelname, created, topic } = given;
    this.name = typeof name === "string" ? name : "root";
    this.levelno = levelOf(given.levelno) ?? levelOf(levelname) ?? INFO;
    this.levelname = typeof levelname === "string" ? levelname : getLevelName(this.levelno);
    const text = textOf(msg);
    const split = topic === undefined && speaks(msg) ? text.indexOf(TOPIC_DELIM) : -1;
    this.topic = split < 0 ? textOf(topic ?? "") : text.slice(0, split);
    this.msg = split < 0 ? text : text.slice(split + TOPIC_DELIM.length);
    this.args = readArgs(given.args);
    this.message = isEmpty(this.args) ? this.msg : percent(this.msg, this.args);
    this.excInfo = given.excInfo;
    this.created = typeof created === "number" && Number.isFinite(created) ? created : Date.now() / 1000;
    this.process = given.process ?? pid;
    this.thread = given.thread ?? threadId;
    for (const key of Object.keys(given)) if (!fields.has(key)) this[key] = given[key];
    if (!(this instanceof Sited)) {
      this.filename = given.filename ?? UNKNOWN;
      this.lineno = given.lineno ?? 0;
    }
  }

  getMessage(): string {
    return this.message;
  }
}

/** A record of a logger's, which looks up where it was called only when that is read. */
class Sited extends Completed {
  readonly #site: CallSite;
  #place: { filename: string; lineno: number } | undefined;

  constructor(given: LogRecord, site: CallSite) {
    super(given);
    this.#site = site;
  }

  static {
    for (const name of ["filename", "lineno"] as const) {
      Object.defineProperty(Sited.prototype, name, {
        configurable: true,
        get(this: Sited) {
          this.#place ??= locate(this.#site);
          return this.#place[name];
        },
        set(this: Sited, value: unknown) {
          Object.defineProperty(this, name, { value, configurable: true, enumerable: true, writable: true });
        },
      });
    }
  }
}

const fields = new Set([
  ...["name", "levelno", "levelname", "msg", "args", "excInfo", "created", "process", "thread", "topic"],
  ...["message", "filename", "lineno", "getMessage"],
]);

/** A complete copy of a record; the one given is left as it is. */
export function complete(given: LogRecord): FormattedRecord {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw typeError(`a log record is an object such as { levelno: 20, msg: "text" }; got ${typeof given}`);
  }
  const site = (given as { [SITE]?: CallSite })[SITE];
  return site !== undefined && given.filename === undefined ? new Sited(given, site) : new Completed(given);
}
