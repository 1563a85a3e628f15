/**
 * What happens, for whoever listens: `diagnostics_channel` of Node's, for tracing and metrics. Without a listener it costs a
 * property read.
 *
 * | channel | message |
 * | --- | --- |
 * | `nodezmq:send` | `{ socket, frames }`, when libzmq has taken them |
 * | `nodezmq:recv` | `{ socket, frames }`, when a call has taken them |
 * | `nodezmq:bind`, `unbind`, `connect`, `disconnect` | `{ socket, endpoint }`, when it has been done |
 *
 * A listener runs in the async context of the call that it hears of. Frames are the program's own: look, do not change.
 */
import { AsyncResource } from "node:async_hooks";
import { channel } from "node:diagnostics_channel";
import { native as library, type NativeSocket } from "./native.js";
import type { Sending } from "./sending.js";

export const sent = channel("nodezmq:send");
export const received = channel("nodezmq:recv");
const endpoints = {
  bind: channel("nodezmq:bind"),
  unbind: channel("nodezmq:unbind"),
  connect: channel("nodezmq:connect"),
  disconnect: channel("nodezmq:disconnect"),
};

/** Remembers whose a native socket is. Nobody may hold on to the native one alone: it would keep all of the socket. */
export function introduce(native: NativeSocket, socket: Sending): void {
  native.owner = socket;
}

export function tellSent(native: NativeSocket, message: unknown): void {
  const frames = (Array.isArray(message) ? message : [message]).map((frame: unknown) =>
    frame instanceof library.Frame ? frame.bytes() : frame,
  );
  sent.publish({ socket: native.owner, frames });
}

export function tellReceived(native: NativeSocket, frames: readonly unknown[]): void {
  received.publish({ socket: native.owner, frames });
}

export function tellEndpoint(verb: keyof typeof endpoints, socket: Sending, endpoint: string): void {
  if (endpoints[verb].hasSubscribers) endpoints[verb].publish({ socket, endpoint });
}

/** What runs later in the event loop, such that its listeners find the context of the call that waits. */
export function inContext<F extends () => unknown>(later: F): F {
  return sent.hasSubscribers || received.hasSubscribers ? (AsyncResource.bind(later) as unknown as F) : later;
}
