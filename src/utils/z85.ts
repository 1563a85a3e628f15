/** zmq.utils.z85: bytes as text, four bytes as five characters. ZeroMQ's RFC 32. */
import { types } from "node:util";
import { rangeError, typeError } from "../errors.js";
import { Frame } from "../frame.js";

/** The characters for 0 to 84. */
export const Z85CHARS =
  "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

const BASE = Z85CHARS.length;
const NONE = 0xff;

// What a character's code stands for. No program can change what this module reads.
const digits = new Uint8Array(256).fill(NONE);
for (const [digit, character] of [...Z85CHARS].entries()) digits[character.charCodeAt(0)] = digit;

/** What each character's code stands for: `Z85MAP[48]` is 0. */
export const Z85MAP: Readonly<Record<number, number>> = Object.freeze(
  Object.fromEntries([...Z85CHARS].map((character, digit) => [character.charCodeAt(0), digit])),
);

function bytesOf(data: unknown, what: string): Uint8Array {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (types.isAnyArrayBuffer(data)) return new Uint8Array(data);
  if (data instanceof Frame) return data.buffer;
  throw typeError(`${what}, not ${data === null ? "null" : typeof data}`);
}

/**
 * Bytes as Z85.
 *
 * @throws RangeError unless there are a multiple of four of them; TypeError for what is no bytes
 */
export function encode(rawbytes: ArrayBufferView | ArrayBuffer | SharedArrayBuffer | Frame): string {
  const bytes = bytesOf(rawbytes, "z85.encode takes bytes: a Buffer, any view or buffer, or a Frame");
  if (bytes.length % 4 !== 0)
    throw rangeError(`Z85 stands for a multiple of 4 bytes; got ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = Buffer.allocUnsafe((bytes.length / 4) * 5);
  for (let from = 0, to = 0; from < bytes.length; from += 4, to += 5) {
    let value = view.getUint32(from);
    for (let place = 4; place >= 0; place--) {
      text[to + place] = Z85CHARS.charCodeAt(value % BASE);
      value = Math.floor(value / BASE);
    }
  }
  return text.toString("latin1");
}

/**
 * The bytes that Z85 text stands for.
 *
 * @throws RangeError unless it has a multiple of five characters, all of them Z85's, and no five of them stand for more
 * than 32 bits; TypeError for what is neither text nor bytes
 */
export function decode(z85bytes: string | ArrayBufferView | ArrayBuffer | SharedArrayBuffer | Frame): Buffer {
  const given =
    typeof z85bytes === "string"
      ? readText(z85bytes)
      : bytesOf(z85bytes, "z85.decode takes a string or the bytes of one");
  if (given.length % 5 !== 0) {
    throw rangeError(`Z85 text has a multiple of 5 characters; got ${given.length}`);
  }
  const bytes = Buffer.allocUnsafe((given.length / 5) * 4);
  for (let from = 0, to = 0; from < given.length; from += 5, to += 4) {
    let value = 0;
    for (let place = from; place < from + 5; place++) {
      const digit = digits[given[place] as number] as number;
      if (digit === NONE) throw rangeError(`character ${place} of the text is none of Z85's`);
      value = value * BASE + digit;
    }
    if (value > 0xffffffff) {
      throw rangeError(`characters ${from} to ${from + 4} of the Z85 text stand for more than 32 bits`);
    }
    bytes.writeUInt32BE(value, to);
  }
  return bytes;
}

function readText(text: string): Buffer {
  // Beyond Latin-1, Node would keep the low byte of a character, which may look like one of Z85's.
  for (let place = 0; place < text.length; place++) {
    if (text.charCodeAt(place) > 0x7f) throw rangeError(`character ${place} of the text is none of Z85's`);
  }
  return Buffer.from(text, "latin1");
}
