/** zmq.devices.proxysteerabledevice: proxies with a fourth socket, which takes commands. */
import { type ReadProxyArguments, readArguments, readProxyArguments, readType } from "./arguments.js";
import { asks, type Device, deviceInside } from "./device.js";
import { ProcessProxy, type ProxyArguments, Proxy as ProxyDevice, ThreadProxy } from "./proxydevice.js";
import { type CtrlSide, defineSide, newSide } from "./side.js";

/** The arguments of a steerable proxy by their names. */
export interface ProxySteerableArguments extends ProxyArguments {
  /** REP, PAIR, ROUTER, DEALER, PULL or SUB. The device does not start without it. */
  ctrlType?: number | undefined;
}

/** An argument by position, or all the others in one object. */
type Given = number | ProxySteerableArguments;
type Parameters = [inType?: Given, outType?: Given, monType?: Given, ctrlType?: Given];

function read(given: Parameters): ReadProxyArguments & { ctrlType: number | undefined } {
  const named = readArguments(["inType", "outType", "monType", "ctrlType"], given);
  const ctrlType = named.ctrlType ?? undefined;
  return {
    ...readProxyArguments(named),
    ctrlType: ctrlType === undefined ? undefined : readType(ctrlType, "ctrlType"),
  };
}

/** Gives a device its `ctrl` socket. */
function steer(device: Device & { ctrlType: number | undefined }): void {
  deviceInside(device).ctrl = { side: newSide(), type: () => device.ctrlType };
}

export interface ProxySteerable extends CtrlSide {}

/**
 * A Proxy that obeys what its `ctrl` socket receives: `PAUSE`, `RESUME`, `TERMINATE` (which ends the device) and
 * `STATISTICS`. Every command is answered with one empty frame, STATISTICS with eight frames of a 64-bit number in the
 * machine's byte order: frames and bytes received and sent by the `in` socket, then by the `out` socket.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: defineSide makes the methods, below
export class ProxySteerable extends ProxyDevice {
  /** The type of the `ctrl` socket. */
  ctrlType: number | undefined;

  /** @throws TypeError without `inType` or `outType`; without `ctrlType` it is `start()` that rejects with one */
  constructor(...given: Parameters) {
    const { inType, outType, monType, ctrlType } = read(given);
    super(inType, outType, monType);
    this.ctrlType = ctrlType;
    steer(this);
  }
}

export interface ThreadProxySteerable extends CtrlSide {}

/** A ProxySteerable on a native thread of this process. See ProxySteerable and ThreadDevice. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: as above
export class ThreadProxySteerable extends ThreadProxy {
  /** The type of the `ctrl` socket. */
  ctrlType: number | undefined;

  /** @throws TypeError without `inType` or `outType`; without `ctrlType` it is `start()` that rejects with one */
  constructor(...given: Parameters) {
    const { inType, outType, monType, ctrlType } = read(given);
    super(inType, outType, monType);
    this.ctrlType = ctrlType;
    steer(this);
  }
}

export interface ProcessProxySteerable extends CtrlSide {}

/** A ProxySteerable in a process of its own. See ProxySteerable and ProcessDevice. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: as above
export class ProcessProxySteerable extends ProcessProxy {
  /** The type of the `ctrl` socket. */
  ctrlType: number | undefined;

  /** @throws TypeError without `inType` or `outType`; without `ctrlType` it is `start()` that rejects with one */
  constructor(...given: Parameters) {
    const { inType, outType, monType, ctrlType } = read(given);
    super(inType, outType, monType);
    this.ctrlType = ctrlType;
    steer(this);
  }
}

for (const { prototype } of [ProxySteerable, ThreadProxySteerable, ProcessProxySteerable]) {
  defineSide(prototype as Device, "Ctrl", asks("ctrl"));
}
