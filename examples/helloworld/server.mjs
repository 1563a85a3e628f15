// Hello World server: expects "Hello" from the client, replies with "World".
//
//   node examples/helloworld/server.mjs [port] [requests]
import * as zmq from "nodezmq";
import { sleep } from "../helpers.mjs";

const port = process.argv[2] ?? "5555";
const requests = Number(process.argv[3] ?? Infinity);

const context = new zmq.Context();
const socket = context.socket(zmq.REP);
socket.bind(`tcp://*:${port}`);

for (let request = 0; request < requests; request++) {
  // Wait for the next request
  const message = await socket.recv();
  console.log(`Received request: ${message}`);

  // Do some "work"
  await sleep(1);

  // Send the reply
  await socket.send("World");
}
