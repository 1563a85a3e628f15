import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { buildEnds } from "../bench/build.mjs";
import { ends, nativeFolder, readPair } from "../bench/ends.mjs";
import { choose, everything } from "../bench/plan.mjs";
import type { Results } from "../bench/report.mjs";
import { account, type Run, runDevice, runFlow, runTrips } from "../bench/runs.mjs";
import { percentiles, ratios, summarize } from "../bench/statistics.mjs";
import { readSize, sizeName, table } from "../bench/table.mjs";

const bench = fileURLToPath(new URL("../bench", import.meta.url));
const SLOW = 120_000; // many processes, one after the other

beforeAll(async () => {
  await buildEnds();
  for (const end of Object.values(ends)) {
    expect(end.available(), `${end.title} is missing: ${end.install}`).toBe(true);
  }
}, SLOW);

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "nodezmq-bench-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const amount = { count: 320, warmup: 32 };

function plausible(run: Run, measured: number): void {
  expect(run.measured).toBe(measured);
  expect(run.rate).toBeGreaterThan(0);
  expect(run.sink.cpu).toBeGreaterThanOrEqual(0);
  expect(run.sink.memory).toBeGreaterThan(2 ** 20);
}

describe("a run of the benchmark", () => {
  const pairs = [
    ...[
      "c>c",
      "c:copy>c",
      "ours:send>c",
      "ours:batch>c",
      "ours:sync>c",
      "ours:sync-batch>c",
      "ours:zero-copy>c",
    ],
    ...["c>ours:recv", "c>ours:for-await", "c>ours:batch", "c>ours:sync", "c>ours:sync-batch"],
    ...["c>zeromq:recv", "c>zeromq:for-await", "zeromq:send>c"],
    ...["c>pyzmq:blocking", "c>pyzmq:asyncio", "pyzmq:blocking>c", "pyzmq:asyncio>c"],
    ...["ours:batch>zeromq:recv", "zeromq:send>pyzmq:blocking", "pyzmq:blocking>ours:recv"],
  ];

  test.each(pairs)("%s counts every message over tcp", { timeout: SLOW }, async (name) => {
    const flow = { pattern: "pushpull", transport: "tcp", size: 100, peers: 1 } as const;
    plausible(await runFlow(readPair(name), flow, amount), 287);
  });

  test.each(["c>c", "c>ours:recv", "c>ours:batch", "ours:batch>c", "zeromq:send>c", "pyzmq:asyncio>c"])(
    "%s counts every message to eight subscribers and of sixteen dealers",
    { timeout: SLOW },
    async (name) => {
      const common = { transport: "ipc", size: 16 } as const;
      plausible(
        await runFlow(readPair(name), { ...common, pattern: "pubsub", peers: 8 }, amount),
        8 * 288 - (name === "c>c" || name.endsWith(">c") ? 1 : 8),
      );
      plausible(await runFlow(readPair(name), { ...common, pattern: "router", peers: 16 }, amount), 287);
    },
  );

  test.each([
    ["inproc", "c>c"],
    ["inproc", "ours:send>ours:recv"],
    ["inproc", "ours:batch>ours:for-await"],
    ["inproc", "ours:sync>ours:sync-batch"],
    ["inproc", "zeromq:send>zeromq:recv"],
    ["inproc", "pyzmq:blocking>pyzmq:blocking"],
    ["inproc-same", "c>c"],
    ["inproc-same", "ours:send>ours:recv"],
    ["inproc-same", "zeromq:send>zeromq:for-await"],
  ] as const)("over %s, %s counts every message", { timeout: SLOW }, async (transport, name) => {
    const run = await runFlow(readPair(name), { pattern: "pushpull", transport, size: 16, peers: 1 }, amount);
    plausible(run, run.measured);
    expect([287, 288]).toContain(run.measured);
  });

  test.each([
    ["reqrep", "tcp", "c>c"],
    ["reqrep", "tcp", "ours>ours"],
    ["reqrep", "tcp", "ours:sync>ours:sync"],
    ["reqrep", "tcp", "zeromq>pyzmq:asyncio"],
    ["reqrep", "inproc", "ours>ours"],
    ["dealer", "ipc", "c>ours"],
    ["dealer", "ipc", "pyzmq>zeromq"],
    ["dealer", "ipc", "ours:sync>c"],
  ] as const)(
    "%s round trips over %s by %s are timed one by one",
    { timeout: SLOW },
    async (pattern, transport, name) => {
      const run = await runTrips(readPair(name), { pattern, transport, size: 16 }, { count: 50, warmup: 5 });
      expect(run.samples).toHaveLength(45);
      expect(Math.min(...(run.samples as number[]))).toBeGreaterThan(0);
    },
  );

  test("ends can run in worker threads", { timeout: SLOW }, async () => {
    const trip = { pattern: "reqrep", transport: "tcp", size: 16, worker: true } as const;
    const run = await runTrips(readPair("ours:sync>ours:sync"), trip, { count: 50, warmup: 5 });
    expect(run.samples).toHaveLength(45);
  });

  test.each(["c", "ours", "zeromq"])(
    "every message passes the device of %s",
    { timeout: SLOW },
    async (library) => {
      plausible(await runDevice(library, 16, amount), 287);
    },
  );

  test("fails when a message or a byte is missing", () => {
    account({ count: 10, bytes: 160 }, 10, 16, "nobody");
    expect(() => account({ count: 9, bytes: 144 }, 10, 16, "c>c")).toThrow(/c>c: received 9 messages/);
    expect(() => account({ count: 10, bytes: 159 }, 10, 16, "c>c")).toThrow(/159 bytes/);
  });

  test("fails with what an end complained of", { timeout: SLOW }, async () => {
    const flow = { pattern: "pushpull", transport: "tcp", size: 16, peers: 1 } as const;
    await expect(runFlow(readPair("c>ours:telepathy"), flow, amount)).rejects.toThrow(
      /unknown way "telepathy"/,
    );
    expect(() => readPair("c>perl")).toThrow(/unknown library "perl"/);
    expect(() => readPair("c")).toThrow(/sender>receiver/);
  });
});

describe("npm run bench", () => {
  const run = (...args: string[]): SpawnSyncReturns<string> =>
    spawnSync(process.execPath, [join(bench, "main.mjs"), ...args], { encoding: "utf8" });

  test("measures what was asked for, and writes figures, a page and charts", { timeout: SLOW }, () => {
    const out = folder();
    const flags = [
      "--only",
      "throughput,latency",
      "--sizes",
      "16,1KiB",
      "--transports",
      "tcp",
      "--patterns",
      "pushpull,reqrep",
    ];
    const small = ["--rounds", "2", "--count", "200", "--contenders", "c,zeromq", "--out", out];
    const { stdout, stderr, status } = run(...flags, ...small);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(stdout).toContain("PUSH/PULL over tcp, 1 KiB");
    const results = JSON.parse(readFileSync(join(out, "results.json"), "utf8")) as Results;
    const measurements = results.run?.measurements ?? [];
    expect(measurements.map(({ cell }) => [cell.kind, cell.size])).toEqual([
      ["throughput", 16],
      ["throughput", 1024],
      ["latency", 16],
      ["latency", 1024],
    ]);
    for (const { figures } of measurements) {
      expect(figures.map(({ name }) => name)).toContain("c>c");
      for (const one of figures) expect(one.runs).toHaveLength(2);
    }
    expect(measurements[2]?.figures[0]?.p999?.median).toBeGreaterThan(0);
    expect(readFileSync(join(out, "performance.md"), "utf8")).toContain("(charts/receiving.svg)");
    expect(readdirSync(join(out, "charts"))).toContain("latency.svg");
    expect(readFileSync(join(out, "charts", "receiving.svg"), "utf8")).toMatch(/^<svg.*<\/svg>\s*$/s);
  });

  test("says in one line what it does not understand", () => {
    for (const [flags, message] of [
      [["--only", "sloth"], /sloth/],
      [["--sizes", "many"], /many/],
      [["--rounds=-1"], /-1/],
      [["--transports", "pigeon"], /nothing fits/],
      [["--turbo"], /--turbo/],
    ] as const) {
      const { status, stderr } = run("--list", ...flags);
      expect(status).toBe(1);
      expect(stderr).toMatch(message);
      expect(stderr.trim().split("\n")).toHaveLength(1);
    }
  });

  test("chooses by library, way, size and exact pair", () => {
    const pushpull = { only: ["throughput"], patterns: ["pushpull"], transports: ["tcp"], sizes: [16] };
    const names = (choice: object): string[] =>
      choose(everything(), { ...pushpull, ...choice }).flatMap(({ contenders }) => contenders);
    expect(names({ contenders: ["zeromq"] })).toEqual([
      "c>zeromq:recv",
      "c>zeromq:for-await",
      "zeromq:send>c",
      "zeromq:send>zeromq:recv",
    ]);
    expect(names({ contenders: ["c", "ours"], ways: ["batch"] })).toEqual([
      "c>c",
      "c>ours:batch",
      "ours:batch>c",
      "ours:batch>ours:batch",
    ]);
    expect(names({ contenders: ["ours:batch>pyzmq"] })).toEqual(["ours:batch>pyzmq"]);
    expect(names({ sizes: [7] })).toEqual([]);
  });
});

describe("the classic tools", () => {
  interface Ended {
    code: number | null;
    output: string;
  }

  function start(command: string[]): Promise<Ended> {
    const [program = "", ...args] = command;
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk;
    });
    return new Promise((resolve) => child.once("close", (code) => resolve({ code, output })));
  }

  const ours = (tool: string): string[] => [process.execPath, join(bench, `${tool}.mjs`)];
  const libzmqs = (tool: string): string[] => {
    expect(existsSync(join(nativeFolder, tool))).toBe(true);
    return [join(nativeFolder, tool)];
  };

  test.each([
    ["ours", "libzmq's", ours, libzmqs],
    ["libzmq's", "ours", libzmqs, ours],
    ["ours", "ours", ours, ours],
  ] as const)(
    "local_thr, %s, understands remote_thr, %s",
    { timeout: SLOW },
    async (_, __, local, remote) => {
      const args = [`ipc://${folder()}/thr`, "20", "500"];
      const [receiver, sender] = await Promise.all([
        start([...local("local_thr"), ...args]),
        start([...remote("remote_thr"), ...args]),
      ]);
      expect([receiver.code, sender.code]).toEqual([0, 0]);
      expect(receiver.output).toMatch(
        /^message size: 20 \[B\]\nmessage count: 500\nmean throughput: \d+ \[msg\/s\]\nmean throughput: \d+\.\d{3} \[Mb\/s\]\n$/,
      );
    },
  );

  test.each([
    ["ours", "libzmq's", ours, libzmqs],
    ["libzmq's", "ours", libzmqs, ours],
  ] as const)(
    "local_lat, %s, understands remote_lat, %s",
    { timeout: SLOW },
    async (_, __, local, remote) => {
      const args = [`ipc://${folder()}/lat`, "20", "100"];
      const [answering, asking] = await Promise.all([
        start([...local("local_lat"), ...args]),
        start([...remote("remote_lat"), ...args]),
      ]);
      expect([answering.code, asking.code]).toEqual([0, 0]);
      expect(asking.output).toMatch(
        /^message size: 20 \[B\]\nroundtrip count: 100\naverage latency: \d+\.\d{3} \[us\]\n$/,
      );
    },
  );

  test.each(["inproc_thr", "inproc_lat"])("%s says what libzmq's says", { timeout: SLOW }, async (tool) => {
    const [mine, theirs] = await Promise.all([
      start([...ours(tool), "20", "500"]),
      start([...libzmqs(tool), "20", "500"]),
    ]);
    const shape = (text: string): string => text.replace(/: [\d.]+/g, ": N");
    expect(mine.code).toBe(0);
    expect(shape(mine.output)).toBe(shape(theirs.output));
  });

  test("ask for their arguments", async () => {
    const { code, output } = await start(ours("local_thr"));
    expect(code).toBe(1);
    expect(output).toBe("usage: local_thr <bind-to> <message-size> <message-count>\n");
  });

  test("complain of a message of the wrong size", { timeout: SLOW }, async () => {
    const address = `ipc://${folder()}/thr`;
    const [receiver] = await Promise.all([
      start([...ours("local_thr"), address, "20", "500"]),
      start([...libzmqs("remote_thr"), address, "21", "500"]).catch(() => {}),
    ]);
    expect(receiver.output).toBe("message of incorrect size received\n");
    expect(receiver.code).not.toBe(0);
  });
});

describe("the figures", () => {
  test("are medians with their quartiles, and ratios run by run", () => {
    expect(summarize([5, 1, 3])).toMatchObject({ median: 3, min: 1, max: 5, n: 3 });
    expect(ratios([2, 9, 8], [1, 3, 2])).toMatchObject({ median: 3, min: 2, max: 4 });
    expect(() => summarize([])).toThrow();
  });

  test("are percentiles in microseconds", () => {
    const found = percentiles(Array.from({ length: 1000 }, (_, i) => (i + 1) * 1000));
    expect(found.p50).toBeCloseTo(500, -1);
    expect(found.p99).toBeCloseTo(990, -1);
    expect(found.p999).toBeCloseTo(999, -1);
  });

  test("are printed in tables that line up", () => {
    expect(table(["name", "n"], [["a", "1000"]])).toBe("| name |    n |\n| ---- | ---: |\n| a    | 1000 |");
    for (const size of [16, 1024, 3000, 64 * 1024, 2 ** 20]) expect(readSize(sizeName(size))).toBe(size);
  });
});
