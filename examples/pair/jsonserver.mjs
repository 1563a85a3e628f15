// Receives objects, as JSON, and prints them at its leisure.
//
//   node examples/pair/jsonserver.mjs [port] [rounds]
import * as zmq from "nodezmq";
import { sleep } from "../helpers.mjs";

const port = process.argv[2] ?? "5556";
const rounds = Number(process.argv[3] ?? Infinity);

const context = new zmq.Context();
const socket = context.socket(zmq.PAIR);
socket.bind(`tcp://*:${port}`);

for (let round = 0; round < rounds; round++) {
  // The same by hand: JSON.parse(await socket.recvString())
  const d = await socket.recvJson();
  console.log(typeof d);
  console.log(d);
  await sleep(1);
}
