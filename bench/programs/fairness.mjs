// How evenly sockets that all have messages share the loop: so many loops of `await recv()`, stopped half-way.
//   node fairness.mjs ours|zeromq
import { library, limit, say } from "./library.mjs";

const SOCKETS = 16;
const EACH = 4000;

const pairs = await Promise.all(
  Array.from({ length: SOCKETS }, async (_, i) => {
    const [sender, receiver] = [library.push(), library.pull()];
    for (const socket of [sender, receiver]) limit(socket, 0);
    await receiver.bind(`inproc://fair-${i}`);
    sender.connect(`inproc://fair-${i}`);
    return { sender, receiver };
  }),
);
for (const { sender } of pairs) for (let i = 0; i < EACH; i++) await sender.send("message");

const shares = Array(SOCKETS).fill(0);
let total = 0;
await Promise.all(
  pairs.map(async ({ receiver }, i) => {
    while (total < (SOCKETS * EACH) / 2) {
      await library.receive(receiver);
      total++;
      shares[i]++;
    }
  }),
);
say({ done: true, shares });
process.exit(0);
