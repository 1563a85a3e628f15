/** How the package is loaded: CommonJS, ES modules, subpaths. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const { exports } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  exports: Record<string, unknown>;
};
const specifiers = Object.keys(exports)
  .filter((path) => path !== "./package.json")
  .map((path) => `nodezmq${path.slice(1)}`);

/** Runs an ES module inside the package, where its own name resolves by "exports"; what it prints as JSON. */
function run<T>(source: string): T {
  const prelude = `
    import { createRequire } from "node:module";
    const require = createRequire(${JSON.stringify(`${root}index.js`)});
    const print = (value) => console.log(JSON.stringify(value));
  `;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", prelude + source], {
    cwd: root,
    encoding: "utf8",
  });
  return JSON.parse(output) as T;
}

describe("the package", () => {
  test.each(specifiers)("%s gives the same objects to import and to require", (specifier) => {
    const { names, different, missing } = run<Record<"names" | "different" | "missing", string[]>>(`
      const required = require("${specifier}");
      const imported = await import("${specifier}");
      // Node gives an importer of CommonJS all of it as the default.
      const names = Object.keys(required).filter((name) => name !== "default");
      print({
        names,
        different: names.filter((name) => !Object.is(required[name], imported[name])),
        missing: names.filter((name) => !(name in imported)),
      });
    `);
    expect(names.length).toBeGreaterThan(0);
    expect({ different, missing }).toEqual({ different: [], missing: [] });
  });

  test("has a default export with everything in it", () => {
    const same = run<boolean>(`
      import zmq from "nodezmq";
      print(zmq === require("nodezmq"));
    `);
    expect(same).toBe(true);
  });

  test("offers every subpath's namespace in its main entry, too", () => {
    const namespaces = run<string[]>(`
      import * as zmq from "nodezmq";
      const paths = ${JSON.stringify(Object.keys(exports))};
      print(paths
        .filter((path) => /^\\.\\/[a-z]+$/.test(path) && path !== "./pyzmq")
        .filter((path) => zmq[path.slice(2)] !== require("nodezmq" + path.slice(1))));
    `);
    expect(namespaces).toEqual([]);
  });

  test("and each of its files, too, has the same names for import as for require", () => {
    const differing = run<string[]>(`
      import { readdirSync } from "node:fs";
      import { pathToFileURL } from "node:url";
      const folder = require.resolve("nodezmq").slice(0, -"index.js".length);
      const differing = [];
      // eager.js is a function that has the modules, which are no names of its own.
      const files = readdirSync(folder).filter((name) => name.endsWith(".js") && name !== "eager.js");
      const loaders = ["default", "module.exports", "__esModule"];
      for (const file of files) {
        const required = Object.keys(require(folder + file));
        const imported = await import(pathToFileURL(folder + file));
        for (const name of required) if (imported[name] === undefined) differing.push(file + ": " + name);
        for (const name of Object.keys(imported))
          if (!required.includes(name) && !loaders.includes(name)) differing.push(file + ": " + name);
      }
      print(differing);
    `);
    expect(differing).toEqual([]);
  });

  test.each(['require("nodezmq")', 'await import("nodezmq")'])(
    "loads what its namespaces need when they are first used, by %s",
    (load) => {
      const [before, after] = run<string[][]>(`
        const folder = require.resolve("nodezmq").slice(0, -"index.js".length);
        const files = () => Object.keys(require.cache)
          .filter((file) => file.startsWith(folder))
          .map((file) => file.slice(folder.length));
        const zmq = ${load};
        const before = files();
        void zmq.devices.ThreadDevice;
        print([before, files().filter((file) => !before.includes(file))]);
      `);
      // Node reads constants.js for its names.
      expect(before?.filter((file) => file !== "constants.js").sort()).toEqual(["eager.js", "index.js"]);
      expect(after).toEqual(expect.arrayContaining([join("devices", "index.late.js")]));
      expect(after?.filter((file) => !file.startsWith("devices"))).toEqual([]); // no file of what is loaded already
    },
  );

  test("has constants that cannot be assigned to, and namespaces whose functions a test may replace", () => {
    const [refused, kept, replaced] = run<[string, number, string]>(`
      const zmq = require("nodezmq");
      let refused;
      try {
        zmq.PUB = 99;
      } catch (error) {
        refused = error.name;
      }
      zmq.decorators.socket = () => "replaced";
      print([refused, zmq.PUB, zmq.decorators.socket()]);
    `);
    expect([refused, kept, replaced]).toEqual(["TypeError", 1, "replaced"]);
  });

  test("has source maps that lead from each class and function to its own", () => {
    const folder = join(root, "lib");
    let found = 0;
    for (const file of ["eager.js", "index.js", "asyncio.late.js"]) {
      const text = readFileSync(join(folder, file), "utf8");
      const name = /^\/\/# sourceMappingURL=(.*)$/m.exec(text)?.[1] ?? "";
      const map = new SourceMap(JSON.parse(readFileSync(join(folder, name), "utf8")) as SourceMapPayload);
      for (const [i, line] of text.split("\n").entries()) {
        const what = /^(?:async )?function (?!eager)(\w+)|^(?:exports\.\w+ = )?class (\w+)/.exec(line);
        const known = what?.[1] ?? what?.[2];
        if (known === undefined) continue;
        found++;
        const entry = map.findEntry(i, line.indexOf(known));
        const source = "originalSource" in entry ? entry : undefined;
        const original = readFileSync(join(folder, source?.originalSource ?? ""), "utf8").split("\n");
        expect(original[source?.originalLine ?? -1]).toContain(known);
      }
    }
    expect(found).toBeGreaterThan(150);
  });

  test("has namespaces that tell their names without being loaded", () => {
    const names = run<string[]>(`
      const { auth } = require("nodezmq");
      print(Object.keys(auth).sort());
    `);
    expect(names).toEqual([
      "Authenticator",
      "CURVE_ALLOW_ANY",
      "asyncio",
      "createCertificates",
      "loadCertificate",
      "loadCertificates",
      "thread",
    ]);
  });
});
