// What an end does, whatever library it uses.
import { Worker } from "node:worker_threads";

/** @typedef {import("./spec.mjs").Spec} Spec */

/**
 * One library, behind the verbs that the roles need. `Socket` is whatever it calls one. Receivers take `count` messages
 * of one socket and resolve to how many bytes their last frames had in all.
 *
 * @template Socket
 * @typedef {{
 *   open(type: string, spec: Spec): Socket,
 *   bind(socket: Socket, address: string): Promise<string>,
 *   connect(socket: Socket, address: string): void,
 *   close(sockets: Socket[]): Promise<void>,
 *   subscriptions(socket: Socket, count: number): Promise<void>,
 *   senders: Record<string, (socket: Socket, message: Buffer, count: number) => Promise<void>>,
 *   receivers: Record<string, (socket: Socket, count: number, multipart: boolean) => Promise<number>>,
 *   askers: Record<string, (socket: Socket, message: Buffer, samples: Float64Array) => Promise<number>>,
 *   echoers: Record<string, (socket: Socket, count: number, multipart: boolean) => Promise<void>>,
 *   forward(frontend: Socket, backend: Socket): Promise<void>,
 * }} Library
 */

/** Wall-clock time in milliseconds and CPU time in microseconds. */
function now() {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now(), cpu: user + system };
}

/** @typedef {ReturnType<typeof now>} Mark */

/** @param {Mark} begun @param {Mark} ended @param {object} figures */
const report = (begun, ended, figures) => ({
  done: true,
  ...figures,
  seconds: (ended.wall - begun.wall) / 1000,
  cpu: ended.cpu - begun.cpu,
  memory: process.resourceUsage().maxRSS * 1024,
});

/** @template T @param {Record<string, T>} ways @param {string} way @returns {T} */
function choose(ways, way) {
  const found = ways[way];
  if (found === undefined)
    throw new Error(`unknown way "${way}"; there are: ${Object.keys(ways).join(", ")}`);
  return found;
}

/** Whether what such a socket receives has the sender's routing id before the content. @param {string} type */
const addressed = (type) => type === "ROUTER";

/** @template S @param {Library<S>} library @param {S[]} sockets @param {Spec} spec */
async function pour(library, sockets, spec, way = spec.way) {
  const send = choose(library.senders, way);
  const message = Buffer.alloc(spec.size);
  const each = (/** @type {number} */ count) =>
    Promise.all(sockets.map((socket) => send(socket, message, count / sockets.length)));
  await each(spec.warmup);
  const begun = now();
  await each(spec.count - spec.warmup);
  return report(begun, now(), {
    count: spec.count,
    measured: spec.count - spec.warmup,
    bytes: spec.count * spec.size,
  });
}

/** @template S @param {Library<S>} library @param {S[]} sockets @param {Spec} spec */
async function drain(library, sockets, spec, way = spec.way) {
  const receive = choose(library.receivers, way);
  let bytes = 0;
  const each = async (/** @type {number} */ count) => {
    const sums = await Promise.all(
      sockets.map((socket) => receive(socket, count / sockets.length, addressed(spec.type))),
    );
    for (const sum of sums) bytes += sum;
  };
  const first = spec.warmup + sockets.length;
  await each(first);
  const begun = now();
  await each(spec.count - first);
  return report(begun, now(), { count: spec.count, measured: spec.count - first, bytes });
}

/** @template S @param {Library<S>} library @param {S} socket @param {Spec} spec */
async function ask(library, socket, spec) {
  const asker = choose(library.askers, spec.way);
  const message = Buffer.alloc(spec.size);
  let bytes = await asker(socket, message, new Float64Array(spec.warmup));
  const samples = new Float64Array(spec.count - spec.warmup);
  const begun = now();
  bytes += await asker(socket, message, samples);
  return report(begun, now(), {
    count: spec.count,
    measured: samples.length,
    bytes,
    samples: Array.from(samples, (milliseconds) => Math.round(milliseconds * 1e6)),
  });
}

/** @template S @param {Library<S>} library @param {S} socket @param {Spec} spec */
async function echo(library, socket, spec) {
  const begun = now();
  await choose(library.echoers, spec.way)(socket, spec.count, addressed(spec.type));
  return report(begun, now(), {
    count: spec.count,
    measured: spec.count,
    bytes: spec.count * spec.size,
  });
}

/**
 * Both ends in this process: the sink or asker here; the source or echo here as well, or in a thread of its own.
 *
 * @template S
 * @param {Library<S>} library @param {Spec} spec @param {(line: object) => void} say
 * @param {() => Promise<unknown>} dismissed
 */
async function inproc(library, spec, say, dismissed) {
  const trips = spec.type === "REQ";
  const socket = library.open(trips ? "REQ" : "PULL", spec);
  const endpoint = await library.bind(socket, "inproc://bench");
  say({ ready: true, endpoint, second: "" });
  const sockets = [socket];
  if (spec.where === "same") {
    const other = library.open(trips ? "REP" : "PUSH", spec);
    library.connect(other, endpoint);
    sockets.push(other);
    const [done] = trips
      ? await Promise.all([ask(library, socket, spec), echo(library, other, spec)])
      : await Promise.all([
          drain(library, [socket], spec, spec.sink),
          pour(library, [other], spec, spec.source),
        ]);
    say(done);
    await dismissed();
  } else {
    const { bind: _, ...rest } = spec;
    const role = trips ? "echo" : "source";
    const worker = new Worker(new URL("node.mjs", import.meta.url), {
      workerData: {
        ...rest,
        role,
        type: trips ? "REP" : "PUSH",
        connect: endpoint,
        where: undefined,
        way: trips ? spec.way : spec.source,
      },
    });
    worker.on("error", (error) => {
      throw error;
    });
    say(trips ? await ask(library, socket, spec) : await drain(library, [socket], spec, spec.sink));
    worker.postMessage("leave");
    await dismissed();
    await new Promise((resolve) => worker.once("exit", resolve));
  }
  await library.close(sockets);
}

/**
 * Runs the role and tells what came of it.
 *
 * @template S
 * @param {Library<S>} library @param {Spec} spec @param {(line: object) => void} say
 * @param {() => Promise<unknown>} dismissed
 */
export async function run(library, spec, say, dismissed) {
  const leaving = dismissed();
  const { role } = spec;
  if (role === "inproc") return inproc(library, spec, say, () => leaving);
  if (role === "proxy") {
    const [frontend, backend] = [library.open("ROUTER", spec), library.open("DEALER", spec)];
    const endpoint = await library.bind(frontend, spec.bind ?? "");
    const second = await library.bind(backend, spec.bind ?? "");
    const begun = now();
    library.forward(frontend, backend).catch(() => {}); // it ends with its sockets
    say({ ready: true, endpoint, second });
    await leaving;
    say(report(begun, now(), { count: 0, measured: 0, bytes: 0 }));
    process.exit(0);
  }
  const sockets = Array.from({ length: spec.sockets }, () => library.open(spec.type, spec));
  for (const socket of sockets) {
    if (spec.connect !== undefined) library.connect(socket, spec.connect);
    else say({ ready: true, endpoint: await library.bind(socket, spec.bind ?? ""), second: "" });
  }
  const [first] = sockets;
  if (first === undefined) throw new Error("an end needs a socket");
  if (spec.subscribers > 0) await library.subscriptions(first, spec.subscribers);
  if (role === "source") say(await pour(library, sockets, spec));
  else if (role === "sink") say(await drain(library, sockets, spec));
  else if (role === "ask") say(await ask(library, first, spec));
  else if (role === "echo") say(await echo(library, first, spec));
  else throw new Error(`unknown role "${role}"`);
  await leaving;
  await library.close(sockets);
}
