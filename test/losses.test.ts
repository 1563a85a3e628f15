/**
 * What a pattern loses when its connection is cut in a flood: docs/reliability.md shows the figures. With
 * NODEZMQ_LOSSES=1 they are printed as the table that stands there.
 */
import * as zmq from "nodezmq";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { FaultProxy } from "./support/fault-proxy.js";
import { newContext } from "./support/sockets.js";

const CUTS = 20;
/** Received between two cuts, at least. */
const BETWEEN = 100;
const BODY = Buffer.alloc(92);
const END = 2 ** 40;

interface Pair {
  sender: number;
  receiver: number;
  /** Whether it is the sender that connects: it keeps its queue then. */
  connects: boolean;
  options?: { immediate?: boolean };
  /** What a receiver that keeps one queue for its peer gets is in order throughout. */
  ordered: boolean;
}

const pairs: Record<string, Pair> = {
  "PUSH connects, PULL binds": { sender: zmq.PUSH, receiver: zmq.PULL, connects: true, ordered: false },
  "the same with `immediate`": {
    sender: zmq.PUSH,
    receiver: zmq.PULL,
    connects: true,
    options: { immediate: true },
    ordered: false,
  },
  "PUSH binds, PULL connects": { sender: zmq.PUSH, receiver: zmq.PULL, connects: false, ordered: true },
  "DEALER connects, ROUTER binds": {
    sender: zmq.DEALER,
    receiver: zmq.ROUTER,
    connects: true,
    ordered: false,
  },
  "CLIENT connects, SERVER binds": {
    sender: zmq.CLIENT,
    receiver: zmq.SERVER,
    connects: true,
    ordered: false,
  },
  "PUB binds, SUB connects (a publisher never waits)": {
    sender: zmq.PUB,
    receiver: zmq.SUB,
    connects: false,
    ordered: true,
  },
};

const rows: (string | number)[][] = [];

afterAll(() => {
  if (process.env.NODEZMQ_LOSSES === undefined) return;
  const head = ["", "sent", "received", "lost", "twice", "out of order"];
  for (const row of [head, head.map(() => "---"), ...rows]) {
    console.log(`| ${row.map((cell) => cell.toLocaleString("en")).join(" | ")} |`);
  }
});

/** 100 bytes with a number. */
function message(serial: number): Buffer {
  const number = Buffer.alloc(8);
  number.writeDoubleBE(serial);
  return Buffer.concat([number, BODY]);
}

describe(`${CUTS} connections that are reset in a flood`, () => {
  test.each(Object.entries(pairs))("%s", async (name, { sender, receiver, connects, options, ordered }) => {
    const context = newContext();
    const hasty = { linger: 0, reconnectIvl: 1 };
    const from = context.socket(sender, { ...hasty, sndhwm: 100, ...options }) as zmq.Socket;
    const to = context.socket(receiver, { ...hasty, rcvhwm: 100 }) as zmq.Socket;
    if (receiver === zmq.SUB) to.subscribe("");
    const [server, client] = connects ? [to, from] : [from, to];
    server.bind("tcp://127.0.0.1:*");
    const proxy = await FaultProxy.to(server.lastEndpoint);
    onTestFinished(() => proxy.close());
    client.connect(proxy.address);

    let sent = 0;
    const stop = new AbortController();
    const flood = (async () => {
      while (!stop.signal.aborted) await from.send(message(sent++), { signal: stop.signal });
    })().catch((error: unknown) => {
      if (error !== stop.signal.reason) throw error;
      sent--; // the send that was aborted has sent nothing
    });

    const seen = new Set<number>();
    let [twice, disorder, last] = [0, 0, -1];
    const take = (frames: Buffer[]): number => {
      const body = frames.at(-1) as Buffer;
      expect(body).toHaveLength(8 + BODY.length);
      expect(body.subarray(8)).toEqual(BODY);
      const serial = body.readDoubleBE();
      if (serial === END) return serial;
      if (seen.has(serial)) twice++;
      if (serial < last) disorder++;
      last = serial;
      seen.add(serial);
      return serial;
    };

    for (let cuts = 0; cuts < CUTS; cuts++) {
      for (let count = 0; count < BETWEEN; count++) take(await to.recvMultipart());
      const connections = proxy.connections;
      proxy.cut();
      while (proxy.connections === connections) take(await to.recvMultipart());
    }
    stop.abort();
    const receiving = (async () => {
      while (take(await to.recvMultipart()) !== END);
    })();
    await flood;
    // Nothing is cut any more: when this one comes, all that were sent before it on its connection have come.
    const over = new AbortController();
    const ending = (async () => {
      for (;;) {
        await from.send(message(END), { signal: over.signal });
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    })().catch(() => {});
    await receiving;
    over.abort();
    await ending;
    // What is left of earlier connections stands in queues of the receiver's own.
    for (;;) {
      try {
        take(await to.recvMultipart(zmq.DONTWAIT));
      } catch (error) {
        if (error instanceof zmq.Again) break;
        throw error;
      }
    }
    rows.push([name, sent, seen.size, sent - seen.size, twice, disorder]);
    expect(twice).toBe(0);
    expect(seen.size).toBeLessThanOrEqual(sent);
    for (const serial of seen) expect(serial).toBeLessThan(sent);
    if (ordered) expect(disorder).toBe(0);
  });
});
