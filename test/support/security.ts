/** Peers that knock at a server's door, and how they fare. */
import * as zmq from "nodezmq";
import { onTestFinished } from "vitest";
import { freshAddress, type SocketOptions, type Transport } from "./sockets.js";

const HANDSHAKES =
  zmq.EVENT_HANDSHAKE_SUCCEEDED |
  zmq.EVENT_HANDSHAKE_FAILED_AUTH |
  zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL |
  zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL;

export interface Knock {
  /** "HANDSHAKE_SUCCEEDED", "HANDSHAKE_FAILED_AUTH" and so on, as the server sees it. */
  event: string;
  /** The status of the ZAP handler's answer, for HANDSHAKE_FAILED_AUTH. */
  value: number;
  /** What the server got, if the client was let in. */
  frame?: zmq.Frame;
}

export interface Peers {
  server?: SocketOptions;
  client?: SocketOptions;
  transport?: Transport;
}

/** A client of these options sends a message to a server of those, and the server's monitor tells what becomes of it. */
export async function knock(
  context: zmq.Context,
  { server: ofServer, client: ofClient, transport = "tcp" }: Peers,
): Promise<Knock> {
  const server = context.socket(zmq.PULL, { linger: 0, ...ofServer });
  const client = context.socket(zmq.PUSH, { linger: 0, ...ofClient });
  const monitor = server.getMonitorSocket(HANDSHAKES);
  try {
    server.bind(freshAddress(transport));
    client.connect(server.lastEndpoint);
    client.send("knock").catch(() => {}); // closed, if it is not let in
    const { name, value } = await zmq.recvMonitorMessage(monitor);
    if (name !== "HANDSHAKE_SUCCEEDED") return { event: name, value };
    return { event: name, value, frame: await server.recv({ copy: false }) };
  } finally {
    for (const socket of [monitor, client, server]) socket.close(0);
  }
}

/** Whether the client is let in. Whoever is refused by something else than the ZAP handler fails the test. */
export async function letIn(context: zmq.Context, peers: Peers): Promise<boolean> {
  const { event, value } = await knock(context, peers);
  if (event === "HANDSHAKE_SUCCEEDED") return true;
  if (event === "HANDSHAKE_FAILED_AUTH" && value === 400) return false;
  throw new Error(`unexpected: ${event} ${value}`);
}

/** A pair of keys as a server's options, and the clients' that know it. */
export function curve(domain?: string): {
  server: SocketOptions;
  publicKey: string;
  client(keys?: [string, string]): SocketOptions;
} {
  const [publicKey, secretKey] = zmq.curveKeypair();
  return {
    publicKey,
    server: {
      curveServer: true,
      curveSecretkey: secretKey,
      ...(domain === undefined ? {} : { zapDomain: domain }),
    },
    client: ([curvePublickey, curveSecretkey] = zmq.curveKeypair()) => ({
      curveServerkey: publicKey,
      curvePublickey,
      curveSecretkey,
    }),
  };
}

export const plain = (plainUsername: string, plainPassword: string): SocketOptions => ({
  plainUsername,
  plainPassword,
});

/** An answer to a ZAP request, by whoever has written the handler by hand. */
export type Handler = (request: Buffer[]) => readonly (string | Buffer)[] | undefined;

/** A ZAP handler written by hand. The requests that it has had are returned. */
export function handleBy(context: zmq.Context, handler: Handler): Buffer[][] {
  const socket = context.socket(zmq.REP, { linger: 0 });
  socket.bind("inproc://zeromq.zap.01");
  onTestFinished(() => socket.close());
  const requests: Buffer[][] = [];
  (async () => {
    for await (const request of socket) {
      requests.push(request);
      const answer = handler(request);
      if (answer !== undefined) await socket.sendMultipart(answer);
    }
  })();
  return requests;
}

/** An answer that lets in. */
export const yes = (
  [, id]: Buffer[],
  userId: string | Buffer = "",
  metadata: string | Buffer = "",
): (string | Buffer)[] => ["1.0", id as Buffer, "200", "OK", userId, metadata];

/** An answer that does not. */
export const no = ([, id]: Buffer[], status = "400"): (string | Buffer)[] => [
  "1.0",
  id as Buffer,
  status,
  "no",
  "",
  "",
];

/** ZAP metadata as it travels: each a name of up to 255 bytes and a value. */
export function metadata(properties: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(
    Object.entries(properties).flatMap(([name, value]) => {
      const size = Buffer.alloc(4);
      size.writeUInt32BE(Buffer.byteLength(value));
      return [Buffer.from([Buffer.byteLength(name)]), Buffer.from(name), size, Buffer.from(value)];
    }),
  );
}

/** Asks a context's ZAP handler as libzmq would, or as it never would. */
export class Asker {
  readonly #socket: zmq.Socket;

  constructor(context: zmq.Context) {
    this.#socket = context.socket(zmq.DEALER, { linger: 0, rcvtimeo: -1, sndtimeo: -1 });
    this.#socket.connect("inproc://zeromq.zap.01");
    onTestFinished(() => this.#socket.close());
  }

  /** Sends frames as they are, without an envelope. */
  async raw(frames: readonly (string | Buffer)[]): Promise<void> {
    await this.#socket.sendMultipart(frames);
  }

  /** The next answer, without its envelope. */
  async answer(): Promise<Buffer[]> {
    const [envelope, ...frames] = await this.#socket.recvMultipart();
    if (envelope?.length !== 0) throw new Error("an answer begins with an empty frame");
    return frames;
  }

  /** Asks and gets the answer. */
  async ask(...frames: readonly (string | Buffer)[]): Promise<Buffer[]> {
    await this.raw(["", ...frames]);
    return this.answer();
  }

  /** Asks by NULL, and gets the status and its text: the handler is alive. */
  async status(...frames: readonly (string | Buffer)[]): Promise<string> {
    const [, , status, text] = await this.ask(...frames);
    return `${status} ${text}`;
  }

  close(): void {
    this.#socket.close();
  }
}

/** A well-formed request. */
export const request = (
  mechanism: string,
  credentials: readonly (string | Buffer)[] = [],
  { domain = "", address = "127.0.0.1", id = "1" } = {},
): (string | Buffer)[] => ["1.0", id, domain, address, "", mechanism, ...credentials];
