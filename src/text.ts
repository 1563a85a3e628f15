/** Strings as frames. */
import { isAscii, isUtf8 } from "node:buffer";
import { types } from "node:util";
import { EINVAL, GROUP_MAX_LENGTH } from "./constants.js";
import { makeError, rangeError, shown, typeError } from "./errors.js";

/** An encoding that Buffer knows, or Python's name of one. */
export type TextEncoding = BufferEncoding | "latin-1" | "iso-8859-1" | "us-ascii" | "utf_8" | "utf-16-le";

export interface TextOptions {
  /** Any encoding that Buffer knows. Default "utf-8". */
  encoding?: TextEncoding | undefined;
}

const PYTHON: ReadonlyMap<unknown, BufferEncoding> = new Map([
  ["latin-1", "latin1"],
  ["iso-8859-1", "latin1"],
  ["us-ascii", "ascii"],
  ["utf_8", "utf8"],
  ["utf-16-le", "utf16le"],
]);

/** The encoding, checked; undefined for UTF-8. */
export function readEncoding(given: unknown): BufferEncoding | undefined {
  const encoding = PYTHON.get(given) ?? given;
  if (encoding === undefined || encoding === "utf-8" || encoding === "utf8") return undefined;
  if (typeof encoding === "string" && Buffer.isEncoding(encoding)) return encoding;
  throw typeError(
    `encoding must be one that Buffer knows, such as "utf-8" or "latin1"; got ${shown(encoding)}`,
  );
}

/**
 * The name of a group of RADIO and DISH, given as text or as the bytes of one. libzmq would cut a longer one, and one with a
 * NUL, in silence.
 */
export function readGroup(group: unknown): string {
  const text = types.isUint8Array(group) && isUtf8(group) ? Buffer.from(group).toString() : group;
  if (typeof text !== "string" || text.includes("\0")) {
    const got = typeof text === "string" ? "one" : types.isUint8Array(text) ? "other bytes" : shown(text);
    throw typeError(`a group is a string, or its UTF-8, without NUL; got ${got}`);
  }
  if (Buffer.byteLength(text) > GROUP_MAX_LENGTH)
    throw makeError(EINVAL, `a group has at most ${GROUP_MAX_LENGTH} bytes`);
  return text;
}

const base64 = /^[\w+/\s-]*={0,2}\s*$/;
/** Whether an encoding has a text; Buffer leaves out, or changes, what it has not. */
const SAYS: Readonly<Record<string, (text: string) => boolean>> = {
  ascii: (text) => !/[\u0080-\uffff]/.test(text),
  latin1: (text) => !/[\u0100-\uffff]/.test(text),
  binary: (text) => !/[\u0100-\uffff]/.test(text),
  hex: (text) => /^(?:[\da-f]{2})*$/i.test(text),
  base64: (text) => base64.test(text),
  base64url: (text) => base64.test(text),
};

export function encodeText(text: unknown, encoding?: unknown): string | Buffer {
  if (typeof text !== "string")
    throw typeError(`expected a string, not ${text === null ? "null" : typeof text}`);
  const other = readEncoding(encoding);
  if (other === undefined) return text;
  if (SAYS[other.toLowerCase()]?.(text) === false) throw rangeError(`the text is none that ${other} can say`);
  return Buffer.from(text, other);
}

/** The text of bytes, in an encoding that `readEncoding` has checked. */
export function decodeText(bytes: Buffer, encoding: BufferEncoding | undefined): string {
  if (encoding?.toLowerCase() === "ascii" && !isAscii(bytes))
    throw rangeError(`the frame of ${bytes.length} bytes is not valid ASCII`);
  if (encoding !== undefined) return bytes.toString(encoding);
  if (!isUtf8(bytes)) throw rangeError(`the frame of ${bytes.length} bytes is not valid UTF-8`);
  return bytes.toString("utf8");
}
