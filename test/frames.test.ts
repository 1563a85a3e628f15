/** Frames: their content, their properties, and what they share. */
import { inspect } from "node:util";
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { bound, newContext, pair, publisher, rejection, transports, turn } from "./support/sockets.js";

function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

const codeOf = (call: () => unknown): string | undefined => (thrown(call) as zmq.ZMQError).code;

describe("a Frame that is made", () => {
  test("holds a string as UTF-8, or any bytes; its length is in bytes", () => {
    const text = new zmq.Frame("na\u00efve \u{1f600}");
    expect([text.length, text.byteLength, text.toString()]).toEqual([11, 11, "na\u00efve \u{1f600}"]);
    expect(text.toString("latin1").length).toBe(11);
    const data = Uint8Array.of(0, 1, 254, 255);
    for (const same of [
      data,
      Buffer.from(data),
      data.buffer,
      new DataView(data.buffer),
      new Uint16Array(data.buffer),
      new Uint8Array(Uint8Array.of(9, 0, 1, 254, 255).buffer, 1),
      new zmq.Frame(data),
    ]) {
      const frame = new zmq.Frame(same);
      expect([...frame.bytes]).toEqual([...data]);
      expect(frame.buffer).toBe(frame.bytes); // made once
    }
    for (const empty of [new zmq.Frame(), new zmq.Frame(null), new zmq.Frame("")]) {
      expect([empty.length, empty.bytes.length, empty.more, empty.tracker]).toEqual([0, 0, false, null]);
    }
    expect(zmq.Message).toBe(zmq.Frame);
  });

  test("has a copy of the data: it does not follow what was given", () => {
    const data = Buffer.alloc(100_000, 1);
    const frame = new zmq.Frame(data);
    data.fill(2);
    expect(frame.bytes[99_999]).toBe(1);
  });

  test("prints what it holds, shortened", () => {
    expect(inspect(new zmq.Frame("hello"))).toBe('Frame("hello")');
    expect(inspect(new zmq.Frame("x".repeat(20)))).toBe('Frame("xxxxxxxxxxxx..." 20 bytes)');
  });

  test("refuses what is no data, and options that are none", () => {
    for (const value of [5, {}, [], true, Symbol("x"), () => {}]) {
      expect(thrown(() => new zmq.Frame(value as never))).toBeInstanceOf(TypeError);
    }
    const misspelt = thrown(() => new zmq.Frame("x", { trak: true } as object));
    expect(misspelt).toBeInstanceOf(TypeError);
    expect((misspelt as Error).message).toContain("did you mean 'track'?");
    expect(thrown(() => new zmq.Frame("x", { copy: 0 } as object))).toBeInstanceOf(TypeError);
    expect(thrown(() => new zmq.Frame("x", { copyThreshold: -1 }))).toBeInstanceOf(RangeError);
  });

  test("is as long as its bytes and holds them, of every size", () => {
    for (let i = 0; i < 16; i++) {
      const text = "\u00a7".repeat(2 ** i);
      const frame = new zmq.Frame(Buffer.from(text));
      expect([frame.length, frame.bytes.toString()]).toEqual([2 * 2 ** i, text]);
    }
  });

  test("is whole after each of its sends, whether they copy it or not", async () => {
    const [left, right] = pair(zmq.PAIR, zmq.PAIR);
    const frame = new zmq.Frame("message");
    for (const copy of [false, false, true, true]) {
      await left.send(frame, { copy });
      expect(String(frame)).toBe("message");
    }
    for (let i = 0; i < 4; i++) expect(await right.recvString()).toBe("message");
  });

  test.each(transports)("can be sent as often as one likes, over %s", async (transport) => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport });
    for (const size of [0, 5, 33, 1000, 100_000]) {
      const frame = new zmq.Frame(Buffer.alloc(size, 7));
      expect(await push.send(frame)).toBeUndefined();
      await push.sendMultipart([frame, "and", frame.copy()]);
      await push.sendBatch([frame, [frame, frame]]);
      push.sendSync(frame);
      const sizes = [];
      for (let i = 0; i < 5; i++) sizes.push((await pull.recvMultipart()).map(({ length }) => length));
      expect(sizes).toEqual([[size], [size, 3, size], [size], [size, size], [size]]);
      expect([frame.length, frame.bytes.length]).toEqual([size, size]); // it has its content still
    }
  });
});

describe.each(transports)("recv({ copy: false }), over %s", (transport) => {
  test("gives Frames of every size, and says which of a message are followed by more", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport });
    for (const size of [0, 1, 33, 34, 1024, 8192, 65_536, 1 << 20]) {
      const data = Buffer.alloc(size, size % 255);
      await push.send(data);
      const frame = await pull.recv({ copy: false });
      expect(frame).toBeInstanceOf(zmq.Frame);
      expect([frame.length, frame.more, frame.bytes.equals(data)]).toEqual([size, false, true]);
      expect([frame.tracker, frame.get(zmq.MORE)]).toEqual([null, 0]);
    }
    await push.sendMultipart(["a", "", "c"]);
    await push.sendMultipart(["a", "", "c"]);
    const frames = await pull.recvMultipart({ copy: false });
    expect(frames.map(String)).toEqual(["a", "", "c"]);
    expect(frames.map(({ more }) => more)).toEqual([true, true, false]);
    expect(frames.map((frame) => frame.get(zmq.MORE))).toEqual([1, 1, 0]);
    const first = await pull.recv(0, { copy: false });
    expect([String(first), first.more, pull.rcvmore]).toEqual(["a", true, true]);
    expect((await pull.recvMultipart({ copy: false })).map(String)).toEqual(["", "c"]);
  });

  test("gives them to calls that have waited, whatever the next one wants", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport });
    const calls = [pull.recv({ copy: false }), pull.recv(), pull.recvMultipart({ copy: false })] as const;
    await push.sendBatch(["1", "2", ["3", "4"]]);
    const [frame, buffer, frames] = await Promise.all(calls);
    expect(frame).toBeInstanceOf(zmq.Frame);
    expect(Buffer.isBuffer(buffer)).toBe(true);
    expect([String(frame), String(buffer), frames.map(String)]).toEqual(["1", "2", ["3", "4"]]);
  });

  test("gives what may be sent on, and kept when the sockets have gone", async () => {
    const context = newContext();
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport, context });
    const data = Buffer.alloc(100_000, 3);
    await push.send(data);
    const frame = await pull.recv({ copy: false });
    await push.send(frame);
    const again = await pull.recv({ copy: false });
    await context.destroy(0);
    expect([frame.bytes.equals(data), again.bytes.equals(data)]).toEqual([true, true]);
    expect(frame.copy().bytes.equals(data)).toBe(true);
  });
});

describe("the memory of a received Frame", () => {
  test("is its own: writing into it changes no other subscriber's", async () => {
    const [pub, ...subs] = await publisher(2, { transport: "inproc" });
    await pub.send(Buffer.alloc(100_000, 1));
    const [one, other] = await Promise.all(subs.map((sub) => sub.recv({ copy: false })));
    one?.bytes.fill(2);
    expect([one?.bytes[5], other?.bytes[5]]).toEqual([2, 1]);
  });

  test("is one with its copy's and with the Buffer's that it has given out", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport: "tcp" });
    await push.send(Buffer.alloc(100_000, 1));
    const frame = await pull.recv({ copy: false });
    const { buffer } = frame;
    buffer[7] = 99;
    expect(frame.bytes[7]).toBe(99);
    expect(frame.copy().bytes[7]).toBe(99);
  });
});

describe("the properties of a message", () => {
  test("over tcp: the peer's address, its type, its routing id", async () => {
    const [router, dealer] = pair(zmq.ROUTER, zmq.DEALER, { transport: "tcp", right: { routingId: "me" } });
    await dealer.send("x");
    // The frame that the ROUTER itself puts before the message may have none.
    for (const frame of (await router.recvMultipart({ copy: false })).slice(1)) {
      expect(frame.get("Peer-Address")).toBe("127.0.0.1");
      expect(frame.get("Socket-Type")).toBe("DEALER");
      expect(frame.get("Identity")).toBe("me");
      expect(frame.get(zmq.SRCFD)).toBeGreaterThan(2);
      expect(codeOf(() => frame.get("X-nothing"))).toBe("EINVAL");
      expect(codeOf(() => frame.get(999))).toBe("EINVAL");
    }
  });

  test("over ipc: who the peer is", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport: "ipc" });
    await push.send("x");
    const frame = await pull.recv({ copy: false });
    expect(frame.get("Peer-Address")).toBe(
      `localhost:${process.getuid?.()}:${process.getgid?.()}:${process.pid}`,
    );
    expect(frame.get("Socket-Type")).toBe("PUSH");
  });

  test("over tcp: what the sender's socket says of itself (METADATA)", async () => {
    const context = newContext();
    const pull = context.socket(zmq.PULL);
    const push = context.socket(zmq.PUSH, { metadata: "X-key:value" });
    push.metadata = "X-other:n\u00e4mlich: this";
    push.connect(bound(pull, "tcp"));
    await push.sendMultipart(["a", "b"]);
    for (const frame of await pull.recvMultipart({ copy: false })) {
      expect(frame.get("X-key")).toBe("value");
      expect(frame.get("X-other")).toBe("n\u00e4mlich: this");
    }
  });

  test("with ZAP: the user, and whatever else the handler says", async () => {
    const context = newContext();
    const zap = context.socket(zmq.REP);
    zap.bind("inproc://zeromq.zap.01");
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, {
      context,
      transport: "tcp",
      left: { plainServer: true, zapDomain: "global" },
      right: { plainUsername: "admin", plainPassword: "secret" },
    });
    const sent = push.send("x");
    const request = await zap.recvMultipart();
    expect(request.slice(2, 4).map(String)).toEqual(["global", "127.0.0.1"]);
    expect(request.slice(5).map(String)).toEqual(["PLAIN", "admin", "secret"]);
    const [version = "", id = ""] = request;
    const metadata = Buffer.concat([Buffer.from("\x05Group"), Buffer.from([0, 0, 0, 3]), Buffer.from("ops")]);
    await zap.sendMultipart([version, id, "200", "OK", "the user", metadata]);
    await sent;
    const frame = await pull.recv({ copy: false });
    expect(frame.get("User-Id")).toBe("the user");
    expect(frame.get("Group")).toBe("ops");
    expect(frame.copy().get("User-Id")).toBe("the user");
  });

  test("are none on inproc, and on frames that were made: EINVAL, in words", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    await push.send("x");
    for (const frame of [await pull.recv({ copy: false }), new zmq.Frame("x")]) {
      const error = thrown(() => frame.get("Peer-Address"));
      expect(error).toMatchObject({ code: "EINVAL" });
      expect((error as Error).message).toContain("'Peer-Address'");
    }
  });

  test("have a number or a name, and only routingId and group can be set", () => {
    const frame = new zmq.Frame("x");
    for (const option of [undefined, null, {}, 1.5, Symbol("x")]) {
      expect(thrown(() => frame.get(option as never))).toBeInstanceOf(TypeError);
    }
    expect(thrown(() => frame.set("more", 1))).toBeInstanceOf(RangeError);
    frame.set("routingId", 7);
    frame.set("routing_id", 8);
    expect([frame.routingId, frame.get("routingId"), frame.get("routing_id")]).toEqual([8, 8, 8]);
    const grouped = new zmq.Frame("x");
    expect(grouped.get("group")).toBe("");
    grouped.set("group", "g");
    expect([grouped.group, grouped.get("group")]).toEqual(["g", "g"]);
    for (const id of [0, -1, 2 ** 32]) {
      expect(thrown(() => frame.set("routingId", id))).toBeInstanceOf(RangeError);
    }
    expect(thrown(() => frame.set("routingId", "1"))).toBeInstanceOf(TypeError);
    expect(thrown(() => frame.set("group", 1))).toBeInstanceOf(TypeError);
    grouped.group = "\u00e9".repeat(127); // 254 bytes
    expect(codeOf(() => grouped.set("group", "\u00e9".repeat(128)))).toBe("EINVAL");
    expect(thrown(() => grouped.set("group", "a\0b"))).toBeInstanceOf(TypeError);
    expect(grouped.group).toBe("\u00e9".repeat(127));
  });
});

describe("draft messages", () => {
  test("SERVER: a reply goes to whom its routing id names, by frame or by option", async () => {
    const context = newContext();
    const server = context.socket(zmq.SERVER);
    const address = bound(server);
    const clients = [context.socket(zmq.CLIENT), context.socket(zmq.CLIENT)];
    for (const client of clients) client.connect(address);
    for (const [i, client] of clients.entries()) await client.send(`from ${i}`);
    const requests = [await server.recv({ copy: false }), await server.recv({ copy: false })];
    const ids = requests.map(({ routingId }) => routingId);
    expect(new Set(ids).size).toBe(2);
    for (const request of requests.reverse()) {
      const reply = new zmq.Frame(`to ${request}`);
      reply.routingId = request.routingId;
      await server.send(reply);
      await server.send("again", { routingId: request.routingId });
      await server.send(request); // what was received knows where it came from
    }
    for (const [i, client] of clients.entries()) {
      const got = [await client.recv(), await client.recv(), await client.recv()].map(String);
      expect(got).toEqual([`to from ${i}`, "again", `from ${i}`]);
    }
    const lost = await rejection(server.send("x", { routingId: 1 }));
    expect(lost).toMatchObject({ code: "EHOSTUNREACH" });
  });

  test("RADIO and DISH: a group may be given as bytes, as to pyzmq", async () => {
    const context = newContext();
    const [radio, dish] = [context.socket(zmq.RADIO), context.socket(zmq.DISH)];
    for (const group of ["old", "news"]) dish.join(Buffer.from(group));
    dish.leave(new TextEncoder().encode("old"));
    dish.connect(bound(radio));
    for (const group of ["old", "news"]) {
      const bytes = Buffer.from(group);
      const sending = radio.send("sent", { group: bytes });
      bytes.fill(0);
      await sending;
    }
    const hello = new zmq.Frame("framed");
    hello.group = Buffer.from("news");
    await radio.send(hello);
    const got = [await dish.recv({ copy: false }), await dish.recv({ copy: false })];
    expect(got.map((frame) => `${frame} ${frame.group}`)).toEqual(["sent news", "framed news"]);
    for (const wrong of [Buffer.from("a\0b"), Buffer.of(255), new Uint16Array(2), 5, null])
      expect(thrown(() => dish.join(wrong as never))).toBeInstanceOf(TypeError);
    expect(codeOf(() => dish.join(Buffer.alloc(300, "g")))).toBe("EINVAL");
  });

  test("RADIO and DISH: a group, by frame or by option", async () => {
    const context = newContext();
    const [radio, dish] = [context.socket(zmq.RADIO), context.socket(zmq.DISH)];
    dish.join("news");
    dish.connect(bound(radio));
    const hello = new zmq.Frame("one");
    hello.group = "news";
    await radio.send(hello);
    await radio.send("lost", { group: "weather" });
    await radio.send("two", { group: "news" });
    const got = [await dish.recv({ copy: false }), await dish.recv({ copy: false })];
    expect(got.map((frame) => [String(frame), frame.group])).toEqual([
      ["one", "news"],
      ["two", "news"],
    ]);
    dish.leave("news");
    expect(codeOf(() => dish.leave("news"))).toBe("EINVAL");
    for (const verb of ["join", "leave"] as const) {
      expect(codeOf(() => dish[verb]("x".repeat(256)))).toBe("EINVAL");
      expect(thrown(() => dish[verb]("a\0b"))).toBeInstanceOf(TypeError);
    }
  });

  test("an option that does not fit the message is told, and nothing is sent", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    for (const options of [{ routingId: "1" }, { group: 1 }, { group: Buffer.of(255) }]) {
      expect(await rejection(push.send("x", options as object))).toBeInstanceOf(TypeError);
    }
    expect(await rejection(push.send("x", { routingId: 0 }))).toBeInstanceOf(RangeError);
    await turn();
    await push.send("y");
    expect(String(await pull.recv())).toBe("y");
  });
});
