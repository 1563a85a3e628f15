// Hello World client: sends "Hello" to the server, expects "World" back.
//
//   node examples/helloworld/client.mjs [port]
import * as zmq from "nodezmq";

const port = process.argv[2] ?? "5555";

const context = new zmq.Context();

// The socket that talks to the server
console.log("Connecting to hello world server…");
const socket = context.socket(zmq.REQ);
socket.connect(`tcp://localhost:${port}`);

// Ten requests, each sent when the one before has been answered
for (let request = 0; request < 10; request++) {
  console.log(`Sending request ${request} …`);
  await socket.send("Hello");

  const message = await socket.recv();
  console.log(`Received reply ${request} [ ${message} ]`);
}
