// Load-balancing broker: ROUTER to the clients, ROUTER to the workers. A worker says when it is ready, and gets one
// request at a time; the one that has waited longest is next. So a slow worker delays nobody but who waits for it,
// while with a DEALER, which sends in turn, requests would pile up behind it.
//
//   node examples/lbbroker/broker.mjs [clients' endpoint] [workers' endpoint]
import * as zmq from "nodezmq";
import { keyboardInterrupt } from "../helpers.mjs";
import { readArguments, unpack, untilInterrupted } from "../patterns.mjs";

const [clients, workers] = readArguments("tcp://127.0.0.1:5555", "tcp://127.0.0.1:5556");
const interrupt = keyboardInterrupt();
const context = new zmq.Context();

await untilInterrupted(context, interrupt, async () => {
  const frontend = context.socket(zmq.ROUTER);
  frontend.bind(clients);
  const backend = context.socket(zmq.ROUTER);
  backend.bind(workers);

  /** The routing ids of the workers that wait for a request, the longest first. @type {Buffer[]} */
  const idle = [];

  const poller = new zmq.Poller();
  poller.register(backend, zmq.POLLIN);

  while (true) {
    // Without an idle worker no request is taken: they wait in libzmq's queues, up to the high-water marks. No event at
    // all unregisters a socket.
    poller.register(frontend, idle.length > 0 ? zmq.POLLIN : 0);
    const ready = new Map(await poller.poll({ signal: interrupt }));

    if (ready.has(backend)) {
      // Either [worker, "", "READY"] or [worker, "", client, "", reply]: with both the worker is free.
      const { head, body } = unpack(await backend.recvMultipart(), 3);
      const [worker, , client] = head;
      idle.push(worker);
      if (body.length > 0) await frontend.sendMultipart([client, ...body]);
      else console.log("A worker is ready");
    }

    if (ready.has(frontend)) {
      // [client, "", request] becomes [worker, "", client, "", request]
      const request = await frontend.recvMultipart();
      const worker = idle.shift();
      if (worker !== undefined) await backend.sendMultipart([worker, "", ...request]);
    }
  }
});
