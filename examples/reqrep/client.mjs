// One REQ socket with two servers: the requests go to each in turn.
//
//   node examples/reqrep/client.mjs [port] [another port]
import * as zmq from "nodezmq";

const port = process.argv[2] ?? "5556";
const port1 = process.argv[3];

const context = new zmq.Context();
console.log("Connecting to server...");
const socket = context.socket(zmq.REQ);
socket.connect(`tcp://localhost:${port}`);
if (port1 !== undefined) socket.connect(`tcp://localhost:${port1}`);

for (let request = 1; request < 10; request++) {
  console.log(`Sending request  ${request} ...`);
  await socket.send("Hello");
  // A second send before the reply has been received would fail: an operation that the socket's state does not allow.
  const message = await socket.recvString();
  console.log(`Received reply  ${request} [ ${message} ]`);
}
