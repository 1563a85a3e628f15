// CURVE, for known clients only: both sides are sure of each other. Certificates as generate_certificates.mjs makes them.
//
//   node examples/security/ironhouse.mjs [folder]
import { join } from "node:path";
import * as zmq from "nodezmq";
import { Authenticator, loadCertificate } from "nodezmq/auth";

const folder = process.argv[2] ?? "certificates";
const context = new zmq.Context();

/** @param {string} name */
const keysOf = (name) => {
  const [curvePublickey, curveSecretkey] = loadCertificate(join(folder, "private", `${name}.key_secret`));
  return { curvePublickey, curveSecretkey: curveSecretkey ?? undefined };
};

// The server knows the clients by the public keys in a folder.
const authenticator = new Authenticator(context);
authenticator.start();
authenticator.configureCurve("*", join(folder, "public"));
const server = context.socket(zmq.PULL, { curveServer: true, ...keysOf("server"), maxmsgsize: 1024 });
server.bind("tcp://127.0.0.1:*");

// A client knows the server by its public key.
const [serverKey] = loadCertificate(join(folder, "public", "server.key"));
const client = context.socket(zmq.PUSH, { curveServerkey: serverKey, ...keysOf("client") });
client.connect(server.lastEndpoint);
await client.send("Hello");
const frame = await server.recv({ copy: false });
const known = frame.get("User-Id") === client.curvePublickey;
console.log(`The server gets ${frame} from ${known ? "the client that it knows" : "somebody"}`);

// A stranger knows the server's key, but the server does not know the stranger's.
const [curvePublickey, curveSecretkey] = zmq.curveKeypair();
const stranger = context.socket(zmq.PUSH, { curveServerkey: serverKey, curvePublickey, curveSecretkey });
const events = stranger.events(zmq.EVENT_HANDSHAKE_FAILED_AUTH);
stranger.connect(server.lastEndpoint);
for await (const { value } of events) {
  console.log(`A stranger is refused: ${value}`);
  break;
}

for (const socket of [client, stranger, server]) socket.close();
authenticator.stop();
await context.term();
