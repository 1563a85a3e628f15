/** bindToRandomPort, for sockets and devices. */
import { checkKeys } from "./call.js";
import { EADDRINUSE, EINVAL, EPROTONOSUPPORT } from "./constants.js";
import { makeError, rangeError, typeError, ZMQBindError, ZMQError } from "./errors.js";

export interface RandomPortOptions {
  /** The lowest port, 49152 by default. */
  minPort?: number | undefined;
  /** One past the highest port, 65536 by default. */
  maxPort?: number | undefined;
  /** How many ports to try, 100 by default. */
  maxTries?: number | undefined;
}

const PROTOCOLS = ["tcp", "ws", "wss", "ipc", "inproc", "udp", "tipc", "vmci", "pgm", "epgm", "norm"];
const NAMES = ["minPort", "maxPort", "maxTries"] as const;
const DEFAULTS = { minPort: 49152, maxPort: 65536, maxTries: 100 };

function readOptions(given: readonly unknown[]): typeof DEFAULTS & { system: boolean } {
  const read: Record<string, unknown> = {};
  for (const [i, value] of given.entries()) {
    if (typeof value === "object" && value !== null) Object.assign(read, checkKeys(value, NAMES));
    else if (value !== undefined && value !== null) read[NAMES[i] as string] = value;
  }
  const system = read.minPort === undefined && read.maxPort === undefined;
  const options = { ...DEFAULTS };
  for (const name of NAMES) {
    const value = read[name];
    if (value === undefined) continue;
    if (typeof value !== "number" || !Number.isInteger(value))
      throw typeError(`${name} must be a whole number`);
    options[name] = value;
  }
  const { minPort, maxPort } = options;
  if (minPort < 1 || maxPort > 65536 || minPort >= maxPort) {
    throw rangeError(
      `ports are chosen from minPort up to and without maxPort, within 1 to 65536; got ${minPort} to ${maxPort}`,
    );
  }
  return { ...options, system };
}

/**
 * Binds to a port that is free. `bind` binds to an address and returns the address that was taken.
 *
 * Only transports with ports are accepted: pyzmq binds others and then fails to read a port, leaving them bound.
 */
export function randomPort(
  address: unknown,
  given: readonly unknown[],
  bind: (url: string) => string,
): number {
  if (typeof address !== "string") throw typeError("expected the address as a string without a port");
  const [, protocol] = /^([^:/]*):\/\//.exec(address) ?? [];
  // As pyzmq, which finds out by binding.
  if (protocol === undefined) throw makeError(EINVAL, "an address is protocol://address", address);
  if (!PROTOCOLS.includes(protocol)) throw makeError(EPROTONOSUPPORT, undefined, address);
  if (!/^(?:tcp|ws|wss)$/.test(protocol)) {
    throw rangeError(
      `a random port needs an address with ports, such as "tcp://127.0.0.1"; got "${address}"`,
    );
  }
  const { minPort, maxPort, maxTries, system } = readOptions(given);
  if (system) return Number(/:(\d+)\/?$/.exec(bind(`${address}:*`))?.[1]);
  for (let i = 0; i < maxTries; i++) {
    const port = minPort + Math.floor(Math.random() * (maxPort - minPort));
    try {
      bind(`${address}:${port}`);
      return port;
    } catch (error) {
      const taken = error instanceof ZMQError && (error.errno === EADDRINUSE || error.code === "EACCES");
      if (!taken) throw error;
    }
  }
  throw new ZMQBindError("Could not bind socket to random port.");
}
