// The versions of the parts, and the first steps of every program: a context, and a socket of a type.
//
//   node examples/basics/version.mjs
import * as zmq from "nodezmq";

console.log(`nodezmq ${zmq.version}`);
console.log(`pyzmq's API ${zmq.pyzmqVersion()}`);
console.log(`libzmq ${zmq.zmqVersion()}`);

const context = new zmq.Context();
const socket = context.socket(zmq.REP);
console.log(socket);

socket.close();
await context.term();
