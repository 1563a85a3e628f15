/** Python's %-format, for the templates and arguments of log messages. */
import { inspect } from "node:util";

const plain = new Set<unknown>([
  Object.prototype.toString,
  Array.prototype.toString,
  Error.prototype.toString,
  Function.prototype.toString,
]);

const hasText = (value: object): boolean =>
  "toString" in value && typeof value.toString === "function" && !plain.has(value.toString);

/** Whether a value says itself what its text is: a string, or an object with a `toString` of its own. */
export const speaks = (value: unknown): boolean =>
  typeof value === "string" || (typeof value === "object" && value !== null && hasText(value));

/** A value as text: what Python's str() would be asked for. Objects that have no text of their own are inspected. */
export function textOf(value: unknown): string {
  if (value instanceof Error) return Error.prototype.toString.call(value);
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return String(value);
  return hasText(value) ? String(value) : inspect(value, { depth: 4, breakLength: Number.POSITIVE_INFINITY });
}

//                 (name)       flags      width    precision    length  conversion
const DIRECTIVE = /%(?:\(([^)]*)\))?([#0\- +]*)(\*|\d+)?(?:\.(\*|\d+)?)?[hlL]?([a-zA-Z%])/g;
const PRECISION = /\.(\*|\d*)/;

const NUMERIC = "diufFeEgGxXo";
const MOST_DIGITS = 100; // what toFixed and its kin take
const TIE = 30; // more zeros than a double has digits: what follows is nothing

/** e+5 as Python and C write it: e+05. */
const exponent = (text: string): string =>
  text.replace(/e([+-])(\d)$/, (_, sign: string, digit: string) => `e${sign}0${digit}`);

const withoutZeros = (text: string): string =>
  text.replace(/^([^e.]*)(?:\.0*|(\.\d*?)0+)(?=e|$)/, (_, whole: string, rest = "") => whole + rest);

function general(size: number, precision: number, keepZeros: boolean): string {
  const digits = Math.max(precision, 1);
  const scientific = size.toExponential(digits - 1);
  const power = Number(scientific.slice(scientific.indexOf("e") + 1));
  const text =
    power < -4 || power >= digits ? scientific : size.toFixed(Math.min(digits - 1 - power, MOST_DIGITS));
  return exponent(keepZeros ? text : withoutZeros(text));
}

/** `toFixed` as C has it: without giving up from 1e21 on, and what lies exactly between two goes to the even one. */
function fixed(size: number, places: number): string {
  if (size >= 1e21) return BigInt(size) + (places === 0 ? "" : `.${"0".repeat(places)}`);
  const up = size.toFixed(places);
  const longer = size.toFixed(Math.min(places + TIE, MOST_DIGITS));
  const end = longer.indexOf(".") + (places === 0 ? 0 : places + 1);
  if (!/^\.?50*$/.test(longer.slice(end))) return up;
  const down = longer.slice(0, end);
  return "02468".includes(down.at(-1) ?? "") ? down : up;
}

/** The digits of a number that is not negative. */
function digits(size: number | bigint, conversion: string, precision: number, alternate: boolean): string {
  const kind = conversion.toLowerCase();
  if (kind === "x") return (alternate ? "0x" : "") + size.toString(16).padStart(precision, "0");
  if (kind === "o") return (alternate ? "0o" : "") + size.toString(8).padStart(precision, "0");
  if ("diu".includes(kind))
    return (typeof size === "number" ? BigInt(size) : size).toString().padStart(precision, "0");
  const number = Number(size);
  const places = Math.min(precision, MOST_DIGITS);
  if (kind === "f") return fixed(number, places);
  if (kind === "e") return exponent(number.toExponential(places));
  return general(number, places, alternate);
}

/** A number by a numeric conversion: its sign and the rest; undefined for what is no number. */
function numeric(
  value: unknown,
  conversion: string,
  precision: number | undefined,
  flags: string,
): [sign: string, rest: string, finite: boolean] | undefined {
  const given = typeof value === "boolean" ? Number(value) : value;
  if (typeof given !== "number" && typeof given !== "bigint") return undefined;
  const whole = !"fFeEgG".includes(conversion);
  const number = whole && typeof given === "number" ? Math.trunc(given) : given;
  const negative = number < 0 || Object.is(number, -0);
  const sign =
    negative && !(whole && number === 0) ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
  const finite = typeof number === "bigint" || Number.isFinite(number);
  const size = number < 0 ? -number : Object.is(number, -0) ? 0 : number;
  const rest = finite
    ? digits(size, conversion, precision ?? (whole ? 0 : 6), flags.includes("#"))
    : Number.isNaN(number)
      ? "nan"
      : "inf";
  return [sign, /[A-Z]/.test(conversion) ? rest.toUpperCase() : rest, finite];
}

function convert(value: unknown, conversion: string, precision: number | undefined): string {
  if (conversion === "j") return JSON.stringify(value) ?? String(value);
  if (conversion === "c" && typeof value === "number") return String.fromCodePoint(value);
  const text = "raO".includes(conversion) ? inspect(value) : textOf(value);
  return precision === undefined || conversion === "c" ? text : text.slice(0, precision);
}

function pad(sign: string, rest: string, width: number, flags: string, zeros: boolean): string {
  if (flags.includes("-")) return (sign + rest).padEnd(width);
  if (!zeros) return (sign + rest).padStart(width);
  const prefix = /^0[xXoO]/.exec(rest)?.[0] ?? "";
  return sign + prefix + rest.slice(prefix.length).padStart(width - sign.length - prefix.length, "0");
}

type Mapping = Readonly<Record<string, unknown>>;

/** What a lookup answers for a name that it does not know. */
export const ABSENT: unique symbol = Symbol("absent");

/** Finds the value for `%(name)s`. */
type Lookup = (name: string) => unknown;

const lookupIn = (source: unknown): Lookup =>
  typeof source === "object" && source !== null
    ? (name) => (name in source ? (source as Mapping)[name] : ABSENT)
    : () => ABSENT;

/**
 * `template % args`: `%s %r %d %i %f %e %g %x %o %c %%` with flags, width and precision, `%(name)s` from an object or by a function,
 * and Node's `%j` and `%O`. Where Python raises, nothing is lost: a directive without an argument stays as it is, a value
 * that is no number is printed as it is, and arguments that are left over are appended.
 */
export function percent(template: string, args: readonly unknown[] | Mapping | Lookup): string {
  const list = Array.isArray(args) ? (args as readonly unknown[]) : undefined;
  let next = 0;
  let named = false;
  const lookup =
    typeof args === "function" ? (args as Lookup) : lookupIn(list === undefined ? args : list[0]);
  const formatted = template.replace(DIRECTIVE, (...match: (string | undefined)[]) => {
    const [directive = "", name, flags = "", width, precision, conversion = ""] = match;
    if (conversion === "%") return "%";
    if (!`srajcO${NUMERIC}`.includes(conversion)) return directive;
    const stars = Number(width === "*") + Number(precision === "*");
    let value: unknown;
    let across = width === "*" ? 0 : Number(width ?? 0);
    let after = PRECISION.test(directive) ? Number(precision === "*" ? 0 : (precision ?? 0)) : undefined;
    if (name !== undefined) {
      value = lookup(name);
      if (value === ABSENT) return directive;
      named = true;
    } else if (list === undefined || next + stars >= list.length) {
      return directive;
    } else {
      if (width === "*") across = Number(list[next++]);
      if (precision === "*") after = Number(list[next++]);
      value = list[next++];
    }
    const left = across < 0 ? `${flags}-` : flags;
    const number = NUMERIC.includes(conversion) ? numeric(value, conversion, after, flags) : undefined;
    if (number === undefined)
      return pad("", convert(value, conversion, after), Math.abs(across), left, false);
    return pad(number[0], number[1], Math.abs(across), left, flags.includes("0") && number[2]);
  });
  const rest = list === undefined || named ? [] : list.slice(next);
  return [formatted, ...rest.map(textOf)].join(" ");
}
