// Espresso: a proxy between publishers and subscribers, with a tap. All that passes the proxy, messages one way and
// subscriptions the other, also comes out of a socket on which somebody listens.
//
//   node examples/espresso/proxy.mjs [publishers' endpoint] [subscribers' endpoint]
import * as zmq from "nodezmq";
import { keyboardInterrupt } from "../helpers.mjs";
import { readArguments, untilInterrupted } from "../patterns.mjs";

const [publishers, subscribers] = readArguments("tcp://127.0.0.1:6000", "tcp://127.0.0.1:6001");
const interrupt = keyboardInterrupt();
const context = new zmq.Context();

/** Prints what the proxy has let pass. @param {AsyncIterable<Buffer[]>} tap */
async function listen(tap) {
  for await (const [frame] of tap) {
    // A subscription is a 1 and the topic, its end a 0 and the topic.
    if (frame?.[0] === 1) console.log(`subscribed: ${frame.subarray(1)}`);
    else if (frame?.[0] === 0) console.log(`unsubscribed: ${frame.subarray(1)}`);
    else console.log(`${frame}`);
  }
}

await untilInterrupted(context, interrupt, async () => {
  const frontend = context.socket(zmq.XSUB);
  const backend = context.socket(zmq.XPUB);
  const [capture, tap] = [context.socket(zmq.PAIR), context.socket(zmq.PAIR)];
  capture.bind("inproc://tap");
  tap.connect("inproc://tap");
  frontend.bind(publishers);
  backend.bind(subscribers);
  console.log("The proxy is up");

  // The proxy runs on a thread of its own; the iteration ends when the tap is closed.
  const listener = listen(tap);
  await zmq.proxy(frontend, backend, capture, { signal: interrupt }).finally(() => tap.close());
  await listener;
});
