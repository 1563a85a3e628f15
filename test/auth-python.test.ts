/** Security between this library and pyzmq, both ways. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as zmq from "nodezmq";
import { describe, expect, onTestFinished, test } from "vitest";
import { runPython } from "./support/auth-python.js";
import { freshAddress, newContext, type SocketOptions } from "./support/sockets.js";

const { createCertificates, loadCertificate, loadCertificates } = zmq.auth;

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "nodezmq-python-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const transports = process.platform === "win32" ? (["tcp"] as const) : (["tcp", "ipc"] as const);

/** A server of pyzmq's that its ThreadAuthenticator guards: it says its address, then whom it has let in, then "nobody". */
const server = `
authenticator = ThreadAuthenticator(context)
authenticator.start()
server = context.socket(zmq.REP)
monitor = server.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_AUTH)
{CONFIGURE}
server.bind(args[0])
say(server.last_endpoint.decode())
poller = zmq.Poller()
poller.register(server, zmq.POLLIN)
poller.register(monitor, zmq.POLLIN)
for _ in range(2):
    ready = dict(poller.poll())
    if server in ready:
        frame = server.recv(copy=False)
        say("let in", frame["User-Id"])
        server.send(frame.bytes)
    else:
        monitor.recv_multipart()
        say("kept out")
authenticator.stop()
context.destroy(0)
`;

describe.each(transports)("our clients at a server of pyzmq's, over %s", (transport) => {
  /** One client that is let in, then one that is kept out. */
  async function expectBoth(
    configure: string,
    args: string[],
    good: SocketOptions,
    bad: SocketOptions,
    user: string,
  ): Promise<void> {
    const context = newContext();
    const program = runPython(server.replace("{CONFIGURE}", configure), freshAddress(transport), ...args);
    const address = await program.line();
    const client = context.socket(zmq.REQ, { ...good, linger: 0 });
    client.connect(address);
    await client.send("hello");
    expect(await program.line()).toBe(`let in ${user}`);
    expect(await client.recvString()).toBe("hello");
    const stranger = context.socket(zmq.REQ, { ...bad, linger: 0 });
    const monitor = stranger.getMonitorSocket(zmq.EVENT_HANDSHAKE_FAILED_AUTH);
    stranger.connect(address);
    expect(await program.line()).toBe("kept out");
    expect(await zmq.recvMonitorMessage(monitor)).toMatchObject({ value: 400 });
    await program.ended;
  }

  test("PLAIN", async () => {
    await expectBoth(
      'authenticator.configure_plain("*", {"zoë": "pässword"}); server.plain_server = True',
      [],
      { plainUsername: "zoë", plainPassword: "pässword" },
      { plainUsername: "zoë", plainPassword: "password" },
      "zoë",
    );
  });

  test("CURVE, with certificates that we have made", async () => {
    const [folder, elsewhere] = [newFolder(), newFolder()];
    const keys = (where: string, name: string): [string, string] =>
      loadCertificate(createCertificates(where, name)[1]) as [string, string];
    const ours = keys(folder, "client");
    const stranger = keys(elsewhere, "client");
    const [, serverFile] = createCertificates(elsewhere, "server", { role: "server" });
    const [curveServerkey] = loadCertificate(serverFile);
    await expectBoth(
      'authenticator.configure_curve("*", args[1]); server.curve_server = True; ' +
        "server.curve_publickey, server.curve_secretkey = zmq.auth.load_certificate(args[2])",
      [folder, serverFile],
      { curveServerkey, curvePublickey: ours[0], curveSecretkey: ours[1] },
      { curveServerkey, curvePublickey: stranger[0], curveSecretkey: stranger[1] },
      ours[0],
    );
  });
});

/** A client of pyzmq's: says "let in" and what it got, or "kept out". */
const client = `
client = context.socket(zmq.REQ)
monitor = client.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_AUTH)
{CONFIGURE}
client.connect(args[0])
client.send(b"hello")
poller = zmq.Poller()
poller.register(client, zmq.POLLIN)
poller.register(monitor, zmq.POLLIN)
ready = dict(poller.poll(20000))
say("let in " + client.recv().decode() if client in ready else "kept out" if ready else "nothing")
context.destroy(0)
`;

describe.each(transports)("pyzmq's clients at a server of ours, over %s", (transport) => {
  describe.each([
    ["Authenticator", zmq.auth.Authenticator],
    ["ThreadAuthenticator", zmq.auth.thread.ThreadAuthenticator],
  ] as const)("with %s", (_name, Authenticator) => {
    function served(options: SocketOptions) {
      const context = newContext();
      const authenticator = new Authenticator(context);
      authenticator.start();
      onTestFinished(() => authenticator.stop());
      const socket = context.socket(zmq.REP, { ...options, linger: 0 });
      socket.bind(freshAddress(transport));
      const users: unknown[] = [];
      (async () => {
        for (;;) {
          const [frame] = await socket.recvMultipart({ copy: false });
          users.push(frame?.get("User-Id"));
          await socket.send(frame as zmq.Frame);
        }
      })().catch(() => {}); // closed after the test
      return { authenticator, users, address: socket.lastEndpoint };
    }

    const knock = (configure: string, ...args: string[]) =>
      runPython(client.replace("{CONFIGURE}", configure), ...args).line();

    test("PLAIN", async () => {
      const { authenticator, users, address } = served({ plainServer: true });
      authenticator.configurePlain("*", { zoë: "pässword" });
      const configure = "client.plain_username = args[1].encode(); client.plain_password = args[2].encode()";
      expect(await knock(configure, address, "zoë", "pässword")).toBe("let in hello");
      expect(await knock(configure, address, "zoë", "password")).toBe("kept out");
      expect(users).toEqual(["zoë"]);
    });

    test("CURVE, with certificates that pyzmq has made", async () => {
      const folder = newFolder();
      const elsewhere = newFolder();
      const maker = runPython(
        `for folder in args: say(*zmq.auth.create_certificates(folder, "a", {"name": "A = B", "email": "a@b"}))`,
        folder,
        elsewhere,
      );
      const [publicFile, secretFile] = (await maker.line()).split(" ") as [string, string];
      const [, strangerFile] = (await maker.line()).split(" ") as [string, string];
      await maker.ended;
      const [publicKey, secretKey] = loadCertificate(secretFile);
      expect(loadCertificate(publicFile)).toEqual([publicKey, null]);
      expect(zmq.curvePublic(secretKey as string)).toBe(publicKey);
      expect(loadCertificates(folder)).toEqual({ [publicKey]: true });

      const [serverKey, curveSecretkey] = zmq.curveKeypair();
      const { authenticator, users, address } = served({ curveServer: true, curveSecretkey });
      authenticator.configureCurve("*", folder);
      const configure =
        "client.curve_serverkey = args[1].encode(); " +
        "client.curve_publickey, client.curve_secretkey = zmq.auth.load_certificate(args[2])";
      expect(await knock(configure, address, serverKey, secretFile)).toBe("let in hello");
      expect(await knock(configure, address, serverKey, strangerFile)).toBe("kept out");
      expect(users).toEqual([publicKey]);
    });
  });
});

describe("certificates", () => {
  test("that we have made are read by pyzmq as we read them, and the other way round", async () => {
    const folder = newFolder();
    const files = createCertificates(folder, "ours", { name: "Zoë", "a b": "c = d" });
    const program = runPython(
      `
for path in args[1:]:
    public, secret = zmq.auth.load_certificate(path)
    say(public.decode(), secret.decode() if secret else None)
say(*[key.decode() for key in zmq.auth.load_certificates(args[0])])
`,
      folder,
      ...files,
    );
    for (const path of files) {
      expect(await program.line()).toBe(
        loadCertificate(path)
          .map((key) => key ?? "None")
          .join(" "),
      );
    }
    expect(await program.line()).toBe(Object.keys(loadCertificates(folder)).join(" "));
    await program.ended;
  });

  test("of both sides fill one folder", async () => {
    const folder = newFolder();
    createCertificates(folder, "ours");
    await runPython(`zmq.auth.create_certificates(args[0], "theirs")`, folder).ended;
    expect(Object.keys(loadCertificates(folder))).toHaveLength(2);
  });
});

test("Z85 and keys are the same on both sides", async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => (i * 151) & 255));
  const [publicKey, secretKey] = zmq.curveKeypair();
  const program = runPython(
    "say(z85.encode(bytes.fromhex(args[0])).decode()); say(z85.decode(args[1]).hex()); say(zmq.curve_public(args[2].encode()).decode())",
    bytes.toString("hex"),
    zmq.utils.z85.encode(bytes),
    secretKey,
  );
  expect(await program.line()).toBe(zmq.utils.z85.encode(bytes));
  expect(await program.line()).toBe(bytes.toString("hex"));
  expect(await program.line()).toBe(publicKey);
});
