/** zmq.auth.thread: an authenticator that answers on a thread of its own, also while this one is blocked. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { threadId, Worker } from "node:worker_threads";
import { DONTWAIT, EADDRINUSE, PAIR } from "../constants.js";
import { isGone, makeError, plainError, typeError } from "../errors.js";
import type { Socket } from "../socket.js";
import { Authenticator } from "./authenticator.js";
import { isHeard, type Level } from "./logger.js";
import { pack, type ThreadRules } from "./thread-policy.js";
import { INTERNAL, ZAP_ENDPOINT } from "./zap.js";

/** How long the thread may take to begin and to end, in milliseconds. */
const PATIENCE = 10_000;

/** What the thread is given. */
export interface ThreadData {
  readonly context: bigint;
  readonly endpoint: string;
  readonly rules: Uint8Array;
}

/** What the thread says on its pipe: that it has begun, or why it has not. */
export interface Beginning {
  readonly errno?: number;
  readonly message?: string;
}

/** What the thread posts: a line for the log, or a request that is to be judged by this thread's JavaScript. */
export type Posted =
  | { readonly level: Level; readonly message: string }
  | { readonly id: number; readonly frames: readonly Uint8Array[] };

const program = join(__dirname, "thread-program.js");

/** The thread of a ThreadAuthenticator. */
export class AuthenticationThread {
  /** As in pyzmq, whose thread has a loop and may have a poller; here Node has them. */
  readonly loop = null;
  readonly poller = null;
  #worker: Worker | undefined;
  #ended: Promise<void> = Promise.resolve();

  /** @param pipe bound to an inproc address, which the thread connects to */
  constructor(
    readonly authenticator: ThreadAuthenticator,
    readonly pipe: Socket,
  ) {
    if (!(authenticator instanceof ThreadAuthenticator))
      throw typeError("a thread is for a ThreadAuthenticator");
  }

  /** Begins. The first message on the pipe tells how it went. */
  start(): void {
    if (!existsSync(program)) throw plainError(`the authenticator's thread needs the file ${program}`);
    // Preloaded modules are the program's, and might wait for this thread, which waits for the new one.
    const { NODE_OPTIONS: _, ...env } = process.env;
    const data: ThreadData = {
      context: this.authenticator.context.underlying,
      endpoint: this.pipe.lastEndpoint,
      rules: packedRules(this.authenticator),
    };
    const worker = new Worker(program, { workerData: data, execArgv: [], env, name: "zmq.auth" });
    this.#worker = worker;
    this.#ended = new Promise((resolve) => {
      worker.once("exit", () => {
        if (this.#worker === worker) this.#worker = undefined;
        // Also when it has ended by itself, with the context.
        this.pipe.close();
        resolve();
      });
    });
    worker.on("message", (message: Posted) => posted(this.authenticator, worker, message));
    worker.on("error", (error) => {
      process.emitWarning(`an authenticator's thread has failed: ${error.message}`, "ZMQWarning");
    });
    worker.unref();
  }

  /** `start`; resolves when the thread has ended. */
  run(): Promise<void> {
    try {
      this.start();
      return this.join();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  isAlive(): boolean {
    return this.#worker !== undefined;
  }

  /** Resolves when the thread has ended. Does not keep the process alive. */
  join(): Promise<void> {
    return this.#ended;
  }

  /** Ends the thread, in whatever state it is. */
  terminate(): void {
    this.#worker?.terminate().catch(() => {});
    this.#worker = undefined;
  }
}

let serial = 0;

/**
 * An Authenticator that answers on a thread of its own: the peers of a program that blocks its thread, by `recvSync` and
 * the like, can connect all the same.
 *
 * The thread has a copy of the rules, which each configuring call renews before it returns. What is changed in an object
 * that was given to one (`passwords`) counts from the next such call on; what is changed by way of the authenticator's
 * own properties (`auth.passwords`) counts at once if it is assigned, and else when the program has returned to the
 * event loop. What JavaScript decides is decided on the thread that has made the authenticator, and waits for its event
 * loop: the callbacks of `configureCurveCallback`, `curveUserId` and `handleZapMessage` where they are overridden.
 */
export class ThreadAuthenticator extends Authenticator {
  /** The address of the pipe to the thread; "" while there is none. */
  pipeEndpoint = "";
  static readonly pipeEndpoint: string = "";
  /** The pipe to the thread, a PAIR, and the thread; null while there is none. */
  pipe: Socket | null = null;
  thread: AuthenticationThread | null = null;
  #due = false;

  /**
   * Begins to answer. Blocks until the thread does, some 50 ms.
   *
   * @throws ZMQError EADDRINUSE if the context has a handler; ContextTerminated; Error if the thread cannot be started
   */
  override start(): void {
    if (this.isAlive()) throw makeError(EADDRINUSE, undefined, ZAP_ENDPOINT);
    this.stop();
    const pipe = this.context.socket(PAIR, INTERNAL);
    try {
      pipe.unref();
      const endpoint = `inproc://nodezmq.auth.${process.pid}.${threadId}.${++serial}`;
      pipe.bind(endpoint);
      const thread = new AuthenticationThread(this, pipe);
      thread.start();
      try {
        begun(pipe);
      } catch (error) {
        thread.terminate();
        throw error;
      }
      this.pipe = pipe;
      this.pipeEndpoint = endpoint;
      this.thread = thread;
    } catch (error) {
      pipe.close(0);
      throw error;
    }
    // The thread ends with the context, which waits for the pipe, too.
    pipe.poll().catch(() => pipe.close());
  }

  /** Ends answering, and the thread. Blocks until the thread has let go of its sockets. Stopping twice is nothing. */
  override stop(): void {
    const { pipe, thread } = this;
    this.pipe = null;
    this.thread = null;
    this.pipeEndpoint = "";
    if (pipe === null || thread === null) return;
    try {
      pipe.sendSync("TERMINATE", DONTWAIT);
      if (pipe.pollSync(PATIENCE) === 0) throw plainError("the authenticator's thread does not end");
    } catch {
      // The context has been terminated, the pipe closed by somebody else, or the thread has died.
      thread.terminate();
    }
    pipe.close();
  }

  /** Whether the thread answers. */
  isAlive(): boolean {
    return this.thread?.isAlive() === true && this.pipe?.closed === false;
  }

  protected override rulesTouched(later: boolean): void {
    if (!this.isAlive()) return;
    if (!later) {
      this.#renew();
    } else if (!this.#due) {
      this.#due = true;
      queueMicrotask(() => {
        this.#due = false;
        try {
          if (this.isAlive()) this.#renew();
        } catch (error) {
          this.inside().tell("error", `the thread could not be given the rules: ${error}`);
        }
      });
    }
  }

  #renew(): void {
    const rules = pack(this.#threadRules());
    try {
      this.pipe?.sendMultipartSync(["RULES", rules], DONTWAIT);
    } catch (error) {
      // With its context, the thread is at its end.
      if (!isGone(error)) throw error;
    }
  }

  #threadRules(): ThreadRules {
    const { rules } = this.inside();
    const { curveUserId, handleZapMessage } = Authenticator.prototype;
    let elsewhere: ThreadRules["elsewhere"] = "none";
    if (this.handleZapMessage !== handleZapMessage) elsewhere = "all";
    else if (this.curveUserId !== curveUserId) elsewhere = "curve";
    return { ...rules, elsewhere, heard: isHeard(this.log) };
  }

  /** @internal */
  static renew(authenticator: ThreadAuthenticator): void {
    authenticator.rulesTouched(false);
  }

  /** @internal The rules as the thread gets them. */
  static packedRules(authenticator: ThreadAuthenticator): Uint8Array {
    return Uint8Array.from(pack(authenticator.#threadRules()));
  }

  /** @internal Does what the thread asks for. */
  static posted(authenticator: ThreadAuthenticator, worker: Worker, message: Posted): void {
    const { tell, take } = authenticator.inside();
    if ("level" in message) {
      tell(message.level, message.message);
      return;
    }
    const { id, frames } = message;
    const answer = (reply: readonly Buffer[]): void =>
      worker.postMessage({ id, frames: reply.map((frame) => Uint8Array.from(frame)) });
    take(
      frames.map((frame) => Buffer.from(frame)),
      answer,
    );
  }
}

const { packedRules, posted, renew } = ThreadAuthenticator;

// Where a program assigns one of these, the thread has to be told that it is to ask.
for (const name of ["curveUserId", "handleZapMessage"] as const) {
  Object.defineProperty(ThreadAuthenticator.prototype, name, {
    configurable: true,
    get: () => Authenticator.prototype[name],
    set(this: ThreadAuthenticator, value: unknown) {
      Object.defineProperty(this, name, { value, configurable: true, enumerable: true, writable: true });
      renew(this);
    },
  });
}

/** Waits until the thread has begun. */
function begun(pipe: Socket): void {
  if (pipe.pollSync(PATIENCE) === 0) throw plainError("Authenticator thread failed to start");
  const { errno, message } = JSON.parse(String(pipe.recvSync(DONTWAIT))) as Beginning;
  if (errno !== undefined) throw makeError(errno, undefined, ZAP_ENDPOINT);
  if (message !== undefined) throw plainError(`Authenticator thread failed to start: ${message}`);
}
