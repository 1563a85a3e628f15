// libzmq's local_thr: receives messages and tells how fast they came.
//   node bench/local_thr.mjs <bind-to> <message-size> <message-count>
import { PULL } from "nodezmq";
import { leave, open, printThroughput, readArguments, receiveAll } from "./classic.mjs";

const { address, size, count } = readArguments("local_thr", ["bind-to", "message-size", "message-count"]);
const socket = open(PULL);
socket.bind(address);
const rate = await receiveAll(socket, size, count);
console.log(`message size: ${size} [B]`);
console.log(`message count: ${count}`);
printThroughput(size, rate);
await leave(socket);
