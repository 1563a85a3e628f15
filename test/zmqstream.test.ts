import * as zmq from "nodezmq";
import { ZMQStream } from "nodezmq/eventloop/zmqstream";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { run } from "./support/life-child.js";
import { thrown, until } from "./support/life-own.js";
import { newContext, pair, publisher, runWorker, texts, turn } from "./support/sockets.js";

/** Two streams that are connected: what the first sends the second receives. */
function streams(
  left: zmq.SocketType = zmq.PUSH,
  right: zmq.SocketType = zmq.PULL,
  settings: Parameters<typeof pair>[2] = {},
): [ZMQStream, ZMQStream] {
  const [first, second] = pair(left, right, settings);
  return [new ZMQStream(first), new ZMQStream(second)];
}

/** Collects what a stream receives. */
function collect(stream: ZMQStream): Buffer[][] {
  const messages: Buffer[][] = [];
  stream.onRecv((message: Buffer[]) => messages.push(message));
  return messages;
}

describe("receiving", () => {
  test("a stream calls back with each message, an array of its frames, in order", async () => {
    const [push, pull] = streams();
    const messages = collect(pull);

    push.send("one");
    push.sendMultipart(["two", "", Buffer.from("three")]);
    push.sendString("vier é");
    push.sendJson({ five: 5 });
    await until(() => messages.length === 4);

    expect(texts(messages)).toEqual([["one"], ["two", "", "three"], ["vier é"], ['{"five":5}']]);
  });

  test("one callback is made in each turn of the event loop", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    await push.sendBatch(["1", "2", "3"]);
    const stream = new ZMQStream(pull);
    const turns: number[] = [];
    let now = 0;
    stream.onRecv(() => turns.push(now));
    while (turns.length < 3) {
      await turn();
      now++;
    }
    expect(new Set(turns).size).toBe(3);
  });

  test("a new callback replaces the old one", async () => {
    const [push, pull] = streams();
    const old = vi.fn();
    pull.onRecv(old);
    const messages = collect(pull);
    push.send("x");
    await until(() => messages.length === 1);
    expect(old).not.toHaveBeenCalled();
  });

  test("without a callback messages stay in the socket", async () => {
    const [push, pull] = streams();
    const messages = collect(pull);
    expect(pull.receiving()).toBe(true);
    push.send("1");
    await until(() => messages.length === 1);

    pull.onRecv(null);
    expect(pull.receiving()).toBe(false);
    push.send("2");
    expect(await pull.socket.recvString()).toBe("2");
    collect(pull);
    pull.stopOnRecv();
    expect(pull.receiving()).toBe(false);
    push.send("3");
    await until(() => !push.sending());
    await turn();
    expect(await pull.socket.recvString()).toBe("3");
    expect(messages).toHaveLength(1);
  });

  test("a callback that ends the receiving gets no further message", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    await push.sendBatch(["1", "2"]);
    const stream = new ZMQStream(pull);
    const got: string[] = [];
    await new Promise<void>((resolve) => {
      stream.onRecv(([frame]: Buffer[]) => {
        got.push(String(frame));
        stream.stopOnRecv();
        resolve();
      });
    });
    expect(await pull.recvString()).toBe("2");
    expect(got).toEqual(["1"]);
  });

  test("copy false gives Frames", async () => {
    const [push, pull] = streams();
    const got = new Promise<zmq.Frame[]>((resolve) => pull.onRecv(resolve, false));
    push.sendMultipart(["a", "b"]);
    const frames = await got;
    expect(frames[0]).toBeInstanceOf(zmq.Frame);
    expect(frames.map(String)).toEqual(["a", "b"]);
    expect(frames[0]?.more).toBe(true);

    const again = new Promise<zmq.Frame[]>((resolve) => pull.onRecv(resolve, { copy: false }));
    push.send("c");
    expect((await again)[0]).toBeInstanceOf(zmq.Frame);
  });

  test("onRecvStream tells which stream it is", async () => {
    const [push, pull] = streams();
    const got = new Promise<[ZMQStream, string[]]>((resolve) => {
      pull.onRecvStream((stream, message: Buffer[]) => resolve([stream, message.map(String)]));
    });
    push.send("x");
    expect(await got).toEqual([pull, ["x"]]);
    pull.onRecvStream(null);
    expect(pull.receiving()).toBe(false);
  });

  test("a subscriber's stream gets what is published", async () => {
    const [pub, sub] = await publisher(1);
    const messages = collect(new ZMQStream(sub as zmq.Socket));
    new ZMQStream(pub).sendMultipart(["topic", "news"]);
    await until(() => messages.length === 1);
    expect(texts(messages)).toEqual([["topic", "news"]]);
  });

  test("a recv that waits on the socket comes before the stream", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    const first = pull.recvString();
    const messages = collect(new ZMQStream(pull));
    await push.sendBatch(["first", "second"]);
    expect(await first).toBe("first");
    await until(() => messages.length === 1);
    expect(texts(messages)).toEqual([["second"]]);
  });

  test("what can never receive is told at once", () => {
    const stream = new ZMQStream(newContext().socket(zmq.PUB));
    expect(() => stream.onRecv(() => {})).toThrow(expect.objectContaining({ code: "ENOTSUP" }));
    expect(stream.receiving()).toBe(false);
  });

  test("a stream that is busy lets timers and other sockets run", async () => {
    const [push, pull] = streams(zmq.PAIR, zmq.PAIR);
    pull.onRecv((message: Buffer[]) => pull.sendMultipart(message));
    push.onRecv((message: Buffer[]) => push.sendMultipart(message));
    push.send("ping");
    await new Promise((resolve) => setTimeout(resolve, 1));
    await turn();
    push.stopOnRecv();
    pull.stopOnRecv();
  });
});

describe("sending", () => {
  test("is queued until the callback has been told of it", async () => {
    const [push, pull] = streams();
    expect(push.sending()).toBe(false);
    const told: unknown[] = [];
    push.onSend((message, status) => told.push([message, status]));

    push.send("one");
    push.sendMultipart(["two", "three"]);
    expect(push.sending()).toBe(true);
    expect(told).toEqual([]);
    await until(() => !push.sending());

    expect(told).toEqual([
      [["one"], undefined],
      [["two", "three"], undefined],
    ]);
    expect(texts([await pull.socket.recvMultipart()])).toEqual([["one"]]);
  });

  test("onSendStream tells which stream it is", async () => {
    const [push] = streams();
    const told = new Promise((resolve) => push.onSendStream((...args) => resolve(args)));
    push.send("x");
    expect(await told).toEqual([push, ["x"], undefined]);
    push.stopOnSend();
    push.send("y");
    await until(() => !push.sending());
  });

  test("the option callback is the new onSend callback, for what is queued too", async () => {
    const [push] = streams();
    const old = vi.fn();
    const told: string[] = [];
    push.onSend(old);
    push.send("1");
    push.send("2", 0, { callback: ([frame]) => told.push(String(frame)) });
    push.send("3", { callback: ([frame]) => told.push(`new ${String(frame)}`) });
    await until(() => !push.sending());
    expect(old).not.toHaveBeenCalled();
    expect(told).toEqual(["new 1", "new 2", "new 3"]);
  });

  test("messages wait for a peer, in order, and the caller may reuse the buffer", async () => {
    const context = newContext();
    const push = new ZMQStream(context.socket(zmq.PUSH));
    const buffer = Buffer.from("a");
    for (const letter of "abc") {
      buffer.write(letter);
      push.send(buffer);
    }
    buffer.write("x");
    await turn();
    expect(push.sending()).toBe(true);

    const pull = context.socket(zmq.PULL);
    pull.bind("inproc://late");
    push.connect("inproc://late");
    expect(await pull.recvString()).toBe("a");
    expect(await pull.recvString()).toBe("b");
    expect(await pull.recvString()).toBe("c");
    await until(() => !push.sending());
  });

  test("goes on behind a high-water mark as the peer receives", async () => {
    const [push, pull] = streams(zmq.PUSH, zmq.PULL, { options: { sndhwm: 2, rcvhwm: 2 } });
    for (let i = 0; i < 500; i++) push.send(String(i));
    await turn();
    expect(push.sending()).toBe(true);
    for (let i = 0; i < 500; i++) expect(await pull.socket.recvString()).toBe(String(i));
    await until(() => !push.sending());
  });

  test("a tracked message's status is its tracker", async () => {
    const [push] = streams();
    const status = new Promise((resolve) => push.onSend((_message, tracker) => resolve(tracker)));
    push.send("x", 0, { track: true });
    expect(await status).toBeInstanceOf(zmq.MessageTracker);
  });

  test("an error is the status, and what follows is sent", async () => {
    const context = newContext();
    const router = new ZMQStream(context.socket(zmq.ROUTER, { routerMandatory: true }));
    const told: unknown[] = [];
    router.onSend((_message, status) => told.push(status));
    router.bind("inproc://router");
    const dealer = context.socket(zmq.DEALER, { routingId: "peer" });
    dealer.connect("inproc://router");
    await dealer.send("hello");
    await router.socket.recvMultipart();

    router.sendMultipart(["nobody", "x"]);
    router.sendMultipart(["peer", "y"]);
    await until(() => told.length === 2);

    expect(told[0]).toMatchObject({ code: "EHOSTUNREACH" });
    expect(told[1]).toBe(undefined);
    expect(await dealer.recvString()).toBe("y");
  });

  test("an error that no callback is told of is a warning", async () => {
    const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
    const router = new ZMQStream(newContext().socket(zmq.ROUTER, { routerMandatory: true }));
    router.sendMultipart(["nobody", "x"]);
    expect(await warned).toMatchObject({ name: "ZMQStreamWarning", code: "NODEZMQ_STREAM_SEND" });
  });

  test("a mandatory router waits for the peer that is full, and only then goes on", async () => {
    const context = newContext();
    const router = context.socket(zmq.ROUTER, { routerMandatory: true, sndhwm: 1, linger: 0 });
    router.bind("inproc://r");
    const peers = ["a", "b"].map((routingId) => {
      const dealer = context.socket(zmq.DEALER, { routingId, rcvhwm: 1 });
      dealer.connect("inproc://r");
      return dealer;
    });
    for (const dealer of peers) {
      await dealer.send("hello");
      await router.recvMultipart();
    }
    const stream = new ZMQStream(router);
    for (let i = 0; i < 6; i++) stream.sendMultipart(["a", String(i)]);
    // The other peer has room: the socket says that it can send.
    const turns = vi.spyOn(globalThis, "setImmediate");
    onTestFinished(() => turns.mockRestore());
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(stream.sending()).toBe(true);
    expect(turns.mock.calls.length).toBeLessThan(100); // it waits, and does not spin
    for (let i = 0; i < 6; i++) expect(await peers[0]?.recvString()).toBe(String(i));
    await until(() => !stream.sending());
  });

  test("REQ and REP wait for their turn", async () => {
    const [rep, req] = streams(zmq.REP, zmq.REQ);
    const replies: string[] = [];
    rep.onRecvStream((stream, message: Buffer[]) => stream.send(`re: ${message.join()}`));
    req.onRecv((message: Buffer[]) => replies.push(message.join()));
    req.send("one");
    req.send("two");
    req.send("three");
    await until(() => replies.length === 3);
    expect(replies).toEqual(["re: one", "re: two", "re: three"]);
  });

  test("what is no data is a TypeError at once, and nothing is queued", () => {
    const [push] = streams();
    for (const wrong of [null, undefined, 5, Number.NaN, {}, [], ["a"], new Array(3)]) {
      expect(() => push.send(wrong as never)).toThrow(TypeError);
    }
    expect(() => push.sendMultipart([])).toThrow(TypeError);
    expect(() => push.sendMultipart(["a", 5 as never])).toThrow(/frame 1/);
    expect(() => push.sendMultipart("abc" as never)).toThrow(TypeError);
    expect(() => push.sendString(5 as never)).toThrow(TypeError);
    expect(() => push.sendJson(undefined)).toThrow(TypeError);
    expect(() => push.send("x", 0, { callback: 5 as never })).toThrow(TypeError);
    expect(() => push.send("x", 0, { calback: () => {} } as never)).toThrow(/did you mean 'callback'/);
    expect(() => push.send("x", "y" as never)).toThrow(TypeError);
    expect(push.sending()).toBe(false);
  });

  test("a getter that closes the stream while it is read is an ENOTSOCK", () => {
    const [push] = streams();
    const options = {
      get copy() {
        push.close();
        return true;
      },
    };
    expect(() => push.send("x", 0, options)).toThrow(expect.objectContaining({ code: "ENOTSOCK" }));
  });

  test("an object goes in V8's serialization", async () => {
    const [push, pull] = streams();
    push.sendPyobj(new Map([[1, new Date(0)]]));
    const { deserialize } = await import("node:v8");
    expect(deserialize(await pull.socket.recv())).toEqual(new Map([[1, new Date(0)]]));
  });

  test("ten thousand messages arrive in order", async () => {
    const [push, pull] = streams(zmq.PUSH, zmq.PULL, { transport: "tcp" });
    const messages = collect(pull);
    for (let i = 0; i < 10_000; i++) push.send(String(i));
    await until(() => messages.length === 10_000);
    expect(messages.every((message, i) => String(message[0]) === String(i))).toBe(true);
  });
});

test("a stream that sends and would receive goes on, however fast its peer makes room", async () => {
  const context = newContext();
  const dealer = context.socket(zmq.DEALER, { sndhwm: 1 });
  dealer.bind("inproc://fast");
  const worker = runWorker(
    `const dealer = context.socket(zmq.DEALER, { rcvhwm: 1, linger: 0 });
     dealer.connect("inproc://fast");
     for (let i = 0; i < 150_000; i++) dealer.recvSync();
     port.postMessage("all");
     await new Promise(() => {});`,
    context,
  );
  onTestFinished(async () => void (await worker.terminate()));
  const stream = new zmq.eventloop.zmqstream.ZMQStream(dealer);
  stream.onRecv(() => {});
  let sent = 0;
  const more = () => {
    for (; sent < 150_000 && sending < 20; sent++, sending++) stream.send("x");
  };
  let sending = 0;
  stream.onSend(() => {
    sending--;
    more();
  });
  more();
  expect(await new Promise((resolve) => worker.once("message", resolve))).toBe("all");
  stream.close();
});

describe("flush", () => {
  test("makes the pending callbacks at once, and counts them", async () => {
    const [push, pull] = streams();
    const told = vi.fn();
    push.onSend(told);
    for (let i = 0; i < 5; i++) push.send(String(i));
    expect(push.flush(zmq.POLLIN)).toBe(0);
    expect(push.flush({ flag: zmq.POLLOUT, limit: 1 })).toBe(1);
    expect(push.flush(zmq.POLLOUT, { limit: 1 })).toBe(1);
    expect(told).toHaveBeenCalledTimes(2);
    expect(push.flush()).toBe(3);
    expect(push.sending()).toBe(false);

    const messages = collect(pull);
    expect(pull.flush(zmq.POLLIN, 1)).toBe(1);
    expect(pull.flush(zmq.POLLOUT)).toBe(0);
    expect(pull.flush(zmq.POLLIN | zmq.POLLOUT)).toBe(4);
    expect(texts(messages)).toEqual([["0"], ["1"], ["2"], ["3"], ["4"]]);
    await turn();
    expect(messages).toHaveLength(5);
  });

  test("drops what nobody wants", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    await push.sendBatch(["1", "2"]);
    const stream = new ZMQStream(pull);
    expect(stream.flush()).toBe(2);
    await push.send("3");
    expect(await pull.recvString()).toBe("3");
  });

  test("passes on what a callback throws, and the stream goes on", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    await push.sendBatch(["bad", "good"]);
    const stream = new ZMQStream(pull);
    const got: string[] = [];
    stream.onRecv(([frame]: Buffer[]) => {
      if (String(frame) === "bad") throw new Error("bad");
      got.push(String(frame));
    });
    expect(() => stream.flush()).toThrow("bad");
    await until(() => got.length === 1);
    expect(got).toEqual(["good"]);
  });

  test("ends when its callback closes the stream", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    await push.sendBatch(["1", "2"]);
    const stream = new ZMQStream(pull);
    stream.onRecv(() => stream.close());
    expect(stream.flush()).toBe(1);
    expect(() => stream.flush()).toThrow(expect.objectContaining({ code: "ENOTSOCK" }));
  });

  test("takes numbers only", () => {
    const [push] = streams();
    for (const wrong of ["in", null, Number.NaN, { flag: "in" }, { flags: 1 }]) {
      expect(() => push.flush(wrong as never)).toThrow(TypeError);
    }
    expect(() => push.flush(zmq.POLLIN, "2" as never)).toThrow(TypeError);
  });
});

describe("closing", () => {
  test("closes the socket, tells the callback once, and is nothing the second time", () => {
    const [push] = streams();
    const told = vi.fn();
    push.setCloseCallback(told);
    expect(push.closed()).toBe(false);
    push.close();
    push.close(0);
    expect(push.socket.closed).toBe(true);
    expect(push.closed()).toBe(true);
    expect(told).toHaveBeenCalledTimes(1);
  });

  test("what is sent right before is sent", async () => {
    const [pull, push] = streams(zmq.PULL, zmq.PUSH, { transport: "tcp" });
    push.send("last words");
    push.close();
    expect(await pull.socket.recvString()).toBe("last words");
  });

  test("a socket closed behind the stream's back is noticed", async () => {
    const [push, pull] = streams();
    const told = vi.fn();
    collect(pull);
    pull.setCloseCallback(told);
    pull.socket.close();
    expect(told).not.toHaveBeenCalled(); // the socket is closed before anybody is told
    await turn();
    expect(told).toHaveBeenCalledTimes(1);

    push.setCloseCallback(null);
    push.socket.close();
    expect(push.closed()).toBe(true);
  });

  test("destroying or terminating the context closes its streams", async () => {
    const context = new zmq.Context();
    const [push, pull] = pair(zmq.PUSH, zmq.PULL, { context });
    const [one, two] = [new ZMQStream(push), new ZMQStream(pull)];
    collect(two);
    await context.destroy();
    await turn();
    expect([one.closed(), two.closed()]).toEqual([true, true]);

    const other = new zmq.Context();
    const stream = new ZMQStream(other.socket(zmq.PULL));
    const told = vi.fn();
    stream.setCloseCallback(told);
    collect(stream);
    await other.term(); // waits for the stream, which closes itself
    expect(told).toHaveBeenCalledTimes(1);
  });

  test("afterwards every use is an ENOTSOCK", () => {
    const [push, pull] = streams();
    push.close();
    pull.close();
    const uses: (() => unknown)[] = [
      () => push.send("x"),
      () => push.sendMultipart(["x"]),
      () => push.sendString("x"),
      () => push.sendJson(1),
      () => push.onSend(() => {}),
      () => push.onSendStream(() => {}),
      () => pull.onRecv(() => {}),
      () => pull.onRecvStream(() => {}),
      () => pull.flush(),
      () => push.bind("inproc://closed"),
      () => push.connect("inproc://closed"),
      () => push.setsockopt(zmq.LINGER, 0),
      () => push.getsockopt(zmq.LINGER),
      () => new ZMQStream(push.socket),
    ];
    for (const use of uses) expect(thrown(use)).toMatchObject({ code: "ENOTSOCK" });
    pull.onRecv(null);
    push.onSend(null);
    expect(push.sending()).toBe(false);
  });

  test("from inside its own callback is fine", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    await push.sendBatch(["1", "2", "3"]);
    const stream = new ZMQStream(pull);
    const got: string[] = [];
    const closed = new Promise<void>((resolve) => stream.setCloseCallback(() => resolve()));
    stream.onRecv(([frame]: Buffer[]) => {
      got.push(String(frame));
      stream.close();
    });
    await closed;
    await turn();
    expect(got).toEqual(["1"]);
  });

  test("a stream at the end of its block is closed", () => {
    const socket = newContext().socket(zmq.PULL);
    {
      using _stream = new ZMQStream(socket);
    }
    expect(socket.closed).toBe(true);
  });
});

describe("the socket's own", () => {
  test("bind, connect and options work on the stream", async () => {
    const context = newContext();
    const pull = new ZMQStream(context.socket(zmq.PULL));
    const port = pull.bindToRandomPort("tcp://127.0.0.1");
    const push = new ZMQStream(context.socket(zmq.PUSH));
    push.setsockopt(zmq.LINGER, 7);
    push.setsockoptString(zmq.IDENTITY, "me");
    expect(push.getsockopt(zmq.LINGER)).toBe(7);
    expect(push.getsockoptString(zmq.IDENTITY)).toBe("me");
    expect(push.connect(`tcp://127.0.0.1:${port}`).address).toBe(`tcp://127.0.0.1:${port}`);
    expect(push.bind("inproc://also").address).toBe("inproc://also");
    const messages = collect(pull);
    push.sendUnicode("x");
    await until(() => messages.length === 1);
  });

  test("a stream is made of an open socket and nothing else", () => {
    for (const wrong of [null, undefined, 5, {}, zmq.Socket, newContext()]) {
      expect(() => new ZMQStream(wrong as never)).toThrow(TypeError);
    }
    const [push, pull] = streams();
    expect(() => new ZMQStream(push.socket, {} as never)).toThrow(TypeError);
    expect(push.poller).toBeInstanceOf(zmq.Poller);
    expect(push.ioLoop).toBe(zmq.eventloop.IOLoop.current());
    for (const wrong of [5, "x", {}, true]) {
      expect(() => pull.onRecv(wrong as never)).toThrow(TypeError);
      expect(() => pull.onRecvStream(wrong as never)).toThrow(TypeError);
      expect(() => pull.onSend(wrong as never)).toThrow(TypeError);
      expect(() => pull.onSendStream(wrong as never)).toThrow(TypeError);
      expect(() => pull.setCloseCallback(wrong as never)).toThrow(TypeError);
    }
    expect(pull.receiving()).toBe(false);
    pull.onErr(() => {});
    pull.stopOnErr();
  });

  test("two streams of one socket share what comes", async () => {
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    const one = collect(new ZMQStream(pull));
    const two = collect(new ZMQStream(zmq.Socket.shadow(pull)));
    for (let i = 0; i < 100; i++) await push.send(String(i));
    await until(() => one.length + two.length === 100);
    const numbers = texts([...one, ...two]).map(([text]) => Number(text));
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  test("pyzmq's modules are all there", () => {
    expect(zmq.eventloop.zmqstream.ZMQStream).toBe(ZMQStream);
    expect(zmq.eventloop.future.Context).toBe(zmq.Context);
    expect(zmq.eventloop.future.Socket).toBe(zmq.Socket);
    expect(zmq.eventloop.future.Poller).toBe(zmq.Poller);
    expect(zmq.eventloop.IOLoop).toBe(zmq.eventloop.ioloop.IOLoop);
  });
});

const open = `
  const { ZMQStream } = zmq.eventloop.zmqstream;
  const context = new zmq.Context();
  const [pull, push] = [context.socket(zmq.PULL), context.socket(zmq.PUSH)];
  pull.bind("inproc://a");
  push.connect("inproc://a");
  const stream = new ZMQStream(pull);
  const out = new ZMQStream(push);
`;

describe.concurrent("in a process of its own", () => {
  test("what a callback throws is an uncaught exception, and the stream goes on", async ({ expect }) => {
    const { code, stdout, stderr } = await run(`${open}
      process.on("uncaughtException", (error, origin) => say(origin, error.message));
      stream.onRecv(([frame]) => {
        say("got", frame);
        if (String(frame) === "2") { stream.close(); out.close(); }
        throw new Error("oops " + frame);
      });
      out.onSend(([frame]) => { throw new Error("sent " + frame); });
      for (const text of ["0", "1", "2"]) out.send(text);
    `);
    expect(stderr).toBe("");
    const lines = stdout.split("\n");
    expect(lines.filter((line) => line.startsWith("got"))).toEqual(["got 0", "got 1", "got 2"]);
    for (const i of [0, 1, 2]) expect(lines).toContain(`uncaughtException oops ${i}`);
    expect(lines).toContain("uncaughtException sent 0");
    expect(code).toBe(0);
  });

  test("without a handler it ends the process, with its own line in the trace", async ({ expect }) => {
    const { code, stderr } = await run(`${open}
      stream.onRecv(function mine() { throw new Error("oops"); });
      out.send("x");`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/Error: oops\n\s+at mine/);
  });

  test("what an async callback rejects with is an unhandled rejection", async ({ expect }) => {
    const { code, stdout, stderr } = await run(`${open}
      process.on("uncaughtException", (error, origin) => say(origin, error.message));
      stream.onRecv(async ([frame]) => {
        if (String(frame) === "last") stream.close();
        throw new Error(String(frame));
      });
      out.send("first");
      out.send("last");`);
    expect([code, stderr, stdout]).toEqual([0, "", "unhandledRejection first\nunhandledRejection last\n"]);
  });

  test("a socket that is lent to a proxy ends the receiving with EBUSY, and can be received from later", async ({
    expect,
  }) => {
    const { code, stdout, stderr } = await run(`${open}
      const stop = new AbortController();
      process.on("uncaughtException", (error) => {
        say(error.code, stream.receiving(), stream.closed());
        stop.abort();
      });
      const target = context.socket(zmq.PUSH);
      target.bind("inproc://b");
      stream.onRecv(() => {});
      zmq.proxy(pull, target, null, { signal: stop.signal }).catch(() => {
        stream.onRecv(([frame]) => { say(frame); stream.close(); });
        out.send("later");
      });`);
    expect([code, stderr, stdout]).toEqual([0, "", "EBUSY false false\nlater\n"]);
  });

  const ends: Record<string, string> = {
    "an idle stream": "",
    "a stream whose callback has been taken away":
      "stream.onRecv(() => {}); setImmediate(() => stream.stopOnRecv());",
    "a stream that has been closed": "stream.onRecv(() => {}); setImmediate(() => stream.close());",
    "a stream that has sent": "out.onSend(() => {}); out.send('x');",
    "a stream of an unref'ed socket": `
      stream.onRecv(() => {});
      pull.unref();
      const other = new ZMQStream(context.socket(zmq.PUSH));
      other.socket.unref();
      other.send("x");`,
    "a stream whose loop has been stopped": `
      stream.onRecv(() => {});
      new ZMQStream(context.socket(zmq.PUSH)).send("x");
      const loop = zmq.eventloop.IOLoop.instance();
      loop.start().then(() => say("stopped"));
      setImmediate(() => loop.stop());`,
  };
  for (const [name, steps] of Object.entries(ends)) {
    test(`${name} lets the process end`, async ({ expect }) => {
      expect(await run(`${open}${steps}`)).toMatchObject({ code: 0, signal: null, stderr: "" });
    });
  }

  test("a stream that receives or has to send keeps it alive", async ({ expect }) => {
    const { code, stdout } = await run(`${open}
      stream.onRecv(([frame]) => { say(frame); stream.close(); });
      process.once("beforeExit", () => say("let go"));
      const late = new ZMQStream(context.socket(zmq.PUSH));
      late.send("late");
      setTimeout(() => late.connect("inproc://a"), 50).unref();`);
    expect([code, stdout]).toEqual([0, "late\nlet go\n"]);
  });

  test("a stream that nobody refers to goes on receiving", async ({ expect }) => {
    const { code, stdout } = await run(
      `
      const { ZMQStream } = zmq.eventloop.zmqstream;
      const context = new zmq.Context();
      (() => {
        const pull = context.socket(zmq.PULL);
        pull.bind("inproc://a");
        new ZMQStream(pull).onRecvStream((stream, [frame]) => { say(frame); stream.close(); });
      })();
      setImmediate(() => {
        gc();
        setImmediate(() => {
          gc();
          const push = context.socket(zmq.PUSH);
          push.connect("inproc://a");
          push.send("still there");
        });
      });`,
      { flags: ["--expose-gc"] },
    );
    expect([code, stdout]).toEqual([0, "still there\n"]);
  });

  test("process.exit() while streams are busy ends it", async ({ expect }) => {
    const { code, signal, stderr } = await run(`${open}
      stream.onRecv((message) => out.sendMultipart(message));
      for (let i = 0; i < 100; i++) out.send("x");
      setTimeout(() => process.exit(7), 20);`);
    expect([code, signal, stderr]).toEqual([7, null, ""]);
  });
});

test("worker.terminate() while streams are busy ends the worker", async () => {
  const context = newContext();
  const [push] = [context.socket(zmq.PUSH)];
  push.bind("inproc://work");
  const worker = runWorker(
    `const pull = context.socket(zmq.PULL);
     pull.connect("inproc://work");
     const [a, b] = [context.socket(zmq.PAIR), context.socket(zmq.PAIR)];
     a.bind("inproc://in-worker"); b.connect("inproc://in-worker");
     const { ZMQStream } = zmq.eventloop.zmqstream;
     const [one, two] = [new ZMQStream(a), new ZMQStream(b)];
     one.onRecv((m) => one.sendMultipart(m));
     two.onRecv((m) => two.sendMultipart(m));
     one.send("x");
     new ZMQStream(pull).onRecv(() => port.postMessage("got"));
     await new Promise(() => {});`,
    context,
  );
  onTestFinished(() => push.close(0));
  const got = new Promise((resolve) => worker.once("message", resolve));
  await push.send("x");
  expect(await got).toBe("got");
  expect(await worker.terminate()).toBe(1);
});
