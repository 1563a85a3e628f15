// Puts what `require("nodezmq")` loads into one file, lib/eager.js: Node.js takes a third of a millisecond to find, read
// and compile each of some fifty files. Their own files stay, under the names that everything else knows them by, and
// lead there; their comments stay in src.
//
// What src/index.ts names a namespace (`export * as devices from "./devices/index.js"`) most programs need none of. Its
// object is in lib/eager.js, too, and loads the rest when a program first looks at one of its names: an ES module that
// imports anything of a CommonJS module is given, and so looks at, all that is exported.
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, posix, sep } from "node:path";
import { decode, encode } from "@jridgewell/sourcemap-codec";

const { version } = createRequire(import.meta.url)("../package.json");

// What is loaded with a module: what the compiler wrote at the beginning of a line. Inside of a function it is loaded late.
const EAGER = /^(?:(?:const|var) \w+ = (?:__import\w+\()?|__exportStar\()require\("\.\/([^"]+)\.js"\)/gm;

const NAMES = /^exports\.\w+ = (?:exports\.\w+ = )*void 0;$/gm;

// A namespace, as the compiler writes it.
const NAMESPACE = /^exports\.(\w+) = __importStar\(require\("\.\/([^"]+)\.js"\)\);$/gm;

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
  "// `export *`: what is given can no more be assigned to than what the compiler's getters give.",
  "eager.give = (from, exports) => {",
  "    for (const name in from) Object.defineProperty(exports, name, { enumerable: true, value: from[name] });",
  "};",
  "const late = (names, load) => (exports) => {",
  '    Object.defineProperty(exports, "__esModule", { value: true });',
  "    let whole;",
  "    for (const name of names.split(' '))",
  "        Object.defineProperty(exports, name, {",
  "            configurable: true,",
  "            enumerable: true,",
  "            get: () => (whole ??= load())[name],",
  "            set: (value) => Object.defineProperty(exports, name, { value, writable: true }),",
  "        });",
  "};",
].join("\n");

// The compiler's helpers, at the head of each module that has one: those for `import * as` and `export *` are known here.
const HELPERS = /^var __\w+ = [\s\S]*?^(?=Object\.defineProperty\(exports, "__esModule")/m;

/** @param {string} code */
function within(code, /** @type {ReadonlySet<string>} */ fused) {
  const inside = code
    .replace(/\brequire\("\.\/([^"]+)\.js"\)/g, (call, name) => (fused.has(name) ? `eager("${name}")` : call))
    // What is fused are the compiler's own modules, whose namespaces are their exports.
    .replace(/\b__importStar\((eager\("[^"]+"\))\)/g, "$1")
    .replace(/\b__exportStar\((eager\("[^"]+"\)), exports\)/g, "eager.give($1, exports)")
    .replace('require("../package.json").version', JSON.stringify(version));
  // Their lines stay, for the source map counts them.
  const plain = inside.replace(HELPERS, (helpers) => helpers.replace(/[^\n]/g, ""));
  return /\b__(?!esModule|dirname|filename|proto__)\w/.test(plain) ? inside : plain;
}

/** What a module exports, by its text. @param {string} name @param {(name: string) => string} compiled @returns {string[]} */
function namesIn(name, compiled) {
  const text = compiled(name);
  const own = [...text.matchAll(/^exports\.(\w+) = |^Object\.defineProperty\(exports, "(?!__)(\w+)"/gm)];
  const others = [...text.matchAll(/^__exportStar\(require\("(\.[^"]+)\.js"\)/gm)];
  const all = [
    ...[...text.matchAll(NAMES)].flatMap(([line]) =>
      [...line.matchAll(/exports\.(\w+)/g)].map((match) => match[1] ?? ""),
    ),
    ...own.map((match) => match[1] ?? match[2] ?? ""),
    ...others.flatMap((match) => namesIn(posix.join(posix.dirname(name), match[1] ?? ""), compiled)),
  ];
  return [...new Set(all)];
}

/** @param {string} folder where it is loaded */
const toEager = (folder) => posix.join(posix.relative(folder, "."), "./eager.js").replace(/^(?!\.)/, "./");

/** The file of a module that is in eager.js. @param {string} name @param {readonly string[]} names what it exports */
function shimOf(name, names) {
  // The names are for those who read a module's text to know them, as Node.js does for ES modules. (They would take
  // module.exports = require(...)(...) for all that stands in eager.js.)
  return [
    '"use strict";',
    ...(names.length === 0 ? [] : [`${names.map((one) => `exports.${one} = `).join("")}void 0;`]),
    `const eager = require("${toEager(posix.dirname(name))}");`,
    `module.exports = eager("${name}");`,
    "",
  ].join("\n");
}

/** @param {string} lib @returns {string[]} */
const modulesIn = (lib) =>
  readdirSync(lib, { recursive: true })
    .map((file) => String(file).replaceAll(sep, "/"))
    .filter((file) => file.endsWith(".js"))
    .map((file) => file.slice(0, -".js".length));

/**
 * What is not fused has no need of the files that lead to what is: each takes as long to load as one that does something.
 * `export *` stays, for those who read the text.
 * @param {string} code @param {string} folder @param {ReadonlySet<string>} fused
 */
const leading = (code, folder, fused) =>
  code.replace(/(?<!__exportStar\()\brequire\("(\.[^"]+)\.js"\)/g, (call, path) => {
    const name = posix.join(folder, path);
    return fused.has(name) ? `require("${toEager(folder)}")("${name}")` : call;
  });

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

    writeFileSync(join(lib, `${name}.js`), shimOf(name, namesIn(name, compiled)));
    rmSync(join(lib, `${name}.js.map`));
  }
  let index = compiled("index");
  for (const [, , name] of index.matchAll(NAMESPACE)) {
    if (name === undefined || name === "index" || fused.has(name)) continue;
    const names = namesIn(name, compiled);
    const whole = `${name}.late`;
    renameSync(join(lib, `${name}.js`), join(lib, `${whole}.js`));
    writeFileSync(join(lib, `${name}.js`), shimOf(name, names));
    text += `\nmodules["${name}"] = late("${names.join(" ")}", () => require("./${whole}.js"));`;
    fused.add(name);
  }
  // The name is a variable to keep those who read the text from finding a getter, which they would not run.
  index = within(
    index.replace(
      NAMESPACE,
      '((name, get) => Object.defineProperty(exports, name, { enumerable: true, get }))("$1", () => require("./$2.js"));',
    ),
    fused,
  ).replace(
    'eager.give(eager("constants"), exports);',
    // The first is never run: it is how those readers find the names of the constants.
    '0 && __exportStar(require("./constants.js"), exports); $&',
  );
  writeFileSync(
    join(lib, "index.js"),
    index.replace('Object.defineProperty(exports, "__esModule"', 'const eager = require("./eager.js"); $&'),
  );
  for (const name of modulesIn(lib)) {
    if (fused.has(name) || name === "index") continue;
    const file = join(lib, `${name}.js`);
    writeFileSync(file, leading(readFileSync(file, "utf8"), posix.dirname(name), fused));
  }
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
