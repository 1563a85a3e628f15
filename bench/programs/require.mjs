// How long it takes to load a binding, in milliseconds.
//   node require.mjs nodezmq|zeromq [require|import]
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const [, , name = "nodezmq", how = "require"] = process.argv;
const begun = performance.now();
if (how === "import") await import(name);
else require(name);
const milliseconds = performance.now() - begun;
process.stdout.write(`${JSON.stringify({ done: true, milliseconds })}\n`);
