// A publisher behind the forwarder device: it connects, so that there may be several, on any machine.
//
//   node examples/forwarder/server.mjs [device's port] [updates]
import { randomInt } from "node:crypto";
import * as zmq from "nodezmq";
import { sleep } from "../helpers.mjs";

const port = process.argv[2] ?? "5559";
const updates = Number(process.argv[3] ?? Infinity);

const context = new zmq.Context();
const socket = context.socket(zmq.PUB);
socket.connect(`tcp://localhost:${port}`);
const publisherId = randomInt(0, 9999);

for (let update = 0; update < updates; update++) {
  const topic = randomInt(1, 10);
  const messagedata = `server#${publisherId}`;
  console.log(`${topic} ${messagedata}`);
  await socket.send(`${topic} ${messagedata}`);
  await sleep(1);
}
