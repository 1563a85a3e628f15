/** zmq.devices.proxydevice: devices with a third socket, which gets a copy of every message. */
import { type ReadProxyArguments, readArguments, readProxyArguments } from "./arguments.js";
import { ProcessDevice, ThreadDevice } from "./background.js";
import { asks, Device, deviceInside } from "./device.js";
import { defineSide, type MonSide, newSide } from "./side.js";

/** The arguments of a proxy by their names. */
export interface ProxyArguments {
  inType?: number | undefined;
  outType?: number | undefined;
  /** `zmq.PUB` by default. */
  monType?: number | undefined;
}

/** An argument by position, or all the others in one object. */
type Given = number | ProxyArguments;
type Parameters = [inType?: Given, outType?: Given, monType?: Given];

const read = (given: Parameters): ReadProxyArguments =>
  readProxyArguments(readArguments(["inType", "outType", "monType"], given));

/** Gives a device its `mon` socket. */
function monitor(device: Device & { monType: number }): void {
  deviceInside(device).mon = { side: newSide(), type: () => device.monType };
}

export interface Proxy extends MonSide {}

/**
 * A Device whose third socket, `mon`, gets a copy of every message of both ways. A PUB drops what nobody reads in time;
 * PUSH, PAIR and DEALER hold the device up until it is read.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: defineSide makes the methods, below
// biome-ignore lint/suspicious/noShadowRestrictedNames: pyzmq's name
export class Proxy extends Device {
  /** The type of the `mon` socket. */
  monType: number;

  /** @throws TypeError without `inType` or `outType` */
  constructor(...given: Parameters) {
    const { inType, outType, monType } = read(given);
    super(undefined, inType, outType);
    this.monType = monType;
    monitor(this);
  }
}

export interface ThreadProxy extends MonSide {}

/** A Proxy on a native thread of this process. See Proxy and ThreadDevice. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: as above
export class ThreadProxy extends ThreadDevice {
  /** The type of the `mon` socket. */
  monType: number;

  /** @throws TypeError without `inType` or `outType` */
  constructor(...given: Parameters) {
    const { inType, outType, monType } = read(given);
    super(undefined, inType, outType);
    this.monType = monType;
    monitor(this);
  }
}

export interface ProcessProxy extends MonSide {}

/** A Proxy in a process of its own. See Proxy and ProcessDevice. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: as above
export class ProcessProxy extends ProcessDevice {
  /** The type of the `mon` socket. */
  monType: number;

  /** @throws TypeError without `inType` or `outType` */
  constructor(...given: Parameters) {
    const { inType, outType, monType } = read(given);
    super(undefined, inType, outType);
    this.monType = monType;
    monitor(this);
  }
}

for (const { prototype } of [Proxy, ThreadProxy, ProcessProxy]) {
  defineSide(prototype as Device, "Mon", asks("mon"));
}
