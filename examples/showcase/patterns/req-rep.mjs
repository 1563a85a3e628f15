// REQ/REP: clients ask one server, and wait for each answer.
import * as zmq from "nodezmq";
import { answer, ask } from "./dialogue.mjs";

/** @typedef {import("../peer.mjs").Peer} Peer */

const context = zmq.Context.instance();

export const name = "REQ/REP";
export const about = "2 clients ask one server";
export const cast = [
  { role: "server", play: server, service: true },
  { role: "client", play: client, copies: 2 },
];

/** @param {Peer} peer */
async function server(peer) {
  const rep = context.socket(zmq.REP);
  peer.bind(rep, "server");
  await peer.ready();
  await answer(peer, rep);
}

/** @param {Peer} peer */
async function client(peer) {
  const req = context.socket(zmq.REQ);
  await peer.connect(req, "server");
  await peer.ready();
  await ask(peer, req);
}
