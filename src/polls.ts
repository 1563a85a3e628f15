/** Who polls a socket: waits for events without consuming anything. */
import { onAbort, rejectLater, type Wait } from "./pending.js";
import { clearTimeout, setTimeout } from "./timers.js";

/** One that polls. */
export interface PollWaiter {
  mask: number;
  /** `ref` or `unref` has been called: for who has a timer. */
  referenced(): void;
  ready(events: number): void;
  failed(error: () => unknown): void;
}

/** What a poll needs of the engine that it is made for. */
interface Polled {
  readonly referenced: boolean;
  addPoll(poll: PollWaiter): void;
  removePoll(poll: PollWaiter): void;
}

/** The polls of one socket. */
export class Polls {
  // Made when there is one: most sockets are never polled.
  #polls: Set<PollWaiter> | undefined;

  get size(): number {
    return this.#polls?.size ?? 0;
  }

  add(poll: PollWaiter): void {
    this.#polls ??= new Set();
    this.#polls.add(poll);
  }

  delete(poll: PollWaiter): boolean {
    return this.#polls?.delete(poll) ?? false;
  }

  referenced(): void {
    for (const poll of this.#polls ?? []) poll.referenced();
  }

  /** Tells those that wait for one of the events, and lets go of them. */
  serve(ready: number): void {
    for (const poll of [...(this.#polls ?? [])]) {
      if ((ready & poll.mask) === 0) continue;
      this.delete(poll);
      poll.ready(ready & poll.mask);
    }
  }

  fail(make: () => unknown): void {
    for (const poll of [...(this.#polls ?? [])]) {
      this.delete(poll);
      poll.failed(make);
    }
  }

  /** Resolves to the events, or to 0 at the timeout. */
  wait(mask: number, { timeout, signal }: Wait, engine: Polled): Promise<number> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        engine.removePoll(poll);
        clearTimeout(timer);
        deafen?.();
        settle();
      };
      const abort = (): void => end(() => reject(signal?.reason));
      const timer = timeout > 0 ? setTimeout(() => end(() => resolve(0)), timeout) : undefined;
      const referenced = (): void => {
        if (engine.referenced) timer?.ref();
        else timer?.unref();
      };
      referenced();
      const deafen = signal && onAbort(signal, abort);
      const poll: PollWaiter = {
        mask,
        referenced,
        ready: (found) => end(() => resolve(found)),
        failed: (error) => end(() => rejectLater(resolve, error)),
      };
      engine.addPoll(poll);
    });
  }
}
