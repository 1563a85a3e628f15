/** Run by `deno test --allow-all test/deno`: see scripts/test-runtimes.mjs. */
import { behaviours } from "../runtimes/behaviour.mjs";

declare const Deno: {
  test(options: {
    name: string;
    fn: () => Promise<void>;
    sanitizeOps: boolean;
    sanitizeResources: boolean;
  }): void;
};

// The sanitizers watch Deno's own operations, which a native library's threads are none of.
for (const [name, fn] of behaviours) Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
