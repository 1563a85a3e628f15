// Prints two messages every five seconds, slower than the client sends them: what it has no time for yet waits in the
// queue, and nothing is lost.
//
//   node examples/pair/pingserver.mjs [port] [rounds]
import * as zmq from "nodezmq";
import { sleep } from "../helpers.mjs";

const port = process.argv[2] ?? "5556";
const rounds = Number(process.argv[3] ?? Infinity);

const context = new zmq.Context();
const socket = context.socket(zmq.PAIR);
socket.bind(`tcp://*:${port}`);

for (let round = 0; round < rounds; round++) {
  let msg = await socket.recvString();
  console.log(msg);
  msg = await socket.recvString();
  console.log(msg);
  await sleep(5);
}
