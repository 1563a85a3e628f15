// A queue device in a process of its own, between two clients and a server. Ends at Ctrl-C.
//
//   node examples/devices/queuedevice.mjs [clients' port] [server's port]
import { randomInt } from "node:crypto";
import * as zmq from "nodezmq";
import { ProcessDevice } from "nodezmq/devices/basedevice";
import { keyboardInterrupt, run, sleep, start, terminate } from "../helpers.mjs";

const frontendPort = process.argv[2] ?? "5559";
const backendPort = process.argv[3] ?? "5560";
const numberOfWorkers = 2;

async function server(port = backendPort) {
  console.log("Connecting a server to queue device");
  const context = new zmq.Context();
  const socket = context.socket(zmq.REP);
  socket.connect(`tcp://127.0.0.1:${port}`);
  const serverId = randomInt(1, 10005);
  for (;;) {
    const message = await socket.recvString();
    console.log(`Received request:  ${message}`);
    await socket.send(`Response from ${serverId}`);
  }
}

async function client(port = frontendPort, clientId = 0) {
  console.log(`Connecting a worker #${clientId} to queue device`);
  const context = new zmq.Context();
  const socket = context.socket(zmq.REQ);
  socket.connect(`tcp://127.0.0.1:${port}`);
  // Four requests, waiting each time for a response
  for (let request = 1; request < 5; request++) {
    console.log(`Sending request #${request}`);
    await socket.send(`Request fron client: ${clientId}`);
    // Get the reply
    const message = await socket.recvString();
    console.log(`Received reply  ${request} [ ${message} ]`);
  }
}

async function main() {
  const queuedevice = new ProcessDevice(zmq.QUEUE, zmq.XREP, zmq.XREQ);
  queuedevice.bindIn(`tcp://127.0.0.1:${frontendPort}`);
  queuedevice.bindOut(`tcp://127.0.0.1:${backendPort}`);
  // The original's HWM has been two options since libzmq 3
  for (const option of [zmq.SNDHWM, zmq.RCVHWM]) {
    queuedevice.setsockoptIn(option, 1);
    queuedevice.setsockoptOut(option, 1);
  }
  await queuedevice.start();

  const serverProcess = start(server, backendPort);
  keyboardInterrupt().addEventListener("abort", () => {
    terminate(serverProcess);
    queuedevice.stop();
  });
  await sleep(2);

  for (let clientId = 0; clientId < numberOfWorkers; clientId++) start(client, frontendPort, clientId);
}

await run(main, { server, client });
