// The generated tests, far longer than `npm test` runs them: 100,000 public calls against the model, and 4,000 hostile
// conversations of each kind with each kind of socket. The figures can be given: npm run test:fuzz -- 1000000 20000
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fail, root, SetupError, setup } from "./setup.mjs";

const [commands = "100000", conversations = "4000"] = process.argv.slice(2);
for (const figure of [commands, conversations]) {
  if (!/^\d+$/.test(figure)) fail(new SetupError(`expected a number, got ${figure}`));
}

await setup().catch(fail);
const run = spawnSync(
  process.execPath,
  [join(root, "node_modules", "vitest", "vitest.mjs"), "run", "test/model.test.ts", "test/hostile.test.ts"],
  {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, NODEZMQ_MODEL: commands, NODEZMQ_FUZZ: conversations },
  },
);
process.exit(run.status ?? 1);
