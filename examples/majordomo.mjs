// The Majordomo protocol, version 0.2: what its client, broker and worker say to each other.

/** The first frame of everything between client and broker; then the command, the service's name, the body. */
export const CLIENT = "MDPC02";
export const ClientCommand = /** @type {const} */ ({ REQUEST: 1, PARTIAL: 2, FINAL: 3 });

/** The first frame of everything between worker and broker; then the command, and what belongs to it. */
export const WORKER = "MDPW02";
export const WorkerCommand = /** @type {const} */ ({
  /** The service's name. */
  READY: 1,
  /** The client, an empty frame, the body; so are PARTIAL and FINAL. */
  REQUEST: 2,
  PARTIAL: 3,
  FINAL: 4,
  HEARTBEAT: 5,
  DISCONNECT: 6,
});

/** A command as a frame. @param {number} number */
export const command = (number) => Uint8Array.of(number);
