/** How devices end with what they were started from: programs, workers, processes that are killed. */
import { pathToFileURL } from "node:url";
import * as zmq from "nodezmq";
import { describe, expect, onTestFinished, test } from "vitest";
import { ending, expectService, figures, local, peers } from "./support/devices.js";
import { type Child, run, start } from "./support/life-child.js";
import { failure, newContext, until } from "./support/life-own.js";
import { startWorker } from "./support/life-worker.js";
import { isAlive } from "./support/processes.js";
import { library } from "./support/sockets.js";

const { ProcessDevice, ProcessProxySteerable } = zmq.devices;

/** Whether the process of a ProcessDevice is there. */
const alive = (pid: number): boolean => isAlive(pid, "devices/child.js");

/** What children's and workers' programs say to have a device that runs. */
const running = (kind: string): string => `
  const device = new zmq.devices.${kind}(zmq.QUEUE, zmq.ROUTER, zmq.DEALER);
  const front = device.bindInToRandomPort("${local}"), back = device.bindOutToRandomPort("${local}");
  await device.start();`;

/** A child that says its device's ports and process. */
async function childWith(
  kind: string,
  steps: string,
): Promise<{ child: Child; front: number; back: number; pid: number }> {
  const child = start(`(async () => {
    ${running(kind)}
    say(front + " " + back + " " + (device.launcher?.pid ?? 0));
    ${steps}
  })();`);
  const [front = 0, back = 0, pid = 0] = (await child.line()).split(" ").map(Number);
  return { child, front, back, pid };
}

/** Both ports can be had once the device has gone; whoever has killed something waits for that. */
async function expectFree(...ports: number[]): Promise<void> {
  const context = newContext();
  for (const port of ports) {
    await until(() => {
      const socket = context.socket(zmq.PULL);
      try {
        socket.bind(`${local}:${port}`);
        return true;
      } catch {
        return false;
      } finally {
        socket.close(0);
      }
    });
  }
}

describe.each(["Device", "ThreadDevice", "ProcessDevice"])("a program with a running %s", (kind) => {
  const ends: [string, string, { code?: number | null; signal?: string }][] = [
    ["comes to its end by itself", "", { code: 0 }],
    ["calls process.exit()", "process.exit(3);", { code: 3 }],
    ["has an uncaught error", "setImmediate(() => { throw new Error('on purpose'); });", { code: 1 }],
    ["is killed by SIGTERM", "process.kill(process.pid, 'SIGTERM');", { code: null, signal: "SIGTERM" }],
    ["is killed by SIGKILL", "process.kill(process.pid, 'SIGKILL');", { code: null, signal: "SIGKILL" }],
    ["ends while the device stops", "device.stop(); process.exit(4);", { code: 4 }],
    [
      "ends while the device starts again",
      "await device.stop(); device.start(); process.exit(5);",
      { code: 5 },
    ],
  ];
  test.each(ends)("%s, and nothing is left of it", async (_what, steps, { code, signal = null }) => {
    const { child, front, back, pid } = await childWith(kind, steps);
    const outcome = await child.ended;
    expect([outcome.code, outcome.signal]).toEqual([code, signal]);
    if (code !== 1) expect(outcome.stderr).toBe("");
    if (pid !== 0) await until(() => !alive(pid));
    await expectFree(front, back);
  });

  test("waits for what it awaits: start, stop, join, run", async () => {
    const { stdout, stderr, code } = await run(`(async () => {
      ${running(kind)}
      say("started");
      setImmediate(() => device.stop().then(() => say("stopped")));
      await device.join();
      say("joined", device.done);
      await device.start();
      await device.join(0.001);
      await device.stop();
      say("stopped again");
      const over = device.run();
      setImmediate(() => device.stop());
      await over;
      say("run");
    })();`);
    expect(stdout.split("\n").slice(0, 3).sort()).toEqual(["joined true", "started", "stopped"]);
    expect(stdout.split("\n").slice(3)).toEqual(["stopped again", "run", ""]);
    expect([stderr, code]).toEqual(["", 0]);
  });

  test("hears of a start that fails, also when it does not wait for it", async () => {
    const { code, stderr } = await run(`
      const device = new zmq.devices.${kind}(zmq.QUEUE, zmq.ROUTER, zmq.DEALER);
      device.bindIn("tcp://192.0.2.1:1");
      device.start();`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/ZMQError: Cannot assign requested address \(addr='tcp:\/\/192\.0\.2\.1:1'\)/);
  });

  test("is kept alive by it when daemon is false", async () => {
    const child = start(`(async () => {
      const device = new zmq.devices.${kind}(zmq.QUEUE, zmq.ROUTER, zmq.DEALER);
      const front = device.bindInToRandomPort("${local}"), back = device.bindOutToRandomPort("${local}");
      device.daemon = false;
      await device.start();
      process.once("SIGUSR2", () => device.stop());
      process.on("exit", () => say("done " + device.done));
      say(front + " " + back);
    })();`);
    const [front = 0, back = 0] = (await child.line()).split(" ").map(Number);
    await expectService(front, back);
    child.process.kill("SIGUSR2");
    expect(await child.ended).toMatchObject({ code: 0, stdout: `${front} ${back}\ndone true\n`, stderr: "" });
  });

  test.each(["cjs", "esm"])("may be written as %s", async (module) => {
    const program = `
      const device = new zmq.devices.${kind}(zmq.QUEUE, zmq.ROUTER, zmq.DEALER);
      device.bindIn("${local}:*");
      device.bindOut("${local}:*");
      await device.start();
      await device.stop();
      console.log(device.done);`;
    const { stdout, stderr } =
      module === "esm"
        ? await run(
            `import * as zmq from ${JSON.stringify(pathToFileURL(library).href)};
             import { ProcessDevice } from "nodezmq/devices/basedevice";
             if (ProcessDevice !== zmq.devices.ProcessDevice) throw new Error("two copies");
             ${program}`,
            { load: false, flags: ["--input-type=module"] },
          )
        : await run(`(async () => {${program}})();`);
    expect([stdout, stderr]).toEqual(["true\n", ""]);
  });
});

describe.each(["Device", "ThreadDevice", "ProcessDevice"])("a worker with a running %s", (kind) => {
  const ends: [string, string][] = [
    ["returns", ""],
    ["calls process.exit()", "process.exit(3);"],
    ["throws", "setImmediate(() => { throw new Error('on purpose'); });"],
    ["is terminated", "setInterval(() => {}, 1e6);"],
    ["is terminated while the device stops", "setInterval(() => {}, 1e6); device.stop();"],
    [
      "is terminated while the device starts",
      "setInterval(() => {}, 1e6); await device.stop(); device.start(); say('starting');",
    ],
  ];
  test.each(ends)("%s, and the device goes with it", async (what, steps) => {
    const { worker, heard, ended } = startWorker(`
      ${running(kind)}
      say([front, back, device.launcher?.pid ?? 0]);
      await heard();
      ${steps}`);
    const [front, back, pid] = (await heard()) as [number, number, number];
    await expectService(front, back);
    worker.postMessage("go on");
    if (what.endsWith("starts")) await heard();
    if (what.startsWith("is terminated")) await worker.terminate();
    await ended;
    if (pid !== 0) await until(() => !alive(pid));
    await expectFree(front, back);
  });

  test("stops and starts it as anywhere else", async () => {
    const { heard } = startWorker(`
      ${running(kind)}
      await device.stop();
      await device.start();
      await device.stop();
      device.bindIn("nonsense");
      const error = await device.start().catch((error) => error);
      say([device.done, error.code, error.endpoint]);`);
    expect(await heard()).toEqual([true, "EINVAL", "nonsense"]);
  });
});

describe("a ProcessDevice", () => {
  const queue = () => {
    const device = ending(new ProcessDevice(zmq.QUEUE, zmq.ROUTER, zmq.DEALER));
    return { device, front: device.bindInToRandomPort(local), back: device.bindOutToRandomPort(local) };
  };

  test("runs in a process of its own", async () => {
    const { device, front, back } = queue();
    expect(device.launcher).toBe(null);
    await device.start();
    const { launcher } = device;
    const pid = launcher?.pid as number;
    expect(pid).not.toBe(process.pid);
    expect([alive(pid), launcher?.isAlive(), device.context]).toEqual([true, true, undefined]);
    await expectService(front, back);
    await device.stop();
    expect([alive(pid), launcher?.isAlive()]).toEqual([false, false]);
    await device.start();
    expect(launcher?.isAlive()).toBe(false);
    expect(device.launcher?.isAlive()).toBe(true);
  });

  test("forwards while this thread does nothing but wait", async () => {
    const { device, front, back } = queue();
    await device.start();
    const { connect } = peers();
    const [client, server] = [connect(zmq.REQ, front), connect(zmq.REP, back)];
    client.sendSync("question");
    expect(String(server.recvSync())).toBe("question");
    server.sendSync("answer");
    expect(String(client.recvSync())).toBe("answer");
  });

  test("that is killed is done, tells why by a warning, and can be started again", async () => {
    const { device, front, back } = queue();
    await device.start();
    const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
    process.kill(device.launcher?.pid as number, "SIGKILL");
    await device.join();
    expect(device.done).toBe(true);
    expect(await warned).toMatchObject({
      name: "DeviceWarning",
      code: "NODEZMQ_DEVICE",
      message: "a ProcessDevice has ended: its process has ended (SIGKILL)",
    });
    await device.start();
    await expectService(front, back);
  });

  test("that is told to stop while it does not listen is killed in the end", async () => {
    const { device } = queue();
    await device.start();
    process.kill(device.launcher?.pid as number, "SIGSTOP");
    await device.stop();
    expect(device.done).toBe(true);
  });

  test("survives the Ctrl-C that was meant for the program", async () => {
    const { device, front, back } = queue();
    await device.start();
    process.kill(device.launcher?.pid as number, "SIGINT");
    await expectService(front, back);
    await device.stop();
  });

  test("whose process ends before it runs says so", async () => {
    const { NODE_OPTIONS } = process.env;
    onTestFinished(() => {
      if (NODE_OPTIONS === undefined) delete process.env.NODE_OPTIONS;
      else process.env.NODE_OPTIONS = NODE_OPTIONS;
    });
    const { device } = queue();
    const exec = process.execPath;
    process.execPath = "/no/such/program";
    const missing = await failure(device.start());
    process.execPath = exec;
    expect(missing.code).toBe("ENOENT");
    process.env.NODE_OPTIONS = "--no-such-flag";
    expect((await failure(device.start())).message).toMatch(/its process has ended/);
    process.env.NODE_OPTIONS = NODE_OPTIONS ?? "";
    await device.start();
  });

  test("ends by TERMINATE, with its process", async () => {
    const device = ending(new ProcessProxySteerable(zmq.PULL, zmq.PUSH, zmq.PUB, zmq.REP));
    const port = device.bindCtrlToRandomPort(local);
    await device.start();
    const pid = device.launcher?.pid as number;
    const ctrl = peers().connect(zmq.REQ, port);
    await ctrl.send("TERMINATE");
    expect(await ctrl.recvString()).toBe("");
    await device.join();
    expect([device.done, alive(pid)]).toEqual([true, false]);
  });

  test("sends what is queued before it goes", async () => {
    const device = ending(new ProcessProxySteerable(zmq.PULL, zmq.PUSH, zmq.PUB, zmq.REP));
    const [front, control] = [device.bindInToRandomPort(local), device.bindCtrlToRandomPort(local)];
    const context = newContext();
    const receiver = context.socket(zmq.PULL);
    device.connectOut(`${local}:${receiver.bindToRandomPort(local)}`);
    await device.start();
    const { connect } = peers();
    const [sender, ctrl] = [connect(zmq.PUSH, front), connect(zmq.REQ, control)];
    for (let i = 0; i < 500; i++) await sender.send(`${i}`);
    for (let passed = 0; passed < 500; ) {
      await ctrl.send("STATISTICS");
      passed = figures(await ctrl.recvMultipart())[6] ?? 0;
    }
    await device.stop();
    for (let i = 0; i < 500; i++) expect(await receiver.recvString()).toBe(`${i}`);
  });
});

test("a proxy() that is pending keeps the process alive, a device does not", async () => {
  const { stdout, code } = await run(`(async () => {
    ${running("ThreadDevice")}
    const context = new zmq.Context();
    const stop = new AbortController();
    zmq.devices.monitoredQueue(context.socket(zmq.PULL), context.socket(zmq.PUSH), context.socket(zmq.PUB), {
      signal: stop.signal,
    }).catch((reason) => say(reason));
    process.once("SIGUSR2", () => {});
    // It keeps nothing alive itself: it is called only if the monitored queue is what the process waits for.
    setTimeout(() => stop.abort("aborted"), 50).unref();
  })();`);
  expect([stdout, code]).toEqual(["aborted\n", 0]);
});

test("no descriptors, sockets or listeners are left of 100 starts", async () => {
  const { stdout, stderr } = await run(`(async () => {
    const { readdirSync } = require("node:fs");
    const context = new zmq.Context();
    const device = new zmq.devices.ThreadProxySteerable(zmq.PULL, zmq.PUSH, zmq.PUB, zmq.REP);
    device.contextFactory = () => context;
    device.bindIn("${local}:*");
    const stop = new AbortController();
    const once = async () => {
      await device.start({ signal: stop.signal });
      await device.stop();
    };
    for (let i = 0; i < 10; i++) await once();
    const count = () => process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0;
    // libzmq closes what is left in threads of its own: wait for the number to come down again.
    const before = count();
    for (let i = 0; i < 100; i++) await once();
    while (count() > before + 4) await new Promise((resolve) => setImmediate(resolve));
    await context.term();
    say("none");
  })();`);
  expect([stdout, stderr]).toEqual(["none\n", ""]);
});
