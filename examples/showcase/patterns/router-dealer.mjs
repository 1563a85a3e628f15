// ROUTER/DEALER: a queue between clients and workers, neither of which know how many there are of the others.
import * as zmq from "nodezmq";
import { answerOf } from "../ledger.mjs";
import { answer, ask, SIZE } from "./dialogue.mjs";

/** @typedef {import("../peer.mjs").Peer} Peer */

const IN_FLIGHT = 8;
const context = zmq.Context.instance();

export const name = "ROUTER/DEALER";
export const about = "a REQ and a DEALER client > queue > 2 REP workers";
export const cast = [
  { role: "queue", play: queue, service: true },
  { role: "worker", play: worker, copies: 2, service: true },
  { role: "REQ client", play: reqClient },
  { role: "DEALER client", play: dealerClient },
];

/** @param {Peer} peer */
async function queue(peer) {
  const router = context.socket(zmq.ROUTER);
  const dealer = context.socket(zmq.DEALER);
  peer.bind(router, "frontend");
  peer.bind(dealer, "backend");
  const forwarding = zmq.proxy(router, dealer, null, { signal: peer.stopping });
  await Promise.all([peer.ready(), forwarding]);
}

/** @param {Peer} peer */
async function worker(peer) {
  const rep = context.socket(zmq.REP);
  await peer.connect(rep, "backend");
  await peer.ready();
  await answer(peer, rep);
}

/** Sends a request when the one before has been answered. @param {Peer} peer */
async function reqClient(peer) {
  const req = context.socket(zmq.REQ);
  await peer.connect(req, "frontend");
  await peer.ready();
  await ask(peer, req);
}

/** Keeps several requests in flight; the workers' answers overtake each other. @param {Peer} peer */
async function dealerClient(peer) {
  const { ledger } = peer;
  const dealer = context.socket(zmq.DEALER);
  await peer.connect(dealer, "frontend");
  await peer.ready();
  const requests = peer.letters(SIZE);
  /** @type {Set<number>} */
  const open = new Set();
  do {
    while (open.size < IN_FLIGHT && peer.hasTime()) {
      // What a REQ adds by itself: an empty frame between the addresses and the message.
      await dealer.sendMultipart(["", requests.next()]);
      open.add(requests.account.count);
    }
    const [, reply] = await dealer.recvMultipart();
    ledger.receive(reply);
    if (!reply || !open.delete(answerOf(reply))) ledger.complain("a reply to no open request");
  } while (open.size > 0);
}
