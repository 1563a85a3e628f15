// Two threads that talk over a pair of sockets: the worker thread sends back whatever it gets.
//
//   node examples/threads/pair.mjs [port] [rounds]
import { isMainThread, Worker, workerData } from "node:worker_threads";
import * as zmq from "nodezmq";
import { sleep } from "../helpers.mjs";

async function zeromqThread() {
  const { port, rounds } = workerData;
  const context = new zmq.Context();
  const socket1 = context.socket(zmq.PAIR);
  socket1.bind(`tcp://*:${port}`);

  for (let round = 0; round < rounds; round++) {
    const message = await socket1.recvString();
    console.log(`Received message:  ${message}`);
    await socket1.send(message);
  }
}

async function main() {
  const port = process.argv[2] ?? "5555";
  const rounds = Number(process.argv[3] ?? Infinity);

  new Worker(new URL(import.meta.url), { workerData: { port, rounds } });

  // A socket belongs to the thread that has made it, so each thread has its own end. (In the original one thread has
  // both, and waits for a message that it would have to send itself.)
  const context = new zmq.Context();
  const socket2 = context.socket(zmq.PAIR);
  socket2.connect(`tcp://localhost:${port}`);

  for (let round = 1; round <= rounds; round++) {
    await socket2.send(`message ${round}`);
    const message = await socket2.recvString();
    console.log(`Sent back:  ${message}`);
    await sleep(1);
  }
}

await (isMainThread ? main() : zeromqThread());
