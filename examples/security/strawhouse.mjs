// By address: those who are not on the list are kept out. What goes over the wire, everybody on the way may read.
//
//   node examples/security/strawhouse.mjs
import * as zmq from "nodezmq";
import { Authenticator } from "nodezmq/auth";

const context = new zmq.Context();
const authenticator = new Authenticator(context);
authenticator.start();

for (const address of ["10.0.0.1", "127.0.0.1"]) {
  authenticator.allow(address); // in addition to those before
  const server = context.socket(zmq.PUSH);
  // Without CURVE or PLAIN, the authenticator is asked only where there is a domain.
  server.zapDomain = "global";
  const events = server.events(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_HANDSHAKE_FAILED_AUTH);
  server.bind("tcp://127.0.0.1:*");
  const client = context.socket(zmq.PULL);
  client.connect(server.lastEndpoint);

  for await (const { event } of events) {
    const fate = event === zmq.EVENT_HANDSHAKE_SUCCEEDED ? "is let in" : "is kept out";
    console.log(`With ${address} on the list, a client from 127.0.0.1 ${fate}`);
    break;
  }
  client.close();
  server.close();
}
authenticator.stop();
await context.term();
