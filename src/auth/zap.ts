/** ZAP 1.0, ZeroMQ's RFC 27: how libzmq asks whether a peer may connect, and how it is answered. */
import { DONTWAIT, ROUTER, ROUTER_MANDATORY } from "../constants.js";
import type { Context } from "../context.js";
import type { Socket } from "../socket.js";
import { shown, type Tell } from "./logger.js";

/** Where libzmq looks for the handler of a context. */
export const ZAP_ENDPOINT = "inproc://zeromq.zap.01";

const VERSION = "1.0";
const NOTHING = Buffer.alloc(0);

/** A request: who wants in, and what it has shown. */
export interface ZapRequest {
  readonly requestId: Buffer;
  /** ZAP_DOMAIN of the server's socket. */
  readonly domain: Buffer;
  /** The peer's address. */
  readonly address: Buffer;
  /** ROUTING_ID of the peer. */
  readonly identity: Buffer;
  readonly mechanism: string;
  readonly credentials: readonly Buffer[];
}

/** 200: may connect; 400: may not; 500: the handler has failed. */
export type Status = "200" | "400" | "500";

export interface Verdict {
  readonly status: Status;
  readonly text: string;
  /** What the server's socket reads as "User-Id" of the peer's messages. */
  readonly userId?: string | Uint8Array;
}

export const FAILURE: Verdict = { status: "500", text: "Internal error" };
export const refusal = (text: string): Verdict => ({ status: "400", text });

/** The frames of an answer. */
export function reply(requestId: Uint8Array, { status, text, userId }: Verdict): Buffer[] {
  const user = status === "200" && userId !== undefined ? Buffer.from(userId as string) : NOTHING;
  return [
    Buffer.from(VERSION),
    Buffer.from(requestId),
    Buffer.from(status),
    Buffer.from(text),
    user,
    NOTHING,
  ];
}

/** Reads a request. Undefined if it cannot even be answered; a refusal if it is malformed. */
export function parseRequest(
  frames: readonly Buffer[],
  tell: Tell,
): ZapRequest | { readonly requestId: Buffer; readonly refused: Verdict } | undefined {
  const [version, requestId, domain, address, identity, mechanism, ...credentials] = frames;
  if (version === undefined || requestId === undefined) {
    tell("error", `a ZAP request of ${frames.length} frames cannot be answered`);
    return undefined;
  }
  if (domain === undefined || address === undefined || identity === undefined || mechanism === undefined) {
    tell("error", `a ZAP request has 6 frames or more, not ${frames.length}`);
    return { requestId, refused: refusal("Not enough frames") };
  }
  if (version.toString("latin1") !== VERSION) {
    tell("error", `a ZAP request has the version ${shown(version)}, not ${VERSION}`);
    return { requestId, refused: refusal("Invalid version") };
  }
  return { requestId, domain, address, identity, mechanism: mechanism.toString("latin1"), credentials };
}

/**
 * Opens the handler's socket. A ROUTER and not a REP, so that a slow answer holds up one peer and not all of them. The
 * context's defaults for sockets, which may be anything, are not for this one.
 *
 * @throws ZMQError EADDRINUSE if the context has a handler
 */
export function openZap(context: Context): Socket {
  const socket = context.socket(ROUTER, INTERNAL);
  try {
    socket.set(ROUTER_MANDATORY, false);
    socket.unref();
    socket.bind(ZAP_ENDPOINT);
    return socket;
  } catch (error) {
    socket.close(0);
    throw error;
  }
}

/** Options of the sockets that authenticators use for themselves. */
export const INTERNAL = {
  linger: 1,
  rcvhwm: 0,
  sndhwm: 0,
  rcvtimeo: -1,
  sndtimeo: -1,
  maxmsgsize: -1,
} as const;

/** Closes the handler's socket; its address is free at once, which `close` alone would leave to libzmq's reaper. */
export function closeZap(socket: Socket): void {
  if (socket.closed) return;
  try {
    socket.unbind(ZAP_ENDPOINT);
  } catch {
    // The context has been terminated.
  }
  socket.close();
}

/**
 * Takes requests until the socket is closed or its context terminated. Requests are taken as they come, whether or not
 * those before them have been answered. What has no envelope is dropped, as a REP would.
 */
export async function serveZap(
  socket: Socket,
  take: (request: Buffer[], answer: (frames: readonly Uint8Array[]) => void) => void,
  tell: Tell,
): Promise<void> {
  for await (const frames of socket) {
    const end = frames.findIndex((frame, place) => place > 0 && frame.length === 0);
    if (end < 0) {
      tell("error", `a message of ${frames.length} frames is no ZAP request`);
      continue;
    }
    const envelope = frames.slice(0, end + 1);
    take(frames.slice(end + 1), (answer) => {
      // Whoever asked may have gone meanwhile, or the handler have been stopped.
      if (!socket.closed) socket.sendMultipart([...envelope, ...answer], DONTWAIT).catch(() => {});
    });
  }
}
