import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    // Tests use what is published: the compiled package, by its name. Workers and child processes load the same files.
    alias: { nodezmq: fileURLToPath(new URL("./lib/index.js", import.meta.url)) },
  },
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Loaded by Node itself: it is CommonJS, and there must be one copy of its classes.
    server: { deps: { external: [/\/lib\/.*\.m?js$/] } },
  },
});
