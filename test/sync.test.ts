/** The blocking twins: sendSync, recvSync and the like, in scripts and worker threads. */
import { execFileSync } from "node:child_process";
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import {
  bound,
  library,
  newContext,
  pair,
  posted,
  runWorker,
  texts,
  transports,
  turn,
} from "./support/sockets.js";

/** What the call throws. */
function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

const receives: Record<string, (socket: zmq.Socket, wait?: { flags?: number; timeout?: number }) => unknown> =
  {
    recvSync: (socket, wait) => socket.recvSync(wait),
    recvMultipartSync: (socket, wait) => socket.recvMultipartSync(wait),
    recvBatchSync: (socket, wait) => socket.recvBatchSync(wait),
  };

const sends: Record<string, (socket: zmq.Socket, wait?: { flags?: number; timeout?: number }) => unknown> = {
  sendSync: (socket, wait) => socket.sendSync("x", wait),
  sendMultipartSync: (socket, wait) => socket.sendMultipartSync(["x", "y"], wait),
  sendBatchSync: (socket, wait) => socket.sendBatchSync(["x", ["y", "z"]], wait),
};

describe.each(transports)("over %s", (transport) => {
  test("what is sent is received", () => {
    const [left, right] = pair(zmq.PAIR, zmq.PAIR, { transport });
    expect(left.sendSync("one")).toBe(undefined);
    expect(left.sendMultipartSync(["two", Buffer.from("three"), ""])).toBe(undefined);
    expect(left.sendBatchSync(["four", ["five", "six"]])).toBe(undefined);
    expect(right.pollSync()).toBe(zmq.POLLIN);
    expect(String(right.recvSync())).toBe("one");
    expect(texts([right.recvMultipartSync()])).toEqual([["two", "three", ""]]);
    const received: Buffer[][] = [];
    while (received.length < 2) received.push(...right.recvBatchSync());
    expect(texts(received)).toEqual([["four"], ["five", "six"]]);
    expect(right.recvSync.length).toBe(2);
  });

  test("a socket whose answers have come fast sleeps when none comes any more", () => {
    const [left, right] = pair(zmq.PAIR, zmq.PAIR, { transport });
    for (let i = 0; i < 100; i++) {
      left.sendSync(String(i));
      expect(String(right.recvSync())).toBe(String(i));
      right.sendSync("answer");
      expect(String(left.recvSync())).toBe("answer");
    }
    right.sendSync("question");
    const before = process.cpuUsage();
    expect(thrown(() => right.recvSync({ timeout: 500 }))).toBeInstanceOf(zmq.Again);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(250);
  });

  test("a worker that blocks gets each message as it comes, and answers", async () => {
    const context = newContext();
    const socket = context.socket(zmq.DEALER);
    const worker = runWorker(
      `const socket = context.socket(zmq.REP, { linger: -1 });
       socket.connect(data);
       port.postMessage("ready");
       for (;;) {
         const question = socket.recvMultipartSync().map(String);
         socket.sendMultipartSync(["answer", ...question]);
         if (question[0] === "end") break;
       }
       socket.close();
       port.postMessage("done");`,
      context,
      bound(socket, transport),
    );
    await posted(worker);
    const done = posted(worker);
    for (let i = 0; i < 200; i++) {
      await socket.sendMultipart(["", i === 199 ? "end" : "go on", String(i)]);
      const answer = texts([await socket.recvMultipart()])[0];
      expect(answer).toEqual(["", "answer", i === 199 ? "end" : "go on", String(i)]);
    }
    await done;
  });

  test("a worker that sends faster than it can is stopped at the high-water mark, and loses nothing", async () => {
    const context = newContext();
    const pull = context.socket(zmq.PULL, { rcvhwm: 2 });
    const worker = runWorker(
      `const socket = context.socket(zmq.PUSH, { sndhwm: 2, linger: -1 });
       socket.connect(data);
       for (let i = 0; i < 2000; i++) {
         if (i % 3 === 0) socket.sendSync(String(i));
         else if (i % 3 === 1) socket.sendMultipartSync([String(i), "more"]);
         else socket.sendBatchSync([String(i)]);
       }
       // Not before all has been received: over ipc libzmq forgets what a peer that closes has sent beyond the
       // receiver's high-water mark (zeromq/libzmq#4660).
       await new Promise((resolve) => port.once("message", resolve));
       socket.close();
       port.postMessage("done");`,
      context,
      bound(pull, transport),
    );
    const done = posted(worker);
    const received: number[] = [];
    while (received.length < 2000)
      received.push(...(await pull.recvBatch(10)).map(([frame]) => Number(frame)));
    expect(received).toEqual(Array.from({ length: 2000 }, (_, i) => i));
    worker.postMessage("received");
    await done;
  });
});

describe("the time that a call may take", () => {
  test.each(Object.entries(receives))("%s obeys DONTWAIT, timeout and RCVTIMEO", (_name, receive) => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const isAgain = (wait?: { flags?: number; timeout?: number }): void => {
      expect(thrown(() => receive(pull, wait))).toBeInstanceOf(zmq.Again);
    };
    isAgain({ flags: zmq.DONTWAIT });
    isAgain({ flags: zmq.DONTWAIT, timeout: -1 });
    isAgain({ timeout: 0 });
    isAgain({ timeout: 0.4 });
    isAgain({ timeout: 3 });
    pull.rcvtimeo = 3;
    isAgain();
    isAgain({});
    pull.rcvtimeo = 0;
    isAgain();
    pull.rcvtimeo = 60_000;
    isAgain({ timeout: 1 });
    push.sendSync("x");
    expect(String(receive(pull, { flags: zmq.DONTWAIT }))).toBe("x");
    pull.rcvtimeo = 0;
    push.sendSync("y");
    expect(String(receive(pull, { timeout: -1 }))).toBe("y");
  });

  test.each(Object.entries(sends))("%s obeys DONTWAIT, timeout and SNDTIMEO", (_name, send) => {
    const push = newContext().socket(zmq.PUSH);
    const isAgain = (wait?: { flags?: number; timeout?: number }): void => {
      expect(thrown(() => send(push, wait))).toBeInstanceOf(zmq.Again);
    };
    isAgain({ flags: zmq.DONTWAIT });
    isAgain({ flags: zmq.DONTWAIT, timeout: -1 });
    isAgain({ timeout: 0 });
    isAgain({ timeout: 3 });
    push.sndtimeo = 3;
    isAgain();
    push.sndtimeo = 60_000;
    isAgain({ timeout: 1 });
  });

  test("is never shorter than asked for", () => {
    const [pull] = pair(zmq.PULL, zmq.PUSH);
    for (const timeout of [1, 2.5, 20, 60]) {
      const begun = performance.now();
      thrown(() => pull.recvSync({ timeout }));
      expect(performance.now() - begun).toBeGreaterThanOrEqual(timeout);
    }
    const begun = performance.now();
    expect(pull.pollSync(60)).toBe(0);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(60);
  });

  test("of pollSync is in milliseconds, and null is for ever", () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    expect(pull.pollSync(0)).toBe(0);
    expect(pull.pollSync(1)).toBe(0);
    expect(pull.pollSync(-1, 0)).toBe(0);
    expect(push.pollSync(null, zmq.POLLOUT)).toBe(zmq.POLLOUT);
    push.sendSync("x");
    for (const timeout of [0, 1, -1, null, undefined, Number.POSITIVE_INFINITY]) {
      expect(pull.pollSync(timeout)).toBe(zmq.POLLIN);
    }
    expect(pull.pollSync({ timeout: 1 })).toBe(zmq.POLLIN);
    expect(pull.pollSync(1, { flags: zmq.POLLIN | zmq.POLLOUT })).toBe(zmq.POLLIN);
    const poller = new zmq.Poller();
    poller.register(pull, zmq.POLLIN);
    expect(poller.pollSync({ timeout: 1 })).toEqual([[pull, zmq.POLLIN]]);
    expect(String(pull.recvSync())).toBe("x");
    expect(pull.pollSync({ timeout: 1, flags: zmq.POLLIN })).toBe(0);
    expect(thrown(() => poller.pollSync({ timout: 1 } as object))).toBeInstanceOf(TypeError);
  });

  test("is all that options may say: a signal cannot reach a blocked thread", () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const options = { signal: AbortSignal.abort() } as object;
    expect(thrown(() => pull.recvSync(options))).toBeInstanceOf(TypeError);
    expect(thrown(() => push.sendSync("x", options))).toBeInstanceOf(TypeError);
  });
});

describe("what the promising calls take, the blocking ones take too:", () => {
  test("copy: false gives Frames", () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport: "tcp" });
    push.sendMultipartSync(["a", "b"]);
    push.sendSync("c");
    const frames = pull.recvMultipartSync({ copy: false });
    expect(frames.map((frame) => [frame instanceof zmq.Frame, String(frame), frame.more])).toEqual([
      [true, "a", true],
      [true, "b", false],
    ]);
    expect(pull.recvSync(0, { copy: false }).get("Socket-Type")).toBe("PUSH");
    expect(() => pull.recvSync({ copy: 1 } as object)).toThrow(TypeError);
  });

  test("track: true gives a tracker, a tracked Frame too", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { transport: "tcp" });
    const data = Buffer.alloc(1 << 20);
    expect(push.sendSync(data)).toBeUndefined();
    expect(push.sendSync(data, { copy: false })).toBeUndefined();
    const tracker = push.sendSync(data, { copy: false, track: true });
    const frame = new zmq.Frame("x", { track: true });
    expect(push.sendMultipartSync([frame, "y"])).toBe(frame.tracker);
    for (let i = 0; i < 4; i++) pull.recvMultipartSync();
    await tracker?.wait();
    expect(tracker?.done).toBe(true);
  });

  test("routingId and group say whom a message is for", () => {
    const context = newContext();
    const [server, client] = [context.socket(zmq.SERVER), context.socket(zmq.CLIENT)];
    client.connect(bound(server));
    client.sendSync("question");
    const { routingId } = server.recvSync({ copy: false });
    server.sendSync("answer", { routingId });
    expect(String(client.recvSync())).toBe("answer");
    const [radio, dish] = [context.socket(zmq.RADIO), context.socket(zmq.DISH)];
    dish.join("news");
    dish.connect(bound(radio));
    radio.sendSync("lost", { group: "weather" });
    radio.sendSync("found", { group: "news" });
    expect(String(dish.recvSync())).toBe("found");
  });
});

describe("together with calls that wait", () => {
  test("a blocking receive serves those before it first", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH);
    const waiting = [pull.recv(), pull.recvMultipart()];
    push.sendBatchSync(["one", "two", "three"]);
    expect(String(pull.recvSync())).toBe("three");
    expect((await Promise.all(waiting)).map(String)).toEqual(["one", "two"]);
  });

  test("a blocking receive that waits for its own message serves those before it meanwhile", async () => {
    const context = newContext();
    const pull = context.socket(zmq.PULL);
    const address = bound(pull);
    const waiting = Array.from({ length: 10 }, () => pull.recv());
    runWorker(
      `const socket = context.socket(zmq.PUSH, { linger: -1 });
       socket.connect(data);
       for (let i = 0; i <= 10; i++) socket.sendSync(String(i));
       socket.close();`,
      context,
      address,
    );
    expect(String(pull.recvSync())).toBe("10");
    expect((await Promise.all(waiting)).map(Number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("a blocking send goes behind those that wait for room", async () => {
    const [pull, push] = pair(zmq.PULL, zmq.PUSH, { options: { sndhwm: 1, rcvhwm: 1 } });
    while (push.pollSync(0, zmq.POLLOUT) !== 0) push.sendSync("first");
    const waiting = push.send("second");
    expect(thrown(() => push.sendSync("third", zmq.DONTWAIT))).toBeInstanceOf(zmq.Again);
    expect(thrown(() => push.sendSync("third", { timeout: 5 }))).toBeInstanceOf(zmq.Again);
    while (pull.pollSync(0) !== 0) expect(String(pull.recvSync())).toBe("first");
    push.sendSync("third");
    await waiting;
    expect(texts(await pull.recvBatch())).toEqual([["second"], ["third"]]);
  });

  test("what fails does not take the news from those that wait", async () => {
    const [rep, req] = pair(zmq.REP, zmq.REQ);
    for (let i = 0; i < 200; i++) {
      req.sendSync("question");
      rep.recvSync();
      const answer = req.recv();
      rep.sendSync(String(i));
      expect(thrown(() => rep.sendSync("out of turn"))).toMatchObject({ code: "EFSM" });
      if (i % 2 === 0) expect(() => req.recvSync({ flags: zmq.DONTWAIT })).toThrow(zmq.ZMQError);
      if (i % 3 === 0) await turn();
      expect(String(await answer)).toBe(String(i));
    }
  });
});

describe("what cannot be done is thrown at once:", () => {
  test("EFSM, ENOTSUP, ENOTSOCK, TypeErrors", () => {
    const context = newContext();
    const req = context.socket(zmq.REQ);
    expect(thrown(() => req.recvSync())).toMatchObject({ code: "EFSM" });
    expect(thrown(() => (context.socket(zmq.PUB) as zmq.Socket).recvSync())).toMatchObject({
      code: "ENOTSUP",
    });
    expect(thrown(() => (context.socket(zmq.PULL) as zmq.Socket).sendSync("x"))).toMatchObject({
      code: "ENOTSUP",
    });
    expect(thrown(() => (context.socket(zmq.PUSH) as zmq.Socket).recvBatchSync())).toMatchObject({
      code: "ENOTSUP",
    });
    const closed = context.socket(zmq.PAIR);
    closed.close();
    for (const call of [...Object.values(receives), ...Object.values(sends)]) {
      expect(thrown(() => call(closed))).toMatchObject({ code: "ENOTSOCK" });
    }
    expect(thrown(() => closed.pollSync())).toMatchObject({ code: "ENOTSUP" });
    expect(thrown(() => req.sendSync(5 as never))).toBeInstanceOf(TypeError);
    expect(thrown(() => req.pollSync("x" as never))).toBeInstanceOf(TypeError);
  });
});

describe("a worker that blocks", () => {
  const blocked: Record<string, string> = {
    recvSync: "socket.recvSync()",
    "recvSync with a long timeout": "socket.recvSync({ timeout: 3_600_000 })",
    recvMultipartSync: "socket.recvMultipartSync()",
    recvBatchSync: "socket.recvBatchSync()",
    pollSync: "socket.pollSync()",
    "sendSync without a peer": "socket.sendSync('x')",
    sendBatchSync: "socket.sendBatchSync(['x'])",
    "poller.pollSync":
      "const poller = new zmq.Poller(); poller.register(socket, zmq.POLLIN); poller.pollSync()",
    "a loop of calls that time out": "for (;;) try { socket.recvSync({ timeout: 1 }) } catch {}",
  };

  test.each(Object.entries(blocked))("in %s gives way to terminate()", async (_name, call) => {
    const context = newContext();
    const worker = runWorker(
      `const socket = context.socket(zmq.DEALER);
       socket.immediate = true;
       socket.connect("tcp://127.0.0.1:9"); // nobody is there
       port.postMessage("ready");
       ${call};
       port.postMessage("too far");`,
      context,
    );
    expect(await posted(worker)).toBe("ready");
    const messages: unknown[] = [];
    worker.on("message", (message) => messages.push(message));
    expect(await worker.terminate()).toBe(1);
    expect(messages).toEqual([]);
    // Its sockets have gone with it: the context can end.
    await context.term();
  });

  test.each(Object.entries(blocked).slice(0, 8))(
    "in %s is told when the context is terminated",
    async (_name, call) => {
      const context = newContext();
      const worker = runWorker(
        `const socket = context.socket(zmq.DEALER, { linger: 0 });
       socket.immediate = true;
       socket.connect("tcp://127.0.0.1:9");
       port.postMessage("ready");
       try {
         ${call};
       } catch (error) {
         port.postMessage(error.code);
       }
       socket.close();`,
        context,
      );
      expect(await posted(worker)).toBe("ready");
      const told = posted(worker);
      const ended = context.term();
      expect(await told).toBe("ETERM");
      await ended;
    },
  );
});

test("a loop of blocking receives that never lets the event loop go round does not hoard what it has dropped", () => {
  const program = `
    const zmq = require(${JSON.stringify(library)});
    const context = new zmq.Context();
    const [left, right] = [context.socket(zmq.PAIR), context.socket(zmq.PAIR)];
    left.bind("inproc://large");
    right.connect("inproc://large");
    const message = Buffer.alloc(2 ** 20, 1);
    let received = 0;
    for (let i = 0; i < 1000; i++) {
      left.sendSync(message);
      received += right.recvSync().length;
    }
    console.log(received, process.memoryUsage().rss);
  `;
  const output = execFileSync(process.execPath, ["-e", program], { encoding: "utf8" });
  const [received, resident] = output.split(" ").map(Number);
  expect(received).toBe(1000 * 2 ** 20);
  // A sanitizer has memory of its own, for each byte of the program's.
  if (process.env.NODEZMQ_BINARY === undefined) expect(resident).toBeLessThan(600 * 2 ** 20);
});
