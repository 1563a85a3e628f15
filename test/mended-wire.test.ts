/** What peers could do by what they write on the wire: see scripts/libzmq/mends/handshake.cmake. */
import { describe, expect, test } from "vitest";
import { says } from "./support/life-mended.js";

const servers = `
/** Something that listens, and whom it meets. */
const listening = async () => {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const next = async () => (await once(server, "connection"))[0].on("error", () => {});
  return { server, next, address: "tcp://127.0.0.1:" + server.address().port };
};
/** A greeting of another mechanism. */
const greets = (mechanism) => {
  const bytes = Buffer.from(greeting);
  bytes.write(mechanism, 12);
  return bytes;
};
/** Between two ends: what the one that connects writes may be changed. */
const between = async (port, change) => {
  const server = net.createServer((near) => {
    const far = net.connect(port, "127.0.0.1").on("error", () => {});
    near.on("error", () => {}).on("data", (bytes) => far.write(change(bytes))).on("close", () => far.destroy());
    far.on("data", (bytes) => near.write(bytes)).on("close", () => near.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, address: "tcp://127.0.0.1:" + server.address().port };
};
const curve = (socket, keys, its) => Object.assign(socket, { curvePublickey: keys[0], curveSecretkey: keys[1], curveServerkey: its });
`;

describe.concurrent("CURVE", () => {
  test("a client takes no answer out of turn: the key of the second comes with the first", async () => {
    const said = await says(`${servers}
      const { server, next, address } = await listening();
      const dealer = curve(context.socket(zmq.DEALER, { reconnectIvl: -1 }), zmq.curveKeypair(), zmq.curveKeypair()[0]);
      const monitor = dealer.getMonitorSocket();
      dealer.connect(address);
      const stranger = await next();
      stranger.write(greets("CURVE"));
      await once(stranger, "data");
      await sleep(50);
      stranger.write(command("READY", Buffer.alloc(100)));
      for (;;) {
        const { event, value } = await zmq.recvMonitorMessage(monitor);
        if (event !== zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL) continue;
        say(value === zmq.PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND);
        break;
      }
      server.close(stranger.destroy());
      monitor.close();`);
    expect(said).toEqual(["true"]);
  });

  test("who stands between the two ends joins no messages", async () => {
    const said = await says(`${servers}
      const keys = zmq.curveKeypair();
      const pull = context.socket(zmq.PULL, { curveServer: true, curveSecretkey: keys[1] });
      pull.bind("tcp://127.0.0.1:*");
      const { server, address } = await between(portOf(pull), (bytes) => {
        for (let at = 0; (at = bytes.indexOf("\\x07MESSAGE", at)) >= 0; at++) bytes[at - 2] |= 1; // "more follows"
        return bytes;
      });
      const push = curve(context.socket(zmq.PUSH), zmq.curveKeypair(), keys[0]);
      push.connect(address);
      for (const text of ["one", "two"]) {
        await push.send(text);
        say((await pull.recvMultipart({ timeout: 10_000 })).join(" "));
      }
      server.close(push.close());`);
    expect(said).toEqual(["one", "two"]);
  });

  test("a message that is refused ends its connection, though somebody watches", async () => {
    const said = await says(`${servers}
      const keys = zmq.curveKeypair();
      const pull = context.socket(zmq.PULL, { curveServer: true, curveSecretkey: keys[1] });
      const monitor = pull.getMonitorSocket();
      pull.bind("tcp://127.0.0.1:*");
      const { server, address } = await between(portOf(pull), (bytes) => {
        const at = bytes.indexOf("\\x07MESSAGE");
        if (at >= 0) bytes[at + 20] ^= 1;
        return bytes;
      });
      const push = curve(context.socket(zmq.PUSH), zmq.curveKeypair(), keys[0]);
      push.connect(address);
      const until = async (wanted) => { while ((await zmq.recvMonitorMessage(monitor)).event !== wanted); };
      await until(zmq.EVENT_HANDSHAKE_SUCCEEDED);
      await sleep(20);
      await push.send("changed on its way");
      await until(zmq.EVENT_DISCONNECTED);
      server.close(push.close());
      monitor.close();`);
    expect(said).toEqual([]);
  });
});

describe.concurrent("a connection", () => {
  test("of a user whom ZAP knows by name counts for messages only", async () => {
    const said = await says(`
      const handler = context.socket(zmq.REP);
      handler.bind("inproc://zeromq.zap.01");
      handler.recvMultipart().then(() => handler.sendMultipart(["1.0", "1", "200", "", "a name", ""]));
      const pull = context.socket(zmq.PULL, { plainServer: true, rcvhwm: 1 });
      pull.bind("tcp://127.0.0.1:*");
      const push = context.socket(zmq.PUSH, { plainUsername: "user", plainPassword: "password" });
      push.connect(pull.lastEndpoint);
      await push.send("message");
      say(await pull.recvString({ timeout: 10_000 }));`);
    expect(said).toEqual(["message"]);
  });

  test.each([245, 246, 250, 255, 256])("takes topics of %d bytes", async (length) => {
    const said = await says(`
      const [pub, sub] = [context.socket(zmq.XPUB), context.socket(zmq.SUB)];
      pub.bind("tcp://127.0.0.1:*");
      sub.connect(pub.lastEndpoint);
      sub.subscribe("t".repeat(${length}));
      say((await pub.recv({ timeout: 10_000 })).length);
      await pub.send("t".repeat(${length}));
      say((await sub.recv({ timeout: 10_000 })).length);`);
    expect(said).toEqual([String(length + 1), String(length)]);
  });

  test("hears nothing in answer to a PING that is too short", async () => {
    const said = await says(`
      const router = context.socket(zmq.ROUTER);
      router.bind("tcp://127.0.0.1:*");
      const stranger = net.connect(portOf(router), "127.0.0.1");
      await shakeHands(stranger, ready("DEALER"));
      const heard = [];
      stranger.on("data", (bytes) => heard.push(bytes));
      stranger.write(Buffer.concat([command("PING", ""), command("PING", Buffer.from("\\0\\0context"))]));
      while (!String(Buffer.concat(heard)).includes("context")) await sleep(5);
      say(String(Buffer.concat(heard)).split("PONG").length - 1);
      stranger.destroy();`);
    expect(said).toEqual(["1"]);
  });

  test("of a peer who wants to be heard of within 66 seconds is not cut off within one", async () => {
    const said = await says(`
      const router = context.socket(zmq.ROUTER);
      const monitor = router.getMonitorSocket(zmq.EVENT_DISCONNECTED);
      router.bind("tcp://127.0.0.1:*");
      const stranger = net.connect(portOf(router), "127.0.0.1").on("error", () => {});
      await shakeHands(stranger, ready("DEALER"));
      stranger.write(command("PING", Buffer.from([660 >> 8, 660 & 255])));
      say(await zmq.recvMonitorMessage(monitor, { timeout: 1000 }).then(({ name }) => name, ({ code }) => code));
      stranger.destroy();
      monitor.close();`);
    expect(said).toEqual(["EAGAIN"]);
  });

  test("by a WebSocket that says nothing ends after HANDSHAKE_IVL", async () => {
    const said = await says(`
      const router = context.socket(zmq.ROUTER, { handshakeIvl: 500 });
      router.bind("ws://127.0.0.1:*");
      const stranger = net.connect(portOf(router), "127.0.0.1").resume();
      await once(stranger, "close");
      const dealer = context.socket(zmq.DEALER);
      dealer.connect(router.lastEndpoint);
      await dealer.send("first");
      await sleep(700);
      await dealer.send("second");
      for (let i = 0; i < 2; i++) say((await router.recvMultipart({ timeout: 10_000 }))[1]);`);
    expect(said).toEqual(["first", "second"]);
  });

  test("in ZMTP 1 outlives HANDSHAKE_IVL", async () => {
    const said = await says(`
      const pull = context.socket(zmq.PULL, { handshakeIvl: 500 });
      pull.bind("tcp://127.0.0.1:*");
      const stranger = net.connect(portOf(pull), "127.0.0.1").on("error", () => {}).resume();
      await once(stranger, "connect");
      stranger.write(Buffer.from("\\x01\\0\\x06\\0first"));
      say(await pull.recvString({ timeout: 10_000 }));
      await sleep(700);
      stranger.write(Buffer.from("\\x07\\0second"));
      say(await pull.recvString({ timeout: 10_000 }));
      stranger.destroy();`);
    expect(said).toEqual(["first", "second"]);
  });

  test("of a ROUTER is made anew when its queue is full", async () => {
    const said = await says(`${servers}
      const { server, next, address } = await listening();
      const router = context.socket(zmq.ROUTER, { rcvhwm: 1, reconnectIvl: 10 });
      router.connect(address);
      const first = await next();
      await shakeHands(first, ready("DEALER", "A"));
      first.write(frame(0, "first"));
      await sleep(50);
      first.destroy();
      const second = await next();
      await shakeHands(second, ready("DEALER", "A"));
      second.write(frame(0, "second"));
      await sleep(50);
      for (let i = 0; i < 2; i++) say((await router.recvMultipart({ timeout: 10_000 }))[1]);
      server.close(second.destroy());`);
    expect(said).toEqual(["first", "second"]);
  });

  test("tells no User-Id that ZAP has not given", async () => {
    const said = await says(`
      const pull = context.socket(zmq.PULL);
      pull.bind("tcp://127.0.0.1:*");
      const stranger = net.connect(portOf(pull), "127.0.0.1");
      const properties = { "Socket-Type": "PUSH", "User-Id": "root", "X-Own": "kept" };
      await shakeHands(stranger, Buffer.concat([greeting, command("READY", Buffer.concat(Object.entries(properties).map(([key, value]) => property(key, value))))]));
      stranger.write(frame(0, "message"));
      const message = await pull.recv({ copy: false, timeout: 10_000 });
      const told = (key) => { try { return message.get(key); } catch (error) { return error.code; } };
      say(told("X-Own"), told("User-Id"));
      stranger.destroy();`);
    expect(said).toEqual(["kept EINVAL"]);
  });
});
