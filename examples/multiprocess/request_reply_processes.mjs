// Servers and their client, each a process of its own, from one command.
//
//   node examples/multiprocess/request_reply_processes.mjs [port ...]
import * as zmq from "nodezmq";
import { run, sleep, start } from "../helpers.mjs";

/** Serves five requests, and ends. */
async function server(port = "5556") {
  const context = new zmq.Context();
  const socket = context.socket(zmq.REP);
  socket.bind(`tcp://*:${port}`);
  console.log(`Running server on port:  ${port}`);
  for (let reqnum = 0; reqnum < 5; reqnum++) {
    const message = await socket.recvString();
    console.log(`Received request #${reqnum}: ${message}`);
    await socket.send(`World from ${port}`);
  }
}

/** Sends five requests to every server, to each in turn. */
async function client(ports = ["5556"]) {
  const context = new zmq.Context();
  console.log(`Connecting to server with ports [${ports.join(", ")}]`);
  const socket = context.socket(zmq.REQ);
  for (const port of ports) socket.connect(`tcp://localhost:${port}`);
  for (let request = 0; request < ports.length * 5; request++) {
    console.log(`Sending request  ${request} ...`);
    await socket.send("Hello");
    const message = await socket.recvString();
    console.log(`Received reply  ${request} [ ${message} ]`);
    await sleep(1);
  }
}

function main() {
  const given = process.argv.slice(2);
  const serverPorts = given.length > 0 ? given : ["5550", "5552", "5554", "5556"];

  // A few servers
  for (const serverPort of serverPorts) start(server, serverPort);

  // and a client that is connected to all of them
  start(client, serverPorts);
}

await run(main, { server, client });
