/** Signals interrupt system calls: the library goes on, for as long as it was asked to wait. */
import { expect, test } from "vitest";
import { run } from "./support/life-child.js";

test("blocking and other calls are not disturbed by V8's profiler, which interrupts thousands of times a second", async () => {
  const { code, stdout, stderr } = await run(
    `
    const { Session } = require("node:inspector");
    const session = new Session();
    session.connect();
    session.post("Profiler.enable");
    session.post("Profiler.setSamplingInterval", { interval: 50 });
    session.post("Profiler.start");
    const { Worker } = require("node:worker_threads");
    const context = new zmq.Context();
    const [pull, push] = [context.socket(zmq.PULL), context.socket(zmq.PUSH)];
    pull.bind("tcp://127.0.0.1:*");
    const late = (wait) => {
      const begun = performance.now();
      try { wait(); } catch (error) { if (error.code !== "EAGAIN") throw error; }
      return performance.now() - begun >= 200;
    };
    const poller = new zmq.Poller();
    poller.register(pull, zmq.POLLIN);
    say(late(() => pull.recvSync({ timeout: 200 })), late(() => pull.pollSync(200)), late(() => poller.pollSync(200)),
      late(() => push.sendSync("x", { timeout: 200 })));
    push.connect(pull.lastEndpoint);
    (async () => {
      for (let i = 0; i < 2000; i++) {
        push.sendSync("x");
        pull.get(zmq.EVENTS);
        pull.linger = i;
        await (i % 2 ? pull.recv() : pull.recvMultipart());
        if (i % 20 === 0) { pull.bind("tcp://127.0.0.1:*"); pull.unbind(pull.lastEndpoint); }
      }
      await context.destroy(0);
      session.post("Profiler.stop", (error, { profile }) => say(profile.samples.length > 100));
    })();`,
    { patience: 120_000 },
  );
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toBe("true true true true\ntrue\n");
});
