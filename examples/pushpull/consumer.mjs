// Takes work from the producer, and sends the result of every even number on to the result collector.
//
//   node examples/pushpull/consumer.mjs [producer's port] [collector's port] [pieces]
import { randomInt } from "node:crypto";
import * as zmq from "nodezmq";

const producerPort = process.argv[2] ?? "5557";
const collectorPort = process.argv[3] ?? "5558";
const pieces = Number(process.argv[4] ?? Infinity);

async function consumer() {
  const consumerId = randomInt(1, 10005);
  console.log(`I am consumer #${consumerId}`);
  const context = new zmq.Context();

  // receives work
  const consumerReceiver = context.socket(zmq.PULL);
  consumerReceiver.connect(`tcp://127.0.0.1:${producerPort}`);

  // sends results
  const consumerSender = context.socket(zmq.PUSH);
  consumerSender.connect(`tcp://127.0.0.1:${collectorPort}`);

  for (let piece = 0; piece < pieces; piece++) {
    /** @type {{ num: number }} */
    const work = await consumerReceiver.recvJson();
    const data = work.num;
    const result = { consumer: consumerId, num: data };
    if (data % 2 === 0) await consumerSender.sendJson(result);
  }
}

await consumer();
