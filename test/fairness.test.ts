/** A loop of calls that never have to wait still lets timers, immediates and other sockets run. */
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { newContext, pair, publisher, turn } from "./support/sockets.js";

const unlimited = { sndhwm: 0, rcvhwm: 0 };
const COUNT = 50_000;

/** Everything else that a program may want to run, and how often it ran between `begin` and `end`. */
function others(context: zmq.Context) {
  const ran = { timers: 0, immediates: 0, messages: 0 };
  let running = true;
  const interval = setInterval(() => ran.timers++, 1);
  const again = (): void => {
    ran.immediates++;
    if (running) setImmediate(again);
  };
  setImmediate(again);
  const [left, right] = pair(zmq.PAIR, zmq.PAIR, { context });
  const echoing = (async () => {
    for await (const frames of left) await left.sendMultipart(frames);
  })();
  const asking = (async () => {
    while (running) {
      await right.send("ping");
      await right.recv();
      ran.messages++;
    }
  })();
  return {
    async end() {
      const result = { ...ran };
      running = false;
      clearInterval(interval);
      await asking;
      left.close();
      await echoing;
      return result;
    },
  };
}

interface Stage {
  pull: zmq.Socket;
  push: zmq.Socket;
}

/** Loops that have all they need from the start. They are bounded: one that starves the rest fails, and does not hang. */
const loops: Record<string, (stage: Stage) => Promise<void>> = {
  recv: async ({ pull }) => {
    for (let i = 0; i < COUNT; i++) await pull.recv();
  },
  recvMultipart: async ({ pull }) => {
    for (let i = 0; i < COUNT; i++) await pull.recvMultipart();
  },
  recvString: async ({ pull }) => {
    for (let i = 0; i < COUNT; i++) await pull.recvString();
  },
  "recv(DONTWAIT)": async ({ pull }) => {
    for (let i = 0; i < COUNT; i++) await pull.recv(zmq.DONTWAIT);
  },
  "recvBatch(1)": async ({ pull }) => {
    for (let i = 0; i < COUNT; i++) await pull.recvBatch(1);
  },
  "recvBatch(100)": async ({ pull, push }) => {
    const more = Array.from({ length: 100 }, () => "x");
    for (let i = 0; i < COUNT / 10; i++) {
      push.sendBatchSync(more);
      await pull.recvBatch(100);
    }
  },
  "for await": async ({ pull }) => {
    let received = 0;
    for await (const _ of pull) if (++received === COUNT) break;
  },
  "recv by promise callbacks": ({ pull }) =>
    new Promise((resolve, reject) => {
      let left = COUNT;
      const next = (): void => {
        if (left-- === 0) resolve();
        else pull.recv().then(next, reject);
      };
      next();
    }),
  send: async ({ push }) => {
    for (let i = 0; i < COUNT; i++) await push.send("x");
  },
  "send(DONTWAIT)": async ({ push }) => {
    for (let i = 0; i < COUNT; i++) await push.send("x", zmq.DONTWAIT);
  },
  sendMultipart: async ({ push }) => {
    for (let i = 0; i < COUNT; i++) await push.sendMultipart(["x", "y"]);
  },
  sendBatch: async ({ push }) => {
    for (let i = 0; i < COUNT; i++) await push.sendBatch(["x"]);
  },
  "send and recv": async ({ pull, push }) => {
    for (let i = 0; i < COUNT / 2; i++) {
      await push.send("x");
      await pull.recv();
    }
  },
  "poll of a ready socket": async ({ pull }) => {
    for (let i = 0; i < COUNT; i++) await pull.poll();
  },
  "Poller.poll of a ready socket": async ({ pull }) => {
    const poller = new zmq.Poller();
    poller.register(pull, zmq.POLLIN);
    for (let i = 0; i < COUNT; i++) await poller.poll();
  },
};

describe("a loop that never has to wait lets the rest run:", () => {
  test.each(Object.entries(loops))("%s", async (_name, loop) => {
    const context = newContext();
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { context, options: unlimited });
    push.sendBatchSync(Array.from({ length: COUNT }, () => "x"));
    await pull.poll();
    const rest = others(context);
    await loop({ pull, push });
    const ran = await rest.end();
    expect(ran.immediates).toBeGreaterThan(10);
    expect(ran.timers).toBeGreaterThan(0);
    expect(ran.messages).toBeGreaterThan(0);
  });
});

/** Attempts that fail at once, again and again. */
const attempts: Record<string, (stage: Stage) => Promise<unknown>> = {
  "recv(DONTWAIT)": ({ pull }) => pull.recv(zmq.DONTWAIT),
  "recv({ timeout: 0 })": ({ pull }) => pull.recv({ timeout: 0 }),
  "recvMultipart(DONTWAIT)": ({ pull }) => pull.recvMultipart(zmq.DONTWAIT),
  "recvString(DONTWAIT)": ({ pull }) => pull.recvString(zmq.DONTWAIT),
  "recvBatch(DONTWAIT)": ({ pull }) => pull.recvBatch({ flags: zmq.DONTWAIT }),
  "send(DONTWAIT)": ({ push }) => push.send("x", zmq.DONTWAIT),
  "sendMultipart(DONTWAIT)": ({ push }) => push.sendMultipart(["x"], zmq.DONTWAIT),
  "sendBatch(DONTWAIT)": ({ push }) => push.sendBatch(["x"], zmq.DONTWAIT),
  "poll(0)": ({ pull }) => pull.poll(0).then(() => Promise.reject(new zmq.Again())),
  "what can never succeed": ({ pull }) => pull.send("x"),
  "an aborted signal": ({ pull }) => pull.recv({ signal: AbortSignal.abort() }),
};

describe("attempts that fail at once let the rest run:", () => {
  test.each(Object.entries(attempts))("%s", async (_name, attempt) => {
    const context = newContext();
    const pull = context.socket(zmq.PULL);
    const push = context.socket(zmq.PUSH);
    const rest = others(context);
    let failures = 0;
    for (let i = 0; i < COUNT / 2; i++) await attempt({ pull, push }).catch(() => failures++);
    const ran = await rest.end();
    expect(failures).toBe(COUNT / 2);
    expect(ran.immediates).toBeGreaterThan(5);
    expect(ran.timers).toBeGreaterThan(0);
    expect(ran.messages).toBeGreaterThan(0);
  });

  test("a program may wait for its message in this way", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport: "tcp" });
    // A timer, since that the loop below lets timers run is what is shown: without them the message never comes.
    setTimeout(() => push.sendSync("at last"), 1);
    let received: Buffer | undefined;
    for (let i = 0; i < 1e6 && received === undefined; i++) {
      received = await pull.recv(zmq.DONTWAIT).catch(() => undefined);
    }
    expect(String(received)).toBe("at last");
  });
});

describe("loops on several sockets", () => {
  test("take turns", async () => {
    const context = newContext();
    const pairs = Array.from({ length: 4 }, () => pair(zmq.PULL, zmq.PUSH, { context, options: unlimited }));
    for (const [, push] of pairs) push.sendBatchSync(Array.from({ length: COUNT / 5 }, () => "x"));
    const progress = pairs.map(() => 0);
    const atFirstEnd: number[] = [];
    await Promise.all(
      pairs.map(async ([pull], i) => {
        for (let n = 0; n < COUNT / 5; n++) {
          await pull.recv();
          progress[i] = n;
        }
        if (atFirstEnd.length === 0) atFirstEnd.push(...progress);
      }),
    );
    for (const made of atFirstEnd) expect(made).toBeGreaterThan(1000);
  });

  test("that were served by one wake-up let the rest run", async () => {
    // Thousands of receives that wait are served by the event loop, a share in each turn.
    const context = newContext();
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { context, options: unlimited });
    const all = Array.from({ length: 20_000 }, () => pull.recv());
    push.sendBatchSync(Array.from({ length: 20_000 }, () => "x"));
    let immediates = 0;
    let running = true;
    const again = (): void => {
      immediates++;
      if (running) setImmediate(again);
    };
    setImmediate(again);
    await Promise.all(all);
    running = false;
    expect(immediates).toBeGreaterThan(5);
  });
});

test("a publisher that never stops lets its own thread's subscriber receive", async () => {
  const context = newContext();
  const [xpub, sub] = (await publisher(1, { context, transport: "tcp" })) as [zmq.Socket, zmq.Socket];
  let received = 0;
  const receiving = (async () => {
    for await (const _ of sub) received++;
  })();
  for (let i = 0; i < COUNT; i++) await xpub.send("tick");
  expect(received).toBeGreaterThan(0);
  sub.close();
  await receiving;
});

test("a call that the loop has put off to the next turn still comes out when its socket is closed", async () => {
  const [pull, push] = pair(zmq.PULL, zmq.PUSH, { options: unlimited });
  push.sendBatchSync(Array.from({ length: 10_000 }, (_, i) => String(i)));
  const all = Array.from({ length: 10_000 }, () => pull.recv());
  pull.close();
  await turn();
  expect((await Promise.all(all)).map(Number)).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
});
