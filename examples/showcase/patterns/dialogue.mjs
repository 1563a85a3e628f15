// What REQ/REP, PAIR and ROUTER/DEALER have in common: one side asks, the other answers.
import { answerOf, numberOf } from "../ledger.mjs";

/**
 * @typedef {import("../peer.mjs").Peer} Peer
 * @typedef {import("nodezmq").Socket} Socket
 */

export const SIZE = 64;

/** Answers until the socket is closed. @param {Peer} peer @param {Socket} socket */
export async function answer(peer, socket) {
  const { ledger } = peer;
  const replies = peer.letters(SIZE);
  for await (const [request] of socket) {
    ledger.receive(request);
    await socket.send(replies.next(request && numberOf(request)));
  }
}

/** One request after the other until the time is up. @param {Peer} peer @param {Socket} socket */
export async function ask(peer, socket) {
  const { ledger } = peer;
  const requests = peer.letters(SIZE);
  do {
    const began = performance.now();
    await socket.send(requests.next());
    const reply = await socket.recv();
    peer.roundTrip(performance.now() - began);
    ledger.receive(reply);
    if (answerOf(reply) !== requests.account.count) ledger.complain("a reply to another request");
  } while (peer.hasTime());
}
