/** What the commands share: what they are, how they are called wrongly, and how they end. */

/** Writes to standard output, and waits while its reader is slow. */
export type Print = (text: string | Uint8Array) => Promise<void>;

export interface Command {
  /** A line for the list of commands. */
  summary: string;
  help: string;
  run(args: readonly string[], print: Print): Promise<void>;
}

/** A command that was called wrongly: exit code 2, with its usage. */
export class UsageError extends Error {}

/** A command that failed: exit code 1, with its message, if it has one. */
export class CommandError extends Error {}

/** What was waited for did not come within `--timeout`: exit code 124, as timeout(1) has it. */
export class TimedOut extends Error {}

/** Ended by a signal: exit code 128 and its number, as shells have it. */
export class Interrupted extends Error {
  readonly code: number;

  constructor(signal: NodeJS.Signals) {
    super(signal);
    this.code = signal === "SIGINT" ? 130 : 143;
  }
}

/** Runs util.parseArgs, whose complaints are the user's. */
export function parsing<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
