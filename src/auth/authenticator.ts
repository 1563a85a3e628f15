/** zmq.auth.Authenticator: a ZAP handler that serves on the event loop. */
import { EADDRINUSE } from "../constants.js";
import { Context } from "../context.js";
import { makeError, rangeError, typeError } from "../errors.js";
import type { Socket } from "../socket.js";
import { readEncoding } from "../text.js";
import { encode } from "../utils/z85.js";
import { type KeyPath, loadCertificates } from "./certificates.js";
import { type Level, type Logger, readLog, tellTo } from "./logger.js";
import { type CredentialsProvider, EVERY, type Judge, judge, type Passwords } from "./policy.js";
import * as read from "./read.js";
import { closeZap, FAILURE, openZap, parseRequest, reply, serveZap, ZAP_ENDPOINT } from "./zap.js";

/** As the location of `configureCurve`: every client that has a key may connect. */
export const CURVE_ALLOW_ANY = "*";

export interface AuthenticatorOptions {
  /** Whose sockets it is for. Default `Context.instance()`. */
  context?: Context | null | undefined;
  /** How names, passwords and addresses are written in bytes. Default "utf-8". */
  encoding?: BufferEncoding | null | undefined;
  /** Where it tells what it decides. Default: nowhere, or to standard error if NODE_DEBUG names `zmq.auth`. */
  log?: Logger | null | undefined;
}

/** What takes the answer to a request. */
type Answer = (frames: Buffer[]) => void;

/**
 * Decides who may connect to the sockets of a context: by address, by user and password (PLAIN), by public key (CURVE).
 * Serves on the event loop from `start()` to `stop()`, or to the end of the context; it does not keep the process alive.
 *
 * The rules of a domain (ZAP_DOMAIN of the server's socket) count where there are any; those of `*` count otherwise.
 * They may be changed while it runs, and hold from the next connection on.
 */
export class Authenticator implements Disposable {
  readonly context: Context;
  /** The socket that libzmq asks, while it runs; null otherwise. */
  zapSocket: Socket | null = null;
  readonly #allowed = new Set<string>();
  readonly #denied = new Set<string>();
  readonly #anyKey = new Set<string>();
  readonly #answers = new WeakMap<readonly Uint8Array[], Answer>();
  #passwords: Record<string, Passwords> = {};
  #certs: Record<string, Record<string, unknown>> = {};
  #providers: Record<string, CredentialsProvider> = {};
  #encoding: BufferEncoding;
  #log: Logger;

  /** @param context whose sockets it is for; `Context.instance()` by default. The options may stand in place of any. */
  constructor(
    context?: Context | null | AuthenticatorOptions,
    encoding?: BufferEncoding | null | AuthenticatorOptions,
    log?: Logger | null,
  ) {
    const options = read.construction(["context", "encoding", "log"], [context, encoding, log]);
    this.context = (options.context as Context | null | undefined) ?? Context.instance();
    if (!(this.context instanceof Context)) throw typeError("an authenticator is for a Context");
    this.#encoding = readEncoding(options.encoding ?? undefined) ?? "utf8";
    this.#log = readLog(options.log);
  }

  // ---- The rules, as pyzmq shows them

  /** Passwords by user, by domain. */
  get passwords(): Record<string, Passwords> {
    this.rulesTouched(true);
    return this.#passwords;
  }
  set passwords(passwords: Record<string, Passwords>) {
    this.#passwords = passwords;
    this.rulesTouched(false);
  }

  /** The public keys that may connect, by domain: `{ "*": { [key]: true } }`. */
  get certs(): Record<string, Record<string, unknown>> {
    this.rulesTouched(true);
    return this.#certs;
  }
  set certs(certs: Record<string, Record<string, unknown>>) {
    this.#certs = certs;
    this.rulesTouched(false);
  }

  /** What `configureCurveCallback` was given, by domain. */
  get credentialsProviders(): Record<string, CredentialsProvider> {
    this.rulesTouched(true);
    return this.#providers;
  }
  set credentialsProviders(providers: Record<string, CredentialsProvider>) {
    this.#providers = providers;
    this.rulesTouched(false);
  }

  /** Whether some domain lets in every client that has a key. Assigning true opens `*`; false closes all of them. */
  get allowAny(): boolean {
    return this.#anyKey.size > 0;
  }
  set allowAny(any: boolean) {
    if (any) this.#anyKey.add(EVERY);
    else this.#anyKey.clear();
    this.rulesTouched(false);
  }

  get encoding(): BufferEncoding {
    return this.#encoding;
  }
  set encoding(encoding: BufferEncoding) {
    this.#encoding = readEncoding(encoding) ?? "utf8";
    this.rulesTouched(false);
  }

  get log(): Logger {
    return this.#log;
  }
  set log(log: Logger) {
    this.#log = readLog(log);
    this.rulesTouched(false);
  }

  // ---- Life

  /**
   * Begins to answer. To be called before the first peer connects: libzmq lets peers in, or keeps them out, without a
   * handler too.
   *
   * @throws ZMQError EADDRINUSE if the context has a handler; ContextTerminated
   */
  start(): void {
    if (this.zapSocket !== null && !this.zapSocket.closed)
      throw makeError(EADDRINUSE, undefined, ZAP_ENDPOINT);
    const socket = openZap(this.context);
    this.zapSocket = socket;
    // What is pending on the socket keeps this alive, whoever else holds it: it is not collected while it runs.
    const ended = (): void => {
      if (this.zapSocket === socket) this.stop();
    };
    serveZap(socket, (frames, answer) => this.#take(frames, answer), this.#tell).then(ended, (error) => {
      this.#tell("error", `the authenticator has failed: ${error}`);
      ended();
    });
  }

  /** Ends answering. What has not been answered stays so. Stopping twice is nothing. */
  stop(): void {
    const socket = this.zapSocket;
    this.zapSocket = null;
    if (socket !== null) closeZap(socket);
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  // ---- Configuring

  /**
   * Lets in these addresses only, which PLAIN and CURVE then judge further. Addresses are compared as they are: no
   * ranges, no names.
   *
   * @throws RangeError after `deny`
   */
  allow(...addresses: string[]): void {
    const list = read.addresses(addresses);
    if (this.#denied.size > 0) throw rangeError("Only use allow or deny, not both");
    this.#tell("debug", `Allowing ${list.join(",")}`);
    for (const address of list) this.#allowed.add(address);
    this.rulesTouched(false);
  }

  /** Keeps out these addresses; the others are judged further. @throws RangeError after `allow` */
  deny(...addresses: string[]): void {
    const list = read.addresses(addresses);
    if (this.#allowed.size > 0) throw rangeError("Only use allow or deny, not both");
    this.#tell("debug", `Denying ${list.join(",")}`);
    for (const address of list) this.#denied.add(address);
    this.rulesTouched(false);
  }

  /**
   * Sets who may connect by PLAIN.
   *
   * @param passwords by user: an object or a Map, which is kept: what is changed in it later counts. Nothing leaves the
   * domain as it is.
   */
  configurePlain(
    domain?: string | { domain?: string; passwords?: Passwords | null },
    passwords?: Passwords | null | { passwords: Passwords },
  ): void {
    const call = read.plain(domain, passwords);
    if (call.passwords !== undefined) read.put(this.#passwords, call.domain, call.passwords);
    this.#tell("debug", `Configure plain: ${call.domain}`);
    this.rulesTouched(false);
  }

  /**
   * Sets who may connect by CURVE: the clients whose public keys are in the `*.key` files of a folder, which is read
   * once (call it again to read it anew), or with CURVE_ALLOW_ANY all. A folder that cannot be read is written to `log`
   * as an error, and the domain keeps the keys that it has.
   *
   * @param location the folder; "." by default
   */
  configureCurve(
    domain?: string | { domain?: string; location?: KeyPath },
    location?: KeyPath | { location?: KeyPath },
  ): void {
    const call = read.curve(domain, location);
    this.#tell("debug", `Configure curve: ${call.domain}[${call.location}]`);
    if (call.location === CURVE_ALLOW_ANY) {
      this.#anyKey.add(call.domain);
    } else {
      this.#anyKey.delete(call.domain);
      try {
        read.put(this.#certs, call.domain, loadCertificates(call.location));
      } catch (error) {
        this.#tell("error", `Failed to load CURVE certs from ${call.location}: ${(error as Error).message}`);
      }
    }
    this.rulesTouched(false);
  }

  /**
   * Lets a callback decide who may connect by CURVE: `(domain, key) => boolean`, or a promise of one; before the
   * certificates of the domain, if it has some. A client whose callback fails is kept out, and so is one whose callback
   * never settles, when libzmq's HANDSHAKE_IVL is over.
   */
  configureCurveCallback(
    domain?: string | { domain?: string; credentialsProvider?: CredentialsProvider | null },
    credentialsProvider?: CredentialsProvider | null | { credentialsProvider?: CredentialsProvider | null },
  ): void {
    const call = read.curveCallback(domain, credentialsProvider);
    this.#anyKey.delete(call.domain);
    if (call.provider === undefined) {
      this.#tell("error", `None credentialsProvider provided for domain:${call.domain}`);
    } else {
      read.put(this.#providers, call.domain, call.provider);
    }
    this.rulesTouched(false);
  }

  /** Does nothing: who has got through GSSAPI has been vouched for. */
  configureGssapi(_domain?: string, _location?: string | null): void {}

  /**
   * The "User-Id" of a client that has been let in by CURVE: its public key as Z85. To be overridden, or assigned.
   *
   * @param clientPublicKey 32 bytes
   */
  curveUserId(clientPublicKey: Buffer): string {
    return encode(clientPublicKey);
  }

  /**
   * Judges a request, as it is received without its envelope, and answers it. A malformed one is refused, or dropped if
   * it has no request id.
   */
  async handleZapMessage(message: readonly Buffer[]): Promise<void> {
    const frames = read.frames(message);
    const answer = await this.#judge(frames);
    if (answer === undefined) return;
    const send = this.#answers.get(message);
    this.#answers.delete(message);
    if (send !== undefined) send(answer);
    else await this.zapSocket?.sendMultipart(answer);
  }

  // ---- For those who serve elsewhere

  /** Called when the rules have changed; with `later`, when a program has got hold of them and may change them. */
  protected rulesTouched(_later: boolean): void {}

  /** @internal What a thread needs: the rules as they are, how to write, and how to have a request answered here. */
  protected inside(): Omit<Judge, "curveUserId"> & { take(frames: Buffer[], answer: Answer): void } {
    return {
      rules: this.#rules,
      tell: this.#tell,
      take: (frames, answer) => this.#take(frames, answer),
    };
  }

  get #rules(): Judge["rules"] {
    return {
      allowed: this.#allowed,
      denied: this.#denied,
      passwords: this.#passwords,
      certs: this.#certs,
      credentialsProviders: this.#providers,
      anyKey: this.#anyKey,
      encoding: this.#encoding,
    };
  }

  readonly #tell = (level: Level, message: string): void => tellTo(this.#log, level, message);

  /** Has a request handled; it is answered once, whatever becomes of the handling. */
  #take(frames: Buffer[], answer: Answer): void {
    const [, requestId] = frames;
    this.#answers.set(frames, answer);
    const failed = (why: string): void => {
      if (requestId === undefined || !this.#answers.delete(frames)) return;
      this.#tell("error", `a ZAP request could not be judged: ${why}`);
      answer(reply(requestId, FAILURE));
    };
    Promise.resolve()
      .then(() => this.handleZapMessage(frames))
      .then(
        () => failed("the handler has not answered"),
        (error) => failed(describe(error)),
      );
  }

  async #judge(frames: readonly Buffer[]): Promise<Buffer[] | undefined> {
    const request = parseRequest(frames, this.#tell);
    if (request === undefined) return undefined;
    if ("refused" in request) return reply(request.requestId, request.refused);
    const verdict = await judge(request, {
      rules: this.#rules,
      tell: this.#tell,
      curveUserId: (key) => read.userId(this.curveUserId(key), this.#encoding),
    });
    return reply(request.requestId, verdict);
  }
}

function describe(error: unknown): string {
  try {
    return String(error);
  } catch {
    return "an error that is no text";
  }
}
