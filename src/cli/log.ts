/** nodezmq log: prints what a PUBHandler publishes, as pyzmq's `python3 -m zmq.log` does. */
import { parseArgs } from "node:util";
import { strftime } from "../log/strftime.js";
import { CommandError, parsing, UsageError } from "./usage.js";

export const summary = "print the log messages that a program publishes";

const DATE_FORMAT = "%Y-%d-%m %H:%M"; // day before month: pyzmq's own

export const help = `usage: nodezmq log [options] URL

Connects to a PUBHandler of nodezmq or pyzmq, in any language that publishes frames of topic and
text, and prints a line for each message until it is interrupted.

  URL                    where the publisher is bound: tcp://127.0.0.1:5555

options:
  -t, --topic TOPIC      only messages whose topic starts with this; may be given several times
  --timestamp            print the local time before each message
  --timestamp=FORMAT     the same as --timestamp --dateformat FORMAT
  --dateformat FORMAT    how to print the time, for strftime; "${DATE_FORMAT}" by default
  --separator TEXT       what to print between topic and message; " | " by default
  --align                align messages by the width of their topics
  --color                color messages by their level
  -h, --help             show this help
`;

const RESET = "\x1b[39m";
const colors: Readonly<Record<string, string>> = {
  DEBUG: "\x1b[96m",
  INFO: "\x1b[97m",
  WARNING: "\x1b[33m",
  ERROR: "\x1b[91m",
  CRITICAL: "\x1b[91m",
};

/** `--timestamp` takes a format only after an equals sign: the word that follows it may be the URL. */
const splitTimestamp = (args: readonly string[]): string[] => {
  const end = args.indexOf("--");
  return args.flatMap((arg, i) =>
    arg.startsWith("--timestamp=") && (end < 0 || i < end)
      ? ["--timestamp", `--dateformat=${arg.slice("--timestamp=".length)}`]
      : [arg],
  );
};

interface Look {
  timestamp: boolean;
  dateformat: string;
  separator: string;
  align: boolean;
  color: boolean;
}

/** Pads each part of a topic to the widest that has stood in its place. */
function aligner(): (parts: readonly string[]) => string {
  const widths: number[] = [];
  return (parts) => {
    const all = [...parts, ...widths.slice(parts.length).map(() => " ")];
    return all
      .map((part, i) => {
        widths[i] = Math.max(widths[i] ?? 0, part.length);
        return part.padEnd(widths[i] ?? 0);
      })
      .join(".");
  };
}

/** How a message is printed. */
export function printer(look: Look): (topic: string, text: string, now: Date) => string {
  const align = aligner();
  return (topic, text, now) => {
    const parts = topic.trim().split(".");
    const time = look.timestamp ? `${strftime(now, look.dateformat)} ` : "";
    const level = parts.find((part) => part in colors);
    const [color, reset] = look.color && level !== undefined ? [colors[level], RESET] : ["", ""];
    return `${time}${color}${look.align ? align(parts) : topic.trim()}${look.separator}${text.trim()}${reset}\n`;
  };
}

export async function run(args: readonly string[], print: (text: string) => Promise<void>): Promise<void> {
  const { values, positionals } = parsing(() =>
    parseArgs({
      args: splitTimestamp(args),
      allowPositionals: true,
      options: {
        topic: { type: "string", short: "t", multiple: true },
        timestamp: { type: "boolean" },
        separator: { type: "string" },
        dateformat: { type: "string" },
        align: { type: "boolean" },
        color: { type: "boolean" },
      },
    }),
  );
  const [url, ...rest] = positionals;
  if (url === undefined) throw new UsageError("the URL of the publisher is missing");
  if (rest.length > 0) throw new UsageError(`unexpected argument "${rest[0]}"`);
  const line = printer({
    timestamp: values.timestamp ?? false,
    dateformat: values.dateformat ?? DATE_FORMAT,
    separator: values.separator ?? " | ",
    align: values.align ?? false,
    color: values.color ?? false,
  });

  const { Context, SUB, ZMQError } = await import("../index.js");
  const context = new Context();
  const sub = context.socket(SUB, { linger: 0 });
  const stop = (): void => sub.close();
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    for (const topic of values.topic ?? [""]) sub.subscribe(topic);
    try {
      sub.connect(url);
    } catch (error) {
      if (error instanceof ZMQError) throw new CommandError(error.message);
      throw error;
    }
    for await (const [topic, ...frames] of sub) {
      await print(line(String(topic), frames.map(String).join(" "), new Date()));
    }
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
    await context.destroy(0);
  }
}
