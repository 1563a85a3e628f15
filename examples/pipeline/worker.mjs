// Task worker: does the tasks of the ventilator, and reports each to the sink. Start as many as you like.
//
//   node examples/pipeline/worker.mjs [ventilator's port] [sink's port] [tasks]
import * as zmq from "nodezmq";
import { sleep } from "../helpers.mjs";

const port = process.argv[2] ?? "5557";
const sinkPort = process.argv[3] ?? "5558";
const tasks = Number(process.argv[4] ?? Infinity);

const context = new zmq.Context();

// The socket that messages come in on
const receiver = context.socket(zmq.PULL);
receiver.connect(`tcp://localhost:${port}`);

// The socket that messages go out on
const sender = context.socket(zmq.PUSH);
sender.connect(`tcp://localhost:${sinkPort}`);

for (let task = 0; task < tasks; task++) {
  const s = await receiver.recvString();

  // Something to look at
  process.stdout.write(".");

  // Do the work
  await sleep(Number(s) * 0.001);

  // Send the result to the sink
  await sender.send("");
}
