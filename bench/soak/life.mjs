// The process that is watched: everything at once, for as long as it is told to. Each task does one thing over and over and
// counts; whatever is opened is closed again, so that what grows is a leak.
import { Worker } from "node:worker_threads";
import * as zmq from "nodezmq";

const minutes = Number(process.argv[2]);
/** What is never let go of, where a leak is asked for: a socket and a megabyte a second. @type {unknown[]} */
const leak = [];
const end = performance.now() + minutes * 60_000;
const going = () => performance.now() < end;
/** @type {Record<string, number>} */
const counts = {};
const count = (/** @type {string} */ what, by = 1) => {
  counts[what] = (counts[what] ?? 0) + by;
};
const sizes = [0, 16, 33, 34, 1000, 1025, 20_000, 40_000, 200_000, 1_000_000];
const quiet = { linger: 0, sndhwm: 50, rcvhwm: 50 };
let names = 0;
const address = (/** @type {string} */ transport) =>
  transport === "tcp"
    ? "tcp://127.0.0.1:*"
    : `${transport}://${transport === "ipc" ? "@" : ""}soak-${process.pid}-${names++}`;

/**
 * Two connected sockets in a context of their own, for one use.
 * @param {number} left @param {number} right @param {string} transport @param {(a: zmq.Socket, b: zmq.Socket) => Promise<void>} use
 */
async function between(left, right, transport, use) {
  const context = new zmq.Context();
  try {
    const [a, b] = [context.socket(left, quiet), context.socket(right, quiet)];
    if (right === zmq.SUB) b.subscribe("");
    a.bind(address(transport));
    b.connect(a.lastEndpoint);
    await use(a, b);
  } finally {
    await context.destroy(0);
  }
  count("contexts");
}

/** @type {Record<string, (transport: string) => Promise<void>>} */
const tasks = {
  "push, pull": (transport) =>
    between(zmq.PUSH, zmq.PULL, transport, async (push, pull) => {
      const sending = (async () => {
        for (let i = 0; i < 500; i++)
          await push.send(Buffer.alloc(sizes[i % 9] ?? 0, i), { copy: i % 2 === 0 });
      })();
      for (let i = 0; i < 500; i++) await (i % 3 ? pull.recv() : pull.recv({ copy: false }));
      await sending;
      count("messages", 500);
    }),
  batches: (transport) =>
    between(zmq.PUSH, zmq.PULL, transport, async (push, pull) => {
      const sending = push.sendBatch(Array.from({ length: 2000 }, (_, i) => [String(i), "x".repeat(i % 50)]));
      for (let got = 0; got < 2000; ) got += (await pull.recvBatch()).length;
      await sending;
      count("messages", 2000);
    }),
  "request, reply": (transport) =>
    between(zmq.REP, zmq.REQ, transport, async (rep, req) => {
      const serving = (async () => {
        for await (const frames of rep) await rep.sendMultipart(frames);
      })();
      for (let i = 0; i < 100; i++) {
        await req.sendJson({ i });
        await req.recvJson();
      }
      rep.close();
      await serving;
      count("messages", 200);
    }),
  "publish, subscribe": (transport) =>
    between(zmq.XPUB, zmq.SUB, transport, async (xpub, sub) => {
      await xpub.recv();
      const over = new AbortController();
      const publishing = (async () => {
        while (!over.signal.aborted) {
          await xpub.sendMultipart(["topic", "x".repeat(100)]);
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
      for (let i = 0; i < 200; i++) await sub.recvMultipart();
      over.abort();
      await publishing;
      count("messages", 200);
    }),
  "aborts and timeouts": (transport) =>
    between(zmq.PAIR, zmq.PAIR, transport, async (a, b) => {
      for (let i = 0; i < 200; i++) {
        const stop = new AbortController();
        const receive = a.recv({ signal: stop.signal }).catch(() => {});
        const poll = a.poll({ signal: stop.signal }).catch(() => {});
        stop.abort();
        await Promise.all([receive, poll, b.recv({ timeout: 1 }).catch(() => {})]);
      }
      count("aborts", 400);
    }),
  sockets: async () => {
    const context = zmq.Context.instance();
    for (let i = 0; i < 50; i++) {
      const sockets = [zmq.PAIR, zmq.PUB, zmq.SUB, zmq.DEALER, zmq.ROUTER, zmq.SERVER].map((type) =>
        context.socket(type, { linger: 0 }),
      );
      for (const socket of sockets) socket.bind(`inproc://soak-${names++}`);
      sockets[0]?.recv().catch(() => {});
      for (const socket of sockets) socket.close();
      await new Promise((resolve) => setImmediate(resolve));
    }
    count("sockets", 300);
  },
  monitors: (transport) =>
    between(zmq.REP, zmq.REQ, transport === "inproc" ? "tcp" : transport, async (rep, req) => {
      for (let i = 0; i < 5; i++) {
        const events = rep.events();
        const client = req.context.socket(zmq.REQ, { linger: 0 });
        client.connect(rep.lastEndpoint);
        for await (const { event } of events) if (event === zmq.EVENT_HANDSHAKE_SUCCEEDED) break;
        client.close();
      }
      count("monitors", 5);
    }),
  pollers: (transport) =>
    between(zmq.PUSH, zmq.PULL, transport, async (push, pull) => {
      const poller = new zmq.Poller();
      poller.register(pull, zmq.POLLIN);
      for (let i = 0; i < 100; i++) {
        await push.send("x");
        await poller.poll();
        await pull.recv();
      }
      count("polls", 100);
    }),
  proxies: (transport) =>
    between(zmq.PULL, zmq.PUSH, transport, async (pull, push) => {
      const out = pull.context.socket(zmq.PUSH, quiet);
      const sink = pull.context.socket(zmq.PULL, quiet);
      out.bind(address(transport));
      sink.connect(out.lastEndpoint);
      const stop = new AbortController();
      const proxy = zmq.proxy(pull, out, null, { signal: stop.signal }).catch(() => {});
      for (let i = 0; i < 100; i++) {
        await push.send("x".repeat(i * 10));
        await sink.recv();
      }
      stop.abort();
      await proxy;
      sink.close(); // held on to until here: a forgotten socket is warned of
      count("proxies");
    }),
  workers: async () => {
    const worker = new Worker(new URL("worker.mjs", import.meta.url));
    await new Promise((resolve) => worker.once("message", resolve));
    await worker.terminate();
    count("workers");
  },
};

const working = Object.entries(tasks).map(async ([name, task], i) => {
  const transports = ["tcp", "ipc", "inproc"];
  for (let n = i; going(); n++) {
    await task(/** @type {string} */ (transports[n % 3]));
    count(name);
    // Workers and contexts cost so much that nothing else would get its turn.
    await new Promise((resolve) => setTimeout(resolve, name === "workers" ? 500 : 20));
  }
});

const sampling = setInterval(() => {
  if (process.argv[3] === "leak")
    leak.push(zmq.Context.instance().socket(zmq.PAIR), Buffer.alloc(1_000_000, 1));
  globalThis.gc?.();
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  process.send?.({ heap: heapUsed, external: external + arrayBuffers, rss, counts });
}, 1000);

await Promise.all(working);
clearInterval(sampling);
zmq.Context.instance()
  .destroy(0)
  .then(() => process.disconnect?.());
