/** Peers that shake hands, send what they like and go, by their end or by a reset: the server keeps no descriptor of theirs. */
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { run } from "./support/life-child.js";

/** What each type's peers say that they are. */
const PEERS = {
  ...{ PAIR: "PAIR", CHANNEL: "CHANNEL", PEER: "PEER", PUB: "SUB", XPUB: "SUB", SUB: "PUB", XSUB: "XPUB" },
  ...{ PUSH: "PULL", PULL: "PUSH", SCATTER: "GATHER", GATHER: "SCATTER", RADIO: "DISH", DISH: "RADIO" },
  ...{ ROUTER: "DEALER", DEALER: "DEALER", REP: "REQ", REQ: "REP", SERVER: "CLIENT", CLIENT: "SERVER" },
};

const program = (type: string, peer: string): string => `
const net = require("node:net");
const fs = require("node:fs");
const { once } = require("node:events");
const sleep = require("node:timers/promises").setTimeout;
const frame = (flags, body) => {
  const head = Buffer.alloc(9);
  head[0] = flags | 2;
  head.writeBigUInt64BE(BigInt(body.length), 1);
  return Buffer.concat([head, Buffer.from(body)]);
};
const named = (name, body) => Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.from(body)]);
const command = (name, body) => frame(4, named(name, body));
const property = (name, value) => named(name, Buffer.concat([Buffer.from([0, 0, 0, value.length]), Buffer.from(value)]));
const greeting = Buffer.alloc(64);
greeting.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1]);
greeting.write("NULL", 12);
const ready = (id) => Buffer.concat([greeting, command("READY", [...property("Socket-Type", "${peer}"), ...(id ? property("Identity", id) : [])])]);
const many = (count, make) => Buffer.concat(Array.from({ length: count }, (_, i) => make(i)));
const large = Buffer.alloc(50_000);
const conversations = [
  [greeting],
  [ready()],
  [ready(), many(10, () => frame(0, large))],
  [ready(), many(3000, () => frame(0, "x".repeat(100)))],
  [ready(), many(5, () => frame(1, large))],
  [ready(), frame(0, large).subarray(0, 20_000)],
  [ready("A"), many(10, () => frame(0, large))],
  [ready("A"), many(2000, () => Buffer.concat([frame(1, ""), frame(1, "A"), frame(0, "x")]))],
  [ready(), many(5, () => Buffer.concat([frame(1, ""), frame(0, large)]))],
  [ready(), many(1500, (i) => command("SUBSCRIBE", "topic" + i))],
  [ready(), many(1500, (i) => frame(0, "\\x01topic" + i))],
  [ready(), many(1500, (i) => command("JOIN", "\\x05" + String(i).padEnd(5)))],
  [ready(), many(500, () => command("PING", Buffer.alloc(18)))],
  [ready(), command("ERROR", "\\x03why")],
];
const stranger = async (port, [hello, rest], reset) => {
  const socket = net.connect(port, "127.0.0.1").on("error", () => {}).resume();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await once(socket, "connect");
  socket.write(hello);
  await sleep(20);
  if (rest !== undefined) socket.write(rest);
  if (reset) {
    await sleep(20);
    socket.resetAndDestroy();
  } else {
    socket.end();
  }
  await closed;
};
const [context, there] = [new zmq.Context(), new zmq.Context()];
context.linger = there.linger = 0;
const [server, first] = [context.socket(zmq.${type}), there.socket(zmq.${peer})];
for (const socket of [server, first]) {
  if (socket.type === zmq.SUB) socket.subscribe("");
  if (socket.type === zmq.DISH) socket.join("g");
}
if (![zmq.SERVER, zmq.CLIENT].includes(first.type)) first.routingId = "A";
server.bind("tcp://127.0.0.1:*");
const descriptors = () => fs.readdirSync("/proc/self/fd").length;
const before = descriptors();
first.connect(server.lastEndpoint);
let going = true;
// A server receives, or sends, as its type can.
const loop = async (act) => {
  while (going) await act().catch(() => sleep(1));
};
const sends = [zmq.PUB, zmq.PUSH, zmq.SCATTER, zmq.RADIO].includes(server.type);
const loops = [
  ...(sends ? [] : [loop(() => server.recv({ timeout: 20 }))]),
  ...(sends || server.type === zmq.REQ ? [loop(async () => { await server.send("x", { timeout: 5, ...(server.type === zmq.RADIO && { group: "g" }) }); await sleep(1); })] : []),
  ...(server.type === zmq.REP ? [loop(() => server.send("answer", { timeout: 5 }))] : []),
];
(async () => {
  const port = Number(/:(\\d+)$/.exec(server.lastEndpoint)[1]);
  for (const reset of [false, true]) {
    await Promise.all(conversations.flatMap((one) => [1, 2, 3].map(() => stranger(port, one, reset))));
  }
  // Both ends of the first one's connection, what a thread-safe socket is watched by, and one that libuv keeps in reserve.
  while (descriptors() > before + 4) await sleep(10);
  going = false;
  await Promise.all(loops);
  await there.destroy(0);
  await context.destroy(0);
  say("nothing is left");
})();
`;

// Without /proc nothing tells of descriptors.
describe
  .runIf(existsSync("/proc/self/fd"))
  .concurrent("a server keeps nothing of peers that have gone:", () => {
    test.each(Object.entries(PEERS))("%s", async (type, peer) => {
      expect(await run(program(type, peer))).toEqual({
        code: 0,
        signal: null,
        stdout: "nothing is left\n",
        stderr: "",
      });
    });
  });
