/** What cancels a call of this entry. */

type Listener = () => void;

/**
 * An AbortSignal for one call, as far as the library looks at it, and its controller in one: to make a real pair takes
 * several times as long as a receive.
 */
export class CallSignal {
  aborted = false;
  reason: unknown = undefined;
  readonly #looks: boolean;
  #listeners: Set<Listener> | undefined;

  /** @param looks whether the operation also looks at it from time to time */
  constructor(looks = false) {
    this.#looks = looks;
  }

  /** Whether it has an effect: an operation listens for exactly as long as it waits. */
  get heard(): boolean {
    return this.#looks || (this.#listeners !== undefined && this.#listeners.size > 0);
  }

  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    for (const listener of this.#listeners ?? []) listener();
  }

  addEventListener(_type: "abort", listener: Listener): void {
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
  }

  removeEventListener(_type: "abort", listener: Listener): void {
    this.#listeners?.delete(listener);
  }

  static is(value: unknown): value is CallSignal {
    return typeof value === "object" && value !== null && #listeners in value;
  }
}
Object.setPrototypeOf(CallSignal.prototype, AbortSignal.prototype);
