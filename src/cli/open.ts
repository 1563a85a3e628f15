/** Opening a command's socket: its options and endpoints. */
import type { Socket, SocketType } from "../index.js";
import { readNumber } from "./arguments.js";
import type { Session } from "./session.js";
import { CommandError, UsageError } from "./usage.js";

const many = { type: "string", multiple: true } as const;
const text = { type: "string" } as const;

export const socketOptions = {
  bind: many,
  connect: many,
  timeout: text,
  linger: text,
  hwm: text,
  identity: text,
  key: text,
  "server-key": text,
  clients: text,
} as const;

export const socketHelp = `  --bind URL             accept connections there; may be given several times, as --connect. What a
                         wildcard (tcp://127.0.0.1:*) stands for is printed to standard error
  --connect URL          connect there, now and whenever the connection is lost
  --timeout MS           how long to wait for any one message; then the exit code is 124
  --linger MS            how long the end waits for messages that no peer has taken yet: for ever
                         (-1) by default, not at all after a failure or signal
  --hwm N                high-water marks, in messages; 1000 by default, 0 for none
  --identity TEXT        the routing id, by which a ROUTER knows this end
  --server-key FILE      encrypt by CURVE, for the server of this public certificate
  --key FILE             the secret certificate of this end: of the server, or beside --server-key of
                         the client, which otherwise takes new keys
  --clients FOLDER       a CURVE server admits only clients whose certificates are there
  -h, --help             show this help
`;

export interface SocketValues {
  bind?: string[] | undefined;
  connect?: string[] | undefined;
  timeout?: string | undefined;
  linger?: string | undefined;
  hwm?: string | undefined;
  identity?: string | undefined;
  key?: string | undefined;
  "server-key"?: string | undefined;
  clients?: string | undefined;
}

/** A command's options that are numbers, checked. */
export interface Limits {
  timeout: number | undefined;
  linger: number | undefined;
  hwm: number | undefined;
}

export function readLimits(values: SocketValues): Limits {
  if (!values.bind?.length && !values.connect?.length) {
    throw new UsageError("give an endpoint: --bind URL or --connect URL");
  }
  if (values.clients !== undefined && (values.key === undefined || values["server-key"] !== undefined)) {
    throw new UsageError("--clients is for a CURVE server: --key without --server-key");
  }
  return {
    timeout: readNumber(values.timeout, "--timeout", undefined),
    linger: readNumber(values.linger, "--linger", undefined, -1),
    hwm: readNumber(values.hwm, "--hwm", undefined),
  };
}

async function secure({ zmq, context }: Session, socket: Socket, values: SocketValues): Promise<void> {
  const certificate = (file: string): [string, string | null] => {
    try {
      return zmq.auth.loadCertificate(file);
    } catch (error) {
      throw new CommandError(`cannot use the certificate ${file}: ${(error as Error).message}`);
    }
  };
  const { key, "server-key": server, clients } = values;
  if (key === undefined && server === undefined) return;
  const [publicKey, secretKey] = key === undefined ? zmq.curveKeypair() : certificate(key);
  if (secretKey === null)
    throw new CommandError(`${key} has no secret key: --key takes the secret certificate`);
  socket.curvePublickey = publicKey;
  socket.curveSecretkey = secretKey;
  if (server !== undefined) {
    socket.curveServerkey = certificate(server)[0];
    return;
  }
  socket.curveServer = true;
  if (clients === undefined) return;
  const authenticator = new zmq.auth.Authenticator(context);
  authenticator.start();
  authenticator.configureCurve("*", clients);
  socket.zapDomain = "global";
}

/** A socket with the options that were given, without endpoints yet. */
export async function createSocket(
  session: Session,
  type: SocketType,
  values: SocketValues,
  { linger, hwm }: Limits,
): Promise<Socket> {
  const socket = session.context.socket(type) as Socket;
  socket.linger = linger ?? -1;
  if (hwm !== undefined) socket.hwm = hwm;
  if (values.identity !== undefined) socket.routingId = values.identity;
  await secure(session, socket, values);
  return socket;
}

/** Binds, and tells on standard error what the system has chosen. */
export function bind(socket: Socket, url: string): void {
  socket.bind(url);
  if (socket.lastEndpoint !== url) process.stderr.write(`bound to ${socket.lastEndpoint}\n`);
}

export function attach(socket: Socket, { bind: bound = [], connect = [] }: SocketValues): void {
  for (const url of bound) bind(socket, url);
  for (const url of connect) socket.connect(url);
}
