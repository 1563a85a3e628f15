// A subscriber of the forwarder device: gets topic 9 of every publisher, and knows none of them.
//
//   node examples/forwarder/subscriber.mjs [device's port]
import * as zmq from "nodezmq";

const port = process.argv[2] ?? "5560";

// The socket that talks to the device
const context = new zmq.Context();
const socket = context.socket(zmq.SUB);
console.log("Collecting updates from server...");
socket.connect(`tcp://localhost:${port}`);
const topicfilter = "9";
socket.setsockopt(zmq.SUBSCRIBE, topicfilter);

for (let update = 0; update < 10; update++) {
  const string = await socket.recvString();
  const [topic, messagedata] = string.split(" ");
  console.log(topic, messagedata);
}
