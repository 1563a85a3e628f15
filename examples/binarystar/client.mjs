// Binary Star client: asks one server until it does not answer, then the other.
//
//   node examples/binarystar/client.mjs [primary's endpoint] [backup's endpoint] [requests] [timeout in ms]
import * as zmq from "nodezmq";
import { sleep } from "../helpers.mjs";
import { inTime, readArguments } from "../patterns.mjs";

const [primary, backup, requests, timeout] = readArguments(
  "tcp://127.0.0.1:5001",
  "tcp://127.0.0.1:5002",
  Infinity,
  2000,
);
const context = new zmq.Context();

/** @param {string} server */
function connected(server) {
  const socket = context.socket(zmq.REQ, { linger: 0 });
  socket.connect(server);
  return socket;
}

let server = primary;
let socket = connected(server);

for (let request = 1; request <= requests; request++) {
  let reply;
  while (reply === undefined) {
    await socket.send(`${request}`);
    reply = await inTime(socket.recvMultipart({ timeout }));
    if (reply !== undefined) break;
    console.log("No reply: trying the other server");
    socket.close();
    server = server === primary ? backup : primary;
    socket = connected(server);
  }
  const [number, name] = reply;
  console.log(`Request ${number}: done by the ${name}`);
  await sleep(1);
}
await context.destroy(0);
