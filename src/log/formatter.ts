/** Formatters: from a record to the text that is published. */
import { basename } from "node:path";
import { typeError } from "../errors.js";
import { ABSENT, percent } from "./percent.js";
import type { FormattedRecord } from "./record.js";
import { strftime } from "./strftime.js";

/** What a handler takes as a formatter. */
export type FormatterLike =
  | { format(record: FormattedRecord): string }
  | ((record: FormattedRecord) => string)
  | string;

const milliseconds = (created: number): number =>
  Math.floor(created * 1000 + 1e-6) - Math.floor(created) * 1000;

/** The stack of an error, or undefined where there is none to show. */
function trace(excInfo: unknown): string | undefined {
  if (excInfo instanceof Error) return excInfo.stack ?? String(excInfo);
  return undefined;
}

/**
 * A format like Python's `logging.Formatter`: `new Formatter("%(asctime)s %(levelname)-8s %(name)s: %(message)s")`.
 *
 * Fields: `message`, `levelname`, `levelno`, `name`, `filename`, `lineno`, `asctime`, `created`, `msecs`, `process`,
 * `thread`, `topic`, `exc_info`, and whatever else the record has. The stack of `excInfo` is appended.
 */
export class Formatter {
  readonly #format: string;
  readonly #dateFormat: string | undefined;

  /**
   * @param fmt `"%(message)s"` by default
   * @param datefmt of `asctime`, for strftime; by default ISO 8601 with milliseconds after a comma
   */
  constructor(fmt?: string | null, datefmt?: string | null) {
    for (const text of [fmt, datefmt]) {
      if (text !== undefined && text !== null && typeof text !== "string") {
        throw typeError(`a format is a string such as "%(message)s"; got ${typeof text}`);
      }
    }
    this.#format = fmt ?? "%(message)s";
    this.#dateFormat = datefmt ?? undefined;
  }

  format(record: FormattedRecord): string {
    const { excInfo } = record;
    const text = percent(this.#format, (name) =>
      name === "asctime" ? this.formatTime(record) : field(record, name),
    );
    const stack = trace(excInfo);
    if (stack === undefined) return text;
    return `${text}${text.endsWith("\n") ? "" : "\n"}${stack}`;
  }

  /** The time of a record, in local time. */
  formatTime(record: FormattedRecord): string {
    const date = new Date(record.created * 1000);
    if (this.#dateFormat !== undefined) return strftime(date, this.#dateFormat);
    return `${strftime(date, "%Y-%m-%d %H:%M:%S")},${String(milliseconds(record.created)).padStart(3, "0")}`;
  }
}

/** A record's field by Python's name. */
function field(record: FormattedRecord, name: string): unknown {
  switch (name) {
    case "message":
      return record.message;
    case "msecs":
      return milliseconds(record.created);
    case "exc_info":
      return record.excInfo || "None";
    case "pathname":
      return record.pathname ?? record.filename;
    case "module":
      return record.module ?? basename(record.filename).replace(/\.[^.]*$/, "");
    case "funcName":
      return record.funcName ?? "";
    default:
      return name in record ? record[name] : ABSENT;
  }
}

/** The formatter's text for a record; `null` is the bare message. */
export function render(formatter: FormatterLike | null | undefined, record: FormattedRecord): string {
  if (formatter === null || formatter === undefined) return record.message;
  if (typeof formatter === "string") return new Formatter(formatter).format(record);
  return String(typeof formatter === "function" ? formatter(record) : formatter.format(record));
}

/** A formatter, checked. */
export function readFormatter(formatter: unknown): FormatterLike | null {
  if (formatter === null || formatter === undefined) return null;
  if (typeof formatter === "string") return new Formatter(formatter);
  if (typeof formatter === "function") return formatter as FormatterLike;
  if (typeof formatter === "object" && "format" in formatter && typeof formatter.format === "function") {
    return formatter as FormatterLike;
  }
  throw typeError(
    `a formatter is a format such as "%(message)s", a function, or an object with a format method; got ${typeof formatter}`,
  );
}

const located = new Formatter("%(levelname)s %(filename)s:%(lineno)d - %(message)s\n");
const bare = new Formatter("%(message)s\n");
const failed = new Formatter("%(levelname)s %(filename)s:%(lineno)d - %(message)s - %(exc_info)s\n");

/** pyzmq's formats: DEBUG, INFO, WARNING, ERROR, CRITICAL. */
export const defaultFormatters = (): Record<number, FormatterLike | null> => ({
  10: located,
  20: bare,
  30: located,
  40: failed,
  50: located,
});
