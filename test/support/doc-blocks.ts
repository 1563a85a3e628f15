/** The code blocks of the guides, and how each is meant. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** README.md and docs/*.md. */
export const guides: readonly string[] = [
  "README.md",
  ...readdirSync(`${root}docs`)
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

export interface Block {
  page: string;
  /** The line of its fence, from 1. */
  line: number;
  language: string;
  code: string;
  /** Why it cannot run alone, of `<!-- not run: reason -->` on the line before. */
  notRun?: string;
  /** What readers need not see: `<!-- before: code -->` ahead of it. */
  before: string;
  /** What it prints: a `text` block behind it, with a line like "It prints" between them at most. */
  prints?: string;
}

export const read = (page: string): string => readFileSync(root + page, "utf8");

const FENCE = /^```(\S*)[^\n]*\n(.*?)^```$/gms;

/** The blocks of a page. */
export function blocks(page: string): Block[] {
  const text = read(page);
  const found: Block[] = [];
  let end = 0;
  for (const match of text.matchAll(FENCE)) {
    const [whole, language = "", code = ""] = match;
    const between = text.slice(end, match.index);
    end = match.index + whole.length;
    const previous = found.at(-1);
    if (language === "text" && previous !== undefined && /^\s*(?:[^\n#]+\s*)?$/.test(between)) {
      previous.prints = code;
    }
    const [, comment = ""] = /<!-- ((?:(?!-->).)*?) ?-->\n$/s.exec(between) ?? [];
    const [, notRun] = /^not run: (.+)$/s.exec(comment) ?? [];
    const [, before = ""] = /^before:\s(.*)$/s.exec(comment) ?? [];
    const line = text.slice(0, match.index).split("\n").length;
    found.push({ page, line, language, code, before, ...(notRun === undefined ? {} : { notRun }) });
  }
  return found;
}

/** The commands of a shell block, each as its words; what only a shell understands is left out. */
export function commands(script: string): string[][] {
  const lines = script.replaceAll("\\\n", " ").split("\n");
  return lines.flatMap((line) => {
    const words = line.match(/'[^']*'|"[^"]*"|&&|\|\||[|;&<>]|#.*$|[^\s|;&<>'"]+(?:"[^"]*"|'[^']*')?/g) ?? [];
    const found: string[][] = [[]];
    for (const word of words) {
      if (word.startsWith("#")) break;
      if (/^(?:&&|\|\||[|;&<>])$/.test(word)) found.push([]);
      else found.at(-1)?.push(word);
    }
    return found.filter((command) => command.length > 0);
  });
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchors(page: string): Set<string> {
  const headings = read(page)
    .replace(FENCE, "")
    .matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}
