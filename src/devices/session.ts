/** One start of a device, and what becomes of it. */
import { isGone } from "../errors.js";
import { onAbort } from "../pending.js";
import type { Running } from "./thread.js";

export class Session {
  readonly #launch: () => Promise<Running>;
  readonly #before: Promise<unknown> | undefined;
  readonly #signal: AbortSignal | undefined;
  /** Settles when it runs, or does not. */
  started: Promise<void> = Promise.resolve();
  /** Resolves, and never rejects, when it is over: with what has ended it, if something has. */
  ended: Promise<unknown> = this.started;
  running: Running | undefined;
  #leaving = false;
  #over = false;
  #deafen: (() => void) | undefined;

  /**
   * @param launch starts the device
   * @param before what has to have come to its end
   * @param signal gives up the start-up, and later stops the device
   */
  constructor(
    launch: () => Promise<Running>,
    before: Promise<unknown> | undefined,
    signal: AbortSignal | undefined,
  ) {
    this.#launch = launch;
    this.#before = before;
    this.#signal = signal;
  }

  /** To be called when the device knows of the session: a program's context factory may call back into it. */
  begin(): void {
    this.started = this.#begin();
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

  async #begin(): Promise<void> {
    const signal = this.#signal;
    try {
      // Nothing to wait for: the device is launched at once, within the call of `start`.
      if (this.#before !== undefined) await this.#before;
      if (signal?.aborted) throw signal.reason;
      this.running = await this.#launch();
      if (signal?.aborted) {
        this.running.stop();
        await this.running.ended;
        throw signal.reason;
      }
      this.#deafen = signal && onAbort(signal, () => this.stop());
      if (this.#leaving) this.running.stop();
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

/** Tells of a device that nobody has stopped and that has failed while nobody was waiting for an answer. */
export function warnOf(name: string, reason: unknown): void {
  if (reason === undefined || isGone(reason)) return;
  const message = reason instanceof Error ? reason.message : String(reason);
  process.emitWarning(`a ${name} has ended: ${message}`, { type: "DeviceWarning", code: "NODEZMQ_DEVICE" });
}
