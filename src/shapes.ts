/** Types of sockets whose messages do not have any number of frames, and what to say of those that they refuse. */
import {
  CHANNEL,
  CLIENT,
  DGRAM,
  DISH,
  EHOSTUNREACH,
  EINVAL,
  GATHER,
  PEER,
  RADIO,
  SCATTER,
  SERVER,
  SNDMORE,
  STREAM,
} from "./constants.js";
import { RAW } from "./data.js";
import { makeError, ZMQError } from "./errors.js";
import { native } from "./native.js";

/** Libzmq refuses a second frame of these before it has taken the first. */
const single = new Map<number, string>(
  Object.entries({ CLIENT, SERVER, RADIO, DISH, SCATTER, GATHER, PEER, CHANNEL }).map(([name, type]) => [
    type,
    name,
  ]),
);

/**
 * The messages of STREAM and DGRAM: who they are for, and what they get. Of a message with more or fewer frames libzmq
 * takes some, and mistakes what is sent next for the rest of it, for good.
 */
export class Pairs {
  readonly #type: number;
  /** Whether the first half has gone by a call of its own, with SNDMORE. */
  #half = false;

  private constructor(type: number) {
    this.#type = type;
  }

  static of(type: number): Pairs | undefined {
    return type === STREAM || type === DGRAM ? new Pairs(type) : undefined;
  }

  /** To be asked before frames are sent, which must not be sent if it throws. */
  check(frames: number, flags: number): void {
    this.#check(frames + (this.#half ? 1 : 0), (flags & SNDMORE) !== 0);
  }

  /** The same for a message of its own, with a name for the error. */
  checkWhole(frames: number, name: string): void {
    this.#check(frames, false, `${name}: `);
  }

  #check(frames: number, more: boolean, name = ""): void {
    // A STREAM does without SNDMORE on the data, and libzmq's manual gives it all the same.
    if (frames === 2 ? !more || this.#type === STREAM : frames === 1 && more) return;
    const form =
      this.#type === STREAM ? "a STREAM message is [identity, data]" : "a DGRAM message is [address, data]";
    const got = `${frames} ${frames === 1 ? "frame" : "frames"}${more ? " and more to come" : ""}`;
    throw makeError(EINVAL, `${name}${form}; got ${got}`);
  }

  sent(frames: number): void {
    if (frames % 2 === 1) this.#half = !this.#half;
  }
}

/** The peer that a message is for: 0 is none. */
function peerOf(message: unknown): number {
  const first: unknown = Array.isArray(message) ? message[0] : message;
  const raw: unknown =
    typeof first === "object" && first !== null && RAW in first ? (first as { [RAW]: unknown })[RAW] : first;
  return raw instanceof native.Frame ? raw.routingId() : 0;
}

/** The error of a send by a type of socket, which says more where libzmq's says little. */
export function explained(error: unknown, type: number, message: unknown): unknown {
  const name = single.get(type);
  if (name === undefined || !(error instanceof ZMQError)) return error;
  if (error.errno === EINVAL)
    return makeError(EINVAL, `a ${name} message has one frame: no second one, and no SNDMORE`);
  if (error.errno !== EHOSTUNREACH || (type !== SERVER && type !== PEER)) return error;
  const peer = peerOf(message);
  return makeError(
    EHOSTUNREACH,
    peer === 0
      ? `a ${name} message needs the routingId of its peer, which is that of a Frame received from it`
      : `no peer has the routingId ${peer}, or not any more`,
  );
}
