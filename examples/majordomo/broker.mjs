// Majordomo broker: one ROUTER for clients and workers. Workers register services by name; requests wait for a worker of
// their service. Heartbeats tell whether a worker is alive; when one has died, its clients ask again (client.mjs).
//
//   node examples/majordomo/broker.mjs [endpoint] [heartbeat in ms] [liveness]
import * as zmq from "nodezmq";
import { keyboardInterrupt } from "../helpers.mjs";
import { CLIENT, ClientCommand, command, WORKER, WorkerCommand } from "../majordomo.mjs";
import { inTime, readArguments, unpack, untilInterrupted } from "../patterns.mjs";

const [endpoint, interval, liveness] = readArguments("tcp://127.0.0.1:5555", 2500, 3);
const interrupt = keyboardInterrupt();
const context = new zmq.Context();
const socket = context.socket(zmq.ROUTER);

/** @typedef {{ client: Buffer, body: Buffer[] }} Request */
/** @typedef {{ name: string, requests: Request[], idle: Set<ServiceWorker> }} Service */
/** @typedef {{ id: Buffer, key: string, service: Service, expires: number }} ServiceWorker */

/** @type {Map<string, Service>} */
const services = new Map();
/** By routing id in hex. @type {Map<string, ServiceWorker>} */
const workers = new Map();

/** The service of that name, which need not have a worker yet. @param {string} name @returns {Service} */
function serviceNamed(name) {
  const service = services.get(name) ?? { name, requests: [], idle: new Set() };
  services.set(name, service);
  return service;
}

/** @param {Buffer} worker @param {number} kind @param {(Buffer | string)[]} frames */
const tellWorker = (worker, kind, ...frames) =>
  socket.sendMultipart([worker, WORKER, command(kind), ...frames]);

/** @param {Buffer} client @param {number} kind @param {(Buffer | string)[]} frames */
const tellClient = (client, kind, ...frames) =>
  socket.sendMultipart([client, CLIENT, command(kind), ...frames]);

/** Hands out requests while there are workers; a Set keeps its order, so the first has waited longest. @param {Service} service */
async function dispatch({ requests, idle }) {
  for (const worker of idle) {
    const request = requests.shift();
    if (request === undefined) return;
    idle.delete(worker);
    await tellWorker(worker.id, WorkerCommand.REQUEST, request.client, "", ...request.body);
  }
}

/** @param {Buffer} client @param {Buffer[]} frames */
async function fromClient(client, frames) {
  const { head, body } = unpack(frames, 2);
  const [kind, name] = head;
  if (kind[0] !== ClientCommand.REQUEST) return;
  if (`${name}` === "mmi.service") {
    const [number = "", asked] = body;
    const known = [...workers.values()].some(({ service }) => service.name === `${asked}`);
    await tellClient(client, ClientCommand.FINAL, name, number, known ? "200" : "404");
    return;
  }
  const service = serviceNamed(`${name}`);
  service.requests.push({ client, body });
  await dispatch(service);
}

/** @param {ServiceWorker} worker */
function forget(worker) {
  workers.delete(worker.key);
  worker.service.idle.delete(worker);
  console.log(`A worker for ${worker.service.name} is gone`);
}

/** @param {Buffer} id @param {Buffer[]} frames */
async function fromWorker(id, frames) {
  const key = id.toString("hex");
  const worker = workers.get(key);
  const [kind, first] = unpack(frames, 2).head;
  if (worker === undefined) {
    // One that has been given up, or has got out of step, shall begin anew.
    if (kind[0] !== WorkerCommand.READY) return tellWorker(id, WorkerCommand.DISCONNECT);
    const service = serviceNamed(`${first}`);
    const expires = performance.now() + interval * liveness;
    const newcomer = { id, key, service, expires };
    workers.set(key, newcomer);
    service.idle.add(newcomer);
    console.log(`A worker for ${service.name} is here`);
    return dispatch(service);
  }
  worker.expires = performance.now() + interval * liveness;
  switch (kind[0]) {
    case WorkerCommand.PARTIAL:
    case WorkerCommand.FINAL: {
      const final = kind[0] === WorkerCommand.FINAL;
      const { body } = unpack(frames, 3);
      await tellClient(
        first,
        final ? ClientCommand.FINAL : ClientCommand.PARTIAL,
        worker.service.name,
        ...body,
      );
      if (final) worker.service.idle.add(worker);
      return dispatch(worker.service);
    }
    case WorkerCommand.HEARTBEAT:
      return;
    case WorkerCommand.DISCONNECT:
      return forget(worker);
    default:
      forget(worker);
      return tellWorker(id, WorkerCommand.DISCONNECT);
  }
}

await untilInterrupted(context, interrupt, async () => {
  socket.bind(endpoint);
  let nextHeartbeat = performance.now() + interval;

  while (true) {
    const timeout = Math.max(0, nextHeartbeat - performance.now());
    // All that has arrived: before somebody is given up, what they have said is heard.
    for (const message of (await inTime(socket.recvBatch(1000, { timeout, signal: interrupt }))) ?? []) {
      const { head, body } = unpack(message, 2);
      const [sender, protocol] = head;
      if (`${protocol}` === CLIENT) await fromClient(sender, body);
      else if (`${protocol}` === WORKER) await fromWorker(sender, body);
    }
    for (const worker of workers.values()) if (performance.now() >= worker.expires) forget(worker);

    if (performance.now() >= nextHeartbeat) {
      for (const { id } of workers.values()) await tellWorker(id, WorkerCommand.HEARTBEAT);
      nextHeartbeat = performance.now() + interval;
    }
  }
});
