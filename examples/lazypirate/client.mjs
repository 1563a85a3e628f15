// Lazy Pirate client: reliability from the client's side alone. It waits for a reply for so long; then it throws its
// socket away (a REQ socket that has sent must receive, and what it has queued would be sent late), and asks again with
// a new one. Requests have numbers, so that the reply to an earlier one is not taken for that to a later one.
//
//   node examples/lazypirate/client.mjs [endpoint] [requests] [timeout in ms] [tries]
import * as zmq from "nodezmq";
import { sleep } from "../helpers.mjs";
import { inTime, readArguments } from "../patterns.mjs";

const [endpoint, requests, timeout, tries] = readArguments("tcp://127.0.0.1:5555", Infinity, 2500, 3);
const context = new zmq.Context();

function connected() {
  const socket = context.socket(zmq.REQ, { linger: 0 });
  socket.connect(endpoint);
  return socket;
}

let socket = connected();

/**
 * Asks until there is a reply, or until it has tried often enough.
 *
 * @param {number} number
 */
async function ask(number) {
  for (let attempt = 1; attempt <= tries; attempt++) {
    await socket.send(`${number}`);
    const reply = await inTime(socket.recvMultipart({ timeout }));
    if (reply !== undefined && Number(reply[0]) === number) return `${reply[1] ?? "no comment"}`;
    console.log(`No reply to request ${number} (attempt ${attempt})`);
    socket.close();
    socket = connected();
  }
  return undefined;
}

for (let number = 1; number <= requests; number++) {
  const reply = await ask(number);
  if (reply === undefined) {
    console.log("The server seems to be down: giving up");
    process.exitCode = 1;
    break;
  }
  console.log(`Request ${number}: ${reply}`);
  await sleep(1);
}
await context.destroy(0);
