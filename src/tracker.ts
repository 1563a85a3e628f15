/** zmq.MessageTracker: knowing when libzmq has let go of memory that it was lent. */
import { readPlace, readSignal, readTimeout } from "./call.js";
import { NotDone, rangeError, typeError } from "./errors.js";
import { Frame } from "./frame.js";
import { onAbort } from "./pending.js";
import { callSite, trimStack } from "./stack.js";
import { clearTimeout, FOREVER, setInterval, setTimeout } from "./timers.js";

/** Happens once. */
export class TrackerEvent {
  #done: boolean;
  readonly #listeners = new Set<() => void>();

  constructor(done = false) {
    this.#done = done;
  }

  get done(): boolean {
    return this.#done;
  }

  set(): void {
    this.#done = true;
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  }

  /** Calls the listener when it happens; the result forgets it. */
  once(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Options of `tracker.wait`; the timeout is in milliseconds. */
export interface TrackerOptions {
  timeout?: number | null | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Watches messages that were sent with `track: true`. It is done when libzmq has let go of all of them, and the memory
 * of a `copy: false` message may be changed again.
 */
export class MessageTracker {
  readonly #events = new Set<TrackerEvent>();
  readonly #peers = new Set<MessageTracker>();

  /**
   * @param watched frames and trackers
   * @throws RangeError for a frame that is not tracked
   */
  constructor(...watched: (Frame | MessageTracker | TrackerEvent)[]) {
    for (const one of watched) {
      if (one instanceof TrackerEvent) {
        this.#events.add(one);
      } else if (one instanceof MessageTracker) {
        this.#peers.add(one);
        for (const event of one.#events) this.#events.add(event);
      } else if (one instanceof Frame) {
        if (one.tracker === null) throw rangeError("Not a tracked message");
        for (const event of one.tracker.#events) this.#events.add(event);
      } else {
        throw typeError("a MessageTracker watches Frames and MessageTrackers");
      }
    }
  }

  /** What it watches, those of its peers included: each happens when libzmq lets go of one frame. */
  get events(): Set<TrackerEvent> {
    return new Set(this.#events);
  }

  /** The trackers that it was made of. */
  get peers(): Set<MessageTracker> {
    return new Set(this.#peers);
  }

  /** Whether libzmq has let go of everything. */
  get done(): boolean {
    for (const event of this.#events) if (!event.done) return false;
    return true;
  }

  /**
   * Waits until it is done.
   *
   * @param timeout seconds; none or negative waits for ever. `{ timeout }` is in milliseconds.
   * @throws (rejects) NotDone at the timeout; `signal.reason`
   */
  async wait(timeout?: number | null | TrackerOptions, options?: TrackerOptions | null): Promise<void> {
    const { place, options: given } = readPlace(timeout, options, ["timeout", "signal"]);
    const seconds = readTimeout(place) ?? -1;
    const signal = readSignal(given.signal);
    const limit = readTimeout(given.timeout) ?? (seconds < 0 ? -1 : Math.min(seconds * 1000, FOREVER));
    if (signal?.aborted) throw signal.reason;
    if (this.done) return;
    const site = callSite();
    await new Promise<void>((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        for (const forget of undo) forget();
        settle();
      };
      // The timer also keeps the process alive, as every waiting does.
      const expired = (): void => end(() => reject(trimStack(new NotDone(), site)));
      const timer = limit < 0 ? setInterval(() => {}, FOREVER) : setTimeout(expired, limit);
      const undo = [...this.#events].map((event) => event.once(() => this.done && end(resolve)));
      if (signal !== undefined) undo.push(onAbort(signal, () => end(() => reject(signal.reason))));
    });
  }
}

/** For what libzmq never had to share. */
export const FINISHED = new MessageTracker(new TrackerEvent(true));
