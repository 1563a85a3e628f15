// Holds test/README.md and test/pyzmq.md against test/: every clause of the contract has tests, every test a clause,
// and every case of pyzmq's tests has one of ours or a reason why there is none.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./setup.mjs";

/** How many clauses each section of the contract has. */
const CLAUSES = [6, 3, 7, 7, 7, 5, 7, 17];

const folder = join(root, "test");
const faults = /** @type {string[]} */ ([]);

/** The file of a test's name: `x` is x.test.ts, `x.test-d` the type tests of x.test-d.ts. @param {string} name */
const file = (name) => (name.endsWith(".test-d") ? `${name}.ts` : `${name}.test.ts`);

/** @param {string} name @param {string} where */
function need(name, where) {
  if (!existsSync(join(folder, file(name)))) faults.push(`${where}: test/${file(name)} does not exist`);
}

const page = readFileSync(join(folder, "README.md"), "utf8");
const rows = [...page.matchAll(/^\| ([\d.]*) ?\| (.+) \| ([\w, .-]+) \|$/gm)]
  .map(([, clause = "", , tests = ""]) => ({ clause, tests: tests.split(", ") }))
  .filter(({ tests: [first = ""] }) => first !== "tests" && !/^-+$/.test(first));

const clauses = rows.map(({ clause }) => clause).filter((clause) => clause !== "");
const wanted = CLAUSES.flatMap((count, section) =>
  Array.from({ length: count }, (_, i) => `${section + 1}.${i + 1}`),
);
for (const clause of wanted) {
  const times = clauses.filter((one) => one === clause).length;
  if (times !== 1) faults.push(`clause ${clause} has ${times} rows`);
}
for (const clause of clauses) if (!wanted.includes(clause)) faults.push(`there is no clause ${clause}`);

for (const { clause, tests } of rows) for (const name of tests) need(name, `clause ${clause}`);

const named = new Set(rows.flatMap(({ tests }) => tests.map(file)));
for (const one of readdirSync(folder)) {
  if (/\.test(-d)?\.ts$/.test(one) && !named.has(one)) faults.push(`test/${one} belongs to no clause`);
}

// The names come first in a cell; remarks follow in brackets or behind a semicolon.
const cases = readFileSync(join(folder, "pyzmq.md"), "utf8");
for (const [, pyzmq = "", ours = ""] of cases.matchAll(/^\| (.+) \| (.+) \|$/gm)) {
  if (ours === "ours" || /^-+$/.test(ours) || /^none: \S/.test(ours)) continue;
  for (const name of ours.replace(/(;| \().*/, "").split(", ")) need(name, `pyzmq's ${pyzmq}`);
}

for (const fault of faults) console.log(fault);
if (faults.length > 0) process.exit(1);
