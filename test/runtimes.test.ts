/** What is tested in Bun and Deno holds in Node.js, too. */
import { test } from "vitest";
import { behaviours } from "./runtimes/behaviour.mjs";

test.each(behaviours)("%s", (_, body) => body());
