import * as pair from "./pair.mjs";
import * as pubSub from "./pub-sub.mjs";
import * as pushPull from "./push-pull.mjs";
import * as reqRep from "./req-rep.mjs";
import * as routerDealer from "./router-dealer.mjs";

/**
 * What the peers of one role do. A service has no end of its own: it is stopped when the others are done.
 * @typedef {{ role: string, play: (peer: import("../peer.mjs").Peer) => Promise<void>, copies?: number, service?: boolean }} Part
 * @typedef {{ name: string, about: string, cast: Part[] }} Pattern
 */

/** @type {Pattern[]} */
export const patterns = [reqRep, pubSub, pushPull, routerDealer, pair];
