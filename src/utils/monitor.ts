/** zmq.utils.monitor: reading the messages of a monitor socket. */
export {
  type MonitorEvent,
  parseMonitorMessage,
  recvMonitorMessage,
  recvMonitorMessageSync,
} from "../monitor.js";
