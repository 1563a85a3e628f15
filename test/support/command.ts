/** The nodezmq command, run as its users run it. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Program, type ProgramOptions, program } from "./program.js";

const root = new URL("../../", import.meta.url);
const { bin } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
  bin: { nodezmq: string };
};

/** The file that npm links to. */
export const commandFile = fileURLToPath(new URL(bin.nodezmq, root));

export const nodezmq = (args: readonly string[], options?: ProgramOptions): Program =>
  program(process.execPath, [commandFile, ...args], options);
