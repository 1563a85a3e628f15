/** zmq.devices: forwarding between sockets that the devices open themselves, in the background. */
export type { Prefix } from "./arguments.js";
export * from "./basedevice.js";
export * as basedevice from "./basedevice.js";
export * from "./monitoredqueue.js";
export * as monitoredqueue from "./monitoredqueue.js";
export * from "./monitoredqueuedevice.js";
export * as monitoredqueuedevice from "./monitoredqueuedevice.js";
export * as proxydevice from "./proxydevice.js";
export * from "./proxydevice.js";
export * from "./proxysteerabledevice.js";
export * as proxysteerabledevice from "./proxysteerabledevice.js";
