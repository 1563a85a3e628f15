// Forwarder device: collects the messages of all publishers and publishes them to all subscribers.
//
//   node examples/forwarder/device.mjs [publishers' port] [subscribers' port]
import * as zmq from "nodezmq";
import { keyboardInterrupt } from "../helpers.mjs";

const frontendPort = process.argv[2] ?? "5559";
const backendPort = process.argv[3] ?? "5560";

async function main() {
  const context = new zmq.Context(1);
  // The socket that publishers connect to
  const frontend = context.socket(zmq.SUB);
  // The socket that subscribers connect to
  const backend = context.socket(zmq.PUB);

  try {
    frontend.bind(`tcp://*:${frontendPort}`);
    // Everything: what interests nobody is dropped on the other side
    frontend.setsockopt(zmq.SUBSCRIBE, "");
    backend.bind(`tcp://*:${backendPort}`);

    // Forwards for ever: until Ctrl-C, or an error
    await zmq.device(zmq.FORWARDER, frontend, backend, { signal: keyboardInterrupt() });
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
