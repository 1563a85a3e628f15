/** Logging levels, with Python's names and numbers. */
import { typeError } from "../errors.js";

export const NOTSET = 0;
export const DEBUG = 10;
export const INFO = 20;
export const WARNING = 30;
export const WARN = WARNING;
export const ERROR = 40;
export const CRITICAL = 50;
export const FATAL = CRITICAL;

const names = new Map<number, string>([
  [NOTSET, "NOTSET"],
  [DEBUG, "DEBUG"],
  [INFO, "INFO"],
  [WARNING, "WARNING"],
  [ERROR, "ERROR"],
  [CRITICAL, "CRITICAL"],
]);
const numbers = new Map<string, number>([...names].map(([number, name]) => [name, number]));
numbers.set("WARN", WARNING).set("FATAL", CRITICAL);

const isLevel = (level: unknown): level is number => typeof level === "number" && Number.isFinite(level);

/** A level by number or name (`"warning"`); undefined for anything else. */
export function levelOf(level: unknown): number | undefined {
  if (isLevel(level)) return level;
  return typeof level === "string" ? numbers.get(level.toUpperCase()) : undefined;
}

/** A level by number or name, which it must be. */
export function readLevel(level: unknown): number {
  const number = levelOf(level);
  if (number !== undefined) return number;
  throw typeError(
    `a level is a number or one of ${[...numbers.keys()].join(", ")}; got ${typeof level} ${String(level)}`,
  );
}

/** The name of a level, as it stands in topics: `"INFO"`; `"Level 25"` for one without a name. */
export function getLevelName(level: number): string {
  return names.get(readLevel(level)) ?? `Level ${level}`;
}

/** Gives a level of your own a name. */
export function addLevelName(level: number, name: string): void {
  if (!isLevel(level)) throw typeError(`a level is a number; got ${typeof level} ${String(level)}`);
  if (typeof name !== "string") throw typeError("the name of a level is a string");
  names.set(level, name);
  numbers.set(name.toUpperCase(), level);
}
