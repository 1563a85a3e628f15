// Weather update server: publishes the weather of random zip codes, as fast as it can.
//
//   node examples/weather/server.mjs [port] [updates]
import { randomInt } from "node:crypto";
import * as zmq from "nodezmq";

const port = process.argv[2] ?? "5556";
const updates = Number(process.argv[3] ?? Infinity);

const context = new zmq.Context();
const socket = context.socket(zmq.PUB);
socket.bind(`tcp://*:${port}`);

for (let update = 0; update < updates; update++) {
  const zipcode = randomInt(1, 100000);
  const temperature = randomInt(-80, 135);
  const relhumidity = randomInt(10, 60);

  await socket.sendString(`${zipcode} ${temperature} ${relhumidity}`);
}
