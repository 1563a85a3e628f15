/** nodezmq pub and push: standard input becomes messages. */
import type { Socket } from "../index.js";
import { noMore, readArguments, readNumber } from "./arguments.js";
import { formatHelp, formatOptions, readFormat, readMessages } from "./messages.js";
import { attach, createSocket, readLimits, socketHelp, socketOptions } from "./open.js";
import { inSession, type Session } from "./session.js";
import { type Command, TimedOut, UsageError } from "./usage.js";

const options = {
  ...socketOptions,
  ...formatOptions,
  count: { type: "string" },
  wait: { type: "string" },
  topic: { type: "string" },
  "no-drop": { type: "boolean" },
} as const;

/** How long is left of a time limit, for each of several waits. */
function countdown(timeout: number | undefined): () => number | undefined {
  if (timeout === undefined) return () => undefined;
  const end = performance.now() + timeout;
  return () => Math.max(0, end - performance.now());
}

/** Waits until an XPUB has so many subscriptions. */
async function subscribed(
  socket: Socket,
  wanted: number,
  left: () => number | undefined,
  signal: AbortSignal,
) {
  for (let subscriptions = 0; subscriptions < wanted; ) {
    const [frame] = await socket.recvMultipart({ timeout: left(), signal });
    if (frame?.[0] === 1) subscriptions++;
    else if (frame?.[0] === 0) subscriptions--;
  }
}

/** Waits until so many peers have shaken hands. Call it before the socket has endpoints. */
function connected({ zmq, signal }: Session, socket: Socket, wanted: number, left: () => number | undefined) {
  const monitor = socket.getMonitorSocket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED);
  return async (): Promise<void> => {
    for (let peers = 0; peers < wanted; ) {
      const { event } = await zmq.recvMonitorMessage(monitor, { timeout: left(), signal });
      if (event === zmq.EVENT_HANDSHAKE_SUCCEEDED) peers++;
      else peers = Math.max(0, peers - 1);
    }
    socket.disableMonitor();
    monitor.close();
  };
}

/** What subscribers tell a publisher is of no use after the wait, and must not pile up. */
async function discard(socket: Socket): Promise<void> {
  try {
    for await (const _ of socket);
  } catch {
    // The socket has been closed, or its context.
  }
}

async function send(name: "pub" | "push", args: readonly string[]): Promise<void> {
  const { values, positionals } = readArguments(args, options);
  noMore(positionals);
  const format = readFormat(values);
  const limits = readLimits(values);
  const count = readNumber(values.count, "--count", Number.POSITIVE_INFINITY, 1);
  const wait = readNumber(values.wait, "--wait", 0);
  for (const option of ["topic", "no-drop"] as const) {
    if (name !== "pub" && values[option] !== undefined) throw new UsageError(`--${option} is for pub only`);
  }
  await inSession(async (session) => {
    const { zmq, signal } = session;
    // A PUB that knows its subscribers: to a SUB they are the same.
    const socket = await createSocket(session, name === "pub" ? zmq.XPUB : zmq.PUSH, values, limits);
    const left = countdown(limits.timeout);
    let ready = async (): Promise<void> => {};
    if (name === "pub") {
      socket.xpubVerboser = true;
      socket.xpubNodrop = values["no-drop"] ?? false;
      ready = () => subscribed(socket, wait, left, signal);
    } else if (wait > 0) {
      ready = connected(session, socket, wait, left);
    }
    attach(socket, values);
    const tellingTimeout = async (what: string, promise: Promise<unknown>): Promise<void> => {
      try {
        await promise;
      } catch (error) {
        if (error instanceof zmq.Again) throw new TimedOut(`${what} within ${limits.timeout} ms`);
        throw error;
      }
    };
    await tellingTimeout(`there were not ${wait} peers`, ready());
    if (name === "pub") void discard(socket);
    const topic = values.topic === undefined ? [] : [values.topic];
    let sent = 0;
    for await (const frames of readMessages(format, signal)) {
      const { timeout } = limits;
      await tellingTimeout(
        "no peer took a message",
        socket.sendMultipart([...topic, ...frames], { timeout, signal }),
      );
      if (++sent >= count) break;
    }
  }, limits.linger);
}

const waitHelp = (what: string): string =>
  `  --wait N               send nothing before there are N ${what}
  --count N              end after N messages
`;

export const pub: Command = {
  summary: "publish standard input",
  help: `usage: nodezmq pub (--bind URL | --connect URL)... [options] < MESSAGES

Publishes each line of standard input, as soon as it is there, to whoever has subscribed.

  nodezmq pub --bind tcp://127.0.0.1:5556 --wait 1 < lines.txt
  nodezmq pub --bind tcp://127.0.0.1:* --topic news    # frames: "news", the line

options:
  --topic TEXT           send this as a first frame of its own
${waitHelp("subscriptions: without it, what is published before they come is lost")}\
  --no-drop              wait for subscribers that are slow, instead of dropping their messages
${formatHelp}${socketHelp}`,
  run: (args) => send("pub", args),
};

export const push: Command = {
  summary: "hand out standard input to workers",
  help: `usage: nodezmq push (--bind URL | --connect URL)... [options] < MESSAGES

Sends each line of standard input to one of the peers (nodezmq pull), in turn. Reads no faster than they do.

  nodezmq push --bind tcp://127.0.0.1:5557 < tasks.txt
  nodezmq push --connect tcp://127.0.0.1:5557 --raw < photo.jpg

options:
${waitHelp("peers, so that each gets its share")}${formatHelp}${socketHelp}`,
  run: (args) => send("push", args),
};
