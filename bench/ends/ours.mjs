// nodezmq as an end of a measurement.
import * as zmq from "nodezmq";

/** @typedef {import("./spec.mjs").Spec} Spec */

const context = zmq.Context.instance();

/** How many messages go into one batch: no more than a mebibyte, where that is more than a few. @param {number} size */
const batchOf = (size) => Math.max(8, Math.min(1000, Math.floor(2 ** 20 / Math.max(size, 1))));

/** @param {string} type @param {Spec} spec */
export function open(type, spec) {
  const socket = context.socket(zmq.SocketType[/** @type {"PULL"} */ (type)]);
  if (spec.hwm !== undefined) socket.sndhwm = socket.rcvhwm = spec.hwm;
  if (type === "SUB") socket.set(zmq.SUBSCRIBE, "");
  if (type === "XPUB") {
    socket.set(zmq.XPUB_NODROP, true); // every message counts: the publisher waits for its slowest subscriber
    socket.set(zmq.XPUB_VERBOSE, true);
  }
  return socket;
}

/** @param {zmq.Socket} socket @param {string} address */
export async function bind(socket, address) {
  socket.bind(address);
  return socket.lastEndpoint;
}

/** @param {zmq.Socket} socket @param {string} address */
export function connect(socket, address) {
  socket.connect(address);
}

/** @param {zmq.Socket[]} sockets */
export async function close(sockets) {
  for (const socket of sockets) socket.close();
}

/** @param {zmq.Socket} socket @param {number} count */
export async function subscriptions(socket, count) {
  for (let i = 0; i < count; i++) await socket.recv();
}

/** @type {import("./roles.mjs").Library<zmq.Socket>["senders"]} */
export const senders = {
  async send(socket, message, count) {
    for (let i = 0; i < count; i++) await socket.send(message);
  },
  async batch(socket, message, count) {
    const most = batchOf(message.length);
    const batch = Array(most).fill(message);
    for (let left = count; left > 0; left -= most) {
      await socket.sendBatch(left < most ? batch.slice(0, left) : batch);
    }
  },
  async sync(socket, message, count) {
    for (let i = 0; i < count; i++) socket.sendSync(message);
  },
  async "sync-batch"(socket, message, count) {
    const most = batchOf(message.length);
    const batch = Array(most).fill(message);
    for (let left = count; left > 0; left -= most) {
      socket.sendBatchSync(left < most ? batch.slice(0, left) : batch);
    }
  },
  async "zero-copy"(socket, message, count) {
    for (let i = 0; i < count; i++) await socket.send(message, { copy: false });
  },
};

/** @type {import("./roles.mjs").Library<zmq.Socket>["receivers"]} */
export const receivers = {
  async recv(socket, count, multipart) {
    let bytes = 0;
    if (multipart) {
      for (let i = 0; i < count; i++) bytes += (await socket.recvMultipart()).at(-1)?.length ?? 0;
    } else {
      for (let i = 0; i < count; i++) bytes += (await socket.recv()).length;
    }
    return bytes;
  },
  async "for-await"(socket, count) {
    let bytes = 0;
    let left = count;
    if (left === 0) return 0;
    for await (const frames of socket) {
      bytes += frames.at(-1)?.length ?? 0;
      if (--left === 0) break;
    }
    return bytes;
  },
  async batch(socket, count) {
    let bytes = 0;
    for (let left = count; left > 0; ) {
      const messages = await socket.recvBatch(Math.min(left, 1000));
      for (const frames of messages) bytes += frames.at(-1)?.length ?? 0;
      left -= messages.length;
    }
    return bytes;
  },
  async sync(socket, count, multipart) {
    let bytes = 0;
    if (multipart) {
      for (let i = 0; i < count; i++) bytes += socket.recvMultipartSync().at(-1)?.length ?? 0;
    } else {
      for (let i = 0; i < count; i++) bytes += socket.recvSync().length;
    }
    return bytes;
  },
  async "sync-batch"(socket, count) {
    let bytes = 0;
    for (let left = count; left > 0; ) {
      const messages = socket.recvBatchSync(Math.min(left, 1000));
      for (const frames of messages) bytes += frames.at(-1)?.length ?? 0;
      left -= messages.length;
    }
    return bytes;
  },
};

/** @type {import("./roles.mjs").Library<zmq.Socket>["askers"]} */
export const askers = {
  async recv(socket, message, samples) {
    let bytes = 0;
    for (let i = 0; i < samples.length; i++) {
      const begun = performance.now();
      await socket.send(message);
      bytes += (await socket.recv()).length;
      samples[i] = performance.now() - begun;
    }
    return bytes;
  },
  async sync(socket, message, samples) {
    let bytes = 0;
    for (let i = 0; i < samples.length; i++) {
      const begun = performance.now();
      socket.sendSync(message);
      bytes += socket.recvSync().length;
      samples[i] = performance.now() - begun;
    }
    return bytes;
  },
};

/** @type {import("./roles.mjs").Library<zmq.Socket>["echoers"]} */
export const echoers = {
  async recv(socket, count, multipart) {
    if (multipart) {
      for (let i = 0; i < count; i++) await socket.sendMultipart(await socket.recvMultipart());
    } else {
      for (let i = 0; i < count; i++) await socket.send(await socket.recv());
    }
  },
  async sync(socket, count, multipart) {
    if (multipart) {
      for (let i = 0; i < count; i++) socket.sendMultipartSync(socket.recvMultipartSync());
    } else {
      for (let i = 0; i < count; i++) socket.sendSync(socket.recvSync());
    }
  },
};

/** @param {zmq.Socket} frontend @param {zmq.Socket} backend */
export const forward = (frontend, backend) => zmq.device(zmq.QUEUE, frontend, backend);
