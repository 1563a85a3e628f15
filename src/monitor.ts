/** Socket monitors: what happens to a socket's connections. */
import { types } from "node:util";
import type { WaitOptions } from "./call.js";
import { DONTWAIT, EPROTONOSUPPORT, EVENT_MONITOR_STOPPED, Event, PAIR } from "./constants.js";
import type { Context } from "./context.js";
import type { Engine } from "./engine.js";
import { makeError, plainError, typeError } from "./errors.js";
import { Messaging } from "./messaging.js";
import { onAbort } from "./pending.js";
import { forward } from "./proxy.js";
import type { Socket } from "./socket-types.js";
import { callSite, trimStack } from "./stack.js";
import { threads } from "./threads.js";
import { setTimeout } from "./timers.js";

/** An event of a monitor. */
export interface MonitorEvent {
  /** One of `zmq.Event`: `zmq.EVENT_CONNECTED` and so on. */
  event: number;
  /** Its name: "CONNECTED". */
  name: string;
  /** A descriptor, an errno, an interval in milliseconds or a protocol error, by the event; see zmq_socket_monitor(3). */
  value: number;
  /** The address; "" for MONITOR_STOPPED. */
  endpoint: string;
}

const names = new Map<number, string>();
for (const [name, number] of Object.entries(Event)) {
  if (!name.startsWith("ALL") && !names.has(number)) names.set(number, name);
}

/** Reads a monitor's message: [event and value, endpoint]. An Error if it is none. */
export function parseMonitorMessage(frames: readonly Uint8Array[]): MonitorEvent {
  const [head, endpoint]: readonly unknown[] = Array.isArray(frames) && frames.length === 2 ? frames : [];
  if (!types.isUint8Array(head) || head.byteLength !== 6 || !types.isUint8Array(endpoint)) {
    throw plainError("not a monitor message: expected two frames, the first of 6 bytes");
  }
  const view = new DataView(head.buffer, head.byteOffset, 6);
  const little = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1; // libzmq writes the machine's own order
  const event = view.getUint16(0, little);
  return {
    event,
    name: names.get(event) ?? `EVENT_${event}`,
    value: view.getInt32(2, little),
    endpoint: Buffer.from(endpoint.buffer, endpoint.byteOffset, endpoint.byteLength).toString("utf8"),
  };
}

/** Receives an event from a monitor socket. */
export function recvMonitorMessage(
  socket: Socket,
  flags?: number | WaitOptions,
  options?: WaitOptions,
): Promise<MonitorEvent> {
  if (!(socket instanceof Messaging)) return Promise.reject(typeError("expected a monitor's socket"));
  const site = callSite();
  return socket.recvMultipart(flags, options).then((frames) => {
    try {
      return parseMonitorMessage(frames);
    } catch (error) {
      throw trimStack(error as Error, site);
    }
  });
}

/** `recvMonitorMessage` that blocks the thread. */
export function recvMonitorMessageSync(
  socket: Socket,
  flags?: number | Omit<WaitOptions, "signal">,
): MonitorEvent {
  return parseMonitorMessage(socket.recvMultipartSync(flags));
}

export function readMonitorAddress(address: unknown): string | null {
  if (address === null || address === undefined) return null;
  const text = types.isUint8Array(address) ? Buffer.from(address).toString("utf8") : address;
  if (typeof text !== "string")
    throw typeError(`a monitor's address is a string or null, not ${typeof address}`);
  if (!text.startsWith("inproc://")) throw makeError(EPROTONOSUPPORT, "a monitor's address is inproc", text);
  return text;
}

let serial = 0;

/**
 * A connected PAIR that reads the events of a new monitor. The monitor is a PUB, which never waits for its reader (see
 * binding/socket.cc): the PAIR subscribes by the message that a SUB would send. Its queue has no limit.
 */
export function openMonitor(
  engine: Engine,
  context: Context,
  events: number,
  address: string | null,
): Socket {
  const socket = context.socket(PAIR, { linger: 0, rcvhwm: 0 });
  try {
    const where = address ?? `inproc://nodezmq.monitor.${process.pid}.${threads().threadId}.${++serial}`;
    if (address !== null) {
      // Somebody else's address is an error, and nothing to connect to.
      socket.bind(where);
      socket.unbind(where);
    }
    // Before the monitor is bound, which then finds its subscriber waiting. It would hear of a later one only when it
    // sends, and not within a millisecond of its last event: the events until then would be lost.
    socket.connect(where);
    socket.sendSync("\x01", DONTWAIT);
    engine.native.monitor(where, events);
    stopWithReader(engine, Messaging.engineOf(socket) as Engine);
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** Who reads the one monitor that a socket has. */
const readers = new WeakMap<Engine, Engine>();

/** Nobody listens any more once the reader is closed, unless another monitor has begun meanwhile. */
function stopWithReader(monitored: Engine, reader: Engine): void {
  readers.set(monitored, reader);
  const reference = new WeakRef(monitored); // a reader that is kept does not keep the socket
  reader.onClose(() => {
    const engine = reference.deref();
    if (engine === undefined || engine.closed || readers.get(engine) !== reader) return;
    readers.delete(engine);
    try {
      engine.native.monitor(null, 0);
    } catch {
      // Its context has ended, or a proxy has it: the monitor goes with the socket.
    }
    engine.touched();
  });
}

/** A monitor that publishes at an address for a PAIR to connect to: a native thread hands on what our reader gets. */
export function startMonitor(engine: Engine, context: Context, address: string, events: number): void {
  const output = context.socket(PAIR, { sndhwm: 0 });
  let input: Socket;
  try {
    output.bind(address);
    input = openMonitor(engine, context, events, null);
  } catch (error) {
    output.close();
    throw error;
  }
  const last = Buffer.from(Uint16Array.of(EVENT_MONITOR_STOPPED).buffer);
  const close = (): void => {
    input.close();
    output.close(LAST_LINGER);
  };
  const sockets = {
    frontend: Messaging.engineOf(input) as Engine,
    backend: Messaging.engineOf(output) as Engine,
  };
  const { done, stop } = forward(sockets, { keepAlive: false, last });
  // It ends by itself with the last event. Where nobody reads, that never comes out.
  // (Nothing that lives as long as the proxy may hold the engine, which could not be collected then.)
  engine.onClose(() => stopLater(stop));
  collected.register(engine, stop, stop);
  const ended = (): void => {
    collected.unregister(stop);
    close();
  };
  done.then(ended, ended);
}

/** The last events may still be on their way to a reader that has not connected yet; milliseconds. */
const LAST_LINGER = 1000;

const stopLater = (stop: () => void): void => {
  setTimeout(stop, LAST_LINGER).unref();
};
/** Of sockets that are collected instead of closed, which tell nobody. */
const collected = new FinalizationRegistry(stopLater);

/** The socket's events as they come, until the socket is closed or the loop is left, which ends the monitoring. */
export function monitorEvents(
  engine: Engine,
  context: Context,
  events: number,
  signal?: AbortSignal,
): AsyncIterableIterator<MonitorEvent> {
  if (signal?.aborted) throw signal.reason;
  // Its end is told by an event, too.
  const socket = openMonitor(engine, context, events | EVENT_MONITOR_STOPPED, null);
  const reader = Messaging.engineOf(socket) as Engine;
  const messages = socket[Symbol.asyncIterator]();
  /** The next event; undefined when there are no more. */
  const read = (): Promise<MonitorEvent | undefined> =>
    messages.next().then(({ value, done }) => {
      const event = done ? undefined : parseMonitorMessage(value);
      return event?.event === EVENT_MONITOR_STOPPED ? undefined : event;
    });
  // Once the socket is closed the events that are left are few, and are taken out at once: a loop that nobody goes on with
  // must not keep a socket of the context open.
  let left: Promise<MonitorEvent[]> | undefined;
  /** How many calls of `next` wait: they keep the process alive, also when the socket has been closed. */
  let asked = 0;
  const keep = (): void => {
    if (left === undefined || socket.closed) return;
    if (asked === 0 || !engine.referenced) socket.unref();
    else if (!reader.referenced) reader.ref();
  };
  const forget = engine.onClose(() => {
    left = (async () => {
      const rest: MonitorEvent[] = [];
      for (let event = await read(); event !== undefined; event = await read()) rest.push(event);
      socket.close();
      deafen?.();
      return rest;
    })();
    keep();
  });
  engine.follower = reader;
  if (!engine.referenced) socket.unref();
  const deafen = signal && onAbort(signal, () => void end());
  const end = (): IteratorResult<MonitorEvent> => {
    forget();
    deafen?.();
    if (engine.follower === reader) engine.follower = undefined;
    socket.close();
    return { value: undefined, done: true };
  };
  const iterator: AsyncIterableIterator<MonitorEvent> = {
    next: async () => {
      try {
        asked++;
        keep();
        const event = left === undefined ? await read() : (await left).shift();
        if (signal?.aborted) throw signal.reason;
        return event === undefined ? end() : { value: event, done: false };
      } finally {
        asked--;
        keep();
      }
    },
    return: () => Promise.resolve(end()),
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
