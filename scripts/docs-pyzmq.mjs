// Writes docs/pyzmq.md: the guide in surface/guide.md, with the names that there are counted and the side by side of a real
// program. With --check it only compares, and fails when the committed page is another.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { survey } from "./surface/survey.mjs";

const at = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const page = at("../docs/pyzmq.md");
const sideBySide = at("../docs/pyzmq-side-by-side.md");

function counts() {
  const rows = survey().modules.map(
    ({ module, total, main, pyzmq }) => `| \`${module}\` | ${total} | ${main} | ${pyzmq} |`,
  );
  return ["| module | names | `nodezmq` | `nodezmq/pyzmq` |", "| --- | --- | --- | --- |", ...rows].join(
    "\n",
  );
}

/** One row for names with the same reason. */
function missing() {
  /** @type {Map<string, string[]>} */
  const byReason = new Map();
  for (const { path, reason } of survey().modules.flatMap((module) => module.missing)) {
    const text = reason ?? "not yet";
    byReason.set(text, [...(byReason.get(text) ?? []), `\`${path}\``]);
  }
  const rows = [...byReason].map(([reason, paths]) => `| ${paths.join(", ")} | ${reason} |`);
  return ["| names | why |", "| --- | --- |", ...rows].join("\n");
}

/** The program in both languages, one level deeper than on its own page. */
function program() {
  if (!existsSync(sideBySide)) return "";
  const text = readFileSync(sideBySide, "utf8").trim();
  let code = false;
  const lines = text.split("\n").map((line) => {
    if (line.startsWith("```")) code = !code;
    return !code && line.startsWith("#") ? `#${line}` : line;
  });
  return `${lines.join("\n")}\n`;
}

const text = readFileSync(at("surface/guide.md"), "utf8")
  .replace("<!-- side by side -->\n", () => (program() === "" ? "" : `${program()}\n`))
  .replace("<!-- counts -->", counts)
  .replace("<!-- missing -->", missing);

if (!process.argv.includes("--check")) {
  writeFileSync(page, text);
} else if (!existsSync(page) || readFileSync(page, "utf8") !== text) {
  console.log("docs/pyzmq.md is stale: npm run docs writes it anew");
  process.exit(1);
}
