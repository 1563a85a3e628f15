/** The descriptor of thread-safe sockets, which is not quite their own. */
import { THREAD_SAFE } from "./constants.js";
import { DraftFDWarning } from "./errors.js";
import { Kind, type NativeSocket } from "./native.js";

let warned = false;

/** Warns, once, of an FD that stands in for one that the socket does not have. */
export function warnOfDraftDescriptor(native: NativeSocket): void {
  if (warned || native.get(THREAD_SAFE, Kind.INT) !== 1) return;
  warned = true;
  process.emitWarning(new DraftFDWarning());
}
