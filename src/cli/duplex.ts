/** nodezmq dealer, router, pair, xpub and xsub: sending and receiving at the same time. */
import { noMore, readArguments, readNumber } from "./arguments.js";
import { formatHelp, formatMessage, formatOptions, readFormat, readMessages } from "./messages.js";
import { attach, createSocket, readLimits, socketHelp, socketOptions } from "./open.js";
import { inSession } from "./session.js";
import { type Command, type Print, TimedOut, UsageError } from "./usage.js";

const options = {
  ...socketOptions,
  ...formatOptions,
  count: { type: "string" },
  topic: { type: "string", multiple: true, short: "t" },
} as const;

type Name = "dealer" | "router" | "pair" | "xpub" | "xsub";

async function exchange(name: Name, args: readonly string[], print: Print): Promise<void> {
  const { values, positionals } = readArguments(args, options);
  noMore(positionals);
  const format = readFormat(values);
  const limits = readLimits(values);
  const count = readNumber(values.count, "--count", Number.POSITIVE_INFINITY);
  if (name !== "xsub" && values.topic !== undefined) throw new UsageError("--topic is for xsub only");
  const linger = limits.linger ?? (name === "xsub" ? 0 : undefined); // subscriptions may never find a publisher
  await inSession(async (session) => {
    const { zmq } = session;
    const type = zmq.SocketType[name.toUpperCase() as Uppercase<Name>];
    const socket = await createSocket(session, type, values, limits);
    if (name === "router") socket.routerMandatory = true; // what cannot be delivered is an error, not lost
    const done = new AbortController();
    const { signal } = done;
    session.signal.throwIfAborted();
    session.signal.addEventListener("abort", () => done.abort(session.signal.reason), { once: true });
    attach(socket, values);
    const send = async (): Promise<void> => {
      for (const topic of values.topic ?? []) await socket.send(`\x01${topic}`, { signal });
      for await (const frames of readMessages(format, signal)) await socket.sendMultipart(frames, { signal });
    };
    const receive = async (): Promise<void> => {
      for (let received = 0; received < count; received++) {
        const frames = await socket.recvMultipart({ timeout: limits.timeout, signal });
        await print(formatMessage(frames, format));
      }
    };
    const stop = (error: unknown): never => {
      done.abort(error);
      throw error;
    };
    const sending = send().catch((error: unknown) => {
      if (!done.signal.aborted) stop(error); // else enough has been received
    });
    try {
      await Promise.all([
        sending,
        receive().then(() => {
          if (count > 0) done.abort(new Error("enough"));
        }, stop),
      ]);
    } catch (error) {
      if (!(error instanceof zmq.Again)) throw error;
      throw new TimedOut(`no message came within ${limits.timeout} ms`);
    }
  }, linger);
}

const command = (name: Name, summary: string, text: string, more = ""): Command => ({
  summary,
  help: `usage: nodezmq ${name} (--bind URL | --connect URL)... [options] < MESSAGES

${text}

Each line of standard input is a message to send, each message that comes is printed. It goes on after
the end of the input, until --count messages have come or it is interrupted.

options:
${more}  --count N              end after N messages have come; 0: after the end of the input
${formatHelp}${socketHelp}`,
  run: (args, print) => exchange(name, args, print),
});

export const dealer = command(
  "dealer",
  "send and print messages, to and from any of the peers",
  `Requests to a ROUTER or REP, without having to wait for replies. A REP wants an empty frame first:

  echo '["", "hello"]' | nodezmq dealer --connect tcp://127.0.0.1:5555 --json --count 1`,
);

export const router = command(
  "router",
  "send and print messages by the peers' routing ids",
  `The first frame of a message is the routing id of the peer that it is from, or to. Ids that peers have
not chosen (--identity) are binary: --json can write them.

  nodezmq router --bind tcp://127.0.0.1:5555 --json`,
);

export const pair = command(
  "pair",
  "exchange messages with one peer",
  `A conversation of two:

  nodezmq pair --bind tcp://127.0.0.1:5558
  nodezmq pair --connect tcp://127.0.0.1:5558`,
);

export const xpub = command(
  "xpub",
  "publish standard input, print the subscriptions",
  `Publishes as pub does, and prints the subscriptions: a byte 1 or 0, for subscribing or not, and the topic.

  nodezmq xpub --bind tcp://127.0.0.1:5556 --json`,
);

export const xsub = command(
  "xsub",
  "print what is published, send subscriptions",
  `Prints what is published, as sub does. Subscriptions are messages: a byte 1 or 0 and the topic.

  nodezmq xsub --connect tcp://127.0.0.1:5556 --topic news`,
  "  -t, --topic TEXT       subscribe to this; may be given several times\n",
);
