// Sends fifty objects as JSON, ten a second.
//
//   node examples/pair/jsonclient.mjs [port]
import { randomInt } from "node:crypto";
import * as zmq from "nodezmq";
import { sleep } from "../helpers.mjs";

const port = process.argv[2] ?? "5556";

const context = new zmq.Context();
const socket = context.socket(zmq.PAIR);
socket.connect(`tcp://localhost:${port}`);

for (let i = 0; i < 50; i++) {
  const d = { apples: randomInt(1, 1001), oranges: randomInt(1, 1001), bananas: randomInt(1, 1001) };
  console.log("sending data", d);
  // The same by hand: await socket.sendString(JSON.stringify(d))
  await socket.sendJson(d);
  await sleep(0.1);
}

// Ends when all of it has been handed over; without a server it would wait for one.
socket.close();
await context.term();
