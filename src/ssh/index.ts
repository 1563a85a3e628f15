/** zmq.ssh. */
export * from "./tunnel.js";
export * as tunnel from "./tunnel.js";
