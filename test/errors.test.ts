import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as zmq from "../lib/constants.js";
import * as errors from "../lib/errors.js";
import { encodeOption, socketOptions } from "../lib/options.js";
import { callSite, trimStack } from "../lib/stack.js";

const lib = fileURLToPath(new URL("../lib/", import.meta.url));
const here = basename(fileURLToPath(import.meta.url));
const system: Readonly<Record<string, number | undefined>> = constants.errno;
const posix = (name: string) => system[name] ?? Number.NaN;

const strerror = (errno: number) =>
  errno === zmq.EAGAIN
    ? "Resource temporarily unavailable"
    : errno === zmq.EADDRINUSE
      ? "Address already in use"
      : `text of ${errno}`;

beforeAll(() => {
  errors.setStrerror(strerror, { errno: () => zmq.EFSM, version: () => "4.3.4" });
});

const firstFrame = (error: Error) => /^ +at .*$/m.exec(error.stack ?? "")?.[0];

describe("the classes", () => {
  test("are pyzmq's tree", () => {
    expect(new errors.Again()).toBeInstanceOf(errors.ZMQError);
    expect(new errors.ContextTerminated()).toBeInstanceOf(errors.ZMQError);
    expect(new errors.InterruptedSystemCall()).toBeInstanceOf(errors.ZMQError);
    expect(new errors.ZMQError("x")).toBeInstanceOf(errors.ZMQBaseError);
    expect(new errors.ZMQBindError("x")).toBeInstanceOf(errors.ZMQBaseError);
    expect(new errors.NotDone()).toBeInstanceOf(errors.ZMQBaseError);
    expect(new errors.ZMQBaseError()).toBeInstanceOf(Error);
    expect(new errors.ZMQVersionError("4.4")).not.toBeInstanceOf(errors.ZMQBaseError);
    expect(new errors.ZMQBindError("x")).not.toBeInstanceOf(errors.ZMQError);
  });

  test("have their names", () => {
    const classes = {
      ZMQBaseError: errors.ZMQBaseError,
      ZMQError: errors.ZMQError,
      Again: errors.Again,
      ContextTerminated: errors.ContextTerminated,
      InterruptedSystemCall: errors.InterruptedSystemCall,
      ZMQBindError: errors.ZMQBindError,
      NotDone: errors.NotDone,
      DraftFDWarning: errors.DraftFDWarning,
    };
    for (const [name, Class] of Object.entries(classes)) {
      const error = new Class();
      expect(error.name).toBe(name);
      expect(error.stack).toMatch(new RegExp(`^${name}`));
      expect(Object.keys(error)).not.toContain("name");
    }
    expect(new errors.ZMQVersionError("5").name).toBe("ZMQVersionError");
    class Mine extends errors.ZMQError {}
    expect(new Mine("x").name).toBe("ZMQError");
  });

  test("ZMQError takes a number, a text, both or neither", () => {
    expect(new errors.ZMQError(zmq.EAGAIN)).toMatchObject({
      errno: zmq.EAGAIN,
      code: "EAGAIN",
      strerror: "Resource temporarily unavailable",
      message: "Resource temporarily unavailable",
    });
    expect(new errors.ZMQError("msg")).toMatchObject({
      errno: undefined,
      code: undefined,
      strerror: "msg",
      message: "msg",
    });
    expect(new errors.ZMQError(zmq.EADDRINUSE, "msg")).toMatchObject({
      errno: zmq.EADDRINUSE,
      code: "EADDRINUSE",
      strerror: "msg",
    });
    expect(new errors.ZMQError()).toMatchObject({ errno: zmq.EFSM, code: "EFSM" });
    expect(new errors.ZMQError(undefined, "msg")).toMatchObject({
      errno: undefined,
      message: "msg",
    });
    expect(new errors.ZMQError(987654)).toMatchObject({ errno: 987654, code: "UNKNOWN" });
  });

  test("Again and its like take no arguments that matter", () => {
    expect(new errors.Again(5, "x")).toMatchObject({ errno: zmq.EAGAIN, code: "EAGAIN" });
    expect(new errors.ContextTerminated(5)).toMatchObject({ errno: zmq.ETERM, code: "ETERM" });
    expect(new errors.InterruptedSystemCall()).toMatchObject({
      errno: posix("EINTR"),
      code: "EINTR",
    });
  });

  test("ZMQVersionError says what is there and what is needed", () => {
    const error = new errors.ZMQVersionError("4.4.0", "teleport");
    expect(error.message).toBe("teleport requires libzmq >= 4.4.0, have 4.3.4");
    expect(error).toMatchObject({ minVersion: "4.4.0", version: "4.3.4" });
  });
});

describe("makeError", () => {
  test("picks the class by the number", () => {
    expect(errors.makeError(zmq.EAGAIN)).toBeInstanceOf(errors.Again);
    expect(errors.makeError(zmq.ETERM)).toBeInstanceOf(errors.ContextTerminated);
    expect(errors.makeError(posix("EINTR"))).toBeInstanceOf(errors.InterruptedSystemCall);
    const other = errors.makeError(zmq.ENOTSOCK);
    expect(other.constructor).toBe(errors.ZMQError);
    expect(other).toMatchObject({ code: "ENOTSOCK", message: `text of ${zmq.ENOTSOCK}` });
    expect("endpoint" in other).toBe(false);
  });

  test("says what was tried", () => {
    const error = errors.makeError(zmq.EADDRINUSE, undefined, "tcp://127.0.0.1:5555");
    expect(error.message).toBe("Address already in use (addr='tcp://127.0.0.1:5555')");
    expect(error).toMatchObject({ endpoint: "tcp://127.0.0.1:5555", strerror: error.message });
    expect(errors.makeError(zmq.EAGAIN, "timeout of 5 ms")).toMatchObject({
      message: "Resource temporarily unavailable (timeout of 5 ms)",
      strerror: "Resource temporarily unavailable (timeout of 5 ms)",
      name: "Again",
    });
    expect(errors.makeError(zmq.EADDRINUSE, "bind", "tcp://*:1").message).toBe(
      "Address already in use (bind, addr='tcp://*:1')",
    );
  });

  test("tells of an ipc path in pyzmq's words", () => {
    const missing = errors.makeError(posix("ENOENT"), undefined, "ipc:///no/such/dir/x");
    expect(missing.message).toBe('No such file or directory for ipc path "/no/such/dir/x".');
    expect(missing).toMatchObject({ code: "ENOENT", endpoint: "ipc:///no/such/dir/x" });
    const long = errors.makeError(posix("ENAMETOOLONG"), undefined, `ipc://${"x".repeat(200)}`);
    expect(long.message).toContain(`is longer than ${zmq.IPC_PATH_MAX_LEN} characters`);
    expect(long.message).toContain("sizeof(sockaddr_un.sun_path)");
  });
});

describe("a stack trace", () => {
  test("begins at the caller's line", () => {
    for (const error of [
      errors.makeError(zmq.EAGAIN),
      new errors.ZMQError("x"),
      new errors.ZMQVersionError("5"),
      errors.typeError("x"),
      errors.rangeError("x"),
      errors.plainError("x"),
    ]) {
      expect(firstFrame(error)).toContain(here);
      expect(error.stack).not.toContain(lib);
    }
  });

  test("begins at the caller's line when the library is several calls deep", () => {
    const deep = () => encodeOption(socketOptions.linger, zmq.LINGER, "x");
    try {
      deep();
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError);
      expect(firstFrame(error as Error)).toMatch(/at deep .*errors\.test\.ts/);
    }
  });

  test("shows as many of the caller's frames as the program wants", () => {
    const before = Error.stackTraceLimit;
    try {
      Error.stackTraceLimit = 2;
      const recurse = (depth: number): Error => (depth > 0 ? recurse(depth - 1) : errors.makeError(zmq.EFSM));
      const error = recurse(5);
      expect(error.stack?.split("\n").slice(1)).toHaveLength(2);
      expect(Error.stackTraceLimit).toBe(2);
      Error.stackTraceLimit = 0;
      expect(errors.makeError(zmq.EFSM).stack).toBe(`ZMQError: text of ${zmq.EFSM}`);
    } finally {
      Error.stackTraceLimit = before;
    }
  });

  test("can be that of an earlier call", () => {
    function theCall() {
      return callSite();
    }
    const site = theCall();
    const error = trimStack(errors.makeError(zmq.ETERM), site);
    expect(firstFrame(error)).toContain("theCall");
  });

  test("is a property that can be read, written and told from others", () => {
    const error = errors.makeError(zmq.EAGAIN);
    expect(Object.getOwnPropertyDescriptor(error, "stack")).toMatchObject({
      configurable: true,
      enumerable: false,
    });
    expect(error.stack).toBe(error.stack);
    error.stack = "mine";
    expect(error.stack).toBe("mine");
    const other = errors.makeError(zmq.EAGAIN);
    other.stack = "mine";
    expect(other.stack).toBe("mine");
    expect(Object.keys(other)).toEqual(["errno", "code", "strerror"]);
    expect(Object.create(errors.makeError(zmq.EAGAIN)).stack).toBeUndefined();
  });

  test("respects the program's own Error.prepareStackTrace", () => {
    const before = Error.prepareStackTrace;
    try {
      Error.prepareStackTrace = (_error, sites) => sites.length;
      expect(typeof errors.makeError(zmq.EAGAIN).stack).toBe("number");
    } finally {
      Error.prepareStackTrace = before;
    }
  });

  test("is taken where Error is frozen, too", () => {
    const script = `
      Object.freeze(Error);
      const { makeError, setStrerror } = require(${JSON.stringify(join(lib, "errors.js"))});
      setStrerror(() => "text");
      function caller() { return makeError(22); }
      process.stdout.write(caller().stack);
    `;
    const output = execFileSync(process.execPath, ["-e", script], { encoding: "utf8" });
    expect(output).toMatch(/^ZMQError: text\n +at caller/);
  });
});

describe("an error, printed", () => {
  test("has its class once and its fields after it", () => {
    const text = inspect(errors.makeError(zmq.EAGAIN));
    expect(text).toMatch(/^Again: Resource temporarily unavailable\n {4}at /);
    expect(text.match(/Again/g)).toHaveLength(1);
    expect(text).toContain(`errno: ${zmq.EAGAIN}`);
    expect(text).toContain("code: 'EAGAIN'");
    expect(text).not.toMatch(/stack|Getter/);
  });

  test("looks like any other when nobody catches it", () => {
    const script = `
      const { makeError, setStrerror } = require(${JSON.stringify(join(lib, "errors.js"))});
      setStrerror(() => "Address already in use");
      function caller() { throw makeError(${zmq.EADDRINUSE}, undefined, "tcp://*:1"); }
      caller();
    `;
    let output = "";
    try {
      execFileSync(process.execPath, ["-e", script], { encoding: "utf8", stdio: "pipe" });
    } catch (error) {
      output = String((error as { stderr?: unknown }).stderr);
    }
    expect(output).toContain("ZMQError: Address already in use (addr='tcp://*:1')\n    at caller");
    expect(output).toContain("code: 'EADDRINUSE'");
  });
});

describe("which frames are dropped", () => {
  // A copy of the library stands in for an installed one, so that its neighbours' paths can be chosen.
  let root = "";

  const run = (script: string) => {
    const file = join(root, "test", "program.js");
    writeFileSync(file, script);
    return execFileSync(process.execPath, [file], { encoding: "utf8" }).split("\n");
  };

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "nodezmq-errors-"));
    for (const folder of ["lib", "libother", "test", "node_modules/nodezmq-more/lib"]) {
      mkdirSync(join(root, folder), { recursive: true });
    }
    for (const file of ["eager.js", "errors.js", "stack.js"]) {
      copyFileSync(join(lib, file), join(root, "lib", file));
    }
    const inner = `
      const { makeError } = require("./errors.js");
      const { callSite, trimStack } = require("./stack.js");
      exports.fail = () => { throw makeError(22); };
      exports.viaArray = () => [1].map(function inside() { exports.fail(); });
      exports.later = async () => { await new Promise((go) => setImmediate(go)); exports.fail(); };
      exports.call = (f) => f();
    `;
    writeFileSync(join(root, "lib", "inner.js"), inner);
    const outer = `exports.through = (f) => f();`;
    writeFileSync(join(root, "libother", "outer.js"), outer);
    writeFileSync(join(root, "node_modules/nodezmq-more/lib", "outer.js"), outer);
  });

  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const frames = (body: string) =>
    run(`
      const inner = require("../lib/inner.js");
      const other = require("../libother/outer.js");
      const sibling = require("nodezmq-more/lib/outer.js");
      (async () => {
        try { await (${body}); } catch (error) { console.log(error.stack); }
      })();
    `).slice(1);

  test("our own, and built-in ones between them", () => {
    expect(frames("inner.fail()")[0]).toContain(join("test", "program.js"));
    expect(frames("inner.viaArray()")[0]).toContain(join("test", "program.js"));
  });

  test("a built-in one below ours, so that an awaiting caller comes first", () => {
    const lines = frames("(async function waiting() { await inner.later(); })()");
    expect(lines[0]).toMatch(/^ +at async waiting .*program\.js/);
  });

  test("none of folders that only look like ours", () => {
    expect(frames("other.through(() => other.through(inner.fail))")[0]).toContain("libother");
    expect(frames("sibling.through(inner.fail)")[0]).toContain(join("nodezmq-more", "lib"));
  });

  test("none below the caller's, though it is ours", () => {
    const lines = frames("inner.call(function mine() { inner.fail(); })");
    expect(lines[0]).toContain("mine");
    expect(lines.join("\n")).toContain(join("lib", "inner.js"));
  });

  test("all of them, where nobody awaits the call", () => {
    const [, ...lines] = run(`
      const inner = require("../lib/inner.js");
      process.once("uncaughtException", (error) => console.log(error.stack));
      setImmediate(inner.fail);
    `);
    expect(lines.join("\n")).not.toContain(join("lib", ""));
  });
});
