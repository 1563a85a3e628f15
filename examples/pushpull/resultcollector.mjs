// Counts a thousand results, and prints how many each consumer has sent.
//
//   node examples/pushpull/resultcollector.mjs [port] [results]
import * as zmq from "nodezmq";

const port = process.argv[2] ?? "5558";
const results = Number(process.argv[3] ?? 1000);

async function resultCollector() {
  const context = new zmq.Context();
  const resultsReceiver = context.socket(zmq.PULL);
  resultsReceiver.bind(`tcp://127.0.0.1:${port}`);

  /** @type {Record<string, number>} */
  const collecterData = {};
  for (let x = 0; x < results; x++) {
    /** @type {{ consumer: number, num: number }} */
    const { consumer } = await resultsReceiver.recvJson();
    collecterData[consumer] = (collecterData[consumer] ?? 0) + 1;
  }
  console.log(collecterData);
}

await resultCollector();
