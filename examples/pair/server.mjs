// Greets the one client it can have, and prints one message of the client's for each greeting.
//
//   node examples/pair/server.mjs [port] [rounds]
import * as zmq from "nodezmq";
import { sleep } from "../helpers.mjs";

const port = process.argv[2] ?? "5556";
const rounds = Number(process.argv[3] ?? Infinity);

const context = new zmq.Context();
const socket = context.socket(zmq.PAIR);
socket.bind(`tcp://*:${port}`);

for (let round = 0; round < rounds; round++) {
  // Waits until a client is there.
  await socket.send("Server message to client3");
  const msg = await socket.recvString();
  console.log(msg);
  await sleep(1);
}
