/** How ssh gets a password without a terminal: it runs a program, which we write for it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { plainError } from "../errors.js";

const VARIABLE = "NODEZMQ_SSH_PASSWORD";

// An unknown host key is never accepted on the user's behalf. The script has no secret in it.
const SCRIPT = `#!/bin/sh
case "$1" in
  *yes/no*) echo no ;;
  *) printf '%s\\n' "$${VARIABLE}" ;;
esac
`;

export interface Askpass {
  readonly environment: NodeJS.ProcessEnv;
  /** Removes the program, when ssh has no need of it any more. */
  remove(): void;
}

/** The environment for an ssh that has no terminal. Without a password it must not ask for one anywhere. */
export function askpass(password: string | undefined): Askpass {
  const environment: NodeJS.ProcessEnv = { ...process.env, LC_ALL: "C" };
  delete environment.SSH_ASKPASS;
  delete environment.SSH_ASKPASS_REQUIRE;
  if (password === undefined) return { environment, remove: () => {} };
  if (process.platform === "win32") {
    throw plainError("on Windows ssh takes no password from a program: use a key, or ssh-agent");
  }
  const folder = mkdtempSync(join(tmpdir(), "nodezmq-ssh-"));
  const program = join(folder, "askpass");
  writeFileSync(program, SCRIPT, { mode: 0o700 });
  environment[VARIABLE] = password;
  environment.SSH_ASKPASS = program;
  environment.SSH_ASKPASS_REQUIRE = "force";
  environment.DISPLAY ??= ":0"; // OpenSSH before 8.4 asks a program only where there is a display
  return { environment, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
