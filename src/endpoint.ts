/** Addresses, and what `bind` and `connect` return. */
import { types } from "node:util";
import { EINVAL } from "./constants.js";
import { makeError, typeError } from "./errors.js";

/** An address as text; pyzmq takes bytes too. */
export function readAddress(address: unknown): string {
  if (typeof address === "string" && !address.includes("\0")) return address;
  if (types.isUint8Array(address)) return readAddress(Buffer.from(address).toString("utf8"));
  const got =
    typeof address === "string" ? "one with a NUL in it" : address === null ? "null" : typeof address;
  throw typeError(`expected the address as a string such as "tcp://127.0.0.1:5555", got ${got}`);
}

// Up to a path; over tcp also in front of the address to connect to, behind the one to connect from.
const PORTS = /^(?:tcp:\/\/(?:.*:([^:/\]]*);)?|(?:udp|wss?):\/\/).*:([^:/\]]*)(?:\/[^:]*)?$/;

/**
 * An address to bind or connect. libzmq takes a port's lowest 16 bits, and of text the number that it begins with: both
 * would be somebody else's.
 */
export function readTarget(address: unknown): string {
  const given = readAddress(address);
  for (const port of PORTS.exec(given)?.slice(1) ?? []) {
    if (port === undefined || port === "*") continue;
    if (!/^\d+$/.test(port)) throw makeError(EINVAL, `a port is a number or *; got '${port}'`, given);
    if (Number(port) > 65535) throw makeError(EINVAL, `a port is 65535 or less; got ${port}`, given);
  }
  return given;
}

/** What an endpoint undoes. */
interface Undo {
  readonly closed: boolean;
  unbind(address: string): void;
  disconnect(address: string): void;
}

/** A bound or connected address: `using endpoint = socket.bind(url)` unbinds at the end of the block. */
export class Endpoint {
  readonly #socket: Undo;
  readonly #verb: "unbind" | "disconnect";
  /** The address; for a wildcard bind the one that was taken. */
  readonly address: string;

  constructor(socket: Undo, verb: "unbind" | "disconnect", address: string) {
    const made = (verb === "unbind" || verb === "disconnect") && typeof socket?.[verb] === "function";
    if (!made) throw typeError("an Endpoint is made by bind and connect");
    this.#socket = socket;
    this.#verb = verb;
    this.address = readAddress(address);
  }

  toString(): string {
    return this.address;
  }

  /** Unbinds or disconnects, unless the socket is closed. */
  [Symbol.dispose](): void {
    if (!this.#socket.closed) this.#socket[this.#verb](this.address);
  }
}
