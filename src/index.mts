/** nodezmq for ES modules: the CommonJS library's own objects by name, and all of them as the default export. */
import zmq from "./index.js";

export * from "./index.js";
export default zmq;
