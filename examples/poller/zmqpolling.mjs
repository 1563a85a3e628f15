// A client that works on what a publisher sends, and at the same time obeys a command server: with a poller it waits
// for both sockets at once.
//
//   node examples/poller/zmqpolling.mjs [command server's port] [publisher's port]
import { randomInt } from "node:crypto";
import * as zmq from "nodezmq";
import { run, sleep, start } from "../helpers.mjs";

/** The command server: lets the client go on six times, then tells it to exit. */
async function serverPush(port = "5556") {
  const context = new zmq.Context();
  const socket = context.socket(zmq.PUSH);
  socket.bind(`tcp://*:${port}`);
  console.log(`Running server on port:  ${port}`);
  for (let reqnum = 0; reqnum < 10; reqnum++) {
    if (reqnum < 6) {
      await socket.send("Continue");
    } else {
      await socket.send("Exit");
      break;
    }
    await sleep(1);
  }
}

/** The publisher: ten messages, of topic 8 or 9. */
async function serverPub(port = "5558") {
  const context = new zmq.Context();
  const socket = context.socket(zmq.PUB);
  socket.bind(`tcp://*:${port}`);
  const publisherId = randomInt(0, 9999);
  console.log(`Running server on port:  ${port}`);
  for (let reqnum = 0; reqnum < 10; reqnum++) {
    const topic = randomInt(8, 10);
    const messagedata = `server#${publisherId}`;
    console.log(`${topic} ${messagedata}`);
    await socket.send(`${topic} ${messagedata}`);
    await sleep(1);
  }
}

/** Works on topic 9 until the command server says "Exit". */
async function client(portPush = "5556", portSub = "5558") {
  const context = new zmq.Context();
  const socketPull = context.socket(zmq.PULL);
  socketPull.connect(`tcp://localhost:${portPush}`);
  console.log(`Connected to server with port ${portPush}`);
  const socketSub = context.socket(zmq.SUB);
  socketSub.connect(`tcp://localhost:${portSub}`);
  socketSub.setsockopt(zmq.SUBSCRIBE, "9");
  console.log(`Connected to publisher with port ${portSub}`);

  // What to wait for
  const poller = new zmq.Poller();
  poller.register(socketPull, zmq.POLLIN);
  poller.register(socketSub, zmq.POLLIN);

  // Work on messages of both
  let shouldContinue = true;
  while (shouldContinue) {
    const socks = new Map(await poller.poll());
    if (socks.get(socketPull) === zmq.POLLIN) {
      const message = await socketPull.recvString();
      console.log(`Recieved control command: ${message}`);
      if (message === "Exit") {
        console.log("Recieved exit command, client will stop recieving messages");
        shouldContinue = false;
      }
    }

    if (socks.get(socketSub) === zmq.POLLIN) {
      const string = await socketSub.recvString();
      const [topic, messagedata] = string.split(" ");
      console.log(`Processing ...  ${topic} ${messagedata}`);
    }
  }
}

function main() {
  const serverPushPort = process.argv[2] ?? "5556";
  const serverPubPort = process.argv[3] ?? "5558";
  start(serverPush, serverPushPort);
  start(serverPub, serverPubPort);
  start(client, serverPushPort, serverPubPort);
}

await run(main, { serverPush, serverPub, client });
