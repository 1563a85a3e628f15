/** pyzmq's older names of a socket's methods, and its pickles. */
import type { SocketType } from "./constants.js";
import { plainError } from "./errors.js";
import type { Socket } from "./socket.js";

export interface SocketAliases {
  /** @deprecated pyzmq's old name of `sendString`. */
  sendUnicode: Socket["sendString"];
  /** @deprecated pyzmq's old name of `recvString`. */
  recvUnicode: Socket["recvString"];
  /** @deprecated pyzmq's old name of `setString`. */
  setsockoptUnicode: Socket["setString"];
  /** @deprecated pyzmq's old name of `getString`. */
  getsockoptUnicode: Socket["getString"];
  /** @deprecated pyzmq's old name of `type`. */
  readonly socketType: SocketType;
  /** @deprecated Rejects: pickles are Python's. `sendJson` and `sendSerialized` are for objects. */
  sendPyobj(value: unknown, ...more: unknown[]): Promise<never>;
  /** @deprecated Rejects, and receives nothing: pickles are Python's. */
  recvPyobj(...more: unknown[]): Promise<never>;
}

const pickle = (name: string, json: string, other: string): Promise<never> =>
  Promise.reject(
    plainError(
      `${name}: pickles are Python's, and running one that a peer has sent runs the peer's code; ` +
        `use ${json}, or ${other} with any format of your own (v8.serialize, MessagePack, ...)`,
    ),
  );

export function defineAliases(prototype: Socket): void {
  const method = (value: unknown): PropertyDescriptor => ({ value, configurable: true, writable: true });
  Object.defineProperties(prototype, {
    // By name, so that an override is called by its older name, too.
    sendUnicode: method(function (this: Socket, ...args: Parameters<Socket["sendString"]>) {
      return this.sendString(...args);
    }),
    recvUnicode: method(function (this: Socket, ...args: Parameters<Socket["recvString"]>) {
      return this.recvString(...args);
    }),
    setsockoptUnicode: method(function (this: Socket, ...args: Parameters<Socket["setString"]>) {
      this.setString(...args);
    }),
    getsockoptUnicode: method(function (this: Socket, ...args: Parameters<Socket["getString"]>) {
      return this.getString(...args);
    }),
    socketType: {
      configurable: true,
      get(this: Socket) {
        return this.type;
      },
    },
    sendPyobj: method(() => pickle("sendPyobj", "sendJson", "sendSerialized")),
    recvPyobj: method(() => pickle("recvPyobj", "recvJson", "recvSerialized")),
  });
}
