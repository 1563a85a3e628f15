// Answers every message of the server with two: with PAIR both sides may send whenever they like.
//
//   node examples/pair/client.mjs [port] [rounds]
import * as zmq from "nodezmq";
import { sleep } from "../helpers.mjs";

const port = process.argv[2] ?? "5556";
const rounds = Number(process.argv[3] ?? Infinity);

const context = new zmq.Context();
const socket = context.socket(zmq.PAIR);
socket.connect(`tcp://localhost:${port}`);

for (let round = 0; round < rounds; round++) {
  const msg = await socket.recvString();
  console.log(msg);
  await socket.send("client message to server1");
  await socket.send("client message to server2");
  await sleep(1);
}
