// zmqpolling.mjs once more, with callbacks in place of a loop: each socket has a ZMQStream that calls back with what
// has come, and the program runs until the command server has said "Exit".
//
//   node examples/poller/pyzmq_stream_poller.mjs [command server's port] [publisher's port]
import { randomInt } from "node:crypto";
import * as zmq from "nodezmq";
import { ioloop, zmqstream } from "nodezmq/eventloop";
import { run, sleep, start } from "../helpers.mjs";

ioloop.install();

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

/** @param {Buffer[]} msg */
function getcommand(msg) {
  console.log(`Received control command: ${msg}`);
  if (msg[0]?.toString() === "Exit") {
    console.log("Received exit command, client will stop receiving messages");
    ioloop.IOLoop.instance().stop();
  }
}

/** @param {Buffer[]} msg */
function processMessage(msg) {
  console.log(`Processing ... ${msg}`);
}

/** Works on topic 9 until the command server says "Exit". */
async function client(portPush = "5556", portSub = "5558") {
  const context = new zmq.Context();
  const socketPull = context.socket(zmq.PULL);
  socketPull.connect(`tcp://localhost:${portPush}`);
  const streamPull = new zmqstream.ZMQStream(socketPull);
  streamPull.onRecv(getcommand);
  console.log(`Connected to server with port ${portPush}`);

  const socketSub = context.socket(zmq.SUB);
  socketSub.connect(`tcp://localhost:${portSub}`);
  socketSub.setsockopt(zmq.SUBSCRIBE, "9");
  const streamSub = new zmqstream.ZMQStream(socketSub);
  streamSub.onRecv(processMessage);
  console.log(`Connected to publisher with port ${portSub}`);

  await ioloop.IOLoop.instance().start();
  console.log("Worker has stopped processing messages.");
}

function main() {
  const serverPushPort = process.argv[2] ?? "5556";
  const serverPubPort = process.argv[3] ?? "5558";
  start(serverPush, serverPushPort);
  start(serverPub, serverPubPort);
  start(client, serverPushPort, serverPubPort);
}

await run(main, { serverPush, serverPub, client });
