/** The errors of ssh tunnels, and what ssh's own words mean. */
import { trimStack } from "../stack.js";

/** ssh could not do what was asked of it. The message says why, in the end in ssh's own words. */
export class SSHException extends Error {
  /** What ssh wrote to standard error. */
  readonly stderr: string;
  /** ssh's exit code: 255 for its own failures, else that of the remote command; null if a signal has ended it. */
  readonly exitCode: number | null;

  constructor(message?: string, stderr = "", exitCode: number | null = null) {
    super(message);
    this.stderr = stderr;
    this.exitCode = exitCode;
    trimStack(this);
  }
}

/** No port was free for a tunnel, however often it was tried. */
export class MaxRetryExceeded extends SSHException {}

for (const type of [SSHException, MaxRetryExceeded]) {
  Object.defineProperty(type.prototype, "name", { value: type.name, configurable: true, writable: true });
}

const PORT_TAKEN = /Address already in use|cannot listen to port/i;
const REFUSED = /Permission denied|Too many authentication failures|no more authentication methods/i;

const meanings: readonly [words: RegExp, meaning: string][] = [
  [
    /Host key verification failed|IDENTIFICATION HAS CHANGED|authenticity of host/i,
    "the authenticity of the host can't be established: its key is not the one in known_hosts, or not there yet. " +
      "Connect once with ssh and compare the fingerprint",
  ],
  [
    REFUSED,
    "the server accepts neither the keys nor the password: give keyfile or password, or use ssh-agent",
  ],
  [/Could not resolve hostname/i, "there is no host of that name"],
  [PORT_TAKEN, "the local port is taken"],
  [/administratively prohibited|forwarding (?:is )?disabled/i, "the server does not allow forwarding"],
  [/Connection refused/i, "no ssh server answers there"],
  [/timed out|No route to host|Network is unreachable/i, "the server cannot be reached"],
];

/** Whether ssh has failed for want of the right key or password. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof SSHException && REFUSED.test(error.stderr);

/** Whether ssh has failed because the local port was taken. */
export const isPortTaken = (error: unknown): boolean =>
  error instanceof SSHException && PORT_TAKEN.test(error.stderr);

/** The error for an ssh that has ended. */
export function sshError(what: string, stderr: string, exitCode: number | null): SSHException {
  const meaning =
    meanings.find(([words]) => words.test(stderr))?.[1] ??
    (exitCode === 255 || exitCode === null
      ? "ssh failed"
      : `the server did not run the command that holds the tunnel open (exit code ${exitCode})`);
  const words = stderr.trim().split(/\r?\n/).filter(Boolean).slice(-3).join("; ");
  return new SSHException(`${what}: ${meaning}${words === "" ? "" : ` (ssh: ${words})`}`, stderr, exitCode);
}
