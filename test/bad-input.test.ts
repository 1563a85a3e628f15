/**
 * Every function, method and property of the main entry, called with every bad value in every position. What can be
 * called is found by walking the exports, so that what is new is tried too; the calls are made by support/bad-input.mjs
 * in a process of their own. The tables here say only where a value is no error.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { contextOptions, type OptionKind, type OptionRow, socketOptions } from "../lib/options.js";

interface Report {
  call: string;
  position: number;
  kind: string;
  outcome: string;
  after: string;
}

const program = fileURLToPath(new URL("support/bad-input.mjs", import.meta.url));

interface Probe {
  reports: Report[];
  code: number | null;
  output: string;
}

const probes = new Map<string, Promise<Probe>>();

/** What the child reports, which is asked once. A child that hangs is killed after a while. */
function probe(group: string): Promise<Probe> {
  const reports = probes.get(group) ?? ask(group);
  probes.set(group, reports);
  return reports;
}

function ask(group: string): Promise<Probe> {
  return new Promise((resolve, reject) => {
    const timeout = Number(process.env.NODEZMQ_TEST_WATCHDOG ?? 50_000);
    const child = spawn(process.execPath, [program, group], {
      env: { ...process.env, NODE_OPTIONS: "" },
      timeout,
      killSignal: "SIGKILL",
    });
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.on("error", reject);
    child.on("close", (code) => {
      const lines = output.split("\n").filter((line) => line !== "");
      resolve({
        reports: lines.map((line) => JSON.parse(line) as Report).filter(({ call }) => call !== undefined),
        code,
        output: `${lines.slice(-3).join("\n")}\n${errors}`,
      });
    });
  });
}

const DEFAULT = "undefined";
const OPTIONS = "undefined null {}";
const TIMEOUT = "undefined null -1 2**53 {}";
const TEXT = '"" "é"';
const LINGER = "undefined null -1 5n {}";
const ANY = 'undefined null NaN -1 2**53 "" "é" [] {} Symbol() 5n detached closed socket terminated context';
const JSON_VALUE = ANY.replace("undefined ", "").replace("Symbol() ", "").replace("5n ", "");

const receiving = Object.fromEntries(
  ["recv", "recvMultipart", "recvString", "recvJson", "recvBatch"].map((name) => [
    name,
    [OPTIONS, OPTIONS, OPTIONS],
  ]),
);
const blocking = Object.fromEntries(
  ["recvSync", "recvMultipartSync", "recvBatchSync"].map((name) => [name, [OPTIONS, OPTIONS, OPTIONS]]),
);

/** Which values each position takes; a position that is not here takes none of them. */
const documented: Readonly<Record<string, readonly string[]>> = {
  Context: [DEFAULT, "undefined null"],
  "Context.instance": [DEFAULT],
  "Context#socket": ["", OPTIONS, "undefined null"],
  "Context#set": ["", "5n"],
  "Context#setsockopt": ["-1", "undefined -1 5n"],
  "Context#destroy": [LINGER, OPTIONS],
  "Context#term": [OPTIONS],
  "Context#hwm=": ["undefined -1 5n"],
  "Context#maxMsgSize=": ["5n"],
  Endpoint: ["closed socket", "", TEXT],
  Frame: [`undefined null ${TEXT}`, OPTIONS, "undefined null", "undefined null 2**53"],
  "Frame#toString": [DEFAULT],
  "Frame#group=": [TEXT],
  "MessageTracker#wait": [TIMEOUT, OPTIONS],
  "Poller#has": [ANY],
  // A poller may be given a socket that is closed: polling it is ENOTSOCK.
  "Poller#register": ["closed socket", DEFAULT],
  "Poller#modify": ["closed socket", DEFAULT],
  "Poller#poll": [TIMEOUT, OPTIONS],
  "Poller#pollSync": [TIMEOUT],
  Socket: ["", "", OPTIONS],
  "Socket#bindToRandomPort": ["", OPTIONS, OPTIONS, `${OPTIONS} 2**53`],
  "Socket#set": ["", "-1 5n"],
  "Socket#setsockopt": ["", "-1 5n"],
  "Socket#setString": ["", '"é"', "undefined {}"],
  "Socket#setsockoptString": ["", '"é"', "undefined {}"],
  "Socket#getString": ["", "undefined {}"],
  "Socket#getsockoptString": ["", "undefined {}"],
  "Socket#subscribe": [TEXT],
  "Socket#unsubscribe": [TEXT],
  "Socket#join": [TEXT],
  "Socket#setHwm": ["5n"],
  "Socket#hwm=": ["5n"],
  "Socket#copyThreshold=": ["2**53"],
  "Socket#poll": [TIMEOUT, DEFAULT, OPTIONS],
  "Socket#pollSync": [TIMEOUT, "undefined {}"],
  "Socket#monitor": ["undefined null", OPTIONS],
  "Socket#getMonitorSocket": [OPTIONS, "undefined null"],
  "Socket#events": [OPTIONS],
  "Socket#close": [LINGER],
  ...Object.fromEntries(
    Object.entries({ ...receiving, ...blocking }).map(([name, positions]) => [`Socket#${name}`, positions]),
  ),
  "Socket#recvSerialized": ["", OPTIONS, OPTIONS],
  "Socket#recvInto": ["", OPTIONS],
  "Socket#send": [TEXT, OPTIONS, OPTIONS],
  "Socket#sendString": [TEXT, OPTIONS, OPTIONS],
  "Socket#sendSync": [TEXT, OPTIONS, OPTIONS],
  "Socket#sendMultipart": ["", OPTIONS, OPTIONS],
  "Socket#sendMultipartSync": ["", OPTIONS, OPTIONS],
  "Socket#sendJson": [JSON_VALUE, OPTIONS, OPTIONS],
  "Socket#sendSerialized": [ANY, "", OPTIONS, OPTIONS],
  "Socket#sendBatch": ["[]", OPTIONS, OPTIONS],
  "Socket#sendBatchSync": ["[]", OPTIONS, OPTIONS],
  "Socket#createReadStream": ["undefined {}"],
  "Socket#createWriteStream": ["undefined {}"],
  "Socket#createDuplex": ["undefined {}"],
  "Socket#sendUnicode": [TEXT],
  "Socket#recvUnicode": [OPTIONS],
  device: ["", "", "", OPTIONS],
  proxy: ["", "", "undefined null", OPTIONS],
  proxySteerable: ["", "", "undefined null", "undefined null", OPTIONS],
  recvMonitorMessage: ["", OPTIONS, OPTIONS],
  has: [TEXT],
  select: ["[]", "[]", "[]", TIMEOUT, OPTIONS],
  zmqPoll: ["[]", TIMEOUT, OPTIONS],
  setExitLinger: ["2**53"],
  strerror: ["-1"],
};

/** What an option's property may take; whether it does is libzmq's to say. */
const optionValues: Readonly<Record<OptionKind, string>> = {
  int: "-1 5n",
  fd: "-1 5n",
  bool: "",
  int64: "-1 2**53 5n",
  uint64: "2**53 5n",
  bytes: TEXT,
  text: `null ${TEXT}`,
  key: "",
  name: `-1 5n ${TEXT}`,
};

function allowed({ call, position }: Report): string {
  const [, type, property = ""] = /^(Socket|Context)#(\w+)=$/.exec(call) ?? [];
  const ofContext = (contextOptions as Record<string, OptionRow>)[property];
  const row =
    (type === "Context" ? ofContext : undefined) ?? (socketOptions as Record<string, OptionRow>)[property];
  if (type !== undefined && row !== undefined) {
    // A context takes undefined to forget a default.
    return `${optionValues[row[1]]}${type === "Context" && ofContext === undefined ? " undefined" : ""}`;
  }
  return documented[call.replace(/^Message(?=#|$)/, "Frame")]?.[position] ?? "";
}

const constructed: unknown = zmq;
const isError = (name: string): boolean => {
  const type = (constructed as Record<string, unknown>)[name];
  return typeof type === "function" && type.prototype instanceof Error;
};

/** What is wrong with a report, or undefined. */
function fault(report: Report): string | undefined {
  const { call, kind, outcome, after } = report;
  const takes = allowed(report);
  if (outcome.includes("BAD")) return "an error that is not the library's";
  const fine = outcome.startsWith("gives") || outcome.startsWith("resolves");
  const closes = /#(close|destroy|term)\b/.test(call);
  if (isError(call)) return undefined; // the text of an error may be anything, as with Error itself
  if (kind.startsWith("getters")) {
    // What the getter itself does is done, and the call goes on with what it finds then.
    return after === "" || (after === "closed" && (kind.endsWith("close") || closes))
      ? undefined
      : "left in disorder";
  }
  if (after !== "" && !(closes && fine)) return "left in disorder";
  if (kind.startsWith("valueOf")) {
    return fine && takes !== ANY && takes !== JSON_VALUE ? "taken for a number or a text" : undefined;
  }
  return fine && !takes.split(/ (?!socket|context)/).includes(kind) ? "taken without a word" : undefined;
}

const aliases: readonly string[] = ["SyncContext", "SyncSocket"];
const groups = [
  "functions",
  ...Object.keys(zmq).filter(
    (name) => isClass((zmq as Record<string, unknown>)[name]) && !aliases.includes(name),
  ),
];

function isClass(value: unknown): boolean {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

describe.concurrent("bad values, wherever they are given, are told or take no harm:", () => {
  test.each(groups)("%s", async (group) => {
    const { reports, code, output } = await probe(group);
    expect([code, output]).toEqual([0, expect.stringContaining(`{"done":"${group}"}`)]);
    const faults = reports.flatMap((report) => {
      const what = fault(report);
      return what === undefined ? [] : [{ ...report, what }];
    });
    expect(faults).toEqual([]);
    const called = new Set(reports.map(({ call }) => call));
    if (group === "Socket") {
      for (const name of ["send", "recvInto", "linger=", "bind"]) expect(called).toContain(`Socket#${name}`);
    }
  });

  test("nothing that is documented here has gone", async () => {
    const all = await Promise.all(
      ["functions", "Context", "Poller", "Frame", "MessageTracker", "Endpoint", "Socket"].map(probe),
    );
    const called = new Set(all.flatMap(({ reports }) => reports.map(({ call }) => call)));
    expect(Object.keys(documented).filter((call) => !called.has(call))).toEqual([]);
  });
});
