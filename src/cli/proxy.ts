/** nodezmq proxy: forwards messages between two sockets. */
import type { Socket } from "../index.js";
import { noMore, readArguments, readNumber } from "./arguments.js";
import { bind } from "./open.js";
import { inSession, type Session } from "./session.js";
import { readType } from "./socket-names.js";
import { type Command, type Print, UsageError } from "./usage.js";

const options = {
  capture: { type: "string" },
  monitor: { type: "boolean" },
  statistics: { type: "boolean" },
  every: { type: "string" },
  hwm: { type: "string" },
} as const;

interface End {
  type: ReturnType<typeof readType>;
  endpoints: { verb: "bind" | "connect"; url: string }[];
}

/** Reads `router:bind:tcp://*:5559,connect:tcp://host:5560`. */
function readEnd(text: string): End {
  const [, name, rest] = /^(\w+):((?:bind|connect):.*)$/s.exec(text) ?? [];
  if (name === undefined || rest === undefined) {
    throw new UsageError(`"${text}" is not TYPE:bind:URL or TYPE:connect:URL`);
  }
  const endpoints = rest.split(/,(?=(?:bind|connect):)/).map((part) => {
    const verb = part.startsWith("bind:") ? "bind" : "connect";
    return { verb, url: part.slice(verb.length + 1) } as const;
  });
  return { type: readType(name), endpoints };
}

function open({ zmq, context }: Session, { type }: End, hwm: number | undefined): Socket {
  const socket = context.socket(zmq.SocketType[type]) as Socket;
  if (hwm !== undefined) socket.hwm = hwm;
  if (type === "SUB") socket.subscribe("");
  return socket;
}

function attach(socket: Socket, { endpoints }: End): void {
  for (const { verb, url } of endpoints) {
    if (verb === "bind") bind(socket, url);
    else socket.connect(url);
  }
}

/** Prints the events of one end until its monitor is closed. */
async function watch(side: string, socket: Socket, print: Print): Promise<void> {
  for await (const { name, value, endpoint } of socket.events()) {
    await print(`${new Date().toISOString()} ${side} ${name} ${value} ${endpoint}\n`);
  }
}

/** What a steerable proxy answers to STATISTICS, as text. */
function tellStatistics(frames: readonly Buffer[]): string {
  const [fromFront = 0n, inBytes = 0n, toFront = 0n, outBytes = 0n] = frames.map(
    (frame) => new BigUint64Array(new Uint8Array(frame).buffer)[0],
  );
  return `forwarded ${fromFront} frames (${inBytes} bytes) to the backend, ${toFront} frames (${outBytes} bytes) to the frontend\n`;
}

export const proxy: Command = {
  summary: "forward messages between two sockets",
  help: `usage: nodezmq proxy FRONTEND BACKEND [options]

Forwards messages both ways until it is interrupted. Each end is TYPE:bind:URL or TYPE:connect:URL;
more endpoints follow after commas.

  nodezmq proxy router:bind:tcp://127.0.0.1:5559 dealer:bind:tcp://127.0.0.1:5560     # requests
  nodezmq proxy xsub:bind:tcp://127.0.0.1:5561 xpub:bind:tcp://127.0.0.1:5562         # publishing
  nodezmq proxy pull:bind:tcp://127.0.0.1:5563 push:connect:tcp://a:1,connect:tcp://b:1

options:
  --capture URL          publish a copy of every message there; or an end of another type:
                         push:connect:URL
  --monitor              print the connection events of both ends, a line each
  --statistics           at the end, print to standard error how much was forwarded
  --every SECONDS        print that as often, too
  --hwm N                high-water marks, in messages; 1000 by default, 0 for none
  -h, --help             show this help
`,
  async run(args, print) {
    const { values, positionals } = readArguments(args, options);
    const [front, back, ...rest] = positionals;
    if (front === undefined || back === undefined) throw new UsageError("give a FRONTEND and a BACKEND");
    noMore(rest);
    const ends = [readEnd(front), readEnd(back)] as const;
    const capture = values.capture;
    const captured =
      capture === undefined
        ? undefined
        : readEnd(/^\w+:(bind|connect):/.test(capture) ? capture : `pub:bind:${capture}`);
    const hwm = readNumber(values.hwm, "--hwm", undefined);
    const every = readNumber(values.every, "--every", undefined, 1);
    await inSession(async (session) => {
      const { zmq, context, signal } = session;
      const [frontend, backend] = [open(session, ends[0], hwm), open(session, ends[1], hwm)];
      const copies = captured === undefined ? undefined : open(session, captured, hwm);
      const watching = values.monitor
        ? [watch("frontend", frontend, print), watch("backend", backend, print)]
        : [];
      for (const one of watching) one.catch(() => {}); // the sockets' end is theirs
      attach(frontend, ends[0]);
      attach(backend, ends[1]);
      if (captured !== undefined && copies !== undefined) attach(copies, captured);
      const control = context.socket(zmq.PAIR);
      const remote = context.socket(zmq.PAIR);
      control.bind("inproc://nodezmq-proxy-control");
      remote.connect("inproc://nodezmq-proxy-control");
      // One question at a time: the answers come on one socket.
      let asked = Promise.resolve();
      const tell = (): Promise<void> => {
        asked = asked.then(async () => {
          await remote.send("STATISTICS");
          process.stderr.write(tellStatistics(await remote.recvMultipart()));
        });
        return asked;
      };
      signal.throwIfAborted();
      const telling =
        every === undefined ? undefined : setInterval(() => void tell().catch(() => {}), every * 1000);
      let stopping: Promise<void> | undefined;
      signal.addEventListener("abort", () => {
        clearInterval(telling);
        stopping = (values.statistics || every !== undefined ? tell() : asked).then(async () => {
          await remote.send("TERMINATE");
        });
        stopping.catch(() => {});
      });
      try {
        await zmq.proxySteerable(frontend, backend, copies, control);
      } finally {
        clearInterval(telling);
      }
      await stopping;
    });
  },
};
