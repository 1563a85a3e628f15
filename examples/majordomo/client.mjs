// Majordomo client: asks the broker for a service by its name. A reply comes in any number of parts. Without one in time
// it asks again, until it has tried often enough; parts of an earlier try are told apart by the number in front.
// The broker itself answers "mmi.service": whether there is the service (200) or not (404).
//
//   node examples/majordomo/client.mjs [endpoint] [service] [requests] [timeout in ms] [tries]
import * as zmq from "nodezmq";
import { sleep } from "../helpers.mjs";
import { CLIENT, ClientCommand, command } from "../majordomo.mjs";
import { inTime, readArguments, unpack } from "../patterns.mjs";

const [endpoint, service, requests, timeout, tries] = readArguments(
  "tcp://127.0.0.1:5555",
  "shout",
  Infinity,
  2500,
  3,
);
const context = new zmq.Context();

function connected() {
  const socket = context.socket(zmq.DEALER, { linger: 0 });
  socket.connect(endpoint);
  return socket;
}

let socket = connected();
let sent = 0;

/** The parts of the reply, as they come. @param {string} text */
async function* ask(text) {
  for (let attempt = 1; attempt <= tries; attempt++) {
    const number = `${++sent}`;
    await socket.sendMultipart([CLIENT, command(ClientCommand.REQUEST), service, number, text]);

    let message = await inTime(socket.recvMultipart({ timeout }));
    while (message !== undefined) {
      const { head, body } = unpack(message, 3);
      const [, kind] = head;
      const [answered, part] = body;
      if (`${answered}` === number) {
        yield `${part}`;
        if (kind[0] === ClientCommand.FINAL) return;
      }
      message = await inTime(socket.recvMultipart({ timeout }));
    }
    console.log(`No reply in time (attempt ${attempt})`);
    socket.close();
    socket = connected();
  }
  throw new Error(`${service} does not answer`);
}

try {
  const text = service === "mmi.service" ? "shout" : "hear hear";
  for (let request = 1; request <= requests; request++) {
    const parts = [];
    for await (const part of ask(text)) parts.push(part);
    console.log(`Request ${request}: ${parts.join(" ")}`);
    await sleep(1);
  }
} catch (error) {
  console.log(`${error}`);
  process.exitCode = 1;
}
await context.destroy(0);
