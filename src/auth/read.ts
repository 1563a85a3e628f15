/** The arguments of the authenticators, checked. */
import { types } from "node:util";
import { checkKeys } from "../call.js";
import { Context } from "../context.js";
import { rangeError, typeError } from "../errors.js";
import { type KeyPath, readPath } from "./certificates.js";
import { type CredentialsProvider, EVERY, type Passwords } from "./policy.js";

const named = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "an array" : typeof value;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const absent = (value: unknown): value is null | undefined => value === undefined || value === null;

/** Reads a constructor's arguments, where options may stand in place of any but `log`, which is an object itself. */
export function construction(
  names: readonly string[],
  values: readonly unknown[],
): Readonly<Record<string, unknown>> {
  const options: Record<string, unknown> = {};
  for (const [place, name] of names.entries()) {
    const value = values[place];
    if (isObject(value) && name !== "log" && !(value instanceof Context)) {
      return { ...options, ...checkKeys(value, names) };
    }
    options[name] = value;
  }
  return options;
}

/** Reads `(domain, value)`, where options may stand in place of the first, or in a form of their own of the second. */
function pair(
  domain: unknown,
  value: unknown,
  key: string,
  isOptions: (value: Readonly<Record<string, unknown>>) => boolean,
): [domain: string, value: unknown] {
  if (isObject(domain)) {
    const options = checkKeys(domain, ["domain", key]);
    return [readDomain(options.domain), options[key]];
  }
  const given = isObject(value) && isOptions(value) ? checkKeys(value, [key])[key] : value;
  return [readDomain(domain), given];
}

function readDomain(domain: unknown): string {
  if (domain === undefined || domain === null) return EVERY;
  if (typeof domain !== "string") throw typeError(`a domain is a string, not ${named(domain)}`);
  // The empty one is what a socket without ZAP_DOMAIN tells.
  return domain === "" ? EVERY : domain;
}

export function addresses(list: readonly unknown[]): string[] {
  return list.map((address) => {
    if (typeof address === "string") return address;
    throw typeError(`an address is a string such as "127.0.0.1", not ${named(address)}`);
  });
}

export function plain(domain: unknown, value: unknown): { domain: string; passwords: Passwords | undefined } {
  // A user may be called "passwords", but has a string for a password.
  const [name, given] = pair(domain, value, "passwords", (options) => typeof options.passwords === "object");
  if (absent(given)) return { domain: name, passwords: undefined };
  if (!isObject(given)) throw typeError(`passwords are an object or a Map by user, not ${named(given)}`);
  const passwords: unknown[] = given instanceof Map ? [...given.values()] : Object.values(given);
  for (const password of passwords) {
    if (typeof password !== "string") throw typeError(`a password is a string, not ${named(password)}`);
  }
  return { domain: name, passwords: given as Passwords };
}

export function curve(domain: unknown, value: unknown): { domain: string; location: string } {
  const [name, given] = pair(
    domain,
    value,
    "location",
    (options) => !(options instanceof URL) && !types.isUint8Array(options),
  );
  return { domain: name, location: absent(given) ? "." : readPath(given as KeyPath, "a location") };
}

export function curveCallback(
  domain: unknown,
  value: unknown,
): { domain: string; provider: CredentialsProvider | undefined } {
  const [name, given] = pair(
    domain,
    value,
    "credentialsProvider",
    (options) => "credentialsProvider" in options && !("callback" in options),
  );
  if (absent(given)) return { domain: name, provider: undefined };
  const callback: unknown = typeof given === "function" ? given : (given as { callback?: unknown }).callback;
  if (typeof callback !== "function") {
    throw typeError("a credentials provider is a function, or an object that has one as its `callback`");
  }
  return { domain: name, provider: given as CredentialsProvider };
}

export function frames(message: unknown): Buffer[] {
  if (!Array.isArray(message)) throw typeError(`a ZAP message is an array of Buffers, not ${named(message)}`);
  return message.map((frame: unknown) => {
    if (Buffer.isBuffer(frame)) return frame;
    if (types.isUint8Array(frame)) return Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
    throw typeError(`a frame of a ZAP message is a Buffer, not ${named(frame)}`);
  });
}

export function userId(id: unknown, encoding: BufferEncoding): Buffer {
  if (typeof id !== "string") throw typeError(`curveUserId returns a string, not ${named(id)}`);
  // libzmq hands it on as a C string.
  if (id.includes("\0")) throw rangeError("a user id has no NUL in it");
  return Buffer.from(id, encoding);
}

/** Puts a property there, whatever its name is. */
export function put<T>(record: Record<string, T>, name: string, value: T): void {
  Object.defineProperty(record, name, { value, configurable: true, enumerable: true, writable: true });
}
