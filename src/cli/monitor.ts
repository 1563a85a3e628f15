/** nodezmq monitor: what happens to a socket's connections. */
import { noMore, readArguments, readNumber } from "./arguments.js";
import { attach, createSocket, readLimits, socketHelp, socketOptions } from "./open.js";
import { inSession } from "./session.js";
import { readType, typeNames } from "./socket-names.js";
import { type Command, TimedOut, UsageError } from "./usage.js";

const options = { ...socketOptions, json: { type: "boolean" }, count: { type: "string" } } as const;

export const monitor: Command = {
  summary: "print a socket's connection events",
  help: `usage: nodezmq monitor TYPE (--bind URL | --connect URL)... [options]

Opens a socket and prints an event a line: the time, its name, its value (an errno, an interval in
milliseconds or a descriptor) and the endpoint.

  TYPE                   ${typeNames.join(", ")}

  nodezmq monitor dealer --connect tcp://127.0.0.1:5555    # does it connect? does it shake hands?

options:
  --json                 print {"time", "event", "value", "endpoint"}
  --count N              end after N events
${socketHelp}`,
  async run(args, print) {
    const { values, positionals } = readArguments(args, options);
    const [name, ...rest] = positionals;
    if (name === undefined) throw new UsageError("the type of the socket is missing");
    noMore(rest);
    readType(name);
    const limits = readLimits(values);
    const count = readNumber(values.count, "--count", Number.POSITIVE_INFINITY, 1);
    await inSession(async (session) => {
      const { zmq, signal } = session;
      const type = zmq.SocketType[readType(name)];
      const socket = await createSocket(session, type, values, { ...limits, linger: limits.linger ?? 0 });
      const events = socket.getMonitorSocket();
      attach(socket, values);
      for (let seen = 0; seen < count; seen++) {
        let news: Awaited<ReturnType<typeof zmq.recvMonitorMessage>>;
        try {
          news = await zmq.recvMonitorMessage(events, { timeout: limits.timeout, signal });
        } catch (error) {
          if (error instanceof zmq.Again) throw new TimedOut(`no event came within ${limits.timeout} ms`);
          throw error;
        }
        const { name: event, value, endpoint } = news;
        const time = new Date().toISOString();
        await print(
          values.json
            ? `${JSON.stringify({ time, event, value, endpoint })}\n`
            : `${time} ${event} ${value} ${endpoint}\n`,
        );
      }
    }, limits.linger);
  },
};
