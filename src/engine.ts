/**
 * The engine of one libzmq socket: who waits for what, and the edge-trigger rule.
 *
 * ZMQ_FD signals changes only, and every native call on the socket may swallow the signal: send, receive, reading or
 * setting an option, bind, connect. So after every native call on a socket that has waiters the events are looked at
 * again and the queues are served (`touched`), and after every wake-up too (`#wake`). Nothing else in the library polls.
 */
import { ENOTSOCK, POLLIN, POLLOUT, RCVTIMEO, SNDTIMEO } from "./constants.js";
import { inContext } from "./diagnostics.js";
import { patience } from "./ending.js";
import { Again, makeError, renewed } from "./errors.js";
import { Kind, type NativeContext, type NativeSocket, native, SIGNALLED } from "./native.js";
import {
  type Annotate,
  type Attempt,
  movesMade,
  Queue,
  type Wait,
  Waiter,
  type WaitLimits,
} from "./pending.js";
import { Polls, type PollWaiter } from "./polls.js";
import { Pairs } from "./shapes.js";
import {
  clearInterval,
  clearTimeout,
  FOREVER,
  now,
  setImmediate,
  setInterval,
  setTimeout,
} from "./timers.js";
import { beginTurn, refused, settled, settleInTurn } from "./turn.js";

/** How long a blocking call pauses, in milliseconds, while the socket says that it is ready and will not do. */
const LONGEST_PAUSE = 10;
/** The longest that a send which has been tried in vain waits for its next try, in milliseconds: mostly it is woken. */
const LONGEST_RETRY = 64;
/** How many waiters are served before the event loop goes round. */
const SERVE = 1000;

/** Whatever wants to know that the socket has been closed. */
export type CloseListener = () => void;

export class Engine {
  readonly native: NativeSocket;
  /** libzmq's handle, also when it is closed. */
  readonly address: bigint;
  /** Of a type whose messages are pairs. */
  readonly pairs: Pairs | undefined;
  readonly #receives = new Queue();
  readonly #sends = new Queue();
  readonly #polls = new Polls();
  // Made when there is one: most sockets are closed without.
  #closing: Set<CloseListener> | undefined;
  readonly #onWake = (events: number): void => this.#wake(events);
  #held = false;
  #checking = false;
  #serving = false;
  #referenced = true;
  /** Of a socket that keeps the process alive while it is idle. */
  #keeper: NodeJS.Timeout | undefined;
  #closed = false;
  /** The next try of a send that has been tried in vain, and how long after the last, in milliseconds. */
  #retry: NodeJS.Timeout | undefined;
  #pause = 1;

  /**
   * `context` is the Context that it is opened in, for those who come with the engine only; `struck` is called once, when
   * the socket is closed.
   */
  constructor(
    inside: NativeContext,
    readonly type: number,
    readonly context: unknown,
    readonly struck: (engine: Engine) => void,
  ) {
    this.pairs = Pairs.of(type);
    this.native = new native.Socket(inside, type, this.#onWake);
    this.address = this.native.address();
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether somebody waits: callers on the fast path ask this before `touched`. */
  get waiting(): boolean {
    return this.#held;
  }

  onClose(listener: CloseListener): () => void {
    this.#closing ??= new Set();
    this.#closing.add(listener);
    return () => this.#closing?.delete(listener);
  }

  // ---- Operations

  /** Whether calls in this direction have to queue behind others. */
  queued(direction: number): boolean {
    return this.#queue(direction).first !== undefined;
  }

  /** Runs an operation: at once if nobody waits before it and it need not wait, else in its turn. Never throws. */
  run<T>(
    direction: number,
    attempt: Attempt<T>,
    wait: WaitLimits,
    dontWait: boolean,
    annotate?: Annotate,
  ): Promise<T> {
    try {
      if (wait.signal?.aborted) return refused(wait.signal.reason);
      let timeout = dontWait ? 0 : wait.timeout;
      if (this.queued(direction)) {
        timeout ??= this.#timeout(direction);
        if (timeout === 0) this.#serve();
      }
      if (!this.queued(direction)) {
        const value = attempt();
        this.touched();
        if (value !== undefined) return settled(value);
        if (wait.signal?.aborted) return refused(wait.signal.reason); // by a listener, between the messages of a batch
      }
      timeout ??= this.#timeout(direction);
      if (timeout === 0) throw new Again();
      return this.#wait(direction, attempt, { timeout, signal: wait.signal }, annotate);
    } catch (error) {
      return this.refused(annotate === undefined ? error : annotate(error));
    }
  }

  /** What a call returns that has failed at once. The native call may have swallowed a signal all the same. */
  refused(error: unknown): Promise<never> {
    this.touched();
    return refused(error);
  }

  /**
   * The same for an attempt that has just said that it would block: there is nobody before it. `told` gets the waiter, for
   * `release`.
   */
  wait<T>(direction: number, attempt: Attempt<T>, told?: (waiter: Waiter<T>) => void): Promise<T> {
    try {
      this.touched();
      const timeout = this.#timeout(direction);
      if (timeout === 0) throw new Again();
      return this.#wait(direction, attempt, { timeout, signal: undefined }, undefined, told);
    } catch (error) {
      return this.refused(error);
    }
  }

  /** Ends an operation that waits, with a result; nothing where it does not wait any more. */
  release<T>(waiter: Waiter<T>, value: T): void {
    if (waiter.queue === undefined) return;
    waiter.leave();
    waiter.resolve(value);
    this.#settle();
  }

  /**
   * Runs an operation on the calling thread, which blocks until it is done. `looked`: it has just been tried in vain, with
   * nobody before it.
   */
  runSync<T>(
    direction: number,
    attempt: Attempt<T>,
    timeout: number | undefined,
    dontWait: boolean,
    looked = false,
  ): T {
    try {
      let value: T | Promise<T> | undefined;
      const tried = (): boolean => {
        if (this.queued(direction)) this.#serve();
        // While the queues are being served, by whose attempts a listener makes this call, they would wait for each other.
        if (this.queued(direction) && !this.#serving) return false;
        value = attempt();
        return true;
      };
      let fresh = looked || tried();
      if (value === undefined && !dontWait) {
        const limit = patience(timeout ?? this.#timeout(direction));
        const deadline = limit < 0 ? 0 : now() + limit;
        let idle = 0;
        while (value === undefined) {
          const left = limit < 0 ? -1 : Math.ceil(deadline - now());
          if (limit >= 0 && left <= 0) break;
          const events = this.native.wait(direction, left, fresh);
          if (events === 0) break;
          // Ready for somebody, but not for this: a ROUTER_MANDATORY whose addressed peer is the one that is full.
          if (events !== SIGNALLED && ++idle > 2)
            this.native.wait(0, Math.min(idle - 2, LONGEST_PAUSE), false);
          fresh = tried();
        }
      }
      if (value === undefined) throw new Again();
      return value as T;
    } finally {
      this.touched();
    }
  }

  /** Waits for events without consuming anything. Resolves to 0 at the timeout. */
  poll(mask: number, { timeout, signal }: Wait): Promise<number> {
    try {
      if (signal?.aborted) return refused(signal.reason);
      const events = this.native.events() & mask;
      this.touched();
      if (events !== 0 || timeout === 0 || mask === 0) return settled(events);
      return this.#polls.wait(mask, { timeout, signal }, this);
    } catch (error) {
      return this.refused(error);
    }
  }

  /**
   * Adds a poll that lasts until it is removed or told of events, which may be before this returns. What was ready before is
   * looked for: the last call, of whatever kind, may have swallowed the signal.
   */
  addPoll(poll: PollWaiter): void {
    this.#polls.add(poll);
    this.#hold();
    this.touched();
  }

  removePoll(poll: PollWaiter): void {
    if (this.#polls.delete(poll)) this.#settle();
  }

  // ---- Life

  get referenced(): boolean {
    return this.#referenced;
  }

  /** From unreferenced to the default, where what waits keeps the process alive; from there on, so does the socket. */
  ref(): void {
    if (this.#referenced && !this.#closed) this.#keeper ??= setInterval(() => {}, FOREVER);
    else this.#setReferenced(true);
  }

  unref(): void {
    clearInterval(this.#keeper);
    this.#keeper = undefined;
    this.#setReferenced(false);
  }

  /** The reader of the socket's monitor, which is unref'ed with the socket, and ref'ed. */
  follower: Engine | undefined = undefined;

  /** The Socket that it was opened for: its class may close in its own way. */
  opener: { close(linger?: number): void } | undefined = undefined;

  #setReferenced(referenced: boolean): void {
    this.#referenced = referenced;
    if (this.follower !== undefined) this.follower.#setReferenced(referenced);
    this.native.reference(referenced);
    for (const queue of [this.#receives, this.#sends]) {
      for (let waiter = queue.first; waiter !== undefined; waiter = waiter.next) {
        waiter.setReferenced(referenced);
      }
    }
    this.#polls.referenced();
  }

  /**
   * Closes the socket, with a LINGER of the caller's where there is one; what waits is rejected with ENOTSOCK. Closing
   * twice is nothing.
   */
  close(linger?: number): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#keeper);
    clearTimeout(this.#retry);
    // Before the socket goes: one that reads a monitor must stop the monitor first.
    this.struck(this);
    for (const listener of this.#closing ?? []) listener();
    this.#closing = undefined;
    this.native.close(linger);
    this.#failAll(() => makeError(ENOTSOCK));
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

  /** A native call, which may swallow a signal that others wait for: also when it fails. */
  touching<T>(call: (native: NativeSocket) => T): T {
    try {
      return call(this.native);
    } finally {
      this.touched();
    }
  }

  // ---- Inside

  #queue(direction: number): Queue {
    return direction === POLLIN ? this.#receives : this.#sends;
  }

  get #wanted(): number {
    return (this.#receives.first ? POLLIN : 0) | (this.#sends.first ? POLLOUT : 0);
  }

  #timeout(direction: number): number {
    return this.native.get(direction === POLLIN ? RCVTIMEO : SNDTIMEO, Kind.INT) as number;
  }

  #wait<T>(
    direction: number,
    attempt: Attempt<T>,
    wait: Wait,
    annotate?: Annotate,
    told?: (waiter: Waiter<T>) => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiter = new Waiter(inContext(attempt), resolve, reject, annotate);
      waiter.limit(wait, this.#referenced, () => this.#settle()); // a signal may throw
      this.#queue(direction).append(waiter);
      told?.(waiter);
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
    // The one that is being tried is in no queue.
    if (!this.#held || this.#serving) return;
    if (this.#receives.first || this.#sends.first || this.#polls.size > 0) return;
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
   * other direction, so the events are read again until they offer nothing that anybody waits for. That last look is
   * what the polls are told of: one more could swallow what the queues wait for.
   */
  #serve(events?: number): void {
    if (this.#serving) return;
    this.#serving = true;
    try {
      let ready = events;
      let left = SERVE;
      let idle = 0;
      const moves = movesMade();
      for (;;) {
        const wanted = this.#wanted;
        if ((wanted === 0 && this.#polls.size === 0) || left === 0) break;
        ready ??= this.native.events();
        if ((ready & wanted) === 0) break;
        const before = left;
        if (ready & POLLIN) left = this.#serveQueue(this.#receives, left);
        if (ready & POLLOUT) left = this.#serveQueue(this.#sends, left);
        ready = undefined;
        // Events that no attempt can use (a reply that REQ_CORRELATE discards) are gone by the second look. What is more, a
        // send that was in vain may have swallowed the signal of a message: so there is one look more.
        if (left !== before || ++idle < 2) continue;
        ready = this.native.events();
        if ((ready & this.#wanted & POLLIN) === 0 || idle > SERVE) break;
      }
      if (this.#polls.size > 0) {
        ready ??= this.native.events();
        this.#polls.serve(ready);
      }
      this.#serving = false;
      this.#settle();
      const due = (ready ?? 0) & this.#wanted;
      const progress = left !== SERVE || movesMade() !== moves;
      if (progress) this.#pause = 1;
      if (left === 0 || due & POLLIN || (due && progress)) this.touched();
      else if (due) this.#touchedLater();
    } catch (error) {
      this.#serving = false;
      this.#failAll(() => renewed(error));
    }
  }

  /**
   * POLLOUT that the send which waits cannot use: a ROUTER_MANDATORY, a SERVER or PEER has it as long as any of its peers can be
   * sent to. That the right one has room again may be what the last look has seen.
   */
  #touchedLater(): void {
    if (!this.#held || this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      if (this.#held) this.#serve();
    }, this.#pause);
    this.#retry.unref(); // what waits keeps the process alive by itself, where it does
    this.#pause = Math.min(2 * this.#pause, LONGEST_RETRY);
  }

  #serveQueue(queue: Queue, most: number): number {
    let left = most;
    for (let waiter = queue.first; waiter !== undefined && left > 0; waiter = queue.first, left--) {
      let value: unknown;
      waiter.begin();
      try {
        value = waiter.attempt();
      } catch (error) {
        // This one can never succeed; those behind it may. The error is made anew, where its stack can be told.
        waiter.fail(() => renewed(error));
        continue;
      }
      if (value === undefined) {
        if (this.#closed) waiter.fail(() => makeError(ENOTSOCK));
        else waiter.again(queue, this.#referenced);
        break;
      }
      waiter.leave();
      settleInTurn(waiter.resolve, value);
    }
    return left;
  }

  #failAll(make: () => unknown): void {
    for (const queue of [this.#receives, this.#sends]) {
      while (queue.first !== undefined) queue.first.fail(make);
    }
    this.#polls.fail(make);
    this.#settle();
  }
}
