/** Every stable socket type, doing what it is for. */
import { once } from "node:events";
import * as net from "node:net";
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { bound, code, newContext, pair, publisher, texts, transports, turn } from "./support/sockets.js";

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const text = async (socket: zmq.Socket): Promise<string[]> => (await socket.recvMultipart()).map(String);

describe.each(transports)("over %s", (transport) => {
  test("PAIR: two peers talk as they like", async () => {
    const [left, right] = pair(zmq.PAIR, zmq.PAIR, { transport });
    await left.send("one");
    await left.send("two");
    await right.send("three");
    expect([await text(right), await text(right), await text(left)]).toEqual([["one"], ["two"], ["three"]]);
  });

  test("REQ and REP: questions and answers in turn", async () => {
    const [rep, req] = pair(zmq.REP, zmq.REQ, { transport });
    for (const i of numbers(100)) {
      await req.sendMultipart(["question", String(i)]);
      expect(await text(rep)).toEqual(["question", String(i)]);
      await rep.sendMultipart(["answer", String(i)]);
      expect(await text(req)).toEqual(["answer", String(i)]);
    }
  });

  test("REQ asks several REPs in turn", async () => {
    const context = newContext();
    const req = context.socket(zmq.REQ);
    const servers = numbers(3).map((i) => {
      const rep = context.socket(zmq.REP);
      req.connect(bound(rep, transport));
      return { rep, i };
    });
    const serving = servers.map(async ({ rep, i }) => {
      for await (const _ of rep) await rep.send(String(i));
    });
    const answers: string[] = [];
    for (const _ of numbers(9)) {
      await req.send("who?");
      answers.push(String(await req.recv()));
    }
    expect(answers.toSorted()).toEqual(["0", "0", "0", "1", "1", "1", "2", "2", "2"]);
    expect(new Set(answers.slice(0, 3)).size).toBe(3);
    for (const { rep } of servers) rep.close();
    await Promise.all(serving);
  });

  test("PUB and SUB: what begins with a topic that was subscribed to", async () => {
    const context = newContext();
    const pub = context.socket(zmq.PUB, { sndhwm: 0 }); // however many it takes until one is heard, none is dropped after them
    const sub = context.socket(zmq.SUB, { rcvhwm: 0 });
    sub.connect(bound(pub, transport));
    sub.subscribe("weather");
    sub.subscribe(Buffer.from([0, 255]));
    sub.subscribe("hello");
    // Subscriptions travel: published until one is heard, then only what counts.
    const heard = sub.recv();
    let deaf = true;
    heard.then(() => {
      deaf = false;
    });
    while (deaf) {
      await pub.send("hello");
      await turn();
    }
    await pub.sendMultipart(["weather", "rain"]);
    await pub.sendMultipart(["weath", "no"]);
    await pub.sendMultipart(["sports", "weather"]);
    await pub.sendMultipart(["weather.prague", "sun"]);
    await pub.sendMultipart([Buffer.from([0, 255, 1]), "binary"]);
    await pub.send("");
    await pub.send("weather");
    const received: string[][] = [];
    while (received.length < 4) {
      const message = await text(sub);
      if (message[0] !== "hello") received.push(message);
    }
    expect(received).toEqual([
      ["weather", "rain"],
      ["weather.prague", "sun"],
      [Buffer.from([0, 255, 1]).toString(), "binary"],
      ["weather"],
    ]);
  });

  test("XPUB hears of subscriptions, and SUB of what it has not unsubscribed from", async () => {
    const context = newContext();
    const xpub = context.socket(zmq.XPUB);
    const address = bound(xpub, transport);
    const sub = context.socket(zmq.SUB);
    sub.connect(address);
    const other = context.socket(zmq.SUB);
    sub.subscribe("a");
    expect(String(await xpub.recv())).toBe("\x01a");
    sub.subscribe("a"); // counted, not told
    sub.subscribe("b");
    expect(String(await xpub.recv())).toBe("\x01b");
    await xpub.send("a1");
    await xpub.send("b1");
    await xpub.send("c1");
    expect([await text(sub), await text(sub)]).toEqual([["a1"], ["b1"]]);
    sub.unsubscribe("a");
    sub.unsubscribe("b");
    sub.unsubscribe("never subscribed to");
    expect(String(await xpub.recv())).toBe("\x00b");
    await xpub.send("b2");
    await xpub.send("a2");
    expect(await text(sub)).toEqual(["a2"]);
    other.subscribe("a");
    other.connect(address);
    sub.close();
    // The last one to be interested has gone when its socket has.
    other.subscribe("end");
    while (String(await xpub.recv()) !== "\x01end");
    other.close();
    const gone = [String(await xpub.recv()), String(await xpub.recv())];
    expect(gone.toSorted()).toEqual(["\x00a", "\x00end"]);
  });

  test("XSUB subscribes with messages, and may send others", async () => {
    const [xpub, xsub] = pair(zmq.XPUB, zmq.XSUB, { transport });
    await xsub.send(Buffer.from("\x01a"));
    expect(String(await xpub.recv())).toBe("\x01a");
    await xpub.sendMultipart(["a", "for you"]);
    await xpub.send("b");
    await xpub.sendMultipart(["ab", "too"]);
    expect([await text(xsub), await text(xsub)]).toEqual([
      ["a", "for you"],
      ["ab", "too"],
    ]);
    await xsub.send("just a message");
    expect(String(await xpub.recv())).toBe("just a message");
    await xsub.send("\x00a");
    expect(String(await xpub.recv())).toBe("\x00a");
  });

  test("PUSH deals messages out to its PULLs, and PULL takes from all its PUSHes", async () => {
    const context = newContext();
    const push = context.socket(zmq.PUSH);
    const address = bound(push, transport);
    const sink = context.socket(zmq.PULL);
    const results = bound(sink, transport);
    const workers = numbers(3).map((name) => {
      const work = context.socket(zmq.PULL);
      const done = context.socket(zmq.PUSH);
      work.connect(address);
      done.connect(results);
      return { name, work, done };
    });
    const working = workers.map(async ({ name, work, done }) => {
      await done.sendMultipart([String(name), "ready"]);
      for await (const [task] of work) await done.sendMultipart([String(name), task as Buffer]);
    });
    for (const _ of workers) expect((await text(sink))[1]).toBe("ready");
    await push.sendBatch(numbers(300).map(String));
    const done: Record<string, number[]> = { 0: [], 1: [], 2: [] };
    for (const _ of numbers(300)) {
      const [name, task] = (await text(sink)) as [string, string];
      done[name]?.push(Number(task));
    }
    expect(
      Object.values(done)
        .flat()
        .toSorted((a, b) => a - b),
    ).toEqual(numbers(300));
    for (const tasks of Object.values(done)) expect(tasks).toEqual(tasks.toSorted((a, b) => a - b));
    for (const { work } of workers) work.close();
    await Promise.all(working);
  });

  test("ROUTER and DEALER: many peers, each by its routing id", async () => {
    const context = newContext();
    const router = context.socket(zmq.ROUTER);
    const address = bound(router, transport);
    const dealers = numbers(5).map((i) => {
      const dealer = context.socket(zmq.DEALER, { routingId: `peer ${i}` });
      dealer.connect(address);
      return dealer;
    });
    for (const [i, dealer] of dealers.entries()) await dealer.sendMultipart(["", `from ${i}`]);
    const seen: string[][] = [];
    for (const _ of dealers) seen.push(await text(router));
    expect(seen.toSorted()).toEqual(numbers(5).map((i) => [`peer ${i}`, "", `from ${i}`]));
    for (const i of numbers(5)) await router.sendMultipart([`peer ${i}`, "", `to ${i}`]);
    for (const [i, dealer] of dealers.entries()) expect(await text(dealer)).toEqual(["", `to ${i}`]);
  });

  test("ROUTER gives peers without an id one of five bytes, and answers REQs out of order", async () => {
    const context = newContext();
    const router = context.socket(zmq.ROUTER);
    const address = bound(router, transport);
    const reqs = numbers(4).map(() => context.socket(zmq.REQ));
    for (const [i, req] of reqs.entries()) {
      req.connect(address);
      await req.send(String(i));
    }
    const questions: Buffer[][] = [];
    for (const _ of reqs) questions.push(await router.recvMultipart());
    for (const [id, empty, question] of questions.reverse()) {
      expect(id?.length).toBe(5);
      expect(id?.[0]).toBe(0);
      expect(empty?.length).toBe(0);
      await router.sendMultipart([id as Buffer, "", `answer to ${question}`]);
    }
    for (const [i, req] of reqs.entries()) expect(await text(req)).toEqual([`answer to ${i}`]);
  });

  test("DEALER asks REP with an empty delimiter, as often as it likes", async () => {
    const [rep, dealer] = pair(zmq.REP, zmq.DEALER, { transport });
    await dealer.sendBatch(numbers(10).map((i) => ["", String(i)]));
    for (const i of numbers(10)) {
      expect(await text(rep)).toEqual([String(i)]);
      await rep.send(`${i}!`);
    }
    for (const i of numbers(10)) expect(await text(dealer)).toEqual(["", `${i}!`]);
  });

  test("two DEALERs share many peers' work without an envelope", async () => {
    const [left, right] = pair(zmq.DEALER, zmq.DEALER, { transport });
    await Promise.all([left.sendMultipart(["a", "b"]), right.send("c"), right.send("d")]);
    expect([await text(right), await text(left), await text(left)]).toEqual([["a", "b"], ["c"], ["d"]]);
  });
});

describe("PAIR", () => {
  test("waits until its peer comes, and keeps to one", async () => {
    const context = newContext();
    const left = context.socket(zmq.PAIR);
    const address = bound(left, "tcp");
    const sending = left.send("hello");
    const right = context.socket(zmq.PAIR);
    right.connect(address);
    expect(String(await right.recv())).toBe("hello");
    await sending;
    const third = context.socket(zmq.PAIR, { linger: 0 });
    third.connect(address);
    await third.send("is anybody there?");
    await right.send("still me");
    expect(String(await left.recv())).toBe("still me");
    expect(await left.poll(0)).toBe(0);
  });
});

describe("REQ", () => {
  test("must hear the answer before the next question, and REP get the question before its answer", async () => {
    const [rep, req] = pair(zmq.REP, zmq.REQ);
    expect(await code(req.recv())).toBe("EFSM");
    expect(await code(rep.send("too early"))).toBe("EFSM");
    await req.send("one");
    expect(await code(req.send("two"))).toBe("EFSM");
    expect(await code(req.sendMultipart(["two"]))).toBe("EFSM");
    await rep.recv();
    expect(await code(rep.recv())).toBe("EFSM");
    await rep.send("answer");
    expect(await code(rep.send("again"))).toBe("EFSM");
    expect(String(await req.recv())).toBe("answer");
    expect(await code(req.recv())).toBe("EFSM");
  });

  test("may give up on an answer when it is relaxed, and gets the right one when it correlates", async () => {
    const [router, req] = pair(zmq.ROUTER, zmq.REQ, { right: { reqRelaxed: true, reqCorrelate: true } });
    await req.send("one");
    const [id, first, ...one] = (await router.recvMultipart()) as [Buffer, Buffer, ...Buffer[]];
    await req.send("two");
    const [again, second, ...two] = (await router.recvMultipart()) as [Buffer, Buffer, ...Buffer[]];
    expect(texts([one, two])).toEqual([
      ["", "one"],
      ["", "two"],
    ]);
    expect(first).not.toEqual(second);
    const answer = req.recv();
    // The late answer to what it has given up on is dropped, although it wakes the socket up.
    await router.sendMultipart([id, first, "", "late"]);
    await turn();
    await turn();
    await router.sendMultipart([again, second, "", "right"]);
    expect(String(await answer)).toBe("right");
  });

  test("whose waiting receive was aborted still gets the answer", async () => {
    const [rep, req] = pair(zmq.REP, zmq.REQ);
    await req.send("question");
    const controller = new AbortController();
    const waiting = req.recv({ signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toThrow();
    await rep.send(await rep.recv());
    expect(String(await req.recv())).toBe("question");
  });
});

describe("PUB", () => {
  test("never waits: what nobody wants is dropped", async () => {
    const pub = newContext().socket(zmq.PUB, { sndhwm: 1 });
    pub.bind("inproc://news");
    for (const _ of numbers(1000)) await pub.send("x");
    await pub.sendBatch(numbers(1000).map(String));
    expect(pub.get(zmq.EVENTS)).toBe(zmq.POLLOUT);
  });

  test("gives each of many subscribers its own copy, in order", async () => {
    const [xpub, ...subs] = (await publisher(10, { transport: "tcp" })) as [zmq.Socket, ...zmq.Socket[]];
    const reading = subs.map(async (sub) => {
      const seen: number[] = [];
      for await (const [frame] of sub) if (seen.push(Number(frame)) === 500) break;
      return seen;
    });
    await xpub.sendBatch(numbers(500).map(String));
    for (const seen of await Promise.all(reading)) expect(seen).toEqual(numbers(500));
  });

  test("that publishes behind a subscriber's back is heard from the moment of the subscription on", async () => {
    const [xpub, sub] = (await publisher(1, { topic: "a" })) as [zmq.Socket, zmq.Socket];
    await xpub.send("b0");
    sub.subscribe("b");
    expect(String(await xpub.recv())).toBe("\x01b");
    await xpub.send("b1");
    expect(String(await sub.recv())).toBe("b1");
  });
});

describe("SUB", () => {
  test("without a subscription hears nothing; with the empty one, everything", async () => {
    const [xpub, deaf] = pair(zmq.XPUB, zmq.SUB);
    const all = (xpub.context as zmq.Context).socket(zmq.SUB);
    all.connect(xpub.lastEndpoint);
    all.subscribe("");
    expect(String(await xpub.recv())).toBe("\x01");
    await xpub.sendMultipart(["", "empty"]);
    await xpub.send("x");
    expect([await text(all), await text(all)]).toEqual([["", "empty"], ["x"]]);
    expect(await deaf.poll(0)).toBe(0);
  });

  test("takes subscriptions as strings, Buffers and views, and only SUB takes them", () => {
    const context = newContext();
    const sub = context.socket(zmq.SUB);
    for (const topic of ["ž", Buffer.from("b"), new Uint8Array([1]), ""]) {
      sub.subscribe(topic);
      sub.unsubscribe(topic);
    }
    for (const wrong of [5, null, undefined, {}])
      expect(() => sub.subscribe(wrong as never)).toThrow(TypeError);
    expect(() => (context.socket(zmq.PULL) as zmq.Socket).subscribe("x")).toThrow(zmq.ZMQError);
  });
});

describe("XPUB", () => {
  test("that is verbose hears of every subscription; one that is not, of the first", async () => {
    const context = newContext();
    for (const verbose of [true, false]) {
      const xpub = context.socket(zmq.XPUB, { xpubVerbose: verbose });
      const address = bound(xpub);
      for (const _ of numbers(3)) {
        const sub = context.socket(zmq.SUB);
        sub.subscribe("a");
        sub.connect(address);
      }
      const last = context.socket(zmq.SUB);
      last.subscribe("z");
      last.connect(address);
      const heard: string[] = [];
      while (heard.at(-1) !== "\x01z") heard.push(String(await xpub.recv()));
      expect(heard).toEqual(verbose ? ["\x01a", "\x01a", "\x01a", "\x01z"] : ["\x01a", "\x01z"]);
    }
  });

  test("and XSUB forward between publishers and subscribers", async () => {
    const context = newContext();
    const xsub = context.socket(zmq.XSUB);
    const xpub = context.socket(zmq.XPUB);
    const upstream = bound(xsub, "tcp");
    const downstream = bound(xpub, "tcp");
    const forwarding = [
      (async () => {
        for await (const frames of xsub) await xpub.sendMultipart(frames);
      })(),
      (async () => {
        for await (const frames of xpub) await xsub.sendMultipart(frames);
      })(),
    ];
    const pub = context.socket(zmq.XPUB);
    pub.connect(upstream);
    const sub = context.socket(zmq.SUB);
    sub.subscribe("a");
    sub.connect(downstream);
    expect(String(await pub.recv())).toBe("\x01a");
    await pub.send("b");
    await pub.sendMultipart(["a", "news"]);
    expect(await text(sub)).toEqual(["a", "news"]);
    xsub.close();
    xpub.close();
    await Promise.all(forwarding);
  });
});

describe("PUSH", () => {
  test("waits while it has no peer, and goes on when one comes and when one goes", async () => {
    const context = newContext();
    const push = context.socket(zmq.PUSH);
    const address = bound(push, "tcp");
    expect(await code(push.send("x", zmq.DONTWAIT))).toBe("EAGAIN");
    const sending = push.send("one");
    const first = context.socket(zmq.PULL);
    first.connect(address);
    expect(String(await first.recv())).toBe("one");
    await sending;
    first.close();
    while ((await push.poll(0, zmq.POLLOUT)) !== 0) await turn();
    const waiting = push.send("two");
    const second = context.socket(zmq.PULL);
    second.connect(address);
    expect(String(await second.recv())).toBe("two");
    await waiting;
  });

  test("queues for a peer that is not there yet, unless it is immediate", async () => {
    const context = newContext();
    const patient = context.socket(zmq.PUSH);
    const immediate = context.socket(zmq.PUSH, { immediate: true });
    const server = context.socket(zmq.PULL);
    const address = bound(server, "tcp");
    server.unbind(address);
    for (const socket of [patient, immediate]) socket.connect(address);
    await patient.send("early");
    expect(await code(immediate.send("early", zmq.DONTWAIT))).toBe("EAGAIN");
  });

  test("with CONFLATE at the receiver delivers the newest only", async () => {
    const context = newContext();
    const push = context.socket(zmq.PUSH);
    const pull = context.socket(zmq.PULL, { conflate: true });
    pull.connect(bound(push));
    for (const i of numbers(100)) await push.send(String(i));
    expect(String(await pull.recv())).toBe("99");
    expect(await code(pull.recv(zmq.DONTWAIT))).toBe("EAGAIN");
  });
});

describe("PULL", () => {
  test("takes from its peers in turn", async () => {
    const context = newContext();
    const pull = context.socket(zmq.PULL);
    const address = bound(pull);
    for (const name of ["a", "b", "c"]) {
      const push = context.socket(zmq.PUSH);
      push.connect(address);
      await push.sendBatch(numbers(10).map((i) => `${name}${i}`));
    }
    const seen = texts(await pull.recvBatch()).flat();
    for (let i = 0; i < 30; i += 3) {
      const round = seen.slice(i, i + 3).map((message) => message[0]);
      expect(round.toSorted()).toEqual(["a", "b", "c"]);
    }
  });
});

describe("ROUTER", () => {
  test("drops what it cannot route, or fails when that is mandatory", async () => {
    const router = newContext().socket(zmq.ROUTER);
    router.bind("inproc://router");
    await router.sendMultipart(["nobody", "hello"]);
    router.routerMandatory = true;
    expect(await code(router.sendMultipart(["nobody", "hello"]))).toBe("EHOSTUNREACH");
    expect(await code(router.send("nobody", zmq.SNDMORE))).toBe("EHOSTUNREACH");
    expect(() => router.sendMultipartSync(["nobody", "hello"])).toThrow(zmq.ZMQError);
    const dealer = (router.context as zmq.Context).socket(zmq.DEALER, { routingId: "somebody" });
    dealer.connect("inproc://router");
    await dealer.send("I am here");
    await router.recvMultipart();
    await router.sendMultipart(["somebody", "hello"]);
    expect(String(await dealer.recv())).toBe("hello");
  });

  test("waits for one peer that is full when it is mandatory, and other sends wait behind", async () => {
    const context = newContext();
    const router = context.socket(zmq.ROUTER, { routerMandatory: true, sndhwm: 1 });
    const address = bound(router);
    const dealer = context.socket(zmq.DEALER, { routingId: "slow", rcvhwm: 1 });
    dealer.connect(address);
    await dealer.send("here");
    await router.recvMultipart();
    const count = 50;
    const sends = numbers(count).map((i) => router.sendMultipart(["slow", String(i)]));
    for (const i of numbers(count)) expect(String(await dealer.recv())).toBe(String(i));
    await Promise.all(sends);
  });

  test("hears of a peer that connects when it is asked to, and hands an id over to a newcomer", async () => {
    const context = newContext();
    const router = context.socket(zmq.ROUTER, { routerHandover: true });
    const address = bound(router, "tcp");
    const first = context.socket(zmq.DEALER, { routingId: "same", probeRouter: true });
    first.connect(address);
    expect(await text(router)).toEqual(["same", ""]);
    const second = context.socket(zmq.DEALER, { routingId: "same", probeRouter: true });
    second.connect(address);
    expect(await text(router)).toEqual(["same", ""]);
    await router.sendMultipart(["same", "to whom?"]);
    expect(String(await second.recv())).toBe("to whom?");
  });

  test("talks to a ROUTER that it names when it connects", async () => {
    const context = newContext();
    const server = context.socket(zmq.ROUTER, { routingId: "server" });
    const client = context.socket(zmq.ROUTER, { routingId: "client", probeRouter: true });
    client.connectRoutingId = "the server";
    client.connect(bound(server, "tcp"));
    expect(await text(server)).toEqual(["client", ""]);
    await server.sendMultipart(["client", "welcome"]);
    expect(await text(client)).toEqual(["the server", "welcome"]);
    await client.sendMultipart(["the server", "thank you"]);
    expect(await text(server)).toEqual(["client", "thank you"]);
  });
});

describe("STREAM", () => {
  /** All that a raw TCP peer of Node's gets until `end`. */
  async function until(socket: net.Socket, end: string): Promise<string> {
    let all = "";
    while (!all.endsWith(end)) all += String((await once(socket, "data"))[0]);
    return all;
  }

  test("serves raw TCP clients, each by its routing id", async () => {
    const stream = newContext().socket(zmq.STREAM);
    const { port } = new URL(bound(stream, "tcp").replace("tcp:", "http:"));
    const client = net.connect(Number(port), "127.0.0.1");
    const [id, greeting] = (await stream.recvMultipart()) as [Buffer, Buffer];
    expect(id.length).toBe(5);
    expect(greeting.length).toBe(0);
    client.write("GET / HTTP/1.0\r\n\r\n");
    let request = "";
    while (!request.endsWith("\r\n\r\n")) {
      const [from, data] = (await stream.recvMultipart()) as [Buffer, Buffer];
      expect(from).toEqual(id);
      request += data;
    }
    expect(request).toBe("GET / HTTP/1.0\r\n\r\n");
    await stream.sendMultipart([id, "HTTP/1.0 200 OK\r\n\r\nHello"]);
    expect(await until(client, "Hello")).toBe("HTTP/1.0 200 OK\r\n\r\nHello");
    // An empty message hangs up. libzmq does its part of it in later calls on the socket: a server always has one waiting.
    const closed = once(client, "close");
    const serving = code(stream.recvMultipart());
    await stream.sendMultipart([id, ""]);
    client.resume();
    await closed;
    stream.close();
    expect(await serving).toBe("ENOTSOCK");
  });

  test("is a raw TCP client itself, and hears when its server hangs up", async () => {
    const stream = newContext().socket(zmq.STREAM);
    const server = net.createServer((socket) => {
      socket.write("welcome\n");
      socket.once("data", (data) => socket.end(`you said ${data}`));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as net.AddressInfo;
    stream.connectRoutingId = "server";
    stream.connect(`tcp://127.0.0.1:${port}`);
    const next = async (): Promise<string> => {
      const [from, data] = (await stream.recvMultipart()) as [Buffer, Buffer];
      expect(String(from)).toBe("server");
      return String(data);
    };
    expect(await next()).toBe("");
    expect(await next()).toBe("welcome\n");
    await stream.sendMultipart(["server", "hello"]);
    let answer = "";
    for (;;) {
      const data = await next();
      if (data === "") break;
      answer += data;
    }
    expect(answer).toBe("you said hello");
    server.close();
    stream.close();
    await once(server, "close");
  });

  test("refuses to send to a peer that it does not know", async () => {
    const stream = newContext().socket(zmq.STREAM);
    bound(stream, "tcp");
    expect(await code(stream.sendMultipart(["nobody", "hello"]))).toBe("EHOSTUNREACH");
  });
});

describe("what a type cannot do is refused at once:", () => {
  const cannotReceive = { PUB: zmq.PUB, PUSH: zmq.PUSH };
  const cannotSend = { SUB: zmq.SUB, PULL: zmq.PULL };

  test.each(Object.entries(cannotReceive))("%s does not receive", async (_name, type) => {
    const socket = newContext().socket(type);
    expect(await code(socket.recv())).toBe("ENOTSUP");
    expect(await code(socket.recvMultipart())).toBe("ENOTSUP");
    expect(await code(socket.recvBatch())).toBe("ENOTSUP");
    expect(await code(socket.recv(zmq.DONTWAIT))).toBe("ENOTSUP");
  });

  test.each(Object.entries(cannotSend))("%s does not send", async (_name, type) => {
    const socket = newContext().socket(type);
    expect(await code(socket.send("x"))).toBe("ENOTSUP");
    expect(await code(socket.sendMultipart(["x"]))).toBe("ENOTSUP");
    expect(await code(socket.sendBatch(["x"]))).toBe("ENOTSUP");
    expect(await code(socket.send("x", zmq.DONTWAIT))).toBe("ENOTSUP");
  });
});
