// A client of the multithreaded server: it asks for Fibonacci numbers, one after the other.
//
//   node examples/mtserver/client.mjs [endpoint] [requests]
import * as zmq from "nodezmq";
import { readArguments } from "../patterns.mjs";

const [endpoint, requests] = readArguments("tcp://127.0.0.1:5555", 10);

const context = new zmq.Context();
const socket = context.socket(zmq.REQ);
socket.connect(endpoint);

for (let n = 1; n <= requests; n++) {
  await socket.send(`${n}`);
  console.log(await socket.recvString());
}
await context.destroy();
