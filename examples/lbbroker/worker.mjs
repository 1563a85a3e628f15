// A worker of the load-balancing broker: a REQ socket, whose request is "give me work". Start as many as you like.
//
//   node examples/lbbroker/worker.mjs [endpoint] [name] [seconds of work]
import * as zmq from "nodezmq";
import { keyboardInterrupt, sleep } from "../helpers.mjs";
import { readArguments, untilInterrupted } from "../patterns.mjs";

const [endpoint, name, seconds] = readArguments("tcp://127.0.0.1:5556", `worker ${process.pid}`, 0.1);
const interrupt = keyboardInterrupt();
const context = new zmq.Context();

await untilInterrupted(context, interrupt, async () => {
  const socket = context.socket(zmq.REQ);
  socket.connect(endpoint);
  await socket.send("READY");

  while (true) {
    const [client = "", , request] = await socket.recvMultipart({ signal: interrupt });
    console.log(`${name} works on ${request}`);
    await sleep(seconds, { signal: interrupt });
    await socket.sendMultipart([client, "", `${request} done by ${name}`]);
  }
});
