// npm run bench: measures nodezmq beside C, zeromq.js and pyzmq. `npm run bench -- --help` explains.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fail, root, SetupError, setup } from "../scripts/setup.mjs";
import { buildEnds } from "./build.mjs";
import { care } from "./care.mjs";
import { ends } from "./ends.mjs";
import { machine } from "./machine.mjs";
import { measure } from "./measure.mjs";
import { choose, everything, withSizes } from "./plan.mjs";
import { measurementTable, measurementTitle } from "./print.mjs";
import { updateDocs, writeResults } from "./report.mjs";
import { readSize, table } from "./table.mjs";
import { measureTargets, targetTable } from "./targets.mjs";

const HELP = `npm run bench -- [options]     everything, in less than ten minutes, and docs/performance.md anew

  --targets            the project's own targets instead: ratios, and whether they are reached
  --only KINDS         throughput, latency, device, timers, fairness, hwm, memory, sockets, steps
  --sizes SIZES        16,1KiB,1M
  --transports NAMES   tcp, ipc, inproc (two threads), inproc-same (one thread)
  --patterns NAMES     pushpull, pubsub, router (throughput); reqrep, dealer (latency)
  --peers NUMBERS      subscribers, dealers
  --contenders NAMES   c, ours, zeromq, pyzmq; or exact pairs: "c>ours:batch,ours:send>c"
  --ways NAMES         recv, for-await, batch, sync, sync-batch, send, zero-copy, blocking, asyncio, copy (C)
  --rounds N           alternations (3; 7 for --targets)
  --seconds S          how long a run measures (chosen so that all takes less than ten minutes; 0.4 for --targets)
  --count N            how many messages a run has, instead
  --out FOLDER         where results.json, performance.md and charts go (bench/results)
  --docs, --no-docs    whether to renew docs/performance.md (only when all was measured, or --targets asks for it)
  --list               says what would be measured

Lists are separated by commas. The classic tools are node bench/local_thr.mjs and its kin.`;

/** Seconds that a complete run may take. */
const BUDGET = 540;
/** What a run takes beside what it measures: processes start, connect and end. */
const OVERHEAD = 0.5;

/** What the command line says. */
function readOptions() {
  try {
    return parseArgs({
      options: {
        targets: { type: "boolean" },
        only: { type: "string" },
        sizes: { type: "string" },
        transports: { type: "string" },
        patterns: { type: "string" },
        peers: { type: "string" },
        contenders: { type: "string" },
        ways: { type: "string" },
        rounds: { type: "string" },
        seconds: { type: "string" },
        count: { type: "string" },
        out: { type: "string" },
        docs: { type: "boolean" },
        "no-docs": { type: "boolean" },
        list: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    throw new SetupError(error instanceof Error ? error.message : String(error));
  }
}

const list = (/** @type {string | undefined} */ text) => text?.split(",").map((item) => item.trim());
const number = (/** @type {string | undefined} */ text) => {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0)) throw new SetupError(`a positive number expected, got "${text}"`);
  return value;
};

/** How this was called, but for where it wrote to, which is nobody else's business. */
function command() {
  const given = process.argv.slice(2);
  const flags = given.filter((flag, i) => !flag.startsWith("--out") && given[i - 1] !== "--out");
  return ["npm run bench", ...(flags.length > 0 ? ["--", ...flags] : [])].join(" ");
}

/** A line that the next one replaces, on a terminal. @param {string} line */
function tell(line) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
}

/** @param {string} line */
function print(line) {
  tell("");
  console.log(line);
}

async function main() {
  const options = readOptions();
  if (options.help) return console.log(HELP);
  const only = list(options.only);
  const kinds = ["throughput", "latency", "device", ...Object.keys(care)];
  for (const kind of only ?? []) {
    if (!kinds.includes(kind)) throw new SetupError(`--only knows ${kinds.join(", ")}; got "${kind}"`);
  }
  const sizes = list(options.sizes)?.map(readSize);
  const choice = {
    only,
    sizes,
    transports: list(options.transports),
    patterns: list(options.patterns),
    peers: list(options.peers)?.map(Number),
    contenders: list(options.contenders),
    ways: list(options.ways),
  };
  const narrowed = Object.values(choice).some((value) => value !== undefined);
  const rounds = Math.ceil(number(options.rounds) ?? (options.targets ? 7 : 3));
  const count = number(options.count);
  const wanted = number(options.seconds);
  const cells = choose(withSizes(everything(), sizes ?? []), choice);
  const besides = Object.keys(care).filter((topic) =>
    only === undefined ? !narrowed : only.includes(topic),
  );
  if (cells.length === 0 && besides.length === 0) throw new SetupError("nothing fits all of these options");
  if (options.list) {
    for (const cell of cells)
      print(`${measurementTitle({ cell, figures: [] })}: ${cell.contenders.join(", ")}`);
    for (const topic of besides) print(topic);
    return;
  }

  await setup();
  await buildEnds();
  for (const end of Object.values(ends)) {
    if (!end.available()) print(`${end.title} is not there and is left out (${end.install})`);
  }
  const contenders = cells.reduce((sum, cell) => sum + cell.contenders.length, 0);
  // Calibrating takes about as long as another round; memory, timers and the like take about a minute.
  const share = (BUDGET - 75) / (contenders * (rounds + 1)) - OVERHEAD;
  const seconds = wanted ?? (options.targets ? 0.4 : Math.min(0.5, Math.max(0.08, share)));
  const circumstances = {
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    command: command(),
    rounds,
    seconds,
    ...(count !== undefined && { count }),
  };
  const effort = { rounds, seconds, count };
  const out = options.out ?? join(root, "bench", "results");
  /** @type {import("./report.mjs").Results} */
  const results = {};

  if (options.targets) {
    const { rows, measurements } = await measureTargets({ ...effort, tell });
    results.targets = { ...circumstances, rows, measurements };
    for (const one of measurements) print(`\n${measurementTitle(one)}\n${measurementTable(one)}`);
    print(`\n${targetTable(rows)}`);
    print(`\n${rows.filter(({ pass }) => pass).length} of ${rows.length} reached`);
  } else {
    results.run = { ...circumstances, measurements: [], care: [] };
    for (const cell of cells) {
      const title = measurementTitle({ cell, figures: [] });
      const measurement = await measure(cell, { ...effort, tell: (line) => tell(`${title}: ${line}`) });
      if (measurement === undefined) continue;
      results.run.measurements.push(measurement);
      print(`\n${title}\n${measurementTable(measurement)}`);
    }
    for (const topic of besides) {
      tell(topic);
      const found = await care[topic]?.(Math.min(rounds, 3));
      if (found === undefined) continue;
      results.run.care.push(found);
      print(`\n${found.title}\n${table(found.head, found.rows)}`);
    }
  }
  print(`\n${writeResults(results, out)}`);
  const complete = !narrowed && !options.targets && count === undefined;
  if (options.docs || (complete && !options["no-docs"])) print(updateDocs(results));
}

await main().catch(fail);
