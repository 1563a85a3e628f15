/** Runtimes that do not let a program load addons. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("where addons are forbidden, the error names the permission, and does not advise to build", () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const program = `try { require("nodezmq"); console.log("loaded"); } catch (error) { console.log(error.message); }`;
  const env = { ...process.env, NODEZMQ_BINARY: undefined }; // of a sanitizer run
  const run = spawnSync(process.execPath, ["--no-addons", "-e", program], {
    cwd: root,
    env,
    encoding: "utf8",
  });
  expect(run.stdout).toMatch(/^nodezmq may not load its addon \(.*\): Node\.js needs --allow-addons/);
  expect(run.stdout).not.toContain("build.mjs");
});
