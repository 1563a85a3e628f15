// A subscriber behind the espresso proxy: prints so many messages about its topics, then it is content.
//
//   node examples/espresso/subscriber.mjs [endpoint] [messages] [topics...]
import * as zmq from "nodezmq";
import { readArguments } from "../patterns.mjs";

const [endpoint, messages] = readArguments("tcp://127.0.0.1:6001", 5);
const topics = process.argv.slice(4);

const context = new zmq.Context();
const socket = context.socket(zmq.SUB);
for (const topic of topics.length > 0 ? topics : ["A", "B"]) socket.subscribe(topic);
socket.connect(endpoint);

for (let received = 0; received < messages; received++) console.log(await socket.recvString());
await context.destroy();
