// Freelance server: there is no broker, so clients must find each server themselves. Its routing id is its own endpoint:
// that is how a client's ROUTER addresses it.
//
//   node examples/freelance/server.mjs [endpoint]
import * as zmq from "nodezmq";
import { keyboardInterrupt } from "../helpers.mjs";
import { readArguments, unpack, untilInterrupted } from "../patterns.mjs";

const [endpoint] = readArguments("tcp://127.0.0.1:5555");
const interrupt = keyboardInterrupt();
const context = new zmq.Context();

await untilInterrupted(context, interrupt, async () => {
  const socket = context.socket(zmq.ROUTER, { routingId: endpoint });
  socket.bind(endpoint);

  while (true) {
    // [client, "PING"] or [client, number, ...request]
    const { head, body } = unpack(await socket.recvMultipart({ signal: interrupt }), 2);
    const [client, control] = head;
    if (`${control}` === "PING") await socket.sendMultipart([client, "PONG"]);
    else await socket.sendMultipart([client, control, ...body, "done"]);
  }
});
