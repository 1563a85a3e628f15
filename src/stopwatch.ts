/** zmq.Stopwatch. */
import { plainError } from "./errors.js";

/** @deprecated Measures time, in microseconds; `performance.now()` does, too. */
export class Stopwatch {
  #begun: bigint | undefined;

  /** An Error if it runs already. */
  start(): void {
    if (this.#begun !== undefined) throw plainError("the stopwatch has been started already");
    this.#begun = process.hrtime.bigint();
  }

  /** The microseconds since `start`, as a whole number. An Error if it does not run. */
  stop(): number {
    if (this.#begun === undefined) throw plainError("the stopwatch has not been started");
    const elapsed = process.hrtime.bigint() - this.#begun;
    this.#begun = undefined;
    return Number(elapsed / 1000n);
  }
}
