/**
 * zmq.Socket as the type checker sees it: `context.socket(zmq.PUB)` is a `Socket<typeof zmq.PUB>`, which cannot receive.
 * There is one class at run time, in socket.ts.
 *
 * What a type of socket cannot do is there as `never`, not left out: so every socket may still be assigned to plain
 * `Socket`, which has all methods, and `const s: zmq.Socket = context.socket(zmq.PUB)` compiles.
 */
import type * as zmq from "./constants.js";
import type { Context } from "./context.js";
import { Socket as AnySocket, type SocketArguments } from "./socket.js";

type SocketType = zmq.SocketType;
/** The types that only send. They can still be polled and monitored, like all others. */
export type SendOnly = typeof zmq.PUB | typeof zmq.PUSH | typeof zmq.RADIO | typeof zmq.SCATTER;
/** The types that only receive. XSUB and XPUB do both: their subscriptions are messages. */
export type ReceiveOnly = typeof zmq.SUB | typeof zmq.PULL | typeof zmq.DISH | typeof zmq.GATHER;

/** A method of those types that can send; of a union, if any of it can. */
type Sends<T, Name extends keyof AnySocket> = T extends ReceiveOnly ? never : AnySocket[Name];
type Receives<T, Name extends keyof AnySocket> = T extends SendOnly ? never : AnySocket[Name];
type Subscribes<T, Name extends keyof AnySocket> = T extends typeof zmq.SUB ? AnySocket[Name] : never;
type Joins<T, Name extends keyof AnySocket> = T extends typeof zmq.DISH ? AnySocket[Name] : never;

/**
 * A ZeroMQ socket, made by `context.socket(type)`. Methods that may wait return promises; the others act at once. A
 * socket belongs to the thread that made it.
 *
 * Where the type is known when the program is compiled, the socket has only what its type can do: `Socket<typeof
 * zmq.PUB>` does not receive, and only `Socket<typeof zmq.SUB>` subscribes. Plain `Socket` is any socket.
 */
export interface Socket<T extends SocketType = SocketType> extends AnySocket {
  readonly type: T;

  send: Sends<T, "send">;
  sendMultipart: Sends<T, "sendMultipart">;
  sendString: Sends<T, "sendString">;
  sendJson: Sends<T, "sendJson">;
  sendSerialized: Sends<T, "sendSerialized">;
  sendBatch: Sends<T, "sendBatch">;
  sendSync: Sends<T, "sendSync">;
  sendMultipartSync: Sends<T, "sendMultipartSync">;
  sendBatchSync: Sends<T, "sendBatchSync">;
  createWriteStream: Sends<T, "createWriteStream">;
  readonly writable: Sends<T, "writable">;
  sendUnicode: Sends<T, "sendUnicode">;
  sendPyobj: Sends<T, "sendPyobj">;

  recv: Receives<T, "recv">;
  recvMultipart: Receives<T, "recvMultipart">;
  recvString: Receives<T, "recvString">;
  recvJson: Receives<T, "recvJson">;
  recvSerialized: Receives<T, "recvSerialized">;
  recvInto: Receives<T, "recvInto">;
  recvBatch: Receives<T, "recvBatch">;
  recvSync: Receives<T, "recvSync">;
  recvMultipartSync: Receives<T, "recvMultipartSync">;
  recvBatchSync: Receives<T, "recvBatchSync">;
  createReadStream: Receives<T, "createReadStream">;
  readonly readable: Receives<T, "readable">;
  recvUnicode: Receives<T, "recvUnicode">;
  recvPyobj: Receives<T, "recvPyobj">;
  createDuplex: T extends SendOnly ? never : Sends<T, "createDuplex">;
  [Symbol.asyncIterator]: Receives<T, typeof Symbol.asyncIterator>;

  subscribe: Subscribes<T, "subscribe">;
  unsubscribe: Subscribes<T, "unsubscribe">;
  join: Joins<T, "join">;
  leave: Joins<T, "leave">;
}

/** The class of sockets. */
export interface SocketClass {
  /**
   * @param context the context it belongs to
   * @param type `zmq.REQ` and so on
   * @throws TypeError without a context or type; ZMQError EINVAL for an unknown type, EMFILE when the context is full;
   * ContextTerminated. See zmq_socket(3).
   */
  new <T extends SocketType>(context: Context, type: T, options?: SocketArguments): Socket<T>;
  /** Another face of a socket of this thread, as `shadow`. */
  new (arguments_: { shadow: AnySocket | bigint }): AnySocket;
  new (context: null, type: null, options: { shadow: AnySocket | bigint }): AnySocket;
  // What `class Mine extends zmq.Socket` derives from: methods, which it may override.
  new (context: Context, type: number, options?: SocketArguments): AnySocket;
  readonly prototype: AnySocket;

  /** Another face of an open socket of this thread, by its `underlying` or itself. Closing either closes both. */
  shadow<T extends SocketType>(socket: Socket<T>): Socket<T>;
  shadow(socket: AnySocket | bigint): Socket;
  /** pyzmq's other name of `shadow`, for turning a blocking socket into an asynchronous one: here each is both. */
  fromSocket<T extends SocketType>(socket: Socket<T>): Socket<T>;
}

export const Socket = AnySocket as SocketClass;
