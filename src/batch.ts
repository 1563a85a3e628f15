/**
 * The messages of a `sendBatch`, and how far they have got.
 *
 * Small frames are packed (packing.ts): one call then sends them all, and what has to wait is memory of the library's own
 * already.
 */
import { index } from "./arena.js";
import { POLLOUT } from "./constants.js";
import { detached, keptMessage, type RawFrame, rawMessages } from "./data.js";
import { sent, tellSent } from "./diagnostics.js";
import type { Engine } from "./engine.js";
import { ZMQError } from "./errors.js";
import type { NativeSocket } from "./native.js";
import { bytes as packedBytes, entries as packedEntries, packFrame, room, unpacked } from "./packing.js";
import { DONE, moved } from "./pending.js";
import { explained, type Pairs } from "./shapes.js";

type RawMessage = RawFrame | readonly RawFrame[];

/** Part of a batch. `from` and `to` count its messages. */
interface Run {
  readonly messages: number;
  /** Sends as many as fit, and says how many of the run have gone by now, also when it throws. */
  send(native: NativeSocket, told: (count: number) => void): void;
  /** What is left of the run, in memory that nobody else writes into. */
  kept(): Run;
}

/** Fewer messages than these are not worth being packed. */
const FEW = 4;

class Packed implements Run {
  #frame = 0;
  #offset = 0;
  #gone = 0;

  private constructor(
    readonly bytes: Uint8Array,
    readonly entries: Int32Array,
    readonly frames: number,
    readonly messages: number,
    readonly own: boolean,
  ) {}

  /** The messages from one on, as long as they are small; undefined when they are too few. */
  static of(batch: readonly RawMessage[], from: number): Packed | undefined {
    let offset = 0;
    let frames = 0;
    let messages = 0;
    const add = (frame: RawFrame, more: boolean): boolean => {
      const length = packFrame(frame, offset, frames, more);
      if (length < 0) return false;
      offset += length;
      frames++;
      return true;
    };
    for (let i = from; i < batch.length; i++) {
      const message = batch[i] as RawMessage;
      const before = frames;
      const start = offset;
      let fits = true;
      if (isFrames(message)) {
        const last = message.length - 1;
        for (let f = 0; fits && f <= last; f++) fits = add(message[f] as RawFrame, f < last);
      } else {
        fits = add(message, false);
      }
      if (!fits) {
        frames = before;
        offset = start;
        break;
      }
      messages++;
    }
    if (messages < FEW) return undefined;
    const packed = new Packed(packedBytes, packedEntries, frames, messages, false);
    // A listener is called between the messages, and may send a batch of its own.
    return sent.hasSubscribers ? packed.kept() : packed;
  }

  /**
   * The same for what a program has given: messages of one frame, from the first on. Those that it has looked at and not packed
   * are left in `seen`. The room is taken from then on.
   */
  static ofGiven(given: readonly unknown[], count: number, seen: unknown[]): Packed | undefined {
    let offset = 0;
    let messages = 0;
    for (let i = 0; i < count; i++) {
      const message = given[i];
      if (i < FEW) seen.push(message);
      const length = packFrame(message, offset, i, false);
      if (length < 0) {
        if (i >= FEW) seen.push(message);
        break;
      }
      if (i === 0) room.taken = true;
      offset += length;
      messages++;
    }
    if (messages < FEW) return undefined;
    seen.splice(0, FEW);
    return new Packed(packedBytes, packedEntries, messages, messages, false);
  }

  send(native: NativeSocket, told: (count: number) => void): void {
    try {
      native.sendPacked(this.bytes, this.entries, this.#frame, this.#offset, this.frames);
    } finally {
      this.#advance(index[0] as number, native);
      told(this.#gone);
    }
  }

  kept(): Packed {
    if (this.own) return this;
    const left = new Int32Array(this.frames - this.#frame);
    let size = 0;
    for (let i = 0; i < left.length; i++) {
      const entry = this.entries[this.#frame + i] as number;
      left[i] = entry;
      size += entry >> 1;
    }
    const bytes = unpacked(this.#offset, this.#offset + size);
    return new Packed(bytes, left, left.length, this.messages - this.#gone, true);
  }

  #advance(reached: number, native: NativeSocket): void {
    const listening = sent.hasSubscribers;
    if (reached === this.frames && !listening) {
      this.#frame = reached;
      this.#gone = this.messages;
      return;
    }
    let message: Buffer[] = [];
    for (; this.#frame < reached; this.#frame++) {
      const entry = this.entries[this.#frame] as number;
      const end = this.#offset + (entry >> 1);
      if (listening) {
        message.push(
          this.own ? Buffer.from(this.bytes.subarray(this.#offset, end)) : unpacked(this.#offset, end),
        );
      }
      this.#offset = end;
      if (entry & 1) continue;
      this.#gone++;
      if (listening) tellSent(native, message);
      message = [];
    }
  }
}

/** Messages that are not packed: large ones, Frames, and those between them. */
class Loose implements Run {
  #next = 0;

  /** `first` is the number of the run's first message in its batch. */
  constructor(
    readonly batch: readonly RawMessage[],
    readonly first: number,
    readonly own = false,
  ) {}

  get messages(): number {
    return this.batch.length;
  }

  send(native: NativeSocket, told: (count: number) => void): void {
    const before = this.#next;
    let answer: number;
    try {
      answer = native.sendBatch(this.batch, before);
    } finally {
      this.#next = index[0] as number;
      if (sent.hasSubscribers)
        for (const message of this.batch.slice(before, this.#next)) tellSent(native, message);
      told(this.#next);
    }
    // A getter of another message has detached it since it was looked at.
    if (answer < 0) throw detached(`message ${this.first + this.#next}`);
  }

  kept(): Loose {
    if (this.own) return this;
    return new Loose(this.batch.slice(this.#next).map(keptMessage), this.first + this.#next, true);
  }
}

/** How many messages of a batch that cannot be packed go together before packing is tried again. */
const LOOSE = 64;

const isFrames = (message: RawMessage): message is readonly RawFrame[] => Array.isArray(message);

export class Batch {
  readonly #engine: Engine;
  readonly #native: NativeSocket;
  readonly #messages: readonly RawMessage[];
  /** How many were packed before those. */
  readonly #packed: number = 0;
  /** The first of `#messages` that is in no run yet. */
  #next = 0;
  /** What is in a run and has not been sent: the first is the one to go on with. */
  #runs: Run[] = [];
  /** How many messages of finished runs have gone, and how many of the present one. */
  #done = 0;
  #within = 0;
  /** How many had gone when the batch had to wait last. */
  #reached = 0;
  readonly #told = (count: number): void => {
    this.#within = count;
  };

  /**
   * `atOnce`: it is attempted right after this, and nobody else's code runs in between.
   *
   * @throws TypeError for what is no message; ZMQError EINVAL if the socket's messages are pairs, and one is none
   */
  constructor(engine: Engine, messages: readonly unknown[], atOnce: boolean) {
    this.#engine = engine;
    this.#native = engine.native;
    const { taken } = room; // by a batch that is being looked at, whose getter this is
    try {
      const { length } = messages; // a getter may change it
      const seen: unknown[] = [];
      const run = atOnce && engine.pairs === undefined ? Packed.ofGiven(messages, length, seen) : undefined;
      if (run !== undefined) this.#packed = run.messages;
      this.#messages = rawMessages(messages, this.#packed, length - this.#packed, seen);
      // A getter among them may have sent what has to wait, or begun to listen.
      if (run !== undefined)
        this.#runs.push(engine.queued(POLLOUT) || sent.hasSubscribers ? run.kept() : run);
    } finally {
      room.taken = taken;
    }
    // None of it goes: the batch may have to wait, and be told of the error long after the call.
    if (engine.pairs !== undefined) this.#checkPairs(engine.pairs);
  }

  /** Sends as much as fits. Undefined when that is not all. */
  readonly attempt = (): Promise<undefined> | undefined => {
    if (this.#packed + this.#messages.length === 0)
      this.#native.events(); // nothing to send, but a closed socket is an error
    else this.#engine.pairs?.check(2, 0); // where the first half of another message has gone, they would be out of step
    for (let run = this.#first(); run !== undefined; run = this.#first()) {
      run.send(this.#native, this.#told);
      if (this.#within < run.messages) {
        const kept = run.kept(); // other batches use the room meanwhile
        if (kept !== run) this.#settle();
        this.#runs[0] = kept;
        const reached = this.#done + this.#within;
        if (reached > this.#reached) moved();
        this.#reached = reached;
        return undefined;
      }
      this.#settle();
      this.#runs.shift();
    }
    return DONE;
  };

  /** Gives what has to wait memory of its own: the caller may reuse the buffers. */
  keep(): void {
    while (this.#next < this.#messages.length) this.#runs.push(this.#take().kept());
  }

  /** Writes into the error how many messages have gone. */
  readonly tell = (error: unknown): unknown => {
    const sent = this.#done + this.#within;
    const told = explained(error, this.#engine.type, this.#messages[sent - this.#packed]);
    return told instanceof ZMQError ? Object.assign(told, { sent }) : told;
  };

  #checkPairs(pairs: Pairs): void {
    for (const [i, message] of this.#messages.entries()) {
      try {
        pairs.checkWhole(isFrames(message) ? message.length : 1, `message ${i}`);
      } catch (error) {
        throw this.tell(error);
      }
    }
  }

  #first(): Run | undefined {
    if (this.#runs.length === 0 && this.#next < this.#messages.length) this.#runs.push(this.#take());
    return this.#runs[0];
  }

  /** The next run. What it is packed in is used again by whoever is next. */
  #take(): Run {
    const next = this.#next;
    const loose = (): Loose => new Loose(this.#messages.slice(next, next + LOOSE), this.#packed + next);
    const run = Packed.of(this.#messages, next) ?? loose();
    this.#next += run.messages;
    return run;
  }

  #settle(): void {
    this.#done += this.#within;
    this.#within = 0;
  }
}
