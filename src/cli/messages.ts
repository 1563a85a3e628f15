/** How messages look on standard input and output. */
import { isUtf8 } from "node:buffer";
import { CommandError, UsageError } from "./usage.js";

export const formatOptions = {
  json: { type: "boolean" },
  raw: { type: "boolean" },
  delimiter: { type: "string" },
} as const;

export const formatHelp = `  --delimiter TEXT       what separates the frames of a message in its line; without it a line is one
                         frame, and frames are printed with tabs between them
  --json                 a line is a JSON string (one frame) or an array of frames; a frame that is no
                         UTF-8 is {"base64": "..."}; what is received is always printed as an array
  --raw                  all of standard input is one message; what is received is written as it is,
                         with nothing between frames and messages
`;

export type Format = { json: boolean; raw: boolean; delimiter: string | undefined };

export function readFormat(values: {
  json?: boolean | undefined;
  raw?: boolean | undefined;
  delimiter?: string | undefined;
}): Format {
  const { json = false, raw = false, delimiter } = values;
  const given = [json && "--json", raw && "--raw", delimiter !== undefined && "--delimiter"].filter(Boolean);
  if (given.length > 1) throw new UsageError(`${given.join(" and ")} exclude each other`);
  if (delimiter === "") throw new UsageError("--delimiter takes a text that is not empty");
  return { json, raw, delimiter };
}

/** The lines of a stream, without their ends. No more is read before a line has been taken. */
async function* lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      pieces.push(chunk.subarray(from, at));
      yield Buffer.concat(pieces);
      pieces = [];
      from = at + 1;
    }
    if (from < chunk.length) pieces.push(chunk.subarray(from));
  }
  if (pieces.length > 0) yield Buffer.concat(pieces);
}

function split(line: Buffer, delimiter: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  let from = 0;
  for (let at = line.indexOf(delimiter); at >= 0; at = line.indexOf(delimiter, from)) {
    frames.push(line.subarray(from, at));
    from = at + delimiter.length;
  }
  return [...frames, line.subarray(from)];
}

function readFrame(value: unknown): Buffer | undefined {
  if (typeof value === "string") return Buffer.from(value);
  if (typeof value !== "object" || value === null || Object.keys(value).join() !== "base64") return undefined;
  const { base64 } = value as { base64: unknown };
  if (typeof base64 !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return undefined;
  return Buffer.from(base64, "base64");
}

function parseLine(line: Buffer, number: number): Buffer[] {
  let value: unknown;
  try {
    value = JSON.parse(line.toString());
  } catch (error) {
    throw new CommandError(`line ${number} of the input is not JSON: ${(error as Error).message}`);
  }
  const frames = (Array.isArray(value) ? (value as unknown[]) : [value]).map(readFrame);
  const whole = frames.filter((frame) => frame !== undefined);
  if (whole.length === 0 || whole.length < frames.length) {
    throw new CommandError(
      `line ${number} of the input is no message: a string, {"base64": "..."}, or an array of such frames`,
    );
  }
  return whole;
}

/** The messages on standard input, one after the other. Ends by the signal's reason when it is aborted. */
export async function* readMessages(format: Format, signal: AbortSignal): AsyncGenerator<Buffer[]> {
  const { stdin } = process;
  const stop = (): void => {
    stdin.destroy(signal.reason as Error);
  };
  signal.throwIfAborted();
  signal.addEventListener("abort", stop, { once: true });
  try {
    if (format.raw) {
      const pieces: Buffer[] = [];
      for await (const chunk of stdin) pieces.push(chunk as Buffer);
      yield [Buffer.concat(pieces)];
      return;
    }
    const delimiter = format.delimiter === undefined ? undefined : Buffer.from(format.delimiter);
    let number = 0;
    for await (const line of lines(stdin)) {
      number++;
      if (format.json) yield parseLine(line, number);
      else yield delimiter === undefined ? [line] : split(line, delimiter);
    }
  } finally {
    signal.removeEventListener("abort", stop);
    stdin.destroy(); // what is left of it must not keep the process
  }
}

const jsonFrame = (frame: Buffer): unknown =>
  isUtf8(frame) ? frame.toString() : { base64: frame.toString("base64") };

/** A message as it is printed. */
export function formatMessage(frames: readonly Buffer[], format: Format): Buffer | string {
  if (format.raw) return Buffer.concat(frames);
  if (format.json) return `${JSON.stringify(frames.map(jsonFrame))}\n`;
  const delimiter = Buffer.from(format.delimiter ?? "\t");
  return Buffer.concat([
    ...frames.flatMap((frame, i) => (i === 0 ? [frame] : [delimiter, frame])),
    Buffer.from("\n"),
  ]);
}
