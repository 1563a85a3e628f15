// Weather update client: prints the average temperature of five updates for a zip code.
//
//   node examples/weather/client.mjs [zip code] [port]
import * as zmq from "nodezmq";

// The zip code to subscribe to, or its first digits; New York, 10001, by default
const zipFilter = process.argv[2] ?? "10001";
const port = process.argv[3] ?? "5556";

// The socket that talks to the server
const context = new zmq.Context();
const socket = context.socket(zmq.SUB);

console.log("Collecting updates from weather server…");
socket.connect(`tcp://localhost:${port}`);
socket.setsockoptString(zmq.SUBSCRIBE, zipFilter);

// Process five updates
const updates = 5;
let totalTemp = 0;
for (let update = 0; update < updates; update++) {
  const string = await socket.recvString();
  const [, temperature] = string.split(" ");
  totalTemp += Number(temperature);
}

console.log(`Average temperature for zipcode '${zipFilter}' was ${Math.trunc(totalTemp / updates)}F`);
