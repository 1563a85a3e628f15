import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { run, start } from "./support/life-child.js";
import { ipcAddress, newContext } from "./support/life-own.js";
import { library } from "./support/sockets.js";

/** Where everything is closed before the exit hooks of the program: an addon's own come too late on Windows. */
const early = process.platform === "win32";

/**
 * What the program has done when it ends. `release` lets go of what would keep the process alive, where the end is to
 * come by itself.
 */
const states: Record<string, { steps: string; release?: string }> = {
  "a socket created": { steps: "context.socket(zmq.REP);" },
  "a socket bound": { steps: `context.socket(zmq.PULL).bind("tcp://127.0.0.1:*");` },
  "a socket connected": {
    steps: `
      const pull = context.socket(zmq.PULL), push = context.socket(zmq.PUSH);
      pull.bind("tcp://127.0.0.1:*");
      push.connect(pull.lastEndpoint);
      await push.send("x");
      await pull.recv();`,
  },
  "a receive pending": {
    steps: `
      const pull = context.socket(zmq.PULL);
      pull.bind("tcp://127.0.0.1:*");
      pull.recv();`,
    release: "pull.unref();",
  },
  "a send pending": {
    steps: `const push = context.socket(zmq.PUSH); push.send("x");`,
    release: "push.unref();",
  },
  "a poll of two sockets and a descriptor pending": {
    steps: `
      const pull = context.socket(zmq.PULL), sub = context.socket(zmq.SUB), poller = new zmq.Poller();
      const server = require("node:net").createServer().listen(0);
      poller.register(pull, zmq.POLLIN);
      poller.register(sub, zmq.POLLIN);
      poller.register(server._handle.fd, zmq.POLLIN);
      const stop = new AbortController();
      poller.poll({ signal: stop.signal }).catch(() => {});`,
    release: "stop.abort(); server.close();",
  },
  "an iteration waiting": {
    steps: `
      const sub = context.socket(zmq.SUB, { subscribe: "" });
      (async () => { for await (const _ of sub) say("unexpected"); })();`,
    release: "sub.unref();",
  },
  "a message queued for nobody": {
    steps: `
      const push = context.socket(zmq.PUSH);
      push.connect("ipc:///no/such/socket");
      await push.send("x");`,
  },
  "a message queued for nobody, and a socket closed since": {
    steps: `
      const push = context.socket(zmq.PUSH);
      push.connect("ipc:///no/such/socket");
      await push.send("x");
      push.close();`,
  },
  "a proxy running": {
    steps: `
      const pull = context.socket(zmq.PULL), push = context.socket(zmq.PUSH), stop = new AbortController();
      pull.bind("tcp://127.0.0.1:*");
      push.bind("tcp://127.0.0.1:*");
      zmq.proxy(pull, push, null, { signal: stop.signal }).catch(() => {});`,
    release: "stop.abort();",
  },
  "monitors reading": {
    steps: `
      const pull = context.socket(zmq.PULL), events = pull.events();
      pull.bind("tcp://127.0.0.1:*");
      await events.next();
      const more = events.next();
      const monitor = pull.getMonitorSocket();
      monitor.recv().catch(() => {});`,
    release: "events.return(); monitor.unref();",
  },
  "batches in flight": {
    steps: `
      const push = context.socket(zmq.PUSH, { sndhwm: 10 }), pull = context.socket(zmq.PULL, { rcvhwm: 10 });
      pull.bind("tcp://127.0.0.1:*");
      push.connect(pull.lastEndpoint);
      push.sendBatch(Array.from({ length: 5000 }, () => Buffer.alloc(1000))).catch(() => {});
      await pull.recvBatch(20);`,
    release: "push.unref();",
  },
  "megabytes lent and not sent": {
    steps: `
      const push = context.socket(zmq.PUSH);
      push.connect("ipc:///no/such/socket");
      for (let i = 0; i < 4; i++) await push.send(Buffer.alloc(1 << 20, i), { copy: false, track: true });`,
  },
  "a device running": {
    steps: `
      const device = new zmq.devices.ThreadDevice(zmq.QUEUE, zmq.ROUTER, zmq.DEALER);
      device.bindIn("tcp://127.0.0.1:*");
      device.bindOut("tcp://127.0.0.1:*");
      await device.start();`,
  },
  "a term pending": {
    steps: `const push = context.socket(zmq.PUSH); context.term();`,
    release: "push.close();",
  },
  "a worker running": {
    steps: `
      const { Worker } = require("node:worker_threads");
      const worker = new Worker(\`
        const zmq = require(\${JSON.stringify(require.resolve("nodezmq"))});
        const context = new zmq.Context();
        context.socket(zmq.PULL).recv();
        zmq.Context.instance().socket(zmq.PULL).recv();
        require("node:worker_threads").parentPort.postMessage("ready");
      \`, { eval: true });
      await new Promise((resolve) => worker.once("message", resolve));`,
    release: "worker.unref();",
  },
  "a worker blocked": {
    steps: `
      const { Worker } = require("node:worker_threads");
      const worker = new Worker(\`
        const zmq = require(\${JSON.stringify(require.resolve("nodezmq"))});
        const pull = zmq.Context.instance().socket(zmq.PULL);
        require("node:worker_threads").parentPort.postMessage("ready");
        pull.recvSync();
      \`, { eval: true });
      await new Promise((resolve) => worker.once("message", resolve));`,
    release: "worker.unref();",
  },
  "200 sockets": {
    steps: `
      for (let i = 0; i < 200; i++) {
        const socket = context.socket(i % 2 ? zmq.PUSH : zmq.PULL);
        i % 2 ? socket.connect("ipc:///no/such/socket") : socket.bind("inproc://" + i);
        i % 2 ? await socket.send("x") : socket.recv();
        socket.unref();
      }`,
  },
};

interface End {
  /** Whether the process ends by itself. */
  alone?: boolean;
  steps: string;
  code?: number | null;
  signal?: NodeJS.Signals;
  stdout?: string;
  stderr?: RegExp;
}

const ends: Record<string, End> = {
  "the program returns": { alone: true, steps: "" },
  "process.exit(3)": { steps: "process.exit(3);", code: 3 },
  "an uncaught error": {
    steps: `setImmediate(() => { throw new Error("on purpose"); });`,
    code: 1,
    stderr: /^[\s\S]*\bError: on purpose\n[\s\S]*\n\nNode\.js v[\d.]+\n$/,
  },
  "an unhandled rejection": {
    steps: `Promise.reject(new Error("on purpose"));`,
    code: 1,
    stderr: /^[\s\S]*\bError: on purpose\n[\s\S]*\n\nNode\.js v[\d.]+\n$/,
  },
  SIGTERM: { steps: `process.kill(process.pid, "SIGTERM");`, code: null, signal: "SIGTERM" },
  SIGINT: { steps: `process.kill(process.pid, "SIGINT");`, code: null, signal: "SIGINT" },
  "an exit handler that uses the library": {
    steps: `
      process.on("exit", () => {
        const uses = [
          () => context.socket(zmq.PUSH).close(),
          () => context.socket(zmq.PULL).recv().catch(() => {}),
          () => zmq.Context.instance().socket(zmq.PULL).bind("inproc://last"),
          () => new zmq.Context().term(),
          () => context.destroy(),
          () => {
            const last = new zmq.Context(), pair = [last.socket(zmq.PAIR), last.socket(zmq.PAIR)];
            pair[0].bind("inproc://last words");
            pair[1].connect("inproc://last words");
            pair[0].sendSync("last words");
            say(pair[1].recvSync());
          },
        ];
        for (const use of uses) try { use(); } catch (error) { if (!(error instanceof zmq.ZMQError)) throw error; }
      });
      process.exit(4);`,
    code: 4,
    stdout: early ? "" : "last words\n",
  },
  "beforeExit, which uses the library": {
    alone: true,
    steps: `
      process.once("beforeExit", async () => {
        const next = new zmq.Context();
        const [a, b] = [next.socket(zmq.PAIR), next.socket(zmq.PAIR)];
        a.bind("tcp://127.0.0.1:*");
        b.connect(a.lastEndpoint);
        await a.send("one more round");
        say(await b.recv());
        await next.destroy();
      });`,
    stdout: "one more round\n",
  },
};

/** Runs a program that gets into some states, each with a context of its own, and comes to an end. */
async function endsAs(end: End, ...reached: { steps: string; release?: string }[]): Promise<void> {
  const blocks = reached.map(
    ({ steps, release = "" }) =>
      `await (async () => {
        const context = new zmq.Context();
        context.socket = (...given) => {
          const socket = zmq.Context.prototype.socket.apply(context, given);
          kept.push(socket); // what is collected while it is open is told on stderr
          return socket;
        };
        ${steps}
        release.push(() => { void context; ${release} }); // holds on to what has been opened
      })();`,
  );
  const outcome = await run(`
    zmq.setExitLinger(100);
    const context = new zmq.Context();
    const release = [], kept = [];
    (async () => {
      ${blocks.join("")}
      ${end.alone ? "for (const step of release) step();" : ""}
      ${end.steps}
    })();`);
  expect(outcome.stderr).toMatch(end.stderr ?? /^$/);
  expect(outcome).toMatchObject({
    code: end.code === undefined ? 0 : end.code,
    signal: end.signal ?? null,
    stdout: end.stdout ?? "",
  });
}

describe.concurrent.each(Object.entries(states))("with %s", (_state, state) => {
  test.each(["the program returns", "process.exit(3)", "an uncaught error", "SIGTERM", "SIGINT"])(
    "%s ends the process",
    async (name) => {
      await endsAs(ends[name] as End, state);
    },
  );
});

describe.concurrent.each(Object.entries(ends))("%s ends the process", (_end, end) => {
  test("with nothing opened", () => endsAs(end));
  test("with all of that at once", () => endsAs(end, ...Object.values(states)));
});

describe.concurrent("process.exit() from within", () => {
  const places: Record<string, string> = {
    "a receive's continuation": "b.recv().then(() => process.exit(6)); await a.send('x');",
    "an iteration": "await a.send('x'); for await (const _ of b) process.exit(6);",
    "a poll's continuation": "b.poll().then(() => process.exit(6)); await a.send('x');",
    "a Poller's continuation":
      "const p = new zmq.Poller(); p.register(b); p.poll().then(() => process.exit(6)); await a.send('x');",
    "an abort listener":
      "const stop = new AbortController(); b.recv({ signal: stop.signal }).catch(() => process.exit(6)); stop.abort();",
    "the continuation of close()": "b.recv().catch(() => process.exit(6)); b.close();",
    "the continuation of term()": "a.close(); b.close(); context.term().then(() => process.exit(6));",
    "a proxy's continuation": "zmq.proxy(a, b).catch(() => process.exit(6)); a.close();",
    "a getter that a send calls":
      "a.sendMultipart(Object.defineProperty(['x'], 0, { get() { process.exit(6); } })).catch(() => {});",
    "a worker's message": `
      const { Worker } = require("node:worker_threads");
      const worker = new Worker(\`
        const zmq = require(\${JSON.stringify(require.resolve("nodezmq"))});
        zmq.Context.instance().socket(zmq.PULL).recv();
        require("node:worker_threads").parentPort.postMessage("");\`, { eval: true });
      worker.on("message", () => process.exit(6));`,
  };
  test.each(Object.entries(places))("%s", async (_place, steps) => {
    const outcome = await run(`
      const context = new zmq.Context();
      const [a, b] = [context.socket(zmq.PAIR), context.socket(zmq.PAIR)];
      a.bind("inproc://a");
      b.connect("inproc://a");
      (async () => { ${steps} })();`);
    expect(outcome).toEqual({ code: 6, signal: null, stdout: "", stderr: "" });
  });
});

describe.concurrent("what is queued at the exit", () => {
  const waysOut = {
    return: "",
    "process.exit(0)": "process.exit(0);",
    "process.exit(0) with the socket closed": "push.close(); process.exit(0);",
    "return with the socket closed": "push.close();",
    "return while a term is pending": "context.term(); push.close();",
  };

  test.for(Object.entries(waysOut))(
    "reaches a peer that is slow but alive: %s",
    async ([_way, steps], { onTestFinished }) => {
      // More than the system's buffers hold: the child still has most of it when it ends. (Not over ipc: there libzmq
      // drops what a receiver at its high-water mark has not read when the sender goes.)
      const count = 2000;
      const pull = newContext(1, onTestFinished).socket(zmq.PULL, { rcvhwm: 10, rcvbuf: 200_000 });
      pull.bind("tcp://127.0.0.1:*");
      const child = start(`
        zmq.setExitLinger(8000);
        const context = new zmq.Context();
        const push = context.socket(zmq.PUSH, { sndhwm: 0, sndbuf: 50_000 });
        push.connect(${JSON.stringify(pull.lastEndpoint)});
        for (let i = 0; i < ${count}; i++) push.sendSync(String(i).padEnd(1000));
        say("sent");
        ${steps}`);
      await child.said("sent");
      for (let i = 0; i < count; i++) {
        expect(String(await pull.recv()).trimEnd()).toBe(`${i}`);
        if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await child.ended).toMatchObject({ code: 0, stderr: "" });
    },
  );

  test("reaches it from an uncaught error too, and from a worker that is stopped", async ({
    onTestFinished,
  }) => {
    const pull = newContext(1, onTestFinished).socket(zmq.PULL);
    pull.bind("tcp://127.0.0.1:*");
    const child = start(`
      zmq.setExitLinger(8000);
      const { Worker } = require("node:worker_threads");
      const worker = new Worker(\`
        const zmq = require(\${JSON.stringify(require.resolve("nodezmq"))});
        const push = new zmq.Context().socket(zmq.PUSH);
        push.connect(${JSON.stringify(pull.lastEndpoint)});
        for (let i = 0; i < 100; i++) push.sendSync("worker");
        require("node:worker_threads").parentPort.postMessage("");\`, { eval: true });
      worker.on("message", () => {
        const push = zmq.Context.instance().socket(zmq.PUSH);
        push.connect(${JSON.stringify(pull.lastEndpoint)});
        for (let i = 0; i < 100; i++) push.sendSync("main");
        throw new Error("on purpose");
      });`);
    const heard = { main: 0, worker: 0 };
    for (let i = 0; i < 200; i++) heard[String(await pull.recv()) as keyof typeof heard]++;
    expect(heard).toEqual({ main: 100, worker: 100 });
    expect((await child.ended).code).toBe(1);
  });

  test("reaches a peer who comes only then", async ({ onTestFinished }) => {
    const address = ipcAddress(onTestFinished);
    const child = start(`
      zmq.setExitLinger(8000);
      const push = new zmq.Context().socket(zmq.PUSH);
      push.connect(${JSON.stringify(address)});
      push.sendSync("late");
      process.prependListener("exit", () => say("exiting"));`);
    await child.said("exiting");
    const pull = newContext(1, onTestFinished).socket(zmq.PULL);
    pull.bind(address);
    expect(String(await pull.recv())).toBe("late");
    expect((await child.ended).code).toBe(0);
  });

  test("is given up after a second, by default", async () => {
    const begin = performance.now();
    const outcome = await run(`
      const push = new zmq.Context().socket(zmq.PUSH);
      push.connect("ipc:///no/such/socket");
      push.sendSync("x");`);
    expect(outcome).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
    expect(performance.now() - begin).toBeGreaterThan(1000);
  });

  test("is given up after setExitLinger in all, by how many threads and hooks soever", async () => {
    // One limit after the other would make it more than the watchdog allows.
    const outcome = await run(`
      zmq.setExitLinger(3000);
      const { Worker } = require("node:worker_threads");
      const queue = () => {
        const push = new zmq.Context().socket(zmq.PUSH);
        push.connect("ipc:///no/such/socket");
        push.sendSync("x");
        return push;
      };
      queue();
      queue().close();
      let ready = 0;
      for (let i = 0; i < 4; i++) {
        const worker = new Worker("const zmq = require(" + JSON.stringify(require.resolve("nodezmq")) + ");" +
          "const queue = " + queue + "; queue(); queue().close(); setInterval(() => {}, 1000);" +
          "require('node:worker_threads').parentPort.postMessage(0)", { eval: true });
        worker.unref();
        worker.on("message", () => { if (++ready === 4) process.exit(7); });
      }
      setInterval(() => {}, 1000);`);
    expect(outcome).toEqual({ code: 7, signal: null, stdout: "", stderr: "" });
  });

  test("is given up at once with setExitLinger(0), or by its own LINGER", async () => {
    const [none, own] = await Promise.all([
      run(`
        zmq.setExitLinger(0);
        const push = new zmq.Context().socket(zmq.PUSH);
        push.connect("ipc:///no/such/socket");
        push.sendSync("x");`),
      run(`
        zmq.setExitLinger(60000);
        const push = new zmq.Context().socket(zmq.PUSH, { linger: 50 });
        push.connect("ipc:///no/such/socket");
        push.sendSync("x");
        const closed = new zmq.Context().socket(zmq.PUSH, { linger: 50 });
        closed.connect("ipc:///no/such/socket");
        closed.sendSync("x");
        closed.close();`),
    ]);
    expect(none.code).toBe(0);
    expect(own.code).toBe(0);
  });

  test("is waited for when the limit is the longest there is", async () => {
    const pull = newContext().socket(zmq.PULL);
    pull.bind("tcp://127.0.0.1:*");
    const child = run(`
      zmq.setExitLinger(2 ** 53);
      const push = new zmq.Context().socket(zmq.PUSH);
      push.connect("${pull.lastEndpoint}");
      const memory = Buffer.alloc(1 << 20);
      push.send(memory, { copy: false }).then(() => say("sent"));`);
    expect(await pull.recv()).toHaveLength(1 << 20);
    expect(await child).toMatchObject({ code: 0, stdout: "sent\n" });
  });

  test("setExitLinger takes milliseconds, 0 or more", () => {
    for (const value of [-1, Number.POSITIVE_INFINITY])
      expect(() => zmq.setExitLinger(value)).toThrow(RangeError);
    for (const value of [Number.NaN, "5", null, undefined, {}]) {
      expect(() => zmq.setExitLinger(value as never)).toThrow(TypeError);
    }
  });
});

describe.concurrent("other ways to begin and to end", () => {
  test("an ES module that leaves everything open", async () => {
    const outcome = await run(
      `
      import * as zmq from "nodezmq";
      const context = zmq.Context.instance();
      const [a, b] = [context.socket(zmq.PAIR), context.socket(zmq.PAIR)];
      a.bind("tcp://127.0.0.1:*");
      b.connect(a.lastEndpoint);
      await a.send("x");
      console.log(String(await b.recv()));`,
      { flags: ["--input-type=module"], load: false },
    );
    expect(outcome).toEqual({ code: 0, signal: null, stdout: "x\n", stderr: "" });
  });

  const hook = `
    const socket = context.socket(zmq.PULL), nobody = context.socket(zmq.PUSH), poller = new zmq.Poller();
    socket.bind("tcp://127.0.0.1:*");
    poller.register(socket, zmq.POLLIN);
    const blocking = [
      () => socket.recvSync(), () => socket.recvMultipartSync(), () => socket.recvBatchSync(), () => socket.pollSync(),
      () => poller.pollSync(), () => nobody.sendSync("x"), () => nobody.sendBatchSync(["x"]),
    ];
    const told = [];
    process.on("exit", () => {
      for (const call of blocking) {
        try { told.push(String(call())); } catch (error) { told.push(error.code); }
      }
      say(told.join(" "));
    });`;
  const said = early ? `${Array(7).fill("ENOTSOCK").join(" ")}\n` : "EAGAIN EAGAIN EAGAIN 0  EAGAIN EAGAIN\n";
  test.each([
    ["the end", "", 0],
    ["process.exit()", "process.exit(3);", 3],
    [
      "an uncaught error",
      "process.on('uncaughtException', () => process.exit(4)); setImmediate(() => { throw 1; });",
      4,
    ],
  ])("calls that would block for ever in a hook of %s give way", async (_name, end, code) => {
    const outcome = await run(`const context = new zmq.Context(); ${hook} ${end}`);
    expect(outcome).toEqual({ code, signal: null, stdout: said, stderr: "" });
  });

  test("calls that would block for ever in a hook of a worker's end give way", async () => {
    const { stdout, code } = await run(`
      const { Worker } = require("node:worker_threads");
      const program = \`
        const zmq = require(${JSON.stringify(library)});
        const context = new zmq.Context();
        const say = (text) => require("node:fs").writeSync(1, text + "\\\\n");
        ${hook.replaceAll("`", "\\`")}
      \`;
      new Worker(program, { eval: true }).on("exit", (code) => say("worker " + code));`);
    expect([stdout, code]).toEqual([`${said}worker 0\n`, 0]);
  });

  test("the library loaded and not used", async () => {
    expect(await run("")).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
  });

  test("process.abort() is the only way to leave a core", async () => {
    const outcome = await run(`new zmq.Context().socket(zmq.PULL).recv(); process.reallyExit(9);`);
    expect(outcome).toMatchObject({ code: 9, signal: null });
  });

  test("a program that opens a context in each of a hundred turns, and ends in the midst of it", async () => {
    const outcome = await run(`
      let turns = 0;
      const turn = () => {
        const context = new zmq.Context();
        const [a, b] = [context.socket(zmq.PAIR), context.socket(zmq.PAIR)];
        a.bind("inproc://a");
        b.connect("inproc://a");
        a.send("x").then(() => b.recv()).then(() => context.destroy());
        if (++turns === 100) process.exit(8);
        setImmediate(turn);
      };
      turn();`);
    expect(outcome).toEqual({ code: 8, signal: null, stdout: "", stderr: "" });
  });
});
