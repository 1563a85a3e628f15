/** zmq.utils.interop: addresses of libzmq's objects. */
import { rangeError, typeError } from "../errors.js";

/**
 * The address behind something: a bigint, a whole number, or an object with an `underlying`, such as a Context or
 * Socket. A RangeError for what is no address.
 */
export function castIntAddr(address: unknown): bigint {
  if (typeof address === "bigint") return address;
  if (typeof address === "number") {
    if (!Number.isSafeInteger(address)) throw rangeError(`${address} is no address`);
    return BigInt(address);
  }
  if (typeof address === "object" && address !== null && "underlying" in address)
    return castIntAddr(address.underlying);
  throw typeError(`cannot cast ${address === null ? "null" : typeof address} to an address`);
}
