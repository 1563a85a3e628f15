// The director: plays one pattern over one transport, with peers that are processes or threads of their own.
import { fork } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { Later } from "./later.mjs";
import { balance } from "./ledger.mjs";

/**
 * @typedef {import("./patterns/index.mjs").Pattern} Pattern
 * @typedef {import("./peer.mjs").Order} Order
 * @typedef {import("./peer.mjs").News} News
 * @typedef {import("./peer.mjs").Report} Report
 *
 * @typedef {"tcp" | "ipc" | "inproc"} Transport
 *
 * @typedef {{
 *   seconds: number, patience: number, folder: string, signal: AbortSignal, onMove: (messages: number) => void,
 *   onPeer: (name: string, id: string) => void, onComplaint: (text: string) => void }} Settings
 *
 * @typedef {{
 *   peers: string, sent: number, received: number, lost: number, problems: string[], seconds: number, bytes: number,
 *   roundTrips: Float64Array }} Result
 */

/** Why a scenario has no result; the cause is what a peer has said of it. */
export class Failure extends Error {}

/** Somebody has pressed Ctrl-C. */
export class Interruption extends Error {}

/** Where peers may bind; NAME stands for what they bind. @type {Record<Transport, (folder: string, id: string) => string>} */
const addresses = {
  tcp: () => "tcp://127.0.0.1:*",
  ipc: (folder, id) => `ipc://${join(folder, `${id}-NAME`)}`,
  inproc: (_, id) => `inproc://${id}-NAME`,
};

const PEER = new URL("peer.mjs", import.meta.url);

/** A peer of this scenario: a process or a thread, with the same face. */
class Actor {
  isReady = false;
  hasEnded = false;
  /** When it was heard last, by `performance.now()`. */
  heard = 0;
  sent = 0;
  received = 0;
  /** @type {Report | undefined} */
  report;
  /** What the peer says. @type {(news: News) => void} */
  onNews = () => {};
  /** How it ended. @type {(how: string) => void} */
  onEnd = () => {};
  #ended = /** @type {Later<void>} */ (new Later());

  /** @param {{ name: string, service: boolean, thread: boolean, onComplaint: (text: string) => void }} options */
  constructor({ name, service, thread, onComplaint }) {
    this.name = name;
    this.service = service;
    const { id, post, kill } = thread ? this.#startThread(onComplaint) : this.#startProcess(onComplaint);
    this.id = id;
    this.post = post;
    this.kill = kill;
  }

  get ended() {
    return this.#ended.promise;
  }

  toString() {
    return `${this.name} (${this.id})`;
  }

  /** @param {(text: string) => void} onComplaint */
  #startProcess(onComplaint) {
    const child = fork(fileURLToPath(PEER), {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    child.stderr?.setEncoding("utf8").on("data", onComplaint);
    child.on("message", (news) => this.onNews(/** @type {News} */ (news)));
    child.on("error", (error) => this.#end(error.message));
    // "close", not "exit": what it has said last must have been heard.
    child.on("close", (code, signal) =>
      this.#end(signal ? `was killed by ${signal}` : `ended with exit code ${code}`),
    );
    return {
      id: `process ${child.pid}`,
      // Who has gone hears nothing more; that is told by "close".
      post: (/** @type {Order} */ order) => void (child.connected && child.send(order, () => {})),
      kill: () => void child.kill("SIGKILL"),
    };
  }

  /** @param {(text: string) => void} onComplaint */
  #startThread(onComplaint) {
    const worker = new Worker(PEER, { stderr: true });
    worker.stderr.setEncoding("utf8").on("data", onComplaint);
    worker.on("message", (news) => this.onNews(news));
    worker.on("error", (error) => onComplaint(String(error instanceof Error ? error.stack : error)));
    worker.on("exit", (code) => this.#end(`ended with exit code ${code}`));
    return {
      id: `thread ${worker.threadId}`,
      post: (/** @type {Order} */ order) => worker.postMessage(order),
      kill: () => void worker.terminate(),
    };
  }

  /** @param {string} how */
  #end(how) {
    this.hasEnded = true;
    this.#ended.resolve();
    this.onEnd(how);
  }
}

/**
 * Plays a scenario. However it ends, none of its processes or threads is left.
 * @param {Pattern} pattern @param {Transport} transport @param {Settings} settings
 * @returns {Promise<Result>}
 * @throws {Failure} when a peer has died, failed or got stuck
 */
export async function play(pattern, transport, settings) {
  const { seconds, patience, folder, signal, onMove, onPeer, onComplaint } = settings;
  const thread = transport === "inproc";
  const parts = pattern.cast.flatMap(({ role, copies = 1, service = false }) =>
    Array.from({ length: copies }, (_, index) => {
      return { role, index, service, name: copies > 1 ? `${role} ${index + 1}` : role };
    }),
  );
  const actors = parts.map(({ name, service }) => new Actor({ name, service, thread, onComplaint }));
  /** @param {Order} order */
  const tellAll = (order) => {
    for (const actor of actors) actor.post(order);
  };

  /** @type {Later<never>} */
  const failed = new Later();
  failed.promise.catch(() => {});
  const interrupt = () => failed.reject(signal.reason);
  signal.addEventListener("abort", interrupt);
  if (signal.aborted) interrupt();
  // Wound up again whenever something moves.
  const watchdog = setTimeout(() => {
    const since = performance.now() - patience * 500;
    const silent = actors.filter(({ report, heard }) => report === undefined && heard < since);
    const open = actors.filter(({ service, report, hasEnded }) => (report ? !hasEnded : !service));
    const who =
      silent.length > 0 ? `no sign of life from ${silent.join(", ")}` : `waiting for ${open.join(", ")}`;
    failed.reject(new Failure(`nothing has moved for ${patience} s, ${who}`));
  }, patience * 1000);

  for (const actor of actors) {
    onPeer(actor.name, actor.id);
    actor.onNews = (news) => {
      actor.heard = performance.now();
      const moved = news.is !== "tally" || news.sent + news.received > actor.sent + actor.received;
      if (moved) watchdog.refresh();
      if (news.is === "bound") {
        tellAll({ is: "address", name: news.name, address: news.address });
      } else if (news.is === "ready") {
        actor.isReady = true;
        if (actors.every(({ isReady }) => isReady)) tellAll({ is: "go" });
      } else if (news.is === "tally") {
        Object.assign(actor, { sent: news.sent, received: news.received });
        if (moved) onMove(total(actors).received);
      } else if (news.is === "report") {
        actor.report = news.report;
        if (actors.every(({ service, report }) => service || report)) tellAll({ is: "stop" });
      } else {
        failed.reject(new Failure(`${actor} failed`, { cause: news.why }));
      }
    };
    actor.onEnd = (how) => {
      if (actor.report !== undefined) return;
      // Ctrl-C reaches all processes of a terminal.
      const interrupted = how.endsWith("SIGINT");
      failed.reject(interrupted ? new Interruption("SIGINT") : new Failure(`${actor} ${how}`));
    };
  }

  try {
    // Only now: nobody may miss an address.
    const where = addresses[transport](folder, pattern.name.toLowerCase().replace("/", "-"));
    for (const [i, { name, role, index }] of parts.entries()) {
      const orders = { pattern: pattern.name, role, index, name, number: i + 1, seconds, addresses: where };
      actors[i]?.post({ is: "play", ...orders });
    }
    // Peers end by themselves when they have reported; one that does not is a failure, too.
    await Promise.race([Promise.all(actors.map(({ ended }) => ended)), failed.promise]);
    return summary(actors, `${actors.length} ${thread ? "threads" : "processes"}`);
  } catch (error) {
    const { sent, received } = total(actors);
    if (error instanceof Failure)
      error.message += `; at the last count ${sent} messages sent, ${received} received`;
    throw error;
  } finally {
    clearTimeout(watchdog);
    signal.removeEventListener("abort", interrupt);
    for (const actor of actors) actor.kill();
    await Promise.all(actors.map(({ ended }) => ended));
  }
}

/** What the peers have told last. @param {Actor[]} actors */
function total(actors) {
  let sent = 0;
  let received = 0;
  for (const actor of actors) {
    sent += actor.sent;
    received += actor.received;
  }
  return { sent, received };
}

/** @param {Actor[]} actors @param {string} peers @returns {Result} */
function summary(actors, peers) {
  const reports = actors.flatMap(({ name, report }) => (report === undefined ? [] : [{ name, ...report }]));
  const began = Math.min(...reports.map((report) => report.began));
  const ended = Math.max(...reports.map((report) => report.ended));
  const { sent, received, lost, problems } = balance(reports);
  const complaints = reports.flatMap(({ name, problems }) => problems.map((what) => `${name} got ${what}`));
  return {
    peers,
    sent,
    received,
    lost,
    problems: [...problems, ...complaints],
    seconds: (ended - began) / 1000,
    bytes: reports.reduce((sum, { bytes }) => sum + bytes, 0),
    roundTrips: Float64Array.from(reports.flatMap(({ roundTrips }) => [...roundTrips])).sort(),
  };
}
