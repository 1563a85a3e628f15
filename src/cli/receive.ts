/** nodezmq sub and pull: messages become standard output. */
import { noMore, readArguments, readNumber } from "./arguments.js";
import { formatHelp, formatMessage, formatOptions, readFormat } from "./messages.js";
import { attach, createSocket, readLimits, socketHelp, socketOptions } from "./open.js";
import { inSession } from "./session.js";
import { type Command, type Print, TimedOut, UsageError } from "./usage.js";

const options = {
  ...socketOptions,
  ...formatOptions,
  count: { type: "string" },
  topic: { type: "string", multiple: true, short: "t" },
  subscribe: { type: "string", multiple: true },
} as const;

async function receive(name: "sub" | "pull", args: readonly string[], print: Print): Promise<void> {
  const { values, positionals } = readArguments(args, options);
  noMore(positionals);
  const format = readFormat(values);
  const limits = readLimits(values);
  const count = readNumber(values.count, "--count", Number.POSITIVE_INFINITY, 1);
  const topics = [...(values.topic ?? []), ...(values.subscribe ?? [])];
  if (name !== "sub" && topics.length > 0) throw new UsageError("--topic is for sub only");
  await inSession(async (session) => {
    const { zmq, signal } = session;
    const socket = await createSocket(session, name === "sub" ? zmq.SUB : zmq.PULL, values, limits);
    if (name === "sub") for (const topic of topics.length > 0 ? topics : [""]) socket.subscribe(topic);
    attach(socket, values);
    for (let received = 0; received < count; received++) {
      let frames: Buffer[];
      try {
        frames = await socket.recvMultipart({ timeout: limits.timeout, signal });
      } catch (error) {
        if (error instanceof zmq.Again) throw new TimedOut(`no message came within ${limits.timeout} ms`);
        throw error;
      }
      await print(formatMessage(frames, format));
    }
  }, limits.linger ?? 0); // there is nothing to deliver but a SUB's subscriptions, to a publisher that may be gone
}

const countHelp = "  --count N              end after N messages\n";

export const sub: Command = {
  summary: "print what is published",
  help: `usage: nodezmq sub (--bind URL | --connect URL)... [options]

Prints a line for each message, until it is interrupted.

  nodezmq sub --connect tcp://127.0.0.1:5556
  nodezmq sub --connect tcp://127.0.0.1:5556 --topic news --json | jq -r '.[1]'

options:
  -t, --topic TEXT       only messages that begin with this; may be given several times, and is also
                         called --subscribe
${countHelp}${formatHelp}${socketHelp}`,
  run: (args, print) => receive("sub", args, print),
};

export const pull: Command = {
  summary: "print what is handed out",
  help: `usage: nodezmq pull (--bind URL | --connect URL)... [options]

Prints a line for each message, until it is interrupted. Takes no more messages than its reader does.

  nodezmq pull --bind tcp://127.0.0.1:5557 | while read -r task; do echo "doing $task"; done
  nodezmq pull --bind tcp://127.0.0.1:5557 --raw --count 1 > photo.jpg

options:
${countHelp}${formatHelp}${socketHelp}`,
  run: (args, print) => receive("pull", args, print),
};
