/** zmq.ssh.tunnel: TCP connections through an ssh server, by the system's ssh. */
import { randomBytes } from "node:crypto";
import { type AddressInfo, createServer, type Server as Listener } from "node:net";
import { inspect } from "node:util";
import { ENOTSOCK } from "../constants.js";
import { makeError, plainError, rangeError, typeError } from "../errors.js";
import { native } from "../native.js";
import { Socket } from "../socket.js";
import { type CallSite, callSite, trimStack } from "../stack.js";
import { threads } from "../threads.js";
import {
  readPort,
  readRemote,
  readServer,
  readSettings,
  type Server,
  type Settings,
  type SSHOptions,
  type TunnelOptions,
} from "./arguments.js";
import { isPortTaken, isRefusal, MaxRetryExceeded, SSHException, sshError } from "./errors.js";
import { type Running, release, runSsh } from "./openssh.js";

export { MaxRetryExceeded, SSHException, type SSHOptions, type TunnelOptions };

/** How many local ports are tried: another program may take one between our looking and ssh's binding. */
const TRIES = 5;

/**
 * A tunnel that is up. It lives until it is stopped, or the process or worker that opened it ends, and does not keep the
 * process alive. What is queued in sockets at the process's end still goes through it.
 */
export class Tunnel implements AsyncDisposable, Disposable {
  readonly #running: Running;
  #stopped = false;
  #closed = false;
  /** The address to connect to: `tcp://127.0.0.1:` and the local port. */
  readonly url: string;
  /** The id of the ssh process. */
  readonly pid: number;
  /** Resolves when the tunnel is no more: to null after `stop()`, else to the SSHException that tells why. Never rejects. */
  readonly done: Promise<SSHException | null>;

  constructor(running: Running, url: string, what: string) {
    this.#running = running;
    this.url = url;
    this.pid = running.child.pid as number;
    this.done = running.ended.then(({ code, stderr }) => {
      this.#closed = true;
      return this.#stopped ? null : sshError(`${what} has ended`, stderr, code ?? 255);
    });
    release(running.child);
    outlive(this);
  }

  /** Whether it has been stopped, or has ended by itself. */
  get closed(): boolean {
    return this.#stopped || this.#closed;
  }

  /** Ends the tunnel and all connections through it; resolves when ssh has gone. Stopping twice is nothing. */
  async stop(): Promise<void> {
    if (!this.#stopped && !this.#closed) {
      this.#stopped = true;
      this.#running.child.ref();
      this.#running.child.kill();
    }
    await this.done;
  }

  [Symbol.dispose](): void {
    void this.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  [inspect.custom](): string {
    return `Tunnel(${this.url}, ssh ${this.pid}${this.closed ? ", closed" : ""})`;
  }
}

const open = new Set<Tunnel>();

/**
 * When Node ends by itself it closes ssh's stdin first, and ssh goes: what is queued has to go through the tunnel before.
 * In a worker it may be lost; there the sockets are closed later only.
 */
function outlive(tunnel: Tunnel): void {
  if (open.size === 0) process.once("exit", finish);
  open.add(tunnel);
  void tunnel.done.then(() => {
    open.delete(tunnel);
    if (open.size === 0) process.off("exit", finish);
  });
}

function finish(): void {
  if (threads().isMainThread) native.exiting(true);
}

async function start(
  lport: number,
  rport: number,
  server: Server,
  settings: Settings,
  site: CallSite,
): Promise<Tunnel> {
  const what = `the ssh tunnel to ${server.name}`;
  const url = `tcp://127.0.0.1:${lport}`;
  const marker = `nodezmq-${randomBytes(12).toString("hex")}`;
  const running = await runSsh({
    what: `${what} did not start`,
    server,
    settings,
    forward: ["-L", `127.0.0.1:${lport}:${settings.remoteip}:${rport}`],
    // ssh listens before it runs the command, so the marker says that the tunnel is up. `cat` ends with our end of its
    // pipe: however this process ends, ssh does not outlive it for long.
    command: `echo ${marker}; cat`,
    marker,
    site,
  });
  return new Tunnel(running, url, what);
}

/** `count` TCP ports that nobody listens on now. They are not reserved: somebody may take them at any time. */
export function selectRandomPorts(count: number): number[] {
  if (typeof count !== "number" || !Number.isInteger(count)) {
    throw typeError(`the number of ports must be a whole number; got ${typeof count} ${String(count)}`);
  }
  if (count < 0 || count > 10_000)
    throw rangeError(`the number of ports must be from 0 to 10000; got ${count}`);
  const listeners: Listener[] = [];
  try {
    return Array.from({ length: count }, () => {
      // Listening on a port without a host name happens at once, `exclusive` also in a cluster's worker.
      const listener = createServer().on("error", () => {});
      listeners.push(listener);
      const address = listener.listen({ port: 0, exclusive: true }).address() as AddressInfo | null;
      if (address === null) throw plainError("the system has no free port");
      return address.port;
    });
  } finally {
    for (const listener of listeners) listener.close();
  }
}

/**
 * Opens a tunnel from a local port to `remoteip:rport`, as the server sees it, and waits until it listens. Like
 * `ssh -L 127.0.0.1:lport:remoteip:rport server`.
 *
 * @param server `user@server:port`, or a host of ssh's configuration
 * @param remoteip 127.0.0.1, the server itself, by default
 * @param keyfile a private key; by default ssh chooses
 * @param password the password, or the passphrase of the key
 * @param timeout seconds until the tunnel must be up; 60 by default
 * @throws (rejects) SSHException that says why; Again at the timeout; `signal.reason`; TypeError, RangeError; an Error
 * without ssh, or for a key file that cannot be read
 */
export async function opensshTunnel(
  lport: number,
  rport: number,
  server: string,
  remoteip?: string | null | TunnelOptions,
  keyfile?: string | null | TunnelOptions,
  password?: string | null | TunnelOptions,
  timeout?: number | null | TunnelOptions,
  options?: TunnelOptions,
): Promise<Tunnel> {
  const site = callSite();
  const ports = [readPort(lport, "the local port"), readPort(rport, "the remote port")] as const;
  const target = readServer(server);
  const settings = readSettings(
    [
      ["remoteip", remoteip],
      ["keyfile", keyfile],
      ["password", password],
      ["timeout", timeout],
      ["options", options],
    ],
    ["remoteip"],
  );
  return await start(...ports, target, settings, site);
}

/** The same: pyzmq chooses between OpenSSH and paramiko here. */
export const sshTunnel = opensshTunnel;

/** The same: there is no paramiko for Node, and OpenSSH does what it is for, on Windows too. */
export const paramikoTunnel = opensshTunnel;

/**
 * Opens a tunnel to a `tcp://` address that only the server can reach.
 *
 * @param addr as the server sees it: `tcp://127.0.0.1:5555` is a port of the server's own
 * @returns the address to connect to, and the tunnel
 * @throws (rejects) as `opensshTunnel`; MaxRetryExceeded when no local port was free
 */
export async function openTunnel(
  addr: string,
  server: string,
  keyfile?: string | null | SSHOptions,
  password?: string | null | SSHOptions,
  paramiko?: boolean | null | SSHOptions,
  timeout?: number | null | SSHOptions,
  options?: SSHOptions,
): Promise<[url: string, tunnel: Tunnel]> {
  const site = callSite();
  const remote = readRemote(addr);
  const target = readServer(server);
  const settings = readSettings([
    ["keyfile", keyfile],
    ["password", password],
    ["paramiko", paramiko],
    ["timeout", timeout],
    ["options", options],
  ]);
  settings.remoteip = remote.host;
  for (let i = 0; i < TRIES; i++) {
    const [lport = 0] = selectRandomPorts(1);
    try {
      const tunnel = await start(lport, remote.port, target, settings, site);
      return [tunnel.url, tunnel];
    } catch (error) {
      if (!isPortTaken(error)) throw error;
    }
  }
  const what = `the ssh tunnel to ${target.name} did not start`;
  throw trimStack(new MaxRetryExceeded(`${what}: no local port was free in ${TRIES} attempts`), site);
}

/**
 * Connects a socket to an address through an ssh server: `openTunnel`, then `socket.connect`.
 *
 * @returns the tunnel, which is yours to stop
 * @throws (rejects) as `openTunnel`; ENOTSOCK when the socket is closed, also meanwhile: no tunnel is left then
 */
export async function tunnelConnection(
  socket: Socket,
  addr: string,
  server: string,
  keyfile?: string | null | SSHOptions,
  password?: string | null | SSHOptions,
  paramiko?: boolean | null | SSHOptions,
  timeout?: number | null | SSHOptions,
  options?: SSHOptions,
): Promise<Tunnel> {
  if (!(socket instanceof Socket)) throw typeError("tunnelConnection takes a Socket");
  if (socket.closed) throw makeError(ENOTSOCK);
  const [url, tunnel] = await openTunnel(addr, server, keyfile, password, paramiko, timeout, options);
  try {
    socket.connect(url);
  } catch (error) {
    await tunnel.stop();
    throw error;
  }
  return tunnel;
}

/**
 * Whether a server lets us in without a password: by a key, ssh-agent, or its configuration.
 *
 * @throws (rejects) SSHException when it cannot be asked: an unknown host, an unknown host key
 */
export async function tryPasswordlessSsh(
  server: string,
  keyfile?: string | null | SSHOptions,
  paramiko?: boolean | null | SSHOptions,
  options?: SSHOptions,
): Promise<boolean> {
  const site = callSite();
  const target = readServer(server);
  const settings = readSettings([
    ["keyfile", keyfile],
    ["paramiko", paramiko],
    ["options", options],
  ]);
  settings.password = undefined;
  const what = `cannot log in to ${target.name}`;
  try {
    await runSsh({ what, server: target, settings, command: "exit", site });
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}
