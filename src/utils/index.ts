/** zmq.utils. */
export * as z85 from "./z85.js";
