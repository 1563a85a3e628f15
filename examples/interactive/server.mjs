// A server that tells what it does, and shuts down in order at Ctrl-C.
//
//   node examples/interactive/server.mjs [port]
import * as zmq from "nodezmq";
import { keyboardInterrupt, sleep } from "../helpers.mjs";

const port = process.argv[2] ?? "5555";
const interrupted = keyboardInterrupt();

// 1. A context: it owns the I/O threads, and makes the sockets
const context = new zmq.Context();

// 2. A REP socket: it receives requests and sends replies, in turn
const socket = context.socket(zmq.REP);

// 3. The address to be reached at: one of this machine's own, or * for all of them. Names are for clients only.
const bindAddress = `tcp://127.0.0.1:${port}`;
socket.bind(bindAddress);

console.log(`ZeroMQ REP server started, bound to ${bindAddress}`);
console.log("Waiting to receive requests...");

try {
  while (true) {
    // 4. Wait for a request, or for Ctrl-C
    const message = await socket.recvString({ signal: interrupted });
    console.log(`Received request: '${message}'`);

    // Pretend that it takes a while
    await sleep(1, { signal: interrupted });

    // 5. Make the reply
    const replyMessage = `Server received your message: '${message}'`;

    // 6. Send it: now the socket may receive again
    await socket.sendString(replyMessage);
    console.log(`Sent reply: '${replyMessage}'`);
  }
} catch (error) {
  if (!interrupted.aborted) throw error;
  console.log("\nDetected Ctrl+C, shutting down the server...");
} finally {
  socket.close();
  await context.term();
  console.log("Server has been safely shut down.");
}
