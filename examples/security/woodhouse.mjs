// By user and password: PLAIN. They go over the wire as they are, so this is for networks that nobody else listens to.
//
//   node examples/security/woodhouse.mjs
import * as zmq from "nodezmq";
import { Authenticator } from "nodezmq/auth";

const context = new zmq.Context();
const authenticator = new Authenticator(context);
authenticator.start();
authenticator.configurePlain("*", { admin: "open sesame" });

const server = context.socket(zmq.REP, { plainServer: true });
server.bind("tcp://127.0.0.1:*");

const client = context.socket(zmq.REQ, { plainUsername: "admin", plainPassword: "open sesame" });
client.connect(server.lastEndpoint);
await client.send("Hello");
const frame = await server.recv({ copy: false });
console.log(`The server gets ${frame} from ${frame.get("User-Id")}`);

const stranger = context.socket(zmq.REQ, { plainUsername: "admin", plainPassword: "open barley", linger: 0 });
const events = stranger.events(zmq.EVENT_HANDSHAKE_FAILED_AUTH);
stranger.connect(server.lastEndpoint);
for await (const { value } of events) {
  console.log(`A stranger is refused: ${value}`);
  break;
}

for (const socket of [client, stranger, server]) socket.close();
authenticator.stop();
await context.term();
