/** Waiting costs nothing, on the thread-safe draft sockets as well: a descriptor that is not drained would spin. */
import * as zmq from "nodezmq";
import { expect, test } from "vitest";
import { run } from "./support/life-child.js";

/**
 * Each type waits for a message, or for room, beside a peer that says nothing more. `first` is what it has done before:
 * the peer's message has woken it once.
 */
const waits: { type: string; peer?: string; address?: string; first?: boolean; sends?: boolean }[] = [
  { type: "SERVER", peer: "CLIENT", first: true },
  { type: "CLIENT", peer: "SERVER" },
  { type: "RADIO" },
  { type: "DISH", peer: "RADIO" },
  { type: "GATHER", peer: "SCATTER", first: true },
  { type: "SCATTER", sends: true },
  { type: "PEER", peer: "PEER" },
  { type: "CHANNEL", peer: "CHANNEL", first: true },
  { type: "DGRAM", address: "udp://127.0.0.1:*" },
  { type: "SERVER", peer: "CLIENT", address: "inproc://idle", first: true },
  { type: "CHANNEL", peer: "CHANNEL", address: "inproc://idle", first: true },
  { type: "PULL", peer: "PUSH", first: true },
];

test("a socket that waits takes no time of the processor's, whatever its type", async () => {
  expect(zmq.DRAFT_API).toBe(true);
  const { stdout, stderr } = await run(`(async () => {
    for (const { type, peer, address = "tcp://127.0.0.1:*", first, sends } of ${JSON.stringify(waits)}) {
      const context = new zmq.Context();
      const socket = context.socket(zmq[type], { linger: 0 });
      socket.bind(address);
      if (type === "DISH") socket.join("group");
      const other = peer && context.socket(zmq[peer], { linger: 0 });
      other?.connect(socket.lastEndpoint);
      if (first) {
        await other.send("x");
        await socket.recv();
      }
      const waiting = [socket.poll(-1, zmq.POLLIN)];
      if (sends) waiting.push(socket.send("x"));
      else if (type !== "RADIO") waiting.push(socket.recv());
      for (const one of waiting) one.catch(() => {});
      const before = process.cpuUsage();
      // A span of time is what is measured here: how much of it is the processor's.
      await new Promise((resolve) => setTimeout(resolve, 300));
      const { user, system } = process.cpuUsage(before);
      say(type, Math.round((user + system) / 1000));
      await context.destroy(0);
    }
  })();`);
  expect(stderr).toBe("");
  const used = stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.split(" "));
  expect(used.map(([type]) => type)).toEqual(waits.map(({ type }) => type));
  // Milliseconds of 300: a loop that spins takes nearly all of them, or all that other programs leave it.
  for (const [type, spent] of used) expect(Number(spent), `${type}: ${spent} ms`).toBeLessThan(100);
});
