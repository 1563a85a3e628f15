// A monitored queue: what passes between clients and a server is published on a third socket.
//
//   node examples/devices/monitoredqueue.mjs [clients' port] [server's port] [monitor's port]
import { randomInt } from "node:crypto";
import * as zmq from "nodezmq";
import { MonitoredQueue } from "nodezmq/devices/monitoredqueuedevice";
import { run, sleep, start, terminate } from "../helpers.mjs";

const frontendPort = process.argv[2] ?? "5559";
const backendPort = process.argv[3] ?? "5560";
const monitorPort = process.argv[4] ?? "5562";
const numberOfWorkers = 2;

async function monitordevice(front = frontendPort, back = backendPort, mon = monitorPort) {
  const inPrefix = "in";
  const outPrefix = "out";
  const monitoringdevice = new MonitoredQueue(zmq.XREP, zmq.XREQ, zmq.PUB, inPrefix, outPrefix);

  monitoringdevice.bindIn(`tcp://127.0.0.1:${front}`);
  monitoringdevice.bindOut(`tcp://127.0.0.1:${back}`);
  monitoringdevice.bindMon(`tcp://127.0.0.1:${mon}`);

  // The original's HWM has been two options since libzmq 3
  for (const option of [zmq.SNDHWM, zmq.RCVHWM]) {
    monitoringdevice.setsockoptIn(option, 1);
    monitoringdevice.setsockoptOut(option, 1);
  }
  await monitoringdevice.start();
  console.log("Program: Monitoring device has started");
  // A running device does not keep the program alive; waiting for its end does
  await monitoringdevice.join();
}

async function server(port = backendPort) {
  console.log("Program: Server connecting to device");
  const context = new zmq.Context();
  const socket = context.socket(zmq.REP);
  socket.connect(`tcp://127.0.0.1:${port}`);
  const serverId = randomInt(1, 10005);
  for (;;) {
    const message = await socket.recvString();
    console.log(`Server: Received - ${message}`);
    await socket.send(`Response from server #${serverId}`);
  }
}

async function client(port = frontendPort, clientId = 0) {
  console.log(`Program: Worker #${clientId} connecting to device`);
  const context = new zmq.Context();
  const socket = context.socket(zmq.REQ);
  socket.connect(`tcp://127.0.0.1:${port}`);
  const requestNum = 1;
  await socket.send(`Request #${requestNum} from client#${clientId}`);
  // Get the reply
  const message = await socket.recvMultipart();
  console.log(`Client: Received - ${message.map(String)}`);
}

async function monitor(port = monitorPort) {
  console.log("Starting monitoring process");
  const context = new zmq.Context();
  const socket = context.socket(zmq.SUB);
  console.log("Collecting updates from server...");
  socket.connect(`tcp://127.0.0.1:${port}`);
  socket.setsockopt(zmq.SUBSCRIBE, "");
  for await (const message of socket) {
    // The second frame is the client's identity, which is no text
    console.log(
      "Monitoring Client:",
      message.map((frame, i) => frame.toString(i === 1 ? "hex" : "utf8")),
    );
  }
}

async function main() {
  const monitoring = start(monitordevice, frontendPort, backendPort, monitorPort);
  const serving = start(server, backendPort);
  const listening = start(monitor, monitorPort);
  await sleep(2);

  const clients = Array.from({ length: numberOfWorkers }, (_, clientId) =>
    start(client, frontendPort, clientId),
  );
  await Promise.all(clients.map((child) => new Promise((resolve) => child.once("exit", resolve))));

  await sleep(10);
  terminate(serving, listening, monitoring);
}

await run(main, { monitordevice, server, client, monitor });
