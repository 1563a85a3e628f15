/**
 * Methods that a program overrides. As in pyzmq, sending a string is sending its bytes: it goes through a `send` of the
 * program's own. Where there is none, that way is not gone, which costs time.
 */
import type { Call } from "./call.js";
import { DONTWAIT } from "./constants.js";

/** The library's own methods, each with the name by which a program may have overridden it (nodezmq/pyzmq has two). */
const own = new WeakMap<object, string>();

/** Marks a method as the library's own. */
export function ownMethod<M extends object>(method: M, name: string): M {
  own.set(method, name);
  return method;
}

/** Marks the methods of a class as the library's own. */
export function ownMethods(prototype: object, names: readonly string[]): void {
  for (const name of names) ownMethod(Reflect.get(prototype, name) as object, name);
}

/** Whether a subclass, or the object itself, has a method of the program's own under this name. */
export function overridden(object: object, name: string): boolean {
  const method: unknown = Reflect.get(object, name);
  if (typeof method !== "function") return false;
  const other = own.get(method);
  if (other === undefined) return true;
  if (other === name) return false;
  const second: unknown = Reflect.get(object, other);
  return typeof second === "function" && !own.has(second);
}

/** Calls a method of the program's own: whatever it does, the answer is a promise. */
export const promised = (object: object, name: string, args: readonly unknown[]): Promise<unknown> =>
  new Promise((resolve) => {
    resolve(Reflect.apply(Reflect.get(object, name) as () => unknown, object, args));
  });

/** The flags and options of one call as arguments of another, which does not know the encoding. */
export function passedOn(call: Call): unknown[] {
  const { encoding: _, flags: __, ...options } = call.options;
  const flags = call.flags | (call.dontWait ? DONTWAIT : 0);
  if (Object.keys(options).length > 0) return [flags, options];
  return flags === 0 ? [] : [flags];
}
