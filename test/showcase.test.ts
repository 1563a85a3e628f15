import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import * as zmq from "nodezmq";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { balance, Ledger } from "../examples/showcase/ledger.mjs";
import { isAlive } from "./support/processes.js";

const main = fileURLToPath(new URL("../examples/showcase/main.mjs", import.meta.url));
const posixTest = test.skipIf(process.platform === "win32");

let folder: string;
let running: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "showcase-"));
});

afterEach(() => {
  running?.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the showcase with its output in a pipe. `onLine` sees each line as it comes. */
async function showcase(options: string[], onLine: (line: string, main: ChildProcess) => void = () => {}) {
  const child = spawn(process.execPath, [main, "--verbose", ...options], {
    env: { ...process.env, TMPDIR: folder, TEMP: folder, TMP: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running = child;
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    errors += text;
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    onLine(line, child);
  }
  const output = lines.join("\n");
  return { code: await ended, lines, output, errors };
}

/** Where the showcase tells a process: `[name, pid]`. */
function processIn(line: string): [name: string, pid: number] | undefined {
  const [, name, pid] = /: (.*) is process (\d+)$/.exec(line) ?? [];
  return name === undefined ? undefined : [name, Number(pid)];
}

/** Neither processes nor files. */
function expectNothingLeft(lines: string[]) {
  const pids = lines.flatMap((line) => processIn(line)?.[1] ?? []);
  expect(pids.length).toBeGreaterThan(0);
  expect(pids.filter((pid) => isAlive(pid, "showcase/peer.mjs"))).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
}

/** Calls `act` with the pid of a peer once messages are flowing. */
function onceItMoves(peer: string, act: (pid: number, main: ChildProcess) => void) {
  let pid: number | undefined;
  let done = false;
  return (line: string, main: ChildProcess) => {
    const [name, found] = processIn(line) ?? [];
    if (name === peer) pid ??= found;
    if (done || pid === undefined || !/: [1-9][\d,]* messages$/.test(line)) return;
    done = true;
    act(pid, main);
  };
}

describe("the showcase", () => {
  test("plays every pattern over every transport, loses nothing and leaves nothing", {
    timeout: 120_000,
  }, async () => {
    const { code, lines, output, errors } = await showcase(["--seconds", "0.1"]);
    expect(errors).toBe("");
    expect(output).toMatch(/^OK: [\d,]+ messages sent, [\d,]+ received, none lost, in [\d.]+ s\.$/m);
    expect(code).toBe(0);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(output).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
    expect(output).toContain(`libzmq ${zmq.zmqVersion()}`);

    const table = lines.slice(lines.findIndex((line) => /^ +peers +sent +received +lost/.test(line)) + 1);
    const transports = zmq.has("ipc") ? ["tcp", "ipc", "inproc"] : ["tcp", "inproc"];
    for (const pattern of ["REQ/REP", "PUB/SUB", "PUSH/PULL", "ROUTER/DEALER", "PAIR"]) {
      const group = table.findIndex((line) => line.startsWith(`${pattern}  `));
      expect(group, pattern).toBeGreaterThanOrEqual(0);
      for (const [i, transport] of transports.entries()) {
        const row = (table[group + 1 + i] ?? "").trim().split(/ {2,}/);
        const [name, peers, sent, received, lost, rate, bandwidth, median, high] = row;
        expect(name).toBe(transport);
        expect(peers).toMatch(transport === "inproc" ? /^\d threads$/ : /^\d processes$/);
        expect(sent).toMatch(/^[1-9][\d,]*$/);
        expect(received).toBe(sent);
        expect(lost).toBe("0");
        expect(rate).toMatch(/^[1-9][\d,]*$/);
        expect(bandwidth).toMatch(/^\d+\.\d$/);
        const roundTrip = ["PUB/SUB", "PUSH/PULL"].includes(pattern) ? undefined : /^[1-9][\d,]* µs$/;
        for (const time of [median, high]) expect(time ?? "").toMatch(roundTrip ?? /^$/);
      }
    }
    expectNothingLeft(lines);
  });

  test("says which peer died, and where", async () => {
    const { code, lines, output } = await showcase(
      ["--seconds", "60"],
      onceItMoves("server", (pid) => process.kill(pid, "SIGKILL")),
    );
    expect(output).toMatch(
      /^FAILED: REQ\/REP over tcp: server \(process \d+\) was killed by SIGKILL; at the last count [1-9]\d* messages sent, \d+ received$/m,
    );
    expect(code).toBe(1);
    expectNothingLeft(lines);
  });

  posixTest("says which peer hangs, and ends", async () => {
    const { code, lines, output } = await showcase(
      ["--seconds", "60", "--patience", "4"],
      onceItMoves("server", (pid) => process.kill(pid, "SIGSTOP")),
    );
    expect(output).toMatch(
      /^FAILED: REQ\/REP over tcp: nothing has moved for 4 s, no sign of life from server \(process \d+\);/m,
    );
    expect(code).toBe(1);
    expectNothingLeft(lines);
  });

  posixTest("is interrupted by Ctrl-C", async () => {
    const { code, lines, output } = await showcase(
      ["--seconds", "60"],
      onceItMoves("server", (_, main) => main.kill("SIGINT")),
    );
    expect(output).toMatch(/^interrupted \(SIGINT\)$/m);
    expect(code).toBe(130);
    expectNothingLeft(lines);
  });
});

describe("the showcase's accounts", () => {
  /** One sender's letters go through `post`; what comes out of it is received. */
  function exchange(count: number, post: (letters: Buffer[]) => (Buffer | undefined)[], copies = 1) {
    const sender = new Ledger();
    const receiver = new Ledger();
    const letters = sender.letters({ stream: 7, name: "the sender", size: 64, copies });
    for (const letter of post(letters.batch(count))) receiver.receive(letter);
    const books = [sender, receiver].map(({ sent, received }) => ({
      sent,
      received: [...received.values()],
    }));
    return { ...balance(books), complaints: receiver.problems };
  }
  const fine = { lost: 0, problems: [], complaints: [] };

  test("are even when all has arrived", () => {
    expect(exchange(10, (letters) => letters)).toEqual({ ...fine, sent: 10, received: 10 });
  });

  test("are even when all has arrived at two receivers", () => {
    const sender = new Ledger();
    const letters = sender.letters({ stream: 0, name: "'news'", size: 64, copies: 2 }).batch(5);
    const receivers = [new Ledger(), new Ledger()];
    for (const receiver of receivers) for (const letter of letters) receiver.receive(letter);
    const books = [sender, ...receivers].map(({ sent, received }) => ({
      sent,
      received: [...received.values()],
    }));
    expect(balance(books)).toEqual({ sent: 10, received: 10, lost: 0, problems: [] });
  });

  test("tell a lost message", () => {
    const { lost, problems } = exchange(10, (letters) => letters.filter((_, i) => i !== 4));
    expect({ lost, problems }).toEqual({ lost: 1, problems: ["1 of 10 messages of the sender are missing"] });
  });

  test("tell a message that came twice", () => {
    const { problems, complaints } = exchange(3, ([a, b, c]) => [a, b, b, c]);
    expect(problems).toEqual(["1 messages of the sender too many"]);
    expect(complaints).toEqual(["letter 2 of stream 7 after 2"]);
  });

  test("tell a message that came instead of another", () => {
    const { problems } = exchange(3, ([a, b]) => [a, b, b]);
    expect(problems).toEqual(["the messages of the sender are not those that were sent"]);
  });

  test("tell the wrong order", () => {
    expect(exchange(3, ([a, b, c]) => [b, a, c]).complaints).toEqual(["letter 1 of stream 7 after 2"]);
  });

  test.for([0, 5, 9, 13, 63])("tell a message whose byte %i has changed", (at) => {
    const { lost, complaints } = exchange(3, (letters) => {
      const damaged = letters[1] as Buffer;
      damaged[at] = (damaged[at] as number) ^ 1;
      return letters;
    });
    expect(lost).toBe(1);
    expect(complaints).toEqual(["a letter whose checksum is wrong"]);
  });

  test("tell a message that was cut", () => {
    expect(exchange(2, ([a, b]) => [a, b?.subarray(0, 60)]).complaints).toEqual([
      "a letter whose checksum is wrong",
    ]);
    expect(exchange(2, ([a, b]) => [a, b?.subarray(0, 8)]).complaints).toEqual(["a letter of 8 bytes"]);
  });
});
