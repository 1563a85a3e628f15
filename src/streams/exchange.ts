/** What all streams of a socket do with it: take a message when there is one, send one when there is room. */
import { takeMessage } from "../arena.js";
import { ENOTSOCK, POLLIN, POLLOUT, RCVTIMEO, TYPE } from "../constants.js";
import type { MessageData } from "../data.js";
import { mustReceive, mustSend } from "../direction.js";
import type { Engine } from "../engine.js";
import { Again, isGone, makeError } from "../errors.js";
import { Kind } from "../native.js";
import { Outgoing, partsOf } from "../outgoing.js";
import { patient } from "../patient.js";
import { Sending, type Sent } from "../sending.js";
import { overdue } from "../turn.js";

/** How the reading of one message ends. */
export interface Reader {
  message(frames: Buffer[]): void;
  /** The socket or its context has gone. */
  end(): void;
  error(error: unknown): void;
}

/**
 * Gives the reader one message, as soon as there is one. A message is taken and given in one step: aborting the signal
 * loses none. Obeys RCVTIMEO.
 */
export function readOne(engine: Engine, signal: AbortSignal, reader: Reader): void {
  const take = patient(() => takeMessage(engine.native));
  const look = (): void => {
    if (signal.aborted) return;
    let frames: Buffer[] | undefined;
    try {
      const turn = overdue();
      if (turn !== undefined) {
        turn.then(again);
        return;
      }
      // Those who wait by recv() come first.
      frames = engine.queued(POLLIN) ? undefined : (take() as Buffer[] | undefined);
      engine.touched();
      if (frames === undefined) wait();
    } catch (error) {
      failed(error);
    }
    if (frames !== undefined) reader.message(frames);
  };
  // In a tick of its own: what the stream's listeners throw is an uncaught exception, not a rejection.
  const again = (): void => process.nextTick(look);
  const wait = (): void => {
    const timeout = engine.native.get(RCVTIMEO, Kind.INT) as number;
    if (timeout === 0) throw new Again();
    engine.poll(POLLIN, { timeout, signal }).then((events) => {
      if (events !== 0) again();
      else failed(new Again());
    }, failed);
  };
  const failed = (error: unknown): void =>
    process.nextTick(() => {
      if (signal.aborted) return;
      if (isGone(error)) reader.end();
      else reader.error(error);
    });
  look();
}

/** Sends one message as soon as there is room. Obeys SNDTIMEO. */
export function sendOne(
  socket: Sending,
  engine: Engine,
  message: MessageData,
  signal: AbortSignal | undefined,
): Promise<Sent> {
  try {
    const outgoing = new Outgoing(
      Array.isArray(message) ? partsOf(message) : [message],
      Array.isArray(message) ? undefined : "the message (frame 0)",
      undefined,
      socket.copyThreshold,
    );
    const attempt = patient(Sending.senderOf(socket, outgoing, 0));
    return engine.run(POLLOUT, attempt, { timeout: undefined, signal }, false);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Refuses what could never work. */
export function checkDirections(engine: Engine, reads: boolean, writes: boolean): void {
  if (engine.closed) throw makeError(ENOTSOCK);
  const type = engine.native.get(TYPE, Kind.INT) as number;
  if (reads) mustReceive(type);
  if (writes) mustSend(type);
}
