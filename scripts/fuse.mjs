// Puts what `require("nodezmq")` loads into one file, lib/eager.js: Node.js takes a third of a millisecond to find, read
// and compile each of some fifty files. Their own files stay, under the names that everything else knows them by, and
// lead there; their comments stay in src.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decode, encode } from "@jridgewell/sourcemap-codec";

// What is loaded with a module: what the compiler wrote at the beginning of a line. Inside of a function it is loaded late.
const EAGER = /^(?:(?:const|var) \w+ = (?:__import\w+\()?|__exportStar\()require\("\.\/([^"]+)\.js"\)/gm;

const NAMES = /^exports\.\w+ = (?:exports\.\w+ = )*void 0;$/gm;

const HEAD = [
  '"use strict";',
  "// Made by scripts/fuse.mjs: the modules that are loaded with index.js.",
  "const modules = { __proto__: null };",
  "const loaded = { __proto__: null };",
  "function eager(name) {",
  "    if (name in loaded) return loaded[name];",
  "    const exports = (loaded[name] = {});",
  "    try {",
  "        modules[name](exports);",
  "    } catch (error) {",
  "        delete loaded[name]; // the next one to ask gets the error, too",
  "        throw error;",
  "    }",
  "    return exports;",
  "}",
  "module.exports = eager;",
].join("\n");

/** @param {string} code */
const within = (code, /** @type {ReadonlySet<string>} */ fused) =>
  code.replace(/\brequire\("\.\/([^"]+)\.js"\)/g, (call, name) =>
    fused.has(name) ? `eager("${name}")` : call,
  );

/** What a module exports, by its text. @param {string} name @param {(name: string) => string} compiled @returns {string[]} */
function namesIn(name, compiled) {
  const text = compiled(name);
  const own = [...text.matchAll(/^exports\.(\w+) = |^Object\.defineProperty\(exports, "(?!__)(\w+)"/gm)];
  const others = [...text.matchAll(/^__exportStar\(require\("\.\/([^"]+)\.js"\)/gm)];
  return [
    ...[...text.matchAll(NAMES)].flatMap(([line]) =>
      [...line.matchAll(/exports\.(\w+)/g)].map((match) => match[1] ?? ""),
    ),
    ...own.map((match) => match[1] ?? match[2] ?? ""),
    ...others.flatMap((match) => namesIn(match[1] ?? "", compiled)),
  ];
}

/** @param {string} lib what the compiler made @param {string} plain the same without comments */
export function fuse(lib, plain) {
  const compiled = (/** @type {string} */ name) => readFileSync(join(lib, `${name}.js`), "utf8");
  /** @type {Set<string>} */
  const fused = new Set();
  const visit = (/** @type {string} */ name) => {
    for (const [, other] of compiled(name).matchAll(EAGER)) {
      if (other === undefined || other === "index" || fused.has(other)) continue;
      if (other.includes("/"))
        throw new Error(`${name}.ts loads ${other}.ts: what is fused stands in src/ itself`);
      fused.add(other);
      visit(other);
    }
  };
  visit("index");

  let text = HEAD;
  /** @type {string[]} */
  const sources = [];
  /** @type {string[]} */
  const sourcesContent = [];
  /** @type {import("@jridgewell/sourcemap-codec").SourceMapMappings} */
  const mappings = [];
  for (const name of fused) {
    const source = join(plain, `${name}.js`);
    const code = readFileSync(source, "utf8")
      .replace(/\n\/\/# sourceMappingURL=.*\s*$/, "")
      .replace(NAMES, "");
    // In brackets: V8 compiles a function at once that is, and otherwise reads it twice.
    text += `\nmodules["${name}"] = (function (exports) {\n`;
    const map = JSON.parse(readFileSync(`${source}.map`, "utf8"));
    for (const begin = text.split("\n").length - 1; mappings.length < begin; ) mappings.push([]);
    for (const line of decode(map.mappings)) {
      mappings.push(
        line.map((at) => {
          if (at.length > 1) at[1] = sources.length;
          return at;
        }),
      );
    }
    sources.push(`../src/${name}.ts`);
    sourcesContent.push(...map.sourcesContent);
    text += `${within(code, fused)}\n});`;

    // The names are for those who read a module's text to know them, as Node.js does for ES modules. (They would take
    // module.exports = require(...)(...) for all that stands in eager.js.)
    const names = [...new Set(namesIn(name, compiled))].map((one) => `exports.${one} = `).join("");
    const lead = `const eager = require("./eager.js");\nmodule.exports = eager("${name}");`;
    const shim = ['"use strict";', ...(names === "" ? [] : [`${names}void 0;`]), lead, ""];
    writeFileSync(join(lib, `${name}.js`), shim.join("\n"));
    rmSync(join(lib, `${name}.js.map`));
  }
  const index = within(compiled("index"), fused).replace(
    '__exportStar(eager("constants"), exports);',
    // The first is never run: it is how those readers find the names of the constants.
    '0 && __exportStar(require("./constants.js"), exports); __exportStar(eager("constants"), exports);',
  );
  writeFileSync(
    join(lib, "index.js"),
    index.replace('Object.defineProperty(exports, "__esModule"', 'const eager = require("./eager.js"); $&'),
  );
  // A single letter beyond Latin-1 would double the memory of all, and V8's time to read it.
  text = text.replace(
    /[\u0080-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  writeFileSync(join(lib, "eager.js"), `${text}\n//# sourceMappingURL=eager.js.map\n`);
  const map = {
    version: 3,
    file: "eager.js",
    sources,
    sourcesContent,
    names: [],
    mappings: encode(mappings),
  };
  writeFileSync(join(lib, "eager.js.map"), JSON.stringify(map));
}
