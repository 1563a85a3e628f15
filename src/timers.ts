/**
 * Node's timers and clock, as they were when this library was loaded. Test runners put fakes in the places of the global
 * ones, and browsers' environments others or none: whatever waits for messages would then wait for ever.
 */
import timers = require("node:timers");

export const { setImmediate, clearImmediate, setTimeout, clearTimeout, setInterval, clearInterval } = timers;

/** The longest that a timer can run, in milliseconds. */
export const FOREVER = 2 ** 31 - 1;

const { hrtime } = process;

/** Milliseconds since some moment. */
export function now(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
