/** Which types of socket only send, and which only receive. */
import { DISH, ENOTSUP, GATHER, PUB, PULL, PUSH, RADIO, SCATTER, SUB } from "./constants.js";
import { makeError } from "./errors.js";

const sendOnly: readonly number[] = [PUB, PUSH, RADIO, SCATTER];
const receiveOnly: readonly number[] = [SUB, PULL, DISH, GATHER];

export const receives = (type: number): boolean => !sendOnly.includes(type);

/** ENOTSUP at once for what could never receive anything. */
export function mustReceive(type: number): void {
  if (!receives(type)) throw makeError(ENOTSUP, "the socket's type does not receive");
}

/** ENOTSUP at once for what could never send anything. */
export function mustSend(type: number): void {
  if (receiveOnly.includes(type)) throw makeError(ENOTSUP, "the socket's type does not send");
}
