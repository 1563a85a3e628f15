// libzmq's remote_thr: sends messages as fast as it can.
//   node bench/remote_thr.mjs <connect-to> <message-size> <message-count>
import { PUSH } from "nodezmq";
import { leave, open, readArguments, sendAll } from "./classic.mjs";

const { address, size, count } = readArguments("remote_thr", ["connect-to", "message-size", "message-count"]);
const socket = open(PUSH);
socket.connect(address);
await sendAll(socket, size, count);
await leave(socket);
