/** zmq.eventloop.future: pyzmq's sockets for tornado. Here every socket returns promises: it is the main API. */
export { Context } from "../context.js";
export { Poller } from "../poller.js";
export { Socket } from "../socket.js";
