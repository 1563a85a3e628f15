/** What a ProcessDevice and its process tell each other. */
import { makeError, plainError, rangeError, typeError, ZMQError } from "../errors.js";
import type { Recipe } from "./recipe.js";

/** From the program: what to do, then, some time, to stop. */
export type Order = { run: Recipe } | { stop: true };

/** From the process: that it runs; that it has ended, before or after, and by which error if by one. */
export type Report = { running: true } | { ended: SentError | undefined };

/** An error on its way to another process. */
export interface SentError {
  kind: "zmq" | "type" | "range" | "other";
  message: string;
  errno?: number | undefined;
  endpoint?: string | undefined;
}

export function packError(error: unknown): SentError {
  if (error instanceof ZMQError) {
    return { kind: "zmq", message: error.message, errno: error.errno, endpoint: error.endpoint };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    kind: error instanceof TypeError ? "type" : error instanceof RangeError ? "range" : "other",
    message,
  };
}

export function unpackError({ kind, message, errno, endpoint }: SentError): Error {
  if (kind === "type") return typeError(message);
  if (kind === "range") return rangeError(message);
  if (kind === "other" || errno === undefined) return plainError(message);
  const error = makeError(errno, undefined, endpoint);
  if (error.message === message) return error;
  return Object.assign(new ZMQError(errno, message), endpoint === undefined ? {} : { endpoint });
}
