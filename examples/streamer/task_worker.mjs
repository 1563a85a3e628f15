// Takes tasks from the streamer device. Start as many as you like.
//
//   node examples/streamer/task_worker.mjs [device's port] [tasks]
import { randomInt } from "node:crypto";
import * as zmq from "nodezmq";

const port = process.argv[2] ?? "5560";
const tasks = Number(process.argv[3] ?? Infinity);

async function consumer() {
  const consumerId = randomInt(1, 10005);
  console.log(`I am consumer #${consumerId}`);
  const context = new zmq.Context();

  // receives work
  const consumerReceiver = context.socket(zmq.PULL);
  consumerReceiver.connect(`tcp://127.0.0.1:${port}`);

  for (let task = 0; task < tasks; task++) {
    /** @type {{ num: number }} */
    const work = await consumerReceiver.recvJson();
    const data = work.num;
    const result = { num: data, consumer: consumerId };
    console.log(result);
  }
}

await consumer();
