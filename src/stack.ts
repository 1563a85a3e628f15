/** Stack traces that begin at the caller. */
import path = require("node:path");

import { pathToFileURL } from "node:url";

/** Where a call was made: V8 formats `stack` when it is first read, so taking one is cheap. */
export interface CallSite {
  stack?: string;
}

// Our own frames use up the stack's limit before they are dropped.
const HEADROOM = 10;

// Error may be frozen (--frozen-intrinsics), then its limit stays what it is.
export const setLimit = (limit: number): boolean => Reflect.set(Error, "stackTraceLimit", limit);

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

// The folders our frames come from: lib, where this is part of eager.js, and src where source maps are on. Inside somebody's
// bundle the file has another name, and its folder is the program's own: nothing is dropped then.
function findFolders(): string[] {
  const found: string[] = [];
  if (/^(?:stack|eager)\.[cm]?[jt]s$/.test(path.basename(__filename))) {
    for (const name of new Set([path.basename(__dirname), "lib", "src"])) {
      const folder = path.join(__dirname, "..", name) + path.sep;
      found.push(folder, pathToFileURL(folder).href);
    }
  }
  return found;
}

let folders: string[] | undefined;

function ours(location: string): boolean {
  folders ??= findFolders(); // for the first error: most programs are loaded without
  return folders.some((folder) => location.startsWith(folder));
}

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
