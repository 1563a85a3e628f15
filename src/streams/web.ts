/** The Web's streams of a socket. Loaded by the first getter that asks for one. */
import { ReadableStream, WritableStream } from "node:stream/web";
import type { MessageData } from "../data.js";
import type { Engine } from "../engine.js";
import type { Sending } from "../sending.js";
import { checkDirections, readOne, sendOne } from "./exchange.js";

/** @param renew is called when the stream has come to an end that is not the socket's */
export function readable(engine: Engine, renew: () => void): ReadableStream<Buffer[]> {
  checkDirections(engine, true, false);
  const stop = new AbortController();
  let ended = false;
  let forget = (): void => {};
  return new ReadableStream<Buffer[]>(
    {
      start(controller) {
        forget = engine.onClose(() => {
          if (ended) return;
          ended = true;
          controller.close();
        });
      },
      pull(controller) {
        if (ended) return;
        return new Promise<void>((resolve, reject) => {
          readOne(engine, stop.signal, {
            message: (frames) => {
              controller.enqueue(frames);
              resolve();
            },
            end: () => {
              if (!ended) controller.close();
              ended = true;
              forget();
              resolve();
            },
            error: (error) => {
              forget();
              renew();
              reject(error);
            },
          });
        });
      },
      cancel() {
        forget();
        stop.abort();
        renew();
      },
    },
    { highWaterMark: 0 },
  );
}

/** @param renew is called when the stream has come to an end */
export function writable(socket: Sending, engine: Engine, renew: () => void): WritableStream<MessageData> {
  checkDirections(engine, false, true);
  return new WritableStream<MessageData>(
    {
      async write(message, controller) {
        // Node's types do not know it. Aborting the stream ends a write that waits.
        const { signal } = controller as unknown as { signal: AbortSignal };
        try {
          await sendOne(socket, engine, message, signal);
        } catch (error) {
          renew();
          throw error;
        }
      },
      close: renew,
      abort: renew,
    },
    // The one message that waits. With 0 nobody would ever be told to write.
    { highWaterMark: 1 },
  );
}
