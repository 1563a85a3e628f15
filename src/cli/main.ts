#!/usr/bin/env node
/** The nodezmq command. */
import { once } from "node:events";
import * as keygen from "./keygen.js";
import * as log from "./log.js";
import { CommandError, UsageError } from "./usage.js";

const version = {
  summary: "print the versions of nodezmq and libzmq",
  help: `usage: nodezmq version

Prints the versions of nodezmq, libzmq and the pyzmq API that is followed.
`,
  async run(args: readonly string[], print: (text: string) => Promise<void>): Promise<void> {
    if (args.length > 0) throw new UsageError(`unexpected argument "${args[0]}"`);
    const { pyzmqVersion, version: own, zmqVersion } = await import("../version.js");
    await print(`nodezmq ${own}\nlibzmq ${zmqVersion()}\npyzmq API ${pyzmqVersion()}\n`);
  },
};

const commands = new Map(Object.entries({ keygen, log, version }));

const help = `usage: nodezmq COMMAND [options]

commands:
${[...commands].map(([name, { summary }]) => `  ${name.padEnd(9)} ${summary}\n`).join("")}
"nodezmq COMMAND --help" tells more.
`;

/** A reader that has gone (`nodezmq log URL | head`) ends the command, and is no failure. */
function endWithoutReader(error: NodeJS.ErrnoException): void {
  process.exit(error.code === "EPIPE" ? 0 : 1);
}

async function print(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, "drain");
}

const isHelp = (arg: string | undefined): boolean => arg === "-h" || arg === "--help";

async function main([name, ...args]: readonly string[]): Promise<number> {
  process.stdout.on("error", endWithoutReader);
  const chosen = name === "--version" || name === "-V" ? "version" : name;
  if (chosen === undefined || isHelp(chosen) || chosen === "help") {
    const asked = commands.get(args[0] ?? "")?.help ?? help;
    if (chosen !== undefined) await print(asked);
    else process.stderr.write(help);
    return chosen === undefined ? 2 : 0;
  }
  const command = commands.get(chosen);
  if (command === undefined) {
    process.stderr.write(
      `nodezmq: unknown command "${chosen}"; there are: ${[...commands.keys()].join(", ")}\n`,
    );
    return 2;
  }
  const end = args.indexOf("--");
  if (args.slice(0, end < 0 ? undefined : end).some(isHelp)) {
    await print(command.help);
    return 0;
  }
  try {
    await command.run(args, print);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`nodezmq ${chosen}: ${error.message}\n${command.help.split("\n")[0]}\n`);
      return 2;
    }
    if (!(error instanceof CommandError)) throw error;
    process.stderr.write(`nodezmq ${chosen}: ${error.message}\n`);
    return 1;
  }
}

main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
