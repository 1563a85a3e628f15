// Task ventilator: sends a batch of a hundred tasks to the workers. Start the sink and the workers first.
//
//   node examples/pipeline/ventilator.mjs [port] [sink's port]
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import * as zmq from "nodezmq";

const port = process.argv[2] ?? "5557";
const sinkPort = process.argv[3] ?? "5558";

const context = new zmq.Context();

// The socket that messages go out on
const sender = context.socket(zmq.PUSH);
sender.bind(`tcp://*:${port}`);

// Straight to the sink: tells it when the batch begins
const sink = context.socket(zmq.PUSH);
sink.connect(`tcp://localhost:${sinkPort}`);

console.log("Press Enter when the workers are ready: ");
const input = createInterface({ input: process.stdin });
await Promise.race([once(input, "line"), once(input, "close")]);
input.close();
console.log("Sending tasks to workers…");

// The first message is "0" and says that the batch begins
await sink.send("0");

// Send a hundred tasks
let totalMsec = 0;
for (let taskNbr = 0; taskNbr < 100; taskNbr++) {
  // A random workload of 1 to 100 milliseconds
  const workload = randomInt(1, 101);
  totalMsec += workload;

  await sender.sendString(`${workload}`);
}
console.log(`Total expected cost: ${totalMsec} msec`);

// Give 0MQ the time to deliver: just as much as it takes
sender.close();
sink.close();
await context.term();
