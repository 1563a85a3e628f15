/**
 * Fairness. An operation that need not wait settles at once, and a loop of such operations would run in microtasks for
 * ever: timers and other sockets would starve. So every settled operation is counted, and once a turn of the event loop
 * has lasted long enough, operations settle after the loop has gone round.
 */
import { DONE } from "./pending.js";
import { now, setImmediate } from "./timers.js";

/** How long one turn may go on settling operations, in milliseconds. */
const TURN = 3;
/**
 * Looking at the clock takes a quarter of the time of an operation: a turn begins with a look at every fourth, and where
 * those before the last look were fast ones it takes twice as many until the next.
 */
const LOOKS = { least: 4, most: 32 };
/** What is fast: so many milliseconds at most from one look to the next, the program's own work included. */
const FAST = 0.1;
/** However fast the operations are: epoll and timers get their turn at least this often. */
const MOST = 2000;

let operations = 0;
let begun = 0;
/** When the clock was last looked at, and the count of operations at which it will be next. */
let looked = 0;
let look = 0;
let stretch = LOOKS.least;
let next: Promise<void> | undefined;

/** A wake-up from the event loop begins a new turn. */
export function beginTurn(): void {
  operations = 0;
  look = 0;
  stretch = LOOKS.least;
}

/** Counts an operation. When the turn has lasted long enough: a promise for the next one. */
export function overdue(): Promise<void> | undefined {
  if (next !== undefined) return next;
  const count = operations++;
  if (count < look) return undefined;
  const time = now();
  if (count === 0) begun = time;
  else if (time - looked > FAST) stretch = LOOKS.least;
  else if (stretch < LOOKS.most) stretch *= 2;
  looked = time;
  look = count + stretch;
  if (count < MOST && time - begun < TURN) return undefined;
  next = new Promise((resolve) => {
    setImmediate(() => {
      next = undefined;
      beginTurn();
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
