// Subscribes to one topic, of one publisher or of two, and prints the average of five updates.
//
//   node examples/pubsub/client.mjs [port] [another port]
import * as zmq from "nodezmq";

const port = process.argv[2] ?? "5556";
const port1 = process.argv[3];

// The socket that talks to the servers
const context = new zmq.Context();
const socket = context.socket(zmq.SUB);

console.log("Collecting updates from weather server...");
socket.connect(`tcp://localhost:${port}`);
if (port1 !== undefined) socket.connect(`tcp://localhost:${port1}`);

// Subscribe to a zip code: New York, 10001. Without a subscription nothing comes.
const topicfilter = "10001";
socket.setsockopt(zmq.SUBSCRIBE, topicfilter);

// Process five updates
const updates = 5;
let totalValue = 0;
for (let update = 0; update < updates; update++) {
  const string = await socket.recvString();
  const [topic, messagedata] = string.split(" ");
  totalValue += Number(messagedata);
  console.log(topic, messagedata);
}

console.log(`Average messagedata value for topic '${topicfilter}' was ${Math.trunc(totalValue / updates)}F`);
