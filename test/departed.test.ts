/** Peers that shake hands, send what they like and go, by their end or by a reset: the server keeps no descriptor of theirs. */
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { run } from "./support/life-child.js";
import { PEERS, zmtp } from "./support/life-zmtp.js";

const program = (type: string, peer: string): string => `
const net = require("node:net");
const fs = require("node:fs");
const { once } = require("node:events");
const turn = () => new Promise(setImmediate);
${zmtp}const many = (count, make) => Buffer.concat(Array.from({ length: count }, (_, i) => make(i)));
const large = Buffer.alloc(50_000);
const conversations = [
  [greeting],
  [ready("${peer}")],
  [ready("${peer}"), many(10, () => frame(0, large))],
  [ready("${peer}"), many(3000, () => frame(0, "x".repeat(100)))],
  [ready("${peer}"), many(5, () => frame(1, large))],
  [ready("${peer}"), frame(0, large).subarray(0, 20_000)],
  [ready("${peer}", "A"), many(10, () => frame(0, large))],
  [ready("${peer}", "A"), many(2000, () => Buffer.concat([frame(1, ""), frame(1, "A"), frame(0, "x")]))],
  [ready("${peer}"), many(5, () => Buffer.concat([frame(1, ""), frame(0, large)]))],
  [ready("${peer}"), many(1500, (i) => command("SUBSCRIBE", "topic" + i))],
  [ready("${peer}"), many(1500, (i) => frame(0, "\\x01topic" + i))],
  [ready("${peer}"), many(1500, (i) => command("JOIN", "\\x05" + String(i).padEnd(5)))],
  [ready("${peer}"), many(500, () => command("PING", Buffer.alloc(18)))],
  [ready("${peer}"), command("ERROR", "\\x03why")],
];
const stranger = async (port, [hello, rest], reset) => {
  const socket = net.connect(port, "127.0.0.1").on("error", () => {}).resume();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await once(socket, "connect");
  await shakeHands(socket, hello);
  if (rest !== undefined) await new Promise((resolve) => socket.write(rest, resolve));
  if (reset) socket.resetAndDestroy();
  else socket.end();
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
first.connect(server.lastEndpoint);
let going = true;
// A server receives, or sends, as its type can.
const loop = async (act) => {
  while (going) await act().catch(turn);
};
const sends = [zmq.PUB, zmq.PUSH, zmq.SCATTER, zmq.RADIO].includes(server.type);
const loops = [
  ...(sends ? [] : [loop(() => server.recv({ timeout: 20 }))]),
  ...(sends || server.type === zmq.REQ ? [loop(async () => { await server.send("x", { timeout: 5, ...(server.type === zmq.RADIO && { group: "g" }) }); await turn(); })] : []),
  ...(server.type === zmq.REP ? [loop(() => server.send("answer", { timeout: 5 }))] : []),
];
(async () => {
  const idle = context.socket(zmq.PULL);
  await idle.poll(1); // what watches sockets for the process has descriptors of its own
  const before = descriptors();
  const port = Number(/:(\\d+)$/.exec(server.lastEndpoint)[1]);
  for (const reset of [false, true]) {
    await Promise.all(conversations.flatMap((one) => [1, 2, 3].map(() => stranger(port, one, reset))));
  }
  // Both ends of the first one's connection, what a thread-safe socket is watched by, and one that libuv keeps in reserve.
  while (descriptors() > before + 4) await turn();
  going = false;
  await Promise.all(loops);
  idle.close();
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
