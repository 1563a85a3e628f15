// The server as a filter: of the time-stamped messages that pile up in its queue, it keeps one for each interval.
//
//   node examples/pair/filterserver.mjs [port] [messages]
import * as zmq from "nodezmq";
import { sleep } from "../helpers.mjs";

const port = process.argv[2] ?? "5556";
const messages = Number(process.argv[3] ?? Infinity);

const context = new zmq.Context();
const socket = context.socket(zmq.PAIR);
socket.bind(`tcp://*:${port}`);

const pollInterval = 0.1; // in seconds
/** @type {Date | undefined} */
let priorTs;

for (let message = 0; message < messages; message++) {
  try {
    /** @type {{ timestamp: string }} */
    const d = await socket.recvJson();
    const ts = new Date(d.timestamp);
    if (priorTs === undefined) {
      priorTs = ts;
    } else {
      const diff = (ts.getTime() - priorTs.getTime()) / 1000;
      if (diff > pollInterval) {
        console.log(ts.toISOString());
        priorTs = ts;
      }
    }
  } catch (error) {
    if (!(error instanceof zmq.ZMQError)) throw error;
    await sleep(1);
  }
}
