/** An ssh server of the tests' own, on a port of the loopback interface, with keys that nobody else has. */
import { execFileSync } from "node:child_process";
import { accessSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { examplePorts } from "./example-program.js";
import { program } from "./program.js";

const SSHD = "/usr/sbin/sshd";

export interface SshServer {
  /** `user@127.0.0.1:port`. */
  server: string;
  port: number;
  /** A configuration of the client's that knows the server's key, and another that does not. */
  config: string;
  stranger: string;
  /** Private keys: one that is let in, one with the passphrase, one that is not known, and one whose owner
   * may not run commands. */
  keyfile: string;
  lockedKeyfile: string;
  unknownKeyfile: string;
  restrictedKeyfile: string;
}

/** Nothing in it may mean anything to a shell on the way. */
export const PASSPHRASE = '-n open "sesame" $(id) `id` \\ %s $HOME \'tøp';

function needs(command: string, packageName: string): void {
  try {
    if (command.startsWith("/")) accessSync(command);
    else execFileSync("sh", ["-c", `command -v ${command}`]);
  } catch {
    throw new Error(
      `this test needs a real ssh server, and ${command} is not installed. Debian, Ubuntu: apt-get install ${packageName}`,
    );
  }
}

/** Starts the server; `finished` is told how to end it. */
export async function sshServer(finished: (end: () => Promise<void> | void) => void): Promise<SshServer> {
  needs(SSHD, "openssh-server");
  needs("ssh", "openssh-client");
  needs("ssh-keygen", "openssh-client");
  const folder = mkdtempSync(join(tmpdir(), "nodezmq-sshd-"));
  const file = (name: string): string => join(folder, name);
  const key = (name: string, passphrase = ""): string => {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", file(name)]);
    return file(name);
  };
  const publicKey = (path: string): string => readFileSync(`${path}.pub`, "utf8").trim();

  const hostKey = key("host");
  const keys = {
    keyfile: key("known"),
    lockedKeyfile: key("locked", PASSPHRASE),
    unknownKeyfile: key("unknown"),
    restrictedKeyfile: key("restricted"),
  };
  writeFileSync(
    file("authorized_keys"),
    [
      publicKey(keys.keyfile),
      publicKey(keys.lockedKeyfile),
      `command="echo you may not >&2; exit 3" ${publicKey(keys.restrictedKeyfile)}`,
      "",
    ].join("\n"),
    { mode: 0o600 },
  );
  const [port] = await examplePorts(1);
  writeFileSync(
    file("sshd_config"),
    [
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey ${hostKey}`,
      `AuthorizedKeysFile ${file("authorized_keys")}`,
      `PidFile ${file("pid")}`,
      "StrictModes no", // the folder of temporary files is everybody's
      "PermitRootLogin yes",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "UsePAM no",
      "AllowTcpForwarding yes",
      "MaxStartups 100:30:200",
      "LogLevel VERBOSE",
      "",
    ].join("\n"),
  );
  writeFileSync(file("known_hosts"), `[127.0.0.1]:${port} ${publicKey(hostKey)}\n`);
  writeFileSync(file("nobody"), "");
  const config = (name: string, knownHosts: string): string => {
    writeFileSync(
      file(name),
      [
        `UserKnownHostsFile ${file(knownHosts)}`,
        "GlobalKnownHostsFile none",
        "IdentitiesOnly yes",
        "IdentityAgent none",
        `IdentityFile ${file("none")}`,
        "UpdateHostKeys no",
        "",
      ].join("\n"),
    );
    return file(name);
  };

  // Debian's sshd wants this folder where it runs as root; its own start script would make it.
  if (userInfo().uid === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  // sshd's sandbox does not let a sanitizer's runtime live in it.
  const { LD_PRELOAD: _, ...env } = process.env;
  const sshd = program(SSHD, ["-D", "-e", "-f", file("sshd_config")], { finished: () => {}, env });
  finished(async () => {
    sshd.process.kill();
    await sshd.ended;
    rmSync(folder, { recursive: true, force: true });
  });
  await sshd.line(/Server listening/);
  return {
    server: `${userInfo().username}@127.0.0.1:${port}`,
    port,
    config: config("config", "known_hosts"),
    stranger: config("stranger", "nobody"),
    ...keys,
  };
}
