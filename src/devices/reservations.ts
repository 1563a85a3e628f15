/** The ports that a device has chosen for itself before it starts. */
import { EADDRINUSE, EVENT_CLOSED, PUSH } from "../constants.js";
import { Context } from "../context.js";
import { makeError, ZMQBindError } from "../errors.js";
import { randomPort } from "../random-port.js";
import type { Socket } from "../socket.js";

/** How often the system may offer a port that has been chosen before. */
const ATTEMPTS = 5;

/** How long a listener may take to close, in milliseconds. */
const LONGEST_CLOSING = 1000;

/**
 * Gives the addresses back, and blocks until libzmq's threads have done so, which takes less than a millisecond: whoever
 * connected to what is left of this socket would be turned away for good, as by a peer of the wrong type.
 */
function release(binder: Socket, addresses: readonly string[]): void {
  const events = binder.getMonitorSocket(EVENT_CLOSED);
  for (const address of addresses) binder.unbind(address);
  for (const _ of addresses) events.recvMultipartSync({ timeout: LONGEST_CLOSING });
}

export class Reservations {
  readonly #taken = new Set<string>();

  /**
   * Finds a free port by binding a socket of no further use to it, and never the same one twice.
   *
   * @throws ZMQBindError when there is none; as `socket.bindToRandomPort`
   */
  reserve(address: unknown, limits: readonly unknown[]): number {
    const context = new Context();
    const bound: string[] = [];
    try {
      const binder = context.socket(PUSH, { linger: 0 });
      const bind = (url: string): string => {
        if (this.#taken.has(url)) throw makeError(EADDRINUSE, undefined, url);
        binder.bind(url);
        bound.push(binder.lastEndpoint);
        return binder.lastEndpoint;
      };
      for (let i = 0; i < ATTEMPTS; i++) {
        const port = randomPort(address, limits, bind);
        const url = `${address}:${port}`;
        if (this.#taken.has(url)) continue;
        release(binder, bound);
        this.#taken.add(url);
        return port;
      }
      throw new ZMQBindError("Could not reserve random port.");
    } finally {
      void context.destroy(0);
    }
  }
}
