/** Authenticators while the program blocks, and how processes and workers with one end. */
import * as zmq from "nodezmq";
import { AuthenticationThread, ThreadAuthenticator } from "nodezmq/auth/thread";
import { describe, expect, onTestFinished, test } from "vitest";
import { run, start } from "./support/life-child.js";
import { Asker, curve, knock, plain, request } from "./support/security.js";
import { freshAddress, newContext, posted, runWorker, turn } from "./support/sockets.js";

describe("ThreadAuthenticator", () => {
  function started() {
    const context = newContext();
    const authenticator = new ThreadAuthenticator(context);
    authenticator.start();
    onTestFinished(() => authenticator.stop());
    return { context, authenticator };
  }

  test.each(["tcp", "ipc"] as const)(
    "lets peers in over %s while the program blocks its thread",
    (transport) => {
      const { context, authenticator } = started();
      const keys = curve();
      // Not one turn of the event loop from here on.
      for (const password of ["a", "b"]) {
        authenticator.configurePlain("*", { admin: password });
        const server = context.socket(zmq.PULL, { plainServer: true, linger: 0 });
        const client = context.socket(zmq.PUSH, { ...plain("admin", password), linger: 0 });
        server.bind(freshAddress(transport));
        client.connect(server.lastEndpoint);
        client.sendSync("hello");
        expect(String(server.recvSync({ timeout: 20_000 }))).toBe("hello");
      }
      authenticator.configureCurve("*", zmq.auth.CURVE_ALLOW_ANY);
      const server = context.socket(zmq.PULL, { ...keys.server, linger: 0 });
      const client = context.socket(zmq.PUSH, { ...keys.client(), linger: 0 });
      server.bind(freshAddress(transport));
      client.connect(server.lastEndpoint);
      client.sendSync("hello");
      expect(String(server.recvSync({ timeout: 20_000 }))).toBe("hello");
    },
  );

  test("keeps peers out while the program blocks its thread, by rules as young as can be", () => {
    const { context, authenticator } = started();
    const asker = context.socket(zmq.REQ, { linger: 0 });
    asker.connect("inproc://zeromq.zap.01");
    for (let round = 0; round < 200; round++) {
      authenticator.configurePlain("*", { admin: `${round}` });
      asker.sendMultipartSync(request("PLAIN", ["admin", `${round}`]));
      expect(String(asker.recvMultipartSync()[2])).toBe("200");
      asker.sendMultipartSync(request("PLAIN", ["admin", `${round - 1}`]));
      expect(String(asker.recvMultipartSync()[2])).toBe("400");
    }
  });

  test("asks its creator's callbacks when the event loop comes round", async () => {
    const { context, authenticator } = started();
    const asked: string[] = [];
    authenticator.configureCurveCallback("red", (domain) => {
      asked.push(domain);
      return true;
    });
    const asker = context.socket(zmq.REQ, { linger: 0 });
    asker.connect("inproc://zeromq.zap.01");
    asker.sendMultipartSync(request("CURVE", [Buffer.alloc(32)], { domain: "red" }));
    expect(() => asker.recvSync({ timeout: 50 })).toThrow(zmq.Again);
    expect(asked).toEqual([]);
    expect(String((await asker.recvMultipart())[2])).toBe("200");
    expect(asked).toEqual(["red"]);
  });

  test("has pyzmq's thread and pipe while it runs", async () => {
    const { authenticator } = started();
    expect(authenticator.isAlive()).toBe(true);
    expect(authenticator.pipe?.type).toBe(zmq.PAIR);
    expect(authenticator.pipe?.lastEndpoint).toBe(authenticator.pipeEndpoint);
    expect(authenticator.pipeEndpoint).toMatch(/^inproc:/);
    const thread = authenticator.thread as AuthenticationThread;
    expect(thread).toBeInstanceOf(AuthenticationThread);
    expect([thread.isAlive(), thread.authenticator, thread.pipe]).toEqual([
      true,
      authenticator,
      authenticator.pipe,
    ]);
    authenticator.stop();
    expect([
      authenticator.isAlive(),
      authenticator.pipe,
      authenticator.thread,
      authenticator.pipeEndpoint,
    ]).toEqual([false, null, null, ""]);
    await thread.join();
    expect(thread.isAlive()).toBe(false);
    expect(
      () => new AuthenticationThread(new zmq.auth.Authenticator(newContext()) as never, null as never),
    ).toThrow(TypeError);
  });

  test("ends when its pipe is closed behind its back, and can be started again", async () => {
    const { context, authenticator } = started();
    const { thread } = authenticator;
    authenticator.pipe?.close();
    expect(authenticator.isAlive()).toBe(false);
    authenticator.configurePlain("*", { admin: "a" });
    authenticator.stop();
    await thread?.join();
    authenticator.start();
    expect(await new Asker(context).status(...request("PLAIN", ["admin", "a"]))).toBe("200 OK");
  });

  test("ten at once, each for its context, and all of them stop", async () => {
    const all = Array.from({ length: 10 }, started);
    for (const [i, { authenticator }] of all.entries()) authenticator.configurePlain("*", { admin: `${i}` });
    for (const [i, { context }] of all.entries()) {
      expect(await new Asker(context).status(...request("PLAIN", ["admin", `${i}`]))).toBe("200 OK");
    }
    const threads = all.map(({ authenticator }) => authenticator.thread);
    for (const { authenticator } of all) authenticator.stop();
    await Promise.all(threads.map((thread) => thread?.join()));
  });
});

describe.each(["Authenticator", "asyncio.AsyncioAuthenticator", "thread.ThreadAuthenticator"])(
  "%s",
  (name) => {
    const begin = `
    const context = new zmq.Context();
    const authenticator = new zmq.auth.${name}(context);
    authenticator.start();`;

    test("tells what it decides to standard error if NODE_DEBUG says so", async () => {
      const { stderr } = await run(
        `${begin}
      authenticator.configurePlain("*", { admin: "hidden" });
      const asker = context.socket(zmq.REQ);
      asker.connect("inproc://zeromq.zap.01");
      asker.sendMultipart(["1.0", "1", "", "", "", "PLAIN", "admin", "hidden"]);
      asker.recvMultipart().then(() => setImmediate(() => asker.close()));`,
        { env: { NODE_DEBUG: "zmq.auth" } },
      );
      expect(stderr).toContain("Configure plain: *");
      expect(stderr).not.toContain("hidden");
    });

    test("leaves a server closed to everybody that enforces its domain, once it has stopped", async () => {
      const [namespace, className] = name.includes(".") ? name.split(".") : [undefined, name];
      const from = namespace === undefined ? zmq.auth : zmq.auth[namespace as "thread"];
      const Class = (from as unknown as Record<string, typeof zmq.auth.Authenticator>)[className as string];
      const context = newContext();
      const authenticator = new (Class as typeof zmq.auth.Authenticator)(context);
      authenticator.start();
      authenticator.configureCurve("*", zmq.auth.CURVE_ALLOW_ANY);
      const keys = curve("x");
      const server = { ...keys.server, zapEnforceDomain: true };
      expect((await knock(context, { server, client: keys.client() })).event).toBe("HANDSHAKE_SUCCEEDED");
      authenticator.stop();
      expect((await knock(context, { server, client: keys.client() })).event).not.toBe("HANDSHAKE_SUCCEEDED");
      expect((await knock(context, { server: keys.server, client: keys.client() })).event).toBe(
        "HANDSHAKE_SUCCEEDED",
      );
    });

    test("does not keep the process alive", async () => {
      expect(await run(begin)).toMatchObject({ code: 0, stderr: "" });
      expect(await run(`${begin} authenticator.stop(); context.term();`)).toMatchObject({
        code: 0,
        stderr: "",
      });
      expect(await run(`${begin} context.term().then(() => say("over"));`)).toMatchObject({
        code: 0,
        stderr: "",
        stdout: "over\n",
      });
    });

    test.each([
      ["returns", ""],
      ["calls process.exit()", "process.exit(0);"],
      ["calls process.exit() later", "setImmediate(() => process.exit(0));"],
      ["stops at the exit", "process.on('exit', () => authenticator.stop());"],
      [
        "starts at the exit",
        "authenticator.stop(); process.on('exit', () => { try { authenticator.start(); } catch {} });",
      ],
    ])("ends with a process that %s while a callback is pending", async (_how, end) => {
      const program = `${begin}
      authenticator.configureCurveCallback("*", () => { ${end} return new Promise(() => {}); });
      const asker = context.socket(zmq.REQ);
      asker.connect("inproc://zeromq.zap.01");
      asker.sendMultipart(["1.0", "1", "", "", "", "CURVE", Buffer.alloc(32)]);
      asker.poll(1000).then(() => asker.close());`;
      expect(await run(program)).toMatchObject({ code: 0, signal: null, stderr: "" });
    });

    test("ends with a process that throws", async () => {
      const { code, stderr } = await run(`${begin} setImmediate(() => { throw new Error("on purpose"); });`);
      expect(code).toBe(1);
      expect(stderr).toContain("on purpose");
    });

    test.skipIf(process.platform === "win32")("ends with a process that is told to by a signal", async () => {
      const child = start(`${begin} setInterval(() => {}, 1e6); say("ready");`);
      await child.said("ready");
      child.process.kill("SIGTERM");
      expect(await child.ended).toMatchObject({ signal: "SIGTERM", stderr: "" });
    });

    test("goes on when nobody holds it any more", async () => {
      const program = `
      const context = new zmq.Context();
      (() => {
        const authenticator = new zmq.auth.${name}(context);
        authenticator.deny("127.0.0.1");
        authenticator.start();
      })();
      (async () => {
        for (let i = 0; i < 10; i++) { gc(); await new Promise(setImmediate); }
        const asker = context.socket(zmq.REQ, { rcvtimeo: 5000 });
        asker.connect("inproc://zeromq.zap.01");
        await asker.sendMultipart(["1.0", "1", "", "127.0.0.1", "", "NULL"]);
        say((await asker.recvMultipart())[2]);
        asker.close();
      })();`;
      expect(await run(program, { flags: ["--expose-gc"] })).toMatchObject({
        code: 0,
        stdout: "400\n",
        stderr: "",
      });
    });

    test.each([
      ["returns", "port.postMessage('ready');"],
      ["exits", "port.postMessage('ready'); setImmediate(() => process.exit());"],
      ["is terminated", "setInterval(() => {}, 1e6); port.postMessage('ready');"],
      ["is terminated while it blocks", "port.postMessage('ready'); context.socket(zmq.PULL).recvSync();"],
    ])("in a worker that %s ends with it, and its place is free", async (how, end) => {
      const context = newContext();
      const worker = runWorker(
        `const authenticator = new zmq.auth.${name}(context);
      authenticator.start();
      ${end}`,
        context,
      );
      const exited = new Promise((resolve) => worker.once("exit", resolve));
      await posted(worker);
      if (how.includes("terminated")) await worker.terminate();
      await exited;
      const next = new zmq.auth.Authenticator(context);
      // What a thread of the worker's holds, it lets go of in its own time.
      for (;;) {
        try {
          next.start();
          break;
        } catch (error) {
          expect(error).toMatchObject({ code: "EADDRINUSE" });
          await turn();
        }
      }
      next.stop();
    });

    test("in a worker guards the sockets of this thread", async () => {
      const context = newContext();
      const worker = runWorker(
        `const authenticator = new zmq.auth.${name}(context);
      authenticator.start();
      authenticator.configurePlain("*", { admin: "a" });
      setInterval(() => {}, 1e6);
      port.postMessage("ready");`,
        context,
      );
      await posted(worker);
      const server = context.socket(zmq.PULL, { plainServer: true, linger: 0 });
      const client = context.socket(zmq.PUSH, { ...plain("admin", "a"), linger: 0 });
      server.bind("tcp://127.0.0.1:*");
      client.connect(server.lastEndpoint);
      client.sendSync("hello");
      expect(String(server.recvSync({ timeout: 20_000 }))).toBe("hello");
    });
  },
);
