/**
 * Fairness. An operation that need not wait settles at once, and a loop of such operations would run in microtasks for
 * ever: timers and other sockets would starve. So every settled operation is counted, and once a turn of the event loop
 * has lasted long enough, operations settle after the loop has gone round.
 */
import { DONE } from "./pending.js";

/** How long one turn may go on settling operations, in milliseconds. */
const TURN = 3;
/** Looking at the clock is not free: once in so many operations will do. */
const LOOK = 4;
/** However fast the operations are: epoll and timers get their turn at least this often. */
const MOST = 2000;

// Node's global is a getter, and loads what is behind it.
let clock: { now(): number } | undefined;

let operations = 0;
let begun = 0;
let next: Promise<void> | undefined;

/** A wake-up from the event loop begins a new turn. */
export function beginTurn(): void {
  operations = 0;
}

/** Counts an operation. When the turn has lasted long enough: a promise for the next one. */
export function overdue(): Promise<void> | undefined {
  if (next !== undefined) return next;
  const count = operations++;
  if (count % LOOK !== 0) return undefined;
  clock ??= performance;
  const now = clock.now();
  if (count === 0) {
    begun = now;
    return undefined;
  }
  if (count < MOST && now - begun < TURN) return undefined;
  next = new Promise((resolve) => {
    setImmediate(() => {
      next = undefined;
      operations = 0;
      resolve();
    });
  });
  return next;
}

/** What a call that did not have to wait returns. */
export function settled<T>(value: T | Promise<T>): Promise<T> {
  const turn = overdue();
  // Resolving with a promise takes longer than with what it holds: later calls would overtake this one.
  return turn === undefined
    ? Promise.resolve(value)
    : turn.then(() => (value === DONE ? (undefined as T) : value));
}

/** What a call that fails without having waited returns: a loop of these would starve the event loop just as well. */
export function refused(error: unknown): Promise<never> {
  const turn = overdue();
  if (turn === undefined) return Promise.reject(error);
  return turn.then(() => {
    throw error;
  });
}

/** Settles a call that has waited: now, or behind earlier ones that were put off to the next turn. */
export function settleInTurn<T>(resolve: (value: T | PromiseLike<T>) => void, value: T | Promise<T>): void {
  const result = value === DONE ? (undefined as T) : value;
  if (next === undefined) resolve(result);
  else void next.then(() => resolve(result));
}
