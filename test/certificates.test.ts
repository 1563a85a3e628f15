import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as zmq from "nodezmq";
import { createCertificates, loadCertificate, loadCertificates } from "nodezmq/auth";
import { describe, expect, onTestFinished, test } from "vitest";

function newFolder(): string {
  const folder = fs.mkdtempSync(join(tmpdir(), "nodezmq-keys-"));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const posix = process.platform !== "win32";
const mode = (path: string): string => (fs.statSync(path).mode & 0o777).toString(8);

/** A file of these lines. */
function file(...lines: string[]): string {
  const path = join(newFolder(), "x.key");
  fs.writeFileSync(path, lines.join("\n"));
  return path;
}

describe("createCertificates", () => {
  test("writes a public and a secret file, and tells their paths", () => {
    const folder = newFolder();
    const files = createCertificates(folder, "client");
    expect(files).toEqual([join(folder, "client.key"), join(folder, "client.key_secret")]);
    expect(fs.readdirSync(folder).sort()).toEqual(["client.key", "client.key_secret"]);
    const [publicKey, none] = loadCertificate(files[0]);
    const [samePublicKey, secretKey] = loadCertificate(files[1]);
    expect(none).toBe(null);
    expect(samePublicKey).toBe(publicKey);
    expect(zmq.curvePublic(secretKey as string)).toBe(publicKey);
    expect(fs.readFileSync(files[0], "utf8")).not.toContain(secretKey);
  });

  test("makes new keys each time", () => {
    const folder = newFolder();
    const [first] = loadCertificate(createCertificates(folder, "a")[0]);
    const [second] = loadCertificate(createCertificates(folder, "a")[0]);
    expect(second).not.toBe(first);
  });

  test.runIf(posix)(
    "lets only the owner read the secret file, also where others could read one before",
    () => {
      const folder = newFolder();
      const secret = join(folder, "a.key_secret");
      fs.writeFileSync(secret, "old", { mode: 0o644 });
      fs.chmodSync(secret, 0o644);
      const before = fs.openSync(secret, "r");
      onTestFinished(() => fs.closeSync(before));
      createCertificates(folder, "a");
      expect(mode(secret)).toBe("600");
      // Whoever has the old file open does not read the new one.
      expect(fs.readFileSync(before, "utf8")).toBe("old");
      expect(fs.readdirSync(folder).sort()).toEqual(["a.key", "a.key_secret"]);
    },
  );

  test.runIf(posix)("does not write through a link", () => {
    const folder = newFolder();
    const target = join(newFolder(), "target");
    fs.writeFileSync(target, "untouched");
    fs.symlinkSync(target, join(folder, "a.key_secret"));
    createCertificates(folder, "a");
    expect(fs.readFileSync(target, "utf8")).toBe("untouched");
    expect(fs.lstatSync(join(folder, "a.key_secret")).isSymbolicLink()).toBe(false);
  });

  test("writes metadata into the secret file", () => {
    const folder = newFolder();
    const metadata = { name: "Zoë = x", email: "zoe@example.org", metadata: "text" };
    const [publicFile, secretFile] = createCertificates(folder, "a", metadata);
    const lines = fs.readFileSync(secretFile, "utf8").split("\n");
    const start = lines.indexOf("metadata");
    expect(lines.slice(start + 1, start + 5)).toEqual([
      "    name = Zoë = x",
      "    email = zoe@example.org",
      "    metadata = text",
      "curve",
    ]);
    expect(fs.readFileSync(publicFile, "utf8")).not.toContain("zoe@example.org");
    expect(loadCertificate(secretFile)[1]).toHaveLength(40);
    const [, byOption] = createCertificates(folder, "b", { metadata: { name: "x" } });
    expect(fs.readFileSync(byOption, "utf8")).toContain("    name = x\n");
    expect(createCertificates(folder, "c", null)).toHaveLength(2);
  });

  test("takes the folder as a URL or bytes", () => {
    const folder = newFolder();
    createCertificates(pathToFileURL(folder), "a");
    createCertificates(Buffer.from(folder), "b");
    expect(Object.keys(loadCertificates(pathToFileURL(folder)))).toHaveLength(2);
    expect(loadCertificate(pathToFileURL(join(folder, "a.key")))[1]).toBe(null);
  });

  test.each<[string, Record<string, string>]>([
    ["a value of two lines", { a: "b\nsecret-key = x" }],
    ["a value with a carriage return", { a: "b\rc" }],
    ["a name of two lines", { "a\nb": "c" }],
    ["a name that stands for a key", { "secret-key": "x" }],
    ["a name that begins like one", { " public-keys": "x" }],
    ["a name that begins a comment", { "# a": "x" }],
    ["a name with an equals sign", { "a=b": "x" }],
    ["a blank name", { " ": "x" }],
  ])("refuses metadata with %s by a RangeError, and writes nothing", (_what, metadata) => {
    const folder = newFolder();
    expect(() => createCertificates(folder, "a", metadata)).toThrow(RangeError);
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  test.each<[string, unknown[]]>([
    ["no folder", [null, "a"]],
    ["a number for a folder", [5, "a"]],
    ["a folder with a NUL", ["a\0b", "a"]],
    ["no name", ["."]],
    ["an empty name", [".", ""]],
    ["a name with a NUL", [".", "a\0b"]],
    ["metadata that is text", [".", "a", "text"]],
    ["metadata that is a list", [".", "a", ["x"]]],
    ["metadata that is no text", [".", "a", { b: 5 }]],
  ])("refuses %s by a TypeError", (_what, args) => {
    const create = createCertificates as (...args: unknown[]) => unknown;
    expect(() => create(...args)).toThrow(TypeError);
  });

  test("a folder that is not there is node:fs's error, and a file that cannot be written leaves no draft", () => {
    const folder = newFolder();
    expect(() => createCertificates(join(folder, "missing"), "a")).toThrow(
      expect.objectContaining({ code: "ENOENT" }),
    );
    fs.mkdirSync(join(folder, "a.key_secret"));
    expect(() => createCertificates(folder, "a")).toThrow();
    expect(fs.readdirSync(folder)).toEqual(["a.key_secret"]);
  });
});

describe("loadCertificate", () => {
  const [publicKey, secretKey] = zmq.curveKeypair();

  test("reads what CZMQ, pyzmq and people write", () => {
    const both = [publicKey, secretKey];
    expect(
      loadCertificate(file("curve", `    public-key = "${publicKey}"`, `    secret-key = "${secretKey}"`)),
    ).toEqual(both);
    expect(loadCertificate(file("curve", `public-key=${publicKey}`, `secret-key=${secretKey}`))).toEqual(
      both,
    );
    expect(
      loadCertificate(file(`\tpublic-key\t= '${publicKey}'\r`, `\tsecret-key = '${secretKey}'\r`, "")),
    ).toEqual(both);
    expect(
      loadCertificate(file(`    secret-key = "${secretKey}"`, `    public-key = "${publicKey}"`)),
    ).toEqual(both);
    expect(
      loadCertificate(
        file(
          "#   public-key = comment",
          "metadata",
          "    name = public-key = x",
          "curve",
          `    public-key = "${publicKey}"`,
        ),
      ),
    ).toEqual([publicKey, null]);
  });

  test("reads every key that there can be, with `=` and `#` in it", () => {
    const key = "=#=#=".repeat(8);
    expect(loadCertificate(file(`    public-key = "${key}"`))).toEqual([key, null]);
  });

  test("a file that is not there is an Error that names it", () => {
    const path = join(newFolder(), "missing.key");
    expect(() => loadCertificate(path)).toThrow(
      expect.objectContaining({ message: `Invalid certificate file: ${path}`, code: "ENOENT" }),
    );
  });

  test.each([[""], ["curve\n"], ["# public-key = x"], ["secret-key = x"], ["public-key"], ["\0\xff\0"]])(
    "%j has no public key: a RangeError that names the file",
    (content) => {
      const path = file(content);
      expect(() => loadCertificate(path)).toThrow(RangeError);
      expect(() => loadCertificate(path)).toThrow(path);
    },
  );

  test.each([null, undefined, 5, {}, []])("a TypeError is what comes of %s", (path) => {
    expect(() => loadCertificate(path as never)).toThrow(TypeError);
  });
});

describe("loadCertificates", () => {
  test("reads the public keys of all certificates of a folder, and nothing else", () => {
    const folder = newFolder();
    const keys = ["a", "b", "c"].map((name) => loadCertificate(createCertificates(folder, name)[0])[0]);
    fs.writeFileSync(join(folder, "readme.txt"), "nothing");
    fs.writeFileSync(join(folder, ".hidden.key"), "nothing");
    fs.mkdirSync(join(folder, "folder.key"));
    const certificates = loadCertificates(folder);
    expect(Object.keys(certificates).sort()).toEqual(keys.sort());
    expect(new Set(Object.values(certificates))).toEqual(new Set([true]));
    expect(loadCertificates(newFolder())).toEqual({});
  });

  test("reads the current folder by default", () => {
    const before = process.cwd();
    const folder = newFolder();
    const [key] = loadCertificate(createCertificates(folder, "a")[0]);
    process.chdir(folder);
    onTestFinished(() => process.chdir(before));
    expect(loadCertificates()).toEqual({ [key]: true });
  });

  test("a bad certificate is a RangeError that names its file", () => {
    const path = file("curve");
    createCertificates(join(path, ".."), "good");
    expect(() => loadCertificates(join(path, ".."))).toThrow(RangeError);
    expect(() => loadCertificates(join(path, ".."))).toThrow("x.key");
  });

  test("what is no folder is an Error that names it", () => {
    const path = file("x");
    for (const [what, code] of [
      [path, "ENOTDIR"],
      [join(path, "..", "missing"), "ENOENT"],
    ] as const) {
      expect(() => loadCertificates(what)).toThrow(
        expect.objectContaining({ message: `Invalid certificate directory: ${what}`, code }),
      );
    }
  });
});
