// What the classic tools share: their arguments and what they print, which are those of libzmq's own.
import * as zmq from "nodezmq";

/**
 * Reads the arguments, or says how to use the tool and ends.
 * @param {string} tool @param {string[]} names of the arguments: an address first, the rest numbers
 * @returns {{ address: string, size: number, count: number }}
 */
export function readArguments(tool, names) {
  const given = process.argv.slice(2);
  const address = names.length === 3 ? (given.shift() ?? "") : "";
  const [size = Number.NaN, count = Number.NaN] = given.map(Number);
  const good = Number.isInteger(size) && size >= 0 && Number.isInteger(count) && count > 0;
  if (good && given.length === 2) return { address, size, count };
  console.log(`usage: ${tool} ${names.map((name) => `<${name}>`).join(" ")}`);
  process.exit(1);
}

/** @param {Buffer} message @param {number} size */
export function checkSize(message, size) {
  if (message.length === size) return;
  console.log("message of incorrect size received");
  process.exit(255);
}

/** Receives the messages and tells how fast they came. @param {zmq.Socket} socket @param {number} size @param {number} count */
export async function receiveAll(socket, size, count) {
  checkSize(await socket.recv(), size);
  const begun = performance.now();
  for (let received = 1; received < count; ) {
    const messages = await socket.recvBatch(Math.min(1000, count - received));
    for (const [frame] of messages) checkSize(/** @type {Buffer} */ (frame), size);
    received += messages.length;
  }
  const seconds = Math.max(performance.now() - begun, 0.001) / 1000;
  return count / seconds;
}

/** Sends the messages. @param {zmq.Socket} socket @param {number} size @param {number} count */
export async function sendAll(socket, size, count) {
  const most = Math.max(1, Math.min(1000, Math.floor(2 ** 20 / Math.max(size, 1))));
  const batch = Array(most).fill(Buffer.alloc(size));
  for (let left = count; left > 0; left -= most) {
    await socket.sendBatch(left < most ? batch.slice(0, left) : batch);
  }
}

/** Answers every message with itself. @param {zmq.Socket} socket @param {number} size @param {number} count */
export async function answerAll(socket, size, count) {
  for (let i = 0; i < count; i++) {
    const message = await socket.recv();
    checkSize(message, size);
    await socket.send(message);
  }
}

/** Asks, and returns how long one way took on average, in microseconds. @param {zmq.Socket} socket @param {number} size @param {number} count */
export async function askAll(socket, size, count) {
  /** @type {Buffer} */
  let message = Buffer.alloc(size);
  const begun = performance.now();
  for (let i = 0; i < count; i++) {
    await socket.send(message);
    message = await socket.recv();
    checkSize(message, size);
  }
  return ((performance.now() - begun) * 1000) / (count * 2);
}

/** @param {number} size @param {number} rate */
export function printThroughput(size, rate) {
  console.log(`mean throughput: ${Math.floor(rate)} [msg/s]`);
  console.log(`mean throughput: ${((rate * size * 8) / 1e6).toFixed(3)} [Mb/s]`);
}

/** Closes the sockets and waits until everything has been sent. @param {zmq.Socket[]} sockets */
export async function leave(...sockets) {
  for (const socket of sockets) socket.close();
  await zmq.Context.instance().term();
}

/** @param {zmq.SocketType} type */
export const open = (type) => zmq.Context.instance().socket(type);
