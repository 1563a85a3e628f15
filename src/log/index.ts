/** zmq.log: log records as messages of a PUB socket. */
export { type ConsoleMethod, type HookOptions, hookConsole, type Unhook } from "./console.js";
export * from "./handlers.js";
export * as handlers from "./handlers.js";
export {
  addLevelName,
  CRITICAL,
  DEBUG,
  ERROR,
  FATAL,
  getLevelName,
  INFO,
  NOTSET,
  WARN,
  WARNING,
} from "./levels.js";
