/** What a device does, without its context: everything that has to travel to the process of a ProcessDevice. */
import type { Side } from "./side.js";

/** A socket that is to be opened. */
export interface Part extends Side {
  /** Its type. `ctrlType` may be missing, which is told at the start as in pyzmq. */
  type: number | undefined;
}

export interface Recipe {
  in: Part;
  /** A negative type: the `in` socket stands on both sides. */
  out: Part;
  mon?: Part | undefined;
  ctrl?: Part | undefined;
  /** A monitored queue: what its `mon` socket gets before the messages of either way. */
  prefixes?: Prefixes | undefined;
}

export type Prefixes = readonly [forward: Uint8Array, backward: Uint8Array];
