import * as zmq from "nodezmq";
import { describe, expect, onTestFinished, test } from "vitest";
import { run } from "./support/life-child.js";
import { meanwhile, newContext, pair } from "./support/life-own.js";
import { startWorker } from "./support/life-worker.js";

/** What a worker is at when it ends. `release` lets go of what would keep its event loop alive. */
const states: Record<string, { steps: string; release?: string }> = {
  "idle sockets": {
    steps: `
      context.socket(zmq.PULL).bind("tcp://127.0.0.1:*");
      shared.socket(zmq.PUSH).connect("inproc://nobody");`,
  },
  "a receive pending": {
    steps: "const pull = shared.socket(zmq.PULL); pull.recv().catch(() => {});",
    release: "pull.unref();",
  },
  "a send pending": {
    steps: "const push = context.socket(zmq.PUSH); push.send('x').catch(() => {});",
    release: "push.unref();",
  },
  "a poll pending": {
    steps: "const sub = shared.socket(zmq.SUB); sub.poll().catch(() => {});",
    release: "sub.unref();",
  },
  "a Poller pending": {
    steps: `
      const pull = shared.socket(zmq.PULL), poller = new zmq.Poller();
      poller.register(pull);
      poller.register(context.socket(zmq.PULL));
      const stop = new AbortController();
      poller.poll({ signal: stop.signal }).catch(() => {});`,
    release: "stop.abort();",
  },
  "a proxy running": {
    steps: `
      const [front, back] = [shared.socket(zmq.PULL), context.socket(zmq.PUSH)];
      front.bind("tcp://127.0.0.1:*");
      back.bind("tcp://127.0.0.1:*");
      zmq.proxy(front, back).catch(() => {});`,
    release: "front.close();",
  },
  "an iteration waiting": {
    steps: `
      const pull = shared.socket(zmq.PULL);
      (async () => { for await (const _ of pull) throw new Error("unexpected"); })();`,
    release: "pull.unref();",
  },
  "a term pending": {
    steps: "const pull = context.socket(zmq.PULL); context.term();",
    release: "pull.close();",
  },
  "monitors reading": {
    steps: `
      const pull = shared.socket(zmq.PULL), events = pull.events();
      pull.bind("tcp://127.0.0.1:*");
      await events.next();
      events.next();
      const monitor = pull.getMonitorSocket();
      monitor.recv().catch(() => {});`,
    release: "events.return(); monitor.unref();",
  },
  "batches in flight": {
    steps: `
      const push = shared.socket(zmq.PUSH, { sndhwm: 10 }), pull = context.socket(zmq.PULL, { rcvhwm: 10 });
      pull.bind("tcp://127.0.0.1:*");
      push.connect(pull.lastEndpoint);
      push.sendBatch(Array.from({ length: 5000 }, () => Buffer.alloc(1000))).catch(() => {});
      await pull.recvBatch(20);`,
    release: "push.unref();",
  },
  "a device running": {
    steps: `
      const device = new zmq.devices.ThreadDevice(zmq.QUEUE, zmq.ROUTER, zmq.DEALER);
      device.bindIn("tcp://127.0.0.1:*");
      device.bindOut("tcp://127.0.0.1:*");
      await device.start();`,
  },
  "messages queued for nobody": {
    steps: `
      for (const one of [context, shared]) {
        for (const closed of [false, true]) {
          const push = one.socket(zmq.PUSH);
          push.connect("ipc:///no/such/socket");
          push.sendSync("x");
          if (closed) push.close();
        }
      }`,
  },
};

const ends: Record<string, { steps: string; code: number; error?: string; alone?: boolean }> = {
  returns: { steps: "", code: 0, alone: true },
  throws: { steps: "setImmediate(() => { throw new Error('on purpose'); });", code: 1, error: "on purpose" },
  "calls process.exit(5)": { steps: "process.exit(5);", code: 5 },
  "is terminated": { steps: "setInterval(() => {}, 1e6);", code: 1 },
};

/** This thread and the process-wide context still work. */
async function expectLife(): Promise<void> {
  const shared = zmq.Context.instance();
  const [a, b] = pair(shared, zmq.PAIR, zmq.PAIR);
  await a.send("alive");
  expect(String(await b.recv())).toBe("alive");
  a.close(0);
  b.close(0);
  await meanwhile();
}

describe.each(Object.entries(states))("a worker with %s", (_state, { steps, release = "" }) => {
  test.each(Object.entries(ends))("%s, and this thread goes on", async (name, end) => {
    zmq.setExitLinger(50);
    onTestFinished(() => zmq.setExitLinger(1000));
    const shared = zmq.Context.instance();
    const { worker, heard, ended } = startWorker(`
      const context = new zmq.Context();
      const shared = zmq.Context.instance();
      ${steps}
      say(shared.underlying);
      ${end.alone ? release : ""}
      ${end.steps}`);
    expect(await heard()).toBe(shared.underlying);
    if (name === "is terminated") await worker.terminate();
    const { code, error } = await ended;
    expect((error as Error | undefined)?.message).toBe(end.error);
    expect(code).toBe(end.code);
    expect(zmq.Context.instance()).toBe(shared);
    await expectLife();
  });
});

describe("a worker that blocks", () => {
  const verbs: Record<string, string> = {
    recvSync: "socket.recvSync()",
    "recvSync with a timeout": "socket.recvSync({ timeout: 1e9 })",
    recvMultipartSync: "socket.recvMultipartSync()",
    recvBatchSync: "socket.recvBatchSync()",
    sendSync: "socket.sendSync('x')",
    sendMultipartSync: "socket.sendMultipartSync(['x', 'y'])",
    sendBatchSync: "socket.sendBatchSync(['x'])",
    pollSync: "socket.pollSync()",
    "a Poller's pollSync": "poller.pollSync()",
    "the same in a try block": "for (;;) try { socket.recvSync(); } catch {}",
  };
  test.each(Object.entries(verbs))("in %s gives way to terminate()", async (_name, verb) => {
    const { worker, heard, ended } = startWorker(`
      const socket = zmq.Context.instance().socket(zmq.DEALER);
      const poller = new zmq.Poller();
      poller.register(socket, zmq.POLLIN);
      say("blocks");
      ${verb};
      say("not reached");`);
    expect(await heard()).toBe("blocks");
    await worker.terminate();
    await expect(heard()).rejects.toThrow("ended");
    expect((await ended).code).toBe(1);
    await expectLife();
  });

  test("in recvSync is woken by a message from here, and by the end of the context", async () => {
    const context = newContext();
    const [push] = [context.socket(zmq.PUSH)];
    push.bind("inproc://work");
    const { heard, ended } = startWorker(
      `
      const context = zmq.Context.shadow(workerData);
      const pull = context.socket(zmq.PULL);
      pull.connect("inproc://work");
      say(String(pull.recvSync()));
      try {
        pull.recvSync();
      } catch (error) {
        say(error.name);
      }
      pull.close();`,
      context.underlying,
    );
    await push.send("work");
    expect(await heard()).toBe("work");
    push.close();
    await context.term();
    expect(await heard()).toBe("ContextTerminated");
    expect((await ended).code).toBe(0);
  });
});

describe("many workers", () => {
  test("20 at once talk through the process-wide context, and end in every way", async () => {
    const sink = zmq.Context.instance().socket(zmq.PULL);
    onTestFinished(() => sink.close(0));
    sink.bind("inproc://sink of 20");
    const threads = Array.from({ length: 20 }, (_, i) =>
      startWorker(
        `
        const push = zmq.Context.instance().socket(zmq.PUSH);
        push.connect("inproc://sink of 20");
        for (let n = 0; n < 50; n++) await push.send(workerData + " " + n);
        const own = new zmq.Context();
        const [a, b] = [own.socket(zmq.PAIR), own.socket(zmq.PAIR)];
        a.bind("tcp://127.0.0.1:*");
        b.connect(a.lastEndpoint);
        await a.send("x");
        await b.recv();
        b.recv().catch(() => {});
        say("ready");
        if (workerData % 4 === 0) b.unref();
        if (workerData % 4 === 1) process.exit(0);
        if (workerData % 4 === 2) a.recvSync();
        if (workerData % 4 === 3) a.recv();`,
        i,
      ),
    );
    const next = Array.from({ length: 20 }, () => 0);
    for (let i = 0; i < 20 * 50; i++) {
      const [worker, n] = String(await sink.recv())
        .split(" ")
        .map(Number);
      expect(n).toBe(next[worker as number]);
      next[worker as number] = (n as number) + 1;
    }
    expect(next.every((count) => count === 50)).toBe(true);
    const codes = threads.map(async ({ worker, heard, ended }, i) => {
      await heard();
      if (i % 4 >= 2) await worker.terminate();
      return (await ended).code;
    });
    expect(await Promise.all(codes)).toEqual(Array.from({ length: 20 }, (_, i) => (i % 4 >= 2 ? 1 : 0)));
    await expectLife();
  });

  test("20 that are terminated while the library is still being loaded in them", async () => {
    const threads = Array.from({ length: 20 }, () =>
      startWorker("zmq.Context.instance().socket(zmq.PULL).recv(); new zmq.Context().socket(zmq.PUSH);"),
    );
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
    await expectLife();
  });

  test("one after the other, 20 times, leave nothing in the process-wide context", async () => {
    const shared = zmq.Context.instance();
    for (let i = 0; i < 20; i++) {
      const { ended } = startWorker(
        `zmq.Context.instance().socket(zmq.PAIR).bind("inproc://one at a time");`,
      );
      expect(await ended).toEqual({ code: 0, error: undefined });
      // The name is free again: the socket has been closed with its worker, in the background.
      for (;;) {
        const socket = shared.socket(zmq.PAIR);
        try {
          socket.bind("inproc://one at a time");
          socket.unbind("inproc://one at a time");
          break;
        } catch (error) {
          expect((error as zmq.ZMQError).code).toBe("EADDRINUSE");
          await new Promise((resolve) => setImmediate(resolve));
        } finally {
          socket.close();
        }
      }
    }
  });
});

describe.concurrent("under fire", () => {
  /** A child whose main thread sends and receives without pause while its workers come and go. */
  const underFire = (program: string, lives: number, last = "") =>
    run(`
      zmq.setExitLinger(50);
      const { Worker } = require("node:worker_threads");
      const shared = zmq.Context.instance();
      const [push, pull] = [shared.socket(zmq.PUSH, { immediate: true }), shared.socket(zmq.PULL)];
      push.bind("inproc://out");
      pull.bind("inproc://in");
      let over = false;
      (async () => { while (!over) await push.send("to whom it may concern", { timeout: 1 }).catch(() => {}); })();
      (async () => { while (!over) await pull.recvBatch({ timeout: 1 }).catch(() => {}); })();
      const program = ${JSON.stringify(`
        const { parentPort } = require("node:worker_threads");
        const context = zmq.Context.instance();
        const [pull, push] = [context.socket(zmq.PULL), context.socket(zmq.PUSH)];
        pull.connect("inproc://out");
        push.connect("inproc://in");
        ${program}`)};
      const start = () => new Worker(
        "const zmq = require(" + JSON.stringify(require.resolve("nodezmq")) + ");" + program, { eval: true });
      const life = async (turns) => {
        const worker = start();
        const ended = new Promise((resolve) => worker.on("exit", resolve));
        await new Promise((resolve) => worker.once("message", resolve));
        for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
        worker.terminate();
        await ended;
      };
      (async () => {
        await Promise.all([0, 1, 2].map(async (i) => {
          for (let n = 0; n < ${lives}; n++) await life(3 * n + i);
        }));
        ${last}
        over = true;
        pull.unref();
        push.unref();
        say("end");
      })();`);

  const programs: Record<string, string> = {
    "a worker that receives and sends":
      "(async () => { for await (const [frame] of pull) { parentPort.postMessage(0); await push.send(frame); } })();",
    "a worker that blocks in receiving and sending":
      "for (;;) { for (const [frame] of pull.recvBatchSync()) push.sendSync(frame); parentPort.postMessage(0); }",
    "a worker that polls": `
      const poller = new zmq.Poller();
      poller.register(pull, zmq.POLLIN);
      (async () => {
        for (;;) {
          await poller.poll();
          parentPort.postMessage(0);
          await pull.recv(zmq.DONTWAIT);
          await push.send("x");
        }
      })();`,
    "a worker with a proxy": "parentPort.postMessage(0); zmq.proxy(pull, push);",
  };

  test.each(Object.entries(programs))("%s is terminated, again and again", async (_name, program) => {
    const outcome = await underFire(program, 4);
    expect(outcome).toEqual({ code: 0, signal: null, stdout: "end\n", stderr: "" });
  });

  test.each(Object.entries(programs))("process.exit() with three times %s", async (_name, program) => {
    const outcome = await underFire(
      program,
      0,
      `let ready = 0;
       for (let i = 0; i < 3; i++) start().once("message", () => { if (++ready === 3) process.exit(5); });
       await new Promise(() => {});`,
    );
    expect(outcome).toEqual({ code: 5, signal: null, stdout: "", stderr: "" });
  });
});

describe("sockets between threads", () => {
  test("a socket cannot be sent to another thread", () => {
    const { worker } = startWorker("await heard();");
    onTestFinished(() => worker.terminate().then(() => {}));
    const socket = newContext().socket(zmq.PULL);
    worker.postMessage({ socket }); // arrives as an empty object: nothing of it can be used
    expect(socket.closed).toBe(false);
  });

  test("a draft socket's events reach the thread that waits, whoever sends", async () => {
    const context = newContext();
    const server = context.socket(zmq.SERVER);
    server.bind("inproc://server");
    const { heard, ended } = startWorker(
      `
      const context = zmq.Context.shadow(workerData);
      const client = context.socket(zmq.CLIENT);
      client.connect("inproc://server");
      for (let i = 0; i < 50; i++) await client.send(String(i));
      client.close();
      say("sent");`,
      context.underlying,
    );
    for (let i = 0; i < 50; i++) expect(String(await server.recv())).toBe(String(i));
    expect(await heard()).toBe("sent");
    expect((await ended).code).toBe(0);
  });
});

describe("the library in a worker only", () => {
  const worker = (program: string): string => `
    await new Promise((resolve, reject) => {
      const worker = new Worker(
        "const zmq = require(" + JSON.stringify(require.resolve("nodezmq")) + ");" + ${JSON.stringify(program)},
        { eval: true });
      worker.on("error", reject);
      worker.on("exit", resolve);
    });`;
  const inChild = (steps: string) =>
    run(
      `
      const { Worker } = require("node:worker_threads");
      (async () => { ${steps} console.log("done"); })();`,
      { load: false },
    );
  const works = `
    const context = new zmq.Context();
    const [a, b] = [context.socket(zmq.PAIR), context.socket(zmq.PAIR)];
    a.bind("tcp://127.0.0.1:*");
    b.connect(a.lastEndpoint);
    a.send("x").then(() => b.recv()).then(() => b.recv());
    setImmediate(() => b.unref());`;

  test("works, is unloaded, and the process ends well", async () => {
    expect(await inChild(worker(works))).toEqual({ code: 0, signal: null, stdout: "done\n", stderr: "" });
  });

  test("can be loaded again, by worker after worker and by the main thread", async () => {
    const outcome = await inChild(`
      for (let i = 0; i < 5; i++) { ${worker(works)} }
      const zmq = require("nodezmq");
      const socket = zmq.Context.instance().socket(zmq.PAIR);
      socket.bind("inproc://main");
      ${worker(works)}`);
    expect(outcome).toEqual({ code: 0, signal: null, stdout: "done\n", stderr: "" });
  });

  test("may leave the process-wide context with a queue behind", async () => {
    const outcome = await inChild(
      worker(`
        zmq.setExitLinger(100);
        const push = zmq.Context.instance().socket(zmq.PUSH);
        push.connect("ipc:///no/such/socket");
        push.sendSync("x");`),
    );
    expect(outcome).toEqual({ code: 0, signal: null, stdout: "done\n", stderr: "" });
  });

  test("and process.exit() on the main thread while it runs there", async () => {
    const outcome = await inChild(`
      const worker = new Worker(
        "const zmq = require(" + JSON.stringify(require.resolve("nodezmq")) + ");" +
        "const pull = zmq.Context.instance().socket(zmq.PULL); pull.recv();" +
        "require('node:worker_threads').parentPort.postMessage('')", { eval: true });
      await new Promise((resolve) => worker.on("message", resolve));
      process.exit(3);`);
    expect(outcome).toEqual({ code: 3, signal: null, stdout: "", stderr: "" });
  });
});

describe("a worker that is terminated while the addon answers", () => {
  const calls = ["zmq.curveKeypair()", "zmq.zmqVersionInfo()", 'zmq.has("curve")', "zmq.strerror(1)"];
  test.each(calls)("%s", async (call) => {
    for (let i = 0; i < 25; i++) {
      const { worker, heard, ended } = startWorker(`say("begun"); for (;;) ${call};`);
      await heard();
      await new Promise((resolve) => setTimeout(resolve, i % 5));
      await worker.terminate();
      await ended;
    }
  });
});

test("workers leave no thread or descriptor behind, though what they have closed lingers for ever", async () => {
  const outcome = await run(`
    const { Worker } = require("node:worker_threads");
    const { readdirSync } = require("node:fs");
    const count = () => process.platform === "linux"
      ? readdirSync("/proc/self/task").length + readdirSync("/proc/self/fd").length : 0;
    const lost = \`
      const zmq = require("nodezmq");
      zmq.setExitLinger(20);
      const push = new zmq.Context().socket(zmq.PUSH);
      push.connect("tcp://127.0.0.1:1");
      push.sendSync("to nobody");
      push.close();\`;
    const worker = () => new Promise((resolve) => new Worker(lost, { eval: true }).on("exit", resolve));
    (async () => {
      await worker();
      const before = count();
      for (let i = 0; i < 5; i++) await worker();
      say(count() - before < 5 ? "nothing" : before + " and then " + count());
      process.exit(0);
    })();`);
  expect(outcome).toEqual({ code: 0, signal: null, stdout: "nothing\n", stderr: "" });
});

test("workers that are terminated while they load the library take nobody with them", async () => {
  const outcome = await run(`
    const { Worker } = require("node:worker_threads");
    (async () => {
      for (let i = 0; i < 60; i++) {
        const worker = new Worker("require('nodezmq')", { eval: true });
        worker.on("error", () => {});
        await new Promise((resolve) => worker.once("online", resolve));
        await new Promise((resolve) => setTimeout(resolve, i % 30));
        await worker.terminate();
      }
      say("alive");
    })();`);
  expect(outcome).toEqual({ code: 0, signal: null, stdout: "alive\n", stderr: "" });
});
