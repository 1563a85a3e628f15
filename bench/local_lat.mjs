// libzmq's local_lat: answers every message with itself.
//   node bench/local_lat.mjs <bind-to> <message-size> <roundtrip-count>
import { REP } from "nodezmq";
import { answerAll, leave, open, readArguments } from "./classic.mjs";

const { address, size, count } = readArguments("local_lat", ["bind-to", "message-size", "roundtrip-count"]);
const socket = open(REP);
socket.bind(address);
await answerAll(socket, size, count);
await leave(socket);
