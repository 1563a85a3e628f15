/** Waiting for what goes on by itself, whether or not somebody waits: the end of a context, of a device. */
import { checkKeys, readSignal, readTimeout } from "./call.js";
import { Again, typeError } from "./errors.js";
import { onAbort, type WaitLimits } from "./pending.js";
import { callSite, trimStack } from "./stack.js";
import { clearInterval, clearTimeout, FOREVER, setInterval, setTimeout } from "./timers.js";

/** How long to wait for something that goes on all the same. */
export interface EndOptions {
  /** Milliseconds, after which the call rejects with Again. None or negative waits for ever. */
  timeout?: number | null | undefined;
  /** Aborting it rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
}

export const END_KEYS = ["timeout", "signal"] as const;

/** The limits in an options object. @param name the call that takes them @param more what else it takes */
export function readEnd(options: unknown, name: string, more: readonly string[] = []): WaitLimits {
  if (options === undefined || options === null) return { timeout: undefined, signal: undefined };
  if (typeof options !== "object")
    throw typeError(`${name} takes { ${[...more, ...END_KEYS].join(", ")} }; got ${typeof options}`);
  const given = checkKeys(options, [...more, ...END_KEYS]);
  return { timeout: readTimeout(given.timeout), signal: readSignal(given.signal) };
}

/**
 * Settles as `ended` does, or when the limits are reached. A timer keeps the process alive.
 *
 * @param expired what becomes of it at the timeout: Again, unless it resolves
 */
export function within(
  ended: Promise<void>,
  { timeout, signal }: WaitLimits,
  expired: "rejects" | "resolves" = "rejects",
): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  const limit = timeout ?? -1;
  if (limit < 0 && signal === undefined) return ended;
  const site = callSite();
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      deafen?.();
      settle();
    };
    const late = (): void =>
      end(expired === "resolves" ? resolve : () => reject(trimStack(new Again(), site)));
    const timer = limit < 0 ? undefined : setTimeout(late, limit);
    const deafen = signal && onAbort(signal, () => end(() => reject(signal.reason)));
    ended.then(
      () => end(resolve),
      (error) => end(() => reject(error)),
    );
  });
}

/** Keeps the process alive while somebody waits for what goes on by itself, and does not do so. */
export function held<T>(promise: Promise<T>): Promise<T> {
  const hold = setInterval(() => {}, FOREVER);
  return promise.finally(() => clearInterval(hold));
}
