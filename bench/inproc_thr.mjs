// libzmq's inproc_thr: messages from one thread to another.
//   node bench/inproc_thr.mjs <message-size> <message-count>
import { isMainThread, Worker } from "node:worker_threads";
import { PULL, PUSH } from "nodezmq";
import { leave, open, printThroughput, readArguments, receiveAll, sendAll } from "./classic.mjs";

const { size, count } = readArguments("inproc_thr", ["message-size", "message-count"]);
const ADDRESS = "inproc://thr_test";

if (isMainThread) {
  const socket = open(PULL);
  socket.bind(ADDRESS);
  const worker = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
  const ended = new Promise((resolve) => worker.once("exit", resolve));
  console.log(`message size: ${size} [B]`);
  console.log(`message count: ${count}`);
  const rate = await receiveAll(socket, size, count);
  await ended;
  printThroughput(size, rate);
  await leave(socket);
} else {
  const socket = open(PUSH);
  socket.connect(ADDRESS);
  await sendAll(socket, size, count);
  socket.close();
}
