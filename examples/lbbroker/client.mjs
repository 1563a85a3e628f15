// A client of the load-balancing broker: an ordinary REQ socket.
//
//   node examples/lbbroker/client.mjs [endpoint] [name] [requests]
import * as zmq from "nodezmq";
import { readArguments } from "../patterns.mjs";

const [endpoint, name, requests] = readArguments("tcp://127.0.0.1:5555", `client ${process.pid}`, 10);

const context = new zmq.Context();
const socket = context.socket(zmq.REQ);
socket.connect(endpoint);

for (let request = 1; request <= requests; request++) {
  await socket.send(`${name}'s task ${request}`);
  console.log(await socket.recvString());
}
await context.destroy();
