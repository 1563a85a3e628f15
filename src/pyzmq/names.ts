/** pyzmq's spelling of our names, and back: `bindToRandomPort` is `bind_to_random_port`. */

type Capital =
  | ("A" | "B" | "C" | "D" | "E" | "F" | "G" | "H" | "I" | "J" | "K" | "L" | "M")
  | ("N" | "O" | "P" | "Q" | "R" | "S" | "T" | "U" | "V" | "W" | "X" | "Y" | "Z");

type Words<S extends string> = S extends `${infer Letter}${infer Rest}`
  ? `${Letter extends Capital ? `_${Lowercase<Letter>}` : Letter}${Words<Rest>}`
  : "";

/** `"lastEndpoint"` to `"last_endpoint"`. What begins with a capital (classes, constants) stays. */
export type Snake<S> = S extends `${Capital | "_"}${string}` ? S : S extends string ? Words<S> : S;

/** `"lastEndpoint"` to `"last_endpoint"`. What begins with a capital (classes, constants) stays. */
export const snake = (name: string): string =>
  /^[a-z]/.test(name) ? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : name;

/** `"last_endpoint"` to `"lastEndpoint"`. */
export const camel = (name: string): string =>
  /^[a-z]/.test(name) ? name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()) : name;

/** An object made by braces: a set of options, if it is one of the arguments. */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null; // of any realm
}

/** Options with their keys in either spelling; anything else as it is. */
export function camelKeys<T>(value: T): T {
  if (!isPlain(value)) return value;
  const names = Object.keys(value);
  if (!names.some((name) => camel(name) !== name)) return value;
  return Object.fromEntries(names.map((name) => [camel(name), value[name]])) as T;
}
