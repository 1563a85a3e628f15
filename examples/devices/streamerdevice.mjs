// A streamer device in a process of its own, between a server and two workers. Ends at Ctrl-C.
//
//   node examples/devices/streamerdevice.mjs [server's port] [workers' port]
import * as zmq from "nodezmq";
import { ProcessDevice } from "nodezmq/devices/basedevice";
import { keyboardInterrupt, run, sleep, start, terminate } from "../helpers.mjs";

const frontendPort = process.argv[2] ?? "5559";
const backendPort = process.argv[3] ?? "5560";
const numberOfWorkers = 2;

async function server() {
  const context = new zmq.Context();
  const socket = context.socket(zmq.PUSH);
  socket.connect(`tcp://127.0.0.1:${frontendPort}`);

  for (let i = 0; i < 10; i++) await socket.send(`#${i}`);
}

async function worker(port = backendPort, workNum = 0) {
  const context = new zmq.Context();
  const socket = context.socket(zmq.PULL);
  socket.connect(`tcp://127.0.0.1:${port}`);

  for (;;) {
    const message = await socket.recvString();
    console.log(`Worker #${workNum} got message! ${message}`);
    await sleep(1);
  }
}

async function main() {
  // A device is told the types of its sockets, and what to do with them, and opens them itself
  const streamerdevice = new ProcessDevice(zmq.STREAMER, zmq.PULL, zmq.PUSH);

  streamerdevice.bindIn(`tcp://127.0.0.1:${frontendPort}`);
  streamerdevice.bindOut(`tcp://127.0.0.1:${backendPort}`);
  streamerdevice.setsockoptIn(zmq.IDENTITY, "PULL");
  streamerdevice.setsockoptOut(zmq.IDENTITY, "PUSH");

  await streamerdevice.start();

  const workers = Array.from({ length: numberOfWorkers }, (_, workNum) =>
    start(worker, backendPort, workNum),
  );
  keyboardInterrupt().addEventListener("abort", () => {
    terminate(...workers);
    streamerdevice.stop();
  });
  await sleep(1);

  await server();
}

await run(main, { worker });
