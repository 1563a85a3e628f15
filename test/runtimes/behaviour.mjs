/**
 * What holds in every runtime, Node.js, Bun and Deno alike: each runner has its own file of tests that runs this list.
 * Only the public interface, and only what all three have.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import * as zmq from "../../lib/index.mjs";

/** @type {[name: string, body: () => Promise<void>][]} */
export const behaviours = [];

/**
 * @param {string} name
 * @param {(context: zmq.Context) => Promise<void>} body it gets a context that is destroyed afterwards
 */
function behaviour(name, body) {
  behaviours.push([
    name,
    async () => {
      const context = new zmq.Context();
      try {
        await body(context);
      } finally {
        await context.destroy(0);
      }
    },
  ]);
}

/** @param {unknown} value */
const text = (value) => String(value);

let names = 0;

/** A bound socket and one that is connected to it. @param {zmq.Context} context @param {number} left @param {number} right @param {string} [transport] */
function pair(context, left, right, transport = "tcp") {
  const server = context.socket(left);
  const client = context.socket(right);
  server.bind(transport === "tcp" ? "tcp://127.0.0.1:*" : `inproc://runtime-${++names}`);
  client.connect(server.lastEndpoint);
  return { server, client };
}

/** What a promise is rejected with. @param {Promise<unknown>} promise */
const rejection = (promise) =>
  promise.then(
    () => assert.fail("it was not rejected"),
    (error) => error,
  );

for (const transport of ["tcp", "inproc"]) {
  behaviour(`requests are answered over ${transport}`, async (context) => {
    const { server, client } = pair(context, zmq.REP, zmq.REQ, transport);
    const serving = (async () => {
      for await (const [question] of server) await server.send(`re: ${question}`);
    })();
    for (let i = 0; i < 200; i++) {
      await client.send(`${i}`);
      assert.equal(await client.recvString({ timeout: 10_000 }), `re: ${i}`);
    }
    server.close();
    await serving;
  });
}

behaviour("subscribers get what they have subscribed to", async (context) => {
  const { server, client } = pair(context, zmq.XPUB, zmq.SUB);
  client.subscribe("wanted");
  assert.equal(text(await server.recv()), "\x01wanted");
  for (const topic of ["other", "wanted 1", "unwanted", "wanted 2"]) await server.send(topic);
  assert.equal(await client.recvString(), "wanted 1");
  assert.equal(await client.recvString(), "wanted 2");
});

behaviour("a pipeline keeps its order through waiting senders and receivers", async (context) => {
  const { server, client } = pair(context, zmq.PULL, zmq.PUSH, "inproc");
  client.sndhwm = 1;
  const count = 5000;
  const sending = (async () => {
    for (let i = 0; i < count; i++) await client.send(`${i}`);
  })();
  for (let i = 0; i < count; i++) assert.equal(text(await server.recv()), `${i}`);
  await sending;
});

behaviour("messages of every size and kind come as they were sent", async (context) => {
  const { server, client } = pair(context, zmq.PAIR, zmq.PAIR);
  const large = Buffer.alloc(3_000_000, "large");
  await client.sendMultipart(["text ü", Buffer.alloc(0), large, new Uint16Array([1, 2])]);
  const [first, empty, big, last] = await server.recvMultipart();
  assert.equal(text(first), "text ü");
  assert.equal(empty?.length, 0);
  assert.ok(big?.equals(large));
  assert.deepEqual([...(last ?? [])], [1, 0, 2, 0]);
  await client.sendJson({ a: [1, null] });
  assert.deepEqual(await server.recvJson(), { a: [1, null] });
  await client.send(large, { copy: false });
  const frame = await server.recv({ copy: false });
  assert.ok(frame.bytes.equals(large));
});

behaviour("calls that wait are served in turn, aborted and timed out", async (context) => {
  const { server, client } = pair(context, zmq.PULL, zmq.PUSH);
  const first = server.recv();
  const abort = new AbortController();
  const second = rejection(server.recv({ signal: abort.signal }));
  const third = server.recv();
  abort.abort(new Error("enough"));
  assert.equal((await second).message, "enough");
  await client.sendBatch(["1", "2"]);
  assert.deepEqual([text(await first), text(await third)], ["1", "2"]);
  const late = await rejection(server.recv({ timeout: 10 }));
  assert.ok(late instanceof zmq.Again);
  assert.equal(late.code, "EAGAIN");
  const pending = rejection(server.recv());
  server.close();
  assert.equal((await pending).code, "ENOTSOCK");
});

behaviour("errors say what was tried", async (context) => {
  const { server } = pair(context, zmq.REP, zmq.REQ);
  assert.throws(() => context.socket(zmq.REP).bind(server.lastEndpoint), {
    code: "EADDRINUSE",
    endpoint: server.lastEndpoint,
  });
  assert.throws(() => context.socket(zmq.REP, /** @type {any} */ ({ lingerr: 1 })), /linger/);
});

behaviour("a poller tells which of its sockets are ready", async (context) => {
  const one = pair(context, zmq.PULL, zmq.PUSH);
  const two = pair(context, zmq.PULL, zmq.PUSH, "inproc");
  const poller = new zmq.Poller();
  poller.register(one.server, zmq.POLLIN);
  poller.register(two.server, zmq.POLLIN);
  assert.deepEqual(await poller.poll(10), []);
  const polled = poller.poll(10_000);
  await one.client.send("x");
  assert.deepEqual(await polled, [[one.server, zmq.POLLIN]]);
  await two.client.send("y");
  assert.equal(await two.server.poll(10_000), zmq.POLLIN);
  assert.deepEqual(new Map(await poller.poll(10_000)).size, 2);
});

behaviour("blocking calls block", async (context) => {
  const { server, client } = pair(context, zmq.PULL, zmq.PUSH);
  client.sendSync("sync");
  assert.equal(text(server.recvSync({ timeout: 10_000 })), "sync");
  assert.throws(() => server.recvSync({ timeout: 1 }), { code: "EAGAIN" });
  assert.equal(server.pollSync(1), 0);
});

behaviour("a proxy device forwards on its own thread until it is stopped", async (context) => {
  const front = pair(context, zmq.ROUTER, zmq.REQ);
  const back = pair(context, zmq.DEALER, zmq.REP);
  const stop = new AbortController();
  const running = rejection(zmq.device(zmq.QUEUE, front.server, back.server, { signal: stop.signal }));
  for (let i = 0; i < 20; i++) {
    await front.client.send(`${i}`);
    assert.equal(text(await back.client.recv()), `${i}`);
    await back.client.send(`re: ${i}`);
    assert.equal(text(await front.client.recv()), `re: ${i}`);
  }
  stop.abort("stopped");
  assert.equal(await running, "stopped");
  await front.client.send("again");
  assert.equal(text((await front.server.recvMultipart()).at(-1)), "again");
});

behaviour("a steerable proxy obeys", async (context) => {
  const front = pair(context, zmq.PULL, zmq.PUSH);
  const back = pair(context, zmq.PUSH, zmq.PULL);
  const control = pair(context, zmq.PAIR, zmq.PAIR, "inproc");
  const running = zmq.proxySteerable(front.server, back.server, null, control.server);
  await front.client.send("through");
  assert.equal(text(await back.client.recv()), "through");
  await control.client.send("STATISTICS");
  assert.equal((await control.client.recvMultipart()).length, 8);
  await control.client.send("TERMINATE");
  await running;
});

behaviour("monitors tell of connections", async (context) => {
  const server = context.socket(zmq.REP);
  const events = server.events();
  server.bind("tcp://127.0.0.1:*");
  const client = context.socket(zmq.REQ);
  client.connect(server.lastEndpoint);
  const seen = [];
  for await (const { name } of events) {
    seen.push(name);
    if (name === "HANDSHAKE_SUCCEEDED") break;
  }
  assert.deepEqual(seen, ["LISTENING", "ACCEPTED", "HANDSHAKE_SUCCEEDED"]);
});

behaviour("CURVE keeps strangers out and lets its client in", async (context) => {
  const [publicKey, secretKey] = zmq.curveKeypair();
  const [clientPublic, clientSecret] = zmq.curveKeypair();
  const server = context.socket(zmq.PULL, { curveServer: true, curveSecretkey: secretKey });
  server.bind("tcp://127.0.0.1:*");
  const client = context.socket(zmq.PUSH, {
    curveServerkey: publicKey,
    curvePublickey: clientPublic,
    curveSecretkey: clientSecret,
  });
  client.connect(server.lastEndpoint);
  await client.send("secret");
  assert.equal(await server.recvString({ timeout: 10_000 }), "secret");
});

behaviour("ending a context ends what waits in it", async () => {
  const context = new zmq.Context();
  const socket = context.socket(zmq.PULL, { linger: 0 });
  socket.bind("tcp://127.0.0.1:*");
  const pending = rejection(socket.recv());
  const ended = context.term();
  assert.ok((await pending) instanceof zmq.ContextTerminated);
  socket.close();
  await ended;
});

behaviour("timers run while a loop of messages never has to wait", async (context) => {
  const { server, client } = pair(context, zmq.PAIR, zmq.PAIR, "inproc");
  let fired = false;
  setTimeout(() => {
    fired = true;
  }, 1);
  for (let i = 0; !fired; i++) {
    assert.ok(i < 5_000_000, "the timer starves");
    await client.send("x");
    await server.recv();
  }
});

const library = new URL("../../lib/index.js", import.meta.url).href;
/** @param {string} body */
const program = (body) => `
  import { createRequire } from "node:module";
  import { parentPort, workerData } from "node:worker_threads";
  const zmq = createRequire(${JSON.stringify(library)})(${JSON.stringify(fileURLToPath(library))});
  ${body}
`;

/** A worker of a module's text. @param {string} body @param {unknown} [workerData] */
const startWorker = (body, workerData) =>
  new Worker(new URL(`data:text/javascript,${encodeURIComponent(program(body))}`), { workerData });

/** @param {Worker} worker */
const exited = (worker) => new Promise((resolve) => worker.once("exit", resolve));

behaviour("workers share a context and end by themselves", async (context) => {
  const socket = context.socket(zmq.PAIR);
  const address = `inproc://runtime-worker-${++names}`;
  socket.bind(address);
  const worker = startWorker(
    `const context = zmq.Context.shadow(workerData.context);
     const socket = context.socket(zmq.PAIR);
     socket.connect(workerData.address);
     const question = await socket.recvString();
     await socket.send("worker: " + question);
     socket.close();`,
    { context: context.underlying, address },
  );
  const end = exited(worker);
  await socket.send("who?");
  assert.equal(await socket.recvString({ timeout: 20_000 }), "worker: who?");
  await end;
});

behaviour("a worker may be terminated while it waits", async (context) => {
  const { server } = pair(context, zmq.PULL, zmq.PUSH);
  const worker = startWorker(
    `const socket = new zmq.Context().socket(zmq.PUSH, { linger: 0 });
     socket.connect(workerData);
     await socket.send("waiting");
     await socket.context.socket(zmq.PULL).recv();`,
    server.lastEndpoint,
  );
  const end = exited(worker);
  assert.equal(await server.recvString({ timeout: 20_000 }), "waiting");
  await worker.terminate();
  await end;
});

/** Runs a program in a process of its own. @param {string} body @returns {Promise<{ code: number | null, output: string }>} */
function run(body) {
  const source = program(body);
  const args = process.versions.deno
    ? ["eval", "--ext=mjs", source]
    : process.versions.bun
      ? ["-e", source]
      : ["--input-type=module", "-e", source];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, output })));
}

behaviour("a process ends by itself when only idle sockets are open", async () => {
  const { code, output } = await run(`
    const context = new zmq.Context();
    const socket = context.socket(zmq.REP);
    socket.bind("tcp://127.0.0.1:*");
    zmq.Context.instance().socket(zmq.PUSH).connect(socket.lastEndpoint);
    console.log("end");
  `);
  assert.deepEqual({ code, output }, { code: 0, output: "end\n" });
});

behaviour("process.exit() ends a process that waits", async () => {
  const { code, output } = await run(`
    const socket = new zmq.Context().socket(zmq.REP);
    socket.bind("tcp://127.0.0.1:*");
    socket.recv().catch(() => {});
    setTimeout(() => process.exit(7), 10);
  `);
  assert.deepEqual({ code, output }, { code: 7, output: "" });
});

behaviour("what a process has sent before it ends still gets its time to leave", async (context) => {
  const socket = context.socket(zmq.PULL);
  socket.bind("tcp://127.0.0.1:*");
  const ended = run(`
    const socket = new zmq.Context().socket(zmq.PUSH);
    socket.connect(${JSON.stringify(socket.lastEndpoint)});
    for (let i = 0; i < 100; i++) await socket.send(String(i));
    process.exit(0);
  `);
  for (let i = 0; i < 100; i++) assert.equal(await socket.recvString({ timeout: 20_000 }), `${i}`);
  assert.deepEqual(await ended, { code: 0, output: "" });
});
