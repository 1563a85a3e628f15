// A client and a worker as two tasks of one process, which talk over inproc: through memory, without a network.
//
//   node examples/asyncio/inproc_asyncio_example.mjs
import * as zmq from "nodezmq";
import { sleep } from "../helpers.mjs";

const INPROC_ADDRESS = "inproc://my_async_channel";

/**
 * Answers requests until it is cancelled.
 *
 * @param {zmq.Context} context
 * @param {AbortSignal} cancelled
 */
async function asyncRepWorker(context, cancelled) {
  const socket = context.socket(zmq.REP);
  socket.bind(INPROC_ADDRESS);
  console.log(`REP Worker (in-process) started, bound to ${INPROC_ADDRESS}`);

  try {
    while (true) {
      // Only this task waits; the client goes on meanwhile
      const message = await socket.recvString({ signal: cancelled });
      console.log(`REP Worker (in-process) received request: '${message}'`);

      // Pretend that it takes a while
      await sleep(0.5, { signal: cancelled });

      const reply = `REP Worker (in-process) received and processed: '${message}'`;
      await socket.sendString(reply);
      console.log(`REP Worker (in-process) sent reply: '${reply}'`);
    }
  } catch (error) {
    if (!cancelled.aborted) throw error;
    console.log("\nREP Worker (in-process) cancelled, exiting...");
  } finally {
    socket.close();
    console.log("REP Worker (in-process) Socket closed.");
  }
}

/**
 * Sends three requests.
 *
 * @param {zmq.Context} context the worker's: inproc addresses are known within one context only
 */
async function asyncReqClient(context) {
  const socket = context.socket(zmq.REQ);
  socket.connect(INPROC_ADDRESS);
  console.log(`REQ Client (in-process) started, connected to ${INPROC_ADDRESS}`);

  try {
    for (let i = 0; i < 3; i++) {
      const request = `In-process request ${i + 1}`;
      console.log(`REQ Client (in-process) sending request: '${request}'`);
      await socket.sendString(request);

      const reply = await socket.recvString();
      console.log(`REQ Client (in-process) received reply: '${reply}'`);
      await sleep(0.1); // a little rest before the next
    }
  } finally {
    socket.close();
    console.log("REQ Client (in-process) Socket closed.");
  }
}

async function main() {
  const context = new zmq.Context();
  console.log("Main program: Asyncio Context created");

  // An async function that is called and not awaited is a task: both run side by side
  const cancellation = new AbortController();
  const workerTask = asyncRepWorker(context, cancellation.signal);
  const clientTask = asyncReqClient(context);

  await clientTask;
  console.log("Main program: Client task completed.");

  // The worker would wait for ever; it closes its socket before it ends
  cancellation.abort();
  await workerTask;
  console.log("Main program: Worker task has been cancelled.");

  await context.term();
}

console.log("--- In-process ZeroMQ (inproc) example starting ---");
await main();
console.log("--- In-process ZeroMQ (inproc) example ended ---");
