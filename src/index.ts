/** nodezmq: pyzmq's API on Node.js. */
import { readTimeout } from "./call.js";
import { rangeError, typeError } from "./errors.js";
import { native } from "./native.js";

export * as asyncio from "./asyncio.js";
export * as auth from "./auth/index.js";
export type { SyncOptions, WaitOptions } from "./call.js";
export * from "./constants.js";
export * as constants from "./constants.js";
export { Context, Context as SyncContext, type DestroyOptions } from "./context.js";
export type { Data, MessageData } from "./data.js";
export * as decorators from "./decorators.js";
export * as devices from "./devices/index.js";
export { Endpoint } from "./endpoint.js";
export * as error from "./error.js";
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
  zmqErrno,
} from "./errors.js";
export * as eventloop from "./eventloop/index.js";
export { Frame, Frame as Message, type FrameOptions } from "./frame.js";
/** zmq.green, which makes pyzmq's blocking calls cooperative, is this library: its calls are as they are. */
export * as green from "./index.js";
export * as log from "./log/index.js";
export type { ReceiveIntoOptions, ReceiveOptions, SyncReceiveOptions } from "./messaging.js";
export { type MonitorEvent, parseMonitorMessage, recvMonitorMessage } from "./monitor.js";
export { Monitor, type MonitorEventName, type MonitorEvents } from "./monitor-emitter.js";
export type { SendOptions } from "./outgoing.js";
export { type Pollable, Poller, type PollResult, type RegisterOptions, select, zmqPoll } from "./poller.js";
export {
  type CaptureOptions,
  device,
  type ProxyOptions,
  proxy,
  proxySteerable,
  type SteerableOptions,
} from "./proxy.js";
export type { SyncSendOptions } from "./sending.js";
export { Socket, Socket as SyncSocket } from "./socket-types.js";
export * as ssh from "./ssh/index.js";
export { Stopwatch } from "./stopwatch.js";
export { MessageTracker } from "./tracker.js";
export * as utils from "./utils/index.js";
export {
  curveKeypair,
  curvePublic,
  DRAFT_API,
  getIncludes,
  getLibraryDirs,
  has,
  PYZMQ_DRAFT_API,
  pyzmqVersion,
  pyzmqVersionInfo,
  strerror,
  version,
  zmqVersion,
  zmqVersionInfo,
} from "./version.js";

export type { EndOptions } from "./within.js";

/**
 * How long the end of a process or worker may wait for messages that are still queued, in milliseconds in all: 1000 by
 * default. Each socket's LINGER is kept to, but never beyond this.
 */
export function setExitLinger(milliseconds: number): void {
  const limit = readTimeout(milliseconds);
  if (limit === undefined) throw typeError("setExitLinger takes a number of milliseconds, 0 or more");
  if (limit < 0)
    throw rangeError(`setExitLinger takes a number of milliseconds, 0 or more; got ${milliseconds}`);
  native.setExitLinger(Math.ceil(limit));
}
