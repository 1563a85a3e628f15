import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
type Target = string | { import?: Target; default?: Target };
const { exports } = JSON.parse(readFileSync(here("package.json"), "utf8")) as {
  exports: Record<string, Target>;
};
const file = (target: Target): string =>
  typeof target === "string" ? target : file(target.import ?? target.default ?? "");

export default defineConfig({
  resolve: {
    // Tests use what is published: the compiled package, by its name. Workers and child processes load the same files.
    alias: Object.entries(exports).map(([path, target]) => ({
      find: new RegExp(`^nodezmq${path.slice(1)}$`),
      replacement: here(file(target)),
    })),
  },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/bun/**", "test/deno/**"], // run by their own runners, see scripts/test-runtimes.mjs
    pool: "forks",
    maxWorkers: "100%", // most of the time is waiting for other processes
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Loaded by Node itself: it is CommonJS, and there must be one copy of its classes.
    server: { deps: { external: [/\/lib\/.*\.m?js$/] } },
  },
});
