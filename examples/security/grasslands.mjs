// No security at all: whoever finds the address may connect, and everybody on the way may read.
//
//   node examples/security/grasslands.mjs
import * as zmq from "nodezmq";

const context = new zmq.Context();
const server = context.socket(zmq.PUSH);
const client = context.socket(zmq.PULL);
server.bind("tcp://127.0.0.1:*");
client.connect(server.lastEndpoint);

await server.send("Hello");
console.log(`A client gets: ${await client.recv()}`);

await context.destroy();
