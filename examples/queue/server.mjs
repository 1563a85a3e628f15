// A server behind the queue device: it connects, as a client does, so that servers may come and go.
//
//   node examples/queue/server.mjs [device's port] [requests]
import { randomInt } from "node:crypto";
import * as zmq from "nodezmq";
import { sleep } from "../helpers.mjs";

const port = process.argv[2] ?? "5560";
const requests = Number(process.argv[3] ?? Infinity);

const context = new zmq.Context();
const socket = context.socket(zmq.REP);
socket.connect(`tcp://localhost:${port}`);
const serverId = randomInt(1, 10005);

for (let request = 0; request < requests; request++) {
  const message = await socket.recvString();
  console.log(`Received request:  ${message}`);
  await sleep(1);
  await socket.send(`World from server ${serverId}`);
}
