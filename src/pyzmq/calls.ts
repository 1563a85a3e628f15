/** The calls of a socket that may wait, as they are typed here: options in both spellings, pyzmq's positions, Futures. */
import type { WaitOptions } from "../call.js";
import type { Data, MessageData } from "../data.js";
import type { Frame as MainFrame } from "../frame.js";
import type { ReceiveIntoOptions, ReceiveOptions, SyncReceiveOptions } from "../messaging.js";
import type { SendOptions } from "../outgoing.js";
import type { Sent } from "../sending.js";
import type { TextEncoding, TextOptions } from "../text.js";
import type { Future } from "./future.js";
import type { Snake } from "./names.js";
import type { Frame, MessageTracker } from "./types.js";

/** Options whose keys may have either spelling. */
export type Keys<O> = { [K in keyof O as K | Snake<K>]: O[K] };

type Send = Keys<SendOptions>;
type Tracked = Send & { track: true };
type Untracked = Send & { track?: false | undefined };
type Plain = Exclude<Data, MainFrame>;
type SendText = Keys<SendOptions & TextOptions>;
type ReceiveText = WaitOptions & TextOptions;
type AsFrames = ReceiveOptions & { copy: false };

export interface Calls {
  send(data: Plain, flags?: number | Untracked, options?: Untracked): Future<undefined>;
  send(data: Data, flags: number | Tracked, options: Tracked): Future<MessageTracker>;
  send(data: Data, options: Tracked): Future<MessageTracker>;
  send(data: Data, flags: number, copy: boolean, track: true): Future<MessageTracker>;
  send(data: Data, flags?: number | Send, options?: Send): Future<Sent>;
  send(
    data: Data,
    flags: number,
    copy: boolean,
    track?: boolean,
    routingId?: number | null,
    group?: string | Uint8Array | null,
  ): Future<Sent>;
  sendMultipart(parts: Iterable<Plain>, flags?: number | Untracked, options?: Untracked): Future<undefined>;
  sendMultipart(parts: Iterable<Data>, flags: number | Tracked, options: Tracked): Future<MessageTracker>;
  sendMultipart(parts: Iterable<Data>, options: Tracked): Future<MessageTracker>;
  sendMultipart(parts: Iterable<Data>, flags: number, copy: boolean, track: true): Future<MessageTracker>;
  sendMultipart(parts: Iterable<Data>, flags?: number | Send, options?: Send): Future<Sent>;
  sendMultipart(parts: Iterable<Data>, flags: number, copy: boolean, track?: boolean): Future<Sent>;
  sendString(
    text: string,
    flags?: number | (Untracked & TextOptions),
    options?: Untracked & TextOptions,
  ): Future<undefined>;
  sendString(text: string, flags?: number | SendText, options?: SendText): Future<Sent>;
  sendString(text: string, flags: number, copy: boolean, encoding?: TextEncoding): Future<Sent>;
  sendJson(value: unknown, flags?: number | Untracked, options?: Untracked): Future<undefined>;
  sendJson(value: unknown, flags?: number | Send, options?: Send): Future<Sent>;
  sendSerialized<V>(
    value: V,
    serialize: (value: V) => Iterable<Data>,
    flags?: number | Send,
    options?: Send,
  ): Future<Sent>;
  sendBatch(messages: readonly MessageData[], flags?: number | Send, options?: Send): Future<void>;

  recv(flags: number | ReceiveOptions, options: AsFrames): Future<Frame>;
  recv(options: AsFrames): Future<Frame>;
  recv(flags: number, copy: false, track?: boolean): Future<Frame>;
  recv(flags: number, copy: boolean, track?: boolean): Future<Buffer>;
  recv(flags?: number | ReceiveOptions, options?: ReceiveOptions): Future<Buffer>;
  recvMultipart(flags: number | ReceiveOptions, options: AsFrames): Future<Frame[]>;
  recvMultipart(options: AsFrames): Future<Frame[]>;
  recvMultipart(flags: number, copy: false, track?: boolean): Future<Frame[]>;
  recvMultipart(flags: number, copy: boolean, track?: boolean): Future<Buffer[]>;
  recvMultipart(flags?: number | ReceiveOptions, options?: ReceiveOptions): Future<Buffer[]>;
  recvSync(flags: number | SyncReceiveOptions, options: SyncReceiveOptions & { copy: false }): Frame;
  recvSync(options: SyncReceiveOptions & { copy: false }): Frame;
  recvSync(flags?: number | SyncReceiveOptions, options?: SyncReceiveOptions): Buffer;
  recvMultipartSync(
    flags: number | SyncReceiveOptions,
    options: SyncReceiveOptions & { copy: false },
  ): Frame[];
  recvMultipartSync(options: SyncReceiveOptions & { copy: false }): Frame[];
  recvMultipartSync(flags?: number | SyncReceiveOptions, options?: SyncReceiveOptions): Buffer[];
  recvString(flags?: number | ReceiveText, options?: TextEncoding | ReceiveText): Future<string>;
  recvJson<V = unknown>(flags?: number | WaitOptions, options?: WaitOptions): Future<V>;
  recvSerialized<V>(deserialize: (frames: Frame[]) => V, flags: number, copy: false): Future<V>;
  recvSerialized<V>(deserialize: (frames: Buffer[]) => V, flags: number, copy: true): Future<V>;
  recvSerialized<V>(
    deserialize: (frames: Buffer[]) => V,
    flags?: number | WaitOptions,
    options?: WaitOptions,
  ): Future<V>;
  recvInto(
    buffer: ArrayBufferView | ArrayBuffer | SharedArrayBuffer,
    options?: ReceiveIntoOptions,
  ): Future<number>;
  recvBatch(max?: number | WaitOptions, options?: WaitOptions): Future<Buffer[][]>;

  poll(timeout?: number | null | WaitOptions, flags?: number, options?: WaitOptions): Future<number>;
}
