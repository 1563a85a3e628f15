/** The calls that can be cancelled: they get a signal of ours, besides the caller's own. */
import { readSignal } from "../call.js";
import { onAbort } from "../pending.js";
import { Future } from "./future.js";
import { camelKeys, isPlain } from "./names.js";
import { CallSignal } from "./signal.js";

/** Where the options begin among the arguments, and what pyzmq calls the arguments from there on. */
interface Waiting {
  from: number;
  names: readonly string[];
  /** Whether the options must stay in their own place: those before are no flags, but sockets. */
  fixed?: boolean;
  /** Whether it looks at its signal without listening to it. */
  looks?: boolean;
}

const RECEIVE = ["flags", "copy", "track"];
const SEND = [...RECEIVE, "routingId", "group"];

/** The methods of a socket. */
export const socketCalls: Readonly<Record<string, Waiting>> = {
  send: { from: 1, names: SEND },
  sendMultipart: { from: 1, names: SEND },
  sendString: { from: 1, names: ["flags", "copy", "encoding"] },
  sendUnicode: { from: 1, names: ["flags", "copy", "encoding"] },
  sendJson: { from: 1, names: ["flags"] },
  sendSerialized: { from: 2, names: ["flags", "copy"] },
  sendBatch: { from: 1, names: ["flags"] },
  recv: { from: 0, names: RECEIVE },
  recvMultipart: { from: 0, names: RECEIVE },
  recvString: { from: 0, names: ["flags", "encoding"] },
  recvUnicode: { from: 0, names: ["flags", "encoding"] },
  recvJson: { from: 0, names: ["flags"] },
  recvSerialized: { from: 1, names: ["flags", "copy"] },
  recvInto: { from: 1, names: [] },
  recvBatch: { from: 1, names: [], fixed: true },
  poll: { from: 0, names: ["timeout", "flags"] },
};

export const pollerCalls: Readonly<Record<string, Waiting>> = {
  poll: { from: 0, names: ["timeout"] },
};

export const deviceCalls: Readonly<Record<string, Waiting>> = {
  start: { from: 0, names: [], looks: true },
  run: { from: 0, names: [], looks: true },
  runDevice: { from: 0, names: [], looks: true },
};

/** Functions, by name wherever they are. */
export const functionCalls: Readonly<Record<string, Waiting>> = {
  select: { from: 4, names: [], fixed: true },
  zmqPoll: { from: 2, names: [], fixed: true },
  proxy: { from: 3, names: [], fixed: true },
  proxySteerable: { from: 4, names: [], fixed: true },
  device: { from: 3, names: [], fixed: true },
  recvMonitorMessage: { from: 1, names: ["flags"] },
};

export type Callable = (this: unknown, ...args: unknown[]) => unknown;

/** The options of a call: named arguments, those that stand in their pyzmq position, and the keys of objects. */
function gather(args: readonly unknown[], { from, names }: Waiting): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [i, value] of args.slice(from).entries()) {
    const name = names[i];
    if (isPlain(value)) Object.assign(options, camelKeys(value));
    else if (value === undefined || value === null)
      continue; // pyzmq's None: the default
    else if (name !== undefined) options[name] = value;
  }
  return options;
}

/** The call, returning a Future. */
export function cancellable(call: Callable, waiting: Waiting): Callable {
  return function (this: unknown, ...args: unknown[]): unknown {
    // Options that stand earlier, in place of arguments that are left out.
    const early = waiting.fixed && args.length <= waiting.from && isPlain(args.at(-1));
    const from = early ? args.length - 1 : waiting.from;
    const options = gather(args, { ...waiting, from });
    const lead = args.slice(0, from);
    while (waiting.fixed && lead.length < waiting.from) lead.push(undefined);
    const given = options.signal;
    // A method that calls another: the signal is there, and who called first makes the future.
    if (CallSignal.is(given)) return call.call(this, ...lead, options);
    const abort = new CallSignal(waiting.looks);
    let deafen: (() => void) | undefined;
    try {
      const signal = readSignal(given);
      if (signal?.aborted) abort.abort(signal.reason);
      else if (signal) deafen = onAbort(signal, () => abort.abort(signal.reason));
    } catch (error) {
      return Future.of(Promise.reject(error));
    }
    options.signal = abort;
    const promise = call.call(this, ...lead, options) as Promise<unknown>;
    return Future.of(deafen === undefined ? promise : promise.finally(deafen), abort);
  };
}
