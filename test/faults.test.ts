/** Networks and peers that fail: messages come in order, at most once, whole; and the connections come back. */
import { createHash } from "node:crypto";
import { connect } from "node:net";
import * as zmq from "nodezmq";
import { describe, expect, onTestFinished, test } from "vitest";
import { FaultProxy } from "./support/fault-proxy.js";
import { start } from "./support/life-child.js";
import { newContext } from "./support/sockets.js";
import { frame, greeting, ready } from "./support/zmtp.js";

/** Reconnects at once: the faults are what is tested, not the pauses. */
const hasty = { linger: 0, reconnectIvl: 1, sndhwm: 100, rcvhwm: 100 } as const;

/** A message that shows whether it is whole: its number, a body, and a digest of both. */
function message(serial: number, size: number): Buffer[] {
  const number = Buffer.from(String(serial));
  const body = Buffer.alloc(size, serial);
  return [number, body, createHash("sha1").update(number).update(body).digest()];
}

/** The number of a message, which is whole. */
function serialOf(frames: Buffer[]): number {
  expect(frames).toHaveLength(3);
  const [number, body, digest] = frames as [Buffer, Buffer, Buffer];
  expect(createHash("sha1").update(number).update(body).digest()).toEqual(digest);
  return Number(number.toString());
}

/** Sends numbered messages until it is told to stop. */
function flood(
  socket: zmq.Socket,
  size: (serial: number) => number,
): { sent: () => number; stop(): Promise<void> } {
  const stop = new AbortController();
  let serial = 0;
  const done = (async () => {
    while (!stop.signal.aborted) {
      await socket.sendMultipart(message(serial, size(serial)), { signal: stop.signal });
      serial++;
    }
  })().catch((error: unknown) => {
    if (error !== stop.signal.reason) throw error;
  });
  return {
    sent: () => serial,
    stop: () => {
      stop.abort();
      return done;
    },
  };
}

/**
 * How messages may come. A receiver that has connected keeps one queue for its peer, through all connections: messages
 * come in order. One that is bound has a queue for each connection, and reads what is left of the old ones and what
 * comes by the new one in turn: within each they are in order.
 */
type Order = "in order" | "once each";

/** Receives messages, all whole, none twice, until `enough` says so. */
function receiver(socket: zmq.Socket, order: Order) {
  const seen = new Set<number>();
  let last = -1;
  return async (enough: (serial: number, count: number) => boolean): Promise<void> => {
    for (let count = 1; ; count++) {
      const serial = serialOf(await socket.recvMultipart());
      expect(seen).not.toContain(serial);
      if (order === "in order") expect(serial).toBeGreaterThan(last);
      last = serial;
      seen.add(serial);
      if (enough(serial, count)) return;
    }
  };
}

/** A PUSH and a PULL with a proxy between them. */
async function throughProxy(options: Parameters<zmq.Context["socket"]>[1] = {}, order: Order = "once each") {
  const context = newContext();
  const pull = context.socket(zmq.PULL, { ...hasty, ...options });
  const push = context.socket(zmq.PUSH, { ...hasty, immediate: true, ...options });
  const [server, client] = order === "in order" ? [push, pull] : [pull, push];
  server.bind("tcp://127.0.0.1:*");
  const proxy = await FaultProxy.to(server.lastEndpoint);
  onTestFinished(() => proxy.close());
  client.connect(proxy.address);
  return { push, proxy, pull, receive: receiver(pull, order) };
}

const sizes: Record<string, (serial: number) => number> = {
  "of a few bytes": () => 10,
  "of all sizes": (serial) => [0, 33, 1000, 9000, 70_000][serial % 5] as number,
};

const cases = Object.entries(sizes).flatMap(([name, size]) =>
  (["in order", "once each"] as const).map((order) => [name, order, size] as const),
);

describe.each(cases)("messages %s come whole, and %s,", (_name, order, size) => {
  test("when the connection is reset 20 times", async () => {
    const { push, proxy, receive } = await throughProxy({}, order);
    const sending = flood(push, size);
    for (let cuts = 0; cuts < 20; cuts++) {
      const connections = proxy.connections;
      await receive((_serial, count) => count === 20);
      proxy.cut();
      // From the new connection on, messages pass again.
      await receive(() => proxy.connections > connections);
    }
    const last = sending.sent();
    await receive((serial) => serial >= last);
    await sending.stop();
  });

  test("when connections end in the midst of a message", async () => {
    const { push, proxy, receive } = await throughProxy({}, order);
    const sending = flood(push, size);
    await receive((_serial, count) => count === 10);
    let last = Number.POSITIVE_INFINITY;
    // All the while: libzmq does not hear of a connection's end while its receiver is at the high-water mark.
    const receiving = receive((serial) => serial >= last);
    for (let cutAfter = 64; cutAfter < 64 + 40 * 61; cutAfter += 61) {
      proxy.faults = { cutAfter };
      const connections = proxy.connections;
      proxy.cut();
      while (proxy.connections < connections + 2) await new Promise((resolve) => setImmediate(resolve));
    }
    proxy.faults = {};
    proxy.cut();
    last = sending.sent();
    await receiving;
    await sending.stop();
  });
});

test("with CURVE, no byte that was changed on the way reaches a program", async () => {
  const [serverPublic, serverSecret] = zmq.curveKeypair();
  const [clientPublic, clientSecret] = zmq.curveKeypair();
  const context = newContext();
  const pull = context.socket(zmq.PULL, { ...hasty, curveServer: true, curveSecretkey: serverSecret });
  pull.bind("tcp://127.0.0.1:*");
  const proxy = await FaultProxy.to(pull.lastEndpoint);
  onTestFinished(() => proxy.close());
  const push = context.socket(zmq.PUSH, {
    ...hasty,
    immediate: true,
    curveServerkey: serverPublic,
    curvePublickey: clientPublic,
    curveSecretkey: clientSecret,
  });
  push.connect(proxy.address);
  const receive = receiver(pull, "once each");
  const sending = flood(push, () => 100);
  await receive((_serial, count) => count === 10);
  // From within the greeting to far into the messages.
  for (let corruptAt = 1; corruptAt < 3000; corruptAt += 97) {
    proxy.faults = { corruptAt };
    const connections = proxy.connections;
    proxy.cut();
    while (proxy.connections === connections) await new Promise((resolve) => setImmediate(resolve));
    proxy.faults = {};
  }
  proxy.cut();
  const last = sending.sent();
  await receive((serial) => serial >= last);
  await sending.stop();
});

test("a peer that falls silent is found by the heartbeat, and found again when it speaks", async () => {
  const { pull, push, proxy } = await throughProxy({
    heartbeatIvl: 50,
    heartbeatTimeout: 100,
    handshakeIvl: 500,
  });
  const events = push.events(zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_SUCCEEDED);
  const next = async (): Promise<string> => (await events.next()).value.name;
  expect(await next()).toBe("HANDSHAKE_SUCCEEDED");
  await push.send("before");
  expect(await pull.recvString()).toBe("before");
  proxy.silence(true);
  expect(await next()).toBe("DISCONNECTED");
  proxy.silence(false);
  while ((await next()) !== "HANDSHAKE_SUCCEEDED");
  await push.send("after");
  expect(await pull.recvString()).toBe("after");
});

test("a peer that goes while its receiver is full is let go of in the midst of heartbeats", async () => {
  const context = newContext();
  const watchful = { ...hasty, rcvhwm: 1, heartbeatIvl: 10 };
  const full = context.socket(zmq.PULL, { ...watchful, heartbeatTimeout: 60_000 }); // so that only its peer can end it
  const clock = context.socket(zmq.PULL, { ...watchful, heartbeatTimeout: 100 });
  const peers = await Promise.all(
    [full, clock].map(async (socket) => {
      const events = socket.events(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED);
      socket.bind("tcp://127.0.0.1:*");
      const peer = connect(Number(/:(\d+)$/.exec(socket.lastEndpoint)?.[1]), "127.0.0.1").resume();
      onTestFinished(() => void peer.destroy());
      peer.on("error", () => {});
      peer.write(Buffer.concat([greeting(), ready("PUSH")]));
      expect((await events.next()).value.name).toBe("HANDSHAKE_SUCCEEDED");
      return { peer, events };
    }),
  );
  const [going, silent] = peers as [(typeof peers)[0], (typeof peers)[0]];
  going.peer.write(Buffer.concat(Array.from({ length: 1000 }, () => frame(Buffer.from("x")))));
  await full.poll();
  going.peer.resetAndDestroy();
  // Ten heartbeats later: the other connection has been given up by then, whose peer never answers one.
  expect((await silent.events.next()).value.name).toBe("DISCONNECTED");
  // Read on, it notices that its own is gone.
  const reading = (async () => {
    for await (const [text] of full) expect(String(text)).toBe("x");
  })();
  expect((await going.events.next()).value.name).toBe("DISCONNECTED");
  full.close();
  await reading;
});

test("a client that asks again gets through while connections are refused and cut", async () => {
  const context = newContext();
  const server = context.socket(zmq.REP, hasty);
  server.bind("tcp://127.0.0.1:*");
  const proxy = await FaultProxy.to(server.lastEndpoint);
  onTestFinished(() => proxy.close());
  const serving = (async () => {
    for await (const frames of server) await server.sendMultipart(frames);
  })();
  const client = context.socket(zmq.REQ, { ...hasty, reqRelaxed: true, reqCorrelate: true });
  client.connect(proxy.address);
  for (let i = 0; i < 30; i++) {
    if (i % 3 === 1) proxy.cut();
    proxy.accepting = i % 5 !== 4;
    for (let answer: string | undefined; answer === undefined; proxy.accepting = true) {
      await client.send(`${i}`);
      answer = await client.recvString({ timeout: 100 }).catch((error: unknown) => {
        if (error instanceof zmq.Again) return undefined;
        throw error;
      });
      if (answer !== undefined) expect(answer).toBe(`${i}`);
    }
  }
  server.close();
  await serving;
});

describe("peers that are killed and started again under load", () => {
  const child = (program: string) => {
    const started = start(program, { patience: 60_000 });
    onTestFinished(() => void started.process.kill("SIGKILL"));
    return started;
  };

  test("a receiver's successor goes on with other messages, and nobody gets one twice", async () => {
    const context = newContext();
    const push = context.socket(zmq.PUSH, { ...hasty, immediate: true });
    const report = context.socket(zmq.PULL, hasty);
    push.bind("tcp://127.0.0.1:*");
    report.bind("tcp://127.0.0.1:*");
    const sending = flood(push, () => 50);
    const seen = new Set<number>();
    for (let life = 0; life < 5; life++) {
      const successor = child(`
        const context = new zmq.Context();
        const [pull, push] = [context.socket(zmq.PULL, { rcvhwm: 100 }), context.socket(zmq.PUSH)];
        pull.connect(${JSON.stringify(push.lastEndpoint)});
        push.connect(${JSON.stringify(report.lastEndpoint)});
        (async () => { for await (const [number] of pull) await push.sendMultipart(["${life}", number]); })();`);
      for (let count = 0; count < 200; ) {
        const [from, number] = (await report.recvMultipart()).map(Number) as [number, number];
        if (from === life) count++;
        expect(seen).not.toContain(number);
        seen.add(number);
      }
      successor.process.kill("SIGKILL");
      await successor.ended;
    }
    await sending.stop();
  });

  test("a sender's successor is heard on the same socket", async () => {
    const context = newContext();
    const pull = context.socket(zmq.PULL, hasty);
    pull.bind("tcp://127.0.0.1:*");
    for (let life = 0; life < 5; life++) {
      const sender = child(`
        const push = new zmq.Context().socket(zmq.PUSH);
        push.connect(${JSON.stringify(pull.lastEndpoint)});
        (async () => { for (let i = 0; ; i++) await push.sendMultipart(["${life}", String(i)]); })();`);
      let next = 0;
      for (let count = 0; count < 500; ) {
        const [from, serial] = (await pull.recvMultipart()).map(Number) as [number, number];
        // What the one before had sent comes first; nothing of it is torn, doubled or mixed up.
        if (from !== life) continue;
        expect(serial).toBe(next++);
        count++;
      }
      sender.process.kill("SIGKILL");
      await sender.ended;
    }
  });

  test("a server that comes back on its port is found by its waiting clients", async () => {
    const context = newContext();
    const probe = context.socket(zmq.REP, hasty);
    const events = probe.events(zmq.EVENT_CLOSED);
    probe.bind("tcp://127.0.0.1:*");
    const address = probe.lastEndpoint;
    probe.unbind(address);
    await events.next(); // the port is free again
    probe.close();
    const clients = Array.from({ length: 10 }, () => {
      const client = context.socket(zmq.REQ, { ...hasty, reqRelaxed: true, reqCorrelate: true });
      client.connect(address);
      return client;
    });
    for (let life = 0; life < 3; life++) {
      const server = child(`
        const server = new zmq.Context().socket(zmq.REP, { linger: 0 });
        server.bind(${JSON.stringify(address)});
        (async () => { for await (const [question] of server) await server.send("${life} " + question); })();`);
      await Promise.all(
        clients.map(async (client, i) => {
          for (let answer = ""; answer !== `${life} ${i}`; ) {
            await client.send(String(i));
            answer = await client.recvString({ timeout: 500 }).catch(() => "");
          }
        }),
      );
      server.process.kill("SIGKILL");
      await server.ended;
    }
  });
});
