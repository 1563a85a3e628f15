// How long it takes to load a binding, in milliseconds.
//   node require.mjs nodezmq|zeromq
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const name = process.argv[2] ?? "nodezmq";
const begun = performance.now();
require(name);
const milliseconds = performance.now() - begun;
process.stdout.write(`${JSON.stringify({ done: true, milliseconds })}\n`);
