/** Every call that waits takes an AbortSignal: an aborted call has not happened. */
import { getEventListeners } from "node:events";
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { code, pair, rejection, texts, transports, turn } from "./support/sockets.js";

const MANY = 10_000;
const listeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;
const unlimited = { sndhwm: 0, rcvhwm: 0 };

/** What becomes of a call: what it resolves to, or "aborted". */
const outcome = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => String(value),
    (error: unknown) => {
      if (error === "stop") return "aborted";
      throw error;
    },
  );

const receives: Record<string, (socket: zmq.Socket, signal: AbortSignal) => Promise<unknown>> = {
  recv: (socket, signal) => socket.recv({ signal }),
  recvMultipart: (socket, signal) => socket.recvMultipart({ signal }),
  recvBatch: (socket, signal) => socket.recvBatch({ signal }),
  recvString: (socket, signal) => socket.recvString({ signal }),
  recvJson: (socket, signal) => socket.recvJson({ signal }),
  recvSerialized: (socket, signal) => socket.recvSerialized((frames) => frames, { signal }),
  poll: (socket, signal) => socket.poll({ signal }),
};

const sends: Record<string, (socket: zmq.Socket, signal: AbortSignal) => Promise<unknown>> = {
  send: (socket, signal) => socket.send("lost", { signal }),
  sendMultipart: (socket, signal) => socket.sendMultipart(["lost", "too"], { signal }),
  sendBatch: (socket, signal) => socket.sendBatch(["lost", ["lost", "too"]], { signal }),
  sendString: (socket, signal) => socket.sendString("lost", { signal }),
  sendJson: (socket, signal) => socket.sendJson("lost", { signal }),
  sendSerialized: (socket, signal) => socket.sendSerialized("lost", (text) => [text], { signal }),
  "poll for room": (socket, signal) => socket.poll({ signal, flags: zmq.POLLOUT }),
};

/** A PUSH socket whose queue is full, and the PULL socket that has not emptied it: `held` messages. */
async function full(): Promise<{ pull: zmq.Socket; push: zmq.Socket; held: number }> {
  const [pull, push] = pair(zmq.PULL, zmq.PUSH, { options: { sndhwm: 1, rcvhwm: 1 } });
  let held = 0;
  for (; (await push.poll(0, zmq.POLLOUT)) !== 0; held++) await push.send(`held ${held}`);
  return { pull, push, held };
}

describe("a signal that is already aborted", () => {
  test.each(Object.entries(receives))(
    "has %s reject with its reason and take nothing",
    async (_name, receive) => {
      const [pull, push] = pair(zmq.PULL, zmq.PUSH);
      await push.send('"kept"');
      expect(await rejection(receive(pull, AbortSignal.abort("stop")))).toBe("stop");
      const error = await rejection(receive(pull, AbortSignal.abort()));
      expect(error).toMatchObject({ name: "AbortError" });
      expect(String(await pull.recv())).toBe('"kept"');
    },
  );

  test.each(Object.entries(sends))("has %s reject with its reason and send nothing", async (_name, send) => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    expect(await rejection(send(push, AbortSignal.abort("stop")))).toBe("stop");
    await push.send("the only one");
    expect(texts(await pull.recvBatch())).toEqual([["the only one"]]);
  });

  test("comes before the state of the socket, and after what is wrong with the arguments", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const signal = AbortSignal.abort("stop");
    expect(await rejection(pull.send("x", { signal }))).toBe("stop");
    expect(await rejection(push.send(null as never, { signal }))).toBeInstanceOf(TypeError);
    expect(await rejection(push.send("x", { signal: "now" as never }))).toBeInstanceOf(TypeError);
    expect(await rejection(push.send("x", { signal: null as never }))).toBeInstanceOf(TypeError);
  });
});

describe("aborting a call that waits", () => {
  test.each(Object.entries(receives))(
    "rejects %s with the reason and leaves no listener",
    async (_name, receive) => {
      const [pull, push] = pair(zmq.PULL, zmq.PUSH);
      const controller = new AbortController();
      const { signal } = controller;
      const reason = new Error("enough");
      const waiting = receive(pull, signal);
      expect(listeners(signal)).toBe(1);
      controller.abort(reason);
      expect(listeners(signal)).toBe(0);
      expect(await rejection(waiting)).toBe(reason);
      await push.send('"kept"');
      expect(String(await pull.recv())).toBe('"kept"');
    },
  );

  test.each(Object.entries(receives))(
    "too late does nothing to %s, and no listener is left",
    async (_name, receive) => {
      const [pull, push] = pair(zmq.PULL, zmq.PUSH);
      const controller = new AbortController();
      const waiting = receive(pull, controller.signal);
      await push.send('"x"');
      await waiting;
      expect(listeners(controller.signal)).toBe(0);
      controller.abort();
      // A call that did not have to wait has never listened.
      await push.send('"y"');
      const other = new AbortController();
      await receive(pull, other.signal);
      expect(listeners(other.signal)).toBe(0);
    },
  );

  test.each(Object.entries(sends))("has %s send nothing and leave no listener", async (_name, send) => {
    const { pull, push, held } = await full();
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = send(push, signal);
    expect(listeners(signal)).toBe(1);
    controller.abort("stop");
    expect(listeners(signal)).toBe(0);
    expect(await rejection(waiting)).toBe("stop");
    const last = push.send("last");
    const received: string[] = [];
    for (let i = 0; i <= held; i++) received.push(String(await pull.recv()));
    await last;
    expect(received).toEqual([...Array.from({ length: held }, (_, i) => `held ${i}`), "last"]);
  });

  test("ends one of many that share a socket, in the middle of the queue", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const controllers = Array.from({ length: 9 }, () => new AbortController());
    const waiting = controllers.map(({ signal }) => outcome(pull.recv({ signal })));
    for (const i of [0, 4, 8, 3]) controllers[i]?.abort("stop");
    for (let i = 0; i < 5; i++) await push.send(String(i));
    expect(await Promise.all(waiting)).toEqual([
      "aborted",
      "0",
      "1",
      "aborted",
      "aborted",
      "2",
      "3",
      "4",
      "aborted",
    ]);
  });

  test("ends a batch between messages: those that have gone are whole", async () => {
    const { pull, push, held } = await full();
    for (let i = 0; i < held; i++) await pull.recv();
    const controller = new AbortController();
    const batch = Array.from({ length: 100 }, (_, i) => [`${i}`, "end"]);
    const sending = push.sendBatch(batch, { signal: controller.signal });
    controller.abort("stop");
    expect(await rejection(sending)).toBe("stop");
    const gone: string[][] = [];
    while ((await pull.poll(0)) !== 0) gone.push(...texts(await pull.recvBatch()));
    expect(gone.length).toBeGreaterThan(0);
    expect(gone.length).toBeLessThan(100);
    expect(gone).toEqual(batch.slice(0, gone.length));
  });

  test("of a signal with a thousand calls ends them all", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = Array.from({ length: 1000 }, () => outcome(pull.recv({ signal })));
    expect(listeners(signal)).toBe(1); // Node warns of more than ten
    controller.abort("stop");
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(["aborted"]));
    expect(listeners(signal)).toBe(0);
    await push.send("kept");
    expect(String(await pull.recv())).toBe("kept");
  });

  test("from a listener that uses the socket leaves the socket in order", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const controller = new AbortController();
    const { signal } = controller;
    let after: Promise<Buffer> | undefined;
    signal.addEventListener("abort", () => {
      after = pull.recv();
      push.sendSync("kept");
    });
    const waiting = [pull.recv({ signal }), pull.recv({ signal })].map(outcome);
    controller.abort("stop");
    // The listener ran first: its message went to nobody yet, and its own receive is the only one left.
    expect(await Promise.all(waiting)).toEqual(["aborted", "aborted"]);
    expect(String(await after)).toBe("kept");
  });

  test("that is closed at the same time settles once, with whichever came first", async () => {
    const [pull] = pair(zmq.PULL, zmq.PUSH);
    const controller = new AbortController();
    const waiting = pull.recv({ signal: controller.signal });
    pull.close();
    controller.abort("stop");
    expect(await code(waiting)).toBe("ENOTSOCK");
    expect(listeners(controller.signal)).toBe(0);
  });

  test("with AbortSignal.timeout rejects with its TimeoutError", async () => {
    const [pull] = pair(zmq.PULL, zmq.PUSH);
    expect(await rejection(pull.recv({ signal: AbortSignal.timeout(1) }))).toMatchObject({
      name: "TimeoutError",
    });
  });
});

describe.each(transports)("10,000 aborts lose no message, over %s", (transport) => {
  test("before anything has arrived", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport, options: unlimited });
    for (let done = 0; done < MANY; done += 1000) {
      const waiting = Array.from({ length: 1000 }, (_, i) => {
        const controller = new AbortController();
        const received = outcome(pull.recv({ signal: controller.signal }));
        if (i % 3 === 0) controller.abort("stop");
        return { controller, received };
      });
      await turn();
      for (const { controller } of waiting.toReversed()) controller.abort("stop");
      for (const { received } of waiting) expect(await received).toBe("aborted");
      push.sendSync(String(done));
      expect(String(await pull.recv())).toBe(String(done));
    }
  });

  test("while messages arrive", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport, options: unlimited });
    let sent = 0;
    let received = 0;
    for (let aborts = 0; aborts < MANY; aborts++) {
      const controller = new AbortController();
      const receiving = outcome(pull.recv({ signal: controller.signal }));
      // Never far ahead of the receiver, so that it has to wait now and then, and messages arrive while it does.
      if (sent - received < 3 || aborts % 50 === 0) push.sendSync(String(sent++));
      if (aborts % 5 === 1) await null;
      if (aborts % 5 === 2) for (let i = 0; i < 4; i++) await null;
      if (aborts % 5 === 3) await turn();
      controller.abort("stop");
      const result = await receiving;
      if (result !== "aborted") expect(result).toBe(String(received++));
    }
    while (received < sent) expect(String(await pull.recv())).toBe(String(received++));
    expect(await code(pull.recv(zmq.DONTWAIT))).toBe("EAGAIN");
    expect(received).toBeGreaterThan(100);
  });

  test("when they have arrived", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport, options: unlimited });
    push.sendSync("0");
    for (let i = 0; i < MANY; i++) {
      const controller = new AbortController();
      const receiving = pull.recv({ signal: controller.signal });
      // Half of the calls wait for their message, half find it there.
      if (i % 2 === 0) push.sendSync(String(i + 1));
      else await receiving;
      const value = await receiving;
      controller.abort("stop");
      expect(String(value)).toBe(String(i));
      if (i % 2 === 1) push.sendSync(String(i + 1));
    }
  });

  test("of multipart messages and batches, none of which is torn", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport, options: unlimited });
    let sent = 0;
    const received: Buffer[][] = [];
    for (let aborts = 0; aborts < MANY / 5; aborts++) {
      const controller = new AbortController();
      const { signal } = controller;
      const receiving: Promise<Buffer[][]> =
        aborts % 2 === 0
          ? pull.recvMultipart({ signal }).then((frames) => [frames])
          : pull.recvBatch(2, { signal });
      for (let i = 0; i < 2; i++) push.sendMultipart([String(sent++), "", "end"]);
      if (aborts % 3 === 1) await turn();
      controller.abort("stop");
      await receiving.then(
        (messages) => received.push(...messages),
        (error: unknown) => expect(error).toBe("stop"),
      );
    }
    while (received.length < sent) received.push(await pull.recvMultipart());
    expect(texts(received)).toEqual(Array.from({ length: sent }, (_, i) => [String(i), "", "end"]));
  });

  test("of sends, whether they wait or not: what is aborted never arrives, all else does", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport, options: { sndhwm: 2, rcvhwm: 2 } });
    const received: string[] = [];
    const end = "end";
    const reading = (async () => {
      for (;;) {
        const text = String(await pull.recv());
        if (text === end) return;
        received.push(text);
      }
    })();
    const gone: string[] = [];
    for (let i = 0; i < MANY; ) {
      // Some that find room, some that wait; half of these are aborted, at once or when there may be room again.
      const sending = Array.from({ length: 10 }, () => {
        const controller = new AbortController();
        const text = String(i++);
        return { controller, text, promise: outcome(push.send(text, { signal: controller.signal })) };
      });
      if (i % 20 === 0) await turn();
      for (const [n, { controller }] of sending.entries()) if (n % 2 === 0) controller.abort("stop");
      for (const { text, promise } of sending) if ((await promise) !== "aborted") gone.push(text);
    }
    await push.send(end);
    await reading;
    expect(received).toEqual(gone);
    expect(gone.length).toBeGreaterThanOrEqual(MANY / 2);
    expect(gone.length).toBeLessThan(MANY);
  });
});

test("a signal of another class, as jsdom has, is one", async () => {
  class Signal extends EventTarget {
    aborted = false;
    reason: unknown;
    abort(reason: unknown): void {
      Object.assign(this, { aborted: true, reason });
      this.dispatchEvent(new Event("abort"));
    }
  }
  const [pull, push] = pair(zmq.PULL, zmq.PUSH);
  const signal = new Signal();
  const options = { signal: signal as unknown as AbortSignal };
  const waiting = pull.recv(options);
  signal.abort("stop");
  expect(await rejection(waiting)).toBe("stop");
  expect(await rejection(push.send("x", options))).toBe("stop");
  expect(await pull.poll(0)).toBe(0);
  for (const wrong of [
    {},
    { aborted: true },
    { aborted: 1, addEventListener() {}, removeEventListener() {} },
    "x",
  ])
    expect(await rejection(pull.recv({ signal: wrong as unknown as AbortSignal }))).toBeInstanceOf(TypeError);
});

test("a signal that cannot be listened to fails its call, which takes no message, and no other's", async () => {
  const [pull, push] = pair(zmq.PULL, zmq.PUSH);
  const stop = new AbortController();
  const failure = new Error("cannot be listened to");
  const { signal } = stop;
  Object.defineProperty(signal, "addEventListener", {
    configurable: true,
    value: () => {
      throw failure;
    },
  });
  await expect(pull.recv({ signal })).rejects.toBe(failure);
  await push.send("one");
  expect(await pull.recvString()).toBe("one");
  Reflect.deleteProperty(signal, "addEventListener");
  const waiting = pull.recv({ signal });
  stop.abort();
  await expect(waiting).rejects.toBe(signal.reason);
});
