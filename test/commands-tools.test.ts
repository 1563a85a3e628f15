/** nodezmq proxy, monitor, bench and doctor. */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as zmq from "nodezmq";
import { describe, expect, onTestFinished, test } from "vitest";
import { nodezmq } from "./support/command.js";
import { program } from "./support/program.js";
import { freshAddress, newContext } from "./support/sockets.js";

const local = "tcp://127.0.0.1:*";
const root = fileURLToPath(new URL("..", import.meta.url));

describe("nodezmq proxy", () => {
  test("forwards requests, publishes copies, tells events and statistics", async () => {
    const [front, back, copies] = [freshAddress("ipc"), freshAddress("ipc"), freshAddress("ipc")];
    const command = nodezmq([
      "proxy",
      `router:bind:${front},bind:${local}`,
      `dealer:bind:${back}`,
      "--capture",
      copies,
      "--monitor",
      "--statistics",
    ]);
    await command.line(/frontend LISTENING .* ipc:/);
    await command.line(/backend LISTENING/);
    const context = newContext();
    const capture = context.socket(zmq.SUB);
    capture.connect(copies);
    capture.subscribe("");
    const rep = context.socket(zmq.REP);
    rep.connect(back);
    const req = context.socket(zmq.REQ);
    req.connect(front);
    await req.send("ping");
    await rep.send(await rep.recv());
    expect(String(await req.recv())).toBe("ping");
    await command.line(/frontend HANDSHAKE_SUCCEEDED/);
    command.process.kill("SIGINT");
    const outcome = await command.ended;
    expect(outcome).toMatchObject({ code: 130, signal: null });
    expect(outcome.stderr).toMatch(/^bound to tcp:/m);
    expect(outcome.stderr).toMatch(/^forwarded 3 frames \(\d+ bytes\) to the backend, 3 frames/m);
  });

  test("tells statistics as often as it is asked to", async () => {
    const [front, back] = [freshAddress("ipc"), freshAddress("ipc")];
    const command = nodezmq(["proxy", `pull:bind:${front}`, `push:bind:${back}`, "--every", "1"]);
    await command.line(/^forwarded 0 frames/);
    const context = newContext();
    const [push, pull] = [context.socket(zmq.PUSH), context.socket(zmq.PULL)];
    push.connect(front);
    pull.connect(back);
    await push.send("task");
    expect(String(await pull.recv())).toBe("task");
    await command.line(/^forwarded 1 frames \(4 bytes\) to the backend/);
    command.process.kill("SIGTERM");
    expect(await command.ended).toMatchObject({ code: 143, stdout: "" });
  });

  test.each([
    [["proxy"], "FRONTEND"],
    [["proxy", `pull:bind:${local}`, `push:bind:${local}`, "--every", "0"], "--every"],
    [["proxy", "router", "dealer:bind:x"], "TYPE:bind:URL"],
    [["proxy", "rooter:bind:x", "dealer:bind:x"], "did you mean 'router'?"],
    [["monitor", "--bind", local], "type of the socket"],
    [["monitor", "pul", "--bind", local], "no type of socket"],
    [["bench", "--size", "-1x"], "--size"],
    [["doctor", "x"], 'unexpected argument "x"'],
  ])("%j is bad usage", async (args, complaint) => {
    const outcome = await nodezmq(args).ended;
    expect(outcome).toMatchObject({ code: 2, stdout: "" });
    expect(outcome.stderr).toContain(complaint);
  });
});

test("nodezmq monitor prints events as lines and as JSON", async () => {
  const pull = newContext().socket(zmq.PULL);
  pull.bind(local);
  const url = pull.lastEndpoint;
  const lines = nodezmq(["monitor", "push", "--connect", url]);
  await lines.line(/^\d{4}-\S+Z HANDSHAKE_SUCCEEDED 0 tcp:/);
  lines.process.kill("SIGINT");
  expect(await lines.ended).toMatchObject({ code: 130, stderr: "" });
  const json = await nodezmq(["monitor", "push", "--connect", url, "--json", "--count", "2"]).ended;
  expect(json).toMatchObject({ code: 0, stderr: "" });
  const events = json.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { event: string });
  expect(events.map(({ event }) => event)).toEqual(["CONNECT_DELAYED", "CONNECTED"]);
});

test("nodezmq bench measures threads and processes", async () => {
  const args = ["bench", "--count", "2000", "--roundtrips", "50"];
  const table = await nodezmq(args).ended;
  expect(table).toMatchObject({ code: 0, stderr: "" });
  expect(table.stdout).toMatch(/^transport .*\ninproc +64 .*\nipc +64 .*\ntcp +64 .*\n$/);
  const { stdout } = await nodezmq([...args, "--json", "--size", "0"]).ended;
  expect(JSON.parse(stdout)).toHaveLength(3);
  for (const result of JSON.parse(stdout) as { messagesPerSecond: number; latency: { p50: number } }[]) {
    expect(result).toMatchObject({ size: 0 });
    expect(result.messagesPerSecond).toBeGreaterThan(0);
    expect(result.latency.p50).toBeGreaterThan(0);
  }
});

describe("nodezmq doctor", () => {
  test("tells what was loaded, and that it works", async () => {
    const outcome = await nodezmq(["doctor"]).ended;
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    for (const fact of [
      `nodezmq      ${zmq.version}`,
      `libzmq       ${zmq.zmqVersion()}`,
      `platform     ${process.platform} ${process.arch}`,
      `watcher      ${process.env.NODEZMQ_WATCHER ?? "libuv"}`,
      "inproc       ok",
      "tcp          ok",
      "ipc          ok",
      "curve        ok",
    ]) {
      expect(outcome.stdout).toContain(fact);
    }
    expect(outcome.stdout).not.toContain("\x1b");
  });

  test("tells the same as JSON", async () => {
    const env = { ...process.env, NODEZMQ_WATCHER: "thread" };
    const report = JSON.parse((await nodezmq(["doctor", "--json"], { env }).ended).stdout) as object;
    expect(report).toMatchObject({ ok: true, libzmq: zmq.zmqVersion(), watcher: "thread" });
    expect(report).toHaveProperty("addon", expect.stringMatching(/\.node$/));
  });

  test("tells why there is no addon, and what to do", async () => {
    const copy = mkdtempSync(join(tmpdir(), "nodezmq-doctor-test-"));
    onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
    for (const part of ["lib", "package.json", "node_modules/node-gyp-build"]) {
      mkdirSync(dirname(join(copy, part)), { recursive: true });
      cpSync(join(root, part), join(copy, part), { recursive: true });
    }
    const env = { ...process.env, NODEZMQ_BINARY: undefined }; // of a sanitizer run
    const run = (...args: string[]) =>
      program(process.execPath, [join(copy, "lib/cli/main.js"), ...args], { cwd: copy, env }).ended;
    const outcome = await run("doctor");
    expect(outcome.code).toBe(1);
    expect(outcome.stdout).toContain("cannot be loaded");
    expect(outcome.stdout).toContain(join("scripts", "build.mjs"));
    expect(outcome.stderr).toBe("nodezmq doctor: something is broken: see above\n");
    expect(await run("doctor", "--json").then(({ stdout }) => JSON.parse(stdout) as object)).toMatchObject({
      ok: false,
    });
    expect(await run("--help")).toMatchObject({ code: 0, stderr: "" });
  });
});
