/** Run by `bun test test/bun`: see scripts/test-runtimes.mjs. */
import { test } from "bun:test";
import { behaviours } from "../runtimes/behaviour.mjs";

for (const [name, body] of behaviours) test(name, body, 60_000);
