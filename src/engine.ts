/**
 * The engine of one libzmq socket: who waits for what, and the edge-trigger rule.
 *
 * ZMQ_FD signals changes only, and every native call on the socket may swallow the signal: send, receive, reading or
 * setting an option, bind, connect. So after every native call on a socket that has waiters the events are looked at
 * again and the queues are served (`touched`), and after every wake-up too (`#wake`). Nothing else in the library polls.
 */
import { EAGAIN, ENOTSOCK, ETERM, LINGER, POLLIN, POLLOUT, RCVTIMEO, SNDTIMEO } from "./constants.js";
import { Again, makeError, ZMQError } from "./errors.js";
import { Kind, type NativeContext, type NativeSocket, native } from "./native.js";
import { type Attempt, expired, Queue, rejectLater, type Wait, Waiter, type WaitLimits } from "./pending.js";
import { beginTurn, settled } from "./turn.js";

/** How many waiters are served before the event loop goes round. */
const SERVE = 1000;

/** Who polls: waits for events without consuming anything. */
export interface PollWaiter {
  mask: number;
  ready(events: number): void;
  failed(error: () => unknown): void;
}

/** Whatever wants to know that the socket has been closed. */
export type CloseListener = () => void;

export class Engine {
  readonly native: NativeSocket;
  readonly #receives = new Queue();
  readonly #sends = new Queue();
  readonly #polls = new Set<PollWaiter>();
  readonly #closing = new Set<CloseListener>();
  readonly #onWake = (events: number): void => this.#wake(events);
  #held = false;
  #checking = false;
  #serving = false;
  #referenced = true;
  #closed = false;

  constructor(context: NativeContext, type: number) {
    this.native = new native.Socket(context, type, this.#onWake);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether somebody waits: callers on the fast path ask this before `touched`. */
  get waiting(): boolean {
    return this.#held;
  }

  onClose(listener: CloseListener): () => void {
    this.#closing.add(listener);
    return () => this.#closing.delete(listener);
  }

  // ---- Operations

  /** Whether calls in this direction have to queue behind others. */
  queued(direction: number): boolean {
    return this.#queue(direction).first !== undefined;
  }

  /** Runs an operation: at once if nobody waits before it and it need not wait, else in its turn. Never throws. */
  run<T>(direction: number, attempt: Attempt<T>, wait: WaitLimits, dontWait: boolean): Promise<T> {
    try {
      if (wait.signal?.aborted) return Promise.reject(wait.signal.reason);
      if (dontWait && this.queued(direction)) this.#serve();
      if (!this.queued(direction)) {
        const value = attempt();
        this.touched();
        if (value !== undefined) return settled(value);
      }
      if (dontWait) throw new Again();
      const timeout = wait.timeout ?? this.#timeout(direction);
      if (timeout === 0) throw new Again();
      return this.#wait(direction, attempt, { timeout, signal: wait.signal });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The same for an attempt that has just said that it would block: there is nobody before it. */
  wait<T>(direction: number, attempt: Attempt<T>): Promise<T> {
    try {
      this.touched();
      const timeout = this.#timeout(direction);
      if (timeout === 0) throw new Again();
      return this.#wait(direction, attempt, { timeout, signal: undefined });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Runs an operation on the calling thread, which blocks until it is done. */
  runSync<T>(direction: number, attempt: Attempt<T>, timeout: number | undefined, dontWait: boolean): T {
    if (this.queued(direction)) this.#serve();
    let value = this.queued(direction) ? undefined : attempt();
    if (value === undefined && !dontWait) {
      const limit = timeout ?? this.#timeout(direction);
      const deadline = performance.now() + limit;
      while (value === undefined) {
        const left = limit < 0 ? -1 : Math.ceil(deadline - performance.now());
        if ((limit >= 0 && left <= 0) || this.native.wait(direction, left) === 0) break;
        if (this.queued(direction)) this.#serve();
        value = this.queued(direction) ? undefined : attempt();
      }
    }
    this.touched();
    if (value === undefined) throw new Again();
    return value as T;
  }

  /** Waits for events without consuming anything. Resolves to 0 at the timeout. */
  poll(mask: number, { timeout, signal }: Wait): Promise<number> {
    try {
      if (signal?.aborted) return Promise.reject(signal.reason);
      const events = this.native.events() & mask;
      this.touched();
      if (events !== 0 || timeout === 0 || mask === 0) return settled(events);
      return new Promise((resolve, reject) => {
        const end = (settle: () => void): void => {
          remove();
          clearTimeout(timer);
          signal?.removeEventListener("abort", abort);
          settle();
        };
        const abort = (): void => end(() => reject(signal?.reason));
        const timer = timeout > 0 ? setTimeout(() => end(() => resolve(0)), timeout) : undefined;
        if (!this.#referenced) timer?.unref();
        signal?.addEventListener("abort", abort, { once: true });
        const remove = this.addPoll({
          mask,
          ready: (found) => end(() => resolve(found)),
          failed: (error) => end(() => rejectLater(resolve, error)),
        });
      });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Adds a poll that lasts until it is removed or told of events. */
  addPoll(poll: PollWaiter): () => void {
    this.#polls.add(poll);
    this.#hold();
    return () => {
      if (this.#polls.delete(poll)) this.#settle();
    };
  }

  // ---- Life

  setReferenced(referenced: boolean): void {
    this.#referenced = referenced;
    this.native.reference(referenced);
    for (const queue of [this.#receives, this.#sends]) {
      for (let waiter = queue.first; waiter !== undefined; waiter = waiter.next) {
        waiter.setReferenced(referenced);
      }
    }
  }

  setLinger(linger: number): void {
    this.native.set(LINGER, Kind.INT, linger);
  }

  /** Closes the socket; what waits is rejected with ENOTSOCK. Closing twice is nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.native.close();
    this.#failAll(() => makeError(ENOTSOCK));
    for (const listener of this.#closing) listener();
    this.#closing.clear();
  }

  /**
   * To be called after every native call that may have made libzmq process its commands. One look serves all calls of
   * this turn of the loop.
   */
  touched(): void {
    if (!this.#held || this.#checking || this.#serving) return;
    this.#checking = true;
    setImmediate(() => {
      this.#checking = false;
      if (this.#held) this.#serve();
    });
  }

  // ---- Inside

  #queue(direction: number): Queue {
    return direction === POLLIN ? this.#receives : this.#sends;
  }

  #timeout(direction: number): number {
    return this.native.get(direction === POLLIN ? RCVTIMEO : SNDTIMEO, Kind.INT) as number;
  }

  #wait<T>(direction: number, attempt: Attempt<T>, wait: Wait): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiter = new Waiter(attempt, resolve, reject);
      this.#queue(direction).append(waiter);
      waiter.limit(
        wait,
        this.#referenced,
        () => rejectLater(resolve, expired),
        () => this.#settle(),
      );
      this.#hold();
    });
  }

  #hold(): void {
    if (this.#held) {
      this.touched();
      return;
    }
    let events: number;
    try {
      events = this.native.hold();
    } catch (error) {
      this.#failAll(() => error);
      return;
    }
    this.#held = true;
    if (events !== 0) this.#serve(events);
  }

  #settle(): void {
    if (!this.#held || this.#receives.first || this.#sends.first || this.#polls.size > 0) return;
    this.#held = false;
    if (!this.#closed) this.native.release();
  }

  #wake(events: number): void {
    beginTurn();
    if (events < 0) this.#failAll(() => makeError(-events));
    else this.#serve(events);
  }

  /**
   * Serves the queues by the events that libzmq reports, first in, first out. Each attempt may swallow a signal for the
   * other direction, so the events are read again until they offer nothing that anybody waits for.
   */
  #serve(events?: number): void {
    if (this.#serving) return;
    this.#serving = true;
    try {
      let ready = events;
      let left = SERVE;
      let idle = 0;
      for (;;) {
        const wanted = (this.#receives.first ? POLLIN : 0) | (this.#sends.first ? POLLOUT : 0);
        if (wanted === 0 || left === 0) break;
        ready ??= this.native.events();
        if ((ready & wanted) === 0) break;
        const before = left;
        if (ready & POLLIN) left = this.#serveQueue(this.#receives, left);
        if (ready & POLLOUT) left = this.#serveQueue(this.#sends, left);
        ready = undefined;
        // Events that no attempt can use (a reply that REQ_CORRELATE discards) are gone by the second look.
        if (left === before && ++idle === 2) break;
      }
      if (this.#polls.size > 0) this.#servePolls();
      this.#serving = false;
      this.#settle();
      if (left === 0) this.touched();
    } catch (error) {
      this.#serving = false;
      this.#failAll(() => renewed(error));
    }
  }

  #serveQueue(queue: Queue, most: number): number {
    let left = most;
    for (let waiter = queue.first; waiter !== undefined && left > 0; waiter = queue.first, left--) {
      let value: unknown;
      try {
        value = waiter.attempt();
      } catch (error) {
        // This one can never succeed; those behind it may. The error is made anew, where its stack can be told.
        waiter.fail(() => renewed(error));
        continue;
      }
      if (value === undefined) break;
      waiter.leave();
      waiter.resolve(value);
    }
    return left;
  }

  #servePolls(): void {
    const ready = this.native.events();
    for (const poll of [...this.#polls]) {
      if ((ready & poll.mask) === 0) continue;
      this.#polls.delete(poll);
      poll.ready(ready & poll.mask);
    }
  }

  #failAll(make: () => unknown): void {
    for (const queue of [this.#receives, this.#sends]) {
      while (queue.first !== undefined) queue.first.fail(make);
    }
    for (const poll of [...this.#polls]) {
      this.#polls.delete(poll);
      poll.failed(make);
    }
    this.#settle();
  }
}

/** The error of an attempt that was made in the event loop, made anew where the waiting caller's stack can be told. */
const renewed = (error: unknown): unknown =>
  error instanceof ZMQError && error.errno !== undefined ? makeError(error.errno) : error;

/** Whether an error says that the socket or its context has gone: how iterations end. */
export const isGone = (error: unknown): boolean =>
  error instanceof ZMQError && (error.errno === ENOTSOCK || error.errno === ETERM);

/** Whether an error says that the call would have had to wait. */
export const isAgain = (error: unknown): boolean => error instanceof ZMQError && error.errno === EAGAIN;
