// Streamer device: collects tasks from feeders, and hands them to the workers in turn.
//
//   node examples/streamer/device.mjs [feeders' port] [workers' port]
import * as zmq from "nodezmq";
import { keyboardInterrupt } from "../helpers.mjs";

const frontendPort = process.argv[2] ?? "5559";
const backendPort = process.argv[3] ?? "5560";

async function main() {
  const context = new zmq.Context(1);
  // The socket that feeders connect to
  const frontend = context.socket(zmq.PULL);
  // The socket that workers connect to
  const backend = context.socket(zmq.PUSH);

  try {
    frontend.bind(`tcp://*:${frontendPort}`);
    backend.bind(`tcp://*:${backendPort}`);

    // Forwards for ever: until Ctrl-C, or an error
    await zmq.device(zmq.STREAMER, frontend, backend, { signal: keyboardInterrupt() });
  } catch (error) {
    console.log(String(error));
    console.log("bringing down zmq device");
  } finally {
    frontend.close();
    backend.close();
    await context.term();
  }
}

await main();
