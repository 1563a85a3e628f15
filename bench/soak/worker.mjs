// A worker that is terminated in the midst of everything.
import { parentPort } from "node:worker_threads";
import * as zmq from "nodezmq";

const context = new zmq.Context();
const [pull, push] = [context.socket(zmq.PULL), context.socket(zmq.PUSH)];
pull.bind("tcp://127.0.0.1:*");
push.connect(pull.lastEndpoint);
zmq.Context.instance().socket(zmq.PAIR).recv();
pull.events().next();
(async () => {
  for (;;) await push.send(Buffer.alloc(100_000), { copy: false });
})();
let count = 0;
for await (const _ of pull) if (++count === 100) parentPort?.postMessage("ready");
