/** CURVE and PLAIN, without and with a ZAP handler that the program has written itself. */
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { bound, newContext } from "./support/sockets.js";

/** Answers ZAP requests: `judge` says the status and the user of each. */
function handler(
  context: zmq.Context,
  judge: (request: {
    domain: string;
    mechanism: string;
    credentials: Buffer[];
  }) => [status: string, user: string],
): void {
  const zap = context.socket(zmq.REP);
  zap.bind("inproc://zeromq.zap.01");
  void (async () => {
    for await (const [version, id, domain, , , mechanism, ...credentials] of zap) {
      const [status, user] = judge({ domain: String(domain), mechanism: String(mechanism), credentials });
      await zap.sendMultipart([version as Buffer, id as Buffer, status, "", user, ""]);
    }
  })().catch(() => {}); // the context has gone
}

/** The first event that says how the handshake has ended. */
async function handshake(socket: zmq.Socket): Promise<[string, number]> {
  for await (const { name, value } of socket.events()) {
    if (name.startsWith("HANDSHAKE")) return [name, value];
  }
  throw new Error("no handshake");
}

async function roundTrip(server: zmq.Socket, client: zmq.Socket): Promise<zmq.Frame> {
  await client.send("question");
  const frame = await server.recv({ copy: false });
  await server.send("answer");
  expect(String(await client.recv())).toBe("answer");
  return frame;
}

describe("CURVE", () => {
  const [serverPublic, serverSecret] = zmq.curveKeypair();
  const [clientPublic, clientSecret] = zmq.curveKeypair();
  const serverOptions = { curveServer: true, curveSecretkey: serverSecret, linger: 0 };
  const clientOptions = {
    curveServerkey: serverPublic,
    curvePublickey: clientPublic,
    curveSecretkey: clientSecret,
    linger: 0,
  };

  test("without a handler lets in who knows the server's key", async () => {
    const context = newContext();
    const server = context.socket(zmq.REP, serverOptions);
    const client = context.socket(zmq.REQ, clientOptions);
    expect([server.mechanism, client.mechanism]).toEqual([zmq.CURVE, zmq.CURVE]);
    expect([client.curveServerkey, client.curvePublickey, client.curveSecretkey]).toEqual([
      serverPublic,
      clientPublic,
      clientSecret,
    ]);
    client.connect(bound(server, "tcp"));
    await roundTrip(server, client);
  });

  test("keeps out who knows another key, or speaks without one", async () => {
    const context = newContext();
    const server = context.socket(zmq.REP, serverOptions);
    const address = bound(server, "tcp");
    for (const options of [{ ...clientOptions, curveServerkey: clientPublic }, { linger: 0 }]) {
      const client = context.socket(zmq.REQ, options);
      const failed = handshake(client);
      client.connect(address);
      const [name] = await failed;
      expect(name).toMatch(/^HANDSHAKE_FAILED/);
      client.close();
    }
  });

  test("with a handler lets in whom it knows by the 32 bytes of the key, and tells the user's name", async () => {
    const context = newContext();
    const seen: unknown[] = [];
    handler(context, ({ domain, mechanism, credentials: [key] }) => {
      seen.push([domain, mechanism, key?.length]);
      const probe = context.socket(zmq.PAIR, { curvePublickey: key as Buffer });
      const known = probe.curvePublickey === clientPublic;
      probe.close();
      return known ? ["200", "somebody"] : ["400", ""];
    });
    const server = context.socket(zmq.REP, { ...serverOptions, zapDomain: "here" });
    const address = bound(server, "tcp");
    const client = context.socket(zmq.REQ, clientOptions);
    client.connect(address);
    const frame = await roundTrip(server, client);
    expect(frame.get("User-Id")).toBe("somebody");

    const [otherPublic, otherSecret] = zmq.curveKeypair();
    const stranger = context.socket(zmq.REQ, {
      ...clientOptions,
      curvePublickey: otherPublic,
      curveSecretkey: otherSecret,
    });
    const failed = handshake(stranger);
    stranger.connect(address);
    expect(await failed).toEqual(["HANDSHAKE_FAILED_AUTH", 400]);
    expect(seen).toEqual([
      ["here", "CURVE", 32],
      ["here", "CURVE", 32],
    ]);
  });
});

describe("PLAIN", () => {
  test("with a handler lets in who has the password, and keeps the others out", async () => {
    const context = newContext();
    handler(context, ({ domain, mechanism, credentials: [user, password] }) => {
      const known = String([domain, mechanism, user, password]) === "global,PLAIN,n\u00e4me,secret";
      return known ? ["200", String(user)] : ["400", ""];
    });
    const server = context.socket(zmq.REP, { plainServer: true, zapDomain: "global", linger: 0 });
    const address = bound(server, "tcp");
    const client = context.socket(zmq.REQ, {
      plainUsername: "n\u00e4me",
      plainPassword: "secret",
      linger: 0,
    });
    expect([server.mechanism, client.mechanism]).toEqual([zmq.PLAIN, zmq.PLAIN]);
    client.connect(address);
    expect((await roundTrip(server, client)).get("User-Id")).toBe("n\u00e4me");
    const stranger = context.socket(zmq.REQ, {
      plainUsername: "n\u00e4me",
      plainPassword: "guess",
      linger: 0,
    });
    const failed = handshake(stranger);
    stranger.connect(address);
    expect(await failed).toEqual(["HANDSHAKE_FAILED_AUTH", 400]);
  });

  test("taken back with null is no PLAIN any more", () => {
    const socket = newContext().socket(zmq.DEALER, { plainUsername: "name", plainPassword: "secret" });
    expect(socket.mechanism).toBe(zmq.PLAIN);
    socket.plainUsername = null;
    expect(socket.mechanism).toBe(zmq.NULL);
  });
});
