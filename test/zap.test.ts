/** Security as libzmq has it, with ZAP handlers that are written by hand, and without any. */
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { curve, handleBy, knock, metadata, no, plain, yes } from "./support/security.js";
import { newContext } from "./support/sockets.js";

const SUCCEEDED = "HANDSHAKE_SUCCEEDED";
const FAILED = "HANDSHAKE_FAILED_AUTH";

describe.each(["tcp", "ipc"] as const)("over %s", (transport) => {
  test("a PLAIN handler sees who knocks, and the server reads the user id that it gives", async () => {
    const context = newContext();
    const requests = handleBy(context, (request) => yes(request, "Ada"));
    const { event, frame } = await knock(context, {
      server: { plainServer: true, zapDomain: "the domain" },
      client: { ...plain("user", "pässword"), routingId: "client" },
      transport,
    });
    expect(event).toBe(SUCCEEDED);
    expect(frame?.get("User-Id")).toBe("Ada");
    const [version, id, domain, address, identity, mechanism, ...credentials] = requests[0] as Buffer[];
    expect([version, domain, mechanism].map(String)).toEqual(["1.0", "the domain", "PLAIN"]);
    expect(id?.length).toBeGreaterThan(0);
    if (transport === "tcp") expect(String(address)).toBe("127.0.0.1");
    else expect(String(address)).not.toContain("127.0.0.1");
    expect(credentials.map(String)).toEqual(["user", "pässword"]);
    expect(identity).toBeInstanceOf(Buffer);
  });

  test("a CURVE handler sees the client's key, 32 bytes", async () => {
    const context = newContext();
    const requests = handleBy(context, (request) => yes(request, "id"));
    const keys = zmq.curveKeypair();
    const server = curve();
    const { event, frame } = await knock(context, {
      server: server.server,
      client: server.client(keys),
      transport,
    });
    expect(event).toBe(SUCCEEDED);
    expect(frame?.get("User-Id")).toBe("id");
    expect(requests[0]?.slice(5).map((one) => one.length)).toEqual([5, 32]);
    expect(zmq.utils.z85.encode(requests[0]?.[6] as Buffer)).toBe(keys[0]);
  });

  test.each([
    ["400", 400],
    ["500", 500],
    ["300", 300],
  ])("a handler that answers %s keeps the client out, and the monitor tells so", async (status, value) => {
    const context = newContext();
    handleBy(context, (request) => no(request, status));
    const server = curve();
    expect(await knock(context, { server: server.server, client: server.client(), transport })).toMatchObject(
      { event: FAILED, value },
    );
  });

  test("the client's monitor tells of the refusal, too", async () => {
    const context = newContext();
    handleBy(context, (request) => no(request));
    const server = context.socket(zmq.PULL, { plainServer: true });
    const client = context.socket(zmq.PUSH, plain("a", "b"));
    server.bind("tcp://127.0.0.1:*");
    const monitor = client.getMonitorSocket(zmq.EVENT_HANDSHAKE_FAILED_AUTH);
    client.connect(server.lastEndpoint);
    expect(await zmq.recvMonitorMessage(monitor)).toMatchObject({ name: FAILED, value: 400 });
  });
});

describe("metadata", () => {
  test("of the connection and of the handler is on every Frame", async () => {
    const context = newContext();
    handleBy(context, (request) =>
      yes(request, "Ada", metadata({ Hello: "World", "X-Long": "y".repeat(1000) })),
    );
    const server = context.socket(zmq.ROUTER, { zapDomain: "x", linger: 0 });
    const client = context.socket(zmq.DEALER, { routingId: "me", linger: 0 });
    server.bind("tcp://127.0.0.1:*");
    client.connect(server.lastEndpoint);
    await client.sendMultipart(["a", "b"]);
    const frames = await server.recvMultipart({ copy: false });
    expect(frames.map(String)).toEqual(["me", "a", "b"]);
    for (const frame of frames.slice(1)) {
      expect(frame.get("User-Id")).toBe("Ada");
      expect(frame.get("Socket-Type")).toBe("DEALER");
      expect(frame.get("Peer-Address")).toBe("127.0.0.1");
      expect(frame.get("Identity")).toBe("me");
      expect(frame.get("Hello")).toBe("World");
      expect(frame.get("X-Long")).toBe("y".repeat(1000));
      expect(() => frame.get("Unknown")).toThrow();
    }
  });

  test("that is malformed is the handler's fault, and no way in", async () => {
    const context = newContext();
    handleBy(context, (request) => yes(request, "", Buffer.from("\x05Hel")));
    expect((await knock(context, { server: { zapDomain: "x" } })).event).not.toBe(SUCCEEDED);
  });
});

describe("a handler that is wrong", () => {
  test.each<[string, (request: Buffer[]) => (string | Buffer)[]]>([
    ["answers with too few frames", (request) => yes(request).slice(0, 5)],
    ["answers with too many frames", (request) => [...yes(request), "more"]],
    ["answers with another version", (request) => ["2.0", ...yes(request).slice(1)]],
    ["answers another request", (request) => yes([Buffer.alloc(0), Buffer.from("other"), ...request])],
    ["answers with a status that is none", (request) => no(request, "2000")],
    ["answers with an empty status", (request) => no(request, "")],
    ["answers with one empty frame", () => [""]],
  ])("%s lets nobody in", async (_name, handler) => {
    const context = newContext();
    handleBy(context, handler);
    const server = curve();
    const { event } = await knock(context, { server: server.server, client: server.client() });
    expect(event).not.toBe(SUCCEEDED);
  });
});

describe("without a handler", () => {
  test("NULL lets everybody in, whatever the domain", async () => {
    const context = newContext();
    expect((await knock(context, {})).event).toBe(SUCCEEDED);
    expect((await knock(context, { server: { zapDomain: "x" } })).event).toBe(SUCCEEDED);
  });

  test("zapEnforceDomain keeps everybody out", async () => {
    const context = newContext();
    const server = { zapDomain: "x", zapEnforceDomain: true };
    expect((await knock(context, { server })).event).not.toBe(SUCCEEDED);
    const keys = curve("x");
    const guarded = { ...keys.server, zapEnforceDomain: true };
    expect((await knock(context, { server: guarded, client: keys.client() })).event).not.toBe(SUCCEEDED);
  });

  test("PLAIN lets nobody in", async () => {
    const { event } = await knock(newContext(), {
      server: { plainServer: true },
      client: plain("a", "b"),
    });
    expect(event).not.toBe(SUCCEEDED);
  });

  test("CURVE lets in whoever knows the server's key", async () => {
    const context = newContext();
    const server = curve();
    expect((await knock(context, { server: server.server, client: server.client() })).event).toBe(SUCCEEDED);
  });

  test.each<[string, (server: ReturnType<typeof curve>) => Record<string, unknown>]>([
    ["another server's key", () => curve().client()],
    ["no security at all", () => ({})],
    ["PLAIN", () => plain("a", "b")],
    [
      "a public key that is not that of its secret key",
      (server) => server.client([zmq.curveKeypair()[0], zmq.curveKeypair()[1]]),
    ],
  ])("CURVE does not let in a client with %s", async (_name, client) => {
    const server = curve();
    const { event } = await knock(newContext(), { server: server.server, client: client(server) });
    expect(event).not.toBe(SUCCEEDED);
  });

  test("a CURVE client is not let in by a server without security, nor by a PLAIN one", async () => {
    const context = newContext();
    const client = curve().client();
    expect((await knock(context, { client })).event).not.toBe(SUCCEEDED);
    expect((await knock(context, { client, server: { plainServer: true } })).event).not.toBe(SUCCEEDED);
  });
});

describe("NULL with a handler", () => {
  test("asks it only if the server has a domain", async () => {
    const context = newContext();
    const requests = handleBy(context, (request) => no(request));
    expect((await knock(context, {})).event).toBe(SUCCEEDED);
    expect(requests).toEqual([]);
    expect(await knock(context, { server: { zapDomain: "x" } })).toMatchObject({ event: FAILED, value: 400 });
    expect(requests[0]?.map(String).slice(5)).toEqual(["NULL"]);
  });
});

describe("options", () => {
  test("the mechanism follows what is set", () => {
    const socket = newContext().socket(zmq.DEALER);
    expect(socket.mechanism).toBe(zmq.NULL);
    socket.plainServer = true;
    expect(socket.mechanism).toBe(zmq.PLAIN);
    socket.plainServer = false;
    expect(socket.mechanism).toBe(zmq.NULL);
    socket.plainUsername = "a";
    socket.plainPassword = "b";
    expect([socket.mechanism, socket.plainUsername, socket.plainPassword]).toEqual([zmq.PLAIN, "a", "b"]);
    socket.curveServer = true;
    expect(socket.mechanism).toBe(zmq.CURVE);
    expect(socket.curveServer).toBe(true);
  });

  test("keys read back as text, however they were given", () => {
    const [publicKey, secretKey] = zmq.curveKeypair();
    const socket = newContext().socket(zmq.DEALER);
    for (const given of [
      publicKey,
      zmq.utils.z85.decode(publicKey),
      Buffer.from(publicKey),
      Buffer.from(`${publicKey}\0`),
    ]) {
      socket.curveServerkey = given;
      expect(socket.curveServerkey).toBe(publicKey);
      expect(socket.get(zmq.CURVE_SERVERKEY)).toBe(publicKey);
    }
    socket.curvePublickey = publicKey;
    socket.curveSecretkey = secretKey;
    expect([socket.curvePublickey, socket.curveSecretkey]).toEqual([publicKey, secretKey]);
    expect(socket.mechanism).toBe(zmq.CURVE);
  });

  test("both ends see each other's messages over CURVE, large ones too", async () => {
    const context = newContext();
    const keys = curve();
    const server = context.socket(zmq.DEALER, { ...keys.server, linger: 0 });
    const client = context.socket(zmq.DEALER, { ...keys.client(), linger: 0 });
    server.bind("tcp://127.0.0.1:*");
    client.connect(server.lastEndpoint);
    for (const size of [0, 1, 255, 256, 8191, 8192, 1_000_000]) {
      const data = Buffer.alloc(size, "0123456789");
      await client.sendMultipart([data, data]);
      const received = await server.recvMultipart();
      expect(received.map((frame) => frame.equals(data))).toEqual([true, true]);
      await server.send(data);
      expect((await client.recv()).equals(data)).toBe(true);
    }
  });
});

test("CURVE works over ws, too", async () => {
  const context = newContext();
  const requests = handleBy(context, (request) => yes(request, "id"));
  const keys = curve();
  const server = context.socket(zmq.PULL, { ...keys.server, linger: 0 });
  const client = context.socket(zmq.PUSH, { ...keys.client(), linger: 0 });
  server.bind("ws://127.0.0.1:*");
  client.connect(server.lastEndpoint);
  await client.send("hello");
  const frame = await server.recv({ copy: false });
  expect([String(frame), frame.get("User-Id")]).toEqual(["hello", "id"]);
  expect(String(requests[0]?.[5])).toBe("CURVE");
});

describe("keys", () => {
  test("curveKeypair gives a new pair of texts of 40 characters each time", () => {
    const [publicKey, secretKey] = zmq.curveKeypair();
    for (const key of [publicKey, secretKey]) {
      expect(key).toMatch(/^[0-9a-zA-Z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/);
      expect(zmq.utils.z85.decode(key)).toHaveLength(32);
    }
    expect(zmq.curveKeypair()).not.toEqual([publicKey, secretKey]);
  });

  test("curvePublic finds the public key of a secret one, as text or bytes", () => {
    const [publicKey, secretKey] = zmq.curveKeypair();
    expect(zmq.curvePublic(secretKey)).toBe(publicKey);
    expect(zmq.curvePublic(Buffer.from(secretKey))).toBe(publicKey);
    // The pair of the Curve ZMQ specification's test.
    expect(zmq.curvePublic("D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs")).toBe(
      "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID",
    );
  });

  test.each<[string, unknown, unknown]>([
    ["too short", "x".repeat(39), RangeError],
    ["too long", "x".repeat(41), RangeError],
    ["empty", "", RangeError],
    ["empty bytes", Buffer.alloc(0), RangeError],
    ["raw bytes", Buffer.alloc(32), RangeError],
    ["a number", 40, TypeError],
    ["null", null, TypeError],
    ["undefined", undefined, TypeError],
    ["an array", ["x".repeat(40)], TypeError],
  ])("curvePublic refuses a key that is %s", (_name, key, type) => {
    expect(() => zmq.curvePublic(key as string)).toThrow(type as ErrorConstructor);
  });

  test.each([
    ["a blank", `${"x".repeat(39)} `],
    ["a quotation mark", `${"x".repeat(39)}"`],
    ["an underscore", `${"x".repeat(20)}_${"x".repeat(19)}`],
    ["a NUL", `${"x".repeat(20)}\0${"x".repeat(19)}`],
    ["a letter beyond ASCII", `${"x".repeat(39)}ä`],
    ["five that stand for more than 32 bits", `#####${"x".repeat(35)}`],
  ])("curvePublic refuses a key with %s as libzmq does: EINVAL", (_name, key) => {
    expect(() => zmq.curvePublic(key)).toThrow(expect.objectContaining({ code: "EINVAL" }));
  });
});
