// One peer of a scenario. Runs as a process of its own, or as a worker thread: the same code in both.
//
// It talks with the director (scenario.mjs) by Node's own means, so that nothing but the pattern itself goes through
// the sockets under test:
//
//   director: play (who you are)  address (of a bound socket)  go (everybody is ready)  stop (all are done: leave)
//   peer:     bound (an address)  ready  tally (so far)  report (I am done)  failed
import { once } from "node:events";
import { hrtime } from "node:process";
import { parentPort } from "node:worker_threads";
import { Later } from "./later.mjs";
import { Ledger } from "./ledger.mjs";
import { patterns } from "./patterns/index.mjs";

/**
 * @typedef {{ pattern: string, role: string, index: number, number: number, name: string, seconds: number, addresses: string }} Play
 *
 * Times are in milliseconds of the machine's monotonic clock, which all processes share.
 * @typedef {{
 *   sent: import("./ledger.mjs").SenderAccount[], received: import("./ledger.mjs").Account[], bytes: number,
 *   began: number, ended: number, roundTrips: Float64Array, problems: string[] }} Report
 *
 * @typedef {{ is: "play" } & Play | { is: "address", name: string, address: string } | { is: "go" } | { is: "stop" }} Order
 * @typedef {{ is: "bound", name: string, address: string } | { is: "ready" } | { is: "tally", sent: number, received: number }
 *   | { is: "report", report: Report } | { is: "failed", why: string }} News
 */

const TALLY_MS = 100;
const clock = Number(hrtime.bigint() / 1000n) / 1000 - performance.now();

/** @param {News} news @returns {Promise<void>} when it is on its way */
function tell(news) {
  if (parentPort !== null) return Promise.resolve(parentPort.postMessage(news));
  return new Promise((resolve) => process.send?.(news, undefined, undefined, () => resolve()));
}

/** What a role sees of the scenario. */
export class Peer {
  ledger = new Ledger();
  #play;
  #stop = new AbortController();
  #go = /** @type {Later<void>} */ (new Later());
  /** @type {Map<string, Later<string>>} */
  #addresses = new Map();
  /** @type {import("nodezmq").Socket[]} */
  #sockets = [];
  /** @type {number[]} */
  #roundTrips = [];
  #began = 0;
  #deadline = 0;

  /** @param {Play} play */
  constructor(play) {
    this.#play = play;
  }

  /** Which one of its role it is: 0, 1, ... */
  get index() {
    return this.#play.index;
  }

  /** Aborted when a service has to end. */
  get stopping() {
    return this.#stop.signal;
  }

  /** Binds to a free address and lets the others know it. @param {import("nodezmq").Socket} socket @param {string} name */
  bind(socket, name) {
    this.#sockets.push(socket);
    const { address } = socket.bind(this.#play.addresses.replace("NAME", name));
    tell({ is: "bound", name, address });
  }

  /** Connects as soon as the other side is bound. @param {import("nodezmq").Socket} socket @param {string} name */
  async connect(socket, name) {
    this.#sockets.push(socket);
    socket.connect(await this.#address(name).promise);
  }

  /** Resolves when every peer of the scenario is ready. From then on the time runs. */
  async ready() {
    tell({ is: "ready" });
    await this.#go.promise;
    this.#began = performance.now();
    this.#deadline = this.#began + this.#play.seconds * 1000;
  }

  hasTime() {
    return performance.now() < this.#deadline;
  }

  /**
   * This peer's stream of letters.
   * @param {number} size @param {{ stream?: number, name?: string, copies?: number }} [options]
   */
  letters(size, options = {}) {
    return this.ledger.letters({ stream: this.#play.number, name: this.#play.name, size, ...options });
  }

  /** @param {number} milliseconds */
  roundTrip(milliseconds) {
    this.#roundTrips.push(milliseconds);
  }

  /** @param {Order} order */
  obey(order) {
    if (order.is === "address") this.#address(order.name).resolve(order.address);
    else if (order.is === "go") this.#go.resolve();
    else if (order.is === "stop") this.close();
  }

  /** @param {(peer: Peer) => Promise<void>} role @returns {Promise<Report>} */
  async run(role) {
    const { ledger } = this;
    const tally = () => tell({ is: "tally", sent: ledger.sentCount, received: ledger.receivedCount });
    const timer = setInterval(tally, TALLY_MS);
    try {
      await role(this);
    } catch (error) {
      // A service waits for ever; what it waits for ends with an error when the sockets are closed.
      if (!this.stopping.aborted) throw error;
    } finally {
      clearInterval(timer);
      tally();
    }
    return {
      sent: ledger.sent,
      received: [...ledger.received.values()],
      bytes: ledger.receivedBytes,
      began: clock + this.#began,
      ended: clock + ledger.lastReceived,
      roundTrips: Float64Array.from(this.#roundTrips),
      problems: ledger.problems,
    };
  }

  /** Until everything has arrived, with the sockets open: a sender that leaves too early may take messages along. */
  async dismissal() {
    if (!this.stopping.aborted) await once(this.stopping, "abort");
  }

  close() {
    this.#stop.abort();
    for (const socket of this.#sockets) socket.close();
  }

  /** @param {string} name */
  #address(name) {
    const address = this.#addresses.get(name) ?? new Later();
    this.#addresses.set(name, address);
    return address;
  }
}

/** @type {Peer | undefined} */
let peer;

/** @param {Order} order */
function hear(order) {
  if (order.is === "play") play(order);
  else peer?.obey(order);
}

/** @param {Play} orders */
async function play(orders) {
  peer = new Peer(orders);
  const part = patterns
    .find((pattern) => pattern.name === orders.pattern)
    ?.cast.find(({ role }) => role === orders.role);
  try {
    if (part === undefined) throw new Error(`no role ${orders.role} in ${orders.pattern}`);
    await tell({ is: "report", report: await peer.run(part.play) });
    await peer.dismissal();
  } catch (error) {
    await tell({
      is: "failed",
      why: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    peer.close();
  }
  leave();
}

// Nothing is left to do: without its line to the director, the process or thread ends by itself.
function leave() {
  if (parentPort !== null) return parentPort.close();
  process.off("disconnect", orphaned);
  process.disconnect();
}

const orphaned = () => process.exit(1);

if (parentPort !== null) {
  parentPort.on("message", hear);
} else {
  process.on("message", (message) => hear(/** @type {Order} */ (message)));
  // Ctrl-C reaches all processes of a terminal; the director says what is to be done.
  process.on("SIGINT", () => {});
  process.once("disconnect", orphaned);
}
