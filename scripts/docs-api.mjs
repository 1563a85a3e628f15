// Writes the API reference into docs/api (not committed): a site that TypeDoc makes of the comments in src/, with the
// guides of docs/. Fails when a comment links to what does not exist or describes a parameter that there is not.
//
//   --check   writes nothing
import { readdirSync, readFileSync } from "node:fs";
import { register } from "node:module";
import { join } from "node:path";
import { root } from "./setup.mjs";

// TypeDoc works on the API of the TypeScript compiler, which TypeScript 7 no longer has.
register("./docs-api-hook.mjs", import.meta.url);
const { Application } = await import("typedoc");

/** @typedef {string | { require?: Target, default?: Target }} Target */
/** @param {Target} target @returns {string} */
const file = (target) => (typeof target === "string" ? target : file(target.default ?? target.require ?? ""));

const { exports } = /** @type {{ exports: Record<string, Target> }} */ (
  JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
);
// `nodezmq/green` is the main entry once more.
const sources = new Set(
  Object.values(exports)
    .map(file)
    .filter((path) => path.endsWith(".js"))
    .map((path) => path.replace("./lib/", "src/").replace(/js$/, "ts")),
);

const app = await Application.bootstrap({
  name: "nodezmq",
  entryPoints: [...sources],
  tsconfig: join(root, "tsconfig.json"),
  out: join(root, "docs", "api"),
  readme: join(root, "README.md"),
  projectDocuments: readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
  includeVersion: true,
  excludePrivate: true,
  excludeInternal: true,
  disableSources: true, // the package does not say where its repository is
  sort: ["source-order"],
  highlightLanguages: ["js", "ts", "sh", "python", "json", "mermaid"],
  // The guides' own links, some of them to folders, are held to by test/docs.test.ts.
  validation: {
    notExported: false,
    invalidLink: true,
    rewrittenLink: true,
    notDocumented: false,
    invalidPath: false,
  },
  logLevel: "Warn",
});
const project = await app.convert();
if (project === undefined) process.exit(1);
app.validate(project);
if (!process.argv.includes("--check")) await app.generateOutputs(project);
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);
