// A client of the queue device: it need not know how many servers there are, nor where.
//
//   node examples/queue/client.mjs [device's port]
import { randomInt } from "node:crypto";
import * as zmq from "nodezmq";

const port = process.argv[2] ?? "5559";

const context = new zmq.Context();
console.log("Connecting to server...");
const socket = context.socket(zmq.REQ);
socket.connect(`tcp://localhost:${port}`);
const clientId = randomInt(1, 10005);

for (let request = 1; request < 10; request++) {
  console.log(`Sending request  ${request} ...`);
  await socket.send(`Hello from ${clientId}`);
  const message = await socket.recvString();
  console.log(`Received reply  ${request} [ ${message} ]`);
}
