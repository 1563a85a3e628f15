/** zmq.error: the error classes, and the one factory that makes them. */

import { constants } from "node:os";
import { EAGAIN, ENOTSOCK, Errno, ETERM, IPC_PATH_MAX_LEN } from "./constants.js";
import { setLimit, trimStack } from "./stack.js";

const system: Readonly<Record<string, number | undefined>> = constants.errno;
const EINTR = system.EINTR ?? 4;
const ENOENT = system.ENOENT ?? 2;
const ENAMETOOLONG = system.ENAMETOOLONG ?? 36;

/** The names of the numbers, made for the first error. */
let codes: Map<number, string> | undefined;

function readCodes(): Map<number, string> {
  const read = new Map<number, string>();
  // pyzmq's names come last and so win where a number has two (ENOTSUP and EOPNOTSUPP).
  for (const names of [system, Errno]) {
    for (const [name, errno] of Object.entries(names)) {
      if (errno !== undefined && !name.startsWith("WSA")) read.set(errno, name);
    }
  }
  return read.set(EAGAIN, "EAGAIN"); // not EWOULDBLOCK
}

function codeOf(errno: number): string {
  codes ??= readCodes();
  return codes.get(errno) ?? "UNKNOWN";
}

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
    this.code = number === undefined ? undefined : codeOf(number);
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
  if (!detail && endpoint === undefined) return Special ? new Special() : new ZMQError(errno);
  const text = explain(errno, detail, endpoint);
  const error = Special ? new Special() : new ZMQError(errno, text);
  if (Special) {
    error.message = text;
    Object.assign(error, { strerror: text });
  }
  if (endpoint !== undefined) Object.assign(error, { endpoint });
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

/** The error of an attempt that was made in the event loop, made anew where the waiting caller's stack can be told. */
export function renewed(error: unknown): unknown {
  if (!(error instanceof ZMQError) || error.errno === undefined) {
    // A text that is none, for one: nothing of the library's own stack is left of it.
    const bare = error instanceof Error && !/\n\s+at /.test(String(error.stack));
    return bare ? trimStack(error) : error;
  }
  const anew = makeError(error.errno);
  const same = anew.message === error.message || anew.constructor !== ZMQError;
  return same ? anew : new ZMQError(error.errno, error.message);
}

/** Whether an error says that the socket or its context has gone: how iterations end. */
export const isGone = (error: unknown): boolean =>
  error instanceof ZMQError && (error.errno === ENOTSOCK || error.errno === ETERM);
