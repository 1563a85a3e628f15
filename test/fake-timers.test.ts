/** Programs whose timers are not Node's: fakes of a test runner, a browser's in its place, or none. */
import { describe, expect, test } from "vitest";
import { run } from "./support/life-child.js";

/** What takes the global timers away, and what gives them back. */
const conditions: Record<string, [away: string, back: string]> = {
  "fakes of node:test": [
    `const { mock } = require("node:test"); mock.timers.enable({ apis: ["setImmediate", "setTimeout", "setInterval"] });`,
    "mock.timers.reset();",
  ],
  "fakes that never fire": [
    `const real = {};
     for (const name of ["setImmediate", "clearImmediate", "setTimeout", "clearTimeout", "setInterval", "clearInterval"])
       [real[name], globalThis[name]] = [globalThis[name], () => 7];
     const clock = performance.now; performance.now = () => 1; process.hrtime = () => [1, 0];`,
    "Object.assign(globalThis, real); performance.now = clock;",
  ],
  "no setImmediate": [
    "const kept = setImmediate; delete globalThis.setImmediate;",
    "globalThis.setImmediate = kept;",
  ],
  "a browser's setTimeout": [
    `const node = { setTimeout, clearTimeout, setInterval }; const timers = new Map(); let number = 0;
     globalThis.setTimeout = (call, wait) => (timers.set(++number, node.setTimeout(call, wait)), number);
     globalThis.setInterval = (call, wait) => (timers.set(++number, node.setInterval(call, wait)), number);
     globalThis.clearTimeout = globalThis.clearInterval = (timer) => node.clearTimeout(timers.get(timer));`,
    "Object.assign(globalThis, node);",
  ],
};

describe.each(Object.entries(conditions))("with %s", (_, [away, back]) => {
  const steps: Record<string, string> = {
    "a long loop goes on": `
      for (let i = 0; i < 5000; i++) { await push.send("x"); await pull.recv(); }`,
    "timeouts of receives, polls and selects are kept": `
      const poller = new zmq.Poller();
      poller.register(pull, zmq.POLLIN);
      pull.unref(); pull.ref();
      if (await pull.poll(20) !== 0) throw new Error("poll");
      if ((await poller.poll(20)).length !== 0) throw new Error("Poller");
      if ((await zmq.select([pull], [], [], 0.02))[0].length !== 0) throw new Error("select");
      const error = await pull.recv({ timeout: 20 }).catch((error) => error);
      if (!(error instanceof zmq.Again)) throw error;`,
    "a receive that waits is woken, whatever else is called": `
      const waiting = pull.recv();
      pull.get(zmq.EVENTS);
      await push.send("x");
      pull.get(zmq.EVENTS);
      await waiting;`,
    "a context ends": `
      const other = new zmq.Context();
      other.socket(zmq.PULL).bind("tcp://127.0.0.1:*");
      await other.destroy(0);`,
  };
  test.for(Object.entries(steps))("%s, then and afterwards", async ([, step]) => {
    const { code, stdout, stderr } = await run(
      `
      const context = new zmq.Context();
      const push = context.socket(zmq.PUSH), pull = context.socket(zmq.PULL);
      pull.bind("inproc://timers");
      push.connect("inproc://timers");
      const once = async () => { ${step} };
      (async () => {
        ${away}
        await once();
        ${back}
        await once();
        say("well");
        process.exit(0);
      })();`,
      { flags: ["--no-warnings"] },
    ); // node:test's fakes are experimental in Node 20
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "well\n", stderr: "" });
  });
});
