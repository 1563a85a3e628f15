/** Contexts whose sockets linger without an end, and whose peers go: the contexts end, whatever was on its way. */
import { describe, expect, test } from "vitest";
import { run, WATCHDOG } from "./support/life-child.js";
import { PEERS, zmtp } from "./support/life-zmtp.js";

/**
 * Every state that a connection can be in when it breaks and the socket is closed. The socket does not receive. Where it
 * connects again, there is another peer at the same place, who reads.
 */
const program = (type: string, peer: string): string => `
const net = require("node:net");
const { once } = require("node:events");
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
${zmtp}
const CASES = [{}];
for (const [key, values] of Object.entries({
  role: ["accepts", "connects", "connects once", "connects until refused"],
  transport: ["tcp", "ipc"],
  floods: [true, false], // the peer, until the socket's queue is full
  reads: [true, false], // the peer
  sends: [3, 150], // the socket; 150 are more than the connection has room for
  half: [false, true], // the socket has begun one more
  order: ["the peer goes, the socket is closed", "the socket is closed, the peer goes", "both"],
})) CASES.push(...CASES.splice(0).flatMap((one) => values.map((value) => ({ ...one, [key]: value }))));
// By ipc nobody is refused where nobody listens: there is no such file.
const STATES = CASES.filter(({ role, transport }) => role !== "connects until refused" || transport === "tcp");
const again = {
  connects: { reconnectIvl: 10 },
  "connects once": { reconnectIvl: -1 },
  "connects until refused": { reconnectIvl: 10, reconnectStop: zmq.RECONNECT_STOP_CONN_REFUSED },
};
const request = Buffer.concat([frame(1, ""), frame(0, "x")]);
const message = { REP: request, REQ: request, DISH: Buffer.concat([frame(1, "t1"), frame(0, "x")]), SUB: frame(0, "t1") }.${type} ?? frame(0, "x");
/** What a peer says so that it can be sent something. */
const wish = { PUB: frame(0, "\\x01"), XPUB: frame(0, "\\x01"), RADIO: command("JOIN", "\\x02t1"), REP: request, SERVER: message, PEER: message }.${type};
const introduce = async (stream) => {
  await shakeHands(stream, ready("${peer}", "A"));
  if (wish !== undefined) stream.write(wish);
};
const multipart = ["PAIR", "DEALER", "ROUTER", "PUSH", "PUB", "XPUB", "REP"].includes("${type}");
const large = Buffer.alloc(100_000);
const impatient = { timeout: 10 };
/** What sends a message; it fails where the type cannot, or there is no room. */
const sender = async (socket) => {
  if (socket.type === zmq.REP) await socket.recvMultipart({ timeout: 100 }).catch(() => {});
  const { routingId } = [zmq.SERVER, zmq.PEER].includes(socket.type)
    ? await socket.recv({ copy: false, timeout: 100 }).catch(() => ({}))
    : {};
  const options = { ...impatient, ...(routingId && { routingId }), ...(socket.type === zmq.RADIO && { group: "t1" }) };
  return () => (socket.type === zmq.ROUTER ? socket.sendMultipart(["A", large], options) : socket.send(large, options));
};
const attempt = async ({ role, transport, floods, reads, sends, half, order }, number) => {
  const accepts = role === "accepts";
  const context = new zmq.Context();
  const socket = context.socket(zmq.${type}, { rcvhwm: 5, linger: -1, ...again[role] });
  for (let i = 0; i < 100; i++) {
    if (socket.type === zmq.SUB) socket.subscribe("t" + i);
    if (socket.type === zmq.DISH) socket.join("t" + i);
  }
  const path = require("node:path").join(require("node:os").tmpdir(), "lingering-" + process.pid + "-" + number);
  let stranger;
  const next = [];
  const server = net.createServer((stream) => {
    stream.on("error", () => {});
    if (stranger === undefined) return void (stranger = stream);
    next.push(stream);
    introduce(stream.resume());
  });
  if (accepts) {
    socket.bind(transport === "ipc" ? "ipc://" + path : "tcp://127.0.0.1:*");
    stranger = transport === "ipc" ? net.connect(path) : net.connect(Number(/:(\\d+)$/.exec(socket.lastEndpoint)[1]), "127.0.0.1");
    stranger.on("error", () => {});
  } else {
    await new Promise((resolve) => (transport === "ipc" ? server.listen(path, resolve) : server.listen(0, "127.0.0.1", resolve)));
    socket.connect(transport === "ipc" ? "ipc://" + path : "tcp://127.0.0.1:" + server.address().port);
    await once(server, "connection");
  }
  await introduce(stranger);
  stranger[reads ? "resume" : "pause"]();
  // It blocks where the socket's type is not to receive.
  if (floods) await Promise.race([new Promise((resolve) => stranger.write(Buffer.concat(Array(3000).fill(message)), resolve)), pause(200)]);
  const send = await sender(socket);
  let sent = 0;
  while (sent < sends && (await send().then(() => true, () => false))) sent++;
  if (half && multipart) await socket.send("A", { ...impatient, flags: zmq.SNDMORE }).catch(() => {});
  if (role === "connects until refused") server.close();
  const leave = () => (transport === "ipc" ? stranger.destroy() : stranger.resetAndDestroy());
  if (order.startsWith("the peer")) {
    leave();
    await pause(30);
    socket.close();
  } else {
    socket.close();
    if (order !== "both") await pause(30);
    leave();
  }
  await context.term();
  server.close();
  for (const stream of next) stream.destroy();
};
(async () => {
  const waiting = new Set();
  setTimeout(() => say("still waiting:", ...[...waiting].slice(0, 9).map((one) => JSON.stringify(one))), ${WATCHDOG - 5_000}).unref();
  const cases = [...STATES.entries()];
  const worker = async () => {
    for (let at; (at = cases.pop()) !== undefined; ) {
      waiting.add(at[1]);
      await attempt(at[1], at[0]);
      waiting.delete(at[1]);
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  say(STATES.length, "ended");
})();
`;

describe.concurrent("whatever becomes of its peer, a context ends after a socket of type", () => {
  test.each(Object.entries(PEERS))("%s", async (type, peer) => {
    expect(await run(program(type, peer))).toEqual({
      code: 0,
      signal: null,
      stdout: "336 ended\n",
      stderr: "",
    });
  });
});

test("a socket that has connected to a peer that has gone sends the next one what it has, though it is closed", async () => {
  const outcome = await run(`
    const net = require("node:net");
    const { once } = require("node:events");
    ${zmtp}
    (async () => {
      const context = new zmq.Context();
      const socket = context.socket(zmq.DEALER, { rcvhwm: 5, linger: -1 });
      const server = net.createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      socket.connect("tcp://127.0.0.1:" + server.address().port);
      const [stranger] = await once(server, "connection");
      await shakeHands(stranger.on("error", () => {}), ready("DEALER"));
      await new Promise((resolve) => stranger.write(Buffer.concat(Array(3000).fill(frame(0, "x"))), resolve));
      await socket.poll();
      stranger.resetAndDestroy();
      await once(stranger, "close");
      for (const text of ["one", "two", "three"]) await socket.send(text);
      socket.close();
      const [next] = await once(server, "connection");
      next.write(ready("DEALER"));
      const heard = [];
      const over = once(next.on("data", (bytes) => heard.push(bytes)), "close");
      await context.term();
      await over;
      say(...String(Buffer.concat(heard)).match(/one|two|three/g));
      server.close();
    })();`);
  expect(outcome).toEqual({ code: 0, signal: null, stdout: "one two three\n", stderr: "" });
});

const never: [string, string, string][] = [
  [
    "has refused it, and is not tried again",
    "reconnectIvl: -1",
    "server.close(); await once(server, 'close'); server = undefined;",
  ],
  [
    "breaks the protocol",
    "reconnectIvl: 10",
    "server.on('connection', (stream) => stream.on('error', () => {}).end(Buffer.concat([Buffer.from([255, 0, 0, 0, 0, 0, 0, 0, 1, 127, 3, 0]), Buffer.from('NOPE'), Buffer.alloc(48)])));",
  ],
  [
    "breaks the handshake, which it may do once",
    "reconnectIvl: 10, reconnectStop: zmq.RECONNECT_STOP_HANDSHAKE_FAILED",
    "server.on('connection', (stream) => stream.destroy());",
  ],
];

describe.concurrent("a context ends after a socket that has something for a peer who", () => {
  const cases = never.flatMap(([what, ...how]) =>
    [true, false].map((hears) => [what, hears, ...how] as const),
  );
  test.each(cases)("%s (it hears of it: %s)", async (_, hears, options, peer) => {
    const outcome = await run(`
      const net = require("node:net");
      const { once } = require("node:events");
      (async () => {
        const context = new zmq.Context();
        let server = net.createServer().listen(0, "127.0.0.1");
        await once(server, "listening");
        const address = "tcp://127.0.0.1:" + server.address().port;
        ${peer}
        const socket = context.socket(zmq.DEALER, { linger: -1, ${options} });
        socket.connect(address);
        await socket.send("text");
        const begun = Date.now();
        while (Date.now() - begun < 300) {
          await new Promise((resolve) => setTimeout(resolve, 10));
          ${hears ? "socket.get(zmq.EVENTS);" : ""}
        }
        socket.close();
        await context.term();
        server?.close();
      })();`);
    expect(outcome).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
  });
});

test("a connection that was refused, and is not tried again, is its socket's until it disconnects", async () => {
  const outcome = await run(`
    const net = require("node:net");
    const { once } = require("node:events");
    (async () => {
      const context = new zmq.Context();
      const server = net.createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      const address = "tcp://127.0.0.1:" + server.address().port;
      server.close();
      await once(server, "close");
      const socket = context.socket(zmq.DEALER, { linger: -1, reconnectIvl: -1 });
      const monitor = socket.getMonitorSocket(zmq.EVENT_CLOSED);
      socket.connect(address);
      await zmq.recvMonitorMessage(monitor);
      for (let i = 0; i < 10; i++) await socket.send("text", { timeout: 1000 });
      socket.disconnect(address);
      say("let go");
      socket.close();
      monitor.close();
      await context.term();
    })();`);
  expect(outcome).toEqual({ code: 0, signal: null, stdout: "let go\n", stderr: "" });
});

test("a ROUTER that is closed before its peer is there sends it all it has, though the peer speaks first", async () => {
  const outcome = await run(`
    (async () => {
      const context = new zmq.Context();
      // Not a socket of libzmq's, which would listen a little longer than it is open, and turn the ROUTER away for good.
      const probe = require("node:net").createServer().listen(0, "127.0.0.1");
      await require("node:events").once(probe, "listening");
      const address = "tcp://127.0.0.1:" + probe.address().port;
      await new Promise((resolve) => probe.close(resolve));
      const router = context.socket(zmq.ROUTER, { sndhwm: 0, linger: -1, reconnectIvl: 20, connectRoutingId: "peer" });
      router.connect(address);
      const body = Buffer.alloc(2000);
      for (let i = 0; i < 20_000; i++) await router.sendMultipart(["peer", body]);
      router.close();
      const dealer = context.socket(zmq.DEALER, { rcvhwm: 0, linger: 0 });
      for (;;) {
        try {
          dealer.bind(address);
          break;
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      }
      let heard = 0;
      for (; heard < 20_000; heard++) {
        await dealer.recv({ timeout: 10_000 });
        if (heard === 0) await dealer.send("hello");
      }
      say(heard);
      dealer.close();
      await context.term();
    })();`);
  expect(outcome).toEqual({ code: 0, signal: null, stdout: "20000\n", stderr: "" });
});
