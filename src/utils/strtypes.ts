/** zmq.utils.strtypes: text to bytes and back. Deprecated in pyzmq, and kept for programs that use it. */
import { types } from "node:util";
import { typeError } from "../errors.js";
import { decodeText, encodeText, readEncoding } from "../text.js";

/** Python's types by pyzmq's names. */
export const bytes: typeof Buffer = Buffer;
export const unicode: StringConstructor = String;
export const basestring: readonly [StringConstructor] = [String];

function describe(value: unknown): string {
  return value === null || value === undefined ? String(value) : typeof value;
}

/** Bytes as they are, a string in an encoding, UTF-8 by default. A TypeError for anything else. */
export function castBytes(text: string | Uint8Array, encoding?: BufferEncoding): Buffer {
  if (types.isUint8Array(text)) return Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  if (typeof text !== "string") throw typeError(`expected a string or bytes, got ${describe(text)}`);
  return Buffer.from(encodeText(text, encoding) as string);
}

/** A string as it is, bytes read in an encoding, UTF-8 by default. A RangeError for bytes that are no UTF-8. */
export function castUnicode(text: string | Uint8Array, encoding?: BufferEncoding): string {
  if (typeof text === "string") return text;
  if (!types.isUint8Array(text)) throw typeError(`expected a string or bytes, got ${describe(text)}`);
  return decodeText(Buffer.from(text.buffer, text.byteOffset, text.byteLength), readEncoding(encoding));
}

export { castBytes as asbytes, castBytes as b, castUnicode as u };
