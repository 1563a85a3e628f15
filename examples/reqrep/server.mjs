// Answers each request after a second of work. Start two, on two ports, and one client for both.
//
//   node examples/reqrep/server.mjs [port] [requests]
import * as zmq from "nodezmq";
import { sleep } from "../helpers.mjs";

const port = process.argv[2] ?? "5556";
const requests = Number(process.argv[3] ?? Infinity);

const context = new zmq.Context();
const socket = context.socket(zmq.REP);
socket.bind(`tcp://*:${port}`);

for (let request = 0; request < requests; request++) {
  // A REP socket receives and sends in turn: it cannot reply before it has got a request.
  const message = await socket.recvString();
  console.log(`Received request:  ${message}`);
  await sleep(1);
  await socket.send(`World from ${port}`);
}
