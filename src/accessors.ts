/** Option properties, made of a table: `socket.linger`, `context.ioThreads`. */
import { plainError } from "./errors.js";
import type { OptionRow } from "./options.js";

interface Access<T> {
  get(target: T, option: number): unknown;
  set(target: T, option: number, value: unknown): void;
}

export function defineAccessors<T extends object>(
  prototype: T,
  table: Readonly<Record<string, OptionRow>>,
  except: readonly string[],
  access: Access<T>,
): void {
  // Without Object.entries and the like: it is done whenever the library is loaded, before V8 has compiled any of it.
  for (const name in table) {
    if (except.includes(name) || name in prototype) continue;
    const row = table[name] as OptionRow;
    const option = row[0];
    const how = row[2];
    Object.defineProperty(prototype, name, {
      configurable: true,
      enumerable: false,
      get(this: T) {
        if (how === "w") throw plainError(`${name} is write-only`);
        return access.get(this, option);
      },
      set(this: T, value: unknown) {
        if (how === "r") throw plainError(`${name} is read-only`);
        access.set(this, option, value);
      },
    });
  }
}
