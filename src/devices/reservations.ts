/** The ports that a device has chosen for itself before it starts. */
import { EADDRINUSE, EVENT_CLOSED, PUSH } from "../constants.js";
import { Context } from "../context.js";
import { makeError, ZMQBindError } from "../errors.js";
import { native } from "../native.js";
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

/** Keeps released addresses from being given to others by the system: `tcp://127.0.0.1:5555`, `ws://[::1]:5555/`. */
function hold(endpoints: readonly string[]): number[] {
  return endpoints.flatMap((endpoint) => {
    const [, host = "", port] = /^\w+:\/\/\[?([^\]]*?)\]?:(\d+)\/?$/.exec(endpoint) ?? [];
    const held = native.holdPort(host, Number(port));
    return held < 0 ? [] : [held];
  });
}

// A device that is forgotten before it has started.
const forgotten = new FinalizationRegistry<number[]>((held) => held.forEach(native.dropPort));

export class Reservations {
  /** What devices of this thread have chosen and not bound yet: it looks free to the system. */
  static readonly #waiting = new Map<string, WeakRef<Reservations>>();
  readonly #taken = new Set<string>();
  readonly #held: number[] = [];

  constructor() {
    forgotten.register(this, this.#held);
  }

  /** The device has bound what it had chosen, or could not: what is free is the system's business again. */
  bound(): void {
    for (const url of this.#taken) Reservations.#waiting.delete(url);
    for (const held of this.#held.splice(0)) native.dropPort(held);
  }

  #isTaken(url: string): boolean {
    return this.#taken.has(url) || Reservations.#waiting.get(url)?.deref() !== undefined;
  }

  /**
   * Finds a free port by binding a socket of no further use to it, and never one that is chosen already.
   *
   * @throws ZMQBindError when there is none; as `socket.bindToRandomPort`
   */
  reserve(address: unknown, limits: readonly unknown[]): number {
    const context = new Context();
    const bound: string[] = [];
    try {
      const binder = context.socket(PUSH, { linger: 0 });
      const bind = (url: string): string => {
        if (this.#isTaken(url)) throw makeError(EADDRINUSE, undefined, url);
        binder.bind(url);
        bound.push(binder.lastEndpoint);
        return binder.lastEndpoint;
      };
      for (let i = 0; i < ATTEMPTS; i++) {
        const port = randomPort(address, limits, bind);
        const url = `${address}:${port}`;
        if (this.#isTaken(url)) continue;
        release(binder, bound);
        this.#held.push(...hold(bound.slice(-1)));
        this.#taken.add(url);
        Reservations.#waiting.set(url, new WeakRef(this));
        return port;
      }
      throw new ZMQBindError("Could not reserve random port.");
    } finally {
      void context.destroy(0);
    }
  }
}
