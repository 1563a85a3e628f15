/** nodezmq doctor: what was loaded, what it can do, whether it works. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as util from "node:util";
import { noMore, readArguments } from "./arguments.js";
import type { Library } from "./session.js";
import { type Command, CommandError } from "./usage.js";

const options = { json: { type: "boolean" } } as const;

/** What libzmq may be built with, and how to get it where it is not. */
const capabilities: Readonly<Record<string, string>> = {
  ipc: "Unix sockets: not on this system",
  curve: "CURVE encryption: build with libsodium or libzmq's own tweetnacl",
  ws: "WebSocket transport: a draft of libzmq's, build with drafts",
  wss: "WebSocket over TLS: needs drafts and GnuTLS",
  draft: "draft sockets (SERVER, CLIENT, RADIO, DISH ...): build with drafts",
  gssapi: "Kerberos: build with libgssapi",
  pgm: "PGM multicast: build with OpenPGM",
  norm: "NORM multicast: build with libnorm",
  tipc: "TIPC: Linux, build with its headers",
  vmci: "VMware's sockets: build with their headers",
};

interface Check {
  name: string;
  ok: boolean;
  detail: string;
}

/** A report, as `--json` prints it. */
interface Report {
  ok: boolean;
  nodezmq: string;
  runtime: string;
  platform: string;
  napi: string;
  addon?: string | undefined;
  error?: string;
  libzmq?: string;
  watcher?: string;
  maxSockets?: number;
  descriptors?: string | number | undefined;
  capabilities?: Record<string, boolean>;
  checks?: Check[];
}

function runtime(): string {
  const { bun, deno, node } = process.versions as Record<string, string | undefined>;
  if (bun !== undefined) return `Bun ${bun}`;
  return deno === undefined ? `Node.js ${node}` : `Deno ${deno}`;
}

interface SystemReport {
  header?: { glibcVersionRuntime?: string };
  userLimits?: { open_files?: { soft?: string | number } };
}

function platform(report: SystemReport): string {
  const glibc = report.header?.glibcVersionRuntime;
  const libc = process.platform !== "linux" ? "" : glibc === undefined ? " musl" : ` glibc ${glibc}`;
  return `${process.platform} ${process.arch}${libc}`;
}

const TIMEOUT = 5000;

/** A request and its reply over an address. */
async function roundTrip(zmq: Library, url: string, curve = false): Promise<void> {
  const context = new zmq.Context();
  try {
    const rep = context.socket(zmq.REP);
    const req = context.socket(zmq.REQ);
    if (curve) {
      const [serverKey, serverSecret] = zmq.curveKeypair();
      [rep.curveServer, rep.curvePublickey, rep.curveSecretkey] = [true, serverKey, serverSecret];
      [req.curvePublickey, req.curveSecretkey] = zmq.curveKeypair();
      req.curveServerkey = serverKey;
    }
    rep.bind(url);
    req.connect(rep.lastEndpoint);
    await req.send("ping", { timeout: TIMEOUT });
    await rep.send(await rep.recv({ timeout: TIMEOUT }));
    if (String(await req.recv({ timeout: TIMEOUT })) !== "ping")
      throw new Error("another reply than was sent");
  } finally {
    await context.destroy(0);
  }
}

async function selfTest(zmq: Library): Promise<Check[]> {
  const folder = mkdtempSync(join(tmpdir(), "nodezmq-doctor-"));
  const tests: [name: string, url: string, curve?: boolean][] = [
    ["inproc", "inproc://nodezmq-doctor"],
    ["tcp", "tcp://127.0.0.1:*"],
  ];
  if (zmq.has("ipc")) tests.push(["ipc", `ipc://${folder}/socket`]);
  if (zmq.has("curve")) tests.push(["curve", "tcp://127.0.0.1:*", true]);
  const checks: Check[] = [];
  try {
    for (const [name, url, curve] of tests) {
      const start = performance.now();
      try {
        await roundTrip(zmq, url, curve);
        checks.push({ name, ok: true, detail: `${(performance.now() - start).toFixed(1)} ms` });
      } catch (error) {
        checks.push({ name, ok: false, detail: (error as Error).message });
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return checks;
}

async function examine(): Promise<Report> {
  const { version } = JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8")) as {
    version: string;
  };
  const system = (process.report?.getReport() ?? {}) as SystemReport;
  const report: Report = {
    ok: false,
    nodezmq: version,
    runtime: runtime(),
    platform: platform(system),
    napi: process.versions.napi ?? "none",
  };
  let zmq: Library;
  try {
    zmq = await import("../index.js");
    const { binary, watcher } = await import("../native.js");
    Object.assign(report, { addon: binary, watcher });
  } catch (error) {
    report.error = error instanceof Error ? error.message : String(error);
    return report;
  }
  report.libzmq = zmq.zmqVersion();
  const context = new zmq.Context();
  report.maxSockets = context.maxSockets;
  await context.term();
  report.descriptors = system.userLimits?.open_files?.soft;
  report.capabilities = Object.fromEntries(Object.keys(capabilities).map((name) => [name, zmq.has(name)]));
  report.checks = await selfTest(zmq);
  report.ok = report.checks.every(({ ok }) => ok);
  return report;
}

/** Colours for people only: not in a pipe, not with NO_COLOR. */
function paint(color: "green" | "red", text: string): string {
  const colorful = process.stdout.isTTY && !process.env.NO_COLOR && typeof util.styleText === "function";
  return colorful ? util.styleText(color, text) : text;
}

function describe(report: Report): string {
  const lines: string[] = [];
  const tell = (name: string, value: string | number | undefined): void => {
    if (value !== undefined) lines.push(`${name.padEnd(12)} ${value}`);
  };
  tell("nodezmq", report.nodezmq);
  tell("runtime", `${report.runtime}, Node-API ${report.napi}`);
  tell("platform", report.platform);
  if (report.error !== undefined) {
    tell("addon", paint("red", "cannot be loaded"));
    return `${lines.join("\n")}\n\n${report.error}\n`;
  }
  tell("addon", report.addon);
  tell("libzmq", report.libzmq);
  tell("watcher", report.watcher);
  tell("sockets", `${report.maxSockets} a context`);
  tell("descriptors", report.descriptors === undefined ? undefined : `${report.descriptors} a process`);
  lines.push("");
  const has = Object.entries(report.capabilities ?? {});
  tell("built in", has.flatMap(([name, there]) => (there ? [name] : [])).join(" "));
  for (const [name, there] of has) {
    if (!there) tell(`no ${name}`, capabilities[name]);
  }
  lines.push("");
  for (const { name, ok, detail } of report.checks ?? []) {
    tell(name, `${ok ? paint("green", "ok") : paint("red", "FAILED")} ${detail}`);
  }
  return `${lines.join("\n")}\n`;
}

export const doctor: Command = {
  summary: "tell what is installed, and whether it works",
  help: `usage: nodezmq doctor [--json]

Tells which binary was loaded, what its libzmq can do and how to get what it cannot, and sends a message
over each transport. Exit code 1 when something is broken; it tells, too, why the addon cannot be loaded.

  nodezmq doctor
  nodezmq doctor --json

options:
  --json            print the report as a JSON object
  -h, --help        show this help
`,
  async run(args, print) {
    const { values, positionals } = readArguments(args, options);
    noMore(positionals);
    const report = await examine();
    await print(values.json ? `${JSON.stringify(report, null, 1)}\n` : describe(report));
    if (!report.ok) throw new CommandError("something is broken: see above");
  },
};
