// Checks the package as its users see it: publint and attw on the tarball, and the types under every TypeScript that is
// supported, in both module formats.
//
//   node scripts/check-package.mjs          all
//   node scripts/check-package.mjs types    the types; `lint` the rest
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail, root, SetupError, setup } from "./setup.mjs";

/** @param {string} program a script of Node's @param {string[]} args @param {string} [cwd] */
function run(program, args, cwd = root) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd,
    encoding: "utf8",
  });
  return { ok: status === 0, output: stdout + stderr };
}

/** @param {string} name */
const installed = (name) => join(root, "node_modules", name);

function lint() {
  // node10 knows no "exports"; a CommonJS module that is imported is what a native library wants to be.
  const attw = ["--pack", ".", "--profile", "node16", "--no-emoji", "--no-color"];
  return [
    { name: "publint", ...run(installed("publint/src/cli.js"), ["run", ".", "--strict", "--pack", "npm"]) },
    { name: "attw", ...run(installed("@arethetypeswrong/cli/dist/index.js"), attw) },
  ];
}

const compilers = readdirSync(join(root, "node_modules"))
  .filter((name) => /^typescript(-[\d.]+)?$/.test(name))
  .sort();

const projects = [
  { module: "node16", moduleResolution: "node16" },
  { module: "nodenext", moduleResolution: "nodenext" },
  { module: "esnext", moduleResolution: "bundler" },
];

/** A project outside of this one that uses the package, as CommonJS and as ES module. */
function consumer() {
  const folder = mkdtempSync(join(tmpdir(), "nodezmq-consumer-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules", "nodezmq"), "junction");
  symlinkSync(installed("@types"), join(folder, "node_modules", "@types"), "junction");
  symlinkSync(installed("undici-types"), join(folder, "node_modules", "undici-types"), "junction");
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const subpaths = Object.keys(exports)
    .filter((path) => path !== "./package.json")
    .map((path, i) => `import * as module${i} from "nodezmq${path.slice(1)}";\nvoid module${i};\n`);
  for (const extension of ["mts", "cts"]) {
    cpSync(join(root, "test", "types", "consumer.ts"), join(folder, `consumer.${extension}`));
    writeFileSync(join(folder, `subpaths.${extension}`), subpaths.join(""));
  }
  return folder;
}

function types() {
  const folder = consumer();
  const outcomes = [];
  for (const compiler of compilers) {
    const { version } = JSON.parse(readFileSync(join(installed(compiler), "package.json"), "utf8"));
    for (const project of projects) {
      const file = `tsconfig.${compiler}.${project.moduleResolution}.json`;
      const compilerOptions = {
        ...project,
        target: "es2022",
        lib: ["es2022", "esnext.disposable"],
        types: ["node"],
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        noEmit: true,
      };
      const files = project.module === "esnext" ? ["*.mts"] : ["*.mts", "*.cts"];
      writeFileSync(join(folder, file), JSON.stringify({ compilerOptions, include: files }));
      const outcome = run(join(installed(compiler), "bin", "tsc"), ["-p", file], folder);
      outcomes.push({ name: `types, TypeScript ${version}, ${project.moduleResolution}`, ...outcome });
    }
  }
  rmSync(folder, { recursive: true });
  return outcomes;
}

try {
  await setup();
  const what = process.argv[2];
  if (what !== undefined && what !== "types" && what !== "lint")
    throw new SetupError(`unknown check ${what}`);
  const outcomes = [...(what === "types" ? [] : lint()), ...(what === "lint" ? [] : types())];
  for (const { name, ok, output } of outcomes) {
    console.log(`${ok ? "ok    " : "FAILED"} ${name}`);
    if (!ok) console.log(output.trimEnd());
  }
  if (outcomes.some(({ ok }) => !ok)) process.exit(1);
} catch (error) {
  fail(error);
}
