// The other end of polling.mjs: sends it a message, prints what comes back, and so on.
//
//   node examples/poller/polling_peer.mjs [sender's port] [receiver's port] [rounds]
import * as zmq from "nodezmq";

const senderPort = process.argv[2] ?? "5555";
const receiverPort = process.argv[3] ?? "5556";
const rounds = Number(process.argv[4] ?? Infinity);

const context = new zmq.Context();

const fromSender = context.socket(zmq.PULL);
fromSender.connect(`tcp://localhost:${senderPort}`);

const toReceiver = context.socket(zmq.PUSH);
toReceiver.connect(`tcp://localhost:${receiverPort}`);

for (let round = 1; round <= rounds; round++) {
  await toReceiver.send(`message ${round}`);
  const message = await fromSender.recv();
  console.log(`Got back: ${message}`);
}
