/** sendBatch and recvBatch: many messages in one call. */
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { code, newContext, pair, rejection, texts, transports, turn } from "./support/sockets.js";

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const unlimited = { sndhwm: 0, rcvhwm: 0 };

/** The `sent` of the error. */
async function sentOf(promise: Promise<unknown>): Promise<number | undefined> {
  const error = (await rejection(promise)) as { sent?: number };
  expect(error).toBeInstanceOf(zmq.ZMQError);
  return error.sent;
}

/** Every message that has come, without waiting for more. */
function drain(socket: zmq.Socket): string[][] {
  const messages: string[][] = [];
  while (socket.pollSync(0) !== 0) messages.push(...texts(socket.recvBatchSync()));
  return messages;
}

describe.each(transports)("over %s", (transport) => {
  test("10,000 messages of all shapes arrive in order", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport });
    const batch = numbers(10_000).map((i) =>
      i % 4 === 0 ? `${i}` : i % 4 === 1 ? [`${i}`] : i % 4 === 2 ? [`${i}`, "", "b"] : Buffer.from(`${i}`),
    );
    const sending = push.sendBatch(batch);
    const received: string[][] = [];
    while (received.length < batch.length) {
      const some = await pull.recvBatch();
      expect(some.length).toBeGreaterThan(0);
      expect(some.length).toBeLessThanOrEqual(1000);
      received.push(...texts(some));
    }
    expect(await sending).toBe(undefined);
    expect(received).toEqual(batch.map((message) => (Array.isArray(message) ? message : [String(message)])));
  });

  test("buffers of all sizes arrive in order, and whole", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport });
    const sizes = [1, 16, 33, 34, 1023, 1024, 1025, 0, 3, 70_000, 5, 6, 7, 8, 9, 1024];
    const batch = numbers(4000).map((i) => Buffer.alloc(sizes[i % sizes.length] as number, i));
    // Long runs of small ones as well: more than are laid out at once.
    batch.push(
      ...numbers(9000).map((i) => Buffer.from(`${i}`)),
      ...numbers(200).map((i) => Buffer.alloc(1000, i)),
    );
    const sending = push.sendBatch(batch);
    const received: Buffer[] = [];
    while (received.length < batch.length) received.push(...(await pull.recvBatch()).flat());
    await sending;
    expect(received).toHaveLength(batch.length);
    expect(received.findIndex((frame, i) => !frame.equals(batch[i] as Buffer))).toBe(-1);
  });

  test("a batch reaches every one of 20 receivers, whole, without another call on the sender", async () => {
    const { context } = pair(zmq.PULL, zmq.PUSH, { transport })[0];
    const push = context.socket(zmq.PUSH, { linger: 0 });
    const { address } = push.bind(
      transport === "inproc"
        ? "inproc://twenty"
        : `${transport}://${transport === "ipc" ? "*" : "127.0.0.1:*"}`,
    );
    const pulls = numbers(20).map(() => context.socket(zmq.PULL));
    const events = push.events(zmq.EVENT_HANDSHAKE_SUCCEEDED);
    for (const pull of pulls) pull.connect(address);
    if (transport !== "inproc") for (const _ of pulls) await events.next();
    await push.sendBatch(numbers(2000).map((i) => Buffer.from(`${i}`)));
    const received = await Promise.all(
      pulls.map(async (pull) => {
        const own: number[] = [];
        while (own.length < 100) own.push(...(await pull.recvBatch()).flat().map(Number));
        return own;
      }),
    );
    expect(received.every((own) => own.length === 100)).toBe(true);
    expect(received.flat().sort((a, b) => a - b)).toEqual(numbers(2000));
  });

  test("small buffers that had to wait may be reused by the program", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport, options: { sndhwm: 3, rcvhwm: 3 } });
    const buffers = numbers(3000).map((i) => Buffer.from(`${i}`));
    const wanted = buffers.map(String);
    const sending = push.sendBatch(buffers);
    for (const buffer of buffers) buffer.fill("x");
    const received: string[] = [];
    while (received.length < wanted.length) received.push(...texts(await pull.recvBatch()).flat());
    await sending;
    expect(received).toEqual(wanted);
  });

  test("a batch goes on by itself when the high-water mark stops it in the middle", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport, options: { sndhwm: 3, rcvhwm: 3 } });
    const done: string[] = [];
    const batches = [0, 1, 2].map((b) =>
      push.sendBatch(numbers(500).map((i) => [`${b}`, `${i}`])).then(() => done.push(`batch ${b}`)),
    );
    const single = push.send("single").then(() => done.push("single"));
    const after = push.sendBatch(["after"]).then(() => done.push("after"));
    const received: string[][] = [];
    while (received.length < 1502) received.push(...texts(await pull.recvBatch(7)));
    await Promise.all([...batches, single, after]);
    expect(received).toEqual([
      ...numbers(1500).map((i) => [`${Math.floor(i / 500)}`, `${i % 500}`]),
      ["single"],
      ["after"],
    ]);
    expect(done).toEqual(["batch 0", "batch 1", "batch 2", "single", "after"]);
  });

  test("recvBatch waits for a message, and takes no more than `max`", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport });
    const waiting = pull.recvBatch(3);
    await turn();
    await push.send("a");
    expect(texts(await waiting)).toEqual([["a"]]);
    for (const name of ["b", "c", "d", "e", "f"]) await push.sendMultipart([name, "end"]);
    const received: string[][] = [];
    while (received.length < 5) {
      const some = await pull.recvBatch(2);
      expect(some.length).toBeLessThanOrEqual(2);
      received.push(...texts(some));
    }
    expect(received).toEqual(["b", "c", "d", "e", "f"].map((name) => [name, "end"]));
  });
});

describe("recvBatch", () => {
  test("takes all that has arrived: 1,000 messages by default", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { options: unlimited });
    push.sendBatchSync(numbers(2500).map(String));
    expect((await pull.recvBatch()).length).toBe(1000);
    expect((await pull.recvBatch({})).length).toBe(1000);
    expect((await pull.recvBatch()).length).toBe(500);
    push.sendBatchSync(numbers(2500).map(String));
    expect((await pull.recvBatch(2400)).length).toBe(2400);
    expect((await pull.recvBatch(2400, { timeout: 0 })).length).toBe(100);
  });

  test("takes large messages and messages of very many frames", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { options: unlimited });
    const many = numbers(3000).map(String);
    push.sendBatchSync([many, Buffer.alloc(100_000), many, "", many]);
    const received = await pull.recvBatch(4);
    expect(received.map((frames) => frames.length)).toEqual([3000, 1, 3000, 1]);
    expect(received[1]?.[0]).toEqual(Buffer.alloc(100_000));
    expect(texts(await pull.recvBatch(4))).toEqual([many]);
  });

  test("takes as many small messages as asked for, however often its memory is full", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { options: unlimited });
    const batch = numbers(20_000).map((i) => `${i}${"x".repeat(i % 1100)}`);
    push.sendBatchSync(batch);
    expect(texts(await pull.recvBatch(20_000)).flat()).toEqual(batch);
  });

  test.each([
    ["0", 0, RangeError],
    ["negative", -1, RangeError],
    ["huge", 2 ** 40, RangeError],
    ["a fraction", 1.5, TypeError],
    ["NaN", Number.NaN, TypeError],
    ["a string", "5", TypeError],
    ["a bigint", 5n, TypeError],
  ])("refuses a `max` that is %s, and takes nothing", async (_name, max, type) => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    await push.send("x");
    expect(await rejection(pull.recvBatch(max as number))).toBeInstanceOf(type);
    expect(() => pull.recvBatchSync(max as number)).toThrow(type);
    expect(texts(await pull.recvBatch())).toEqual([["x"]]);
  });

  test("rejects with Again when nothing comes, and loses nothing", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    expect(await code(pull.recvBatch({ flags: zmq.DONTWAIT }))).toBe("EAGAIN");
    expect(await code(pull.recvBatch(5, { flags: zmq.DONTWAIT }))).toBe("EAGAIN");
    expect(await code(pull.recvBatch(5, { timeout: 1 }))).toBe("EAGAIN");
    expect(await code(pull.recvBatch(5, zmq.DONTWAIT))).toBe("EAGAIN");
    expect(await code(pull.recvBatch(5, 0, { timeout: 1 }))).toBe("EAGAIN");
    expect(() => pull.recvBatchSync(5, zmq.DONTWAIT)).toThrow(zmq.Again);
    pull.rcvtimeo = 1;
    expect(await code(pull.recvBatch())).toBe("EAGAIN");
    await push.send("x");
    expect(texts(await pull.recvBatch())).toEqual([["x"]]);
  });

  test("leaves to other receives what it does not take", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const calls = [pull.recvBatch(2), pull.recv(), pull.recvBatch(2), pull.recvMultipart()] as const;
    push.sendBatchSync(["a", "b", "c", "d", "e", "f"]);
    const [first, second, third, fourth] = await Promise.all(calls);
    expect([texts(first), String(second), texts(third), texts([fourth])]).toEqual([
      [["a"], ["b"]],
      "c",
      [["d"], ["e"]],
      [["f"]],
    ]);
  });
});

describe("sendBatch", () => {
  test("of nothing sends nothing", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    expect(await push.sendBatch([])).toBe(undefined);
    push.sendBatchSync([]);
    // It does not wait either where there is nobody to send to.
    expect(await newContext().socket(zmq.PUSH).sendBatch([])).toBe(undefined);
    await push.send("x");
    expect(texts(await pull.recvBatch())).toEqual([["x"]]);
  });

  test("is refused whole when one of its messages is no data", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    for (const wrong of [5, null, undefined, {}, [], [5], ["a", null]]) {
      const batch = ["a", ["b", "c"], wrong as string];
      expect(await rejection(push.sendBatch(batch))).toMatchObject({
        name: "TypeError",
        message: expect.stringMatching(/message 2\b|at least one frame/),
      });
      expect(() => push.sendBatchSync(batch)).toThrow(TypeError);
    }
    for (const wrong of ["abc", Buffer.from("abc"), null, undefined, 5, {}, new Set(["a"])]) {
      expect(await rejection(push.sendBatch(wrong as string[]))).toBeInstanceOf(TypeError);
    }
    await push.send("the only one");
    expect(texts(await pull.recvBatch())).toEqual([["the only one"]]);
  });

  test("says how many messages have gone when it will not wait", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { options: { sndhwm: 5, rcvhwm: 5 } });
    const batch = numbers(100).map((i) => [`${i}`, "end"]);
    const sent = (await sentOf(push.sendBatch(batch, zmq.DONTWAIT))) as number;
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(100);
    expect(await sentOf(push.sendBatch(batch, { flags: zmq.DONTWAIT }))).toBe(0);
    expect(await sentOf(push.sendBatch(batch, { timeout: 0 }))).toBe(0);
    expect(drain(pull)).toEqual(batch.slice(0, sent));
  });

  test("says how many of many small buffers have gone", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { options: { sndhwm: 5, rcvhwm: 5 } });
    const batch = numbers(100).map((i) => Buffer.from(`${i}`));
    const wanted = batch.map((message) => [String(message)]);
    const first = (await sentOf(push.sendBatch(batch, zmq.DONTWAIT))) as number;
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(100);
    expect(await sentOf(push.sendBatch(batch, { timeout: 0 }))).toBe(0);
    expect(drain(pull)).toEqual(wanted.slice(0, first));
    const sending = push.sendBatch(batch);
    const second = sentOf(sending);
    push.close();
    expect(await code(sending)).toBe("ENOTSOCK");
    expect(drain(pull)).toEqual(wanted.slice(0, await second));
    expect(await sentOf(push.sendBatch(batch))).toBe(0);

    const [rep, req] = pair(zmq.REP, zmq.REQ);
    const refused = req.sendBatch(batch);
    expect(await code(refused)).toBe("EFSM");
    expect(await sentOf(refused)).toBe(1);
    expect(String(await rep.recv())).toBe("0");
  });

  test("says how many have gone when its time is over", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { options: { sndhwm: 5, rcvhwm: 5 } });
    const batch = numbers(100).map((i) => [`${i}`, "end"]);
    // It waits, goes on when there is room, and waits again until its time is over.
    const sending = sentOf(push.sendBatch(batch, { timeout: 20 }));
    const received = texts(await pull.recvBatch());
    const sent = (await sending) as number;
    received.push(...drain(pull));
    expect(received).toEqual(batch.slice(0, sent));

    push.sndtimeo = 1;
    const more = (await sentOf(push.sendBatch(batch))) as number;
    expect(drain(pull)).toEqual(batch.slice(0, more));
  });

  test("says how many have gone when the socket is closed", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { options: { sndhwm: 5, rcvhwm: 5 } });
    const batch = numbers(100).map(String);
    const sending = push.sendBatch(batch);
    const sent = sentOf(sending);
    push.close();
    expect(await code(sending)).toBe("ENOTSOCK");
    expect(drain(pull).flat()).toEqual(batch.slice(0, await sent));
  });

  test("says how many have gone before the one that the socket type does not allow", async () => {
    const [rep, req] = pair(zmq.REP, zmq.REQ);
    const sending = req.sendBatch(["one", "two", "three"]);
    expect(await code(sending)).toBe("EFSM");
    expect(await sentOf(sending)).toBe(1);
    expect(String(await rep.recv())).toBe("one");
    await rep.send("done");
    expect(String(await req.recv())).toBe("done");
  });

  test("on a socket that is closed or cannot send is an error, also for nothing", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    expect(await code(pull.sendBatch(["x"]))).toBe("ENOTSUP");
    expect(await sentOf(pull.sendBatch(["x"]))).toBe(0);
    push.close();
    expect(await code(push.sendBatch(["x"]))).toBe("ENOTSOCK");
    expect(await code(push.sendBatch([]))).toBe("ENOTSOCK");
    expect(() => push.sendBatchSync([])).toThrow(zmq.ZMQError);
  });

  test("lets each of many batches go as one, among other sends", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { options: { sndhwm: 2, rcvhwm: 2 } });
    const expected: string[][] = [];
    const sends: Promise<unknown>[] = [];
    for (let i = 0; i < 100; i++) {
      expected.push([`s${i}`], [`b${i}`, "0"], [`b${i}`, "1"], [`m${i}`, "x"]);
      sends.push(push.send(`s${i}`));
      sends.push(
        push.sendBatch([
          [`b${i}`, "0"],
          [`b${i}`, "1"],
        ]),
      );
      sends.push(push.sendMultipart([`m${i}`, "x"]));
    }
    const received: string[][] = [];
    while (received.length < expected.length) received.push(...texts(await pull.recvBatch(3)));
    await Promise.all(sends);
    expect(received).toEqual(expected);
  });
});

describe("the blocking twins", () => {
  test("send and receive batches", () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { options: unlimited });
    expect(push.sendBatchSync(["a", ["b", "c"], Buffer.from("d")])).toBe(undefined);
    expect(texts(pull.recvBatchSync(2))).toEqual([["a"], ["b", "c"]]);
    expect(texts(pull.recvBatchSync())).toEqual([["d"]]);
  });

  test("say how many have gone when there is no room", () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { options: { sndhwm: 5, rcvhwm: 5 } });
    const batch = numbers(100).map((i) => [`${i}`, "end"]);
    const failure = (options: { flags?: number; timeout?: number }): { sent?: number } => {
      try {
        push.sendBatchSync(batch, options);
      } catch (error) {
        expect(error).toBeInstanceOf(zmq.Again);
        return error as { sent?: number };
      }
      throw new Error("there was room");
    };
    const { sent } = failure({ flags: zmq.DONTWAIT });
    expect(failure({ timeout: 1 })).toMatchObject({ sent: 0 });
    expect(failure({ timeout: 0 })).toMatchObject({ sent: 0 });
    expect(drain(pull)).toEqual(batch.slice(0, sent));
    expect(() => pull.recvBatchSync({ flags: zmq.DONTWAIT })).toThrow(zmq.Again);
    expect(() => pull.recvBatchSync(5, { timeout: 1 })).toThrow(zmq.Again);
  });
});
