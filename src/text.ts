/** Strings as frames. */
import { isUtf8 } from "node:buffer";
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

/** The name of a group of RADIO and DISH. libzmq would cut a longer one, and one with a NUL, in silence. */
export function readGroup(group: unknown): string {
  if (typeof group !== "string" || group.includes("\0"))
    throw typeError(
      `a group is a string without NUL; got ${typeof group === "string" ? "one" : shown(group)}`,
    );
  if (Buffer.byteLength(group) > GROUP_MAX_LENGTH)
    throw makeError(EINVAL, `a group has at most ${GROUP_MAX_LENGTH} bytes`);
  return group;
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
