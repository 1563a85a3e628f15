/** Strings as frames. */
import { isUtf8 } from "node:buffer";
import { types } from "node:util";
import { EINVAL, GROUP_MAX_LENGTH } from "./constants.js";
import { makeError, rangeError, shown, typeError } from "./errors.js";

export interface TextOptions {
  /** Any encoding that Buffer knows. Default "utf-8". */
  encoding?: BufferEncoding | undefined;
}

/** The encoding, checked; undefined for UTF-8. */
export function readEncoding(encoding: unknown): BufferEncoding | undefined {
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

export function encodeText(text: unknown, encoding?: unknown): string | Buffer {
  if (typeof text !== "string")
    throw typeError(`expected a string, not ${text === null ? "null" : typeof text}`);
  const other = readEncoding(encoding);
  return other === undefined ? text : Buffer.from(text, other);
}

/** The text of a frame, in an encoding that `readEncoding` has checked. */
export function decodeText(frame: Buffer, encoding: BufferEncoding | undefined): string {
  if (encoding !== undefined) return frame.toString(encoding);
  if (!isUtf8(frame)) throw rangeError(`the frame of ${frame.length} bytes is not valid UTF-8`);
  return frame.toString("utf8");
}
