/** Peers that do not speak ZMTP, or speak it wrongly: they are dropped, and everybody else is served meanwhile. */
import { once } from "node:events";
import { connect } from "node:net";
import fc from "fast-check";
import * as zmq from "nodezmq";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { start } from "./support/life-child.js";
import { conversation, frame, garbage, greeting, ready, say } from "./support/zmtp.js";

/** How many conversations of each kind are tried: more by NODEZMQ_FUZZ. */
const RUNS = Number(process.env.NODEZMQ_FUZZ ?? 200);
/** How long an answer may take, in milliseconds. */
const PATIENCE = 20_000;
const LIMIT = Math.max(60_000, RUNS * 200);

/** A server of each kind in a process of its own: an abort of libzmq's is seen as such. */
const server = `
  const context = new zmq.Context();
  const limits = { linger: 0, maxmsgsize: 1000, handshakeIvl: 2000 };
  const rep = context.socket(zmq.REP, limits);
  rep.bind("tcp://127.0.0.1:*");
  const tcp = rep.lastEndpoint;
  rep.bind("ws://127.0.0.1:*");
  const ws = rep.lastEndpoint;
  const others = {
    ROUTER: context.socket(zmq.ROUTER, limits),
    PULL: context.socket(zmq.PULL, limits),
    SUB: context.socket(zmq.SUB, { ...limits, subscribe: "" }),
    XPUB: context.socket(zmq.XPUB, limits),
    PUB: context.socket(zmq.PUB, limits),
    DEALER: context.socket(zmq.DEALER, limits),
    SERVER: context.socket(zmq.SERVER, limits),
    RADIO: context.socket(zmq.RADIO, limits),
    PLAIN: context.socket(zmq.REP, { ...limits, plainServer: true }),
    CURVE: context.socket(zmq.REP, { ...limits, curveServer: true, curveSecretkey: zmq.curveKeypair()[1] }),
  };
  const ports = { REP: tcp, ws };
  for (const [name, socket] of Object.entries(others)) {
    socket.bind("tcp://127.0.0.1:*");
    ports[name] = socket.lastEndpoint;
    if (name !== "PUB" && name !== "RADIO") (async () => { for await (const _ of socket); })();
  }
  say(JSON.stringify(ports));
  (async () => { for await (const frames of rep) await rep.sendMultipart(frames); })();`;

let child: ReturnType<typeof start>;
let ports: Record<string, string>;
let context: zmq.Context;
let client: zmq.Socket;

beforeAll(async () => {
  child = start(server, { patience: LIMIT * 20 });
  ports = JSON.parse(await child.line());
  context = new zmq.Context();
  client = context.socket(zmq.REQ, { linger: 0 });
  client.connect(ports.REP as string);
}, LIMIT);

afterAll(async () => {
  await context.destroy(0);
  child.process.kill("SIGKILL");
});

const portOf = (address: string): number => Number(/:(\d+)\/?$/.exec(address)?.[1]);

/** The server is there, and answers a client that behaves. */
async function stillServes(question: string | Buffer = "still there?"): Promise<void> {
  const ended = child.ended.then(({ code, signal, stderr }) => {
    throw new Error(`the server has ended: ${signal ?? code}\n${stderr}`);
  });
  await client.send(question);
  expect(await Promise.race([client.recv({ timeout: PATIENCE }), ended])).toEqual(Buffer.from(question));
}

const targets = [
  "REP",
  "ROUTER",
  "PULL",
  "SUB",
  "XPUB",
  "PUB",
  "DEALER",
  "SERVER",
  "RADIO",
  "PLAIN",
  "CURVE",
  "ws",
];

describe.each(targets)("a %s socket", (target) => {
  test.each(Object.entries(garbage))(
    "outlives peers that speak %s",
    async (_kind, data) => {
      await fc.assert(
        fc.asyncProperty(conversation(data), async (spoken) => {
          await say(portOf(ports[target] as string), spoken);
          await stillServes();
        }),
        { numRuns: Math.ceil(RUNS / 4) },
      );
    },
    LIMIT,
  );
});

describe("a server with a limit on the size of messages", () => {
  test.each([1001n, 2n ** 31n, 2n ** 63n - 1n, 2n ** 64n - 1n])(
    "hangs up on who announces %i bytes, and takes no memory for it",
    async (announced) => {
      const spoken = Buffer.concat([
        greeting(),
        ready("REQ"),
        frame(Buffer.from("only this much"), 2, announced),
      ]);
      await say(portOf(ports.REP as string), { data: spoken, cuts: [], reset: false });
      await stillServes();
    },
  );

  test("still takes messages of just that size", async () => {
    await stillServes(Buffer.alloc(1000, 7));
  });
});

test("a hundred peers that stop in mid-handshake hold nobody up", async () => {
  const stalled = Array.from({ length: 100 }, (_, i) =>
    say(portOf(ports.REP as string), { data: greeting().subarray(0, i % 64), cuts: [], reset: i % 2 === 0 }),
  );
  await stillServes();
  await Promise.all(stalled);
  await stillServes();
});

describe("a WebSocket peer", () => {
  const upgrade = [
    "GET / HTTP/1.1",
    "Host: x",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol: ZWS2.0/NULL",
    "Sec-WebSocket-Version: 13",
  ].join("\r\n");

  test.each([
    ["sends a fragment of a message", [0x02, 0x80]],
    ["has an opcode of its own", [0x87, 0x80]],
    ["does not mask", [0x82, 0x05]],
    ["sends a frame of no bytes", [0x82, 0x80, 0, 0, 0, 0]],
  ])("that %s is hung up on", async (_what, bytes) => {
    const peer = connect(portOf(ports.ws as string), "127.0.0.1");
    peer.write(`${upgrade}\r\n\r\n`);
    await once(peer, "data"); // it is a WebSocket now
    peer.resume().write(Buffer.from(bytes));
    await once(peer, "close");
    await stillServes();
  });
});
