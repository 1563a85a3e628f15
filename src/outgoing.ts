/** A message on its way out: its frames as the addon takes them, and what becomes of them. */
import { readFlag, type WaitOptions } from "./call.js";
import { COPY_THRESHOLD } from "./constants.js";
import { isRaw, kept, partsOf, type RawFrame, rawFrame } from "./data.js";
import { rangeError } from "./errors.js";
import { Frame } from "./frame.js";
import { byteLength, isBytes } from "./intrinsics.js";
import type { NativeFrame } from "./native.js";
import { readGroup } from "./text.js";
import { FINISHED, MessageTracker } from "./tracker.js";

export { partsOf };

/** Options of the sending calls. */
export interface SendOptions extends WaitOptions {
  /**
   * `false` lets the library share the caller's memory, from the socket's `copyThreshold` on: it must then stay as it
   * is until the tracker is done, and not be given to a byte stream, whose reading transfers it. Messages within the process
   * are copied all the same. Default true.
   */
  copy?: boolean | undefined;
  /** Whether to resolve to a MessageTracker. Default false. */
  track?: boolean | undefined;
  /** The peer that a SERVER or PEER message is for. */
  routingId?: number | undefined;
  /** The group of a RADIO message. */
  group?: string | Uint8Array | undefined;
}

export class Outgoing {
  frames: RawFrame[];
  readonly #tracker: MessageTracker | undefined;
  /** Frames made for this message alone: libzmq is the only one to hold them once they are sent. */
  readonly #own: NativeFrame[] = [];
  #sent = false;

  /** Every part is checked; a TypeError names the one that is no data, by `name` or by its index. */
  constructor(
    parts: readonly unknown[],
    name?: string,
    options: SendOptions = {},
    copyThreshold: number = COPY_THRESHOLD,
  ) {
    const { routingId, group } = options;
    const copy = readFlag(options.copy, "copy");
    const track = readFlag(options.track, "track");
    const trackers: MessageTracker[] = [];
    this.frames = parts.map((part, i) => {
      let raw: RawFrame = isRaw(part) ? part : rawFrame(part, name ?? `frame ${i}`);
      if (part instanceof Frame) {
        if (part.tracker !== null) trackers.push(part.tracker);
        else if (track) throw rangeError("Not a tracked message");
      } else if (copy === false && isBytes(raw) && byteLength(raw) >= copyThreshold) {
        const frame = new Frame(raw, { copy, track, copyThreshold });
        raw = rawFrame(frame);
        this.#own.push(raw as NativeFrame);
        if (frame.tracker !== null) trackers.push(frame.tracker);
      } else if (track) {
        trackers.push(FINISHED);
      }
      if (routingId === undefined && group === undefined) return raw;
      const addressed = new Frame(part instanceof Frame ? part : (raw as Uint8Array));
      if (routingId !== undefined) addressed.routingId = routingId;
      if (group !== undefined) addressed.group = readGroup(group);
      return rawFrame(addressed);
    });
    if (trackers.length > 0)
      this.#tracker = trackers.length === 1 ? trackers[0] : new MessageTracker(...trackers);
  }

  /** Gives what has to wait memory of its own: the caller may reuse the buffers. */
  keep(): this {
    if (!this.#sent) this.frames = this.frames.map(kept);
    return this;
  }

  /** libzmq has the message. Returns what the call resolves to. */
  sent(): MessageTracker | undefined {
    this.#sent = true;
    for (const frame of this.#own) frame.release();
    return this.#tracker;
  }
}
