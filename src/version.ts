/** Versions, capabilities, keys: what libzmq tells without a context. */
import { types } from "node:util";
import { EINVAL } from "./constants.js";
import { makeError, rangeError, typeError } from "./errors.js";
import { native } from "./native.js";

/** This package's version. */
export const version: string = (require("../package.json") as { version: string }).version;

/** libzmq's version: "4.3.4". */
export const zmqVersion = (): string => native.version().join(".");
/** libzmq's version: [4, 3, 4]. */
export const zmqVersionInfo = (): [number, number, number] => native.version();
/** The version of the pyzmq API that is followed. */
export const pyzmqVersion = (): string => "27.2.0";
/** The same as numbers: [27, 2, 0]. */
export const pyzmqVersionInfo = (): [number, number, number] => [27, 2, 0];

/** Whether draft sockets and functions are there; pyzmq has two names for it. */
export const DRAFT_API: boolean = native.has("draft");
export const PYZMQ_DRAFT_API: boolean = DRAFT_API;

/** Whether libzmq was built with a capability: "curve", "ipc", "draft", "ws" ... See zmq_has(3). */
export function has(capability: string): boolean {
  if (typeof capability !== "string") throw typeError('a capability is a string such as "curve"');
  // libzmq 4.3.4 answers to "WS" only, its manual says "ws".
  return (
    native.has(capability) || native.has(capability.toUpperCase()) || native.has(capability.toLowerCase())
  );
}

/** The folders of libzmq's headers, in pyzmq for extensions to compile with: none, as libzmq is within the addon. */
export const getIncludes = (): string[] => [];
/** The folders of libzmq's libraries, in pyzmq for extensions to link with: none, as libzmq is within the addon. */
export const getLibraryDirs = (): string[] => [];

/** libzmq's text for an error number. */
export function strerror(errno: number): string {
  if (typeof errno !== "number" || !Number.isInteger(errno)) throw typeError("an error number is an integer");
  if (errno < -(2 ** 31) || errno >= 2 ** 31)
    throw rangeError(`an error number is an integer of 32 bits; got ${errno}`);
  return native.strerror(errno);
}

/** A new pair of CURVE keys, [public, secret], each 40 characters of Z85. See zmq_curve_keypair(3). */
export const curveKeypair = (): [publicKey: string, secretKey: string] => native.curveKeypair();

/** The public key that belongs to a secret one (40 characters of Z85). */
export function curvePublic(secretKey: string | Uint8Array): string {
  if (typeof secretKey !== "string" && !types.isUint8Array(secretKey)) {
    throw typeError("a secret key is 40 characters of Z85");
  }
  const key = typeof secretKey === "string" ? secretKey : Buffer.from(secretKey).toString("latin1");
  if (key.length !== 40) throw rangeError(`a secret key is 40 characters of Z85; got ${key.length}`);
  if (!/^[\x21-\x7e]*$/.test(key)) throw makeError(EINVAL, "the secret key has characters that are not Z85");
  return native.curvePublic(key);
}
