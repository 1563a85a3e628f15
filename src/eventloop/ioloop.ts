/**
 * zmq.eventloop.ioloop: tornado's IOLoop, as far as programs need it that were written for it. Node has one event
 * loop, and it always runs: what is bound to an IOLoop works without `start()`. `start()` is the program's main line, a
 * promise that lasts until `stop()`, and `stop()` holds what is bound to the loop, so that the process can end.
 */
import { readTimeout } from "../call.js";
import { plainError, typeError } from "../errors.js";
import { clearImmediate, clearInterval, FOREVER, setImmediate, setInterval } from "../timers.js";

/** What a loop can hold and let go on. */
export interface LoopTask {
  pause(): void;
  resume(): void;
}

type Callback<A extends unknown[]> = (...args: A) => unknown;

function readCallback<T>(callback: T): T {
  if (typeof callback !== "function") {
    throw typeError(`a callback is a function; got ${callback === null ? "null" : typeof callback}`);
  }
  return callback;
}

function readSeconds(seconds: unknown, what: string): number {
  if (typeof seconds !== "number" || Number.isNaN(seconds))
    throw typeError(`${what} is a number of seconds; got ${typeof seconds} ${String(seconds)}`);
  return seconds;
}

// The program's own timers are the global ones, which its tests may fake.

/** A timer of a loop: what `addTimeout`, `callLater` and `callAt` return, for `removeTimeout`. */
export class LoopTimeout implements LoopTask {
  readonly #loop: IOLoop;
  readonly #due: number;
  readonly #run: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** @internal Made by the loop. */
  constructor(loop: IOLoop, due: number, run: () => void) {
    this.#loop = loop;
    this.#due = due;
    this.#run = run;
    loop.adopt(this);
    this.resume();
  }

  pause(): void {
    clearTimeout(this.#timer);
  }

  resume(): void {
    clearTimeout(this.#timer);
    const left = Math.max(this.#due - performance.now(), 0);
    this.#timer = setTimeout(
      () => {
        if (left > FOREVER) return this.resume();
        this.cancel();
        this.#run();
      },
      Math.min(left, FOREVER),
    );
  }

  cancel(): void {
    this.pause();
    this.#loop.release(this);
  }
}

let common: IOLoop | undefined;
let current: IOLoop | undefined;

export class IOLoop {
  readonly #tasks = new Set<LoopTask>();
  #running: Promise<void> | undefined;
  #end: (() => void) | undefined;
  #stopped = false;
  #closed = false;

  /** The loop of this thread. */
  static instance(): IOLoop {
    if (common === undefined || common.#closed) common = new IOLoop();
    return common;
  }

  /** The loop that streams are bound to when none is named: the one made current, or `instance()`. */
  static current(): IOLoop {
    const loop = current ?? IOLoop.instance();
    return loop.#closed ? IOLoop.instance() : loop;
  }

  static clearCurrent(): void {
    current = undefined;
  }

  /** Nothing: Node's own event loop knows sockets. Kept for programs that call it. */
  static install(): void {}

  makeCurrent(): void {
    current = this;
  }

  /**
   * The program's main line: lets go on what an earlier `stop()` held, and resolves at `stop()`. Keeps the process
   * alive until then.
   *
   * @throws (rejects) Error when the loop runs already, or has been closed
   */
  start(): Promise<void> {
    if (this.#closed) return Promise.reject(plainError("IOLoop is closed"));
    if (this.#running !== undefined) return Promise.reject(plainError("IOLoop is already running"));
    const alive = setInterval(() => {}, FOREVER);
    this.#running = new Promise((resolve) => {
      this.#end = () => {
        clearInterval(alive);
        this.#running = this.#end = undefined;
        this.#stopped = false;
        for (const task of [...this.#tasks]) task.pause();
        resolve();
      };
    });
    for (const task of [...this.#tasks]) task.resume();
    // As in tornado: a stop() that came first lets the loop go round once.
    if (this.#stopped) setImmediate(() => this.#end?.());
    return this.#running;
  }

  /**
   * Ends `start()`, and holds the loop's streams and timers until it is started again: they call nothing and keep
   * nothing alive. What is made later works. A `stop()` before `start()` ends that one after one turn.
   */
  stop(): void {
    if (this.#end === undefined) this.#stopped = true;
    else this.#end();
  }

  /** Stops for good: its timers are gone, its streams remain held. */
  close(): void {
    this.#closed = true;
    this.stop();
    for (const task of [...this.#tasks]) {
      if (task instanceof LoopTimeout) task.cancel();
      else task.pause();
    }
  }

  /** Runs `main`, started, and stops after it. A `timeout` is in seconds: an Error says that it has passed. */
  async runSync<T>(main: () => T | Promise<T>, timeout?: number | null): Promise<T> {
    readCallback(main);
    const limit = readTimeout(timeout);
    if (this.#running !== undefined) throw plainError("IOLoop is already running");
    const started = this.start();
    let timer: LoopTimeout | undefined;
    try {
      const late = new Promise<never>((_resolve, reject) => {
        if (limit === undefined || limit < 0) return;
        timer = this.callLater(limit, () => reject(plainError(`Operation timed out after ${limit} seconds`)));
      });
      const early = started.then((): never => {
        throw plainError("Event loop stopped before the call was completed");
      });
      return await Promise.race([Promise.resolve().then(main), late, early]);
    } finally {
      timer?.cancel();
      this.#end?.();
    }
  }

  /** Calls back in the next turn of the event loop. What the callback throws is an uncaught exception. */
  addCallback<A extends unknown[]>(callback: Callback<A>, ...args: A): void {
    readCallback(callback);
    let immediate: NodeJS.Immediate | undefined;
    const task: LoopTask = {
      pause: () => clearImmediate(immediate),
      resume: () => {
        clearImmediate(immediate);
        immediate = setImmediate(() => {
          this.release(task);
          callback(...args);
        });
      },
    };
    this.adopt(task);
    task.resume();
  }

  /** The same, under tornado's name for callbacks whose result nobody awaits. */
  spawnCallback<A extends unknown[]>(callback: Callback<A>, ...args: A): void {
    this.addCallback(callback, ...args);
  }

  /** Calls back so many seconds from now. */
  callLater<A extends unknown[]>(delay: number, callback: Callback<A>, ...args: A): LoopTimeout {
    const milliseconds = readSeconds(delay, "a delay") * 1000;
    readCallback(callback);
    return new LoopTimeout(this, performance.now() + milliseconds, () => callback(...args));
  }

  /** Calls back at a time: in seconds, as `time()` gives it. */
  callAt<A extends unknown[]>(when: number, callback: Callback<A>, ...args: A): LoopTimeout {
    return this.callLater(readSeconds(when, "a time") - this.time(), callback, ...args);
  }

  /** Calls back at a deadline: a Date, or seconds as `time()` gives them. */
  addTimeout<A extends unknown[]>(deadline: number | Date, callback: Callback<A>, ...args: A): LoopTimeout {
    return this.callAt(deadline instanceof Date ? deadline.getTime() / 1000 : deadline, callback, ...args);
  }

  /** Forgets a timer; one that has run already is no matter. */
  removeTimeout(timeout: LoopTimeout): void {
    if (!(timeout instanceof LoopTimeout)) throw typeError("removeTimeout takes what addTimeout returned");
    timeout.cancel();
  }

  /** Calls back with the promise once it is settled. */
  addFuture<T>(future: Promise<T>, callback: (future: Promise<T>) => unknown): void {
    readCallback(callback);
    const settled = (): void => this.addCallback(callback, future);
    future.then(settled, settled);
  }

  /** Seconds since 1970. */
  time(): number {
    return Date.now() / 1000;
  }

  /** @internal Binds a task, which runs by itself until the loop is stopped. */
  adopt(task: LoopTask): void {
    this.#tasks.add(task);
  }

  /** @internal */
  release(task: LoopTask): void {
    this.#tasks.delete(task);
  }
}

/** pyzmq's older name of the same. */
export { IOLoop as ZMQIOLoop };

/** pyzmq's `ioloop.install()`: nothing is to be done. */
export const install = IOLoop.install;

/** Calls back again and again on the current loop, once it has been started. */
export class PeriodicCallback implements LoopTask {
  readonly callback: () => unknown;
  /** Milliseconds. */
  readonly callbackTime: number;
  /** By which part of `callbackTime` a call may come early or late: 0.1 is a tenth. */
  readonly jitter: number;
  #loop: IOLoop | undefined;
  #timer: NodeJS.Timeout | undefined;
  #due = 0;
  #held = false;
  #calling = false;

  /**
   * @param callback may be async: the next call comes after its end
   * @param callbackTime milliseconds
   */
  constructor(callback: () => unknown, callbackTime: number, jitter = 0) {
    this.callback = readCallback(callback);
    if (!(callbackTime > 0)) throw typeError("callbackTime is a number of milliseconds, more than 0");
    if (typeof jitter !== "number" || !Number.isFinite(jitter))
      throw typeError("jitter is a number, the part of callbackTime that it may vary by");
    this.callbackTime = callbackTime;
    this.jitter = jitter;
  }

  start(): void {
    if (this.#loop !== undefined) return;
    this.#loop = IOLoop.current();
    this.#loop.adopt(this);
    this.#due = performance.now();
    this.resume();
  }

  stop(): void {
    this.pause();
    this.#loop?.release(this);
    this.#loop = undefined;
  }

  isRunning(): boolean {
    return this.#loop !== undefined;
  }

  /** @internal */
  pause(): void {
    this.#held = true;
    clearTimeout(this.#timer);
  }

  /** @internal */
  resume(): void {
    this.#held = false;
    clearTimeout(this.#timer);
    if (this.#loop === undefined || this.#calling) return;
    const now = performance.now();
    const step = this.callbackTime * (1 + this.jitter * (Math.random() - 0.5));
    // Calls that are late do not pile up: the ones that have been missed are left out.
    this.#due += Math.max(Math.floor((now - this.#due) / step) + 1, 1) * step;
    this.#timer = setTimeout(() => this.#call(), Math.min(this.#due - now, FOREVER));
  }

  #call(): void {
    this.#calling = true;
    const called = (): void => {
      this.#calling = false;
      if (!this.#held) this.resume();
    };
    let result: unknown;
    try {
      result = this.callback();
    } finally {
      if (result instanceof Promise)
        void result.finally(called); // a rejection is Node's to report
      else called();
    }
  }
}
