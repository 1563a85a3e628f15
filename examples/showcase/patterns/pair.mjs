// PAIR: two peers, connected to each other and to nobody else.
import * as zmq from "nodezmq";
import { answer, ask } from "./dialogue.mjs";

/** @typedef {import("../peer.mjs").Peer} Peer */

const context = zmq.Context.instance();

export const name = "PAIR";
export const about = "2 peers, each the only one of the other";
export const cast = [
  { role: "left", play: left, service: true },
  { role: "right", play: right },
];

/** @param {Peer} peer */
async function left(peer) {
  const pair = context.socket(zmq.PAIR);
  peer.bind(pair, "left");
  await peer.ready();
  await answer(peer, pair);
}

/** @param {Peer} peer */
async function right(peer) {
  const pair = context.socket(zmq.PAIR);
  await peer.connect(pair, "left");
  await peer.ready();
  await ask(peer, pair);
}
