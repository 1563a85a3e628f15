/** zmq.ssh, through a real ssh server. */
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket as Stream } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as zmq from "nodezmq";
import { ssh } from "nodezmq";
import * as tunnelModule from "nodezmq/ssh/tunnel";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { start } from "./support/life-child.js";
import { until } from "./support/life-own.js";
import { startWorker } from "./support/life-worker.js";
import { newContext, rejection } from "./support/sockets.js";
import { PASSPHRASE, type SshServer, sshServer } from "./support/sshd.js";

let server: SshServer;
/** What gets us in. */
let known: { config: string; keyfile: string };
const ends: (() => Promise<void> | void)[] = [];
beforeAll(async () => {
  server = await sshServer((end) => ends.push(end));
  known = { config: server.config, keyfile: server.keyfile };
});
afterAll(async () => {
  for (const end of ends) await end();
});

/** A REP that answers, on a port of its own. */
function service(): string {
  const rep = newContext().socket(zmq.REP);
  rep.bind("tcp://127.0.0.1:*");
  void (async () => {
    for await (const [question] of rep) await rep.send(`re: ${question}`);
  })();
  return rep.lastEndpoint;
}

const client = (): zmq.Socket => newContext().socket(zmq.REQ);

async function expectAnswer(req: zmq.Socket): Promise<void> {
  await req.send("hello");
  expect(String(await req.recv())).toBe("re: hello");
}

const stopped = (tunnel: ssh.Tunnel): ssh.Tunnel => {
  onTestFinished(() => tunnel.stop());
  return tunnel;
};

const portOf = (url: string): number => Number(/:(\d+)$/.exec(url)?.[1]);

/** The fields of /proc/<pid>/stat after the name: state, parent; undefined for a process that is gone. */
function processState(pid: number): { state: string; parent: number; name: string } | undefined {
  try {
    const [, name = "", state = "", parent] =
      /\((.*)\) (\S) (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    return state === "Z" || state === "X" ? undefined : { name, state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

/** The ssh processes that this one has started and that still run. */
const sshChildren = (): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const state = processState(pid);
      return state?.parent === process.pid && state.name === "ssh";
    });

const noneLeft = (): Promise<void> => until(() => sshChildren().length === 0);
const gone = (pid: number): Promise<void> => until(() => processState(pid) === undefined);

/** A TCP server that accepts and says nothing: an ssh that talks to it waits. */
async function silence(): Promise<{ server: string; reached: Promise<unknown> }> {
  const listener = createServer((stream) => streams.push(stream.on("error", () => {})));
  const streams: Stream[] = [];
  listener.listen(0, "127.0.0.1");
  onTestFinished(() => {
    for (const stream of streams) stream.destroy();
    listener.close();
  });
  await once(listener, "listening");
  return {
    server: `127.0.0.1:${(listener.address() as AddressInfo).port}`,
    reached: once(listener, "connection"),
  };
}

describe("a tunnel", () => {
  test("connects a socket to an address that only the server reaches", async () => {
    const req = client();
    const tunnel = stopped(await ssh.tunnelConnection(req, service(), server.server, known));
    expect(tunnel.url).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
    expect(processState(tunnel.pid)?.name).toBe("ssh");
    await expectAnswer(req);
    expect(tunnel.closed).toBe(false);
  });

  test("takes pyzmq's positions, and options in any place", async () => {
    const address = service();
    const { keyfile, config } = known;
    const tunnels = await Promise.all([
      ssh.openTunnel(address, server.server, keyfile, null, false, 30, { config }),
      ssh.openTunnel(address, server.server, keyfile, { config, timeout: 30_000 }),
      ssh.openTunnel(address, server.server, { keyfile, config, paramiko: true }),
    ]);
    for (const [url, tunnel] of tunnels) {
      stopped(tunnel);
      expect(tunnel.url).toBe(url);
      const req = client();
      req.connect(url);
      await expectAnswer(req);
    }
    const [local, other] = ssh.selectRandomPorts(2) as [number, number];
    stopped(
      await ssh.opensshTunnel(local, portOf(address), server.server, "127.0.0.1", keyfile, null, 30, {
        config,
      }),
    );
    stopped(
      await ssh.paramikoTunnel(other, portOf(address), server.server, { ...known, remoteip: "localhost" }),
    );
    for (const port of [local, other]) {
      const req = client();
      req.connect(`tcp://127.0.0.1:${port}`);
      await expectAnswer(req);
    }
  });

  test("has pyzmq's names, in both modules", () => {
    const inner: Record<string, unknown> = { ...tunnelModule };
    const outer: Record<string, unknown> = { ...ssh };
    for (const name of [
      "tunnelConnection",
      "openTunnel",
      "opensshTunnel",
      "sshTunnel",
      "paramikoTunnel",
      "tryPasswordlessSsh",
      "selectRandomPorts",
      "SSHException",
      "MaxRetryExceeded",
    ]) {
      expect(inner[name]).toBeTypeOf("function");
      expect(outer[name]).toBe(inner[name]);
    }
    expect(zmq.ssh.tunnel).toBeDefined();
    expect(ssh.sshTunnel).toBe(ssh.opensshTunnel);
    expect(new ssh.MaxRetryExceeded("x")).toBeInstanceOf(ssh.SSHException);
    expect(`${new ssh.SSHException("x")}`).toBe("SSHException: x");
  });

  test("carries many sockets and large messages", async () => {
    const [url, tunnel] = await ssh.openTunnel(service(), server.server, known);
    stopped(tunnel);
    const text = "x".repeat(1_000_000);
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const req = client();
        req.connect(url);
        await req.send(text);
        expect((await req.recv()).length).toBe(text.length + 4);
      }),
    );
  });

  test("ends with stop(), which may be called twice, and with its scope", async () => {
    const { url, done } = await (async () => {
      await using tunnel = (await ssh.openTunnel(service(), server.server, known))[1];
      return tunnel;
    })();
    expect(await done).toBe(null);
    const [error] = await once(connect(portOf(url), "127.0.0.1"), "error");
    expect(error).toMatchObject({ code: "ECONNREFUSED" });

    const [, tunnel] = await ssh.openTunnel(service(), server.server, known);
    const both = [tunnel.stop(), tunnel.stop()];
    expect(tunnel.closed).toBe(true);
    await Promise.all(both);
    await tunnel.stop();
    tunnel[Symbol.dispose]();
    await noneLeft();
  });

  test("tells when it breaks", async () => {
    const [, tunnel] = await ssh.openTunnel(service(), server.server, known);
    process.kill(tunnel.pid);
    const error = await tunnel.done;
    expect(error).toBeInstanceOf(ssh.SSHException);
    expect(error?.message).toContain(`the ssh tunnel to ${server.server} has ended`);
    expect(tunnel.closed).toBe(true);
    await tunnel.stop();
  });
});

describe("a password", () => {
  test("opens a locked key, and is on no command line, nor left on disk", async () => {
    const folder = mkdtempSync(join(tmpdir(), "nodezmq-test-"));
    const before = process.env.TMPDIR;
    process.env.TMPDIR = folder;
    onTestFinished(() => {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
      rmSync(folder, { recursive: true });
    });
    const locked = { config: server.config, keyfile: server.lockedKeyfile };
    const req = client();
    const tunnel = stopped(
      await ssh.tunnelConnection(req, service(), server.server, locked.keyfile, PASSPHRASE, locked),
    );
    await expectAnswer(req);
    const command = readFileSync(`/proc/${tunnel.pid}/cmdline`, "utf8");
    expect(command).toContain(server.lockedKeyfile);
    expect(command).not.toContain(PASSPHRASE);
    expect(readdirSync(folder)).toEqual([]);

    const wrong = ssh.openTunnel(service(), server.server, { ...locked, password: "wrong" });
    expect(await rejection(wrong)).toBeInstanceOf(ssh.SSHException);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("a tunnel that cannot be opened says why:", () => {
  const failing = async (options: ssh.SSHOptions, where = server.server): Promise<ssh.SSHException> => {
    const error = await rejection(ssh.openTunnel("tcp://127.0.0.1:1", where, options));
    expect(error).toBeInstanceOf(ssh.SSHException);
    expect((error as Error).stack).toContain("ssh.test.ts");
    return error as ssh.SSHException;
  };

  test("an unknown host key, which no password confirms", async () => {
    for (const password of [undefined, "yes"]) {
      const options = { config: server.stranger, keyfile: server.lockedKeyfile, password };
      const error = await failing(options);
      expect(error.message).toContain("the authenticity of the host can't be established");
      expect(error.exitCode).toBe(255);
    }
  });

  test("a key that is not let in, or locked", async () => {
    for (const keyfile of [server.unknownKeyfile, server.lockedKeyfile]) {
      const error = await failing({ config: server.config, keyfile });
      expect(error.message).toContain("the server accepts neither the keys nor the password");
      expect(error.stderr).toContain("Permission denied");
    }
  });

  test("an account that may not run commands", async () => {
    const error = await failing({ config: server.config, keyfile: server.restrictedKeyfile });
    expect(error.message).toContain(
      "did not run the command that holds the tunnel open (exit code 3) (ssh: you may not)",
    );
    expect(error.exitCode).toBe(3);
  });

  test("an unknown host", async () => {
    expect((await failing({ config: server.config }, "no-such-host.invalid")).message).toContain(
      "there is no host of that name",
    );
  });

  test("no server there", async () => {
    const [port] = ssh.selectRandomPorts(1);
    expect((await failing({ config: server.config }, `127.0.0.1:${port}`)).message).toContain(
      "no ssh server answers there",
    );
  });

  test("a local port that is taken", async () => {
    const taken = portOf(service());
    const error = await rejection(ssh.opensshTunnel(taken, 1, server.server, known));
    expect(error).toMatchObject({
      name: "SSHException",
      message: expect.stringContaining("the local port is taken"),
    });
  });

  test("no ssh on the PATH", async () => {
    const before = process.env.PATH;
    process.env.PATH = "/nonexistent";
    onTestFinished(() => {
      process.env.PATH = before;
    });
    for (const attempt of [
      ssh.openTunnel("tcp://127.0.0.1:1", server.server, { ...known, password: "x" }),
      ssh.tryPasswordlessSsh(server.server, known),
    ]) {
      expect(await rejection(attempt)).toMatchObject({ message: expect.stringContaining("openssh-client") });
    }
  });

  test("that no local port was free, after some attempts", async () => {
    const folder = mkdtempSync(join(tmpdir(), "nodezmq-test-"));
    const before = process.env.PATH;
    onTestFinished(() => {
      process.env.PATH = before;
      rmSync(folder, { recursive: true });
    });
    // An ssh that always finds the port taken, and counts.
    const script = `#!/bin/sh\necho called >> ${folder}/calls\necho "bind: Address already in use" >&2\nexit 255\n`;
    writeFileSync(join(folder, "ssh"), script, { mode: 0o755 });
    process.env.PATH = `${folder}:${before}`;
    expect(await failing(known)).toBeInstanceOf(ssh.MaxRetryExceeded);
    expect(readFileSync(join(folder, "calls"), "utf8")).toBe("called\n".repeat(5));
  });

  test("a key file or configuration that is not there", async () => {
    for (const options of [{ keyfile: "/no/such/key" }, { config: "/no/such/config" }]) {
      const error = await rejection(ssh.openTunnel("tcp://127.0.0.1:1", server.server, options));
      expect((error as Error).message).toMatch(/cannot read the (keyfile|config) "\/no\/such\/.*": ENOENT/);
    }
  });

  test("too little time, and nothing is left of it", async () => {
    const silent = await silence();
    const attempt = ssh.openTunnel("tcp://127.0.0.1:1", silent.server, null, null, null, 0.05, {
      config: server.config,
    });
    expect(await rejection(attempt)).toMatchObject({
      code: "EAGAIN",
      message: expect.stringContaining("within 0.05 s"),
    });
    await noneLeft();
  });
});

describe("what is asked for", () => {
  const address = "tcp://127.0.0.1:1";

  test.each([
    "-oProxyCommand=touch /tmp/x",
    "-l",
    "user@-oProxyCommand=x",
    "-oProxyCommand=x@host",
    "us er@host",
    "user;id@host",
    "$(id)@host",
    "host name",
    "host;id",
    "host\n-oX",
    "`id`",
    "",
    "@",
    "user@",
    "host:",
    "host:0",
    "host:65536",
    "host:22:22",
    "host:-p",
    "[::1",
    "::1",
  ])("must not be an option or a command of ssh: server %j", async (name) => {
    for (const attempt of [
      ssh.openTunnel(address, name, known),
      ssh.opensshTunnel(1, 2, name, known),
      ssh.tryPasswordlessSsh(name, known),
      ssh.tunnelConnection(client(), address, name, known),
    ]) {
      expect(await rejection(attempt)).toBeInstanceOf(RangeError);
    }
  });

  test.each([
    "ipc:///x",
    "tcp://127.0.0.1",
    "tcp://127.0.0.1:*",
    "tcp://*:5555",
    "tcp://eth0;127.0.0.1:5555",
    "tcp://127.0.0.1:0",
    "tcp://127.0.0.1:70000",
    "tcp://a b:5",
    "tcp://::1:5",
    "nonsense",
    "",
  ])("must be an address that a tunnel can lead to: %j", async (addr) => {
    expect(await rejection(ssh.openTunnel(addr, server.server, known))).toBeInstanceOf(RangeError);
  });

  test("must be of the right type", async () => {
    const wrong = (...args: unknown[]): Promise<unknown> =>
      rejection((ssh.openTunnel as (...args: unknown[]) => Promise<unknown>)(...args));
    for (const args of [
      [],
      [null, server.server],
      [address],
      [address, null],
      [address, 5],
      [address, server.server, 5],
      [address, server.server, null, 5],
      [address, server.server, null, null, "yes"],
      [address, server.server, null, null, null, Number.NaN],
      [address, server.server, null, null, null, "60"],
      [address, server.server, { timeout: "x" }],
      [address, server.server, { signal: 5 }],
      [address, server.server, []],
    ]) {
      expect(await wrong(...args), String(args)).toBeInstanceOf(TypeError);
    }
    expect(await wrong(address, server.server, { keyfil: "x" })).toMatchObject({
      message: expect.stringContaining("did you mean 'keyfile'"),
    });
    expect(await wrong(address, server.server, { password: "two\nlines" })).toBeInstanceOf(RangeError);
    const ports = ssh.opensshTunnel as (...args: unknown[]) => Promise<unknown>;
    for (const port of [null, "5", 1.5, Number.NaN]) {
      expect(await rejection(ports(port, 1, server.server, known))).toBeInstanceOf(TypeError);
      expect(await rejection(ports(1, port, server.server, known))).toBeInstanceOf(TypeError);
    }
    for (const port of [0, -1, 65536]) {
      expect(await rejection(ports(port, 1, server.server, known))).toBeInstanceOf(RangeError);
    }
    for (const remoteip of ["-x", "a b", "x:y:z"]) {
      expect(await rejection(ports(1, 1, server.server, remoteip, known))).toBeInstanceOf(RangeError);
    }
    const socket = ssh.tunnelConnection as (...args: unknown[]) => Promise<unknown>;
    for (const one of [null, {}, "tcp://x"]) {
      expect(await rejection(socket(one, address, server.server))).toBeInstanceOf(TypeError);
    }
  });
});

describe("a socket", () => {
  test("that is closed is told so, and no ssh is started", async () => {
    const req = client();
    req.close();
    const attempt = ssh.tunnelConnection(req, service(), server.server, known);
    expect(sshChildren()).toEqual([]);
    expect(await rejection(attempt)).toMatchObject({ code: "ENOTSOCK" });
  });

  test("that is closed, or whose context ends, while the tunnel is made leaves none", async () => {
    const req = client();
    const attempt = ssh.tunnelConnection(req, service(), server.server, known);
    req.close();
    expect(await rejection(attempt)).toMatchObject({ code: "ENOTSOCK" });
    await noneLeft();

    const context = new zmq.Context();
    const other = context.socket(zmq.REQ);
    const second = ssh.tunnelConnection(other, service(), server.server, known);
    const ended = context.term();
    expect(await rejection(second)).toBeInstanceOf(zmq.ContextTerminated);
    other.close();
    await ended;
    await noneLeft();
  });
});

describe("a signal", () => {
  test("already aborted starts nothing", async () => {
    const reason = new Error("no");
    const attempt = ssh.openTunnel(service(), server.server, { ...known, signal: AbortSignal.abort(reason) });
    expect(sshChildren()).toEqual([]);
    expect(await rejection(attempt)).toBe(reason);
  });

  test("ends the attempt, and leaves a tunnel that is up alone", async () => {
    const silent = await silence();
    const controller = new AbortController();
    const attempt = ssh.openTunnel(service(), silent.server, {
      config: server.config,
      signal: controller.signal,
    });
    await silent.reached;
    controller.abort("enough");
    expect(await rejection(attempt)).toBe("enough");
    await noneLeft();

    const other = new AbortController();
    const [url, tunnel] = await ssh.openTunnel(service(), server.server, { ...known, signal: other.signal });
    stopped(tunnel);
    other.abort();
    const req = client();
    req.connect(url);
    await expectAnswer(req);
  });
});

describe("tryPasswordlessSsh", () => {
  test("tells whether a key is enough", async () => {
    const { config } = server;
    expect(await ssh.tryPasswordlessSsh(server.server, server.keyfile, false, { config })).toBe(true);
    expect(await ssh.tryPasswordlessSsh(server.server, server.restrictedKeyfile, { config })).toBe(true);
    expect(await ssh.tryPasswordlessSsh(server.server, server.unknownKeyfile, { config })).toBe(false);
    expect(await ssh.tryPasswordlessSsh(server.server, { keyfile: server.lockedKeyfile, config })).toBe(
      false,
    );
    await noneLeft();
  });

  test("rejects when the server cannot be asked", async () => {
    const stranger = { config: server.stranger, keyfile: server.keyfile };
    expect(await rejection(ssh.tryPasswordlessSsh(server.server, stranger))).toBeInstanceOf(ssh.SSHException);
    const silent = await silence();
    const slow = ssh.tryPasswordlessSsh(silent.server, { config: server.config, timeout: 50 });
    expect(await rejection(slow)).toBeInstanceOf(zmq.Again);
  });
});

describe("selectRandomPorts", () => {
  test("finds different ports that can be bound", () => {
    const ports = ssh.selectRandomPorts(20);
    expect(new Set(ports).size).toBe(20);
    const socket = newContext().socket(zmq.PULL);
    const taken = ports.filter((port) => {
      try {
        socket.bind(`tcp://127.0.0.1:${port}`);
        return false;
      } catch {
        return true;
      }
    });
    // Nothing holds them, and other tests run beside this one.
    expect(taken.length).toBeLessThan(10);
    expect(ssh.selectRandomPorts(0)).toEqual([]);
  });

  test("takes a number", () => {
    for (const count of [null, undefined, "3", 1.5, Number.NaN]) {
      expect(() => ssh.selectRandomPorts(count as never)).toThrow(TypeError);
    }
    for (const count of [-1, 1e6]) expect(() => ssh.selectRandomPorts(count)).toThrow(RangeError);
  });
});

describe("the end of the program", () => {
  /** Opens a tunnel to a PULL of ours, connects `push` through it and prints ssh's id. */
  const opening = (address: string): string => `
    zmq.setExitLinger(8000);
    const push = new zmq.Context().socket(zmq.PUSH);
    const tunnel = await zmq.ssh.tunnelConnection(push, ${JSON.stringify(address)}, ${JSON.stringify(server.server)}, ${JSON.stringify(known)});
    say(tunnel.pid);`;

  test.each([
    ["when there is nothing left to do", "", { code: 0, signal: null }],
    ["by process.exit()", "process.exit(4);", { code: 4, signal: null }],
    [
      "by an uncaught error",
      "setImmediate(() => { throw new Error('on purpose'); });",
      { code: 1, signal: null },
    ],
  ])("%s ends the tunnel, but not before what is queued has gone through it", async (_name, end, outcome) => {
    const pull = newContext().socket(zmq.PULL);
    pull.bind("tcp://127.0.0.1:*");
    const child = start(`(async () => {
      ${opening(pull.lastEndpoint)}
      for (let i = 0; i < 100; i++) push.sendSync(String(i));
      ${end}
    })();`);
    const pid = Number(await child.line());
    for (let i = 0; i < 100; i++) expect(String(await pull.recv())).toBe(`${i}`);
    expect(await child.ended).toMatchObject(outcome);
    await gone(pid);
  });

  test.each(["SIGTERM", "SIGKILL"] as const)("by %s ends the tunnel", async (signal) => {
    const child = start(`(async () => { ${opening(service())} setInterval(() => {}, 1e6); })();`);
    const pid = Number(await child.line());
    expect(processState(pid)?.name).toBe("ssh");
    child.process.kill(signal);
    expect(await child.ended).toMatchObject({ signal });
    await gone(pid);
  });

  test("of a worker ends its tunnels", async () => {
    const { worker, heard } = startWorker(`${opening(service())} setInterval(() => {}, 1e6);`);
    const pid = (await heard()) as number;
    expect(processState(pid)?.name).toBe("ssh");
    await worker.terminate();
    await gone(pid);
  });
});
