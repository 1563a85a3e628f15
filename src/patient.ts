/** REQ and REP take turns. A call out of turn fails with EFSM; whoever has a queue or a stream waits for the turn. */
import { EFSM } from "./constants.js";
import { ZMQError } from "./errors.js";
import type { Attempt } from "./pending.js";

/** The attempt, but one that is out of turn would block: libzmq says POLLIN or POLLOUT when its turn has come. */
export function patient<T>(attempt: Attempt<T>): Attempt<T> {
  return () => {
    try {
      return attempt();
    } catch (error) {
      if (error instanceof ZMQError && error.errno === EFSM) return undefined;
      throw error;
    }
  };
}
