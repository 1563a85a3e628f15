// Hands out 20000 pieces of work, each to one of the consumers that are connected. Start it last.
//
//   node examples/pushpull/producer.mjs [port] [pieces]
import * as zmq from "nodezmq";

const port = process.argv[2] ?? "5557";
const pieces = Number(process.argv[3] ?? 20000);

async function producer() {
  const context = new zmq.Context();
  const zmqSocket = context.socket(zmq.PUSH);
  zmqSocket.bind(`tcp://127.0.0.1:${port}`);

  // Waits while there is no consumer, and whenever all of them have their queues full
  for (let num = 0; num < pieces; num++) {
    const workMessage = { num };
    await zmqSocket.sendJson(workMessage);
  }

  // Ends when the consumers have got everything
  zmqSocket.close();
  await context.term();
}

await producer();
