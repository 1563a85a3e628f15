/** zmq.Frame: a message frame with its properties. */
import { isUtf8 } from "node:buffer";
import { inspect, types } from "node:util";
import { checkKeys, readFlag, readThreshold } from "./call.js";
import { COPY_THRESHOLD, EINVAL } from "./constants.js";
import { type Data, RAW, rawFrame } from "./data.js";
import { makeError, rangeError, shown, typeError } from "./errors.js";
import { bufferOf, byteLength, bytesOf, isBytes, isResizable } from "./intrinsics.js";
import { type NativeFrame, native } from "./native.js";
import { readEncoding, readGroup } from "./text.js";
import { threads } from "./threads.js";
import { FINISHED, MessageTracker, TrackerEvent } from "./tracker.js";

export interface FrameOptions {
  /** Whether to have a `tracker`. Default false. */
  track?: boolean | undefined;
  /** `false` shares the memory, `true` copies it. By default it is shared from `copyThreshold` on if it is tracked. */
  copy?: boolean | null | undefined;
  /** Bytes below which memory is copied in any case. Default `zmq.COPY_THRESHOLD`; 0 always shares. */
  copyThreshold?: number | null | undefined;
  /** The same in pyzmq's spelling: the class is the same one in `nodezmq/pyzmq`. */
  copy_threshold?: number | null | undefined;
}

class Received {
  constructor(readonly native: NativeFrame) {}
}

/** A received message as a Frame. */
export const receivedFrame = (frame: NativeFrame): Frame => new Frame(new Received(frame) as unknown as Data);

const OPTIONS = ["track", "copy", "copyThreshold", "copy_threshold"] as const;
const PROPERTIES = new Set(["routingId", "routing_id", "group"]);

/**
 * Whether a view's memory stays where it is until libzmq lets go: it can be neither resized nor transferred away.
 * (`ArrayBuffer.prototype.transfer`, which newer runtimes have, is told not to, as far as a library can.)
 */
function pin(view: Uint8Array): boolean {
  const buffer = bufferOf(view);
  if (types.isSharedArrayBuffer(buffer)) return true;
  if (isResizable(buffer)) return false;
  threads().markAsUntransferable(buffer);
  for (const name of ["transfer", "transferToFixedLength"]) {
    if (name in buffer && !Object.hasOwn(buffer, name)) Object.defineProperty(buffer, name, refusal);
  }
  return true;
}
const refusal: PropertyDescriptor = {
  value: () => {
    throw typeError("the buffer was sent with copy: false and cannot be transferred");
  },
};

/** One frame of a message. Received with `recv({ copy: false })`, or made to be sent, as often as one likes. */
export class Frame {
  readonly #native: NativeFrame;
  #view: Buffer | undefined;
  /** Whether more frames of the same message follow. */
  readonly more: boolean;
  /** Tells when libzmq has let go of the memory; null if the frame is not tracked. */
  readonly tracker: MessageTracker | null;

  /** @param data a string (UTF-8), any buffer or view, or a Frame, whose content is shared. Nothing: an empty frame. */
  constructor(
    data?: Data | null,
    track: boolean | FrameOptions = {},
    copy?: boolean | null,
    copyThreshold?: number | null,
  ) {
    const options: Readonly<Record<string, unknown>> =
      typeof track === "object" && track !== null
        ? checkKeys(track, OPTIONS)
        : { track, copy, copyThreshold };
    const tracked = readFlag(options.track, "track") ?? false;
    const copied = readFlag(options.copy, "copy");
    const threshold = readThreshold(options.copyThreshold ?? options.copy_threshold ?? COPY_THRESHOLD);
    const given: unknown = data;
    if (given instanceof Received) {
      this.#native = given.native;
      this.more = given.native.more();
      this.tracker = null;
      return;
    }
    this.more = false;
    if (given instanceof Frame) {
      this.#native = new native.Frame(given.#native);
      this.#view = given.#view;
      this.tracker = given.tracker;
      return;
    }
    const raw = data === undefined || data === null ? "" : rawFrame(data, "a frame's data");
    const wanted = copied === undefined ? tracked : !copied;
    const shares = wanted && isBytes(raw) && byteLength(raw) >= Math.max(threshold, 1) && pin(raw);
    if (shares) {
      const event = new TrackerEvent();
      this.#native = new native.Frame(raw, () => event.set());
      const own = bytesOf(raw);
      this.#view = Buffer.from(own.buffer, own.byteOffset, own.byteLength);
      this.tracker = tracked ? new MessageTracker(event) : null;
    } else {
      this.#native = new native.Frame(raw);
      this.tracker = tracked ? FINISHED : null;
    }
  }

  /** The content as a Buffer, made once: of its own, or the memory of libzmq's or the sender's where that is shared. */
  get buffer(): Buffer {
    this.#view ??= this.#native.bytes();
    return this.#view;
  }

  /** What the tracker waits for; null if the frame is not tracked, or need not be waited for. */
  get trackerEvent(): TrackerEvent | null {
    const [event] = this.tracker?.events ?? [];
    return event ?? null;
  }

  /** The same as `buffer`. */
  get bytes(): Buffer {
    return this.buffer;
  }

  /** Bytes. */
  get length(): number {
    return this.#native.size();
  }

  get byteLength(): number {
    return this.length;
  }

  toString(encoding?: BufferEncoding): string {
    return this.buffer.toString(readEncoding(encoding));
  }

  /**
   * Reads a property: a number such as `zmq.MORE`; "routingId" or "group" of draft messages; or the name of a
   * connection's or message's metadata: "Peer-Address", "Socket-Type", "Identity", "User-Id", "X-...".
   *
   * @throws ZMQError EINVAL if the message has no such property: those of the connection exist on messages that came
   * over tcp or ipc only. See zmq_msg_gets(3).
   */
  get(option: number | string): number | string {
    if (typeof option === "number") {
      if (!Number.isInteger(option)) throw typeError("a message property's number is an integer");
      return this.#native.get(option);
    }
    if (typeof option !== "string") throw typeError("a message property is a number or a name");
    if (option === "routingId" || option === "routing_id") return this.routingId;
    if (option === "group") return this.group;
    return this.#native.property(option);
  }

  /** Sets "routingId" or "group". A number is EINVAL: libzmq has none that can be set. See zmq_msg_set(3). */
  set(option: string | number, value: number | string | Uint8Array): void {
    if (typeof option === "number") throw makeError(EINVAL, "no number of a message can be set");
    if (!PROPERTIES.has(option))
      throw rangeError(`only routingId and group of a frame can be set, not '${shown(option)}'`);
    if (option === "group") this.group = readGroup(value);
    else this.routingId = value as number;
  }

  /** The peer that a SERVER or PEER message came from, or is for; 0 if none. */
  get routingId(): number {
    return this.#native.routingId();
  }
  set routingId(id: number) {
    if (typeof id !== "number" || !Number.isInteger(id)) throw typeError("a routing id is an integer");
    if (id < 1 || id >= 2 ** 32) throw rangeError("a routing id is an integer of 32 bits, from 1 on");
    this.#native.routingId(id);
  }

  /** The group of a RADIO or DISH message; "" if none. */
  get group(): string {
    return this.#native.group();
  }
  set group(name: string | Uint8Array) {
    this.#native.group(readGroup(name));
  }

  /** Another Frame of the same content, which both share. */
  copy(): Frame {
    return new Frame(this);
  }

  [inspect.custom](): string {
    const { length } = this;
    const encoding = isUtf8(this.buffer) ? "utf8" : "latin1";
    const shown = length <= 16 ? this.toString(encoding) : `${this.buffer.toString(encoding, 0, 12)}...`;
    return `Frame(${JSON.stringify(shown)}${length <= 16 ? "" : ` ${length} bytes`})`;
  }

  /** @internal What is sent for it. */
  get [RAW](): NativeFrame {
    return this.#native;
  }
}
