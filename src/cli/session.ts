/** A command's context: opened, ended in order at a signal, errors told as the user's. */
import type { Context } from "../index.js";
import { CommandError, Interrupted, TimedOut } from "./usage.js";

export type Library = typeof import("../index.js");

export interface Session {
  zmq: Library;
  context: Context;
  /** Aborted by SIGINT and SIGTERM. */
  signal: AbortSignal;
}

/**
 * Runs a command's body with a context of its own.
 *
 * What is queued when the body has returned is still delivered, for as long as the sockets' LINGER says; after a failure
 * or a signal it is dropped, unless `linger` (in milliseconds) says otherwise. A second signal ends at once.
 */
export async function inSession(
  body: (session: Session) => Promise<void>,
  linger: number | undefined = undefined,
): Promise<void> {
  const zmq = await import("../index.js");
  const context = new zmq.Context();
  const controller = new AbortController();
  const { signal } = controller;
  let ending = false;
  const stop = (name: NodeJS.Signals): void => {
    const reason = new Interrupted(name);
    if (ending || signal.aborted) {
      zmq.setExitLinger(0);
      process.exit(reason.code);
    }
    controller.abort(reason);
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  let limit = linger ?? 0;
  try {
    await body({ zmq, context, signal });
    signal.throwIfAborted();
    limit = linger ?? -1;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof zmq.Again) throw new TimedOut("timed out");
    if (error instanceof zmq.ZMQError) throw new CommandError(error.message);
    throw error;
  } finally {
    ending = true;
    await context.destroy(limit);
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}
