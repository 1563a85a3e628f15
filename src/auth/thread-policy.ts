/** The rules of an authenticator as they travel to its thread: copies, without what only the creating thread can call. */
import { deserialize, serialize } from "node:v8";
import type { Passwords, Rules } from "./policy.js";

/** The rules of a thread. */
export interface ThreadRules extends Rules {
  /** The requests that the creating thread has to judge, since its own JavaScript has a say in them. */
  readonly elsewhere: "none" | "curve" | "all";
  /** Whether anybody hears what is told. */
  readonly heard: boolean;
}

/** The strings of a program's object: its other values let nobody in, and cannot all be copied. */
function copied(passwords: Passwords): Map<string, string> {
  const entries: [string, unknown][] =
    passwords instanceof Map ? [...passwords] : Object.entries(passwords as object);
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

const mapped = <T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));

export function pack({ elsewhere, heard, ...rules }: ThreadRules): Buffer {
  const copy: ThreadRules = {
    elsewhere,
    heard,
    allowed: rules.allowed,
    denied: rules.denied,
    anyKey: rules.anyKey,
    encoding: rules.encoding,
    passwords: mapped(rules.passwords, copied),
    certs: mapped(rules.certs, (keys) => mapped(keys, Boolean)),
    // That there is one is all that the thread has to know.
    credentialsProviders: mapped(rules.credentialsProviders, () => ({})) as Rules["credentialsProviders"],
  };
  return serialize(copy);
}

export const unpack = (data: Uint8Array): ThreadRules => deserialize(data) as ThreadRules;
