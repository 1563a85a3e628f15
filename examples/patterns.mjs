// What the programs of the reliability patterns share: arguments, waits that may be in vain, and names of their own.
import * as zmq from "nodezmq";

/**
 * The command line's arguments. What is left out, or is "-", has the default; where that is a number, so is the argument.
 *
 * @template {(string | number)[]} T
 * @param {T} defaults
 * @returns {{ [K in keyof T]: T[K] extends number ? number : string }}
 */
export function readArguments(...defaults) {
  const values = defaults.map((value, i) => {
    const given = process.argv[i + 2] ?? "-";
    if (given === "-") return value;
    return typeof value === "number" ? Number(given) : given;
  });
  return /** @type {{ [K in keyof T]: T[K] extends number ? number : string }} */ (values);
}

/**
 * What a call with a `timeout` resolves to, or undefined if the time has passed without.
 *
 * @template T
 * @param {Promise<T>} call
 * @returns {Promise<T | undefined>}
 */
export async function inTime(call) {
  try {
    return await call;
  } catch (error) {
    if (error instanceof zmq.Again) return undefined;
    throw error;
  }
}

/**
 * Runs a program that goes on until Ctrl-C, then destroys its context.
 *
 * @param {zmq.Context} context
 * @param {AbortSignal} interrupt what its calls are given as their `signal`
 * @param {() => Promise<void>} program
 */
export async function untilInterrupted(context, interrupt, program) {
  try {
    await program();
  } catch (error) {
    if (!interrupt.aborted) throw error;
  } finally {
    await context.destroy(0);
  }
}

/**
 * A message's frames. A frame that is not there counts as empty, so that no malformed message brings a broker down.
 *
 * @param {Buffer[]} frames
 * @param {number} count how many frames there are before the body
 * @returns {{ head: [Buffer, Buffer, Buffer, Buffer], body: Buffer[] }}
 */
export function unpack(frames, count) {
  const empty = Buffer.alloc(0);
  const [a = empty, b = empty, c = empty, d = empty] = frames.slice(0, count);
  return { head: [a, b, c, d], body: frames.slice(count) };
}
