// Opening and closing sockets: how long it takes and what stays.
//   node sockets.mjs ours|zeromq
import { readdirSync } from "node:fs";
import { Context as OurContext, PUSH } from "nodezmq";
import * as zeromq from "zeromq";
import { summarize } from "../statistics.mjs";
import { library, name, say, turn } from "./library.mjs";

const CYCLES = 10_000;
const AT_ONCE = 1000;
/** So often: one collection of V8's takes as long as all of them. */
const ROUNDS = 9;
const CONTEXTS = 20;

/** Entries of a folder in /proc; NaN where there is none. @param {string} folder */
function entries(folder) {
  try {
    return readdirSync(`/proc/self/${folder}`).length;
  } catch {
    return Number.NaN;
  }
}

/** Waits, with limits, until as few are left as before. @param {string} folder @param {number} before */
async function settled(folder, before) {
  const deadline = performance.now() + 2000;
  while (entries(folder) > before && performance.now() < deadline) await turn();
  return entries(folder) - before;
}

/** libzmq closes sockets in the background: a program that is faster has to let it. @template T @param {() => T} open */
async function opened(open) {
  for (;;) {
    try {
      return open();
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EMFILE") throw error;
      await turn();
    }
  }
}

library.push().close(); // the context's threads have been started
const descriptors = entries("fd");

const begun = performance.now();
for (let i = 0; i < CYCLES; i++) (await opened(() => library.push())).close();
const cycles = performance.now() - begun;
await settled("fd", descriptors);

const rounds = [];
let perSocket = Number.NaN;
let descriptorsLeft = Number.NaN;
for (let round = 0; round < ROUNDS; round++) {
  const sockets = [];
  const opening = performance.now();
  for (let i = 0; i < AT_ONCE; i++) sockets.push(await opened(() => library.push()));
  const open = performance.now() - opening;
  perSocket = (entries("fd") - descriptors) / AT_ONCE;
  const closing = performance.now();
  for (const socket of sockets) socket.close();
  rounds.push(open + performance.now() - closing);
  descriptorsLeft = await settled("fd", descriptors);
}
const atOnce = summarize(rounds).median;

const threads = entries("task");
for (let i = 0; i < CONTEXTS; i++) {
  if (name === "ours") {
    const context = new OurContext();
    context.socket(PUSH).close();
    await context.term();
  } else {
    const context = new zeromq.Context();
    new zeromq.Push({ context }).close();
  }
}
const threadsLeft = name === "ours" ? await settled("task", threads) : Number.NaN;
say({ done: true, cycles, atOnce, perSocket, descriptorsLeft, threadsLeft });
process.exit(0);
