/** What `console.log(socket)` shows: type, endpoints and state. */
import { POLLIN, POLLOUT } from "./constants.js";
import type { Engine } from "./engine.js";

type Verb = "bind" | "connect" | "unbind" | "disconnect";

const endpoints = new WeakMap<Engine, Map<string, "bound to" | "connected to">>();

/** Notes what has become of an address. */
export function noteEndpoint(engine: Engine, verb: Verb, address: string): void {
  let known = endpoints.get(engine);
  if (known === undefined) {
    known = new Map();
    endpoints.set(engine, known);
  }
  if (verb === "bind") known.set(address, "bound to");
  else if (verb === "connect") known.set(address, "connected to");
  else known.delete(address);
}

const SHOWN = 3;

/** `Socket(zmq.REP, bound to tcp://127.0.0.1:5555, receiving)` */
export function describe(engine: Engine, type: string): string {
  const parts = [`zmq.${type}`];
  if (engine.closed) parts.push("closed");
  else {
    const all = [...(endpoints.get(engine) ?? [])].map(([address, how]) => `${how} ${address}`);
    parts.push(...all.slice(0, SHOWN));
    if (all.length > SHOWN) parts.push(`${all.length - SHOWN} more`);
    if (engine.queued(POLLIN)) parts.push("receiving");
    if (engine.queued(POLLOUT)) parts.push("sending");
  }
  return `Socket(${parts.join(", ")})`;
}
