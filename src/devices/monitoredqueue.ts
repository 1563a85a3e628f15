/** zmq.devices.monitoredqueue: a proxy whose monitor can tell the two directions apart. */
import { ROUTER } from "../constants.js";
import { typeError } from "../errors.js";
import { type ProxyOptions, runProxy } from "../proxy.js";
import { Socket } from "../socket.js";
import { type Prefix, readArguments, readPrefix } from "./arguments.js";

/** Options of `monitoredQueue`. */
export interface MonitoredQueueOptions extends ProxyOptions {
  /** A frame before what the `in` socket has received: "in" by default. */
  inPrefix?: Prefix | undefined;
  /** A frame before what the `out` socket has received: "out" by default. */
  outPrefix?: Prefix | undefined;
}

const isRouter = (socket: unknown): boolean => socket instanceof Socket && socket.type === ROUTER;

/**
 * Forwards messages both ways between two sockets, as `zmq.proxy` does, and sends a copy of each, behind a frame that
 * says where it came from, to a third. If both are ROUTERs, the first two frames change places on the way: the sender
 * names the receiver first, and the receiver reads the sender's name there.
 *
 * @param monSocket PUB, PUSH, PAIR or DEALER
 * @throws (rejects) as `zmq.proxy`; TypeError for prefixes that are neither strings nor bytes
 */
export function monitoredQueue(
  inSocket: Socket,
  outSocket: Socket,
  monSocket: Socket,
  inPrefix?: Prefix | MonitoredQueueOptions,
  outPrefix?: Prefix | MonitoredQueueOptions,
  options?: MonitoredQueueOptions,
): Promise<void> {
  try {
    const given = readArguments(["inPrefix", "outPrefix", "signal"], [inPrefix, outPrefix, options]);
    const monitoring = {
      forwardPrefix: readPrefix(given.inPrefix ?? "in", "inPrefix"),
      backwardPrefix: readPrefix(given.outPrefix ?? "out", "outPrefix"),
      swap: isRouter(inSocket) && isRouter(outSocket),
    };
    if (!(monSocket instanceof Socket)) throw typeError("the monitor of a monitored queue must be a Socket");
    const sockets = { frontend: inSocket, backend: outSocket, capture: monSocket };
    return runProxy(sockets, { signal: given.signal }, monitoring);
  } catch (error) {
    return Promise.reject(error);
  }
}
