/** The names of socket types, as commands take them. */
import { didYouMean } from "../suggest.js";
import { UsageError } from "./usage.js";

const types = [
  "PUB",
  "SUB",
  "PUSH",
  "PULL",
  "REQ",
  "REP",
  "DEALER",
  "ROUTER",
  "PAIR",
  "XPUB",
  "XSUB",
  "STREAM",
] as const;

export const typeNames = types.map((type) => type.toLowerCase());

export function readType(name: string): (typeof types)[number] {
  const type = types.find((one) => one === name.toUpperCase());
  if (type === undefined) {
    throw new UsageError(`"${name}" is no type of socket${didYouMean(name, typeNames)}`);
  }
  return type;
}
