// Sends what you type, line by line, and prints the replies. Ends at "quit", at the end of the input, or at Ctrl-C.
//
//   node examples/interactive/client.mjs [port]
import { createInterface } from "node:readline";
import * as zmq from "nodezmq";
import { keyboardInterrupt } from "../helpers.mjs";

const port = process.argv[2] ?? "5555";
const interrupted = keyboardInterrupt();

// 1. A context
const context = new zmq.Context();

// 2. A REQ socket: it sends requests and receives replies, in turn. At its end, drop a request that no server has taken
const socket = context.socket(zmq.REQ, { linger: 0 });

// 3. The server's address; on another machine, its name or number instead of localhost
const connectAddress = `tcp://localhost:${port}`;
socket.connect(connectAddress);

console.log(`ZeroMQ REQ client started, connected to ${connectAddress}`);
console.log("You can enter messages to send to the server, type 'quit' to exit.");

// Not as a terminal, which would keep Ctrl-C to itself
const input = createInterface({ input: process.stdin, terminal: false, signal: interrupted });
const prompt = () => process.stdout.write("Enter message: ");

try {
  prompt();
  for await (const userInput of input) {
    if (userInput.toLowerCase() === "quit") break;

    // 4. Send the request
    console.log(`Sending request: '${userInput}'`);
    await socket.sendString(userInput);

    // 5. Wait for the reply: until then nothing else can be sent
    const replyMessage = await socket.recvString({ signal: interrupted });
    console.log(`Received reply: '${replyMessage}'`);
    console.log("-".repeat(20));
    prompt();
  }
  interrupted.throwIfAborted();
} catch (error) {
  if (!interrupted.aborted) throw error;
  console.log("\nDetected Ctrl+C, shutting down the client...");
} finally {
  input.close();
  socket.close();
  await context.term();
  console.log("Client has been safely shut down.");
}
