/** Any number of calls may wait on one socket: they are served, and their promises settle, in the order of the calls. */
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { bound, code, newContext, pair, texts, transports, turn } from "./support/sockets.js";

const MANY = 1000;
const numbers = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);

/** A call's result as text, written down in the order in which the promises settle. */
function recorder() {
  const settled: [call: number, result: string][] = [];
  const note = (call: number, promise: Promise<unknown>): Promise<void> =>
    promise.then(
      (value) => {
        settled.push([call, Array.isArray(value) ? value.flat().map(String).join("+") : String(value)]);
      },
      (error: Error) => {
        settled.push([call, error.name]);
      },
    );
  return { settled, note };
}

/** Sends as soon as there is room, from the same thread. */
async function sendAll(socket: zmq.Socket, texts: readonly string[]): Promise<void> {
  for (const text of texts) await socket.send(text);
}

describe.each(transports)("over %s", (transport) => {
  test("1,000 receives that wait get the messages in the order of the calls", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport });
    const { settled, note } = recorder();
    const all = numbers(MANY).map((i) => note(i, pull.recv()));
    await sendAll(
      push,
      numbers(MANY).map((i) => `m${i}`),
    );
    await Promise.all(all);
    expect(settled).toEqual(numbers(MANY).map((i) => [i, `m${i}`]));
  });

  test("1,000 receives keep their order when half of the messages are there already", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport });
    for (let i = 0; i < MANY / 2; i++) await push.send(`m${i}`);
    await pull.poll();
    const { settled, note } = recorder();
    const all = numbers(MANY).map((i) => note(i, pull.recv()));
    for (let i = MANY / 2; i < MANY; i++) await push.send(`m${i}`);
    await Promise.all(all);
    expect(settled).toEqual(numbers(MANY).map((i) => [i, `m${i}`]));
  });

  test("1,000 sends that wait at a high-water mark of 1 keep their order", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport, options: { sndhwm: 1, rcvhwm: 1 } });
    const { settled, note } = recorder();
    const all = numbers(MANY).map((i) => note(i, push.send(`m${i}`)));
    const received: string[] = [];
    for (let i = 0; i < MANY; i++) received.push(String(await pull.recv()));
    await Promise.all(all);
    expect(received).toEqual(numbers(MANY).map((i) => `m${i}`));
    expect(settled).toEqual(numbers(MANY).map((i) => [i, "undefined"]));
  });

  test("1,000 sends and 1,000 receives on one socket at a time keep their order", async () => {
    const [left, right] = pair(zmq.PAIR, zmq.PAIR, { transport, options: { sndhwm: 2, rcvhwm: 2 } });
    const { settled: received, note: receive } = recorder();
    const { settled: sent, note: send } = recorder();
    const all = numbers(MANY).flatMap((i) => [
      receive(i, left.recv()),
      send(i, left.send(`question ${i}`)),
      right.recv().then((question) => right.send(question)),
    ]);
    await Promise.all(all);
    expect(received).toEqual(numbers(MANY).map((i) => [i, `question ${i}`]));
    expect(sent).toEqual(numbers(MANY).map((i) => [i, "undefined"]));
  });

  test("a multipart message is never interleaved with other sends that wait", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport, options: { sndhwm: 1, rcvhwm: 1 } });
    const messages = numbers(MANY).map((i) => numbers((i % 7) + 1).map((frame) => `${i}.${frame}`));
    const { settled, note } = recorder();
    const all = messages.map((frames, i) =>
      note(i, frames.length === 1 ? push.send(frames[0] as string) : push.sendMultipart(frames)),
    );
    const received: Buffer[][] = [];
    while (received.length < MANY) received.push(await pull.recvMultipart());
    await Promise.all(all);
    expect(texts(received)).toEqual(messages);
    expect(settled.map(([call]) => call)).toEqual(numbers(MANY));
  });

  test("sends, multipart sends and batches that wait go out in the order of the calls", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport, options: { sndhwm: 1, rcvhwm: 1 } });
    const { settled, note } = recorder();
    const expected: string[][] = [];
    const all = numbers(300).map((i) => {
      switch (i % 5) {
        case 0:
          expected.push([`${i}`]);
          return note(i, push.send(`${i}`));
        case 1:
          expected.push([`${i}`, "", "b"]);
          return note(i, push.sendMultipart([`${i}`, "", Buffer.from("b")]));
        case 2:
          expected.push([`${i}`], [`${i}`, "second"], [`${i}`]);
          return note(i, push.sendBatch([`${i}`, [`${i}`, "second"], [`${i}`]]));
        case 3:
          expected.push([`${i}`]);
          return note(i, push.sendString(`${i}`));
        default:
          expected.push([`${i}`]);
          return note(i, push.sendJson(i));
      }
    });
    const received: Buffer[][] = [];
    while (received.length < expected.length) received.push(...(await pull.recvBatch()));
    await Promise.all(all);
    expect(texts(received)).toEqual(expected);
    expect(settled.map(([call]) => call)).toEqual(numbers(300));
  });

  test("receives of frames, messages, batches and text take what comes in the order of the calls", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport });
    const { settled, note } = recorder();
    const rounds = 200;
    const all: Promise<void>[] = [];
    for (let i = 0; i < rounds; i++) {
      all.push(note(4 * i, pull.recv()));
      all.push(note(4 * i + 1, pull.recvMultipart()));
      all.push(note(4 * i + 2, pull.recvBatch(1)));
      all.push(note(4 * i + 3, pull.recvString()));
    }
    for (let i = 0; i < rounds; i++) {
      await push.send(`${i}`);
      await push.sendMultipart([`${i}`, "b"]);
      await push.sendMultipart([`${i}`, "c"]);
      await push.send(`${i}`);
    }
    await Promise.all(all);
    expect(settled).toEqual(
      numbers(rounds).flatMap((i) => [
        [4 * i, `${i}`],
        [4 * i + 1, `${i}+b`],
        [4 * i + 2, `${i}+c`],
        [4 * i + 3, `${i}`],
      ]),
    );
  });
});

describe("calls that do not have to wait", () => {
  test("settle before later ones that had to, however many there are in one turn of the event loop", async () => {
    // Operations beyond a turn's share settle in the next one; what waits must not overtake them. Timers run before
    // the event loop looks for news: the news of the last message comes before the next turn.
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { options: { sndhwm: 0, rcvhwm: 0 } });
    const count = 5000;
    for (let i = 0; i < count; i++) push.sendSync(`m${i}`);
    const { settled, note } = recorder();
    await new Promise((resolve) => setTimeout(resolve, 0));
    const all = numbers(count + 10).map((i) => note(i, pull.recv()));
    for (let i = count; i < count + 10; i++) push.sendSync(`m${i}`);
    await Promise.all(all);
    expect(settled).toEqual(numbers(count + 10).map((i) => [i, `m${i}`]));
  });

  test("settle in the order of the calls among sends of all kinds", async () => {
    const [, push] = pair(zmq.PULL, zmq.PUSH, { options: { sndhwm: 0, rcvhwm: 0 } });
    const { settled, note } = recorder();
    const count = 6000;
    const all = numbers(count).map((i) =>
      note(
        i,
        i % 3 === 0 ? push.send("a") : i % 3 === 1 ? push.sendMultipart(["a", "b"]) : push.sendBatch(["a"]),
      ),
    );
    await Promise.all(all);
    expect(settled.map(([call]) => call)).toEqual(numbers(count));
  });
});

test("a send made when an earlier one has just found room settles after it", async () => {
  const [pull, push] = pair(zmq.PULL, zmq.PUSH, { options: { sndhwm: 1, rcvhwm: 1 } });
  for (let round = 0; round < 200; round++) {
    const { settled, note } = recorder();
    let call = 0;
    // As many as there is room for, and one more, which waits.
    while ((await push.poll(0, zmq.POLLOUT)) !== 0) void note(call++, push.send("x"));
    void note(call++, push.send("x"));
    for (let i = 0; i < call - 1; i++) pull.recvSync();
    // It goes out now or in a later turn; in each of the next moments another call follows.
    for (let i = 0; i < 5; i++) {
      void note(call++, push.send("x", round % 2 === 0 ? zmq.DONTWAIT : 0));
      await (i % 2 === 0 ? turn() : null);
    }
    while (settled.length < call) {
      while ((await pull.poll(0)) !== 0) pull.recvSync();
      await turn();
    }
    while ((await pull.poll(0)) !== 0) pull.recvSync();
    // What would have had to wait has failed at once; of those that went, none has overtaken another.
    const sent = settled.filter(([, result]) => result === "undefined").map(([i]) => i);
    expect(sent).toEqual(sent.toSorted((a, b) => a - b));
  }
});

test("a call that will not wait takes its turn behind those that do", async () => {
  const [pull, push] = pair(zmq.PULL, zmq.PUSH);
  const first = pull.recv();
  push.sendSync("one");
  // Nobody has told the first receive yet; the message is its message.
  expect(await code(pull.recv(zmq.DONTWAIT))).toBe("EAGAIN");
  expect(String(await first)).toBe("one");

  const second = pull.recv();
  push.sendSync("two");
  push.sendSync("three");
  expect(String(await pull.recv(zmq.DONTWAIT))).toBe("three");
  expect(String(await second)).toBe("two");

  const third = pull.recv();
  push.sendSync("four");
  push.sendSync("five");
  expect(String(await pull.recv({ timeout: 0 }))).toBe("five");
  expect(String(await third)).toBe("four");
});

test("calls made by those that have been served go behind those that still wait", async () => {
  const [pull, push] = pair(zmq.PULL, zmq.PUSH);
  const order: string[] = [];
  const chain = async (name: string, times: number): Promise<void> => {
    for (let i = 0; i < times; i++) order.push(`${name}:${await pull.recv()}`);
  };
  const chains = [chain("a", 3), chain("b", 3), chain("c", 3)];
  for (let i = 0; i < 9; i++) {
    push.sendSync(String(i));
    await turn();
  }
  await Promise.all(chains);
  expect(order).toEqual(["a:0", "b:1", "c:2", "a:3", "b:4", "c:5", "a:6", "b:7", "c:8"]);
});

test("sends wait for a peer, and go to it in order when it comes", async () => {
  const context = newContext();
  const push = context.socket(zmq.PUSH);
  const address = bound(push, "tcp");
  const sends = numbers(MANY).map((i) => push.send(`m${i}`));
  const pull = context.socket(zmq.PULL);
  pull.connect(address);
  for (let i = 0; i < MANY; i++) expect(String(await pull.recv())).toBe(`m${i}`);
  await Promise.all(sends);
});

test("two sockets do not wait for each other", async () => {
  const [slow] = pair(zmq.PULL, zmq.PUSH);
  const [pull, push] = pair(zmq.PULL, zmq.PUSH);
  const waiting = Promise.race([slow.recv(), Promise.resolve("nothing yet")]);
  const received = pull.recv();
  push.sendSync("quick");
  expect(String(await received)).toBe("quick");
  expect(await waiting).toBe("nothing yet");
});
