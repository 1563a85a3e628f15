/** zmq.Monitor: a socket's events as those of an EventEmitter. */
import { EventEmitter } from "node:events";
import { ENOTSOCK, EVENT_ALL, type Event } from "./constants.js";
import { makeError, rangeError, typeError } from "./errors.js";
import { Messaging } from "./messaging.js";
import { type MonitorEvent, openMonitor, parseMonitorMessage } from "./monitor.js";
import type { Socket } from "./socket.js";

/** "CONNECTED", "ACCEPTED", "DISCONNECTED" and so on: the names of `zmq.Event`. */
export type MonitorEventName = Exclude<keyof typeof Event, `ALL${string}`>;

/** What a Monitor emits: each event by its name and all of them as "event", then "end" once. */
export type MonitorEvents = { [Name in MonitorEventName]: [event: MonitorEvent] } & {
  event: [event: MonitorEvent];
  end: [];
};

/**
 * Emits what happens to a socket's connections: `new zmq.Monitor(socket).on("ACCEPTED", ({ endpoint }) => …)`. Ends with the
 * socket or with `close()`. A socket has one monitor: a new one ends the old. Does not keep the process alive.
 */
export class Monitor extends EventEmitter<MonitorEvents> {
  readonly #reader: Socket;

  /**
   * @param socket the socket that is watched
   * @param events those that are wanted, such as `zmq.EVENT_CONNECTED | zmq.EVENT_DISCONNECTED`; by default all
   * @throws TypeError for what is no socket, ZMQError ENOTSOCK for a closed one. See zmq_socket_monitor(3).
   */
  constructor(socket: Socket, events: number = EVENT_ALL) {
    super();
    const engine = Messaging.engineOf(socket);
    if (engine === undefined) throw typeError("a Monitor watches a Socket");
    if (engine.closed) throw makeError(ENOTSOCK);
    if (typeof events !== "number" || !Number.isInteger(events))
      throw typeError("events are numbers such as zmq.EVENT_CONNECTED");
    if (events < 0) throw rangeError(`events are a mask of zmq.EVENT_…; got ${events}`);
    this.#reader = openMonitor(engine, socket.context, events & 0xffff, null).unref();
    engine.touched();
    void this.#read();
  }

  get closed(): boolean {
    return this.#reader.closed;
  }

  /** Ends the monitoring; "end" follows. Closing twice is nothing. */
  close(): void {
    this.#reader.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #read(): Promise<void> {
    for await (const message of this.#reader) {
      const event = parseMonitorMessage(message);
      this.#tell(() => {
        this.emit("event", event);
        this.emit(event.name as MonitorEventName, event);
      });
      if (event.name === "MONITOR_STOPPED") break;
    }
    this.#reader.close();
    this.#tell(() => this.emit("end"));
  }

  /** What a listener throws is the program's uncaught exception, and the events behind it still come. */
  #tell(emit: () => void): void {
    try {
      emit();
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }
}
