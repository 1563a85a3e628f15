/** What peers and programs could do to the sockets' own bookkeeping: see scripts/libzmq/mends, whole, publishing and peers. */
import { describe, expect, test } from "vitest";
import { says } from "./support/life-mended.js";

/** Peers that write by hand, and places where nobody is. */
const strangers = `
const meet = async (socket, type, id) => {
  const stream = net.connect(portOf(socket), "127.0.0.1").on("error", () => {});
  const heard = [];
  stream.on("data", (bytes) => heard.push(bytes));
  await shakeHands(stream, ready(type, id));
  await hears(socket);
  return {
    stream,
    write: async (...frames) => { stream.write(Buffer.concat(frames)); await hears(socket); },
    heard: () => String(Buffer.concat(heard)),
  };
};
/** An address that nobody listens at. */
const nobody = async () => {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = "tcp://127.0.0.1:" + server.address().port;
  server.close();
  await once(server, "close");
  return address;
};
const text = (frames) => frames.map(String).join(" ");
`;

describe.concurrent("an XPUB that subscribes by hand", () => {
  test("subscribes nobody in place of a peer that has gone", async () => {
    const said = await says(`${strangers}
      const xpub = context.socket(zmq.XPUB, { xpubManual: true });
      const until = watch(xpub);
      xpub.bind("tcp://127.0.0.1:*");
      const first = await meet(xpub, "SUB");
      await first.write(frame(0, "\\x01secret"));
      first.stream.destroy();
      await until(zmq.EVENT_DISCONNECTED);
      const second = await meet(xpub, "SUB");
      say((await xpub.recv()).subarray(1));
      xpub.subscribe("secret");
      await xpub.send("secret of the first");
      await xpub.send("secret of the first, too");
      await sleep(50);
      say(second.heard().includes("secret"));
      second.stream.destroy();`);
    expect(said).toEqual(["secret", "false"]);
  });

  test("subscribes who has asked for it, whatever else its peers send", async () => {
    const said = await says(`${strangers}
      const xpub = context.socket(zmq.XPUB, { xpubManual: true });
      xpub.bind("tcp://127.0.0.1:*");
      const chatty = await meet(xpub, "XSUB");
      await chatty.write(frame(0, "a message"));
      const quiet = await meet(xpub, "SUB");
      await quiet.write(frame(0, "\\x01secret"));
      await chatty.write(frame(0, "\\x01public"));
      for (let i = 0; i < 3; i++) {
        const notice = await xpub.recv();
        if (notice[0] === 1) xpub.subscribe(notice.subarray(1));
      }
      await xpub.send("secret text");
      while (!quiet.heard().includes("secret text")) await sleep(5);
      say(chatty.heard().includes("secret"));
      for (const { stream } of [chatty, quiet]) stream.destroy();`);
    expect(said).toEqual(["false"]);
  });
});

test("a message to an XPUB whose last frame is a subscription of no news ends all the same", async () => {
  const said = await says(`${strangers}
    const xpub = context.socket(zmq.XPUB);
    xpub.bind("tcp://127.0.0.1:*");
    const first = await meet(xpub, "XSUB");
    await first.write(frame(0, "\\x01A"), frame(1, "hello"), frame(0, "\\x01A"));
    const second = await meet(xpub, "XSUB");
    await second.write(frame(0, "\\x01B"));
    for (let i = 0; i < 3; i++) say(JSON.stringify(text(await xpub.recvMultipart({ timeout: 10_000 }))));
    for (const { stream } of [first, second]) stream.destroy();`);
  expect(said).toEqual(['"\\u0001A"', '"hello"', '"\\u0001B"']);
});

test("a message of an XSUB whose last frame looks like a cancellation is sent whole", async () => {
  const said = await says(`${strangers}
    const [xpub, xsub] = [context.socket(zmq.XPUB), context.socket(zmq.XSUB)];
    xpub.bind("tcp://127.0.0.1:*");
    xsub.connect(xpub.lastEndpoint);
    await xsub.sendMultipart(["a", Buffer.from([0, 98])]);
    await xsub.send("second");
    for (let i = 0; i < 2; i++) say(JSON.stringify(text(await xpub.recvMultipart({ timeout: 10_000 }))));`);
  expect(said).toEqual(['"a \\u0000b"', '"second"']);
});

test("an XPUB with a welcome message binds a name that who had connected to it has left again", async () => {
  const said = await says(`
    const sub = context.socket(zmq.SUB);
    sub.connect("inproc://welcome");
    sub.disconnect("inproc://welcome");
    const xpub = context.socket(zmq.XPUB, { xpubWelcomeMsg: "welcome" });
    xpub.bind("inproc://welcome");
    sub.subscribe("");
    sub.connect("inproc://welcome");
    xpub.recv().catch(() => {}); // it meets its peers when it is used
    say(await sub.recvString({ timeout: 10_000 }));`);
  expect(said).toEqual(["welcome"]);
});

test("a ROUTER's peer that calls itself what the next one will be called", async () => {
  const said = await says(`${strangers}
    const router = context.socket(zmq.ROUTER);
    router.bind("tcp://127.0.0.1:*");
    const first = await meet(router, "DEALER");
    await first.write(frame(0, "hello"));
    const [id] = await router.recvMultipart();
    id.writeUInt32BE((id.readUInt32BE(1) + 1) >>> 0, 1);
    const second = await meet(router, "DEALER", id);
    const third = await meet(router, "DEALER");
    await second.write(frame(0, "from the second"));
    await third.write(frame(0, "from the third"));
    for (let i = 0; i < 2; i++) {
      const [from, words] = await router.recvMultipart({ timeout: 10_000 });
      say(words, from.equals(id));
    }
    for (const { stream } of [first, second, third]) stream.destroy();`);
  expect(said).toEqual(["from the second true", "from the third false"]);
});

describe.concurrent("a high-water mark that is lowered in the midst of a message", () => {
  test.each([
    ["PUSH", "PULL"],
    ["XSUB", "XPUB"],
  ])("%s", async (type, peer) => {
    const said = await says(`${strangers}
      const address = await nobody();
      const sender = context.socket(zmq.${type});
      sender.connect(address);
      for (let i = 0; i < 5; i++) await sender.send("m");
      await sender.send("half", zmq.SNDMORE);
      sender.sndhwm = 1;
      await sender.send("rest");
      const receiver = context.socket(zmq.${peer});
      receiver.bind(address);
      for (let i = 0; i < 5; i++) say(text(await receiver.recvMultipart({ timeout: 10_000 })));
      for (let i = 0; i < 4; i++) {
        await hears(sender); // an XSUB drops what there is no room for
        await sender.send("n" + i);
        say(text(await receiver.recvMultipart({ timeout: 10_000 })));
      }`);
    expect(said).toEqual(["m", "m", "m", "m", "m", "n0", "n1", "n2", "n3"]);
  });

  test("ROUTER", async () => {
    const said = await says(`${strangers}
      const address = await nobody();
      const router = context.socket(zmq.ROUTER, { connectRoutingId: "D" });
      router.connect(address);
      for (let i = 0; i < 5; i++) await router.sendMultipart(["D", "m"]);
      await router.send("D", zmq.SNDMORE);
      router.sndhwm = 1;
      await router.send("rest");
      const dealer = context.socket(zmq.DEALER);
      dealer.bind(address);
      for (let i = 0; i < 5; i++) say(text(await dealer.recvMultipart({ timeout: 10_000 })));
      await hears(router);
      await router.sendMultipart(["D", "next"]);
      say(text(await dealer.recvMultipart({ timeout: 10_000 })));`);
    expect(said.slice(0, 5)).toEqual(["m", "m", "m", "m", "m"]);
    expect(["rest", "next"]).toContain(said[5]);
  });
});

describe.concurrent("a peer that goes while it is sent a message", () => {
  test("PAIR: its successor gets nothing of it", async () => {
    const said = await says(`${strangers}
      const pair = context.socket(zmq.PAIR);
      const until = watch(pair);
      pair.bind("tcp://127.0.0.1:*");
      const first = await meet(pair, "PAIR");
      await pair.send("half", zmq.SNDMORE);
      first.stream.destroy();
      await until(zmq.EVENT_DISCONNECTED);
      const second = context.socket(zmq.PAIR);
      second.connect(pair.lastEndpoint);
      await until(zmq.EVENT_HANDSHAKE_SUCCEEDED);
      await pair.send("rest");
      await pair.sendMultipart(["whole", "message"]);
      say(text(await second.recvMultipart({ timeout: 10_000 })));`);
    expect(said).toEqual(["whole message"]);
  });

  test("REQ: it counts as sent, and lost; the next request is one", async () => {
    const said = await says(`${strangers}
      const req = context.socket(zmq.REQ, { reqRelaxed: true });
      const until = watch(req);
      req.bind("tcp://127.0.0.1:*");
      const first = await meet(req, "REP");
      await req.send("half", zmq.SNDMORE);
      first.stream.destroy();
      await until(zmq.EVENT_DISCONNECTED);
      await req.send("rest");
      const rep = context.socket(zmq.REP);
      rep.connect(req.lastEndpoint);
      await until(zmq.EVENT_HANDSHAKE_SUCCEEDED);
      await req.send("next");
      say(await rep.recvString({ timeout: 10_000 }));
      await rep.send("answer");
      say(await req.recvString({ timeout: 10_000 }));`);
    expect(said).toEqual(["next", "answer"]);
  });
});

test("a PAIR that lets go of its peer in the midst of a message does not take the next one's for the rest", async () => {
  const said = await says(`
    const pair = context.socket(zmq.PAIR, { immediate: true });
    const until = watch(pair);
    const meet = async () => {
      const server = net.createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      pair.connect("tcp://127.0.0.1:" + server.address().port);
      const [stream] = await once(server, "connection");
      server.close();
      await shakeHands(stream.on("error", () => {}), ready("PAIR"));
      await until(zmq.EVENT_HANDSHAKE_SUCCEEDED);
      return stream;
    };
    const first = await meet();
    first.write(Buffer.concat([frame(1, "half"), frame(0, "rest")]));
    say(await pair.recvString(), pair.rcvmore);
    first.destroy();
    await until(zmq.EVENT_DISCONNECTED);
    const second = await meet();
    second.write(frame(0, "another's"));
    await hears(pair);
    const rest = await pair.recvString({ timeout: 10_000 });
    say(["", "rest"].includes(rest), pair.rcvmore);
    say(await pair.recvString({ timeout: 10_000 }));
    second.destroy();`);
  expect(said).toEqual(["half true", "true false", "another's"]);
});
