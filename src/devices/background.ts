/** zmq.devices.ThreadDevice and ProcessDevice: where a device runs. */
import { Context } from "../context.js";
import { Device, type DeviceArguments, deviceInside } from "./device.js";
import { launchProcess } from "./process.js";
import type { ContextFactory } from "./thread.js";

/** What runs a device: its thread or process. */
export interface Launcher {
  /** The process's number; undefined for a thread. */
  readonly pid: number | undefined;
  isAlive(): boolean;
}

/** What Thread and Process devices have in common. */
export class BackgroundDevice extends Device {
  /** The thread or process of the last start; null before it. */
  get launcher(): Launcher | null {
    const running = deviceInside(this).running();
    if (running === undefined) return null;
    const isAlive = (): boolean => deviceInside(this).running() === running && !this.done;
    return { pid: running.pid, isAlive };
  }
}

/** A Device on a native thread of this process, in `Context.instance()`: it can be reached by `inproc://`. See Device. */
export class ThreadDevice extends BackgroundDevice {}

/**
 * A Device in a process of its own, with a Context of its own. The process ends with the program or worker thread that
 * started it, however that ends. What the sockets say when they are opened comes back to `start()`. See Device.
 */
export class ProcessDevice extends BackgroundDevice {
  static override contextFactory: ContextFactory = Context;

  constructor(
    deviceType?: number | DeviceArguments,
    inType?: number | DeviceArguments,
    outType?: number | DeviceArguments,
  ) {
    super(deviceType, inType, outType);
    deviceInside(this).launch = launchProcess;
  }
}
