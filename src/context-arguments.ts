/** What a context is made with. */
import { checkKeys } from "./call.js";
import { EINVAL, IO_THREADS_DFLT } from "./constants.js";
import { makeError, typeError } from "./errors.js";

/** What a context is made with, by name. */
export interface ContextArguments<Context = unknown> {
  ioThreads?: number | undefined;
  shadow?: Context | bigint | 0 | null | undefined;
}

const isPlain = (value: unknown): value is ContextArguments =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** What a new context shall be another face of, if it shall. */
export function readShadow(first: unknown, second: unknown, isContext: (value: unknown) => boolean): unknown {
  const { shadow = second } = isPlain(first) ? checkKeys(first, ["ioThreads", "shadow"]) : {};
  if (shadow === undefined || shadow === null || shadow === 0 || shadow === 0n) return undefined;
  if (isContext(shadow) || typeof shadow === "bigint") return shadow;
  throw typeError("shadow takes a Context or the bigint of its `underlying`");
}

export function readThreads(given: unknown): number {
  const ioThreads =
    isPlain(given) && Object.keys(given).length > 0
      ? (checkKeys(given, ["ioThreads", "shadow"]).ioThreads ?? IO_THREADS_DFLT)
      : given;
  if (typeof ioThreads !== "number" || !Number.isInteger(ioThreads)) {
    throw typeError(
      `ioThreads must be a whole number; got ${ioThreads === null ? "null" : typeof ioThreads}`,
    );
  }
  if (ioThreads < 0 || ioThreads >= 2 ** 31)
    throw makeError(EINVAL, `ioThreads must be 0 or more; got ${ioThreads}`);
  return ioThreads;
}
