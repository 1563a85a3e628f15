/**
 * libzmq signals changes only, and nearly every call on a socket can swallow the signal. Whatever else a program does
 * with a socket just as news arrives, what waits on it must hear of the news. A signal that is lost is a test that hangs.
 */
import { setTimeout as sleep } from "node:timers/promises";
import * as zmq from "nodezmq";
import { describe, expect, onTestFailed, test } from "vitest";
import type { Engine } from "../lib/engine.js";
import { Messaging } from "../lib/messaging.js";
import {
  bound,
  code,
  freshAddress,
  newContext,
  pair,
  posted,
  publisher,
  rejection,
  runWorker,
  spin,
  transports,
  turn,
} from "./support/sockets.js";

const ROUNDS = 200;

interface Scene {
  socket: zmq.Socket;
  context: zmq.Context;
  /** Another socket of the same thread; one that is bound, and where. */
  other: zmq.Socket;
  blocker: zmq.Socket;
  taken: string;
}

interface Action {
  act(scene: Scene, round: number): unknown;
  /** It may take the message itself: no company for a pending poll. */
  receives?: boolean;
  /** It looks for news only when libzmq has not looked for a millisecond. */
  lazy?: boolean;
}

const readable = (socket: zmq.Socket, option: number): void => {
  try {
    socket.get(option);
  } catch (error) {
    if (!(error instanceof zmq.ZMQError)) throw error; // not an option of this socket, or write-only
  }
};
const options = Object.values(zmq.SocketOption);

const actions: Record<string, Action> = {
  "reading its events": { act: ({ socket }) => socket.get(zmq.EVENTS) },
  "reading all its properties": {
    act: ({ socket }) => [
      [
        socket.rcvmore,
        socket.type,
        socket.get(zmq.TYPE),
        socket.lastEndpoint,
        socket.rcvtimeo,
        socket.sndtimeo,
      ],
      [socket.fd, socket.fileno(), socket.linger, socket.hwm, socket.mechanism, socket.routingId],
      [socket.closed, socket.underlying, socket.context, String(socket)],
    ],
  },
  "reading any option": {
    act: ({ socket }, round) => readable(socket, options[round % options.length] as number),
  },
  "setting an option": {
    act: ({ socket }, round) => {
      socket.rcvhwm = 1000 + round;
      socket.linger = 0;
      socket.routingId = `me-${round}`;
    },
  },
  "setting an option wrongly": {
    act: ({ socket }) => expect(() => socket.set(zmq.ROUTING_ID, "")).toThrow(zmq.ZMQError),
  },
  connecting: {
    act: ({ socket }) => {
      const address = freshAddress("inproc");
      socket.connect(address);
      socket.disconnect(address);
    },
  },
  "failing to connect": {
    act: ({ socket }) => expect(() => socket.connect("pigeon://x")).toThrow("pigeon://x"),
  },
  "failing to disconnect": {
    act: ({ socket }) => expect(() => socket.disconnect("tcp://127.0.0.1:1")).toThrow(zmq.ZMQError),
  },
  binding: {
    act: ({ socket }) => {
      const address = freshAddress("inproc");
      socket.bind(address);
      socket.unbind(address);
    },
  },
  "failing to bind": {
    act: ({ socket, taken }) => expect(() => socket.bind(taken)).toThrow(taken),
  },
  "a send on it": { act: ({ socket }, round) => socket.send(`reply ${round}`), lazy: true },
  "a multipart send on it": { act: ({ socket }) => socket.sendMultipart(["a", "", "b"]), lazy: true },
  "a blocking send on it": { act: ({ socket }) => socket.sendSync("reply"), lazy: true },
  "a batch sent on it": { act: ({ socket }) => socket.sendBatch(["a", ["b", "c"]]), lazy: true },
  "a receive that will not wait": {
    act: async ({ socket }) => expect(await code(socket.recv(zmq.DONTWAIT))).toBe("EAGAIN"),
    receives: true,
  },
  "a blocking receive that will not wait": {
    act: ({ socket }) => expect(() => socket.recvSync(zmq.DONTWAIT)).toThrow(zmq.Again),
    receives: true,
  },
  "another receive, aborted at once": {
    act: async ({ socket }) => {
      const controller = new AbortController();
      const another = socket.recv({ signal: controller.signal });
      controller.abort("never mind");
      expect(await rejection(another)).toBe("never mind");
    },
    receives: true,
  },
  "another receive that times out": {
    act: async ({ socket }) => expect(await code(socket.recv({ timeout: 0 }))).toBe("EAGAIN"),
    receives: true,
  },
  "a poll of it": { act: ({ socket }) => socket.poll(0) },
  "a poll of it that waits": {
    act: async ({ socket }) => {
      const controller = new AbortController();
      const polling = socket.poll({ signal: controller.signal }).catch(() => "aborted");
      await turn();
      controller.abort();
      await polling;
    },
  },
  "a blocking poll of it": { act: ({ socket }) => socket.pollSync(0) },
  "a Poller that polls it": {
    act: async ({ socket }) => {
      const poller = new zmq.Poller();
      poller.register(socket, zmq.POLLIN);
      await poller.poll(0);
    },
  },
  "a Poller that waits for it": {
    act: async ({ socket }) => {
      const poller = new zmq.Poller();
      poller.register(socket, zmq.POLLIN);
      const controller = new AbortController();
      const polling = poller.poll({ signal: controller.signal }).catch(() => "aborted");
      await turn();
      controller.abort();
      await polling;
    },
  },
  "a Poller that polls another socket": {
    act: async ({ other }) => {
      const poller = new zmq.Poller();
      poller.register(other, zmq.POLLIN);
      expect(await poller.poll(0)).toEqual([]);
    },
  },
  "a Poller that blocks for it and another": {
    act: ({ socket, other }) => {
      const poller = new zmq.Poller();
      poller.register(other, zmq.POLLIN);
      poller.register(socket, zmq.POLLIN);
      poller.pollSync(0);
    },
  },
  "select over it": { act: ({ socket, other }) => zmq.select([socket, other], [socket], [], 0) },
  "opening and closing other sockets": {
    act: ({ context }) => context.socket(zmq.DEALER).close(),
  },
};

/** What waits, and what it makes of the message that ends the waiting. */
const waits: Record<string, { rounds: number; wait(socket: zmq.Socket): Promise<string> }> = {
  receive: { rounds: ROUNDS, wait: async (socket) => String(await socket.recv()) },
  poll: {
    rounds: ROUNDS / 4,
    wait: async (socket) => {
      expect(await socket.poll()).toBe(zmq.POLLIN);
      return String(await socket.recv(zmq.DONTWAIT));
    },
  },
};

/** Has the other end send, and acts just as the message arrives: sooner, in the same moment, later. */
async function race(send: () => void, act: () => unknown, round: number, lazy = false): Promise<void> {
  const acted: unknown[] = [];
  const acting = (): void => {
    acted.push(act());
  };
  switch (round % 8) {
    case 0: // before the message can have come
      send();
      acting();
      break;
    case 1:
      send();
      for (let i = 0; i < 3; i++) await null;
      acting();
      break;
    case 2: // tcp: about as it comes; inproc: when it has just been delivered
      send();
      await turn();
      acting();
      break;
    case 3: // the event loop cannot have told of it, the I/O thread may have brought it
      send();
      spin(round % 70);
      acting();
      break;
    case 4: // surely when it has come
      send();
      spin(lazy ? 1500 : 100);
      acting();
      break;
    case 5:
      acting();
      send();
      acting();
      break;
    case 6:
      send();
      spin(round % 90);
      acting();
      spin(round % 20);
      acting();
      break;
    default:
      acting();
      await turn();
      send();
      spin(20);
      acting();
      await turn();
      acting();
  }
  await Promise.all(acted);
}

function scene(socket: zmq.Socket, context: zmq.Context): Scene {
  const blocker = context.socket(zmq.DEALER);
  return { socket, context, other: context.socket(zmq.DEALER), blocker, taken: bound(blocker, "tcp") };
}

describe.each(transports)("over %s", (transport) => {
  for (const [what, { rounds, wait }] of Object.entries(waits)) {
    const company = Object.entries(actions).filter(([, { receives }]) => what === "receive" || !receives);

    test.each(company)(
      `a pending ${what} survives %s just as its message arrives`,
      async (_name, { act, lazy }) => {
        const context = newContext();
        const [socket, peer] = pair(zmq.DEALER, zmq.DEALER, { context, transport, options: { sndhwm: 0 } });
        const stage = scene(socket, context);
        for (let round = 0; round < rounds; round++) {
          const received = wait(socket);
          await race(
            () => void peer.send(String(round)),
            () => act(stage, round),
            round,
            lazy,
          );
          expect(await received).toBe(String(round));
        }
      },
    );

    test(`a pending ${what} survives all of these when another thread sends`, async () => {
      const context = newContext();
      const socket = context.socket(zmq.DEALER, { sndhwm: 0 });
      const cell = new Int32Array(new SharedArrayBuffer(4));
      const worker = runWorker(
        `const socket = context.socket(zmq.DEALER, { linger: 0 });
         socket.connect(data.address);
         port.postMessage("ready");
         for (let count = 0; ; count++) {
           // The notification may come when it has seen the number already, and wake it from its next wait.
           while (Atomics.load(data.cell, 0) === count) Atomics.wait(data.cell, 0, count);
           if (data.cell[0] < 0) break;
           socket.sendSync(String(count));
         }
         socket.close();`,
        context,
        { address: bound(socket, transport), cell },
      );
      await posted(worker);
      const stage = scene(socket, context);
      let count = 0;
      let doing = "";
      onTestFailed(() => console.error(`while ${doing}, message ${count}`));
      for (const [name, { act }] of company) {
        doing = name;
        for (let round = 0; round < ROUNDS / 4; round++) {
          const received = wait(socket);
          await race(
            () => {
              Atomics.add(cell, 0, 1);
              Atomics.notify(cell, 0);
            },
            () => act(stage, round),
            round,
          );
          expect(await received).toBe(String(count++));
        }
      }
      Atomics.store(cell, 0, -1);
      Atomics.notify(cell, 0);
    });
  }

  test.each(["subscribe", "unsubscribe"] as const)(
    "a pending receive survives %s just as its message arrives",
    async (verb) => {
      const [xpub, sub] = (await publisher(1, { transport, options: { rcvhwm: 0 } })) as [
        zmq.Socket,
        zmq.Socket,
      ];
      for (let round = 0; round < ROUNDS; round++) {
        const received = sub.recv();
        await race(
          () => void xpub.send(String(round)),
          () => sub[verb](`topic ${round}`),
          round,
        );
        expect(String(await received)).toBe(String(round));
      }
    },
  );

  test("a pending receive of a reply survives sends that fail just as the reply arrives", async () => {
    const [rep, req] = pair(zmq.REP, zmq.REQ, { transport });
    for (let round = 0; round < ROUNDS; round++) {
      await req.send("question");
      await rep.recv();
      const received = req.recv();
      await race(
        () => void rep.send(String(round)),
        () => req.send("out of turn").catch(() => {}),
        // Once the reply has come such a send is in order, and is not what this is about.
        [0, 3, 4, 6][round % 4] as number,
        true,
      );
      expect(String(await received)).toBe(String(round));
    }
  });

  test("pending receives survive the sends and receives of other tasks on the same socket", async () => {
    const unlimited = { sndhwm: 0, rcvhwm: 0 };
    const [left, right] = pair(zmq.DEALER, zmq.DEALER, { transport, options: unlimited });
    const tasks = 4;
    const answer = async (): Promise<void> => {
      for (let i = 0; i < ROUNDS; i++) await left.send(await left.recv());
    };
    const ask = async (): Promise<void> => {
      for (let i = 0; i < ROUNDS; i++) {
        await right.send("question");
        expect(String(await right.recv())).toBe("question");
      }
    };
    await Promise.all(Array.from({ length: tasks }, () => [answer(), ask()]).flat());
  });
});

test("a receive survives the arrival of its message just as the socket begins to be watched", async () => {
  const context = newContext();
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const worker = runWorker(
    `port.postMessage("ready");
     const sockets = [];
     for (let count = 0; ; count++) {
       while (Atomics.load(data, 0) === count) Atomics.wait(data, 0, count);
       if (data[0] < 0) break;
       const socket = context.socket(zmq.PAIR, { linger: -1 });
       socket.connect("inproc://begin-" + count);
       socket.sendSync(String(count));
       sockets.push(socket);
       if (sockets.length > 2) sockets.shift().close();
     }
     for (const socket of sockets) socket.close();`,
    context,
    cell,
  );
  await posted(worker);
  for (let round = 0; round < 5 * ROUNDS; round++) {
    const socket = context.socket(zmq.PAIR);
    socket.bind(`inproc://begin-${round}`);
    Atomics.add(cell, 0, 1);
    Atomics.notify(cell, 0);
    spin(round % 50);
    expect(String(await socket.recv())).toBe(String(round));
    socket.close();
  }
  Atomics.store(cell, 0, -1);
  Atomics.notify(cell, 0);
});

describe.each(["inproc", "tcp"] as const)(
  "a send that waits at the high-water mark, over %s",
  (transport) => {
    const payload = Buffer.alloc(transport === "inproc" ? 10 : 16 * 1024);
    const small = { sndhwm: 1, rcvhwm: 1, sndbuf: 4096, rcvbuf: 4096 };
    const mirrored: Record<string, Action> = {
      ...Object.fromEntries(Object.entries(actions).filter(([name]) => !/send|sent|setting/.test(name))),
      "a send that will not wait": {
        // Behind the one that waits: it may go when there is room for both.
        act: ({ socket }) => socket.send("x", zmq.DONTWAIT).catch(() => {}),
      },
      "a poll of it": { act: ({ socket }) => socket.poll(0, zmq.POLLOUT) },
      "another send, aborted at once": {
        act: async ({ socket }) => {
          const controller = new AbortController();
          const another = socket.send("x", { signal: controller.signal }).catch(() => {});
          controller.abort();
          await another;
        },
      },
      "a receive": {
        act: ({ socket }) => socket.recv({ timeout: 0 }).catch(() => {}),
      },
    };

    test.each(Object.entries(mirrored))(
      "survives %s just as the peer drains its queue",
      async (_name, { act }) => {
        const context = newContext();
        const [socket, peer] = pair(zmq.DEALER, zmq.DEALER, { context, transport, options: small });
        // Only the peer's own connection may take messages: connects made by the actions add others.
        const stage = scene(socket, context);
        for (let round = 0; round < ROUNDS / 8; round++) {
          let filled = 0;
          while ((await socket.poll(transport === "inproc" ? 0 : 1, zmq.POLLOUT)) !== 0) {
            await socket.send(payload);
            filled++;
          }
          const sent = socket.send("last");
          await race(
            () => {
              for (let i = 0; i < filled; i++) peer.recvSync();
            },
            () => act(stage, round),
            round,
          );
          await sent;
          while (String(await peer.recv()) !== "last");
        }
      },
    );
  },
);

describe("a send that waits for one peer of a ROUTER that has another", () => {
  /** A mandatory ROUTER with a peer that is full, for whom a message waits, and one that is not. */
  async function stuck() {
    const context = newContext();
    const router = context.socket(zmq.ROUTER, { routerMandatory: true, sndhwm: 1 });
    router.bind("tcp://127.0.0.1:*");
    const [full, free] = ["full", "free"].map((routingId) => {
      const dealer = context.socket(zmq.DEALER, { routingId, rcvhwm: 1 });
      dealer.connect(router.lastEndpoint);
      return dealer;
    }) as [zmq.Socket, zmq.Socket];
    for (const dealer of [full, free]) {
      await dealer.send("hello");
      await router.recvMultipart();
    }
    const large = Buffer.alloc(2_000_000);
    for (let refused = 0; refused < 20; await sleep(5)) {
      const sent = await router.sendMultipart(["full", large], zmq.DONTWAIT).then(
        () => true,
        () => false,
      );
      refused = sent ? 0 : refused + 1;
    }
    const waiting = router.sendMultipart(["full", large]);
    waiting.catch(() => {});
    const engine = Messaging.engineOf(router) as Engine;
    return { router, full, free, waiting, engine };
  }

  test.each([1, 2, 3, 4, 5, 6])(
    "swallows no message of the other's that comes after look %i",
    async (after) => {
      const { router, full, free, engine } = await stuck();
      const { native } = engine;
      const texts: string[] = [];
      const reading = (async () => {
        for await (const [, text] of router) texts.push(String(text));
      })();
      while (!engine.queued(zmq.POLLIN)) await turn();
      let looks = 0;
      const real = Object.getPrototypeOf(native) as { events(): number };
      Object.defineProperty(native, "events", {
        configurable: true,
        value() {
          const events = real.events.call(native);
          if (++looks === after) {
            free.sendSync("second");
            for (const until = performance.now() + 50; performance.now() < until; );
          }
          return events;
        },
      });
      await free.send("first");
      while (looks < after) {
        await free.send("more");
        await turn();
      }
      while (!texts.includes("second")) await sleep(1);
      Reflect.deleteProperty(native, "events");
      await free.send("last");
      while (!texts.includes("last")) await sleep(1);
      full.close(); // it has been there all the time: one that is collected is closed
      router.close();
      await reading;
    },
  );

  test("is tried now and then, not all the time, though somebody polls; and goes out when there is room", async () => {
    const { router, full, engine, waiting } = await stuck();
    const { native } = engine;
    const polled = router.poll(-1, zmq.POLLIN);
    let looks = 0;
    const real = Object.getPrototypeOf(native) as { events(): number };
    Object.defineProperty(native, "events", {
      configurable: true,
      value: () => {
        looks++;
        return real.events.call(native);
      },
    });
    await sleep(500); // a busy loop looks many thousand times meanwhile
    Reflect.deleteProperty(native, "events");
    expect(looks).toBeLessThan(100);
    const reading = (async () => {
      for await (const _ of full);
    })();
    await waiting;
    await full.send("done");
    expect(await polled).toBe(zmq.POLLIN);
    full.close();
    await reading;
  });
});
