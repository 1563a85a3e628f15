/** Operations that wait: first in, first out, and gone in one step when they are cancelled or time out. */
import { Again, ZMQError } from "./errors.js";
import { type CallSite, callSite, trimStack } from "./stack.js";
import { clearTimeout, setTimeout } from "./timers.js";

/** How a call wants to wait. */
export interface WaitLimits {
  /** Milliseconds; negative waits for ever; undefined is the socket's RCVTIMEO or SNDTIMEO. */
  timeout: number | undefined;
  signal: AbortSignal | undefined;
}

/** How a call waits. */
export interface Wait extends WaitLimits {
  timeout: number;
}

/** Tries once; undefined says that it would block. What has no result returns `DONE`. */
export type Attempt<T> = () => T | Promise<T> | undefined;

let moves = 0;
/** How often an attempt has got on without coming to its end. */
export const movesMade = (): number => moves;
/** To be called by an attempt that has, before it says that it would block: what it waits for does come. */
export const moved = (): void => {
  moves++;
};

/** Writes more into the error that an operation fails with. */
export type Annotate = (error: unknown) => unknown;

/** The result of an attempt that has succeeded and has nothing to say. */
export const DONE: Promise<undefined> = Promise.resolve(undefined);

/** One waiting operation. The queue that it sits in is its state: once it is in none, it has been settled, or is being tried. */
export class Waiter<T = unknown> {
  next: Waiter | undefined = undefined;
  previous: Waiter | undefined = undefined;
  queue: Queue | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;
  #signal: AbortSignal | undefined = undefined;
  #deafen: (() => void) | undefined = undefined;
  #ended: (() => void) | undefined = undefined;
  /** Where the call was made, if it may time out: nobody who awaits it need be there to tell then. */
  #site: CallSite | undefined = undefined;

  constructor(
    readonly attempt: Attempt<T>,
    readonly resolve: (value: T | PromiseLike<T>) => void,
    readonly reject: (reason: unknown) => void,
    readonly annotate: Annotate | undefined = undefined,
  ) {}

  /** Takes it out of its queue and lets go of its timer and signal. */
  leave(): void {
    this.queue?.remove(this as Waiter);
    clearTimeout(this.#timer);
    this.#deafen?.();
  }

  /**
   * Takes it out of reach for an attempt: a diagnostics listener, which hears of what the attempt has taken, may abort the
   * call, close the socket or make calls of its own.
   */
  begin(): void {
    this.queue?.remove(this as Waiter);
    this.#deafen?.();
  }

  /** Puts it back before all others when the attempt was in vain, unless it has been aborted meanwhile. */
  again(queue: Queue, referenced: boolean): void {
    const signal = this.#signal;
    if (signal?.aborted) {
      this.leave();
      this.reject(signal.reason);
      return;
    }
    queue.prepend(this as Waiter);
    this.setReferenced(referenced);
    this.#listen();
  }

  /** Settles it with an error that `make` builds; see `rejectLater`. */
  fail(make: () => unknown): void {
    this.leave();
    const { annotate } = this;
    const site = this.#site;
    rejectLater(this.resolve, () => {
      const error = annotate === undefined ? make() : annotate(make());
      return site !== undefined && error instanceof ZMQError ? trimStack(error, site) : error;
    });
  }

  /** Ends the waiting at the deadline or when the signal is aborted; `ended` is told of either. */
  limit({ timeout, signal }: Wait, referenced: boolean, ended: () => void): void {
    if (timeout >= 0) {
      this.#site = callSite(); // takes microseconds: too long for those that do not set a timer as well
      this.#timer = setTimeout(() => {
        this.fail(expired);
        ended();
      }, timeout);
      if (!referenced) this.#timer.unref();
    }
    this.#signal = signal;
    this.#ended = ended;
    this.#listen();
  }

  #listen(): void {
    const signal = this.#signal;
    if (signal === undefined) return;
    this.#deafen = onAbort(signal, () => {
      this.leave();
      this.reject(signal.reason);
      this.#ended?.();
    });
  }

  setReferenced(referenced: boolean): void {
    if (referenced) this.#timer?.ref();
    else this.#timer?.unref();
  }
}

class Callbacks extends Set<() => void> {
  end = (): void => {};
}

const listening = new WeakMap<AbortSignal, Callbacks>();

/**
 * Calls back when the signal is aborted; the result undoes it. However many calls share a signal, it has one listener:
 * Node warns of more than ten.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const callbacks = listening.get(signal) ?? listen(signal);
  callbacks.add(callback);
  return () => {
    if (callbacks.delete(callback) && callbacks.size === 0) callbacks.end();
  };
}

function listen(signal: AbortSignal): Callbacks {
  const callbacks = new Callbacks();
  const told = (): void => {
    callbacks.end();
    for (const callback of callbacks) callback();
  };
  callbacks.end = () => {
    listening.delete(signal);
    signal.removeEventListener("abort", told);
  };
  signal.addEventListener("abort", told);
  listening.set(signal, callbacks);
  return callbacks;
}

/** A doubly linked list: appending, taking the first and removing any are one step each. */
export class Queue {
  first: Waiter | undefined = undefined;
  #last: Waiter | undefined = undefined;

  append<T>(waiter: Waiter<T>): void {
    const node = waiter as unknown as Waiter;
    node.queue = this;
    node.previous = this.#last;
    if (this.#last === undefined) this.first = node;
    else this.#last.next = node;
    this.#last = node;
  }

  prepend(node: Waiter): void {
    node.queue = this;
    node.next = this.first;
    if (this.first === undefined) this.#last = node;
    else this.first.previous = node;
    this.first = node;
  }

  remove(node: Waiter): void {
    if (node.queue !== this) return;
    if (node.previous === undefined) this.first = node.next;
    else node.previous.next = node.next;
    if (node.next === undefined) this.#last = node.previous;
    else node.next.previous = node.previous;
    node.next = node.previous = node.queue = undefined;
  }
}

const nextMicrotask = Promise.resolve();

/**
 * Rejects a promise, by its `resolve`, with an error that is made in a microtask of a promise chain that leads to it.
 * V8 then writes the `async` functions that await the promise into the error's stack: an error that comes out of the
 * event loop still names the caller's line, and calls that succeed pay nothing for it (capturing a stack at each call
 * would cost some 4 us). Two steps: the promise has to be chained to the inner one before the error is made.
 */
export function rejectLater<T>(resolve: (value: PromiseLike<T>) => void, make: () => unknown): void {
  resolve(
    nextMicrotask.then(undefined).then(() => {
      throw make();
    }),
  );
}

/** The error of a wait that has reached its deadline. */
const expired = (): Error => new Again();
