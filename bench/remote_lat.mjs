// libzmq's remote_lat: asks, one message at a time, and tells how long one way took on average.
//   node bench/remote_lat.mjs <connect-to> <message-size> <roundtrip-count>
import { REQ } from "nodezmq";
import { askAll, leave, open, readArguments } from "./classic.mjs";

const { address, size, count } = readArguments("remote_lat", [
  "connect-to",
  "message-size",
  "roundtrip-count",
]);
const socket = open(REQ);
socket.connect(address);
const latency = await askAll(socket, size, count);
console.log(`message size: ${size} [B]`);
console.log(`roundtrip count: ${count}`);
console.log(`average latency: ${latency.toFixed(3)} [us]`);
await leave(socket);
