import { describe, expect, test } from "vitest";
import { run } from "./support/life-child.js";
import { freshAddress } from "./support/sockets.js";

/** Programs that forget things, with the collector at hand; they end by themselves. */
const forgetful = (steps: string) =>
  run(
    `
    const warnings = [];
    process.on("warning", (warning) => {
      warnings.push(warning);
      say(warning.name, warning.code, warning.message);
    });
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    // Collects until something has happened; the watchdog is the limit.
    const until = async (happened) => { while (!happened()) { gc(); await turn(); } };
    // What would have been collected by then has been: a canary made after it is gone, thrice.
    const collect = async () => {
      for (let i = 0; i < 3; i++) {
        let gone = false;
        const registry = new FinalizationRegistry(() => { gone = true; });
        (() => registry.register({}, 0))();
        await until(() => gone);
      }
    };
    const { readdirSync, readlinkSync, existsSync } = require("node:fs");
    // Sockets, pipes and the like: a sanitizer opens its report when it has something to say of V8.
    const unnamed = (fd) => { try { return !readlinkSync("/proc/self/fd/" + fd).startsWith("/"); } catch { return false; } };
    const fds = () => readdirSync("/proc/self/fd").filter(unnamed).length;
    const threads = () => readdirSync("/proc/self/task").length;
    const counted = existsSync("/proc/self/fd");
    (async () => { ${steps} })().then(() => say("end"));`,
    { flags: ["--expose-gc", "--no-warnings"] },
  );

const ended = (stdout: string) => ({ code: 0, signal: null, stdout: `${stdout}end\n`, stderr: "" });
const warning = (what: string) =>
  `ResourceWarning NODEZMQ_UNCLOSED a ${what} was garbage-collected while it was open; ` +
  "close what you no longer need\n";

describe.concurrent("what is collected while it is open", () => {
  test("a socket: one warning, and it is closed", async () => {
    const outcome = await forgetful(`
      const context = new zmq.Context();
      context.socket(zmq.PAIR).close();
      const before = counted && fds();
      (() => context.socket(zmq.PULL).bind("inproc://forgotten"))();
      await until(() => warnings.length > 0);
      await context.term(); // waits until it is closed
      if (counted && fds() > before) say("descriptors are left");`);
    expect(outcome).toEqual(ended(warning("zmq.PULL socket")));
  });

  test("a context: one warning, and it is terminated", async () => {
    const outcome = await forgetful(`
      await new zmq.Context().term();
      const before = counted && [fds(), threads()];
      let address;
      (() => {
        const context = new zmq.Context();
        context.socket(zmq.PULL).close();
        address = context.underlying;
      })();
      await until(() => warnings.length > 0);
      await until(() => {
        try { zmq.Context.shadow(address); } catch { return true; }
      });
      if (counted) await until(() => fds() <= before[0] && threads() <= before[1]);`);
    expect(outcome).toEqual(ended(warning("zmq.Context")));
  });

  test("a hundred of both: one warning for each kind, and all of them are closed", async () => {
    const outcome = await forgetful(`
      await new zmq.Context().term();
      const before = counted && [fds(), threads()];
      const addresses = [];
      (() => {
        for (let i = 0; i < 100; i++) {
          const context = new zmq.Context();
          addresses.push(context.underlying);
          const [a, b] = [context.socket(zmq.PUSH), context.socket(zmq.PULL)];
          b.bind("inproc://x");
          a.connect("inproc://x");
          a.sendSync("x");
        }
      })();
      await until(() => addresses.every((address) => {
        try { zmq.Context.shadow(address); } catch { return true; }
      }));
      if (counted) await until(() => fds() <= before[0] && threads() <= before[1]);
      say(warnings.length);`);
    expect(outcome.stdout).toMatch(/^(ResourceWarning NODEZMQ_UNCLOSED .*\n){3}3\nend\n$/);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
  });

  test("what is queued on it still gets its LINGER", async () => {
    const outcome = await forgetful(`
      const other = new zmq.Context();
      const address = "ipc://" + require("node:fs").mkdtempSync(require("node:os").tmpdir() + "/nodezmq-life-") + "/s";
      (() => {
        const push = new zmq.Context().socket(zmq.PUSH);
        push.connect(address);
        for (let i = 0; i < 100; i++) push.sendSync(String(i));
      })();
      await until(() => warnings.length > 0);
      const pull = other.socket(zmq.PULL);
      pull.bind(address);
      for (let i = 0; i < 100; i++) if (String(await pull.recv()) !== String(i)) say("lost", i);
      await other.destroy();
      require("node:fs").rmSync(address.slice(6, -2), { recursive: true });`);
    expect(outcome.stdout).toMatch(/^(ResourceWarning NODEZMQ_UNCLOSED .*\n){1,2}end\n$/);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
  });

  test("in a worker, whose end is not held up by it", async () => {
    const outcome = await forgetful(`
      const { Worker } = require("node:worker_threads");
      const worker = new Worker(
        "const zmq = require(" + JSON.stringify(require.resolve("nodezmq")) + ");" +
        "process.on('warning', (warning) => {" +
        "  require('node:worker_threads').parentPort.postMessage(warning.code); process.exit(0); });" +
        "const context = new zmq.Context();" +
        "(() => { context.socket(zmq.PULL); new zmq.Context().socket(zmq.PUSH); })();" +
        "setInterval(gc, 1);", { eval: true });
      worker.on("message", say);
      say(await new Promise((resolve) => worker.on("exit", resolve)));`);
    expect(outcome).toEqual(ended("NODEZMQ_UNCLOSED\n0\n"));
  });
});

describe.concurrent("what has been closed says nothing when it is collected", () => {
  test("sockets, contexts, shadows, pollers, promises", async () => {
    const outcome = await forgetful(`
      await (async () => {
        const context = new zmq.Context();
        const socket = context.socket(zmq.PULL);
        const poller = new zmq.Poller();
        poller.register(socket);
        zmq.Context.shadow(context);
        zmq.Socket.shadow(socket);
        const pending = [socket.recv(), poller.poll(), socket.poll()].map((promise) => promise.catch(() => {}));
        socket.close();
        await Promise.all(pending);
        await context.term();
        const destroyed = new zmq.Context();
        destroyed.socket(zmq.PAIR);
        await destroyed.destroy();
        zmq.Context.instance();
      })();
      await collect();`);
    expect(outcome).toEqual(ended(""));
  });
});

describe.concurrent("what somebody still waits for is not collected", () => {
  const cases: Record<string, string> = {
    "a receive of a socket that nobody refers to": `
      (() => context().socket(zmq.PULL))().DO((pull) => { pull.connect(address); pull.recv().then(heard); });`,
    "an iteration": `
      (() => context().socket(zmq.PULL))().DO(async (pull) => {
        pull.connect(address);
        for await (const [frame] of pull) { heard(frame); pull.close(); }
      });`,
    "a poll": `
      (() => context().socket(zmq.PULL))().DO((pull) => {
        pull.connect(address);
        pull.poll().then(() => heard("it is there"));
      });`,
    "a Poller's poll": `
      (() => context().socket(zmq.PULL))().DO((pull) => {
        pull.connect(address);
        const poller = new zmq.Poller();
        poller.register(pull, zmq.POLLIN);
        poller.poll().then(() => heard("it is there"));
      });`,
    "a proxy": `
      (() => context())().DO((owner) => {
        const [front, back] = [owner.socket(zmq.PULL), owner.socket(zmq.PUSH)];
        front.connect(address);
        back.bind("inproc://behind");
        const end = owner.socket(zmq.PULL);
        end.connect("inproc://behind");
        zmq.proxy(front, back).catch(() => {});
        end.recv().then(heard);
      });`,
    "a receive on a shadow of a context that nobody refers to": `
      (() => zmq.Context.shadow(context()).socket(zmq.PULL))().DO((pull) => {
        pull.connect(address);
        pull.recv().then(heard);
      });`,
    "a receive by the shadow of a socket": `
      (() => zmq.Socket.shadow(context().socket(zmq.PULL)))().DO((pull) => {
        pull.connect(address);
        pull.recv().then(heard);
      });`,
  };
  test.each(Object.entries(cases))("%s", async (_name, steps) => {
    const outcome = await forgetful(`
      Object.prototype.DO = function (use) { use(this); };
      const sender = new zmq.Context().socket(zmq.PUSH);
      sender.bind("tcp://127.0.0.1:*");
      const address = sender.lastEndpoint;
      const context = () => new zmq.Context();
      let answer;
      const heard = (frame) => { answer = String(frame); };
      ${steps}
      await collect();
      await sender.send("it is there");
      await new Promise((resolve) => {
        const look = () => answer === undefined ? setImmediate(look) : resolve();
        look();
      });
      say(answer);
      process.exit(0);`);
    expect(outcome).toEqual({ code: 0, signal: null, stdout: "it is there\n", stderr: "" });
  });

  test("a send of a socket that nobody refers to", async () => {
    const outcome = await forgetful(`
      const pull = new zmq.Context().socket(zmq.PULL);
      const endpoint = ${JSON.stringify(freshAddress("ipc"))}; // nobody else takes it
      (() => {
        const push = new zmq.Context().socket(zmq.PUSH, { immediate: true });
        push.connect(endpoint);
        push.send("sent at last").then(() => say("sent"));
      })();
      await collect();
      pull.bind(endpoint);
      say(await pull.recv());
      process.exit(0);`);
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toBe("");
    expect(outcome.stdout).toContain("sent at last\n");
  });

  test("a context with an open socket, and a socket by its shadow", async () => {
    const outcome = await forgetful(`
      const socket = (() => new zmq.Context().socket(zmq.PULL))();
      const shadow = (() => zmq.Context.shadow(new zmq.Context()))();
      const face = (() => zmq.Socket.shadow(new zmq.Context().socket(zmq.PULL)))();
      await collect();
      socket.bind("inproc://a");
      shadow.socket(zmq.PULL).close();
      face.bind("inproc://b");
      socket.close();
      face.close();
      process.exit(0);`);
    expect(outcome).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
  });
});
