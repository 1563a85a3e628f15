/** What the commands share: how they are called wrongly, and how they end. */

/** A command that was called wrongly: exit code 2, with its usage. */
export class UsageError extends Error {}

/** A command that failed: exit code 1, with its message. */
export class CommandError extends Error {}

/** Runs util.parseArgs, whose complaints are the user's. */
export function parsing<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
