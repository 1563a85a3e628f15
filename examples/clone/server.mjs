// Clone server: a key-value store that any number of clients have a copy of. A client gets a snapshot when it comes,
// then every update; changes go through the server, which numbers them, so that all clients see them in one order.
// Values may have a time to live, after which the server deletes them.
//
// A change is [key, value, seconds to live]; an update is [key, number, value]; an empty value means deleted.
//
//   node examples/clone/server.mjs [snapshots' endpoint] [updates' endpoint] [changes' endpoint] [heartbeat in ms]
import * as zmq from "nodezmq";
import { keyboardInterrupt } from "../helpers.mjs";
import { readArguments, unpack, untilInterrupted } from "../patterns.mjs";

/** The topic of the updates that change nothing: they tell a client that its subscriptions have arrived. */
const HEARTBEAT = "~";

const [snapshots, updates, changes, interval] = readArguments(
  "tcp://127.0.0.1:5556",
  "tcp://127.0.0.1:5557",
  "tcp://127.0.0.1:5558",
  1000,
);
const interrupt = keyboardInterrupt();
const context = new zmq.Context();

/** @typedef {{ value: Buffer, number: number, expires: number }} Entry */
/** @type {Map<string, Entry>} */
const store = new Map();
let number = 0;

await untilInterrupted(context, interrupt, async () => {
  const snapshot = context.socket(zmq.ROUTER);
  const publisher = context.socket(zmq.PUB);
  const collector = context.socket(zmq.PULL);
  snapshot.bind(snapshots);
  publisher.bind(updates);
  collector.bind(changes);

  /** @param {string} key @param {Buffer} value @param {number} seconds none or 0: for ever */
  async function change(key, value, seconds) {
    number += 1;
    const expires = seconds > 0 ? performance.now() + seconds * 1000 : Infinity;
    if (value.length > 0) store.set(key, { value, number, expires });
    else store.delete(key);
    console.log(value.length > 0 ? `${number}: ${key} = ${value}` : `${number}: ${key} is deleted`);
    await publisher.sendMultipart([key, `${number}`, value]);
  }

  /** All entries below a subtree, then the number of the latest change. @param {Buffer[]} request */
  async function sendSnapshot(request) {
    const [client, subtree] = unpack(request, 2).head;
    for (const [key, entry] of store) {
      if (!key.startsWith(`${subtree}`)) continue;
      await snapshot.sendMultipart([client, key, `${entry.number}`, entry.value]);
    }
    await snapshot.sendMultipart([client, "", `${number}`, ""]);
  }

  const poller = new zmq.Poller();
  poller.register(snapshot, zmq.POLLIN);
  poller.register(collector, zmq.POLLIN);
  let nextHeartbeat = 0;

  while (true) {
    const deadlines = [nextHeartbeat, ...[...store.values()].map(({ expires }) => expires)];
    const timeout = Math.max(0, Math.min(...deadlines) - performance.now());
    const ready = new Map(await poller.poll({ timeout, signal: interrupt }));

    if (ready.has(collector)) {
      const [key, value, seconds] = unpack(await collector.recvMultipart(), 3).head;
      await change(`${key}`, value, Number(seconds));
    }
    if (ready.has(snapshot)) await sendSnapshot(await snapshot.recvMultipart());

    for (const [key, { expires }] of store) {
      if (performance.now() >= expires) await change(key, Buffer.alloc(0), 0);
    }
    if (performance.now() >= nextHeartbeat) {
      await publisher.sendMultipart([HEARTBEAT, `${number}`, ""]);
      nextHeartbeat = performance.now() + interval;
    }
  }
});
