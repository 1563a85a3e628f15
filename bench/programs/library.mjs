// What the programs in this folder need of either binding, and how they answer.
import * as ours from "nodezmq";
import * as zeromq from "zeromq";

/**
 * @typedef {{ push(): any, pull(): any, pub(): any, sub(): any, receive(socket: any): Promise<Buffer>, many?: (socket: any) => Promise<any[]> }} Library
 */

/** @type {Record<string, Library>} */
const libraries = {
  ours: {
    push: () => ours.Context.instance().socket(ours.PUSH),
    pull: () => ours.Context.instance().socket(ours.PULL),
    pub: () => ours.Context.instance().socket(ours.XPUB),
    sub: () => ours.Context.instance().socket(ours.SUB),
    receive: (socket) => socket.recv(),
    many: (socket) => socket.recvBatch(),
  },
  zeromq: {
    push: () => new zeromq.Push(),
    pull: () => new zeromq.Pull(),
    pub: () => new zeromq.XPublisher(),
    sub: () => new zeromq.Subscriber(),
    receive: async (socket) => (await socket.receive())[0],
  },
};

export const name = process.argv[2] ?? "ours";
export const library = /** @type {Library} */ (libraries[name]);

/** @param {number} hwm @param {any} socket */
export function limit(socket, hwm) {
  if (name === "ours") socket.sndhwm = socket.rcvhwm = hwm;
  else if ("receiveHighWaterMark" in socket && !("sendHighWaterMark" in socket))
    socket.receiveHighWaterMark = hwm;
  else {
    socket.sendHighWaterMark = hwm;
    if ("receiveHighWaterMark" in socket) socket.receiveHighWaterMark = hwm;
  }
}

/** @param {object} line */
export const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

export const turn = () => new Promise((resolve) => setImmediate(resolve));
