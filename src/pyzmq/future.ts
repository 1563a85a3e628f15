/** Promises with the methods of asyncio's Future. */
import { trimStack } from "../stack.js";
import type { CallSignal } from "./signal.js";

/** What a cancelled future is rejected with. */
export class CancelledError extends Error {}
/** The result of a future was asked for that has none yet. */
export class InvalidStateError extends Error {}
for (const type of [CancelledError, InvalidStateError]) {
  Object.defineProperty(type.prototype, "name", { value: type.name, configurable: true, writable: true });
}

const quiet = (): void => {};

/**
 * A promise that can be asked, and cancelled, like asyncio's. To look at it in this way (`done`, `exception`,
 * `add_done_callback`) counts as handling its error, as in Python; `cancel` does, too.
 */
export class Future<T> extends Promise<T> {
  /** `then` and the like give plain promises. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  #state: "pending" | "finished" | "failed" | "cancelled" = "pending";
  #value: T | undefined;
  #error: unknown;
  #reject: ((error: unknown) => void) | undefined;
  #abort: CallSignal | undefined;
  #callbacks: ((future: Future<T>) => unknown)[] | undefined;
  #looked = false;

  /**
   * The future of a promise.
   *
   * @param abort what `cancel` aborts. Without it, `cancel` ends the waiting, not the work.
   */
  static of<T>(promise: Promise<T>, abort?: CallSignal): Future<T> {
    let resolve: (value: T | PromiseLike<T>) => void = quiet;
    let reject: (error: unknown) => void = quiet;
    const future = new Future<T>((resolveIt, rejectIt) => {
      resolve = resolveIt;
      reject = rejectIt;
    });
    const value = (result: T): T => {
      future.#settle("finished", result, undefined);
      return result;
    };
    const failure = (error: unknown): never => {
      future.#settle("failed", undefined, error);
      throw error;
    };
    const settled = promise.then(value, failure);
    if (abort === undefined) {
      future.#reject = reject;
      settled.then(resolve, reject);
    } else {
      // One chain of promises from the operation to who awaits it: V8 finds the caller's line for the error by it.
      future.#abort = abort;
      resolve(settled);
    }
    return future;
  }

  /** Whether it has a result, has failed or been cancelled. */
  done(): boolean {
    this.#look();
    return this.#state !== "pending";
  }

  cancelled(): boolean {
    return this.#state === "cancelled";
  }

  /**
   * Cancels it: it is rejected with a CancelledError, and a receive that waits consumes nothing. False, and without
   * effect, if it is done or its message has been taken already.
   */
  cancel(message?: string): boolean {
    if (this.#state !== "pending") return false;
    // An operation that waits listens to its signal. One that does not has ended: its result is on its way.
    if (this.#abort?.heard === false) return false;
    const error = trimStack(new CancelledError(message ?? "the future was cancelled"));
    this.#look();
    this.#settle("cancelled", undefined, error);
    if (this.#abort === undefined) this.#reject?.(error);
    else this.#abort.abort(error);
    return true;
  }

  /**
   * The result of a future that is done.
   *
   * @throws InvalidStateError if it is not; CancelledError; what it failed with
   */
  result(): T {
    const error = this.#failure();
    if (this.#state === "failed") throw error;
    return this.#value as T;
  }

  /**
   * What it failed with; null if it did not.
   *
   * @throws InvalidStateError if it is not done; CancelledError
   */
  exception(): unknown {
    return this.#failure() ?? null;
  }

  /** Calls back, soon after it is done, with the future. */
  add_done_callback(callback: (future: this) => unknown): void {
    this.#look();
    const call = callback as (future: Future<T>) => unknown;
    if (this.#state !== "pending") queueMicrotask(() => call(this));
    else if (this.#callbacks === undefined) this.#callbacks = [call];
    else this.#callbacks.push(call);
  }

  addDoneCallback(callback: (future: this) => unknown): void {
    this.add_done_callback(callback);
  }

  /** Forgets a callback. Returns how often it was there. */
  remove_done_callback(callback: (future: this) => unknown): number {
    const before = this.#callbacks ?? [];
    this.#callbacks = before.filter((one) => one !== callback);
    return before.length - this.#callbacks.length;
  }

  removeDoneCallback(callback: (future: this) => unknown): number {
    return this.remove_done_callback(callback);
  }

  #failure(): unknown {
    this.#look();
    if (this.#state === "pending") throw trimStack(new InvalidStateError("the future is not done"));
    if (this.#state === "cancelled") throw this.#error;
    return this.#error;
  }

  #settle(state: "finished" | "failed" | "cancelled", value: T | undefined, error: unknown): void {
    if (this.#state !== "pending") return;
    this.#state = state;
    this.#value = value;
    this.#error = error;
    for (const callback of this.#callbacks ?? []) queueMicrotask(() => callback(this));
    this.#callbacks = undefined;
  }

  #look(): void {
    if (this.#looked) return;
    this.#looked = true;
    this.catch(quiet);
  }
}
