/** What is asked of one socket of a device before it is opened, and the methods that ask for it: `bindIn`, `connectIn` ... */
import { types } from "node:util";
import { readAddress } from "../endpoint.js";
import { optionNumber, type SocketOptionInput } from "../options.js";
import type { RandomPortOptions } from "../random-port.js";
import type { Reservations } from "./reservations.js";

/** What a socket is to do when it is opened. All of it can be sent to another process. */
export interface Side {
  options: [option: number, value: unknown][];
  binds: string[];
  connects: string[];
}

export const newSide = (): Side => ({ options: [], binds: [], connects: [] });

/** A side as it is now, whatever is asked for later. */
export const copySide = ({ options, binds, connects }: Side): Side => ({
  options: [...options],
  binds: [...binds],
  connects: [...connects],
});

// The caller may reuse a buffer as soon as the call has returned.
function copied(value: unknown): unknown {
  if (ArrayBuffer.isView(value))
    return Buffer.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  if (types.isAnyArrayBuffer(value)) return Buffer.from(new Uint8Array(value));
  return value;
}

type Address = string | Uint8Array;
type Limit = number | RandomPortOptions;

/** The methods for the socket that faces the clients, feeders or publishers. */
export interface InSide {
  /** Lets the device bind its `in` socket to an address when it starts. See `socket.bind`. */
  bindIn(address: Address): void;
  /**
   * Chooses a port that is free now and lets the device bind its `in` socket to it. Until the start no other device is
   * given the port, nor (on Linux) anybody who leaves the choice to the system. Arguments and errors as
   * `socket.bindToRandomPort`.
   */
  bindInToRandomPort(address: string, minPort?: Limit, maxPort?: Limit, maxTries?: Limit): number;
  /** Lets the device connect its `in` socket when it starts. See `socket.connect`. */
  connectIn(address: Address): void;
  /** Lets the device set an option of its `in` socket, before it binds or connects. See `socket.set`. */
  setsockoptIn<N extends number>(option: N, value: SocketOptionInput<N>): void;
}

/** The methods for the socket that faces the servers, workers or subscribers. */
export interface OutSide {
  /** `bindIn` for the `out` socket. */
  bindOut(address: Address): void;
  /** `bindInToRandomPort` for the `out` socket. */
  bindOutToRandomPort(address: string, minPort?: Limit, maxPort?: Limit, maxTries?: Limit): number;
  /** `connectIn` for the `out` socket. */
  connectOut(address: Address): void;
  /** `setsockoptIn` for the `out` socket. */
  setsockoptOut<N extends number>(option: N, value: SocketOptionInput<N>): void;
}

/** The methods for the socket that gets a copy of every message. */
export interface MonSide {
  /** `bindIn` for the `mon` socket. */
  bindMon(address: Address): void;
  /** `bindInToRandomPort` for the `mon` socket. */
  bindMonToRandomPort(address: string, minPort?: Limit, maxPort?: Limit, maxTries?: Limit): number;
  /** `connectIn` for the `mon` socket. */
  connectMon(address: Address): void;
  /** `setsockoptIn` for the `mon` socket. */
  setsockoptMon<N extends number>(option: N, value: SocketOptionInput<N>): void;
}

/** The methods for the socket that takes commands. */
export interface CtrlSide {
  /** `bindIn` for the `ctrl` socket. */
  bindCtrl(address: Address): void;
  /** `bindInToRandomPort` for the `ctrl` socket. */
  bindCtrlToRandomPort(address: string, minPort?: Limit, maxPort?: Limit, maxTries?: Limit): number;
  /** `connectIn` for the `ctrl` socket. */
  connectCtrl(address: Address): void;
  /** `setsockoptIn` for the `ctrl` socket. */
  setsockoptCtrl<N extends number>(option: N, value: SocketOptionInput<N>): void;
}

/** Gives a class the four methods of one side. `find` is where the class keeps it. */
export function defineSide<T extends object>(
  prototype: T,
  name: "In" | "Out" | "Mon" | "Ctrl",
  find: (device: T) => { side: Side; reservations: Reservations },
): void {
  const methods = {
    [`bind${name}`](this: T, address: unknown): void {
      find(this).side.binds.push(readAddress(address));
    },
    [`bind${name}ToRandomPort`](this: T, address: unknown, ...limits: unknown[]): number {
      const { side, reservations } = find(this);
      const port = reservations.reserve(address, limits);
      side.binds.push(`${address}:${port}`);
      return port;
    },
    [`connect${name}`](this: T, address: unknown): void {
      find(this).side.connects.push(readAddress(address));
    },
    [`setsockopt${name}`](this: T, option: unknown, value: unknown): void {
      find(this).side.options.push([optionNumber(option), copied(value)]);
    },
  };
  for (const [key, value] of Object.entries(methods)) {
    Object.defineProperty(prototype, key, { value, configurable: true, enumerable: false, writable: true });
  }
}
