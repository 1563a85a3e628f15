/** pyzmq and this library are each other's peers: every pattern, in both directions, whoever binds, on tcp and ipc. */
import { createHash, randomBytes } from "node:crypto";
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { type PythonPeer, pythonPeer } from "./support/pyzmq-socket.js";
import { freshAddress, newContext } from "./support/sockets.js";

interface Setting {
  transport: "tcp" | "ipc";
  binds: "Node" | "Python";
}

const settings: Setting[] = [
  { transport: "tcp", binds: "Node" },
  { transport: "tcp", binds: "Python" },
  { transport: "ipc", binds: "Node" },
  { transport: "ipc", binds: "Python" },
];
const everywhere = describe.for(
  settings.map((setting) => [`over ${setting.transport}, ${setting.binds} binds`, setting] as const),
);

/** Our socket, connected to one of Python's. */
async function peers(
  { transport, binds }: Setting,
  ours: zmq.SocketType,
  theirs: string,
  { options = {}, python = {} }: { options?: object; python?: Record<string, unknown> } = {},
): Promise<[zmq.Socket, PythonPeer]> {
  const socket: zmq.Socket = newContext().socket(ours, {
    linger: 0,
    rcvtimeo: 20_000,
    sndtimeo: 20_000,
    ...options,
  });
  const peer = await pythonPeer(theirs, python);
  if (binds === "Node") {
    socket.bind(freshAddress(transport));
    await peer.connect(socket.lastEndpoint);
  } else {
    socket.connect(await peer.bind(freshAddress(transport)));
  }
  return [socket, peer];
}

/** A megabyte of anything, an empty frame in each place, bytes that are no text, text that is no ASCII. */
const messages: [name: string, frames: (string | Buffer)[]][] = [
  ["one frame", ["hello"]],
  ["an empty frame", [""]],
  ["three frames", ["one", "two", "three"]],
  ["empty frames at both ends and between", ["", "a", "", "", "b", ""]],
  ["every byte", [Buffer.from(Array.from({ length: 256 }, (_, i) => i))]],
  ["text of many alphabets", ["héllo", "世界", "🚀 \u0000 end"]],
  ["255, 256 and 33 bytes", [Buffer.alloc(255, 1), Buffer.alloc(256, 2), Buffer.alloc(33, 3)]],
  ["a megabyte", ["head", randomBytes(2 ** 20), "tail"]],
  ["a hundred frames", Array.from({ length: 100 }, (_, i) => `frame ${i}`)],
];

/** Frames as what is quick to compare and short to print: bytes as characters, or the digest of many. */
const shown = (frames: readonly (string | Buffer)[]): string[] =>
  frames.map((frame) => {
    const bytes = Buffer.from(frame as string);
    if (bytes.length < 1000) return bytes.toString("latin1");
    return `${bytes.length} bytes, ${createHash("sha256").update(bytes).digest("hex")}`;
  });

everywhere("%s", ([, setting]) => {
  test("PAIR, both ways", async () => {
    const [socket, peer] = await peers(setting, zmq.PAIR, "PAIR");
    for (const [name, frames] of messages) {
      await socket.sendMultipart(frames);
      expect(shown(await peer.recv()), name).toEqual(shown(frames));
      await peer.send(...frames);
      expect(shown(await socket.recvMultipart()), name).toEqual(shown(frames));
    }
  });

  test("PUSH to Python, and PULL from it", async () => {
    const [push, pull] = await peers(setting, zmq.PUSH, "PULL");
    const [ourPull, theirPush] = await peers(setting, zmq.PULL, "PUSH");
    for (const [name, frames] of messages) {
      await push.sendMultipart(frames);
      expect(shown(await pull.recv()), name).toEqual(shown(frames));
      await theirPush.send(...frames);
      expect(shown(await ourPull.recvMultipart()), name).toEqual(shown(frames));
    }
  });

  test("REQ to Python's REP, and REP to its REQ", async () => {
    const [req, rep] = await peers(setting, zmq.REQ, "REP");
    const [ourRep, theirReq] = await peers(setting, zmq.REP, "REQ");
    for (const [name, frames] of messages) {
      await req.sendMultipart(frames);
      expect(shown(await rep.recv()), name).toEqual(shown(frames));
      await rep.send(...frames, "reply");
      expect(shown(await req.recvMultipart()), name).toEqual(shown([...frames, "reply"]));
      await theirReq.send(...frames);
      expect(shown(await ourRep.recvMultipart()), name).toEqual(shown(frames));
      await ourRep.sendMultipart([...frames, "reply"]);
      expect(shown(await theirReq.recv()), name).toEqual(shown([...frames, "reply"]));
    }
  });

  test("DEALER to Python's ROUTER, and ROUTER to its DEALER", async () => {
    const [dealer, router] = await peers(setting, zmq.DEALER, "ROUTER", { options: { routingId: "node" } });
    const [ourRouter, theirDealer] = await peers(setting, zmq.ROUTER, "DEALER", {
      python: { ROUTING_ID: "python" },
    });
    for (const [name, frames] of messages) {
      await dealer.sendMultipart(frames);
      expect(shown(await router.recv()), name).toEqual(shown(["node", ...frames]));
      await router.send("node", ...frames);
      expect(shown(await dealer.recvMultipart()), name).toEqual(shown(frames));
      await theirDealer.send(...frames);
      expect(shown(await ourRouter.recvMultipart()), name).toEqual(shown(["python", ...frames]));
      await ourRouter.sendMultipart(["python", ...frames]);
      expect(shown(await theirDealer.recv()), name).toEqual(shown(frames));
    }
  });

  test("ROUTER and DEALER with REQ and REP at the other end", async () => {
    const [router, req] = await peers(setting, zmq.ROUTER, "REQ", { python: { ROUTING_ID: "python" } });
    await req.send("question");
    expect(shown(await router.recvMultipart())).toEqual(shown(["python", "", "question"]));
    await router.sendMultipart(["python", "", "answer"]);
    expect(shown(await req.recv())).toEqual(shown(["answer"]));
    const [dealer, rep] = await peers(setting, zmq.DEALER, "REP");
    await dealer.sendMultipart(["", "question"]);
    expect(shown(await rep.recv())).toEqual(shown(["question"]));
    await rep.send("answer");
    expect(shown(await dealer.recvMultipart())).toEqual(shown(["", "answer"]));
  });

  // An idle socket does not notice who has connected: libzmq looks when it is used. So subscribers wait while the
  // publisher waits for their subscriptions.

  test("XPUB to Python's SUB, and SUB to its XPUB", async () => {
    const [xpub, sub] = await peers(setting, zmq.XPUB, "SUB", { python: { SUBSCRIBE: "topic" } });
    let theirs = sub.recv();
    expect(shown(await xpub.recvMultipart())).toEqual(shown(["\u0001topic"]));
    const [ourSub, theirXpub] = await peers(setting, zmq.SUB, "XPUB", { options: { subscribe: "topic" } });
    let ours = ourSub.recvMultipart();
    expect(shown(await theirXpub.recv())).toEqual(shown(["\u0001topic"]));
    for (const [name, frames] of messages) {
      await xpub.send("other topic");
      await xpub.sendMultipart(["topic", ...frames]);
      expect(shown(await theirs), name).toEqual(shown(["topic", ...frames]));
      theirs = sub.recv();
      await theirXpub.send("other topic");
      await theirXpub.send("topic", ...frames);
      expect(shown(await ours), name).toEqual(shown(["topic", ...frames]));
      ours = ourSub.recvMultipart();
    }
    await xpub.send("topic");
    await theirXpub.send("topic");
    expect([shown(await theirs), shown(await ours)]).toEqual([["topic"], ["topic"]]);
    ourSub.unsubscribe("topic");
    expect(shown(await theirXpub.recv())).toEqual(shown(["\u0000topic"]));
    await sub.call("unsubscribe", "topic");
    expect(shown(await xpub.recvMultipart())).toEqual(shown(["\u0000topic"]));
  });

  test("PUB to Python's SUB, and SUB to its PUB", async () => {
    // Whoever publishes on a PUB is not told of its subscribers: it publishes until one has got something.
    const [pub, sub] = await peers(setting, zmq.PUB, "SUB", { python: { SUBSCRIBE: "" } });
    let heard = false;
    const got = sub.recv().finally(() => {
      heard = true;
    });
    while (!heard) {
      await pub.sendMultipart(["topic", "", "news"]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(shown(await got)).toEqual(shown(["topic", "", "news"]));

    const [ourSub, theirPub] = await peers(setting, zmq.SUB, "PUB", { options: { subscribe: "" } });
    let received: Buffer[] | undefined;
    const receiving = ourSub.recvMultipart().then((frames) => {
      received = frames;
    });
    while (received === undefined) await theirPub.send("topic", "", "news");
    await receiving;
    expect(shown(received)).toEqual(shown(["topic", "", "news"]));
  });

  test("XSUB to Python's XPUB, and XPUB to its XSUB", async () => {
    const [xsub, xpub] = await peers(setting, zmq.XSUB, "XPUB");
    await xsub.send("\u0001a");
    let ours = xsub.recvMultipart();
    expect(shown(await xpub.recv())).toEqual(shown(["\u0001a"]));
    const [ourXpub, theirXsub] = await peers(setting, zmq.XPUB, "XSUB");
    await theirXsub.send("\u0001a");
    let theirs = theirXsub.recv();
    expect(shown(await ourXpub.recvMultipart())).toEqual(shown(["\u0001a"]));
    for (const [name, frames] of messages) {
      await xpub.send("a", ...frames);
      expect(shown(await ours), name).toEqual(shown(["a", ...frames]));
      ours = xsub.recvMultipart();
      await ourXpub.sendMultipart(["a", ...frames]);
      expect(shown(await theirs), name).toEqual(shown(["a", ...frames]));
      theirs = theirXsub.recv();
    }
    // What is no subscription is a message upstream.
    await xsub.sendMultipart(["upstream", ""]);
    expect(shown(await xpub.recv())).toEqual(["upstream", ""]);
    await ourXpub.send("a");
    expect(shown(await theirs)).toEqual(["a"]);
    await theirXsub.send("upstream", "");
    expect(shown(await ourXpub.recvMultipart())).toEqual(["upstream", ""]);
    ours.catch(() => {}); // it ends with its socket
  });
});

describe("STREAM, which speaks plain tcp", () => {
  test.for([
    { transport: "tcp", binds: "Node" },
    { transport: "tcp", binds: "Python" },
  ] as Setting[])("$binds binds", async (setting) => {
    const [socket, peer] = await peers(setting, zmq.STREAM, "STREAM");
    // Both are told of the connection: its id, and an empty frame.
    const [ours, empty] = await socket.recvMultipart();
    expect(empty).toEqual(Buffer.alloc(0));
    const [theirs] = await peer.recv();
    for (const text of ["GET / HTTP/1.0\r\n\r\n", "héllo"]) {
      await socket.sendMultipart([ours as Buffer, text]);
      expect(shown(await peer.recv())).toEqual(shown([theirs as Buffer, text]));
      await peer.send(theirs as Buffer, text);
      expect(shown(await socket.recvMultipart())).toEqual(shown([ours as Buffer, text]));
    }
    const large = randomBytes(2 ** 20);
    await socket.sendMultipart([ours as Buffer, large]);
    const pieces: Buffer[] = [];
    while (Buffer.concat(pieces).length < large.length) pieces.push((await peer.recv())[1] as Buffer);
    expect(Buffer.concat(pieces).equals(large)).toBe(true);
    // The end of the connection is an empty frame once more.
    socket.close();
    expect(shown(await peer.recv())).toEqual(shown([theirs as Buffer, ""]));
  });
});

describe("strings and JSON", () => {
  const values = [
    null,
    true,
    0,
    -1.5,
    1e21,
    "",
    'héllo 世界 🚀 \u0000 \u2028 "quoted"',
    [],
    {},
    { nested: [{ a: [1, [2, [3]]] }, null], "": "empty key", é: "ü" },
    Array.from({ length: 1000 }, (_, i) => i),
  ];

  test("JSON means the same in both languages", async () => {
    const [socket, peer] = await peers({ transport: "tcp", binds: "Node" }, zmq.PAIR, "PAIR");
    for (const value of values) {
      await socket.sendJson(value);
      expect(await peer.call("recv_json")).toEqual(value);
      await peer.call("send_json", value);
      expect(await socket.recvJson()).toEqual(value);
    }
  });

  test("strings are UTF-8 on the wire, or what both have agreed on", async () => {
    const [socket, peer] = await peers({ transport: "ipc", binds: "Python" }, zmq.PAIR, "PAIR");
    for (const text of ["", "ascii", "héllo", "世界 🚀", "\u0000", "x".repeat(100_000)]) {
      await socket.sendString(text);
      expect(await peer.call("recv_string")).toBe(text);
      await peer.call("send_string", text);
      expect(await socket.recvString()).toBe(text);
    }
    await socket.sendString("héllo", { encoding: "latin1" });
    expect(await peer.call("recv_string", 0, "latin-1")).toBe("héllo");
    await peer.call("send_string", "héllo 世界", 0, true, "utf-16-le");
    expect(await socket.recvString({ encoding: "utf16le" })).toBe("héllo 世界");
  });

  test("two thousand messages keep their order", async () => {
    const [socket, peer] = await peers({ transport: "tcp", binds: "Node" }, zmq.DEALER, "REP");
    const numbers = Array.from({ length: 2000 }, (_, i) => String(i));
    const sending = socket.sendBatch(numbers.map((text) => ["", text]));
    for (const text of numbers) {
      expect(await peer.call("recv_string")).toBe(text);
      await peer.call("send_string", text);
    }
    await sending;
    for (const text of numbers) expect((await socket.recvMultipart()).map(String)).toEqual(["", text]);
  });
});
