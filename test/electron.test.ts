/** What Electron asks of an addon, made in Node.js: no Buffers of foreign memory, many environments, reload, a clean end. */
import { describe, expect, test } from "vitest";
import { run } from "./support/life-child.js";

const fine = (stdout: string) => ({ code: 0, signal: null, stdout, stderr: "" });

describe("where Buffers of foreign memory are forbidden", () => {
  // Such memory cannot be transferred, V8's own can: so a program can tell which it has got.
  const program = `
    const context = new zmq.Context();
    const [push, pull] = [context.socket(zmq.PUSH), context.socket(zmq.PULL)];
    push.connect(pull.bind("tcp://127.0.0.1:*").address);
    const movable = (buffer) => {
      try {
        structuredClone(buffer.buffer, { transfer: [buffer.buffer] });
      } catch {} // Node.js 20 does not throw, it copies
      return buffer.buffer.byteLength === 0;
    };
    (async () => {
      const whole = [];
      const kinds = new Set();
      for (const size of [32 * 1024 - 1, 32 * 1024, 1e6, 5e6]) {
        await push.sendMultipart([Buffer.alloc(size, 7), Buffer.alloc(size, 8)]);
        const frames = await pull.recvMultipart();
        whole.push(frames.every((frame, i) => frame.length === size && frame.every((byte) => byte === 7 + i)));
        if (size >= 1e6) for (const frame of frames) kinds.add(movable(frame));
        await push.send(Buffer.alloc(size, 9), { copy: false });
        whole.push(Buffer.alloc(size, 9).equals(pull.recvSync()));
      }
      say(whole.every(Boolean), ...kinds);
      await context.destroy(0);
    })();`;

  test("large frames come as copies, whole", async () => {
    expect(await run(program, { env: { NODEZMQ_EXTERNAL_BUFFERS: "never" } })).toEqual(fine("true true\n"));
  });

  test("and elsewhere as libzmq's memory, so that this test can fail", async () => {
    expect(await run(program, { env: { NODEZMQ_EXTERNAL_BUFFERS: "" } })).toEqual(fine("true false\n"));
  });
});

// A page of Electron's that is loaded again is a new environment of the same process; so is a worker. A module that is
// loaded again in one environment is a new copy of the library there.
describe("loaded again and again, with sockets left open and a receive pending", () => {
  const use = `
    const context = new zmq.Context();
    const [pull, push] = [context.socket(zmq.PULL), context.socket(zmq.PUSH)];
    push.connect(pull.bind("tcp://127.0.0.1:*").address);
    push.sendSync(Buffer.alloc(100_000, 1));
    const got = pull.recvSync().length;
    pull.recv().catch(() => {});
    zmq.Context.instance().socket(zmq.PAIR).bind("inproc://left-" + index);`;

  test("in environments one after the other and at once, the process ends well", async () => {
    const outcome = await run(
      `
      const { Worker } = require("node:worker_threads");
      const page = (index) => new Promise((resolve, reject) => {
        const worker = new Worker(
          "const index = " + index + "; const zmq = require(" + JSON.stringify(require.resolve("nodezmq")) + ");" +
            ${JSON.stringify(use)} + "require('node:worker_threads').parentPort.postMessage(got); setInterval(() => {}, 1000);",
          { eval: true },
        );
        worker.on("error", reject);
        worker.once("message", (got) => worker.terminate().then(() => resolve(got)));
      });
      (async () => {
        const sizes = new Set();
        for (let i = 0; i < 5; i++) sizes.add(await page(i));
        for (const size of await Promise.all([5, 6, 7, 8].map(page))) sizes.add(size);
        say(...sizes);
        process.exit(0);
      })();`,
      { env: { NODEZMQ_EXTERNAL_BUFFERS: "never" } },
    );
    expect(outcome).toEqual(fine("100000\n"));
  });

  test("as modules of one environment, and inside of vm contexts", async () => {
    const outcome = await run(
      `
      const vm = require("node:vm");
      const sizes = new Set();
      for (let i = 0; i < 10; i++) {
        for (const file of Object.keys(require.cache)) delete require.cache[file];
        const program = ${JSON.stringify(`(() => { const zmq = require("nodezmq"); ${use} return got; })()`)};
        sizes.add(vm.runInContext(program, vm.createContext({ require, Buffer, index: i })));
      }
      console.log(...sizes);
      process.exit(0);`,
      { load: false },
    );
    expect(outcome).toEqual(fine("100000\n"));
  });
});
