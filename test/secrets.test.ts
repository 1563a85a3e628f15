/** Keys and passwords stay where they were put: no error, inspection, event or diagnostic shows them. */
import diagnostics from "node:diagnostics_channel";
import { inspect } from "node:util";
import * as zmq from "nodezmq";
import { expect, test } from "vitest";
import { newContext } from "./support/life-own.js";

const deep = { depth: 10, showHidden: true, getters: true };
const PASSWORD = "correct horse battery staple";

/** All that a program could print of something that was thrown. */
function thrown(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return `${inspect(error, deep)} ${String((error as Error).stack)} ${JSON.stringify(error)}`;
  }
  throw new Error("nothing was thrown");
}

test("inspecting a socket, its context and the defaults shows no key and no password", () => {
  const context = newContext();
  const [publicKey, secretKey] = zmq.curveKeypair();
  const socket = context.socket(zmq.DEALER, {
    curveServerkey: publicKey,
    curvePublickey: publicKey,
    curveSecretkey: secretKey,
  });
  const plain = context.socket(zmq.DEALER, { plainUsername: "admin", plainPassword: PASSWORD });
  expect(socket.curveSecretkey).toBe(secretKey); // whoever set it may read it
  for (const options of [{}, { depth: 10, showHidden: true }]) {
    const shown = [socket, plain, context, { socket }, [plain]]
      .map((thing) => inspect(thing, options))
      .join("\n");
    expect(shown).toContain("zmq.DEALER");
    expect(shown).not.toContain(secretKey);
    expect(shown).not.toContain(PASSWORD);
  }
  expect(JSON.stringify(Object.keys(socket))).not.toMatch(/secret|password/i);
});

test("an option that is refused does not repeat the secret", () => {
  const context = newContext();
  const socket = context.socket(zmq.DEALER);
  const [, secretKey] = zmq.curveKeypair();
  const attempts: (() => unknown)[] = [
    () => socket.set(zmq.CURVE_SECRETKEY, `${secretKey}!`),
    () => socket.set(zmq.CURVE_SECRETKEY, secretKey.slice(1)),
    () => {
      socket.curveSecretkey = `${secretKey}x`;
    },
    () => context.socket(zmq.DEALER, { curveSecretkey: `${secretKey}x` }),
    () => socket.set(zmq.PLAIN_PASSWORD, PASSWORD.repeat(50)),
    () => {
      socket.plainPassword = [PASSWORD] as never;
    },
    () => zmq.curvePublic(`${secretKey}x`),
  ];
  const shown = attempts.map(thrown).join("\n");
  expect(shown).not.toContain(secretKey.slice(1, -1));
  expect(shown).not.toContain(PASSWORD);
});

test("monitors and diagnostics tell of a refused client without its password or key", async () => {
  const context = newContext();
  const told: unknown[] = [];
  const listen = (message: unknown): void => void told.push(message);
  const channels = ["connect", "bind", "send", "recv", "disconnect"].map((name) => `nodezmq:${name}`);
  for (const name of channels) diagnostics.subscribe(name, listen);
  try {
    const server = context.socket(zmq.REP, { plainServer: true });
    const client = context.socket(zmq.REQ, { plainUsername: "admin", plainPassword: PASSWORD });
    const monitored = server.events();
    client.connect(server.bind("tcp://127.0.0.1:*").address);
    // No handler: PLAIN lets nobody in, and both ends are told.
    for await (const event of monitored) {
      told.push(event);
      if (event.event !== zmq.EVENT_LISTENING && event.event !== zmq.EVENT_ACCEPTED) break;
    }
  } finally {
    for (const name of channels) diagnostics.unsubscribe(name, listen);
  }
  expect(told.length).toBeGreaterThan(2); // the bind, the connect, the handshake's end
  expect(inspect(told, { depth: 10, showHidden: true })).not.toContain(PASSWORD);
});
