import { pbkdf2 } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { promisify } from "node:util";
import * as zmq from "nodezmq";
import { describe, expect, onTestFinished, test } from "vitest";
import { failure, ipcAddress, newContext, thrown, until } from "./support/life-own.js";
import { startWorker } from "./support/life-worker.js";
import { turn } from "./support/sockets.js";

type Transport = "inproc" | "ipc" | "tcp";
const transports: Transport[] = ["inproc", "ipc", "tcp"];

let names = 0;
const fresh = (transport: Transport): string =>
  transport === "tcp"
    ? "tcp://127.0.0.1:*"
    : transport === "ipc"
      ? ipcAddress()
      : `inproc://proxied ${names++}`;

/** A socket bound for a proxy, and one more of the type that talks to it. */
function side(
  context: zmq.Context,
  type: number,
  peer: number,
  transport: Transport = "inproc",
): { socket: zmq.Socket; peer: zmq.Socket; connect(type: number): zmq.Socket } {
  const socket = context.socket(type);
  socket.bind(fresh(transport));
  const address = socket.lastEndpoint;
  const connect = (kind: number): zmq.Socket => {
    const one = context.socket(kind);
    one.connect(address);
    return one;
  };
  return { socket, peer: connect(peer), connect };
}

/** A proxy that is stopped after the test, if it has not ended before. */
function proxied(
  front: zmq.Socket,
  back: zmq.Socket,
  capture?: zmq.Socket | null,
  control?: zmq.Socket,
): { done: Promise<unknown>; stop(): Promise<void> } {
  const stop = new AbortController();
  const { signal } = stop;
  const done: Promise<unknown> = control
    ? zmq.proxySteerable(front, back, capture, control, { signal })
    : zmq.proxy(front, back, capture, { signal });
  const ended = done.then(
    () => {},
    () => {},
  );
  const end = (): Promise<void> => {
    stop.abort(new Error("stopped by the test"));
    return ended;
  };
  onTestFinished(end);
  done.catch(() => {}); // each test looks at it, or does not
  return { done, stop: end };
}

/** PULL to PUSH, with a sender and a receiver. */
function streamer(context = newContext(), transport: Transport = "inproc") {
  const front = side(context, zmq.PULL, zmq.PUSH, transport);
  const back = side(context, zmq.PUSH, zmq.PULL, transport);
  return { context, front: front.socket, back: back.socket, sender: front.peer, receiver: back.peer };
}

async function expectFlow(sender: zmq.Socket, receiver: zmq.Socket, count = 10): Promise<void> {
  for (let i = 0; i < count; i++) {
    await sender.send(`flow ${i}`);
    expect(String(await receiver.recv())).toBe(`flow ${i}`);
  }
}

describe.each(transports)("over %s", (transport) => {
  test("a queue carries requests to workers and replies to whoever asked", async () => {
    const context = newContext();
    const front = side(context, zmq.ROUTER, zmq.REQ, transport);
    const back = side(context, zmq.DEALER, zmq.REP, transport);
    proxied(front.socket, back.socket);
    const workers = [back.peer, back.connect(zmq.REP)];
    for (const worker of workers) {
      (async () => {
        for await (const [request] of worker) await worker.send(`re: ${request}`);
      })();
    }
    const clients = [front.peer, ...Array.from({ length: 9 }, () => front.connect(zmq.REQ))];
    await Promise.all(
      clients.map(async (client, n) => {
        for (let i = 0; i < 10; i++) {
          await client.send(`${n}.${i}`);
          expect(String(await client.recv())).toBe(`re: ${n}.${i}`);
        }
      }),
    );
  });

  test("a forwarder carries subscriptions one way and publications the other", async () => {
    const context = newContext();
    const front = side(context, zmq.XSUB, zmq.XPUB, transport);
    const back = side(context, zmq.XPUB, zmq.SUB, transport);
    proxied(front.socket, back.socket);
    const publisher = front.peer;
    back.peer.subscribe("a");
    expect((await publisher.recv()).toString("latin1")).toBe("\x01a");
    await publisher.send("b not wanted");
    await publisher.sendMultipart(["a wanted", "", "more"]);
    expect((await back.peer.recvMultipart()).map(String)).toEqual(["a wanted", "", "more"]);
    back.peer.unsubscribe("a");
    expect((await publisher.recv()).toString("latin1")).toBe("\x00a");
  });

  test("a forwarder of SUB and PUB, as zmq.device makes it", async () => {
    const context = newContext();
    const front = side(context, zmq.SUB, zmq.XPUB, transport);
    front.socket.subscribe("");
    const back = side(context, zmq.PUB, zmq.SUB, transport);
    back.peer.subscribe("");
    const stop = new AbortController();
    const done = failure(zmq.device(zmq.FORWARDER, front.socket, back.socket, { signal: stop.signal }));
    await front.peer.recv(); // the subscription
    // Nobody tells a PUB's program of its subscribers: send until the first message gets through.
    for (let i = 0; (await back.peer.poll(0)) === 0; i++) await front.peer.send(`${i}`);
    let heard = "";
    // Again and again: what does not fit into a publisher's queue is dropped, also the last.
    const ending = (async () => {
      while (heard !== "last") {
        await front.peer.send("last");
        await turn();
      }
    })();
    for (let last = -1; heard !== "last"; ) {
      heard = String(await back.peer.recv());
      if (heard === "last") break;
      expect(Number(heard)).toBeGreaterThan(last);
      last = Number(heard);
    }
    await ending;
    stop.abort("enough");
    expect(await done).toBe("enough");
  });

  test("a streamer, multipart, empty and big messages", async () => {
    const { front, back, sender, receiver } = streamer(newContext(), transport);
    proxied(front, back);
    const messages = [
      ["x"],
      [""],
      ["", ""],
      ["a", "", "c"],
      Array.from({ length: 1000 }, (_, i) => `${i}`),
      [Buffer.alloc(3_000_000, 1), Buffer.alloc(70_000, 2), "end"],
      [Buffer.alloc(10_000_000, 3)],
    ];
    const sent = messages.map((message) => sender.sendMultipart(message));
    for (const message of messages) {
      const got = await receiver.recvMultipart();
      expect(got.length).toBe(message.length);
      expect(got.every((frame, i) => frame.equals(Buffer.from(message[i] as string)))).toBe(true);
    }
    await Promise.all(sent);
  });
});

describe("a queue", () => {
  test("as zmq.device(QUEUE)", async () => {
    const context = newContext();
    const front = side(context, zmq.ROUTER, zmq.REQ);
    const back = side(context, zmq.DEALER, zmq.REP);
    const stop = new AbortController();
    const done = failure(zmq.device(zmq.QUEUE, front.socket, back.socket, { signal: stop.signal }));
    await front.peer.send("q");
    expect(String(await back.peer.recv())).toBe("q");
    await back.peer.send("a");
    expect(String(await front.peer.recv())).toBe("a");
    stop.abort("enough");
    expect(await done).toBe("enough");
    expect(await failure(zmq.device("1" as never, front.socket, back.socket))).toBeInstanceOf(TypeError);
  });

  test("100,000 small messages, all accounted for", async () => {
    const context = newContext();
    const { front, back, sender, receiver } = streamer(context);
    const control = side(context, zmq.REP, zmq.REQ);
    proxied(front, back, null, control.socket);
    const count = 100_000;
    const sending = (async () => {
      for (let i = 0; i < count; i += 1000) {
        await sender.sendBatch(Array.from({ length: 1000 }, (_, n) => `${i + n}`));
      }
    })();
    let next = 0;
    while (next < count) {
      for (const [frame] of await receiver.recvBatch()) {
        if (String(frame) !== `${next}`) expect(String(frame)).toBe(`${next}`);
        next++;
      }
    }
    await sending;
    await control.peer.send("STATISTICS");
    const figures = (await control.peer.recvMultipart()).map((frame) => Number(frame.readBigUInt64LE()));
    expect([figures[0], figures[6]]).toEqual([count, count]);
  });

  test("both ways at once", async () => {
    const context = newContext();
    const front = side(context, zmq.PAIR, zmq.PAIR);
    const back = side(context, zmq.PAIR, zmq.PAIR);
    proxied(front.socket, back.socket);
    const count = 5000;
    const send = async (socket: zmq.Socket) => {
      for (let i = 0; i < count; i++) await socket.send(`${i}`);
    };
    const receive = async (socket: zmq.Socket) => {
      for (let i = 0; i < count; i++) {
        const frame = String(await socket.recv());
        if (frame !== `${i}`) expect(frame).toBe(`${i}`);
      }
    };
    await Promise.all([send(front.peer), send(back.peer), receive(front.peer), receive(back.peer)]);
  });

  test("one socket for both sides echoes", async () => {
    const context = newContext();
    const echo = side(context, zmq.ROUTER, zmq.REQ);
    proxied(echo.socket, echo.socket);
    await echo.peer.send("echo");
    expect(String(await echo.peer.recv())).toBe("echo");
    const other = echo.connect(zmq.DEALER);
    await other.sendMultipart(["a", "b"]);
    expect((await other.recvMultipart()).map(String)).toEqual(["a", "b"]);
  });
});

describe("the capture socket", () => {
  test("a PUSH gets a copy of every message of both directions", async () => {
    const context = newContext();
    const front = side(context, zmq.ROUTER, zmq.DEALER);
    front.peer.routingId = "client";
    const client = front.connect(zmq.DEALER);
    const back = side(context, zmq.DEALER, zmq.DEALER);
    const capture = side(context, zmq.PUSH, zmq.PULL);
    proxied(front.socket, back.socket, capture.socket);
    await client.sendMultipart(["there", "and"]);
    const request = await back.peer.recvMultipart();
    expect(request.slice(1).map(String)).toEqual(["there", "and"]);
    expect((await capture.peer.recvMultipart()).slice(1).map(String)).toEqual(["there", "and"]);
    await back.peer.sendMultipart([request[0] as Buffer, "back"]);
    expect(String(await client.recv())).toBe("back");
    expect((await capture.peer.recvMultipart()).slice(1).map(String)).toEqual(["back"]);
  });

  test.each([
    ["a PUB", zmq.PUB, zmq.SUB],
    ["a PAIR", zmq.PAIR, zmq.PAIR],
    ["a DEALER", zmq.DEALER, zmq.DEALER],
  ])("%s", async (_name, type, peerType) => {
    const { context, front, back, sender, receiver } = streamer();
    const capture = side(context, type, peerType);
    if (peerType === zmq.SUB) {
      capture.peer.subscribe("");
      // Over inproc a subscription is with the publisher as soon as it looks, which sending does.
      while ((await capture.peer.poll(0)) === 0) await capture.socket.send("is it there?");
      await capture.peer.recvBatch();
    }
    proxied(front, back, capture.socket);
    for (let i = 0; i < 20; i++) {
      await sender.sendMultipart([`${i}`, "more"]);
      expect((await receiver.recvMultipart()).map(String)).toEqual([`${i}`, "more"]);
      expect((await capture.peer.recvMultipart()).map(String)).toEqual([`${i}`, "more"]);
    }
  });

  test("that has no reader keeps messages back and loses none", async () => {
    const { context, front, back, sender, receiver } = streamer();
    const capture = context.socket(zmq.PUSH);
    capture.bind("inproc://late reader");
    proxied(front, back, capture);
    for (let i = 0; i < 50; i++) await sender.send(`${i}`);
    const reader = context.socket(zmq.PULL);
    reader.connect("inproc://late reader");
    for (let i = 0; i < 50; i++) {
      expect(String(await receiver.recv())).toBe(`${i}`);
      expect(String(await reader.recv())).toBe(`${i}`);
    }
  });

  test("that is full keeps messages back and loses none", async () => {
    const { context, front, back, sender, receiver } = streamer();
    const capture = context.socket(zmq.PUSH, { sndhwm: 2 });
    const reader = context.socket(zmq.PULL, { rcvhwm: 2 });
    capture.bind("inproc://slow reader");
    reader.connect("inproc://slow reader");
    proxied(front, back, capture);
    const sending = (async () => {
      for (let i = 0; i < 200; i++) await sender.send(`${i}`);
    })();
    for (let i = 0; i < 200; i++) expect(String(await reader.recv())).toBe(`${i}`);
    for (let i = 0; i < 200; i++) expect(String(await receiver.recv())).toBe(`${i}`);
    await sending;
  });

  test("a PUB without subscribers drops, and the proxy goes on", async () => {
    const { context, front, back, sender, receiver } = streamer();
    const capture = context.socket(zmq.PUB, { sndhwm: 1 });
    capture.bind("inproc://nobody");
    proxied(front, back, capture);
    await expectFlow(sender, receiver, 100);
  });

  test("null is none", async () => {
    const { front, back, sender, receiver } = streamer();
    proxied(front, back, null);
    await expectFlow(sender, receiver);
  });
});

describe("proxySteerable", () => {
  const statistics = (frames: Buffer[]): number[] => {
    expect(frames.map((frame) => frame.length)).toEqual(Array.from({ length: 8 }, () => 8));
    return frames.map((frame) => Number(frame.readBigUInt64LE()));
  };

  /** A steerable streamer and somebody who commands it. */
  function steered(type = zmq.PAIR as number, peerType = zmq.PAIR as number) {
    const all = streamer();
    const control = side(all.context, type, peerType);
    const { done } = proxied(all.front, all.back, null, control.socket);
    const order = async (...frames: (string | Buffer)[]): Promise<Buffer[]> => {
      await control.peer.sendMultipart(frames);
      return control.peer.recvMultipart();
    };
    return { ...all, done, order, control };
  }
  const empty = [Buffer.alloc(0)];

  test.each([
    ["PAIR", zmq.PAIR, zmq.PAIR],
    ["REP", zmq.REP, zmq.REQ],
    ["ROUTER", zmq.ROUTER, zmq.REQ],
    ["ROUTER", zmq.ROUTER, zmq.DEALER],
    ["DEALER", zmq.DEALER, zmq.DEALER],
  ])("obeys and answers by a %s", async (_name, type, peerType) => {
    const { sender, receiver, order, done } = steered(type, peerType);
    await expectFlow(sender, receiver);
    expect(await order("PAUSE")).toEqual(empty);
    await sender.send("kept back");
    const paused = statistics(await order("STATISTICS"));
    expect(statistics(await order("STATISTICS"))).toEqual(paused);
    expect(await receiver.poll(0)).toBe(0);
    expect(await order("PAUSE")).toEqual(empty);
    expect(await order("RESUME")).toEqual(empty);
    expect(String(await receiver.recv())).toBe("kept back");
    expect(await order("RESUME")).toEqual(empty);
    await expectFlow(sender, receiver);
    expect(await order("TERMINATE")).toEqual(empty);
    expect(await done).toBe(0);
  });

  test.each([
    ["PULL", zmq.PULL, zmq.PUSH],
    ["SUB", zmq.SUB, zmq.XPUB],
  ])("obeys by a %s, which cannot answer", async (_name, type, peerType) => {
    const all = streamer();
    const control = side(all.context, type, peerType);
    if (type === zmq.SUB) control.socket.subscribe("");
    const { done } = proxied(all.front, all.back, null, control.socket);
    if (type === zmq.SUB) await control.peer.recv(); // the subscription
    await expectFlow(all.sender, all.receiver);
    for (const word of ["PAUSE", "STATISTICS", "unknown", "RESUME"]) await control.peer.send(word);
    await expectFlow(all.sender, all.receiver);
    await control.peer.send("TERMINATE");
    expect(await done).toBe(0);
  });

  test("the figures are frames and bytes, of the frontend and then of the backend", async () => {
    const context = newContext();
    const front = side(context, zmq.PAIR, zmq.PAIR);
    const back = side(context, zmq.PAIR, zmq.PAIR);
    const control = side(context, zmq.REP, zmq.REQ);
    proxied(front.socket, back.socket, null, control.socket);
    const figures = async () => {
      await control.peer.send("STATISTICS");
      return statistics(await control.peer.recvMultipart());
    };
    expect(await figures()).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    await front.peer.sendMultipart(["12345", "", "678"]);
    await back.peer.recvMultipart();
    // Received by the frontend, sent by the backend.
    expect(await figures()).toEqual([3, 8, 0, 0, 0, 0, 3, 8]);
    await back.peer.send("1234");
    await front.peer.recv();
    expect(await figures()).toEqual([3, 8, 1, 4, 1, 4, 3, 8]);
  });

  test("what is no command is answered and ignored: unknown, empty, in other letters, huge", async () => {
    const { sender, receiver, order, done } = steered();
    for (const word of ["HELLO", "", "pause", "PAUSE\0", "PAUSED", " PAUSE", "TERMINAT", "TERMINATE "]) {
      expect(await order(word)).toEqual(empty);
    }
    expect(await order(Buffer.alloc(1_000_000, "PAUSE"))).toEqual(empty);
    await expectFlow(sender, receiver);
    expect(await order("TERMINATE")).toEqual(empty);
    await done;
  });

  test.each([
    ["PAIR", zmq.PAIR, zmq.PAIR],
    ["REP", zmq.REP, zmq.REQ],
  ])("several frames are no command to a %s, and are answered by one empty frame", async (_n, type, peer) => {
    const { sender, receiver, order } = steered(type, peer);
    for (const frames of [
      ["PAUSE", "x"],
      ["x", "PAUSE"],
      ["", "TERMINATE"],
      ["TERMINATE", ""],
      Array.from({ length: 100 }, () => "PAUSE"),
    ]) {
      expect(await order(...frames)).toEqual(empty);
    }
    await expectFlow(sender, receiver);
  });

  test("a ROUTER answers each of its clients, by the envelope that they used", async () => {
    const { control, sender, receiver } = steered(zmq.ROUTER, zmq.DEALER);
    const others = [control.connect(zmq.REQ), control.connect(zmq.DEALER), control.connect(zmq.REQ)];
    await Promise.all(others.map((other) => other.send("PAUSE")));
    for (const other of others) expect(await other.recvMultipart()).toEqual(empty);
    await control.peer.sendMultipart(["a", "b", "RESUME"]);
    expect((await control.peer.recvMultipart()).map(String)).toEqual(["a", "b", ""]);
    await expectFlow(sender, receiver);
  });

  test("a peer that never reads its answers is no reason to stop", async () => {
    const all = streamer();
    const control = all.context.socket(zmq.PAIR, { sndhwm: 1 });
    const deaf = all.context.socket(zmq.PAIR, { rcvhwm: 1 });
    control.bind("inproc://deaf");
    deaf.connect("inproc://deaf");
    const { done } = proxied(all.front, all.back, null, control);
    for (let i = 0; i < 100; i++) await deaf.send("STATISTICS");
    await expectFlow(all.sender, all.receiver);
    await deaf.send("TERMINATE");
    await done;
  });

  test("a REP that is asked again and again never gets stuck", async () => {
    const { order, sender, receiver } = steered(zmq.REP, zmq.REQ);
    for (let i = 0; i < 300; i++) {
      await order(["PAUSE", "RESUME", "STATISTICS", "what?", ""][i % 5] as string);
    }
    await order("RESUME");
    await expectFlow(sender, receiver);
  });

  test("TERMINATE while it pauses, and as the first thing of all", async () => {
    const one = steered();
    await one.order("PAUSE");
    await one.order("TERMINATE");
    await one.done;
    const other = steered(zmq.REP, zmq.REQ);
    await other.order("TERMINATE");
    await other.done;
  });

  test("without a control socket it is a proxy", async () => {
    const { front, back, sender, receiver } = streamer();
    const stop = new AbortController();
    const done = failure(zmq.proxySteerable(front, back, null, null, { signal: stop.signal }));
    await expectFlow(sender, receiver);
    stop.abort("enough");
    expect(await done).toBe("enough");
  });
});

describe("the end of a proxy", () => {
  test("by an aborted signal: it rejects with the reason, and the sockets are usable again", async () => {
    const { front, back, sender, receiver } = streamer();
    const reason = new Error("enough");
    const stop = new AbortController();
    const done = failure(zmq.proxy(front, back, null, { signal: stop.signal }));
    await expectFlow(sender, receiver);
    stop.abort(reason);
    expect(await done).toBe(reason);
    await sender.send("by hand");
    const frame = await front.recv();
    await back.send(frame);
    expect(String(await receiver.recv())).toBe("by hand");
    front.linger = 0;
    expect(front.linger).toBe(0);
  });

  test("by its time: it rejects with Again, and the sockets are usable again", async () => {
    const { front, back, sender, receiver } = streamer();
    expect(await failure(zmq.proxy(front, back, { timeout: 20 }))).toBeInstanceOf(zmq.Again);
    expect(await failure(zmq.proxySteerable(front, back, null, null, { timeout: 0 }))).toBeInstanceOf(
      zmq.Again,
    );
    await sender.send("by hand");
    await back.send(await front.recv());
    expect(String(await receiver.recv())).toBe("by hand");
  });

  test("by a signal that was aborted before: nothing begins", async () => {
    const { front, back, sender } = streamer();
    await sender.send("x");
    expect(await failure(zmq.proxy(front, back, null, { signal: AbortSignal.abort("no") }))).toBe("no");
    expect(String(await front.recv())).toBe("x");
  });

  test("by closing a socket that was lent: ENOTSOCK, and the others are usable again", async () => {
    const context = newContext();
    for (const which of ["front", "back", "capture", "control"] as const) {
      const { front, back, sender, receiver } = streamer(context);
      const capture = context.socket(zmq.PUB);
      const control = context.socket(zmq.PULL);
      const done = failure(zmq.proxySteerable(front, back, capture, control));
      await expectFlow(sender, receiver);
      const lent = { front, back, capture, control };
      lent[which].close();
      expect(lent[which].closed).toBe(true);
      expect((await done).code).toBe("ENOTSOCK");
      for (const [name, socket] of Object.entries(lent)) {
        if (name === which) expect(thrown(() => socket.linger).code).toBe("ENOTSOCK");
        else expect(socket.linger).toBe(-1);
      }
    }
  });

  test("by context.term(): ContextTerminated; by destroy(): ENOTSOCK", async () => {
    const one = streamer();
    const terminated = failure(zmq.proxy(one.front, one.back));
    await expectFlow(one.sender, one.receiver);
    const term = one.context.term();
    expect(await terminated).toBeInstanceOf(zmq.ContextTerminated);
    await one.context.destroy(0);
    await term;
    const other = streamer();
    const destroyed = failure(zmq.proxy(other.front, other.back));
    await expectFlow(other.sender, other.receiver);
    await other.context.destroy();
    expect((await destroyed).code).toBe("ENOTSOCK");
  });

  test("by the end of the worker that it was started in", async () => {
    const context = newContext();
    const sender = context.socket(zmq.PUSH);
    const receiver = context.socket(zmq.PULL);
    sender.bind("inproc://to the worker");
    receiver.bind("inproc://from the worker");
    for (const how of ["process.exit(0)", "throw new Error('on purpose')", "terminate"]) {
      const { worker, heard, ended } = startWorker(
        `
        const context = zmq.Context.shadow(workerData);
        const [front, back] = [context.socket(zmq.PULL), context.socket(zmq.PUSH)];
        front.connect("inproc://to the worker");
        back.connect("inproc://from the worker");
        zmq.proxy(front, back).catch(() => {});
        say("runs");
        await heard();
        ${how === "terminate" ? "" : how}`,
        context.underlying,
      );
      expect(await heard()).toBe("runs");
      await expectFlow(sender, receiver);
      if (how === "terminate") await worker.terminate();
      else worker.postMessage("end");
      await ended;
      // libzmq's own thread closes the worker's sockets: what is sent to one that is not closed yet is lost.
      await until(() => sender.pollSync(0, zmq.POLLOUT) === 0);
    }
  });

  test("by its own signal's listener that begins it again: a hundred times at once", async () => {
    const { front, back, sender, receiver } = streamer();
    for (let i = 0; i < 100; i++) {
      const stop = new AbortController();
      const done = failure(zmq.proxy(front, back, null, { signal: stop.signal }));
      if (i % 2) await expectFlow(sender, receiver, 1);
      stop.abort(i);
      expect(await done).toBe(i);
    }
    await expectFlow(sender, front, 1);
  });

  test("loses no message that waits for room, nor does the next proxy", async () => {
    const context = newContext();
    const front = context.socket(zmq.PULL, { rcvhwm: 1 });
    const back = context.socket(zmq.PUSH, { sndhwm: 1 });
    const sender = context.socket(zmq.PUSH, { sndhwm: 1 });
    const receiver = context.socket(zmq.PULL, { rcvhwm: 1 });
    front.bind("inproc://narrow front");
    back.bind("inproc://narrow back");
    sender.connect("inproc://narrow front");
    receiver.connect("inproc://narrow back");
    const sending = (async () => {
      for (let i = 0; i < 200; i++) await sender.send(`${i}`);
    })();
    for (let i = 0; i < 200; ) {
      const stop = new AbortController();
      const done = failure(zmq.proxy(front, back, null, { signal: stop.signal }));
      for (let n = 0; n < 5 && i < 200; n++, i++) expect(String(await receiver.recv())).toBe(`${i}`);
      stop.abort("enough");
      expect(await done).toBe("enough");
    }
    await sending;
  });
});

describe("a message that waited for room when its proxy ended", () => {
  /** A streamer whose receiver is not there, stopped while it holds the first of three messages. */
  async function stopped(capture?: zmq.Socket | null, context = newContext()) {
    const front = side(context, zmq.PULL, zmq.PUSH);
    const back = context.socket(zmq.PUSH);
    back.bind("inproc://nobody receives");
    const control = side(context, zmq.REP, zmq.REQ);
    const { stop } = proxied(front.socket, back, capture, control.socket);
    for (const message of [["a", "b"], ["c"], ["d", "e", "f"]]) await front.peer.sendMultipart(message);
    for (let received = 0n; received < 2n; ) {
      await control.peer.send("STATISTICS");
      received = (await control.peer.recvMultipart())[0]?.readBigUInt64LE() ?? 0n;
    }
    await stop();
    return { context, front: front.socket, back };
  }

  test("is what is received next, whole or frame by frame", async () => {
    const { front } = await stopped();
    expect((await front.recvMultipart()).map(String)).toEqual(["a", "b"]);
    expect((await front.recvMultipart()).map(String)).toEqual(["c"]);
    const again = await stopped();
    expect(String(await again.front.recv())).toBe("a");
    expect(again.front.rcvmore).toBe(true);
    expect(String(again.front.recvSync())).toBe("b");
    expect(again.front.rcvmore).toBe(false);
    expect(String(await again.front.recv())).toBe("c");
    expect((await again.front.recvMultipart()).map(String)).toEqual(["d", "e", "f"]);
    const third = await stopped();
    expect((await third.front.recvBatch()).map((frames) => frames.map(String))).toEqual([
      ["a", "b"],
      ["c"],
      ["d", "e", "f"],
    ]);
  });

  test("is told of by every kind of poll, also when it is the only one", async () => {
    const { front } = await stopped();
    const kept = await front.recvMultipart();
    await front.recvMultipart();
    await front.recvMultipart();
    expect(kept.map(String)).toEqual(["a", "b"]);
    const other = await stopped();
    const poller = new zmq.Poller();
    poller.register(other.front, zmq.POLLIN);
    expect(await other.front.poll()).toBe(zmq.POLLIN);
    expect(other.front.pollSync()).toBe(zmq.POLLIN);
    expect(await poller.poll()).toEqual([[other.front, zmq.POLLIN]]);
    expect(poller.pollSync()).toEqual([[other.front, zmq.POLLIN]]);
    expect(other.front.get(zmq.EVENTS)).toBe(zmq.POLLIN);
    const heard: string[] = [];
    for await (const frames of other.front) {
      heard.push(frames.join());
      if (heard.length === 3) break;
    }
    expect(heard).toEqual(["a,b", "c", "d,e,f"]);
    expect(await other.front.poll(0)).toBe(0);
  });

  test("is what the next proxy passes on first, and is captured once", async () => {
    const context = newContext();
    const capture = side(context, zmq.PUSH, zmq.PULL);
    const { front, back } = await stopped(capture.socket, context);
    proxied(front, back, capture.socket);
    const receiver = context.socket(zmq.PULL);
    receiver.connect("inproc://nobody receives");
    for (const message of [["a", "b"], ["c"], ["d", "e", "f"]]) {
      expect((await receiver.recvMultipart()).map(String)).toEqual(message);
      expect((await capture.peer.recvMultipart()).map(String)).toEqual(message);
    }
  });

  test("goes with its socket", async () => {
    const { context, front } = await stopped();
    front.close();
    await context.destroy(0);
  });
});

describe("sockets that are lent", () => {
  test("every use of them is EBUSY; closing is not", async () => {
    const { front, back } = streamer();
    const running = proxied(front, back);
    const uses: (() => unknown)[] = [
      () => front.linger,
      () => {
        front.linger = 0;
      },
      () => front.lastEndpoint,
      () => front.bind("inproc://another"),
      () => front.connect("inproc://another"),
      () => front.unbind("inproc://another"),
      () => front.disconnect("inproc://another"),
      () => front.recvSync(),
      () => front.recvSync(zmq.DONTWAIT),
      () => front.recvMultipartSync(),
      () => front.recvBatchSync(),
      () => back.sendSync("x"),
      () => back.sendBatchSync(["x"]),
      () => front.pollSync(),
      () => front.monitor("inproc://m"),
      () => front.fileno(),
      () => front.get(zmq.EVENTS),
    ];
    for (const use of uses) expect(thrown(use).code).toBe("EBUSY");
    const calls = [
      () => front.recv(),
      () => front.recvMultipart({ timeout: 0 }),
      () => front.recvBatch(),
      () => back.send("x"),
      () => back.sendMultipart(["x"]),
      () => back.sendBatch(["x"]),
      () => front.poll(),
      () => zmq.select([front], [], []),
      () => zmq.proxy(front, back),
      () => zmq.Socket.shadow(front).recv(),
    ];
    for (const call of calls) expect((await failure(call())).code).toBe("EBUSY");
    expect(
      (
        await failure(
          (async () => {
            for await (const _ of front);
          })(),
        )
      ).code,
    ).toBe("EBUSY");
    expect([front.closed, front.type]).toEqual([false, zmq.PULL]);
    expect(front.underlying).not.toBe(0n);
    await running.stop();
    expect(front.linger).toBe(-1);
  });

  test("a socket can be in one proxy only, on whichever side", async () => {
    const context = newContext();
    const { front, back, sender, receiver } = streamer(context);
    proxied(front, back);
    const free = context.socket(zmq.PUSH);
    for (const [a, b, c, d] of [
      [front, free],
      [free, back],
      [free, free, back],
      [free, free, null, front],
    ] as [zmq.Socket, zmq.Socket, zmq.Socket?, zmq.Socket?][]) {
      expect((await failure(zmq.proxySteerable(a, b, c, d))).code).toBe("EBUSY");
    }
    expect(free.linger).toBe(-1); // refused as a whole: nothing was lent
    await expectFlow(sender, receiver);
  });

  test("calls that pend on a socket keep it from being lent", async () => {
    const { front, back } = streamer();
    const stop = new AbortController();
    const pending = failure(front.recv({ signal: stop.signal }));
    expect((await failure(zmq.proxy(front, back))).code).toBe("EBUSY");
    stop.abort("enough");
    expect(await pending).toBe("enough");
    proxied(front, back);
  });

  test("a closed socket is ENOTSOCK, on whichever side", async () => {
    const { context, front, back } = streamer();
    const closed = context.socket(zmq.PAIR);
    closed.close();
    for (const [a, b, c, d] of [
      [closed, back],
      [front, closed],
      [front, back, closed],
      [front, back, null, closed],
    ] as [zmq.Socket, zmq.Socket, zmq.Socket?, zmq.Socket?][]) {
      expect((await failure(zmq.proxySteerable(a, b, c, d))).code).toBe("ENOTSOCK");
    }
    expect([front.linger, back.linger]).toEqual([-1, -1]);
  });

  test("what is no socket is a TypeError, by the promise", async () => {
    const { context, front, back } = streamer();
    for (const value of [undefined, null, 5, "x", {}, context, Buffer.from("x")]) {
      expect(await failure(zmq.proxy(value as never, back))).toBeInstanceOf(TypeError);
      expect(await failure(zmq.proxy(front, value as never))).toBeInstanceOf(TypeError);
      expect(await failure(zmq.device(zmq.QUEUE, value as never, back))).toBeInstanceOf(TypeError);
      if (value === undefined || value === null) continue;
      expect(await failure(zmq.proxy(front, back, value as never))).toBeInstanceOf(TypeError);
      expect(await failure(zmq.proxySteerable(front, back, null, value as never))).toBeInstanceOf(TypeError);
    }
    expect(await failure(zmq.proxy(front, back, null, { signal: 5 as never }))).toBeInstanceOf(TypeError);
    const reason = new Error("before it began");
    const signal = AbortSignal.abort(reason);
    expect(await failure(zmq.proxy(front, back, { signal }))).toBe(reason);
    expect(await failure(zmq.proxySteerable(front, back, { signal }))).toBe(reason);
    expect(await failure(zmq.proxySteerable(front, back, null, { signal }))).toBe(reason);
    expect((await failure(zmq.proxy(front, back, null, { sginal: 5 } as never))).message).toMatch(/'signal'/);
    expect([front.linger, back.linger]).toEqual([-1, -1]);
  });

  test("sockets of two contexts, and shadows, can be joined", async () => {
    const one = newContext();
    const other = newContext();
    const front = side(one, zmq.PULL, zmq.PUSH);
    const back = side(other, zmq.PUSH, zmq.PULL);
    proxied(zmq.Socket.shadow(front.socket), zmq.Socket.shadow(back.socket.underlying));
    await expectFlow(front.peer, back.peer);
    expect(thrown(() => front.socket.linger).code).toBe("EBUSY");
  });
});

describe("high-water marks", () => {
  test.each(transports)(
    "of 1 before a slow consumer over %s: nothing is lost, the order is kept",
    async (transport) => {
      const context = newContext();
      const front = context.socket(zmq.PULL, { rcvhwm: 1 });
      const back = context.socket(zmq.PUSH, { sndhwm: 1 });
      front.bind(fresh(transport));
      back.bind(fresh(transport));
      const sender = context.socket(zmq.PUSH, { sndhwm: 1 });
      const receiver = context.socket(zmq.PULL, { rcvhwm: 1 });
      sender.connect(front.lastEndpoint);
      receiver.connect(back.lastEndpoint);
      proxied(front, back);
      let sent = 0;
      const sending = (async () => {
        for (let i = 0; i < 300; i++) {
          await sender.sendMultipart([`${i}`, "x"]);
          sent++;
        }
      })();
      // Nobody receives: the senders come to a halt long before they are through.
      if (transport === "inproc") {
        const stuck = sender.poll(20, zmq.POLLOUT);
        await stuck;
        expect(sent).toBeLessThan(20);
      }
      for (let i = 0; i < 300; i++) {
        expect((await receiver.recvMultipart()).map(String)).toEqual([`${i}`, "x"]);
        if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await sending;
    },
  );

  test("a full direction does not hold up the other", async () => {
    const context = newContext();
    const front = context.socket(zmq.PAIR, { sndhwm: 1, rcvhwm: 1 });
    const back = context.socket(zmq.PAIR, { sndhwm: 1, rcvhwm: 1 });
    front.bind("inproc://one way front");
    back.bind("inproc://one way back");
    const client = context.socket(zmq.PAIR, { sndhwm: 1, rcvhwm: 1 });
    const server = context.socket(zmq.PAIR, { sndhwm: 1, rcvhwm: 1 });
    client.connect("inproc://one way front");
    server.connect("inproc://one way back");
    proxied(front, back);
    const forth = (async () => {
      for (let i = 0; i < 50; i++) await client.send(`${i}`);
    })();
    for (let i = 0; i < 200; i++) {
      await server.send(`${i}`);
      expect(String(await client.recv())).toBe(`${i}`);
    }
    for (let i = 0; i < 50; i++) expect(String(await server.recv())).toBe(`${i}`);
    await forth;
  });

  test("a ROUTER backend that knows nobody of that name: the message is dropped, the proxy goes on", async () => {
    const context = newContext();
    for (const mandatory of [false, true]) {
      const front = side(context, zmq.PULL, zmq.PUSH);
      const back = side(context, zmq.ROUTER, zmq.PAIR);
      back.peer.close();
      back.socket.routerMandatory = mandatory;
      const known = context.socket(zmq.DEALER, { routingId: "known" });
      known.connect(back.socket.lastEndpoint);
      await known.send("here I am");
      await back.socket.recvMultipart();
      proxied(front.socket, back.socket);
      await front.peer.sendMultipart(["unknown", "lost"]);
      await front.peer.send("no envelope");
      await front.peer.sendMultipart(["known", "found"]);
      expect(String(await known.recv())).toBe("found");
    }
  });

  test("a mandatory ROUTER backend whose peer is full: nothing is lost", async () => {
    const context = newContext();
    const front = side(context, zmq.PULL, zmq.PUSH);
    const back = context.socket(zmq.ROUTER, { sndhwm: 1, routerMandatory: true });
    back.bind("inproc://mandatory");
    const slow = context.socket(zmq.DEALER, { routingId: "slow", rcvhwm: 1 });
    slow.connect("inproc://mandatory");
    const idle = context.socket(zmq.DEALER, { routingId: "idle" });
    idle.connect("inproc://mandatory");
    for (const socket of [slow, idle]) await socket.send("here I am");
    for (let i = 0; i < 2; i++) await back.recvMultipart();
    proxied(front.socket, back);
    const sending = (async () => {
      for (let i = 0; i < 100; i++) await front.peer.sendMultipart(["slow", `${i}`]);
    })();
    for (let i = 0; i < 100; i++) expect(String(await slow.recv())).toBe(`${i}`);
    await sending;
  });
});

describe("messages of as many frames as the other side does not take are dropped, the proxy goes on", () => {
  test.each([
    ["CLIENT", zmq.CLIENT, zmq.SERVER],
    ["SCATTER", zmq.SCATTER, zmq.GATHER],
    ["RADIO", zmq.RADIO, zmq.DISH],
    ["CHANNEL", zmq.CHANNEL, zmq.CHANNEL],
  ])("%s: one frame", async (_, type, peer) => {
    const context = newContext();
    const front = side(context, zmq.PULL, zmq.PUSH);
    const back = side(context, type, peer);
    if (type === zmq.RADIO) {
      back.peer.join("");
      do await back.socket.send("?", { group: "" });
      while ((await back.peer.poll(10)) === 0);
      while (await back.peer.poll(10)) await back.peer.recv();
    }
    proxied(front.socket, back.socket);
    for (const text of ["one", "two"]) {
      await front.peer.sendMultipart(["not", "taken"]);
      await front.peer.send(text);
      expect(await back.peer.recvString()).toBe(text);
    }
  });

  test("STREAM: two, who it is for and what", async () => {
    const context = newContext();
    const front = side(context, zmq.PULL, zmq.PUSH);
    const stream = context.socket(zmq.STREAM);
    stream.bind("tcp://127.0.0.1:*");
    const client = connect(Number(/:(\d+)$/.exec(stream.lastEndpoint)?.[1]), "127.0.0.1");
    onTestFinished(() => void client.destroy());
    const [identity] = await stream.recvMultipart();
    proxied(front.socket, stream);
    let heard = "";
    client.on("data", (bytes) => {
      heard += String(bytes);
    });
    for (const frames of [
      [identity, "a", "b"],
      [identity, "one"],
      [identity, "c", "d"],
      [identity, "two"],
    ])
      await front.peer.sendMultipart(frames as (string | Buffer)[]);
    await until(() => heard === "onetwo");
  });

  test("DGRAM: two, an address and what", async () => {
    const context = newContext();
    const front = side(context, zmq.PULL, zmq.PUSH);
    const heard = createSocket("udp4").bind(0, "127.0.0.1");
    onTestFinished(() => void heard.close());
    await once(heard, "listening");
    const dgram = context.socket(zmq.DGRAM);
    dgram.bind("udp://127.0.0.1:*");
    const texts: string[] = [];
    heard.on("message", (text) => texts.push(String(text)));
    proxied(front.socket, dgram);
    const address = `127.0.0.1:${heard.address().port}`;
    while (texts.length < 3) {
      await front.peer.send("no address");
      await front.peer.sendMultipart([address, "too", "much"]);
      await front.peer.sendMultipart([address, "text"]);
      await turn();
    }
    expect(new Set(texts)).toEqual(new Set(["text"]));
  });

  test("the capture socket's, too: it does not get them, the other side does", async () => {
    const { context, front, back, sender, receiver } = streamer();
    const capture = side(context, zmq.SCATTER, zmq.GATHER);
    proxied(front, back, capture.socket);
    await sender.sendMultipart(["two", "frames"]);
    await sender.send("one");
    expect((await receiver.recvMultipart()).map(String)).toEqual(["two", "frames"]);
    expect(await receiver.recvString()).toBe("one");
    expect(await capture.peer.recvString()).toBe("one");
  });
});

describe("several proxies", () => {
  test("4 at once, while files are read and keys derived in libuv's pool", async () => {
    const context = newContext();
    const chains = Array.from({ length: 4 }, () => streamer(context));
    for (const { front, back } of chains) proxied(front, back);
    // More than the pool has threads: a proxy in one of them would keep all of this waiting for ever.
    const work = Array.from({ length: 8 }, (_, i) =>
      i % 2 ? readFile(import.meta.filename) : promisify(pbkdf2)("x", "y", 1000, 32, "sha256"),
    );
    await Promise.all(work);
    for (const { sender, receiver } of chains) await expectFlow(sender, receiver);
    await Promise.all(chains.map(({ sender, receiver }) => expectFlow(sender, receiver, 50)));
  });

  test("one behind the other", async () => {
    const context = newContext();
    const sender = context.socket(zmq.PUSH);
    const receiver = context.socket(zmq.PULL);
    receiver.bind("inproc://link 5");
    for (let i = 4; i >= 0; i--) {
      const [front, back] = [context.socket(zmq.PULL), context.socket(zmq.PUSH)];
      front.bind(`inproc://link ${i}`);
      back.connect(`inproc://link ${i + 1}`);
      proxied(front, back);
    }
    sender.connect("inproc://link 0");
    await expectFlow(sender, receiver, 100);
  });
});
