/** nodezmq req and rep: requests and replies. */
import { noMore, readArguments, readNumber } from "./arguments.js";
import { formatHelp, formatMessage, formatOptions, readFormat, readMessages } from "./messages.js";
import { attach, createSocket, readLimits, socketHelp, socketOptions } from "./open.js";
import { inSession } from "./session.js";
import { type Command, type Print, TimedOut, UsageError } from "./usage.js";

const options = {
  ...socketOptions,
  ...formatOptions,
  count: { type: "string" },
  echo: { type: "boolean" },
} as const;

async function talk(name: "req" | "rep", args: readonly string[], print: Print): Promise<void> {
  const { values, positionals } = readArguments(args, options);
  noMore(positionals);
  const format = readFormat(values);
  const limits = readLimits(values);
  const count = readNumber(values.count, "--count", Number.POSITIVE_INFINITY, 1);
  if (name === "req" && values.echo) throw new UsageError("--echo is for rep only");
  await inSession(async (session) => {
    const { zmq, signal } = session;
    const { timeout } = limits;
    const socket = await createSocket(session, name === "req" ? zmq.REQ : zmq.REP, values, limits);
    attach(socket, values);
    const receive = async (): Promise<Buffer[]> => {
      const frames = await socket.recvMultipart({ timeout, signal });
      await print(formatMessage(frames, format));
      return frames;
    };
    const input = values.echo ? undefined : readMessages(format, signal);
    try {
      for (let done = 0; done < count; done++) {
        if (name === "rep") {
          const request = await receive();
          const reply = input === undefined ? { value: request } : await input.next();
          if (reply.value === undefined) break;
          await socket.sendMultipart(reply.value, { timeout, signal });
        } else {
          const request = await input?.next();
          if (request?.value === undefined) break;
          await socket.sendMultipart(request.value, { timeout, signal });
          await receive();
        }
      }
    } catch (error) {
      if (!(error instanceof zmq.Again)) throw error;
      throw new TimedOut(`no ${name === "req" ? "reply" : "request"} came within ${timeout} ms`);
    } finally {
      await input?.return(undefined);
    }
  }, limits.linger);
}

export const req: Command = {
  summary: "send standard input as requests, print the replies",
  help: `usage: nodezmq req (--bind URL | --connect URL)... [options] < REQUESTS

Sends each line of standard input as a request, and prints its reply before it sends the next.

  echo hello | nodezmq req --connect tcp://127.0.0.1:5555 --timeout 2000

options:
  --count N              end after N replies
${formatHelp}${socketHelp}`,
  run: (args, print) => talk("req", args, print),
};

export const rep: Command = {
  summary: "print requests, reply with standard input or an echo",
  help: `usage: nodezmq rep (--bind URL | --connect URL)... [--echo] [options]

Prints each request; the next line of standard input is its reply. It ends when a request comes after the last line.

  nodezmq rep --bind tcp://127.0.0.1:5555              # you are the server
  nodezmq rep --bind tcp://127.0.0.1:5555 --echo

options:
  --echo                 reply with the request
  --count N              end after N replies
${formatHelp}${socketHelp}`,
  run: (args, print) => talk("rep", args, print),
};
