/** What authenticators tell of their work. */
import { debuglog } from "node:util";
import { typeError } from "../errors.js";

/**
 * Where an authenticator writes: anything with these methods, of which any may be missing, such as `console`. Secrets are
 * never written.
 */
export interface Logger {
  debug?(message: string): void;
  info?(message: string): void;
  warning?(message: string): void;
  warn?(message: string): void;
  error?(message: string): void;
}

export type Level = "debug" | "info" | "warning" | "error";

/** How the parts of an authenticator write. */
export type Tell = (level: Level, message: string) => void;

const debug = debuglog("zmq.auth");

/** The default: silent, unless NODE_DEBUG names `zmq.auth`. */
export const silent: Logger = Object.freeze({
  debug: (message: string) => debug("%s", message),
  info: (message: string) => debug("%s", message),
  warning: (message: string) => debug("warning: %s", message),
  error: (message: string) => debug("error: %s", message),
});

/** Whether anybody hears. */
export const isHeard = (log: Logger): boolean => log !== silent || debug.enabled;

export function readLog(log: unknown): Logger {
  if (log === undefined || log === null) return silent;
  if (typeof log === "object" || typeof log === "function") return log as Logger;
  throw typeError(`log must be an object with debug, info, warning and error, not ${typeof log}`);
}

/** Writes to a program's logger, whose own failures must not let anybody in, nor keep anybody out. */
export function tellTo(log: Logger, level: Level, message: string): void {
  try {
    if (level === "warning" && typeof log.warning !== "function") log.warn?.(message);
    else log[level]?.(message);
  } catch (error) {
    debug("the logger has failed: %s", error);
  }
}

/** What a peer has sent, for a log: on one line, not too long. */
export function shown(data: Uint8Array | string): string {
  const text = typeof data === "string" ? data : Buffer.from(data).toString("utf8", 0, LONGEST);
  return JSON.stringify(text.slice(0, LONGEST)) + (data.length > LONGEST ? "..." : "");
}
const LONGEST = 128;
