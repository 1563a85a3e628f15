/** Programs of the tests of what is mended in libzmq. */
import { expect } from "vitest";
import { type ChildOptions, type Outcome, run } from "./life-child.js";
import { zmtp } from "./life-zmtp.js";

/** What the children's programs find besides. */
const tools = `
const net = require("node:net");
const fs = require("node:fs");
const udp = require("node:dgram");
const { once } = require("node:events");
const sleep = require("node:timers/promises").setTimeout;
const context = new zmq.Context();
context.linger = 0;
${zmtp}
/** A peer that writes what it likes, once it is let in. */
const peer = async (port, type) => {
  const socket = net.connect(port, "127.0.0.1").on("error", () => {}).resume();
  await once(socket, "connect");
  socket.write(ready(type));
  await sleep(50);
  return socket;
};
const portOf = (socket) => Number(/:(\\d+)\\/?$/.exec(socket.lastEndpoint)[1]);
/** A port of udp's that is free just now. */
const udpPort = async (family = "udp4") => {
  const socket = udp.createSocket(family).bind(0, family === "udp4" ? "127.0.0.1" : "::1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return port;
};
/** Tells a socket that has just been bound "?" by udp until it hears it: binding ends on libzmq's own thread. */
const reach = async (socket, tell) => {
  for (;;) {
    await tell("?");
    const heard = await socket.recvMultipart({ timeout: 50 }).catch(() => undefined);
    if (heard !== undefined) return heard;
  }
};
/** What comes next but that. */
const next = async (socket) => {
  for (;;) {
    const text = await socket.recvString({ timeout: 5000 });
    if (text !== "?") return text;
  }
};
/** A socket hears of what has become of its connections when it is used. */
const hears = async (socket) => {
  for (let i = 0; i < 8; i++, await sleep(10)) socket.get(zmq.EVENTS);
};
/** Watches a socket: what waits until it tells of an event, and has heard itself of what that means. */
const watch = (socket) => {
  const monitor = socket.getMonitorSocket();
  return async (event) => {
    while ((await zmq.recvMonitorMessage(monitor)).event !== event);
    await hears(socket);
  };
};
const thrown = (act) => { try { act(); return "nothing"; } catch (error) { return error.code ?? String(error); } };
`;

/** Runs a program in a child; what it prints. The child has to end by itself, without a word on stderr. */
export async function says(program: string, options?: ChildOptions): Promise<string[]> {
  const outcome: Outcome = await run(
    `${tools}
    (async () => { ${program} })().then(() => context.destroy(0)).then(() => say("ended"));`,
    options,
  );
  expect(outcome).toMatchObject({ code: 0, signal: null, stderr: "" });
  expect(outcome.stdout.endsWith("ended\n")).toBe(true);
  return outcome.stdout.split("\n").slice(0, -2);
}
