// Task sink: collects the results of a batch, and tells how long it took.
//
//   node examples/pipeline/sink.mjs [port]
import * as zmq from "nodezmq";

const port = process.argv[2] ?? "5558";

const context = new zmq.Context();

// The socket that messages come in on
const receiver = context.socket(zmq.PULL);
receiver.bind(`tcp://*:${port}`);

// Wait for the beginning of the batch
await receiver.recv();

// Start our clock now
const tstart = performance.now();

// Process a hundred confirmations
for (let taskNbr = 0; taskNbr < 100; taskNbr++) {
  await receiver.recv();
  process.stdout.write(taskNbr % 10 === 0 ? ":" : ".");
}

// How long it took
const tend = performance.now();
console.log(`Total elapsed time: ${Math.trunc(tend - tstart)} msec`);
