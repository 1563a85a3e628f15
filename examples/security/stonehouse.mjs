// CURVE, for any client: everything is encrypted, and clients know that the server is the one whose key they have. The
// program blocks its thread, as scripts may; the authenticator has a thread of its own and lets clients in all the same.
//
//   node examples/security/stonehouse.mjs
import * as zmq from "nodezmq";
import { CURVE_ALLOW_ANY } from "nodezmq/auth";
import { ThreadAuthenticator } from "nodezmq/auth/thread";

const context = new zmq.Context();
const authenticator = new ThreadAuthenticator(context);
authenticator.start();
authenticator.configureCurve("*", CURVE_ALLOW_ANY);

const [serverPublic, serverSecret] = zmq.curveKeypair();
const server = context.socket(zmq.REP, { curveServer: true, curveSecretkey: serverSecret });
server.bind("tcp://127.0.0.1:*");

const [clientPublic, clientSecret] = zmq.curveKeypair();
const client = context.socket(zmq.REQ, {
  curveServerkey: serverPublic,
  curvePublickey: clientPublic,
  curveSecretkey: clientSecret,
});
client.connect(server.lastEndpoint);

client.sendSync("Hello");
console.log(`The server gets, encrypted: ${server.recvSync()}`);
server.sendSync("World");
console.log(`The client gets, encrypted: ${client.recvSync()}`);

client.close();
server.close();
authenticator.stop();
await context.term();
