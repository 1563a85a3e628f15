/** What tunnels are asked for, checked: nothing in it may be taken for an option of ssh, or for a command. */
import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { checkKeys, readSignal, readTimeout } from "../call.js";
import { plainError, rangeError, typeError } from "../errors.js";

/** Options of everything that calls ssh. */
export interface SSHOptions {
  /** A private key, as `ssh -i`. Default: those of ssh's configuration and agent. */
  keyfile?: string | null | undefined;
  /** The password, or the passphrase of the key. It is handed to ssh by its askpass protocol, never on a command line. */
  password?: string | null | undefined;
  /** Accepted as in pyzmq; the system's ssh does the work in either case. */
  paramiko?: boolean | null | undefined;
  /** Milliseconds until the tunnel must be up; 60,000 by default, negative waits for ever. */
  timeout?: number | null | undefined;
  /** Aborting it ends the attempt. A tunnel that is up is not affected: stop it. */
  signal?: AbortSignal | undefined;
  /** A configuration file for ssh instead of the user's and the system's, as `ssh -F`. */
  config?: string | null | undefined;
}

/** Options of a tunnel whose ends are given. */
export interface TunnelOptions extends SSHOptions {
  /** The host to go on to, as the server sees it; 127.0.0.1, the server itself, by default. */
  remoteip?: string | undefined;
}

export interface Server {
  /** As it was given, for messages. */
  name: string;
  host: string;
  user: string | undefined;
  port: number | undefined;
}

/** The options, checked. */
export interface Settings {
  keyfile: string | undefined;
  password: string | undefined;
  timeout: number;
  signal: AbortSignal | undefined;
  config: string | undefined;
  remoteip: string;
}

const KEYS = ["keyfile", "password", "paramiko", "timeout", "signal", "config"] as const;
const TIMEOUT = 60_000;

export type Positional = readonly [name: string, value: unknown];

function readText(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string") throw typeError(`${name} must be a string; got ${typeof value}`);
  if (/[\0\r\n]/.test(value)) throw rangeError(`${name} must be one line`);
  return value;
}

function readFile(name: string, value: unknown): string | undefined {
  const file = readText(name, value)?.replace(/^~(?=\/)/, homedir());
  if (file === undefined) return undefined;
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    throw plainError(`cannot read the ${name} "${file}": ${(error as NodeJS.ErrnoException).code}`);
  }
  return file;
}

/** Reads positional arguments, of which any may be the options object instead. A positional timeout is in seconds. */
export function readSettings(given: readonly Positional[], known: readonly string[] = []): Settings {
  const read: Record<string, unknown> = {};
  for (const [name, value] of given) {
    if (typeof value === "object" && value !== null)
      Object.assign(read, checkKeys(value, [...KEYS, ...known]));
    else if (value !== undefined && value !== null) {
      const seconds = name === "timeout" && typeof value === "number";
      read[name] = seconds ? value * 1000 : value;
    }
  }
  const { paramiko } = read;
  if (![undefined, null, true, false, 0, 1].includes(paramiko as never)) {
    throw typeError("paramiko must be true or false");
  }
  return {
    keyfile: readFile("keyfile", read.keyfile),
    password: readText("password", read.password),
    timeout: readTimeout(read.timeout) ?? TIMEOUT,
    signal: readSignal(read.signal),
    config: readFile("config", read.config),
    remoteip: readHost(read.remoteip ?? "127.0.0.1", "the remote address"),
  };
}

export function readPort(port: unknown, what: string): number {
  if (typeof port !== "number" || !Number.isInteger(port)) {
    throw typeError(`${what} must be a whole number; got ${typeof port} ${String(port)}`);
  }
  if (port < 1 || port > 65535) throw rangeError(`${what} must be from 1 to 65535; got ${port}`);
  return port;
}

const PORT = /^\d{1,5}$/;

/** A port as text. */
function parsePort(text: string, what: string): number {
  if (!PORT.test(text)) throw rangeError(`${what} must be from 1 to 65535; got "${text}"`);
  return readPort(Number(text), what);
}

/** A host name, an IPv4 address, or an IPv6 address in brackets, without anything that ssh might read otherwise. */
function readHost(host: unknown, what: string): string {
  if (typeof host !== "string") throw typeError(`${what} must be a string; got ${typeof host}`);
  const address = /^\[[0-9a-f:.]+(?:%[\w.-]+)?\]$/i.test(host);
  if (!address && !/^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u.test(host)) {
    throw rangeError(`${what} must be a host name or an address (IPv6 in brackets); got "${host}"`);
  }
  return host;
}

/** `user@server:port`, of which user and port may be left out. */
export function readServer(server: unknown): Server {
  if (typeof server !== "string")
    throw typeError(`server must be a string; got ${server === null ? "null" : typeof server}`);
  const at = server.lastIndexOf("@");
  const user = at < 0 ? undefined : server.slice(0, at);
  if (user !== undefined && !/^[\p{L}\p{N}_][\p{L}\p{N}_.@+\\-]*\$?$/u.test(user)) {
    throw rangeError(`the user of an ssh server must be a name; got "${user}"`);
  }
  const [, name = "", port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(server.slice(at + 1)) ?? [];
  const host = readHost(name, "the ssh server");
  return {
    name: server,
    host: host.replace(/^\[(.*)\]$/, "$1"), // brackets serve the port only
    user,
    port: port === undefined ? undefined : parsePort(port, "the port of the ssh server"),
  };
}

/** The host and port of a `tcp://` address. */
export function readRemote(addr: unknown): { host: string; port: number } {
  if (typeof addr !== "string")
    throw typeError(`expected the address as a string; got ${addr === null ? "null" : typeof addr}`);
  const [, host, port] = /^tcp:\/\/(\[[^\]]*\]|[^:]*):([^:]*)$/.exec(addr) ?? [];
  if (host === undefined || port === undefined) {
    throw rangeError(`a tunnel needs an address such as "tcp://host:5555"; got "${addr}"`);
  }
  return { host: readHost(host, "the host"), port: parsePort(port, "the port") };
}
