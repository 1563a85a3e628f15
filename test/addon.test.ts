/** Where the addon is looked for, and that each copy of the library has one of its own. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { program } from "./support/program.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const built = join("build", "Release", "nodezmq.node");

/** A folder with the package as it is installed, but without a binary. */
function installed({ finder = true } = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "nodezmq-addon-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const part of ["lib", "package.json", ...(finder ? ["node_modules/node-gyp-build"] : [])]) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  return folder;
}

/** The binary, or a file that is none. Returns its name. */
function put(file: string, content?: string): string {
  mkdirSync(dirname(file), { recursive: true });
  if (content === undefined) cpSync(join(root, built), file);
  else writeFileSync(file, content);
  return file;
}

/** What a program prints whose `load()` loads the package in that folder. */
async function run(folder: string, source: string, env: Record<string, string> = {}): Promise<string> {
  const begin = `
    const load = () => require(${JSON.stringify(join(folder, "lib", "index.js"))});
    const tell = (text) => process.stdout.write(text);
  `;
  const { code, stdout, stderr } = await program(process.execPath, ["-e", begin + source], {
    env: { ...process.env, NODEZMQ_BINARY: undefined, ...env }, // not what a sanitizer run loads
  }).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

/** Exchanges a message, and prints where the addon is. */
const exchange = (folder: string) => `
  const zmq = load();
  const [a, b] = [zmq.PAIR, zmq.PAIR].map((type) => zmq.Context.instance().socket(type));
  a.bind("inproc://x");
  b.connect("inproc://x");
  a.sendSync("hello");
  if (String(b.recvSync()) !== "hello") throw new Error("that was not what was sent");
  zmq.Context.instance().destroy();
  tell(require(${JSON.stringify(join(folder, "lib", "native.js"))}).binary);
`;
const failing = "try { load(); } catch (error) { tell(error.message); }";

/** The name that a prebuilt binary for this machine has, as the error tells it that says there is none. */
async function prebuilt(): Promise<string> {
  const told = await run(installed(), failing);
  const name = /Looked for .* and (.*) in /.exec(told)?.[1];
  expect(told).toContain(built);
  expect(name).toContain(`${process.platform}-${process.arch}`);
  return name ?? "";
}

test("the addon is built or prebuilt, and found without node-gyp-build", async () => {
  const folder = installed({ finder: false });
  const second = put(join(folder, await prebuilt()));
  expect(await run(folder, exchange(folder))).toBe(second);
  const first = put(join(folder, built));
  expect(await run(folder, exchange(folder))).toBe(first);
});

test("NODEZMQ_PREBUILD and PREBUILDS_ONLY name other places, as everywhere else", async () => {
  const folder = installed();
  const elsewhere = installed();
  put(join(folder, built), "this is no binary");
  const name = await prebuilt();
  const other = put(join(elsewhere, name));
  expect(await run(folder, exchange(folder), { NODEZMQ_PREBUILD: elsewhere })).toBe(other);
  const own = put(join(folder, name));
  expect(await run(folder, exchange(folder), { PREBUILDS_ONLY: "1" })).toBe(own);
});

test("a binary that cannot be loaded is told", async () => {
  const folder = installed();
  put(join(folder, built), "this is no binary");
  expect(await run(folder, failing)).toContain("Loading failed: ");
});

test("each copy of the library on a thread has an instance of its own", async () => {
  const folder = installed();
  const name = await prebuilt();
  put(join(folder, name));
  const twice = `
    const first = load();
    for (const file of Object.keys(require.cache)) if (!file.endsWith(".node")) delete require.cache[file];
    const second = load();
    for (const zmq of [first, second]) {
      const socket = new zmq.Context().socket(zmq.PULL);
      try {
        socket.bind("nonsense");
      } catch (error) {
        tell([first, second].map(({ ZMQError }) => error instanceof ZMQError).join() + " ");
      }
      socket.close();
    }
  `;
  for (const env of [{}, { NODEZMQ_PREBUILD: folder }]) {
    expect(await run(folder, twice, env as Record<string, string>)).toBe("true,false false,true ");
  }
});
