#!/usr/bin/env node
/** The nodezmq command. */
import { once } from "node:events";
import { didYouMean } from "../suggest.js";
import { bench } from "./bench.js";
import { doctor } from "./doctor.js";
import { dealer, pair, router, xpub, xsub } from "./duplex.js";
import * as keygen from "./keygen.js";
import * as log from "./log.js";
import { monitor } from "./monitor.js";
import { proxy } from "./proxy.js";
import { pull, sub } from "./receive.js";
import { rep, req } from "./request.js";
import { pub, push } from "./send.js";
import { type Command, CommandError, Interrupted, type Print, TimedOut, UsageError } from "./usage.js";

const version: Command = {
  summary: "print the versions of nodezmq and libzmq",
  help: `usage: nodezmq version

Prints the versions of nodezmq, libzmq and the pyzmq API that is followed.
`,
  async run(args, print) {
    if (args.length > 0) throw new UsageError(`unexpected argument "${args[0]}"`);
    const { pyzmqVersion, version: own, zmqVersion } = await import("../version.js");
    await print(`nodezmq ${own}\nlibzmq ${zmqVersion()}\npyzmq API ${pyzmqVersion()}\n`);
  },
};

const groups: Readonly<Record<string, Readonly<Record<string, Command>>>> = {
  "talk ZeroMQ": { pub, sub, push, pull, req, rep, dealer, router, pair, xpub, xsub },
  "look and connect": { proxy, monitor, log },
  "set up": { keygen, doctor, bench, version },
};
const commands = new Map(Object.values(groups).flatMap((group) => Object.entries(group)));

const list = (group: Readonly<Record<string, Command>>): string =>
  Object.entries(group)
    .map(([name, { summary }]) => `  ${name.padEnd(9)} ${summary}\n`)
    .join("");

const help = `usage: nodezmq COMMAND [options]

${Object.entries(groups)
  .map(([title, group]) => `${title}:\n${list(group)}\n`)
  .join("")}\
examples:
  nodezmq pull --bind tcp://127.0.0.1:5557                            # in one terminal
  echo hello | nodezmq push --connect tcp://127.0.0.1:5557            # in another
  nodezmq rep --bind tcp://127.0.0.1:5555 --echo
  echo hello | nodezmq req --connect tcp://127.0.0.1:5555 --timeout 2000

exit codes: 0 success, 1 failure, 2 wrong usage, 124 --timeout expired, 130 and 143 interrupted
(SIGINT, SIGTERM). "nodezmq COMMAND --help" tells more.
`;

/** A reader that has gone (`nodezmq log URL | head`) ends the command, and is no failure. */
function endWithoutReader(error: NodeJS.ErrnoException): void {
  process.exit(error.code === "EPIPE" ? 0 : 1);
}

const print: Print = async (text) => {
  if (!process.stdout.write(text)) await once(process.stdout, "drain");
};

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
      `nodezmq: unknown command "${chosen}"${didYouMean(chosen, commands.keys())}\nthere are: ${[...commands.keys()].join(", ")}\n`,
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
    if (error instanceof Interrupted) return error.code;
    if (!(error instanceof CommandError || error instanceof TimedOut)) throw error;
    process.stderr.write(`nodezmq ${chosen}: ${error.message}\n`);
    return error instanceof TimedOut ? 124 : 1;
  }
}

main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
