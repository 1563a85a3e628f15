/** zmq.devices.basedevice, as pyzmq names it. */
export { BackgroundDevice, type Launcher, ProcessDevice, ThreadDevice } from "./background.js";
export { Device, type DeviceArguments, type StartOptions } from "./device.js";
export type { ContextFactory } from "./thread.js";
