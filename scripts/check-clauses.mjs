// Holds test/README.md against test/: every clause of the contract has tests, and every test a clause.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./setup.mjs";

/** How many clauses each section of the contract has. */
const CLAUSES = [6, 3, 7, 7, 7, 5, 7, 17];

const page = readFileSync(join(root, "test", "README.md"), "utf8");
const [, pending = ""] = /<!-- pending([\s\S]*?)<!-- \/pending -->/.exec(page) ?? [];
const faults = /** @type {string[]} */ ([]);

/** @param {string} text */
const rows = (text) =>
  [...text.matchAll(/^\| ([\d.]*) ?\| (.+) \| ([\w, -]+) \|$/gm)]
    .filter(([, , , tests]) => !/^[-]+$/.test(tests ?? ""))
    .map(([, clause = "", , tests = ""]) => ({ clause, tests: tests.split(", ") }));

const path = (/** @type {string} */ name) => join(root, "test", `${name}.test.ts`);

const waiting = new Set(rows(pending).map(({ clause }) => clause));
const all = rows(page).filter(({ clause, tests }) => clause !== "clause" && tests[0] !== "tests");
const settled = all.filter(({ clause }) => clause === "" || !waiting.has(clause));

const clauses = all.map(({ clause }) => clause).filter((clause) => clause !== "");
const wanted = CLAUSES.flatMap((count, section) =>
  Array.from({ length: count }, (_, i) => `${section + 1}.${i + 1}`),
);
for (const clause of wanted) {
  const times = clauses.filter((one) => one === clause).length;
  if (times !== 1) faults.push(`clause ${clause} has ${times} rows`);
}
for (const clause of clauses) if (!wanted.includes(clause)) faults.push(`there is no clause ${clause}`);

for (const { clause, tests } of settled) {
  for (const name of tests) {
    if (!existsSync(path(name))) faults.push(`clause ${clause}: test/${name}.test.ts does not exist`);
  }
}
// A pending row is ready to move up once all of its files are there.
for (const { clause, tests } of rows(pending)) {
  if (clause !== "" && tests.every((name) => existsSync(path(name)))) {
    console.log(`clause ${clause} is pending no more: move its row up`);
  }
}

const named = new Set(all.flatMap(({ tests }) => tests));
for (const file of readdirSync(join(root, "test"))) {
  const [, name] = /^(.*)\.test\.ts$/.exec(file) ?? [];
  if (name === undefined || named.has(name)) continue;
  // Tests of modules that are still pending come with those modules.
  if (pending === "") faults.push(`test/${file} belongs to no clause`);
  else console.log(`test/${file} belongs to no clause yet`);
}

for (const fault of faults) console.log(fault);
if (faults.length > 0) process.exit(1);
