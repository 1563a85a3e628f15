/** A message leaves libzmq only when the program has asked for it: the high-water marks count what nobody has read. */
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { bound, newContext, pair, turn } from "./support/sockets.js";

/** How many messages find room. */
function fill(push: zmq.Socket): number {
  for (let sent = 0; ; sent++) {
    try {
      push.sendSync(`${sent}`, zmq.DONTWAIT);
    } catch (error) {
      expect(error).toBeInstanceOf(zmq.Again);
      return sent;
    }
  }
}

const marks = { left: { rcvhwm: 2 }, right: { sndhwm: 3 } };

describe("nothing is read ahead", () => {
  test("within the process both marks together are what fits, whatever else is going on", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, marks);
    expect(fill(push)).toBe(5);
    // Polls, iterations that nobody has asked on, and properties read nothing.
    const poller = new zmq.Poller();
    poller.register(pull, zmq.POLLIN);
    expect([await pull.poll(), (await poller.poll()).length, pull.get(zmq.EVENTS)]).toEqual([1, 1, 1]);
    const iterator = pull[Symbol.asyncIterator]();
    for (let i = 0; i < 10; i++) await turn();
    expect(fill(push)).toBe(0);
    expect(String((await iterator.next()).value)).toBe("0");
    for (let i = 0; i < 10; i++) await turn();
    await pull.recv();
    await pull.recv();
    // libzmq tells the sender of room when half of the mark has been read.
    expect(await push.poll(-1, zmq.POLLOUT)).toBe(zmq.POLLOUT);
    expect(fill(push)).toBeLessThanOrEqual(3);
  });

  test("a receive that waited takes one message, a batch no more than its limit", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { left: { rcvhwm: 10 }, right: { sndhwm: 10 } });
    const first = pull.recv();
    for (let i = 0; i < 10; i++) push.sendSync(`${i}`, zmq.DONTWAIT);
    expect(String(await first)).toBe("0");
    expect((await pull.recvBatch(3)).map(String)).toEqual(["1", "2", "3"]);
    for (let i = 0; i < 10; i++) await turn();
    let left = 0;
    while (pull.get(zmq.EVENTS) & zmq.POLLIN) {
      pull.recvSync(zmq.DONTWAIT);
      left++;
    }
    expect(left).toBe(6);
  });

  test("a publisher drops for a subscriber that does not read, and only for that one", async () => {
    const context = newContext();
    const xpub = context.socket(zmq.XPUB, { sndhwm: 5, xpubVerbose: true });
    const address = bound(xpub);
    const [slow, quick] = [context.socket(zmq.SUB, { rcvhwm: 5 }), context.socket(zmq.SUB, { rcvhwm: 5 })];
    for (const sub of [slow, quick]) {
      sub.subscribe("");
      sub.connect(address);
      await xpub.recv();
    }
    for (let i = 0; i < 100; i++) {
      xpub.get(zmq.EVENTS); // libzmq looks only now and then for what subscribers have read
      await xpub.send(`${i}`);
      expect(String(await quick.recv())).toBe(`${i}`);
    }
    const kept = (await slow.recvBatch()).map(String);
    expect(kept).toEqual(Array.from({ length: 10 }, (_, i) => `${i}`));
  });
});
