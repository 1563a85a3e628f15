/** How long a call waits: its own `timeout`, else the socket's RCVTIMEO or SNDTIMEO, read when the call is made. */
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { code, newContext, pair, rejection, texts, transports, turn } from "./support/sockets.js";

/** Options of every call that waits. */
interface Wait {
  flags?: number;
  timeout?: number | null | undefined;
}

type Call = (socket: zmq.Socket, wait?: Wait) => Promise<unknown>;

const receives: Record<string, Call> = {
  recv: (socket, wait) => socket.recv(wait),
  recvMultipart: (socket, wait) => socket.recvMultipart(wait),
  recvBatch: (socket, wait) => socket.recvBatch(wait),
  recvString: (socket, wait) => socket.recvString(wait),
  recvJson: (socket, wait) => socket.recvJson(wait),
  recvSerialized: (socket, wait) => socket.recvSerialized((frames) => frames, wait),
};

const sends: Record<string, Call> = {
  send: (socket, wait) => socket.send("x", wait),
  sendMultipart: (socket, wait) => socket.sendMultipart(["x", "y"], wait),
  sendBatch: (socket, wait) => socket.sendBatch(["x"], wait),
  sendString: (socket, wait) => socket.sendString("x", wait),
  sendJson: (socket, wait) => socket.sendJson("x", wait),
  sendSerialized: (socket, wait) => socket.sendSerialized("x", (text) => [text], wait),
};

/** With the flags in front of the options, or in their place. */
const flagged: Record<string, Call> = {
  "recv(flags)": (socket) => socket.recv(zmq.DONTWAIT),
  "recv(flags, options)": (socket) => socket.recv(zmq.NOBLOCK, {}),
  "recv(undefined, { flags })": (socket) => socket.recv(undefined, { flags: zmq.DONTWAIT }),
  "recvMultipart(flags)": (socket) => socket.recvMultipart(zmq.DONTWAIT),
  "recvString(flags)": (socket) => socket.recvString(zmq.DONTWAIT),
  "recvJson(flags)": (socket) => socket.recvJson(zmq.DONTWAIT),
  "recvSerialized(f, flags)": (socket) => socket.recvSerialized((frames) => frames, zmq.DONTWAIT),
  "recvBatch(max, { flags })": (socket) => socket.recvBatch(10, { flags: zmq.DONTWAIT }),
  ...Object.fromEntries(
    Object.entries(receives).map(([name, call]): [string, Call] => [
      `${name}({ flags })`,
      (socket) => call(socket, { flags: zmq.DONTWAIT }),
    ]),
  ),
  "with a timeout that DONTWAIT overrides": (socket) => socket.recv({ flags: zmq.DONTWAIT, timeout: 60_000 }),
};

const flaggedSends: Record<string, Call> = {
  "send(data, flags)": (socket) => socket.send("x", zmq.DONTWAIT),
  "send(data, flags, options)": (socket) => socket.send("x", zmq.DONTWAIT, {}),
  "sendMultipart(frames, flags)": (socket) => socket.sendMultipart(["x"], zmq.DONTWAIT),
  "sendString(text, flags)": (socket) => socket.sendString("x", zmq.DONTWAIT),
  "sendJson(value, flags)": (socket) => socket.sendJson("x", zmq.DONTWAIT),
  "sendBatch(messages, flags)": (socket) => socket.sendBatch(["x"], zmq.DONTWAIT),
  ...Object.fromEntries(
    Object.entries(sends).map(([name, call]): [string, Call] => [
      `${name}(..., { flags })`,
      (socket) => call(socket, { flags: zmq.DONTWAIT }),
    ]),
  ),
};

/** A PUSH socket that has nobody to send to: every send waits. */
const lonely = (): zmq.Socket => newContext().socket(zmq.PUSH);

const isAgain = async (promise: Promise<unknown>): Promise<void> => {
  const error = await rejection(promise);
  expect(error).toBeInstanceOf(zmq.Again);
  expect(error).toMatchObject({ code: "EAGAIN", errno: zmq.EAGAIN });
};

describe("DONTWAIT", () => {
  test.each(Object.entries(flagged))("%s rejects with Again when nothing is there", async (_name, call) => {
    const [pull] = pair(zmq.PULL, zmq.PUSH);
    await isAgain(call(pull));
  });

  test.each(Object.entries(flagged))("%s takes what is there", async (_name, call) => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    await push.send('"x"');
    expect(String(await call(pull))).toMatch(/^"?x"?$/);
  });

  test.each(Object.entries(flaggedSends))(
    "%s rejects with Again when there is no room",
    async (_name, call) => {
      await isAgain(call(lonely()));
    },
  );

  test.each(Object.entries(flaggedSends))("%s sends when there is room", async (_name, call) => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    expect(await call(push)).toBe(undefined);
    expect(await pull.recv()).toBeInstanceOf(Buffer);
  });

  test("sends a multipart message whole or not at all", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { options: { sndhwm: 1, rcvhwm: 1 } });
    let sent = 0;
    for (; ; sent++) {
      const error = await push
        .sendMultipart(["a", "b", String(sent)], zmq.DONTWAIT)
        .catch((refused: unknown) => refused);
      if (error !== undefined) {
        expect(error).toBeInstanceOf(zmq.Again);
        break;
      }
    }
    for (let i = 0; i < sent; i++)
      expect(texts([await pull.recvMultipart()])).toEqual([["a", "b", String(i)]]);
    expect(await code(pull.recv(zmq.DONTWAIT))).toBe("EAGAIN");
  });
});

describe("the option `timeout`", () => {
  test.each(Object.entries(receives))("of %s rejects with Again when it is over", async (_name, call) => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    await isAgain(call(pull, { timeout: 1 }));
    await isAgain(call(pull, { timeout: 0 }));
    await isAgain(call(pull, { timeout: 0.5 }));
    await push.send('"x"');
    expect(String(await call(pull, { timeout: 0 }))).toMatch(/x/);
  });

  test.each(Object.entries(sends))("of %s rejects with Again when it is over", async (_name, call) => {
    const push = lonely();
    await isAgain(call(push, { timeout: 1 }));
    await isAgain(call(push, { timeout: 0 }));
  });

  test.each([
    ["negative", -1],
    ["very negative", -1e9],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["longer than any timer", 2 ** 40],
    ["null", null],
    ["undefined", undefined],
  ])("that is %s waits for the message", async (_name, timeout) => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const received = pull.recv({ timeout });
    await turn();
    await push.send("x");
    expect(String(await received)).toBe("x");
  });

  test("counts before RCVTIMEO and SNDTIMEO", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { left: { rcvtimeo: 0 } });
    const received = pull.recv({ timeout: -1 });
    await turn();
    await push.send("x");
    expect(String(await received)).toBe("x");

    pull.rcvtimeo = 60_000;
    await isAgain(pull.recv({ timeout: 1 }));
  });

  test("that is null or left out is RCVTIMEO or SNDTIMEO", async () => {
    const [pull] = pair(zmq.PULL, zmq.PUSH, { left: { rcvtimeo: 1 } });
    await isAgain(pull.recv({ timeout: null }));
    await isAgain(pull.recv({ timeout: undefined }));
    await isAgain(pull.recv({}));
    await isAgain(pull.recv());
  });

  test.each([
    ["a string", "1"],
    ["NaN", Number.NaN],
    ["a bigint", 1n],
    ["an object", {}],
  ])("that is %s is a TypeError, and nothing is taken", async (_name, timeout) => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    await push.send("x");
    expect(await rejection(pull.recv({ timeout: timeout as number }))).toBeInstanceOf(TypeError);
    expect(await rejection(push.send("y", { timeout: timeout as number }))).toBeInstanceOf(TypeError);
    expect(texts(await pull.recvBatch())).toEqual([["x"]]);
  });

  test("that is misspelt is a TypeError that suggests the right name", async () => {
    const [pull] = pair(zmq.PULL, zmq.PUSH);
    const options = { timout: 5 } as object;
    expect(await rejection(pull.recv(options))).toMatchObject({
      name: "TypeError",
      message: expect.stringContaining("timeout"),
    });
  });

  test.each([
    ["negative", -1],
    ["a fraction", 1.5],
    ["a string", "1"],
    ["too large", 2 ** 40],
  ])("flags that are %s are a TypeError", async (_name, flags) => {
    const [pull] = pair(zmq.PULL, zmq.PUSH);
    expect(await rejection(pull.recv(flags as number))).toBeInstanceOf(TypeError);
  });
});

describe("RCVTIMEO and SNDTIMEO", () => {
  test("limit calls without a timeout of their own", async () => {
    const [pull] = pair(zmq.PULL, zmq.PUSH, { left: { rcvtimeo: 1 } });
    for (const call of Object.values(receives)) await isAgain(call(pull));
    const push = newContext().socket(zmq.PUSH, { sndtimeo: 1 });
    for (const call of Object.values(sends)) await isAgain(call(push));
  });

  test("of 0 are DONTWAIT", async () => {
    const [pull] = pair(zmq.PULL, zmq.PUSH, { left: { rcvtimeo: 0 } });
    for (const call of Object.values(receives)) await isAgain(call(pull));
    const push = newContext().socket(zmq.PUSH, { sndtimeo: 0 });
    for (const call of Object.values(sends)) await isAgain(call(push));
  });

  test("are read when the call is made, not later", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const first = pull.recv();
    pull.rcvtimeo = 1;
    const second = pull.recv();
    pull.rcvtimeo = -1;
    const third = pull.recv();
    await isAgain(second);
    await push.sendBatch(["one", "two"]);
    expect(String(await first)).toBe("one");
    expect(String(await third)).toBe("two");

    const nobody = lonely();
    nobody.sndtimeo = 1;
    const limited = nobody.send("x");
    nobody.sndtimeo = -1;
    const waiting = code(nobody.send("y"));
    await isAgain(limited);
    nobody.close();
    expect(await waiting).toBe("ENOTSOCK");
  });

  test("do not limit poll, which has a timeout of its own", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { left: { rcvtimeo: 0 } });
    const polling = pull.poll();
    await turn();
    await push.send("x");
    expect(await polling).toBe(zmq.POLLIN);
  });
});

describe("socket.poll", () => {
  test("resolves to 0 at the timeout, to the events before", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    expect(await pull.poll(0)).toBe(0);
    expect(await pull.poll(1)).toBe(0);
    expect(await pull.poll({ timeout: 1 })).toBe(0);
    expect(await push.poll(0, zmq.POLLOUT)).toBe(zmq.POLLOUT);
    await push.send("x");
    expect(await pull.poll(60_000)).toBe(zmq.POLLIN);
    expect(await pull.poll(null)).toBe(zmq.POLLIN);
    expect(await pull.poll(0, zmq.POLLOUT)).toBe(0);
    expect(await pull.poll(0, 0)).toBe(0);
    expect(await pull.poll(undefined, 0)).toBe(0);
    expect(String(await pull.recv())).toBe("x");
  });

  test("consumes nothing, however many poll", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const polls = Array.from({ length: 100 }, () => pull.poll());
    await turn();
    await push.send("x");
    expect(new Set(await Promise.all(polls))).toEqual(new Set([zmq.POLLIN]));
    expect(String(await pull.recv(zmq.DONTWAIT))).toBe("x");
  });
});

describe.each(transports)("nothing is lost when calls time out, over %s", (transport) => {
  test("by thousands at once", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport, options: { sndhwm: 0, rcvhwm: 0 } });
    const count = 3000;
    const results: string[] = [];
    let timeouts = 0;
    const all = Array.from({ length: count }, (_, i) =>
      pull.recv({ timeout: i % 20 }).then(
        (frame) => results.push(String(frame)),
        (error: unknown) => {
          expect(error).toBeInstanceOf(zmq.Again);
          timeouts++;
        },
      ),
    );
    let sent = 0;
    while (results.length + timeouts < count) {
      if (sent < count / 2) push.sendSync(String(sent++));
      await turn();
    }
    await Promise.all(all);
    while (results.length < sent) results.push(String(await pull.recv()));
    expect(results).toEqual(Array.from({ length: sent }, (_, i) => String(i)));
    expect(timeouts).toBeGreaterThan(0);
    expect(await code(pull.recv(zmq.DONTWAIT))).toBe("EAGAIN");
  });

  test("when sends do: what timed out never arrives", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport, options: { sndhwm: 1, rcvhwm: 1 } });
    const payload = "x".repeat(20_000);
    const outcomes = await Promise.all(
      Array.from({ length: 500 }, (_, i) =>
        push.send(`${i} ${payload}`, { timeout: i % 5 }).then(
          () => i,
          (error: unknown) => {
            expect(error).toBeInstanceOf(zmq.Again);
            return undefined;
          },
        ),
      ),
    );
    const gone = outcomes.filter((i) => i !== undefined);
    expect(gone.length).toBeLessThan(500);
    const end = push.send("end");
    const received: number[] = [];
    for (;;) {
      const text = String(await pull.recv());
      if (text === "end") break;
      received.push(Number.parseInt(text, 10));
    }
    await end;
    expect(received).toEqual(gone);
  });
});
