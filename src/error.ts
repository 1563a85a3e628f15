/** zmq.error: the error classes. */
export {
  Again,
  ContextTerminated,
  DraftFDWarning,
  InterruptedSystemCall,
  NotDone,
  ZMQBaseError,
  ZMQBindError,
  ZMQError,
  ZMQVersionError,
} from "./errors.js";
