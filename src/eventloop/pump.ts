/** What turns behind a ZMQStream: it hands libzmq what is to be sent, takes what comes, and calls back. */
import { takeMessage } from "../arena.js";
import { POLLIN, POLLOUT } from "../constants.js";
import type { Data } from "../data.js";
import { receives } from "../direction.js";
import type { Engine } from "../engine.js";
import { isGone } from "../errors.js";
import type { Frame } from "../frame.js";
import { takeMessageObjects } from "../messaging.js";
import { patient } from "../patient.js";
import { type Attempt, DONE } from "../pending.js";
import type { Sent } from "../sending.js";
import { clearImmediate, clearTimeout, setImmediate, setTimeout } from "../timers.js";
import { Fifo } from "./fifo.js";
import type { IOLoop, LoopTask } from "./ioloop.js";

/** What `onSend` is told: what `send` resolves to, or the error that it has failed with. */
export type SendStatus = Sent | Error;
export type SendCallback = (message: readonly Data[], status: SendStatus) => unknown;
export type MessageCallback = (message: Buffer[] & Frame[]) => unknown;

type Message = Buffer[] | Frame[];

interface Receiver {
  take: Attempt<Message>;
  callback: MessageCallback;
}

/** A message on its way out: first it waits to be sent, then for its callback. */
interface Entry {
  message: readonly Data[];
  attempt: Attempt<Sent>;
  status: SendStatus;
}

/** How many messages are handed to libzmq in one turn of the event loop. */
const MOST = 1000;
/** How long to pause, in milliseconds, while the socket says that it can send and does not. */
const PAUSE = 10;

export class Pump implements LoopTask {
  onSend: SendCallback | undefined;
  readonly #engine: Engine;
  readonly #loop: IOLoop;
  readonly #receives: boolean;
  /** Is told when the socket or its context has gone. */
  readonly #gone: () => void;
  readonly #unsent = new Fifo<Entry>();
  readonly #sent = new Fifo<Entry>();
  readonly #poll = {
    mask: 0,
    referenced: (): void => {
      if (this.#engine.referenced) this.#retry?.ref();
      else this.#retry?.unref();
    },
    ready: (events: number): void => {
      this.#writable = (events & POLLOUT) !== 0;
      this.#schedule();
    },
    failed: (make: () => unknown): void => this.#fail(make()),
  };
  #receiver: Receiver | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #retry: NodeJS.Timeout | undefined;
  #writable = false;
  /** How often in a row the socket has said that it can send and did not. */
  #stuck = 0;
  #lastReceived = false;
  #paused = false;
  #closed = false;

  constructor(engine: Engine, type: number, loop: IOLoop, gone: () => void) {
    this.#engine = engine;
    this.#receives = receives(type);
    this.#loop = loop;
    this.#gone = () => process.nextTick(gone);
    // Closed behind our back: the socket is still being closed, and whoever is told comes after it.
    engine.onClose(this.#gone);
  }

  get receiving(): boolean {
    return this.#receiver !== undefined;
  }

  get sending(): boolean {
    return this.#unsent.length + this.#sent.length > 0;
  }

  receive(callback: MessageCallback | undefined, copy = true): void {
    this.#receiver = callback && { take: this.#taker(copy), callback };
    this.#update();
  }

  /** Sends at once what can be sent, before whatever else happens. */
  send(message: readonly Data[], attempt: Attempt<Sent>): void {
    this.#unsent.push({ message, attempt: patient(attempt), status: undefined });
    this.#push();
    this.#update();
  }

  /** Makes callbacks at once, `most` of them. */
  flush(flags: number, most: number): number {
    const more = (): boolean => !this.#closed && count < most;
    let count = 0;
    try {
      for (let before = -1; before !== count && more(); ) {
        before = count;
        if (flags & POLLIN && this.#receives) {
          const { take = this.#taker(true), callback } = this.#receiver ?? {};
          const message = this.#take(take);
          if (message !== undefined) {
            count++;
            callback?.(message as Buffer[] & Frame[]);
          }
        }
        if (flags & POLLOUT && more()) {
          this.#push();
          if (this.#sent.length > 0) count++;
          this.#deliver();
        }
      }
    } finally {
      this.#update();
    }
    return count;
  }

  /** Forgets everything. */
  close(): void {
    this.#closed = true;
    this.pause();
    this.#loop.release(this);
    this.#unsent.clear();
    this.#sent.clear();
  }

  /** The loop has been stopped: nothing is called back, and the process may end. */
  pause(): void {
    this.#paused = true;
    this.#engine.removePoll(this.#poll);
    clearImmediate(this.#immediate);
    clearTimeout(this.#retry);
    this.#immediate = this.#retry = undefined;
  }

  resume(): void {
    this.#paused = false;
    this.#update();
  }

  // ---- Inside

  #taker(copy: boolean): Attempt<Message> {
    const { native } = this.#engine;
    return patient<Message>(copy ? () => takeMessage(native) : () => takeMessageObjects(native));
  }

  /** Hands libzmq what it takes. */
  #push(): void {
    if (this.#unsent.length === 0) return;
    for (let left = MOST; left > 0 && !this.#engine.queued(POLLOUT); left--) {
      const entry = this.#unsent.first;
      if (entry === undefined) break;
      try {
        const sent = entry.attempt();
        if (sent === undefined) break;
        entry.status = sent === DONE ? undefined : (sent as Sent);
      } catch (error) {
        if (isGone(error)) {
          this.#gone();
          break;
        }
        entry.status = error as Error;
      }
      this.#stuck = 0;
      this.#unsent.shift();
      this.#sent.push(entry);
    }
    this.#engine.touched();
  }

  #take(take: Attempt<Message>): Message | undefined {
    if (this.#engine.queued(POLLIN)) return undefined; // those who wait by recv() come first
    try {
      return take() as Message | undefined;
    } catch (error) {
      if (!isGone(error)) throw error;
      this.#gone();
      return undefined;
    } finally {
      this.#engine.touched();
    }
  }

  /** Tells of one message that has been sent, if there is one. */
  #deliver(): void {
    const entry = this.#sent.shift();
    if (entry === undefined) return;
    const callback = this.onSend;
    if (callback !== undefined) {
      callback(entry.message, entry.status);
    } else if (entry.status instanceof Error) {
      process.emitWarning(`a ZMQStream could not send: ${entry.status.message}`, {
        type: "ZMQStreamWarning",
        code: "NODEZMQ_STREAM_SEND",
      });
    }
  }

  /** Sees to it that whatever is wanted happens. */
  #update(): void {
    if (this.#closed) return;
    if (this.#receiver === undefined && !this.sending) {
      this.#engine.removePoll(this.#poll);
      this.#loop.release(this);
      return;
    }
    this.#loop.adopt(this);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#paused || this.#closed || this.#immediate !== undefined) return;
    this.#immediate = setImmediate(() => this.#turn());
  }

  /** One turn of the event loop: at most one callback, so that none is lost when one throws. */
  #turn(): void {
    this.#immediate = undefined;
    const unsent = this.#unsent.length;
    this.#push();
    if (this.#writable && unsent > 0 && this.#unsent.length === unsent) this.#stuck++;
    this.#writable = false;
    const { take, callback } = this.#receiver ?? {};
    const sendersTurn = this.#lastReceived && this.#sent.length > 0;
    let message: Message | undefined;
    try {
      if (!sendersTurn && take !== undefined) message = this.#take(take);
    } catch (error) {
      this.#fail(error);
    }
    this.#lastReceived = message !== undefined;
    // Before the callback, which may throw: the stream goes on.
    if (message !== undefined || this.#sent.length > 0) this.#schedule();
    else this.#watch();
    if (message !== undefined) callback?.(message as Buffer[] & Frame[]);
    else this.#deliver();
  }

  /** Ends with the socket or its context; anything else (EBUSY: it is lent to a proxy) ends the receiving loudly. */
  #fail(error: unknown): void {
    if (isGone(error)) {
      this.#gone();
      return;
    }
    this.#receiver = undefined;
    process.nextTick(() => {
      throw error;
    });
  }

  /** Waits for what the socket has to say. */
  #watch(): void {
    this.#engine.removePoll(this.#poll);
    clearTimeout(this.#retry);
    let mask = this.#receiver === undefined ? 0 : POLLIN;
    // Ready for somebody, but not for this: a ROUTER_MANDATORY whose addressed peer is the one that is full.
    const stuck = this.#unsent.length > 0 && this.#stuck > 2;
    if (stuck) {
      this.#retry = setTimeout(() => this.#schedule(), PAUSE);
      this.#poll.referenced();
    } else if (this.#unsent.length > 0) {
      mask |= POLLOUT;
    }
    this.#poll.mask = mask;
    if (mask !== 0) this.#engine.addPoll(this.#poll);
    else if (!stuck) this.#loop.release(this);
  }
}
