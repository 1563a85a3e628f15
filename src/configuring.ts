/** Options: reading and setting them, on top of the streams. */
import { readNamed } from "./call.js";
import { FD, RCVHWM, SNDHWM, SUBSCRIBE, UNSUBSCRIBE } from "./constants.js";
import { warnOfDraftDescriptor } from "./descriptor.js";
import type { Engine } from "./engine.js";
import { rangeError, typeError } from "./errors.js";
import {
  type Bytes,
  decodeOption,
  encodeOption,
  nativeKind,
  nativeSize,
  optionNumber,
  refusal,
  type SocketOptionInput,
  type SocketOptionValue,
  socketOptionRow,
} from "./options.js";
import { Streaming } from "./streaming.js";
import { encodeText, readEncoding, readGroup, type TextEncoding, type TextOptions } from "./text.js";

export class Configuring extends Streaming {
  readonly #engine: Engine;

  protected constructor(engine: Engine) {
    super(engine);
    this.#engine = engine;
  }

  /** Sets an option by its number. See zmq_setsockopt(3) and docs/options.md. */
  set<N extends number>(option: N, value: SocketOptionInput<N>): void {
    const number = optionNumber(option);
    const { kind, value: encoded } = encodeOption(socketOptionRow(number), number, value);
    try {
      this.#engine.touching((native) => native.set(number, kind, encoded));
    } catch (error) {
      throw refusal(error, "setting", socketOptionRow(number), number);
    }
  }

  /** Reads an option by its number. See zmq_getsockopt(3) and docs/options.md. */
  get<N extends number>(option: N): SocketOptionValue<N> {
    const number = optionNumber(option);
    const row = socketOptionRow(number);
    try {
      const value = this.#engine.touching((native) => {
        if (number === FD) warnOfDraftDescriptor(native);
        return native.get(number, nativeKind(row), nativeSize(row));
      });
      return decodeOption(row, number, value) as SocketOptionValue<N>;
    } catch (error) {
      throw refusal(error, "reading", socketOptionRow(number), number);
    }
  }

  /** Sets a byte-valued option to a string in an encoding, UTF-8 by default. */
  setString(option: number, text: string, encoding?: TextEncoding | TextOptions): void {
    this.set(option, encodeText(text, readNamed(encoding, "encoding")));
  }

  /** Reads a byte-valued option as a string. A TypeError if it is a number. */
  getString(option: number, encoding?: TextEncoding | TextOptions): string {
    const other = readEncoding(readNamed(encoding, "encoding"));
    if (typeof option === "number" && socketOptionRow(option) === undefined)
      throw rangeError(`there is no option ${option}`);
    const value = this.get(option);
    if (typeof value === "string") return other === undefined ? value : Buffer.from(value).toString(other);
    if (Buffer.isBuffer(value)) return value.toString(other);
    throw typeError(`option ${option} will not return a string to be decoded`);
  }

  /** pyzmq's other names of `set`, `get`, `setString` and `getString`. */
  setsockopt<N extends number>(option: N, value: SocketOptionInput<N>): void {
    this.set(option, value);
  }
  getsockopt<N extends number>(option: N): SocketOptionValue<N> {
    return this.get(option);
  }
  setsockoptString(option: number, text: string, encoding?: TextEncoding | TextOptions): void {
    this.setString(option, text, encoding);
  }
  getsockoptString(option: number, encoding?: TextEncoding | TextOptions): string {
    return this.getString(option, encoding);
  }

  /** Subscribes to messages that begin with the topic; the empty topic takes all. SUB only (EINVAL). */
  subscribe(topic: Bytes): void {
    this.set(SUBSCRIBE, topic);
  }

  /** Ends one subscription to the topic; without effect if there is none. */
  unsubscribe(topic: Bytes): void {
    this.set(UNSUBSCRIBE, topic);
  }

  /** Joins a group. DISH only. See zmq_join(3). */
  join(group: string | Uint8Array): void {
    this.#engine.touching((native) => native.group("join", readGroup(group)));
  }

  /** Leaves a group. DISH only. See zmq_leave(3). */
  leave(group: string | Uint8Array): void {
    this.#engine.touching((native) => native.group("leave", readGroup(group)));
  }

  /** Both high-water marks, in messages; reads SNDHWM. */
  get hwm(): number {
    return this.get(SNDHWM);
  }
  set hwm(value: number) {
    this.set(SNDHWM, value);
    this.set(RCVHWM, value);
  }
  getHwm(): number {
    return this.hwm;
  }
  setHwm(value: number): void {
    this.hwm = value;
  }

  /** The descriptor that signals news of the socket (option FD): edge-triggered, for reading only. */
  fileno(): number {
    return this.get(FD);
  }
}
