// zeromq.js, today's leading binding, as an end of a measurement.
import * as zmq from "zeromq";

/** @typedef {import("./spec.mjs").Spec} Spec */

const classes = {
  PUSH: zmq.Push,
  PULL: zmq.Pull,
  XPUB: zmq.XPublisher,
  SUB: zmq.Subscriber,
  REQ: zmq.Request,
  REP: zmq.Reply,
  DEALER: zmq.Dealer,
  ROUTER: zmq.Router,
};

/** What all of its socket classes have together: which one is at hand, the role knows. @typedef {any} Socket */

/** @param {string} type @param {Spec} spec @returns {Socket} */
export function open(type, spec) {
  const socket = /** @type {Socket} */ (new classes[/** @type {"PULL"} */ (type)]());
  if (spec.hwm !== undefined) {
    for (const option of ["sendHighWaterMark", "receiveHighWaterMark"]) {
      if (option in socket) socket[option] = spec.hwm;
    }
  }
  if (type === "SUB") socket.subscribe();
  if (type === "XPUB") {
    socket.noDrop = true;
    socket.verbosity = "allSubs";
  }
  return socket;
}

/** @param {Socket} socket @param {string} address */
export async function bind(socket, address) {
  await socket.bind(address);
  return socket.lastEndpoint;
}

/** @param {Socket} socket @param {string} address */
export function connect(socket, address) {
  socket.connect(address);
}

/** @param {Socket[]} sockets */
export async function close(sockets) {
  for (const socket of sockets) socket.close();
}

/** @param {Socket} socket @param {number} count */
export async function subscriptions(socket, count) {
  for (let i = 0; i < count; i++) await socket.receive();
}

/**
 * A publisher that must not drop does not wait here: its send fails, so the program has to try again.
 * @param {zmq.XPublisher} socket @param {Buffer} message @param {number} count
 */
async function publish(socket, message, count) {
  for (let i = 0; i < count; i++) {
    for (;;) {
      try {
        await socket.send(message);
        break;
      } catch (error) {
        if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EAGAIN") throw error;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }
}

/** @type {import("./roles.mjs").Library<Socket>["senders"]} */
export const senders = {
  async send(socket, message, count) {
    if (socket instanceof zmq.XPublisher) return publish(socket, message, count);
    for (let i = 0; i < count; i++) await socket.send(message);
  },
};

/** @type {import("./roles.mjs").Library<Socket>["receivers"]} */
export const receivers = {
  async recv(socket, count) {
    let bytes = 0;
    for (let i = 0; i < count; i++) {
      const frames = await socket.receive();
      bytes += frames[frames.length - 1].length;
    }
    return bytes;
  },
  // Its iterator closes the socket when the loop is left, so the loop is driven by hand.
  async "for-await"(socket, count) {
    let bytes = 0;
    const messages = {
      [Symbol.asyncIterator]: () => ({ next: iterator.next.bind(iterator) }),
    };
    const iterator = socket[Symbol.asyncIterator]();
    let left = count;
    if (left === 0) return 0;
    for await (const frames of messages) {
      bytes += frames[frames.length - 1].length;
      if (--left === 0) break;
    }
    return bytes;
  },
};

/** @type {import("./roles.mjs").Library<Socket>["askers"]} */
export const askers = {
  async recv(socket, message, samples) {
    let bytes = 0;
    for (let i = 0; i < samples.length; i++) {
      const begun = performance.now();
      await socket.send(message);
      const frames = await socket.receive();
      bytes += frames[frames.length - 1].length;
      samples[i] = performance.now() - begun;
    }
    return bytes;
  },
};

/** @type {import("./roles.mjs").Library<Socket>["echoers"]} */
export const echoers = {
  async recv(socket, count) {
    for (let i = 0; i < count; i++) await socket.send(await socket.receive());
  },
};

/** @param {Socket} frontend @param {Socket} backend */
export function forward(frontend, backend) {
  return new zmq.Proxy(frontend, backend).run();
}
