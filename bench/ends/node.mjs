// One end of a measurement in Node.js. See README.md for the command line and what is printed.
import { createInterface } from "node:readline";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { run } from "./roles.mjs";
import { readSpec } from "./spec.mjs";

/** @param {object} line */
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

/** Until the harness closes standard input, or the parent thread says so. */
function dismissed() {
  return new Promise((resolve) => {
    if (isMainThread) createInterface(process.stdin).on("close", resolve);
    else parentPort?.once("message", resolve);
  });
}

const spec = isMainThread ? readSpec(process.argv.slice(2)) : workerData;
const library = await import(`./${spec.library}.mjs`);

if (isMainThread && spec.where === "worker") {
  const worker = new Worker(new URL(import.meta.url), { workerData: spec });
  worker.on("message", say);
  await dismissed();
  worker.postMessage("leave");
} else {
  await run(library, spec, isMainThread ? say : (line) => parentPort?.postMessage(line), dismissed);
}
