/** hookConsole: what goes to the console is published too. */
import { format } from "node:util";
import { checkKeys } from "../call.js";
import { typeError } from "../errors.js";
import { callSite } from "../stack.js";
import type { Handler } from "./handler.js";
import { DEBUG, ERROR, INFO, WARNING } from "./levels.js";
import { SITE } from "./record.js";

const levels = { debug: DEBUG, log: INFO, info: INFO, warn: WARNING, error: ERROR } as const;

/** A method of the console that can be hooked. */
export type ConsoleMethod = keyof typeof levels;

const methods = Object.keys(levels) as readonly ConsoleMethod[];

/** Options of `hookConsole`. */
export interface HookOptions {
  /** Which methods are hooked; by default debug, log, info, warn and error. */
  methods?: readonly ConsoleMethod[] | undefined;
  /** A subtopic for what is published; none by default. */
  topic?: string | undefined;
  /** Whether to print as well, as before. Default true. */
  print?: boolean | undefined;
  /** The console to hook; by default the global one. */
  console?: Pick<Console, ConsoleMethod> | undefined;
}

/** Ends a hook. Also a disposable: `using hook = hookConsole(handler)`. */
export type Unhook = (() => void) & Disposable;

function readMethods(given: unknown): readonly ConsoleMethod[] {
  if (given === undefined) return methods;
  if (!Array.isArray(given)) throw typeError("methods is an array of names of the console's methods");
  for (const name of given) {
    if (!methods.includes(name)) throw typeError(`methods may be ${methods.join(", ")}; got ${String(name)}`);
  }
  return [...new Set(given as ConsoleMethod[])];
}

/**
 * Publishes what is written with `console.debug` (DEBUG), `log` and `info` (INFO), `warn` (WARNING) and `error` (ERROR),
 * besides printing it. The text is the console's, `::` in it has no meaning. Nothing that happens to the handler, its
 * being closed included, ever disturbs the console.
 *
 * @returns a function that ends it; calling it twice is nothing
 */
export function hookConsole(handler: Handler, options: HookOptions = {}): Unhook {
  if (typeof handler?.emit !== "function")
    throw typeError("hookConsole takes a handler such as a PUBHandler");
  checkKeys(options, ["methods", "topic", "print", "console"]);
  const { topic = "", print = true } = options;
  if (typeof topic !== "string") throw typeError("topic must be a string");
  if (typeof print !== "boolean") throw typeError("print must be true or false");
  const target = (options.console ?? globalThis.console) as Record<
    ConsoleMethod,
    (...args: unknown[]) => void
  >;
  if (typeof target !== "object" || target === null)
    throw typeError("console must be an object like the global one");
  const names = readMethods(options.methods);

  let active = true;
  let busy = false; // A handler, or a formatter of its, that writes to the console is printed only.
  const publish = (name: ConsoleMethod, args: readonly unknown[]): void => {
    if (!active || busy) return;
    busy = true;
    try {
      const record = { name: "console", levelno: levels[name], msg: format(...args), topic };
      const level = handler.level ?? 0;
      if (record.levelno >= level) handler.emit(Object.assign(record, { [SITE]: callSite() }));
    } catch {
      // The console works whatever becomes of the handler.
    } finally {
      busy = false;
    }
  };

  const undo = names.map((name) => {
    const original = Object.getOwnPropertyDescriptor(target, name);
    const before = target[name];
    function hooked(this: unknown, ...args: unknown[]): void {
      try {
        if (print || !active || busy) Reflect.apply(before, this, args);
      } finally {
        publish(name, args);
      }
    }
    Object.defineProperty(target, name, {
      value: hooked,
      configurable: true,
      enumerable: original?.enumerable ?? true,
      writable: true,
    });
    return () => {
      // Somebody who has hooked it after us keeps our function, which only prints from now on.
      if (target[name] !== hooked) return;
      if (original === undefined) Reflect.deleteProperty(target, name);
      else Object.defineProperty(target, name, original);
    };
  });

  const unhook = (): void => {
    if (!active) return;
    active = false;
    for (const restore of undo) restore();
  };
  return Object.assign(unhook, { [Symbol.dispose]: unhook });
}
