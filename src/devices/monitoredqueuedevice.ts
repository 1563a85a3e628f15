/** zmq.devices.monitoredqueuedevice: `monitoredQueue` as a device. */
import {
  type Prefix,
  type ReadProxyArguments,
  readArguments,
  readPrefix,
  readProxyArguments,
} from "./arguments.js";
import { type Device, deviceInside } from "./device.js";
import { ProcessProxy, type ProxyArguments, Proxy as ProxyDevice, ThreadProxy } from "./proxydevice.js";
import type { Prefixes } from "./recipe.js";

/** The arguments of a monitored queue by their names. */
export interface MonitoredQueueArguments extends ProxyArguments {
  /** A frame before what the `in` socket has received: "in" by default. */
  inPrefix?: Prefix | undefined;
  /** A frame before what the `out` socket has received: "out" by default. */
  outPrefix?: Prefix | undefined;
}

/** An argument by position, or all the others in one object. */
type Given = number | MonitoredQueueArguments;
type GivenPrefix = Prefix | MonitoredQueueArguments;
type Parameters = [
  inType?: Given,
  outType?: Given,
  monType?: Given,
  inPrefix?: GivenPrefix,
  outPrefix?: GivenPrefix,
];

function read(given: Parameters): ReadProxyArguments & { prefixes: Prefixes } {
  const named = readArguments(["inType", "outType", "monType", "inPrefix", "outPrefix"], given);
  const inPrefix = readPrefix(named.inPrefix ?? "in", "inPrefix");
  const outPrefix = readPrefix(named.outPrefix ?? "out", "outPrefix");
  return { ...readProxyArguments(named), prefixes: [inPrefix, outPrefix] };
}

function prefix(device: Device, prefixes: Prefixes): void {
  deviceInside(device).prefixes = prefixes;
}

/**
 * A Proxy whose `mon` socket gets every message behind a frame that says where it came from, and that can stand between
 * two ROUTERs: see `monitoredQueue`.
 */
export class MonitoredQueue extends ProxyDevice {
  /** @throws TypeError without `inType` or `outType`, or for a prefix that is neither a string nor bytes */
  constructor(...given: Parameters) {
    const { inType, outType, monType, prefixes } = read(given);
    super(inType, outType, monType);
    prefix(this, prefixes);
  }
}

/** A MonitoredQueue on a native thread of this process. See MonitoredQueue and ThreadDevice. */
export class ThreadMonitoredQueue extends ThreadProxy {
  /** @throws TypeError without `inType` or `outType`, or for a prefix that is neither a string nor bytes */
  constructor(...given: Parameters) {
    const { inType, outType, monType, prefixes } = read(given);
    super(inType, outType, monType);
    prefix(this, prefixes);
  }
}

/** A MonitoredQueue in a process of its own. See MonitoredQueue and ProcessDevice. */
export class ProcessMonitoredQueue extends ProcessProxy {
  /** @throws TypeError without `inType` or `outType`, or for a prefix that is neither a string nor bytes */
  constructor(...given: Parameters) {
    const { inType, outType, monType, prefixes } = read(given);
    super(inType, outType, monType);
    prefix(this, prefixes);
  }
}
