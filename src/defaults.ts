/** The socket options that a socket gets when it is made: the context's defaults, and its own. */
import { plainError, ZMQError } from "./errors.js";
import {
  decodeOption,
  encodeOption,
  type OptionRow,
  optionName,
  optionNumber,
  socketOptionRow,
  socketOptions,
} from "./options.js";

export class Defaults {
  readonly #values = new Map<number, unknown>();

  /** They by option number, as they are now. */
  get all(): Map<number, unknown> {
    return new Map(this.#values);
  }

  /** A wrong value is told here, not when a socket is made. `undefined` takes the default back. */
  set(option: number, value: unknown): void {
    const number = optionNumber(option);
    if (value === undefined) this.#values.delete(number);
    else this.#values.set(number, plain(socketOptionRow(number), number, value));
  }

  /** An Error that names the option if there is no default. */
  get(option: number): unknown {
    const number = optionNumber(option);
    if (this.#values.has(number)) return this.#values.get(number);
    const name = optionName(socketOptionRow(number), number);
    throw plainError(`the context has no default for socket option ${number} (${name})`);
  }

  apply(socket: { set(option: number, value: never): void }): void {
    for (const [option, value] of this.#values) {
      try {
        socket.set(option, value as never);
      } catch (error) {
        // A default that this type of socket does not have (SUBSCRIBE) is none for it.
        if (!(error instanceof ZMQError)) throw error;
      }
    }
  }
}

const options: Readonly<Record<string, OptionRow>> = socketOptions;

/** What can be set when a socket is made, by property name. */
export const settable: readonly string[] = [
  ...Object.keys(options).filter((name) => options[name]?.[2] !== "r"),
  "hwm",
];

/** Sets what is in an object of those names. */
export function setOptions(
  socket: { hwm: number; set(option: number, value: never): void },
  { hwm, ...given }: Readonly<Record<string, unknown>>,
): void {
  if (hwm !== undefined) socket.hwm = hwm as number;
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) socket.set((options[name] as OptionRow)[0], value as never);
  }
}

/** A default as the option would read on a socket; texts stay what they are, and bytes are not the caller's any more. */
function plain(row: OptionRow | undefined, number: number, value: unknown): unknown {
  const encoded = encodeOption(row, number, value).value;
  if (encoded instanceof Uint8Array) return Buffer.from(encoded);
  return typeof encoded === "string" || encoded === null ? value : decodeOption(row, number, encoded);
}
