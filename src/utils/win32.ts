/** zmq.utils.win32: Ctrl-C on Windows. */
import { typeError } from "../errors.js";

/** What `allowInterrupt` returns: `using` ends it at the end of the block. */
export interface InterruptHandler extends Disposable {
  /** Calls back no more. */
  close(): void;
}

/**
 * Calls back at Ctrl-C, on Windows, until it is closed. Elsewhere it does nothing, as in pyzmq: a program's own SIGINT
 * handler does. With an action Ctrl-C does not end the process.
 */
export function allowInterrupt(action?: (() => unknown) | null): InterruptHandler {
  if (action !== undefined && action !== null && typeof action !== "function")
    throw typeError(`an action is a function; got ${typeof action}`);
  const wanted = process.platform === "win32" && action ? () => void action() : undefined;
  if (wanted !== undefined) process.on("SIGINT", wanted);
  const close = (): void => {
    if (wanted !== undefined) process.off("SIGINT", wanted);
  };
  return { close, [Symbol.dispose]: close };
}
