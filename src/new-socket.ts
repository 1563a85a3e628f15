/** What `context.socket` is asked for. */
import { checkKeys } from "./call.js";
import type { Context } from "./context.js";
import { settable } from "./defaults.js";
import { typeError } from "./errors.js";
import type { SocketOptionWrites } from "./options.js";
import type { Socket } from "./socket.js";

/** A class that makes sockets as `Socket` does. */
export type SocketClass<S extends Socket = Socket> = new (context: Context, type: number) => S;

/** Options of `context.socket`. */
export type NewSocketOptions = SocketOptionWrites & {
  /** Both high-water marks, in messages; `sndhwm` and `rcvhwm` go before it. */
  hwm?: number | undefined;
  /** What makes the socket, instead of the context's own class. */
  socketClass?: SocketClass | undefined;
  /** Bytes from which `copy: false` shares memory. Default `zmq.COPY_THRESHOLD`. */
  copyThreshold?: number | undefined;
};

const KEYS = [...settable, "socketClass", "copyThreshold"];

/** The arguments after the type. pyzmq's order is class, options; either may be left out. */
export function readNewSocket(
  options: NewSocketOptions | SocketClass | null | undefined,
  more: unknown,
): Pick<NewSocketOptions, "socketClass" | "copyThreshold"> & { given: SocketOptionWrites } {
  const stands = typeof options === "object" && options !== null;
  const place = stands ? undefined : options;
  if (stands && more !== undefined && more !== null) throw typeError("options are given twice");
  const named = checkKeys((stands ? options : undefined) ?? more ?? {}, KEYS) as NewSocketOptions;
  const { socketClass = place ?? undefined, copyThreshold, ...given } = named;
  if (socketClass !== undefined && typeof socketClass !== "function")
    throw typeError("socketClass must be a class of sockets");
  return { socketClass, copyThreshold, given };
}
