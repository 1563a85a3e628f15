/** Runs the system's ssh. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { Socket as Stream } from "node:net";
import { EAGAIN } from "../constants.js";
import { makeError, plainError } from "../errors.js";
import { type CallSite, trimStack } from "../stack.js";
import { clearTimeout, setTimeout } from "../timers.js";
import type { Server, Settings } from "./arguments.js";
import { type Askpass, askpass } from "./askpass.js";
import { sshError } from "./errors.js";

/** An ssh process. */
export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  /** How it has ended. */
  readonly ended: Promise<{ code: number | null; stderr: string }>;
}

const LONGEST = 64 * 1024; // characters of output that are kept

const keep = (text: string): string => text.slice(-LONGEST);

function sshArguments(
  server: Server,
  settings: Settings,
  more: readonly string[],
  command: string,
): string[] {
  const { keyfile, password, config } = settings;
  const options = [
    // Nobody is there to answer questions: with a password the askpass program answers one.
    password === undefined ? "BatchMode=yes" : "BatchMode=no",
    "NumberOfPasswordPrompts=1",
    "ExitOnForwardFailure=yes",
    "ServerAliveInterval=15", // a connection that is dead is noticed within a minute
    "ServerAliveCountMax=3",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "LogLevel=ERROR",
  ];
  return [
    ...(config === undefined ? [] : ["-F", config]),
    "-T",
    "-a",
    "-x",
    ...["-S", "none"],
    ...options.flatMap((option) => ["-o", option]),
    ...(keyfile === undefined ? [] : ["-i", keyfile]),
    ...(server.port === undefined ? [] : ["-p", String(server.port)]),
    ...(server.user === undefined ? [] : ["-l", server.user]),
    ...more,
    "--",
    server.host,
    command,
  ];
}

/** What is being waited for. */
interface Wanted {
  /** The beginning of error messages: "the ssh tunnel to x did not start". */
  what: string;
  server: Server;
  settings: Settings;
  /** Further arguments of ssh. */
  forward?: readonly string[];
  command: string;
  /** Resolves when this is in the output; by default when ssh has ended with any code but its own, 255. */
  marker?: string;
  site: CallSite;
}

/** Starts ssh and waits until it is as far as is wanted. If that fails, nothing of it is left. */
export function runSsh({
  what,
  server,
  settings,
  forward = [],
  command,
  marker,
  site,
}: Wanted): Promise<Running> {
  const { signal, timeout } = settings;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) throw signal.reason;
    const asking = askpass(settings.password);
    const child = launch(sshArguments(server, settings, forward, command), asking);
    let stdout = "";
    let stderr = "";
    const tidy: (() => void)[] = [asking.remove];
    let settled = false;
    const settle = (how: () => void): void => {
      if (settled) return;
      settled = true;
      for (const one of tidy) one();
      how();
    };
    const fail = (error: unknown): void => settle(() => reject(error));
    const giveUp = (error: unknown): void =>
      settle(() => {
        child.kill();
        release(child);
        reject(error);
      });

    const ended = new Promise<{ code: number | null; stderr: string }>((over) => {
      child.on("error", (error: NodeJS.ErrnoException) => {
        fail(
          trimStack(
            plainError(
              error.code === "ENOENT"
                ? `${what}: there is no ssh on the PATH. Install OpenSSH's client (Debian: openssh-client)`
                : `${what}: ${error.message}`,
            ),
            site,
          ),
        );
        over({ code: null, stderr: error.message });
      });
      child.on("close", (code) => {
        if (marker === undefined && code !== 255 && code !== null) settle(() => resolve({ child, ended }));
        else fail(trimStack(sshError(what, stderr, code), site));
        over({ code, stderr });
      });
    });
    child.stdin.on("error", () => {}); // ssh has gone: `close` tells
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = keep(stderr + text);
    });
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (settled) return;
      stdout = keep(stdout + text);
      if (marker !== undefined && stdout.includes(marker)) settle(() => resolve({ child, ended }));
    });
    if (marker === undefined) child.stdin.end();

    if (timeout >= 0) {
      const timer = setTimeout(() => {
        const seconds = `${timeout / 1000} s`;
        giveUp(trimStack(makeError(EAGAIN, `${what} within ${seconds}`), site));
      }, timeout);
      tidy.push(() => clearTimeout(timer));
    }
    if (signal !== undefined) {
      const abort = (): void => giveUp(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      tidy.push(() => signal.removeEventListener("abort", abort));
    }
  });
}

function launch(args: readonly string[], { environment, remove }: Askpass): ChildProcessWithoutNullStreams {
  try {
    return spawn("ssh", args, {
      env: environment,
      // A session of its own: no terminal to ask at, and Ctrl-C is for the program, which may still need the tunnel.
      detached: true,
      windowsHide: true,
    });
  } catch (error) {
    remove();
    throw error;
  }
}

/** Lets the event loop end although the process runs. */
export function release(child: ChildProcessWithoutNullStreams): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as unknown as Stream).unref();
}
