/** zmq.error: the error classes, the one factory that makes them, and stack traces that begin at the caller. */

import * as os from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { EAGAIN, Errno, ETERM, IPC_PATH_MAX_LEN } from "./constants.js";

const system: Readonly<Record<string, number | undefined>> = os.constants.errno;
const EINTR = system.EINTR ?? 4;
const ENOENT = system.ENOENT ?? 2;
const ENAMETOOLONG = system.ENAMETOOLONG ?? 36;

// pyzmq's names come last and so win where a number has two (ENOTSUP and EOPNOTSUPP).
const codes = new Map<number, string>();
for (const names of [system, Errno]) {
  for (const [name, errno] of Object.entries(names)) {
    if (errno !== undefined && !name.startsWith("WSA")) codes.set(errno, name);
  }
}
codes.set(EAGAIN, "EAGAIN"); // not EWOULDBLOCK

// ---- What the native library tells. The addon is loaded later than this module, and not by it.

let strerror = (errno: number): string => `Error ${errno}`;
let latest = 0;
let lastErrno = (): number => latest;
let libraryVersion = (): string => "unknown";

/** The number of the latest error of this thread; 0 before the first. */
export const zmqErrno = (): number => lastErrno();

// A text is asked for once: an Again costs no call into the addon.
const texts = new Map<number, string>();

function textOf(errno: number): string {
  let text = texts.get(errno);
  if (text === undefined) {
    text = strerror(errno);
    texts.set(errno, text);
  }
  return text;
}

/** Hands over libzmq's functions: `strerror`, and for `new ZMQError()` and ZMQVersionError the others. */
export function setStrerror(
  text: (errno: number) => string,
  more: { readonly errno?: () => number; readonly version?: () => string } = {},
): void {
  texts.clear();
  strerror = text;
  if (more.errno) lastErrno = more.errno;
  if (more.version) libraryVersion = more.version;
}

// ---- Stack traces

/** Where a call was made: V8 formats `stack` when it is first read, so taking one is cheap. */
export interface CallSite {
  stack?: string;
}

// Our own frames use up the stack's limit before they are dropped.
const HEADROOM = 10;

// Error may be frozen (--frozen-intrinsics), then its limit stays what it is.
const setLimit = (limit: number): boolean => Reflect.set(Error, "stackTraceLimit", limit);

/** Remembers the caller's line, for an error that may come later: `trimStack(error, site)`. */
export function callSite(): CallSite {
  const site: CallSite = {};
  const limit: number | undefined = Error.stackTraceLimit;
  const raise = typeof limit === "number" && limit > 0;
  if (raise) setLimit(limit + HEADROOM);
  Error.captureStackTrace(site);
  if (raise) setLimit(limit);
  return site;
}

// The folders our frames come from: lib, and src where source maps are on. Inside somebody's bundle the
// file has another name, and its folder is the program's own: nothing is dropped then.
const folders: string[] = [];
if (/^errors\.[cm]?[jt]s$/.test(path.basename(__filename))) {
  for (const name of new Set([path.basename(__dirname), "lib", "src"])) {
    const folder = path.join(__dirname, "..", name) + path.sep;
    folders.push(folder, pathToFileURL(folder).href);
  }
}

const ours = (location: string): boolean => folders.some((folder) => location.startsWith(folder));

// Built-in frames (node:internal, Array.map, Promise.all) belong to whoever stands below them.
const builtin = (location: string): boolean => /^(?:node:|native$|<anonymous>$|index \d+$)/.test(location);

// "    at async Socket.recv (/x/lib/socket.js:1:2)" and "    at /x/y.js:1:2"
const FRAME = /^\s*at (?:async )?(?:.*? \((.*)\)|(.*))$/;

function trim(stack: string): string[] {
  const lines = stack.split("\n");
  const start = lines.findIndex((line) => /^\s+at /.test(line));
  if (start < 0) return [];
  const frames = lines.slice(start);
  const first = frames.findIndex((line) => {
    const frame = FRAME.exec(line);
    const location = frame?.[1] ?? frame?.[2] ?? "";
    return !ours(location) && !builtin(location);
  });
  // Where nobody awaits the call there is no line of the caller's; our own would tell nobody anything.
  if (first < 0) return [];
  const limit: number | undefined = Error.stackTraceLimit;
  return frames.slice(first).slice(0, typeof limit === "number" ? limit : undefined);
}

// Puts a private field on an error of any class: cheaper than a WeakMap, and invisible.
class Host {
  constructor(target: Error) {
    // biome-ignore lint/correctness/noConstructorReturn: the returned object is what gets the field
    return target as unknown as Host;
  }
}

class Traced extends Host {
  #site: CallSite;

  constructor(error: Error, site: CallSite) {
    super(error);
    this.#site = site;
  }

  static is(error: object): error is Traced {
    return #site in error;
  }

  static move(error: Traced, site: CallSite): void {
    error.#site = site;
  }

  static site(error: Traced): CallSite {
    return error.#site;
  }
}

function readStack(this: object): unknown {
  // Inherited by an object made with Object.create(error), the getter still has an answer.
  if (!Traced.is(this)) return undefined;
  let stack: unknown = Traced.site(this).stack;
  // A program's own Error.prepareStackTrace may return anything: it gets what it made.
  if (typeof stack === "string") {
    stack = [Error.prototype.toString.call(this), ...trim(stack)].join("\n");
  }
  writeStack.call(this, stack);
  return stack;
}

function writeStack(this: object, value: unknown): void {
  Object.defineProperty(this, "stack", {
    value,
    configurable: true,
    enumerable: false,
    writable: true,
  });
}

const stackProperty: PropertyDescriptor = {
  get: readStack,
  set: writeStack,
  configurable: true,
  enumerable: false,
};

/**
 * Lets the stack trace begin at the caller's line: the leading frames inside this library are dropped when
 * `stack` is first read. Called where the error is made, or with the `callSite()` of an earlier call.
 */
export function trimStack<T extends Error>(error: T, site: CallSite = callSite()): T {
  if (Traced.is(error)) {
    Traced.move(error, site);
  } else {
    new Traced(error, site);
  }
  Object.defineProperty(error, "stack", stackProperty);
  return error;
}

// `name` is the prototype's, as in the built-in classes: an own property would be printed with the error.
function setName(type: { readonly prototype: Error; readonly name: string }, name: string): void {
  Object.defineProperty(type.prototype, "name", {
    value: name,
    configurable: true,
    enumerable: false,
    writable: true,
  });
}

// ---- The classes

/** The root of pyzmq's errors. */
export class ZMQBaseError extends Error {
  constructor(message?: string) {
    // The trace that Error itself would take is not needed: trimStack() takes one.
    const limit: number | undefined = Error.stackTraceLimit;
    const mute = typeof limit === "number" && setLimit(0);
    super(message);
    if (mute) setLimit(limit);
    // A ZMQError does so after its fields: V8 extends an object slowly once `stack` is an accessor.
    if (!(this instanceof ZMQError)) trimStack(this);
  }
}

/**
 * An error that libzmq reported. `new ZMQError(11)` has libzmq's text for it, `new ZMQError("text")` has a
 * text and no number, and `new ZMQError()` is the last error of this thread.
 */
export class ZMQError extends ZMQBaseError {
  /** The error number, positive: compare with `zmq.EADDRINUSE` and the like. */
  readonly errno: number | undefined;
  /** Its name: `"EADDRINUSE"`. */
  readonly code: string | undefined;
  /** The same text as `message`, as in pyzmq. */
  readonly strerror: string;
  /** The address that was named, where one was. */
  declare readonly endpoint?: string;

  constructor(errno?: number | string | null, message?: string | null) {
    const given: unknown = errno ?? (message ? undefined : lastErrno());
    const number = Number.isInteger(given) ? (given as number) : undefined;
    const text = String(message ?? (number === undefined ? given : textOf(number)));
    super(text);
    if (number !== undefined) latest = number;
    this.errno = number;
    this.code = number === undefined ? undefined : (codes.get(number) ?? "UNKNOWN");
    this.strerror = text;
    trimStack(this);
  }
}

/** The call would have had to wait: EAGAIN. Like pyzmq's it takes no arguments that matter. */
export class Again extends ZMQError {
  declare readonly errno: number;
  declare readonly code: string;

  constructor(_errno?: unknown, _message?: unknown) {
    super(EAGAIN);
  }
}

/** The context has been terminated: ETERM. */
export class ContextTerminated extends ZMQError {
  declare readonly errno: number;
  declare readonly code: string;

  constructor(_errno?: unknown, _message?: unknown) {
    super(ETERM);
  }
}

/** A signal interrupted the call: EINTR. The library retries, so a program hardly ever sees it. */
export class InterruptedSystemCall extends ZMQError {
  declare readonly errno: number;
  declare readonly code: string;

  constructor(_errno?: unknown, _message?: unknown) {
    super(EINTR);
  }
}

/** `bindToRandomPort` found no free port. */
export class ZMQBindError extends ZMQBaseError {}

/** `tracker.wait` ran out of time: libzmq still holds the message. */
export class NotDone extends ZMQBaseError {}

/** A feature needs a later libzmq. As in pyzmq it is no ZMQBaseError. */
export class ZMQVersionError extends Error {
  readonly minVersion: string;
  readonly version: string;
  /** What needs the later version. */
  readonly msg: string;

  constructor(minVersion: string, feature = "Feature") {
    const version = libraryVersion();
    super(`${feature} requires libzmq >= ${minVersion}, have ${version}`);
    this.minVersion = minVersion;
    this.version = version;
    this.msg = feature;
    trimStack(this);
  }
}

/** Warns of reading FD on a thread-safe draft socket, where libzmq offers only an approximation. */
export class DraftFDWarning extends Error {
  constructor(
    message = "A thread-safe socket has no FD of its own: that of a zmq_poller stands in for it, " +
      "and may signal although nothing has happened",
  ) {
    super(message);
    trimStack(this);
  }
}

setName(ZMQBaseError, "ZMQBaseError");
setName(ZMQError, "ZMQError");
setName(Again, "Again");
setName(ContextTerminated, "ContextTerminated");
setName(InterruptedSystemCall, "InterruptedSystemCall");
setName(ZMQBindError, "ZMQBindError");
setName(NotDone, "NotDone");
setName(ZMQVersionError, "ZMQVersionError");
setName(DraftFDWarning, "DraftFDWarning");

// ---- The factory

const classes = new Map<number, new () => ZMQError>([
  [EAGAIN, Again],
  [ETERM, ContextTerminated],
  [EINTR, InterruptedSystemCall],
]);

function explain(errno: number, detail = "", endpoint = ""): string {
  if (endpoint.startsWith("ipc://") && detail === "") {
    const file = endpoint.slice("ipc://".length);
    if (errno === ENOENT) return `No such file or directory for ipc path "${file}".`;
    if (errno === ENAMETOOLONG) {
      return (
        `ipc path "${file}" is longer than ${IPC_PATH_MAX_LEN} characters ` +
        "(sizeof(sockaddr_un.sun_path)). zmq.IPC_PATH_MAX_LEN is the limit to check against."
      );
    }
  }
  const tried = [detail, endpoint && `addr='${endpoint}'`].filter(Boolean).join(", ");
  return tried === "" ? textOf(errno) : `${textOf(errno)} (${tried})`;
}

/**
 * Makes the error for a libzmq errno: here every ZMQError of the library is born, C++'s included. `detail`
 * says what was tried, `endpoint` is the address that was named. A missing file of an ipc address is told
 * in pyzmq's words, unless there is a `detail`.
 */
export function makeError(errno: number, detail?: string, endpoint?: string): ZMQError {
  const Special = classes.get(errno);
  if (!detail && !endpoint) return Special ? new Special() : new ZMQError(errno);
  const text = explain(errno, detail, endpoint);
  const error = Special ? new Special() : new ZMQError(errno, text);
  if (Special) {
    error.message = text;
    Object.assign(error, { strerror: text });
  }
  if (endpoint) Object.assign(error, { endpoint });
  return error;
}

/** A wrong value in an error's text. An object is never asked for its own: that would run code of the program's. */
export function shown(value: unknown): string {
  if (value === null) return "null";
  return typeof value === "object" || typeof value === "function" ? typeof value : String(value);
}

/** For arguments of the wrong type. */
export const typeError = (message: string): TypeError => trimStack(new TypeError(message));

/** For arguments of the right type and a wrong value: pyzmq's ValueError, IndexError, OverflowError. */
export const rangeError = (message: string): RangeError => trimStack(new RangeError(message));

/** For what pyzmq raises KeyError or RuntimeError: the message names the thing. */
export const plainError = (message: string): Error => trimStack(new Error(message));
