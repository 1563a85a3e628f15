/**
 * What the guides show works: programs run and print what is said, TypeScript compiles, commands and files exist.
 *
 * A block that cannot run alone has `<!-- not run: reason -->` on the line before; its syntax is still checked. What it takes
 * for granted may stand in `<!-- before: code -->`.
 */
import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { anchors, type Block, blocks, commands, guides, read, root } from "./support/doc-blocks.js";
import { examplePorts } from "./support/example-program.js";
import { python } from "./support/python.js";

vi.setConfig({ maxConcurrency: 4 });

const run = promisify(execFile);
const all = guides.flatMap(blocks);
const of = (...languages: string[]): Block[] => all.filter(({ language }) => languages.includes(language));
const where = ({ page, line }: Block): string => `${page}:${line}`;

/** A folder of the repository's, for "nodezmq" to be found from it. */
let folder: string;

beforeAll(() => {
  mkdirSync(`${root}build`, { recursive: true });
  folder = mkdtempSync(`${root}build/docs-`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Puts a block into a folder of its own. */
function file(block: Block, name: string, code = block.code): string {
  const own = join(folder, `${block.page.replaceAll(/\W/g, "-")}-${block.line}`);
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, name), code);
  return join(own, name);
}

/** The same text with ports that nobody else uses in place of those that guides like to name. */
async function withFreePorts(...texts: string[]): Promise<string[]> {
  const named = new Set(texts.flatMap((text) => text.match(/(?<=(?:tcp|ws):\/\/[\w.*-]+:)\d{4,5}\b/g) ?? []));
  const free = await examplePorts(named.size);
  const ports = new Map([...named].map((port, i) => [port, String(free[i])]));
  return texts.map((text) => text.replaceAll(/\b\d{4,5}\b/g, (number) => ports.get(number) ?? number));
}

describe("a program of a guide", () => {
  const programs = of("js", "mjs");
  const alone = programs.filter(({ notRun }) => notRun === undefined);

  it.concurrent.for(alone.map((block) => [where(block), block] as const))(
    "%s runs, and prints what the guide says",
    async ([, block], { signal }) => {
      const code = `${block.before}\n${block.code}`;
      const [program = "", prints = ""] = await withFreePorts(code, block.prints ?? "");
      const path = file(block, "program.mjs", program);
      // A failure is an error that shows what the program wrote.
      const { stdout, stderr } = await run(process.execPath, [path], { cwd: dirname(path), signal });
      expect(stderr).not.toMatch(/^\(node:\d+\)/m); // a warning of Node's or the library's
      if (block.prints !== undefined) expect(stdout).toBe(prints);
    },
  );

  const fragments = programs.filter(({ notRun }) => notRun !== undefined);
  it.concurrent.for(fragments.map((block) => [where(block), block] as const))(
    "%s, which cannot run alone, is JavaScript",
    async ([, block], { signal }) => {
      await run(process.execPath, ["--check", file(block, "program.mjs")], { signal });
    },
  );

  it("in TypeScript compiles", () => {
    const sources = of("ts", "mts");
    if (sources.length === 0) return;
    for (const block of sources) file(block, "program.mts", `${block.before}\n${block.code}\nexport {};\n`);
    const config = {
      extends: `${root}tsconfig.test.json`,
      compilerOptions: { rootDir: root, noUnusedLocals: false, noUnusedParameters: false },
      include: ["**/*.mts"],
      exclude: [],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = [`${root}node_modules/typescript/bin/tsc`, "--noEmit", "-p", folder];
    expect(spawnSync(process.execPath, tsc, { encoding: "utf8" }).stdout).toBe("");
  });

  it("in Python is Python", () => {
    const sources = of("python").map((block) => [where(block), block.code]);
    const check = "import json, sys\nfor name, code in json.load(sys.stdin): compile(code, name, 'exec')";
    const input = JSON.stringify(sources);
    expect(spawnSync(python(), ["-c", check], { input, encoding: "utf8" }).stderr).toBe("");
  });

  it("says which language it is in", () => {
    const known = ["js", "mjs", "ts", "mts", "sh", "python", "json", "text", "mermaid"];
    expect(all.filter(({ language }) => !known.includes(language)).map(where)).toEqual([]);
    for (const { code } of of("json")) expect(() => JSON.parse(code)).not.toThrow();
  });
});

describe("a command of a guide", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const npmsOwn = ["install", "ci", "exec", "init", "create", "pack"];
  const shell = of("sh").flatMap((block) => commands(block.code).map((words) => ({ block, words })));

  it("is one that a shell understands", () => {
    for (const block of of("sh")) {
      const { stderr } = spawnSync("sh", ["-n"], { input: block.code, encoding: "utf8" });
      expect(stderr, where(block)).toBe("");
    }
  });

  it("names a script of package.json", () => {
    for (const { block, words } of shell) {
      const [program, command = "", script = ""] = words;
      if (program !== "npm") continue;
      const name = command === "run" ? script : command;
      const known = Object.hasOwn(scripts, name) || (command !== "run" && npmsOwn.includes(name));
      expect(known, `${where(block)}: ${words.join(" ")}`).toBe(true);
    }
  });

  it("names a file of the repository, or one that the guide tells of", () => {
    for (const { block, words } of shell) {
      const [program, path = ""] = words;
      if (program !== "node" || path.startsWith("-")) continue;
      const ours = existsSync(root + path.replace(/^node_modules\/nodezmq\//, ""));
      const told = new RegExp(`[\`/*] ?${path.replaceAll(".", "\\.")}\\b`).test(read(block.page));
      expect(ours || told, `${where(block)}: ${words.join(" ")}`).toBe(true);
    }
  });

  it("names a command of nodezmq's and options that it has", async () => {
    const main = `${root}lib/cli/main.js`;
    const helps = new Map<string, Promise<string>>();
    const help = (command: string): Promise<string> => {
      const words = command === "" ? ["--help"] : [command, "--help"];
      const known =
        helps.get(command) ?? run(process.execPath, [main, ...words]).then(({ stdout }) => stdout);
      helps.set(command, known);
      return known;
    };
    const checks = shell.map(async ({ block, words }) => {
      const [program, ...args] = words[0] === "npx" ? words.slice(1) : words;
      if (program !== "nodezmq") return;
      const command = args.find((word) => !word.startsWith("-")) ?? "";
      const text = await help(command);
      for (const word of args.filter((arg) => arg.startsWith("-") && arg !== "-")) {
        const [option = ""] = word.split("=");
        expect(text.match(/(?<![\w-])--?[a-z][\w-]*/g), `${where(block)}: ${words.join(" ")}`).toContain(
          option,
        );
      }
    });
    await Promise.all(checks);
    expect(helps.size).toBeGreaterThan(0);
  });
});

describe("a link", () => {
  const pages = [
    ...guides,
    ...readdirSync(root).filter((name) => name.endsWith(".md") && name !== "README.md"),
    "examples/README.md",
    "test/README.md",
  ];

  it.each(pages)("of %s leads to a file that exists, and to a heading of it", (page) => {
    for (const [link, path = "", anchor] of read(page).matchAll(/\]\(([^)#]*)(?:#([^)]*))?\)/g)) {
      if (/^\w+:/.test(path)) continue;
      const target = path === "" ? page : join(dirname(page), path);
      expect(existsSync(root + target), `${page}: ${link}`).toBe(true);
      if (anchor !== undefined) expect(anchors(target), `${page}: ${link}`).toContain(anchor);
    }
  });
});

it("leads from README.md to each guide", () => {
  const reached = new Set(["README.md"]);
  for (const page of reached) {
    for (const [, path = ""] of read(page).matchAll(/\]\(([^):#]+\.md)/g)) {
      const target = join(dirname(page), path);
      if (guides.includes(target)) reached.add(target);
    }
  }
  expect(guides.filter((page) => !reached.has(page))).toEqual([]);
});

describe("the guide for those who come from zeromq.js", () => {
  const page = read("docs/porting-from-zeromq-js.md").replaceAll(/^```.*?^```$/gms, "");
  const code = [...page.matchAll(/`([^`\n]+)`/g)].map(([, text = ""]) => text);
  const named = new Set(code.flatMap((text) => text.match(/[\w:]+/g) ?? []));

  it.each(["index", "native", "draft", "compat"])("has every name of its lib/%s.d.ts", (file) => {
    const text = read(`node_modules/zeromq/lib/${file}.d.ts`)
      .replaceAll(/\/\*.*?\*\//gs, "")
      .replaceAll(/^type .*?;$|^declare const shortOptions.*?^\};$|^export declare const enum .*?^\}/gms, "");
    const members = text.matchAll(/^ +(?:static |readonly |set |get )*(\w+)(?:\??: |<.*?>\(|\()/gm);
    const events = text.matchAll(/EventFor<"([\w:]+)"/g);
    const exported = text.matchAll(/^export declare (?:abstract class|class|const|function) (\w+)/gm);
    const names = [...members, ...events, ...exported].map(([, name = ""]) => name);
    // What is protected or private, the fields of errors, and of v5's pair of keys.
    const inside = /^(constructor|_.*|[gs]et\w+Option|errno|code|status|public|secret)$/;
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !named.has(name) && !inside.test(name))).toEqual([]);
  });
});
