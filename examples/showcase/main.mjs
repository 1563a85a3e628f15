// The showcase: separate processes, and threads for inproc, exchange messages by ZeroMQ's five basic patterns over tcp,
// ipc and inproc, and every message is accounted for.
//
//   node examples/showcase/main.mjs [--seconds 0.6] [--patience 10] [--verbose]
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as zmq from "nodezmq";
import { patterns } from "./patterns/index.mjs";
import { Failure, Interruption, play } from "./scenario.mjs";
import { integer, row, Screen } from "./screen.mjs";

const { values } = parseArgs({
  options: {
    /** For how many seconds the peers of a scenario send. */
    seconds: { type: "string", default: "0.6" },
    /** After how many seconds without a sign of life a scenario is given up. */
    patience: { type: "string", default: "10" },
    /** Tells every process and thread, and how each scenario goes on. */
    verbose: { type: "boolean", default: false },
  },
});
const [seconds, patience] = [Number(values.seconds), Number(values.patience)];
if (!(seconds > 0 && patience > 0)) throw new RangeError("--seconds and --patience are numbers above 0");

/** @type {import("./scenario.mjs").Transport[]} */
const transports = zmq.has("ipc") ? ["tcp", "ipc", "inproc"] : ["tcp", "inproc"];
const scenarios = patterns.flatMap((pattern) => transports.map((transport) => ({ pattern, transport })));
const screen = new Screen();
const interruption = new AbortController();
for (const name of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  process.on(name, () => interruption.abort(new Interruption(name)));
}
const folder = mkdtempSync(join(tmpdir(), "nodezmq-"));

try {
  process.exitCode = await showcase();
} catch (error) {
  if (!(error instanceof Interruption)) throw error;
  screen.line(`interrupted (${error.message})`);
  process.exitCode = 130;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Plays all scenarios. @returns {Promise<number>} the exit code */
async function showcase() {
  const began = performance.now();
  screen.line(`nodezmq ${zmq.version}: ZeroMQ for Node.js, with pyzmq's API.`);
  screen.line(
    `Node.js ${process.version} with libzmq ${zmq.zmqVersion()} on ${process.platform} ${process.arch}, ${availableParallelism()} cores.`,
  );
  screen.line(`${patterns.length} patterns over ${transports.join(", ")}; every message is accounted for.`);
  screen.line();

  /** @type {import("./screen.mjs").Row[]} */
  const rows = [];
  /** @type {string[]} */
  const problems = [];
  let sent = 0;
  let received = 0;
  /** @param {string} text */
  const show = (text) => (values.verbose ? screen.line(text) : screen.progress(text));
  for (const [i, { pattern, transport }] of scenarios.entries()) {
    const title = `${String(i + 1).padStart(2)}/${scenarios.length}  ${pattern.name} over ${transport}`;
    screen.progress(title);
    try {
      const result = await play(pattern, transport, {
        seconds,
        patience,
        folder,
        signal: interruption.signal,
        onMove: (messages) => show(`${title}: ${integer(messages)} messages`),
        onPeer: (name, id) => values.verbose && screen.line(`${title}: ${name} is ${id}`),
        onComplaint: (text) => screen.line(text.trimEnd()),
      });
      sent += result.sent;
      received += result.received;
      if (transport === transports[0]) rows.push(`${pattern.name}  ${pattern.about}`);
      rows.push(row(transport, result));
      problems.push(...result.problems.map((problem) => `${pattern.name} over ${transport}: ${problem}`));
      if (!screen.live) screen.line(`${title}: ${integer(result.received)} messages, ${result.lost} lost`);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      problems.push(
        `${pattern.name} over ${transport}: ${error.message}${error.cause ? `\n${error.cause}` : ""}`,
      );
      break;
    }
  }

  if (rows.length > 0) {
    if (!screen.live) screen.line();
    screen.table(rows);
  }
  screen.line();
  if (problems.length > 0) {
    for (const problem of problems) screen.line(`FAILED: ${problem}`);
    return 1;
  }
  screen.line("A message to several subscribers counts for each. median, 99 %: of the round trips.");
  const time = ((performance.now() - began) / 1000).toFixed(1);
  screen.line(`OK: ${integer(sent)} messages sent, ${integer(received)} received, none lost, in ${time} s.`);
  screen.line("What next? README.md; examples/ has each pattern by itself; npm test.");
  return 0;
}
