import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(`${root}/README.md`, "utf8");

it("prints what the README says when a newcomer runs its complete example", () => {
  const example = /## A complete example\n\n```js\n(.*?)```\n\nIt prints\n\n```text\n(.*?)```/s.exec(readme);
  const [, program, output] = example ?? [];
  expect(program).toBeDefined();
  // A program that is given on the command line resolves "nodezmq" as one in this folder would.
  const command = ["--input-type=module", "--eval", program as string];
  expect(execFileSync(process.execPath, command, { cwd: root, encoding: "utf8" })).toBe(output);
});

it("has no link to a file that does not exist", () => {
  for (const name of [
    "README.md",
    "CONTRIBUTING.md",
    "docs/architecture.md",
    "docs/bundling.md",
    "docs/platforms.md",
    "docs/reliability.md",
    "docs/logging.md",
    "docs/commands.md",
    "docs/ssh.md",
  ]) {
    const folder = new URL(name, new URL("..", import.meta.url));
    for (const [, link] of readFileSync(folder, "utf8").matchAll(/\]\(([^)#]+?)(?:#[^)]*)?\)/g)) {
      if (/^https?:/.test(link as string)) continue;
      expect(() => readFileSync(new URL(link as string, folder)), `${name}: ${link}`).not.toThrow();
    }
  }
});
