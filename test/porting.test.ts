/** docs/porting-from-zeromq-js.md has every public name of zeromq.js, and what it puts in their place exists. */
import { readdirSync, readFileSync } from "node:fs";
import * as zmq from "nodezmq";
import ts from "typescript-6";
import { expect, it } from "vitest";
import { newContext } from "./support/sockets.js";

const library = new URL("../node_modules/zeromq/lib/", import.meta.url);
const page = readFileSync(new URL("../docs/porting-from-zeromq-js.md", import.meta.url), "utf8");

/** The rows of the tables: what zeromq.js has, what there is here. */
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => {
    const [, theirs = "", ours = "", remark = ""] = line.split(/(?<!\\) ?\| ?/);
    return { theirs: code(theirs), ours: code(`${ours} ${remark}`) };
  });

/** What stands between backquotes. */
function code(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);
}

const isNamed = (node: ts.Node): node is ts.NamedDeclaration =>
  ts.isClassDeclaration(node) ||
  ts.isInterfaceDeclaration(node) ||
  ts.isFunctionDeclaration(node) ||
  ts.isTypeAliasDeclaration(node) ||
  ts.isEnumDeclaration(node);

const internal = (node: ts.Node): boolean =>
  ts.getJSDocTags(node).some(({ tagName }) => tagName.text === "internal");

const has = (node: ts.Node, ...kinds: ts.SyntaxKind[]): boolean =>
  ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kinds.includes(kind));

/** The public names that a file declares, classes' members as `Class.member`. */
function names(file: string): string[] {
  const source = ts.createSourceFile(
    file,
    readFileSync(new URL(file, library), "utf8"),
    ts.ScriptTarget.Latest,
    true,
  );
  const ofStatement = (node: ts.Node, exported: boolean): string[] => {
    if (ts.isModuleDeclaration(node) && node.body && ts.isModuleBlock(node.body)) {
      return node.body.statements.flatMap((statement) => ofStatement(statement, true));
    }
    if (ts.isExportDeclaration(node)) {
      const { exportClause } = node;
      return exportClause && ts.isNamedExports(exportClause)
        ? exportClause.elements.map(({ name }) => name.text)
        : [];
    }
    if (internal(node) || !(exported || has(node, ts.SyntaxKind.ExportKeyword))) return [];
    if (ts.isVariableStatement(node))
      return node.declarationList.declarations.map((one) => one.name.getText());
    if (!isNamed(node) || node.name === undefined) return [];
    const owner = node.name.getText();
    const members =
      ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node) || ts.isEnumDeclaration(node)
        ? [...node.members]
        : [];
    const open = members.filter(
      (member) =>
        member.name !== undefined &&
        !internal(member) &&
        !has(member, ts.SyntaxKind.ProtectedKeyword, ts.SyntaxKind.PrivateKeyword),
    );
    return [owner, ...open.map((member) => `${owner}.${member.name?.getText()}`)];
  };
  return source.statements.flatMap((statement) => ofStatement(statement, false));
}

/** The types of a socket's events, which are strings in a union of types. */
function eventNames(): string[] {
  const text = readFileSync(new URL("native.d.ts", library), "utf8");
  const [union = ""] = /^export type Event = .*$/m.exec(text) ?? [];
  return [...union.matchAll(/EventFor<("[^"]+")/g)].map(([, name = ""]) => name);
}

it("names everything that zeromq.js has", () => {
  const compat = readdirSync(new URL("compat/", library)).filter((name) => name.endsWith(".d.ts"));
  const theirs = new Set([
    ...["native.d.ts", "index.d.ts"].flatMap(names),
    ...eventNames(),
    ...names("draft.d.ts").map((name) => `draft.${name}`),
    ...["compat.d.ts", ...compat.map((name) => `compat/${name}`)].flatMap(names).map((name) => `v5.${name}`),
  ]);
  expect(theirs.size).toBeGreaterThan(250);
  const named = rows.flatMap((row) => row.theirs);
  const families = named.filter((name) => name.endsWith("*")).map((name) => name.slice(0, -1));
  const missing = [...theirs].filter(
    (name) => !named.includes(name) && !families.some((family) => name.startsWith(family)),
  );
  expect(missing).toEqual([]);
  expect(named.filter((name) => !name.endsWith("*") && !theirs.has(name))).toEqual([]);
});

it("puts in their place what there is", () => {
  const context = newContext();
  const objects: Record<string, object> = { zmq, context, socket: context.socket(zmq.PAIR) };
  const mentioned = rows.flatMap(({ ours }) =>
    ours.flatMap((text) => [...text.matchAll(/\b(zmq|context|socket)\.(\w+)/g)]),
  );
  expect(mentioned.length).toBeGreaterThan(100);
  const types = ["Data", "MonitorEvent", "MonitorEventName"]; // which leave nothing behind at run time
  const missing = mentioned.filter(
    ([, owner = "", name = ""]) => !types.includes(name) && !(name in (objects[owner] ?? {})),
  );
  expect(missing.map(([text]) => text)).toEqual([]);
});

it("has libzmq's name for each of its events", () => {
  const events = rows.filter(({ theirs: [name = ""] }) => name.startsWith('"'));
  for (const {
    theirs: [theirs],
    ours: [ours = ""],
  } of events) {
    if (theirs === '"end"' || theirs === '"unknown"') continue;
    expect(Object.keys(zmq.Event)).toContain(JSON.parse(ours));
  }
});
