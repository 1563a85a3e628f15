// A program that reports far more often than anybody wants to know: fifty times a second.
//
//   node examples/pair/filterclient.mjs [port] [rounds]
import * as zmq from "nodezmq";
import { sleep } from "../helpers.mjs";

const port = process.argv[2] ?? "5556";
const rounds = Number(process.argv[3] ?? Infinity);

const context = new zmq.Context();
const socket = context.socket(zmq.PAIR);
socket.connect(`tcp://localhost:${port}`);

for (let round = 0; round < rounds; round++) {
  await socket.sendJson({ timestamp: new Date().toISOString() });
  await sleep(0.02);
}
