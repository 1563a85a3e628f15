// Sends a numbered message twice a second, faster than the server prints them.
//
//   node examples/pair/pingclient.mjs [port] [rounds]
import * as zmq from "nodezmq";
import { sleep } from "../helpers.mjs";

const port = process.argv[2] ?? "5556";
const rounds = Number(process.argv[3] ?? Infinity);

const context = new zmq.Context();
const socket = context.socket(zmq.PAIR);
socket.connect(`tcp://localhost:${port}`);

for (let i = 1; i <= rounds; i++) {
  await socket.sendString(`ping ${i}`);
  await sleep(0.5);
}
