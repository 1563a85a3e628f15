/** The nodezmq command. */
import { readFileSync } from "node:fs";
import * as zmq from "nodezmq";
import { log } from "nodezmq";
import { describe, expect, onTestFinished, test } from "vitest";
import { commandFile, nodezmq } from "./support/command.js";
import type { Program } from "./support/program.js";
import { newContext } from "./support/sockets.js";

describe("nodezmq", () => {
  test("is a file that can be run", () => {
    expect(readFileSync(commandFile, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  test("helps", async () => {
    for (const args of [["--help"], ["-h"], ["help"]]) {
      const outcome = await nodezmq(args).ended;
      expect(outcome).toMatchObject({ code: 0, stderr: "" });
      for (const word of ["keygen", "log", "version"]) expect(outcome.stdout).toContain(word);
    }
    for (const command of ["keygen", "log", "version"]) {
      for (const args of [
        [command, "--help"],
        [command, "x", "-h"],
        ["help", command],
      ]) {
        const outcome = await nodezmq(args).ended;
        expect(outcome).toMatchObject({ code: 0, stderr: "" });
        expect(outcome.stdout).toMatch(new RegExp(`^usage: nodezmq ${command}`));
      }
    }
  });

  test("tells its version", async () => {
    const stdout = `nodezmq ${zmq.version}\nlibzmq ${zmq.zmqVersion()}\npyzmq API ${zmq.pyzmqVersion()}\n`;
    for (const args of [["version"], ["--version"], ["-V"]]) {
      expect(await nodezmq(args).ended).toEqual({ code: 0, signal: null, stdout, stderr: "" });
    }
  });

  test.each([
    [[], "usage: nodezmq COMMAND"],
    [["nonsense"], 'unknown command "nonsense"'],
    [["version", "x"], 'unexpected argument "x"'],
    [["keygen", "x"], "nodezmq keygen"],
    [["keygen", "--jso"], "--jso"],
    [["keygen", "--secret"], "--secret"],
    [["keygen", "--secret", "short"], "40 characters"],
    [["log"], "URL"],
    [["log", "tcp://127.0.0.1:1", "more"], 'unexpected argument "more"'],
    [["log", "--align=yes", "tcp://127.0.0.1:1"], "--align"],
  ])("called as %j says what is wrong, with exit code 2", async (args, complaint) => {
    const outcome = await nodezmq(args).ended;
    expect(outcome).toMatchObject({ code: 2, stdout: "" });
    expect(outcome.stderr).toContain(complaint);
    expect(outcome.stderr).not.toMatch(/^\s+at /m);
  });

  test.each([
    [["log", "nonsense"], "Invalid argument"],
    [["log", "foo://x"], "Protocol not supported"],
    [["keygen", "--secret", "\\".repeat(40)], "not Z85"],
  ])("called as %j fails with exit code 1", async (args, complaint) => {
    const outcome = await nodezmq(args).ended;
    expect(outcome).toMatchObject({ code: 1, stdout: "" });
    expect(outcome.stderr).toContain(complaint);
    expect(outcome.stderr).not.toMatch(/^\s+at /m);
  });
});

describe("nodezmq keygen", () => {
  test("prints a pair of keys", async () => {
    const outcome = await nodezmq(["keygen"]).ended;
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    const [, publicKey, secretKey] =
      /^== CURVE PUBLIC KEY ==\n(.{40})\n\n== CURVE SECRET KEY ==\n(.{40})\n$/.exec(outcome.stdout) ?? [];
    expect(zmq.curvePublic(secretKey as string)).toBe(publicKey);
  });

  test("prints them as JSON", async () => {
    const { stdout } = await nodezmq(["keygen", "--json"]).ended;
    const keys = JSON.parse(stdout) as { public: string; secret: string };
    expect(zmq.curvePublic(keys.secret)).toBe(keys.public);
    expect(stdout).toBe(
      `{\n "public": ${JSON.stringify(keys.public)},\n "secret": ${JSON.stringify(keys.secret)}\n}\n`,
    );
  });

  test("derives the public key of a secret one, from the command line or standard input", async () => {
    const [publicKey, secretKey] = zmq.curveKeypair();
    const expected = `{\n "public": ${JSON.stringify(publicKey)},\n "secret": ${JSON.stringify(secretKey)}\n}\n`;
    expect((await nodezmq(["keygen", "--json", `--secret=${secretKey}`]).ended).stdout).toBe(expected);
    const command = nodezmq(["keygen", "--json", "--secret", "-"]);
    command.process.stdin.end(`${secretKey}\n`);
    expect((await command.ended).stdout).toBe(expected);
  });
});

/** A publisher that knows when it has subscribers. */
async function publishing(
  ...args: string[]
): Promise<{ command: Program; handler: log.PUBHandler; xpub: zmq.Socket }> {
  const xpub = newContext().socket(zmq.XPUB, { xpubVerbose: true, sndhwm: 0 });
  xpub.bind("tcp://127.0.0.1:*");
  const command = nodezmq(["log", ...args, xpub.lastEndpoint]);
  await xpub.recv();
  return { command, xpub, handler: new log.PUBHandler(xpub) };
}

/** Ends the command as Ctrl-C does, and returns what it printed. */
async function interrupted(command: Program): Promise<string> {
  command.process.kill("SIGINT");
  const outcome = await command.ended;
  expect(outcome).toMatchObject({ code: 0, signal: null, stderr: "" });
  return outcome.stdout;
}

describe("nodezmq log", () => {
  test("prints topic and text until it is interrupted", async () => {
    const { command, handler } = await publishing();
    handler.emit({ msg: "hello" });
    handler.emit({ msg: "sub::tøpic", levelname: "WARNING", filename: "f.js", lineno: 1 });
    handler.rootTopic = "root";
    handler.emit({ msg: "bye" });
    await command.line(/bye/);
    expect(await interrupted(command)).toBe(
      "INFO | hello\nWARNING.sub | WARNING f.js:1 - tøpic\nroot.INFO | bye\n",
    );
  });

  test("selects topics", async () => {
    const { command, handler, xpub } = await publishing("-t", "a.INFO", "--topic=b");
    await xpub.recv(); // the second subscription
    handler.emit({ msg: "no" });
    for (const topic of ["a", "b", "c"]) {
      handler.rootTopic = topic;
      handler.emit({ msg: "yes" });
      handler.emit({ msg: "yes", levelname: "DEBUG", levelno: 20 });
    }
    handler.rootTopic = "b";
    handler.emit({ msg: "end" });
    await command.line(/end/);
    expect(await interrupted(command)).toBe("a.INFO | yes\nb.INFO | yes\nb.DEBUG | yes\nb.INFO | end\n");
  });

  test("prints times, separators, colors, and aligns", async () => {
    const { command, handler } = await publishing(
      "--timestamp=%%<%Y>",
      "--separator",
      " -> ",
      "--align",
      "--color",
    );
    handler.emit({ msg: "a" });
    handler.emit({ msg: "sub::b", levelname: "CRITICAL", levelno: 20 });
    handler.emit({ msg: "c" });
    handler.emit({ msg: "end", levelname: "OWN" });
    await command.line(/end/);
    const year = new Date().getFullYear();
    expect(await interrupted(command)).toBe(
      [
        `%<${year}> \x1b[97mINFO -> a\x1b[39m`,
        `%<${year}> \x1b[91mCRITICAL.sub -> b\x1b[39m`,
        `%<${year}> \x1b[97mINFO    .    -> c\x1b[39m`,
        `%<${year}> OWN     .    -> end`,
        "",
      ].join("\n"),
    );
  });

  test("has pyzmq's date format, and takes another", async () => {
    for (const [args, pattern] of [
      [["--timestamp"], /^\d{4}-\d\d-\d\d \d\d:\d\d INFO \| x$/],
      [["--timestamp", "--dateformat", "%H.%M.%S"], /^\d\d\.\d\d\.\d\d INFO \| x$/],
      [["--dateformat", "%H.%M.%S"], /^INFO \| x$/],
    ] as const) {
      const { command, handler } = await publishing(...args);
      handler.emit({ msg: "x" });
      expect(await command.line(/x$/)).toMatch(pattern);
      await interrupted(command);
    }
  });

  test("prints what is no log message, too", async () => {
    const { command, xpub } = await publishing();
    await xpub.send("one frame");
    await xpub.sendMultipart(["three", "frames", Buffer.of(0xff)]);
    await xpub.send("");
    await xpub.send("end");
    await command.line(/end/);
    expect(await interrupted(command)).toBe("one frame | \nthree | frames \ufffd\n | \nend | \n");
  });

  test("waits for a publisher that comes later", async () => {
    const context = newContext();
    const probe = context.socket(zmq.XPUB);
    probe.bind("tcp://127.0.0.1:*");
    const address = probe.lastEndpoint;
    const command = nodezmq(["log", address]);
    await probe.recv();
    probe.close(0); // the publisher goes away, and comes back
    await context.destroy(0);
    const again = newContext().socket(zmq.XPUB);
    for (;;) {
      try {
        again.bind(address);
        break;
      } catch (error) {
        if ((error as zmq.ZMQError).code !== "EADDRINUSE") throw error;
      }
    }
    await again.recv();
    new log.PUBHandler(again).emit({ msg: "here again" });
    await command.line(/here again/);
    await interrupted(command);
  });

  test("ends quietly when its reader goes away", async () => {
    const { command, handler } = await publishing();
    handler.emit({ msg: "first" });
    await command.line(/first/);
    command.process.stdout.destroy();
    let over = false;
    void command.ended.then(() => {
      over = true;
    });
    while (!over) {
      handler.emit({ msg: "more" });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await command.ended).toMatchObject({ code: 0, signal: null, stderr: "" });
  });

  test("ends at once when terminated, with nobody there", async () => {
    const xpub = newContext().socket(zmq.XPUB);
    xpub.bind("tcp://127.0.0.1:*");
    const command = nodezmq(["log", xpub.lastEndpoint]);
    onTestFinished(() => xpub.close(0));
    await xpub.recv();
    command.process.kill("SIGTERM");
    expect(await command.ended).toMatchObject({ code: 0, signal: null, stdout: "", stderr: "" });
  });
});
