/** zmq.utils.jsonapi: JSON as bytes. */
import { types } from "node:util";
import { checkKeys } from "../call.js";
import { typeError } from "../errors.js";

export interface DumpsOptions {
  /** How many spaces, or which string, to indent by. Default: all on one line. */
  indent?: number | string | undefined;
  /** Whether an object's keys come in alphabetical order. Default false: in their own. */
  sortKeys?: boolean | undefined;
}

/** The module that does the work. Kept for programs that look for it. */
export const jsonmod: JSON = JSON;

/** JSON in UTF-8. A TypeError for what JSON cannot say (undefined, a function, a cycle, a bigint). */
export function dumps(value: unknown, options: DumpsOptions = {}): Buffer {
  const { indent, sortKeys } = checkKeys(options, ["indent", "sortKeys"]) as DumpsOptions;
  const text = JSON.stringify(value, sortKeys ? sorted : undefined, indent) as string | undefined;
  if (text === undefined) throw typeError(`JSON cannot say ${typeof value}`);
  return Buffer.from(text);
}

/** The value of a JSON text, or of its bytes in UTF-8. A SyntaxError if it is none. */
export function loads<T = unknown>(json: string | Uint8Array): T {
  if (typeof json !== "string" && !types.isUint8Array(json))
    throw typeError(`JSON is a string or bytes; got ${json === null ? "null" : typeof json}`);
  return JSON.parse(typeof json === "string" ? json : new TextDecoder().decode(json)) as T;
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
