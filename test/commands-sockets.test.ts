/** The commands that talk ZeroMQ from a shell, as processes that talk to each other, to the library and to pyzmq. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as zmq from "nodezmq";
import { describe, expect, onTestFinished, test } from "vitest";
import { commandFile, nodezmq } from "./support/command.js";
import { type Program, program } from "./support/program.js";
import { python } from "./support/python.js";
import { freshAddress, newContext } from "./support/sockets.js";

const local = "tcp://127.0.0.1:*";

/** Starts a command that binds, and waits for its address. */
async function binding(args: readonly string[]): Promise<{ command: Program; url: string }> {
  const command = nodezmq([...args, "--bind", local]);
  const line = await command.line(/^bound to /);
  return { command, url: line.slice("bound to ".length) };
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "nodezmq-commands-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Runs a command to its end, with this as its input. */
async function fed(args: readonly string[], input: string | Uint8Array) {
  const command = nodezmq(args);
  command.process.stdin.end(input);
  return await command.ended;
}

const success = { code: 0, signal: null };

describe("nodezmq push and pull", () => {
  test("hand over lines, the last without its end and empty ones too", async () => {
    const { command, url } = await binding(["pull", "--count", "4"]);
    expect(await fed(["push", "--connect", url], "a\n\nzwei ü\nlast")).toEqual({
      ...success,
      stdout: "",
      stderr: "",
    });
    expect(await command.ended).toMatchObject({ ...success, stdout: "a\n\nzwei ü\nlast\n" });
  });

  test("hand over frames: by a delimiter, and as JSON with what is no UTF-8", async () => {
    const { command, url } = await binding(["pull", "--count", "4", "--json"]);
    await fed(["push", "--connect", url, "--delimiter", "::"], "a::b::\n");
    await fed(["push", "--connect", url, "--json"], '"x"\n["y",{"base64":"/w=="}]\n{"base64":"AA=="}\n');
    const { stdout } = await command.ended;
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([["a", "b", ""], ["x"], ["y", { base64: "/w==" }], ["\0"]]);
  });

  test("hand over megabytes that are no text, as one message", async () => {
    const content = randomBytes(5_000_000);
    const command = nodezmq(["pull", "--bind", local, "--raw", "--count", "1"]);
    const pieces: Buffer[] = [];
    const stdout = command.process.stdout.removeAllListeners("data");
    stdout.setEncoding("latin1").on("data", (text: string) => pieces.push(Buffer.from(text, "latin1")));
    const url = (await command.line(/^bound to /)).slice("bound to ".length);
    expect(await fed(["push", "--connect", url, "--raw"], content)).toMatchObject(success);
    expect(await command.ended).toMatchObject(success);
    expect(Buffer.concat(pieces).equals(content)).toBe(true);
  });

  test.each([
    ["{}\n", "line 1 of the input is no message"],
    ['"a"\n[]\n', "line 2 of the input is no message"],
    ["[1]", "line 1 of the input is no message"],
    ["nonsense", "line 1 of the input is not JSON"],
    ['{"base64":"*"}', "line 1 of the input is no message"],
  ])("refuse %j as JSON", async (input, complaint) => {
    const { stderr, code } = await fed(["push", "--connect", "tcp://127.0.0.1:1", "--json"], input);
    expect(code).toBe(1);
    expect(stderr).toContain(complaint);
  });

  test("read no more than is taken", async () => {
    const pull = newContext().socket(zmq.PULL, { rcvhwm: 1 });
    pull.bind(freshAddress("ipc"));
    const command = nodezmq(["push", "--connect", pull.lastEndpoint, "--hwm", "1", "--timeout", "500"]);
    const line = `${"x".repeat(99_999)}\n`;
    let taken = 0;
    for (let i = 0; i < 1000; i++) {
      command.process.stdin.write(line, (error) => {
        if (!error) taken++;
      });
    }
    expect(await command.ended).toMatchObject({ code: 124, stderr: expect.stringContaining("no peer took") });
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(500); // of 100 MB, more than all buffers between
  });

  test("wait for so many peers before the first message", async () => {
    const { command, url } = await binding(["push", "--wait", "2"]);
    command.process.stdin.end("1\n2\n");
    const pulls = [0, 1].map(() => nodezmq(["pull", "--connect", url, "--count", "1"]));
    const outputs = await Promise.all(pulls.map((pull) => pull.ended.then(({ stdout }) => stdout)));
    expect(outputs.sort()).toEqual(["1\n", "2\n"]);
    expect(await command.ended).toMatchObject(success);
  });

  test("end by exit code 124 when nobody comes in time", async () => {
    expect((await nodezmq(["pull", "--bind", local, "--timeout", "20"]).ended).code).toBe(124);
    expect((await fed(["push", "--bind", local, "--timeout", "20"], "x")).code).toBe(124);
    expect((await fed(["push", "--bind", local, "--wait", "1", "--timeout", "20"], "x")).code).toBe(124);
  });

  test("end quietly when their reader has gone", async () => {
    const push = newContext().socket(zmq.PUSH, { sndhwm: 1 });
    push.bind(freshAddress("ipc"));
    const command = nodezmq(["pull", "--connect", push.lastEndpoint]);
    await push.send("first");
    await command.line(/first/);
    command.process.stdout.destroy();
    const ending = new AbortController();
    void command.ended.then(() => ending.abort());
    while (!ending.signal.aborted) await push.send("more", { signal: ending.signal }).catch(() => {});
    expect(await command.ended).toMatchObject({ ...success, stderr: "" });
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("end in order at %s, with exit code %d", async (signal, code) => {
    for (const args of [["pull"], ["push", "--wait", "1"], ["rep"], ["router"], ["xpub"]]) {
      const { command } = await binding(args);
      command.process.kill(signal);
      expect(await command.ended).toMatchObject({ code, signal: null, stdout: "" });
    }
  });

  test("are interrupted while they wait for input, and while the end waits for a peer", async () => {
    const pull = newContext().socket(zmq.PULL);
    pull.bind(local);
    const waiting = nodezmq(["push", "--connect", pull.lastEndpoint]);
    waiting.process.stdin.write("x\n");
    await pull.recv();
    waiting.process.kill("SIGINT");
    expect(await waiting.ended).toMatchObject({ code: 130, stderr: "" });

    pull.close();
    const { command } = await binding(["push", "--connect", "tcp://127.0.0.1:1"]);
    command.process.stdin.end("nobody is there\n");
    command.process.kill("SIGINT");
    expect(await command.ended).toMatchObject({ code: 130 });
  });
});

describe("nodezmq pub and sub", () => {
  test("publish to whoever has subscribed", async () => {
    const { command, url } = await binding(["pub", "--wait", "2", "--topic", "news"]);
    command.process.stdin.end("a\nb\n");
    const tabs = nodezmq(["sub", "--connect", url, "--topic", "ne", "--count", "2"]);
    const json = nodezmq(["sub", "--connect", url, "--json", "--subscribe", "new", "--count", "2"]);
    expect((await tabs.ended).stdout).toBe("news\ta\nnews\tb\n");
    expect((await json.ended).stdout).toBe('["news","a"]\n["news","b"]\n');
    expect(await command.ended).toMatchObject(success);
  });

  test("lose nothing with --no-drop", async () => {
    const { command, url } = await binding(["pub", "--wait", "1", "--no-drop", "--hwm", "2"]);
    const sub = nodezmq(["sub", "--connect", url, "--hwm", "2", "--count", "5000"]);
    const lines = Array.from({ length: 5000 }, (_, i) => `${i}\n`).join("");
    command.process.stdin.end(lines);
    expect((await sub.ended).stdout).toBe(lines);
    expect(await command.ended).toMatchObject(success);
  });
});

describe("nodezmq req and rep", () => {
  test("ask and answer, by echo", async () => {
    const { command, url } = await binding(["rep", "--echo", "--count", "2"]);
    expect((await fed(["req", "--connect", url], "a\nb\n")).stdout).toBe("a\nb\n");
    expect((await command.ended).stdout).toBe("a\nb\n");
  });

  test("answer with the lines of the input", async () => {
    const { command, url } = await binding(["rep"]);
    command.process.stdin.end("one\ntwo\n");
    expect((await fed(["req", "--connect", url, "--count", "2"], "a\nb\nc\n")).stdout).toBe("one\ntwo\n");
    const late = await fed(["req", "--connect", url, "--timeout", "300"], "d\n");
    expect(late).toMatchObject({ code: 124, stderr: expect.stringContaining("no reply came") });
    expect(await command.ended).toMatchObject({ ...success, stdout: "a\nb\nd\n" });
  });
});

describe("the other socket commands", () => {
  test("a dealer talks to a rep, by an empty frame", async () => {
    const { command, url } = await binding(["rep", "--echo", "--count", "1"]);
    const outcome = await fed(["dealer", "--connect", url, "--json", "--count", "1"], '["","hello"]\n');
    expect(outcome).toMatchObject({ ...success, stdout: '["","hello"]\n' });
    await command.ended;
  });

  test("a router answers by identity, a pair's end by itself", async () => {
    const { command, url } = await binding(["router", "--delimiter", " "]);
    const dealer = nodezmq(["dealer", "--connect", url, "--identity", "me", "--count", "1"]);
    dealer.process.stdin.write("hello\n");
    await command.line(/^me hello$/);
    command.process.stdin.end("me bye\n");
    expect(await dealer.ended).toMatchObject({ ...success, stdout: "bye\n" });
    command.process.kill("SIGINT");
    expect(await command.ended).toMatchObject({ code: 130 });
  });

  test("an xpub sees the subscriptions of an xsub", async () => {
    const { command, url } = await binding(["xpub", "--json", "--count", "1"]);
    const xsub = nodezmq(["xsub", "--connect", url, "--topic", "t"]);
    expect(await command.line(/u0001/)).toBe('["\\u0001t"]');
    xsub.process.kill("SIGTERM");
    expect(await xsub.ended).toMatchObject({ code: 143 });
    expect(await command.ended).toMatchObject(success);
  });
});

describe("CURVE", () => {
  test("takes its keys from certificates", async () => {
    const path = folder();
    const [serverPublic, serverSecret] = zmq.auth.createCertificates(path, "server");
    const clients = folder();
    const [, clientSecret] = zmq.auth.createCertificates(clients, "client");
    const secure = ["--key", serverSecret, "--clients", clients];
    const { command, url } = await binding(["pull", "--count", "1", ...secure]);
    const stranger = nodezmq([
      "push",
      "--connect",
      url,
      "--server-key",
      serverPublic,
      "--wait",
      "1",
      "--timeout",
      "500",
    ]);
    stranger.process.stdin.end("stranger\n");
    expect(await stranger.ended).toMatchObject({ code: 124 });
    const friend = ["push", "--connect", url, "--server-key", serverPublic, "--key", clientSecret];
    expect(await fed(friend, "friend\n")).toMatchObject(success);
    expect((await command.ended).stdout).toBe("friend\n");
  });

  test("says which certificate cannot be used", async () => {
    const path = folder();
    const [publicFile] = zmq.auth.createCertificates(path, "server");
    for (const [args, complaint] of [
      [["--key", join(path, "none")], "cannot use the certificate"],
      [["--key", publicFile], "has no secret key"],
    ] as const) {
      const outcome = await nodezmq(["pull", "--bind", local, ...args]).ended;
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toContain(complaint);
    }
  });
});

describe("with pyzmq", () => {
  test("the commands send and receive the same messages", async () => {
    const { command, url } = await binding(["pull", "--json", "--count", "1"]);
    const code = `
import sys, zmq
context = zmq.Context()
socket = context.socket(zmq.PUSH)
socket.connect(sys.argv[1])
socket.send_multipart([b"from", "pyzmq ü".encode()])
socket.close()
context.term() # the end of the interpreter does not wait for messages
`;
    expect(await program(python(), ["-c", code, url]).ended).toMatchObject(success);
    expect((await command.ended).stdout).toBe('["from","pyzmq ü"]\n');

    const subscriber = `
import sys, zmq
socket = zmq.Context().socket(zmq.SUB)
socket.subscribe(b"t")
socket.connect(sys.argv[1])
print(socket.recv_multipart(), flush=True)
`;
    const pub = await binding(["pub", "--topic", "t", "--wait", "1"]);
    pub.command.process.stdin.end("hello\n");
    const outcome = await program(python(), ["-c", subscriber, pub.url]).ended;
    expect(outcome.stdout).toBe("[b't', b'hello']\n");
  });
});

test.each([
  [["push"], "--bind URL or --connect URL"],
  [["push", "--bnd", "x"], "did you mean '--bind'?"],
  [["push", "--bind", local, "extra"], 'unexpected argument "extra"'],
  [["push", "--bind", local, "--topic", "x"], "--topic is for pub only"],
  [["pull", "--bind", local, "--topic", "x"], "--topic is for sub only"],
  [["pull", "--bind", local, "--count", "0"], "--count takes a whole number, 1 or more"],
  [["pull", "--bind", local, "--timeout", "soon"], "--timeout takes a whole number"],
  [["pull", "--bind", local, "--json", "--raw"], "--json and --raw exclude each other"],
  [["pull", "--bind", local, "--delimiter", ""], "--delimiter"],
  [["pull", "--bind", local, "--clients", "x"], "--clients is for a CURVE server"],
  [["req", "--connect", local, "--echo"], "--echo is for rep only"],
  [["dealer", "--connect", local, "--topic", "x"], "--topic is for xsub only"],
  [["pusb"], "did you mean 'pub'?"],
])("%j is bad usage, exit code 2", async (args, complaint) => {
  const outcome = await program(process.execPath, [commandFile, ...args]).ended;
  expect(outcome).toMatchObject({ code: 2, stdout: "" });
  expect(outcome.stderr).toContain(complaint);
  expect(outcome.stderr).not.toMatch(/^\s+at /m);
});
