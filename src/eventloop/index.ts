/** zmq.eventloop: ZMQStream, and the loop that pyzmq's programs start. */
export * as future from "./future.js";
export * as ioloop from "./ioloop.js";
export { IOLoop } from "./ioloop.js";
export * as zmqstream from "./zmqstream.js";
