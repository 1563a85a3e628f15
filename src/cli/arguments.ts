/** Reading a command's arguments. */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { didYouMean } from "../suggest.js";
import { UsageError } from "./usage.js";

type Options = NonNullable<ParseArgsConfig["options"]>;
type Arguments<T extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: T; allowPositionals: true }>
>;

/** util.parseArgs, with a suggestion for options that do not exist. A UsageError for whatever is wrong. */
export function readArguments<const T extends Options>(args: readonly string[], options: T): Arguments<T> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const { message } = error as Error;
    const unknown = /^Unknown option '(-[^']*)'/.exec(message)?.[1];
    if (unknown === undefined) throw new UsageError(message);
    const names = Object.keys(options).map((name) => `--${name}`);
    throw new UsageError(`unknown option "${unknown}"${didYouMean(unknown, names)}`);
  }
}

/** A whole number of at least `least`, or the default. */
export function readNumber<D extends number | undefined>(
  text: string | undefined,
  option: string,
  fallback: D,
  least = 0,
): number | D {
  if (text === undefined) return fallback;
  const number = Number(text);
  if (!/^-?\d+$/.test(text) || number < least || number > 2 ** 31 - 1) {
    throw new UsageError(`${option} takes a whole number, ${least} or more; got "${text}"`);
  }
  return number;
}

export function noMore([extra]: readonly string[]): void {
  if (extra !== undefined) throw new UsageError(`unexpected argument "${extra}"`);
}
