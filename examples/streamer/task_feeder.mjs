// Feeds the streamer device with a task a second.
//
//   node examples/streamer/task_feeder.mjs [device's port] [tasks]
import * as zmq from "nodezmq";
import { sleep } from "../helpers.mjs";

const port = process.argv[2] ?? "5559";
const tasks = Number(process.argv[3] ?? 20000);

async function producer() {
  const context = new zmq.Context();
  const zmqSocket = context.socket(zmq.PUSH);
  zmqSocket.connect(`tcp://127.0.0.1:${port}`);

  for (let num = 0; num < tasks; num++) {
    const workMessage = { num };
    await zmqSocket.sendJson(workMessage);
    await sleep(1);
  }

  // Ends when the device has got everything
  zmqSocket.close();
  await context.term();
}

await producer();
