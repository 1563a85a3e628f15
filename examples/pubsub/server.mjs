// Publishes a value a second, under a random topic of 9999 to 10004, whether anybody listens or not.
//
//   node examples/pubsub/server.mjs [port] [updates]
import { randomInt } from "node:crypto";
import * as zmq from "nodezmq";
import { sleep } from "../helpers.mjs";

const port = process.argv[2] ?? "5556";
const updates = Number(process.argv[3] ?? Infinity);

const context = new zmq.Context();
const socket = context.socket(zmq.PUB);
socket.bind(`tcp://*:${port}`);

for (let update = 0; update < updates; update++) {
  const topic = randomInt(9999, 10005);
  const messagedata = randomInt(1, 215) - 80;
  console.log(`${topic} ${messagedata}`);
  // A message's topic is whatever it begins with.
  await socket.send(`${topic} ${messagedata}`);
  await sleep(1);
}
