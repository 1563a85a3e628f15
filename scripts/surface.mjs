// Compares the library with pyzmq's public names: says how many of each module there are, and which are not, with the
// reason. Fails on a name without a reason, and on a reason for a name that is there. The numbers: `npm run surface`.
import { survey } from "./surface/survey.mjs";

const { modules, stale } = survey();
const quiet = process.argv.includes("--quiet");
const rows = modules.map(({ module, total, main, pyzmq }) => [
  module,
  `${main}/${total}`,
  `${pyzmq}/${total}`,
]);
const sum = (/** @type {"total" | "main" | "pyzmq"} */ key) =>
  modules.reduce((all, one) => all + one[key], 0);
rows.push(["all", `${sum("main")}/${sum("total")}`, `${sum("pyzmq")}/${sum("total")}`]);
rows.unshift(["module", "nodezmq", "nodezmq/pyzmq"]);
if (!quiet) {
  for (const [module = "", main = "", pyzmq = ""] of rows) {
    console.log(`${module.padEnd(26)}${main.padStart(10)}${pyzmq.padStart(16)}`);
  }
}

const missing = modules.flatMap((module) => module.missing);
const where = (/** @type {string} */ entry) => (entry === "both" ? "" : ` (in ${entry})`);
if (!quiet && missing.some(({ reason }) => reason !== undefined)) {
  console.log("\nNot there, and why:");
  for (const { path, where: entry, reason } of missing) {
    if (reason !== undefined) console.log(`  ${path}${where(entry)}: ${reason}`);
  }
}
const unexplained = missing.filter(({ reason }) => reason === undefined);
if (unexplained.length > 0) {
  console.log(`\n${unexplained.length} names are missing without a reason (scripts/surface/missing.json):`);
  for (const { path, where: entry } of unexplained) console.log(`  ${path}${where(entry)}`);
}
for (const path of stale) console.log(`\nscripts/surface/missing.json excuses ${path}, which is there`);
if (unexplained.length > 0 || stale.length > 0) process.exit(1);
