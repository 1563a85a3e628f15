/**
 * zmq.asyncio: this library under pyzmq's other name, as its calls are asynchronous as they are; and what programs that
 * choose Python's event loop look for.
 */
import { IOLoop } from "./eventloop/ioloop.js";

export * from "./index.js";

/** @deprecated As in pyzmq, nothing: Node's own event loop knows sockets. */
export function install(): void {}

/** @deprecated As in pyzmq, no loop that sockets need: the IOLoop by its oldest name. */
export class ZMQEventLoop extends IOLoop {}

/** What pyzmq warns by of Windows' other event loop, which Node does not have: nothing raises it. */
export class ProactorSelectorThreadWarning extends Error {
  override name = "ProactorSelectorThreadWarning";
}
