// libzmq's inproc_lat: questions of one thread, answers of another.
//   node bench/inproc_lat.mjs <message-size> <roundtrip-count>
import { isMainThread, Worker } from "node:worker_threads";
import { REP, REQ } from "nodezmq";
import { answerAll, askAll, leave, open, readArguments } from "./classic.mjs";

const { size, count } = readArguments("inproc_lat", ["message-size", "roundtrip-count"]);
const ADDRESS = "inproc://lat_test";

if (isMainThread) {
  const socket = open(REQ);
  socket.bind(ADDRESS);
  const worker = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
  const ended = new Promise((resolve) => worker.once("exit", resolve));
  console.log(`message size: ${size} [B]`);
  console.log(`roundtrip count: ${count}`);
  const latency = await askAll(socket, size, count);
  await ended;
  console.log(`average latency: ${latency.toFixed(3)} [us]`);
  await leave(socket);
} else {
  const socket = open(REP);
  socket.connect(ADDRESS);
  await answerAll(socket, size, count);
  socket.close();
}
