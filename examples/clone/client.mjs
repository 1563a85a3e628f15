// Clone client: keeps a copy of the server's store, or of a subtree of it, and prints each update. What you type changes
// the store, for all clients:
//
//   /colour = red         set a value
//   /colour = red 10      ... for ten seconds
//   /colour =             delete it
//   show                  print the copy
//
// It ends with its input (Ctrl-D).
//
//   node examples/clone/client.mjs [subtree] [snapshots' endpoint] [updates' endpoint] [changes' endpoint]
import { createInterface } from "node:readline";
import * as zmq from "nodezmq";
import { readArguments, unpack } from "../patterns.mjs";

const HEARTBEAT = "~";

const [subtree, snapshots, updates, changes] = readArguments(
  "/",
  "tcp://127.0.0.1:5556",
  "tcp://127.0.0.1:5557",
  "tcp://127.0.0.1:5558",
);
const context = new zmq.Context();
const subscriber = context.socket(zmq.SUB, { rcvhwm: 0 }); // an update that is missed is missed for ever
const snapshot = context.socket(zmq.DEALER, { linger: 0 });
const publisher = context.socket(zmq.PUSH);
subscriber.subscribe(subtree);
subscriber.subscribe(HEARTBEAT);
subscriber.connect(updates);
snapshot.connect(snapshots);
publisher.connect(changes);

/** @type {Map<string, string>} */
const copy = new Map();

/** @param {string} key @param {string} value */
function apply(key, value) {
  if (value === "") copy.delete(key);
  else copy.set(key, value);
}

/** Fetches the snapshot; returns the number of the last change that is in it. */
async function fetchSnapshot() {
  // With the first update, if only a heartbeat, the subscriptions have arrived ("~" is sent last, being greater than any
  // letter): what the snapshot does not have yet will come as an update, and waits in the subscriber's queue meanwhile.
  await subscriber.recvMultipart();
  await snapshot.send(subtree);
  for await (const message of snapshot) {
    const [key, number, value] = unpack(message, 3).head;
    if (key.length === 0) return Number(number);
    apply(`${key}`, `${value}`);
  }
  return 0;
}

/** @param {number} included the number of the last change that the copy has already */
async function follow(included) {
  for await (const message of subscriber) {
    const [key, number, value] = unpack(message, 3).head;
    if (`${key}` === HEARTBEAT || Number(number) <= included) continue;
    apply(`${key}`, `${value}`);
    console.log(value.length > 0 ? `${key} = ${value}` : `${key} is deleted`);
  }
}

async function obey() {
  for await (const line of createInterface({ input: process.stdin })) {
    const [, key = "", value = "", seconds = ""] = /^(\S+) *= *(\S*) *(\S*)$/.exec(line.trim()) ?? [];
    if (key !== "") await publisher.sendMultipart([key, value, seconds]);
    else if (line.trim() === "show") console.log(`The copy: ${JSON.stringify(Object.fromEntries(copy))}`);
  }
  subscriber.close(); // ends the iteration
  snapshot.close();
}

const included = await fetchSnapshot();
console.log(`The snapshot has ${copy.size} entries`);
await Promise.all([follow(included), obey()]);
await context.destroy();
