/** The end of the process or worker. Its exit hooks may still call, but the end is not to wait for ever for a peer. */

let ending = false;
// Before all hooks, also those of a program that has registered them earlier.
process.prependListener("exit", () => {
  ending = true;
});

/** Milliseconds that a blocking call without a limit of its own may wait in an exit hook. */
const LAST_WAIT = 100;

/** How long a blocking call may wait, in milliseconds: as long as it likes (negative), except in an exit hook. */
export const patience = (limit: number): number => (ending && limit < 0 ? LAST_WAIT : limit);
