/**
 * The language's own methods, as they were when this was loaded. What a program puts in their place later must not run in
 * the midst of a message, nor see the memory that the addon reads.
 */
import { Buffer } from "node:buffer";

type Method<T, A extends unknown[], R> = (this: T, ...args: A) => R;

/** A method as a function of its `this`. */
const uncurried = Function.prototype.bind.bind(Function.prototype.call) as <T, A extends unknown[], R>(
  method: Method<T, A, R>,
) => (self: T, ...args: A) => R;

const getter = <T, R>(prototype: object, name: PropertyKey): ((self: T) => R) =>
  uncurried(Object.getOwnPropertyDescriptor(prototype, name)?.get as Method<T, [], R>);
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;

/** The class of a typed array, of any realm and whatever its prototype; undefined for anything else. */
const typedArrayTag = getter<unknown, string | undefined>(typedArray, Symbol.toStringTag);
export const isBytes = (value: unknown): value is Uint8Array => typedArrayTag(value) === "Uint8Array";
export const byteLength = getter<ArrayBufferView, number>(typedArray, "byteLength");
export const bufferOf = getter<ArrayBufferView, ArrayBufferLike>(typedArray, "buffer");
const byteOffset = getter<ArrayBufferView, number>(typedArray, "byteOffset");
const dataView = {
  buffer: getter<ArrayBufferView, ArrayBufferLike>(DataView.prototype, "buffer"),
  byteOffset: getter<ArrayBufferView, number>(DataView.prototype, "byteOffset"),
  byteLength: getter<ArrayBufferView, number>(DataView.prototype, "byteLength"),
};

const resizable = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "resizable")?.get;
/** Whether memory that is not shared can be resized, where the runtime knows such memory. */
export const isResizable = resizable
  ? uncurried(resizable as Method<ArrayBufferLike, [], boolean>)
  : () => false;

/** The bytes of any view. Throws where its buffer is detached. */
export function bytesOf(view: ArrayBufferView): Uint8Array {
  return typedArrayTag(view) === undefined
    ? new Uint8Array(dataView.buffer(view), dataView.byteOffset(view), dataView.byteLength(view))
    : new Uint8Array(bufferOf(view), byteOffset(view), byteLength(view));
}

export const setBytes = uncurried(Uint8Array.prototype.set) as (
  to: Uint8Array,
  from: Uint8Array,
  offset: number,
) => void;
export const charCodeAt = uncurried(String.prototype.charCodeAt);

const { utf8Write } = Buffer.prototype as {
  utf8Write?: Method<Uint8Array, [string, number, number], number>;
};
/** Writes a string as UTF-8 and returns its length in bytes; undefined where the runtime has no such method. */
export const writeUtf8 = utf8Write && uncurried(utf8Write);
