/** One start of a device, and what becomes of it. */
import { isGone } from "../engine.js";
import { onAbort } from "../pending.js";
import type { Running } from "./thread.js";

export class Session {
  readonly started: Promise<void>;
  /** Resolves, and never rejects, when it is over: with what has ended it, if something has. */
  readonly ended: Promise<unknown>;
  running: Running | undefined;
  #leaving = false;
  #over = false;
  #deafen: (() => void) | undefined;

  /**
   * @param launch starts the device
   * @param first what has to settle before
   * @param signal gives up the start-up, and later stops the device
   */
  constructor(
    launch: () => Promise<Running>,
    first: readonly Promise<unknown>[],
    signal: AbortSignal | undefined,
  ) {
    this.started = this.#begin(launch, first, signal);
    this.ended = this.started.then(
      () => this.#end(),
      () => undefined,
    );
  }

  /** It has been told to stop, or is over: another start may follow it. */
  get leaving(): boolean {
    return this.#leaving || this.#over;
  }

  get over(): boolean {
    return this.#over;
  }

  /** A start-up that is under way is completed first. */
  stop(): void {
    this.#leaving = true;
    this.running?.stop();
  }

  async #begin(
    launch: () => Promise<Running>,
    first: readonly Promise<unknown>[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    try {
      // Nothing to wait for: the device is launched at once, within the call of `start`.
      if (first.length > 0) await Promise.all(first);
      if (signal?.aborted) throw signal.reason;
      this.running = await launch();
      this.#deafen = signal && onAbort(signal, () => this.stop());
      if (this.#leaving || signal?.aborted) this.running.stop();
    } catch (error) {
      this.#over = true;
      throw error;
    }
  }

  async #end(): Promise<unknown> {
    const reason = await this.running?.ended;
    this.#deafen?.();
    this.#over = true;
    return reason;
  }
}

const FOREVER = 2 ** 31 - 1;

/** Keeps the process alive while somebody waits for a device, which does not do so by itself. */
export function held<T>(promise: Promise<T>): Promise<T> {
  const hold = setInterval(() => {}, FOREVER);
  return promise.finally(() => clearInterval(hold));
}

/** Tells of a device that nobody has stopped and that has failed while nobody was waiting for an answer. */
export function warnOf(name: string, reason: unknown): void {
  if (reason === undefined || isGone(reason)) return;
  const message = reason instanceof Error ? reason.message : String(reason);
  process.emitWarning(`a ${name} has ended: ${message}`, { type: "DeviceWarning", code: "NODEZMQ_DEVICE" });
}
