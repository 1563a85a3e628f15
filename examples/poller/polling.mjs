// Waits for messages on one socket with a poller, and sends one on another after each. Its peer: polling_peer.mjs
//
//   node examples/poller/polling.mjs [sender's port] [receiver's port] [rounds]
import * as zmq from "nodezmq";
import { sleep } from "../helpers.mjs";

const senderPort = process.argv[2] ?? "5555";
const receiverPort = process.argv[3] ?? "5556";
const rounds = Number(process.argv[4] ?? Infinity);

// Two sockets, one to send and one to receive
const context = new zmq.Context();

const sender = context.socket(zmq.PUSH);
sender.bind(`tcp://*:${senderPort}`);

const receiver = context.socket(zmq.PULL);
receiver.bind(`tcp://*:${receiverPort}`);

// A poller that watches the receiver
const poller = new zmq.Poller();
poller.register(receiver, zmq.POLLIN);

for (let round = 0; round < rounds; round++) {
  // Wait for messages; poll(1000) would wait a second at most
  const socks = new Map(await poller.poll());

  // If there is one on the receiver, print it
  if (socks.has(receiver)) {
    const message = await receiver.recv();
    console.log(`Received message: ${message}`);
  }

  // Send a message, every two seconds at most
  await sender.send("Hello World");
  await sleep(2);
}
