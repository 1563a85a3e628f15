// How many messages a subscriber gets that does not read while a publisher goes on: its high-water mark's worth, no more.
//   node slow-subscriber.mjs ours|zeromq
import { library, limit, say, turn } from "./library.mjs";

const HWM = 50;
const PUBLISHED = 1000;

const [publisher, subscriber] = [library.pub(), library.sub()];
for (const socket of [publisher, subscriber]) limit(socket, HWM);
await publisher.bind("inproc://slow");
subscriber.connect("inproc://slow");
subscriber.subscribe("");
await library.receive(publisher); // the subscription

// A reader that takes one message and is then busy. Meanwhile the loop goes round: whatever reads ahead would do so now.
const first = library.receive(subscriber);
await publisher.send("0");
await first;
for (let i = 0; i < PUBLISHED; i++) {
  await publisher.send(`${i}`);
  await turn();
}
let received = 0;
for (;;) {
  const message = library.receive(subscriber).then(
    () => true,
    () => false,
  );
  const waited = (async () => {
    for (let i = 0; i < 100; i++) await turn();
    return false;
  })();
  if (!(await Promise.race([message, waited]))) break;
  received++;
}
// Within the process the marks of both sides add up.
say({ done: true, received: received + 1, mark: 2 * HWM });
process.exit(0);
