// A publisher behind the espresso proxy: numbered messages about A, B and C in turn, until Ctrl-C. What nobody has
// subscribed to does not leave it: the subscriptions come through the proxy.
//
//   node examples/espresso/publisher.mjs [endpoint] [messages]
import * as zmq from "nodezmq";
import { keyboardInterrupt, sleep } from "../helpers.mjs";
import { readArguments, untilInterrupted } from "../patterns.mjs";

const [endpoint, messages] = readArguments("tcp://127.0.0.1:6000", Infinity);
const interrupt = keyboardInterrupt();
const context = new zmq.Context();

await untilInterrupted(context, interrupt, async () => {
  const socket = context.socket(zmq.PUB);
  socket.connect(endpoint);

  for (let number = 0; number < messages; number++) {
    await socket.send(`${"ABC"[number % 3]}-${number}`);
    await sleep(0.1, { signal: interrupt });
  }
});
