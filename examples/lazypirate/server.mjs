// A server for the Lazy Pirate client: an ordinary REP socket. Kill it and start it again, the client gets over it.
//
//   node examples/lazypirate/server.mjs [endpoint] [name]
import * as zmq from "nodezmq";
import { keyboardInterrupt } from "../helpers.mjs";
import { readArguments, untilInterrupted } from "../patterns.mjs";

const [endpoint, name] = readArguments("tcp://127.0.0.1:5555", `server ${process.pid}`);
const interrupt = keyboardInterrupt();
const context = new zmq.Context();

await untilInterrupted(context, interrupt, async () => {
  const socket = context.socket(zmq.REP);
  socket.bind(endpoint);

  while (true) {
    const number = await socket.recv({ signal: interrupt });
    await socket.sendMultipart([number, `done by ${name}`]);
  }
});
