/** The ports that a device has chosen for itself before it starts. */
import { EADDRINUSE, PUSH } from "../constants.js";
import { Context } from "../context.js";
import { makeError, ZMQBindError } from "../errors.js";
import { randomPort } from "../random-port.js";

/** How often the system may offer a port that has been chosen before. */
const ATTEMPTS = 5;

export class Reservations {
  readonly #taken = new Set<string>();
  readonly #releasing = new Set<Promise<void>>();

  /**
   * Finds a free port by binding a socket of no further use to it, and never the same one twice.
   *
   * @throws ZMQBindError when there is none; as `socket.bindToRandomPort`
   */
  reserve(address: unknown, limits: readonly unknown[]): number {
    const context = new Context();
    try {
      const binder = context.socket(PUSH, { linger: 0 });
      const bind = (url: string): string => {
        if (this.#taken.has(url)) throw makeError(EADDRINUSE, undefined, url);
        binder.bind(url);
        return binder.lastEndpoint;
      };
      for (let i = 0; i < ATTEMPTS; i++) {
        const port = randomPort(address, limits, bind);
        const url = `${address}:${port}`;
        if (this.#taken.has(url)) continue;
        this.#taken.add(url);
        return port;
      }
      throw new ZMQBindError("Could not reserve random port.");
    } finally {
      // Closing takes place in libzmq's threads: the port is free when the context has gone.
      const gone = context.destroy(0).then(() => void this.#releasing.delete(gone));
      this.#releasing.add(gone);
    }
  }

  /** Settles when the ports can be bound to; undefined if they can be now. */
  released(): Promise<unknown> | undefined {
    return this.#releasing.size === 0 ? undefined : Promise.all(this.#releasing);
  }
}
