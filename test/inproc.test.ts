/** inproc names that are connected before they are bound: left again, closed, and bound by other threads meanwhile. */
import { describe, expect, test } from "vitest";
import { run } from "./support/life-child.js";

describe.concurrent("a name that a socket has connected to may be bound", () => {
  const gone: Record<string, string> = {
    "after it has disconnected": "early.disconnect(name); early.get(zmq.EVENTS);",
    "after it was closed": "early.close();",
    "after it was closed with a message for whoever comes": `
      early.linger = -1;
      try { early.sendSync("queued", zmq.DONTWAIT); } catch {}
      early.close();`,
  };
  test.each(Object.entries(gone))("%s", async (_name, steps) => {
    const outcome = await run(`
      const context = new zmq.Context();
      const early = ["PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH", "XPUB", "XSUB", "CLIENT", "SERVER"];
      const late = [["ROUTER", {}], ["ROUTER", { helloMsg: "hello" }], ["DEALER", { helloMsg: "hello" }], ["PULL", {}], ["PAIR", {}]];
      for (const type of early) {
        for (const [binds, options] of late) {
          const name = "inproc://" + [type, binds, JSON.stringify(options)];
          const early = context.socket(zmq[type], { linger: 0 });
          early.connect(name);
          ${steps}
          const socket = context.socket(zmq[binds], { linger: 0, ...options });
          socket.bind(name);
          socket.pollSync(0);
          if (!early.closed) early.close();
          socket.close();
        }
      }
      context.destroy(0).then(() => say("ended"));`);
    expect(outcome).toEqual({ code: 0, signal: null, stdout: "ended\n", stderr: "" });
  });
});

test("threads bind names while another connects to them, sends, disconnects and closes", async () => {
  const outcome = await run(`
    const { Worker } = require("node:worker_threads");
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const program = \`
      const { workerData } = require("node:worker_threads");
      const zmq = require(workerData.library);
      const context = zmq.Context.instance();
      for (let i = 0; Atomics.load(workerData.stop, 0) === 0; i++) {
        const socket = context.socket([zmq.PULL, zmq.ROUTER, zmq.SERVER, zmq.GATHER][i % 4], { linger: 0 });
        try { socket.bind("inproc://" + (i % 7)); } catch {}
        socket.close();
      }
    \`;
    const workerData = { stop, library: require.resolve("nodezmq") };
    const workers = [1, 2].map(() => new Worker(program, { eval: true, workerData }));
    const ended = Promise.all(workers.map((worker) => new Promise((resolve) => worker.on("exit", resolve))));
    const types = [zmq.PUSH, zmq.DEALER, zmq.PAIR, zmq.REQ, zmq.SUB, zmq.ROUTER, zmq.PUB, zmq.CLIENT, zmq.SERVER, zmq.SCATTER, zmq.PEER];
    (async () => {
      const context = zmq.Context.instance();
      for (let i = 0; i < 5000; i++) {
        const socket = context.socket(types[i % types.length], { linger: 0 });
        const name = "inproc://" + ((i + (i >> 3)) % 7);
        socket.connect(name);
        try { socket.sendSync("x", zmq.DONTWAIT); } catch {}
        if (i % 3 === 0) try { socket.disconnect(name); } catch {}
        socket.close();
        if (i % 50 === 0) await new Promise(setImmediate);
      }
      Atomics.store(stop, 0, 1);
      say((await ended).join(" "));
    })();`);
  expect(outcome).toEqual({ code: 0, signal: null, stdout: "0 0\n", stderr: "" });
});
