// Queue device: stands between clients and servers, hands the requests to the servers in turn and the replies back.
//
//   node examples/queue/device.mjs [clients' port] [servers' port]
import * as zmq from "nodezmq";
import { keyboardInterrupt } from "../helpers.mjs";

const frontendPort = process.argv[2] ?? "5559";
const backendPort = process.argv[3] ?? "5560";

async function main() {
  const context = new zmq.Context(1);
  // The socket that clients connect to; ROUTER was once called XREP
  const frontend = context.socket(zmq.ROUTER);
  // The socket that servers connect to; DEALER was once called XREQ
  const backend = context.socket(zmq.DEALER);

  try {
    frontend.bind(`tcp://*:${frontendPort}`);
    backend.bind(`tcp://*:${backendPort}`);

    // Forwards for ever: until Ctrl-C, or an error
    await zmq.device(zmq.QUEUE, frontend, backend, { signal: keyboardInterrupt() });
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
