/** zmq.auth.asyncio. */
import type { Context } from "../context.js";
import { Authenticator, type AuthenticatorOptions } from "./authenticator.js";
import type { Logger } from "./logger.js";
import { construction } from "./read.js";

/** The Authenticator under the name that it has in pyzmq where there is an event loop. */
export class AsyncioAuthenticator extends Authenticator {
  /** @param loop stands where pyzmq has the event loop; of no effect. The options may stand in place of any. */
  constructor(
    context?: Context | null | AsyncioAuthenticatorOptions,
    loop?: unknown | AsyncioAuthenticatorOptions,
    encoding?: BufferEncoding | null | AuthenticatorOptions,
    log?: Logger | null,
  ) {
    const { loop: _, ...options } = construction(
      ["context", "loop", "encoding", "log"],
      [context, loop, encoding, log],
    );
    super(options);
  }
}

export interface AsyncioAuthenticatorOptions extends AuthenticatorOptions {
  /** Of no effect. */
  loop?: unknown;
}
