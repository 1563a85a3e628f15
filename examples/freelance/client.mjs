// Freelance client: a ROUTER that is connected to several servers and chooses which to ask. It pings them all the time;
// who has answered lately is alive. A request goes to one that is; if that does not answer, to the next.
// Start the servers of the endpoints with examples/freelance/server.mjs, kill some and start them again.
//
//   node examples/freelance/client.mjs [requests] [ping in ms] [timeout in ms] [endpoints...]
import * as zmq from "nodezmq";
import { keyboardInterrupt, sleep } from "../helpers.mjs";
import { inTime, readArguments, untilInterrupted } from "../patterns.mjs";

const [requests, pingInterval, timeout] = readArguments(Infinity, 1000, 3000);
const endpoints = process.argv.slice(5);
if (endpoints.length === 0) endpoints.push("tcp://127.0.0.1:5555", "tcp://127.0.0.1:5556");

const interrupt = keyboardInterrupt();
const context = new zmq.Context();
// A ROUTER drops what it cannot deliver, which is just right here. It knows a server by its routing id once the two have
// shaken hands.
const socket = context.socket(zmq.ROUTER, { linger: 0 });

/** Until when each server counts as alive. */
const alive = new Map(endpoints.map((endpoint) => [endpoint, 0]));
let nextPing = 0;
let number = 0;

/** Pings all servers if it is time to, then waits for a message and notes who is alive. Undefined if none came. */
async function nextMessage() {
  if (performance.now() >= nextPing) {
    for (const endpoint of endpoints) await socket.sendMultipart([endpoint, "PING"]);
    nextPing = performance.now() + pingInterval;
  }
  const wait = { timeout: Math.max(0, nextPing - performance.now()), signal: interrupt };
  const message = await inTime(socket.recvMultipart(wait));
  if (message === undefined) return undefined;
  const [server, control, ...body] = message.map(String);
  alive.set(`${server}`, performance.now() + 3 * pingInterval);
  return { server, control, body };
}

/** @param {string} text */
async function ask(text) {
  while (true) {
    const server = endpoints.find((endpoint) => (alive.get(endpoint) ?? 0) > performance.now());
    if (server === undefined) {
      await nextMessage();
      continue;
    }
    const asked = `${++number}`;
    await socket.sendMultipart([server, asked, text]);
    const deadline = performance.now() + timeout;
    while (performance.now() < deadline) {
      const message = await nextMessage();
      if (message?.control === asked) return `${message.body.join(" ")} by ${message.server}`;
    }
    console.log(`No reply from ${server}`);
    alive.set(server, 0); // until it answers a ping
  }
}

await untilInterrupted(context, interrupt, async () => {
  for (const endpoint of endpoints) socket.connect(endpoint);

  for (let request = 1; request <= requests; request++) {
    console.log(await ask(`task ${request}`));
    await sleep(1, { signal: interrupt });
  }
});
