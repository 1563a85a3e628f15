/** zmq.utils: the small modules. */
export * as interop from "./interop.js";
export * as jsonapi from "./jsonapi.js";
export * as monitor from "./monitor.js";
export * as strtypes from "./strtypes.js";
export * as win32 from "./win32.js";
export * as z85 from "./z85.js";
