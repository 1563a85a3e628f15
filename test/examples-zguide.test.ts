/** The reliability patterns of examples/: what each exists for is what happens here, mostly that a process is killed. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type ExampleProgram, exampleProgram } from "./support/example-program.js";

/** Addresses that no other test has: files in a folder of this test's own. */
function addresses(): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), "nz-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return (name) => `ipc://${folder}/${name}`;
}

/** Waits for so many more lines of the pattern than have been printed until now. */
async function more(program: ExampleProgram, count: number, pattern: RegExp): Promise<string[]> {
  const before = program.lines.filter((line) => pattern.test(line)).length;
  return (await program.printed(before + count, pattern)).slice(before);
}

/** A heartbeat in ms: fast enough for a test, slow enough for a machine that has a lot to do. */
const HEARTBEAT = 250;
/** In ms, how long clients wait for a reply before they ask again. */
const PATIENCE = 500;
/** Tries enough: no test is about a client that gives up, but one. */
const TRIES = 1000;

/** `[1, ..., count]`, each made into something. */
const each = (count: number, make: (i: number) => string): string[] =>
  Array.from({ length: count }, (_, i) => make(i + 1));

test("the multithreaded server shares the requests evenly between its threads", async () => {
  const endpoint = addresses()("s");
  const server = exampleProgram("mtserver/server.mjs", endpoint, 3);
  await server.printed(1, /shares the requests between 3 others/);

  const clients = [1, 2].map(() => exampleProgram("mtserver/client.mjs", endpoint, 9));
  const replies = await Promise.all(clients.map((client) => client.end()));

  const fibonacci = [1, 1, 2, 3, 5, 8, 13, 21, 34];
  for (const lines of replies) {
    expect(lines.map((line) => line.replace(/ from .*/, ""))).toEqual(
      fibonacci.map((value, i) => `fib(${i + 1}) = ${value}`),
    );
  }
  const threads = replies.flat().map((line) => line.replace(/.* from /, ""));
  expect(threads.sort()).toEqual([1, 2, 3].flatMap((i) => Array(6).fill(`thread ${i}`)));
  await server.interrupt();
});

test("the load-balancing broker lets nobody wait for a busy worker", async () => {
  const at = addresses();
  const broker = exampleProgram("lbbroker/broker.mjs", at("c"), at("w"));
  const fast = exampleProgram("lbbroker/worker.mjs", at("w"), "fast", 0);
  // Far longer than the test takes
  const slow = exampleProgram("lbbroker/worker.mjs", at("w"), "slow", 1e6);
  await broker.printed(2, /^A worker is ready$/);

  const clients = ["a", "b"].map((name) => exampleProgram("lbbroker/client.mjs", at("c"), name, 5));
  await slow.printed(1, /^slow works on [ab]'s task \d$/);
  const stuck = slow.output.includes("a's") ? 0 : 1;
  const lines = await (clients[1 - stuck] as ExampleProgram).end();

  expect(lines).toEqual(each(5, (i) => `${"ba"[stuck]}'s task ${i} done by fast`));
  expect(slow.lines).toHaveLength(1);
  for (const program of [fast, slow, broker]) await program.interrupt();
});

describe("the Lazy Pirate client", () => {
  test("asks again until a server is there, also after it has been killed", async () => {
    const endpoint = addresses()("s");
    const client = exampleProgram("lazypirate/client.mjs", endpoint, "-", PATIENCE, TRIES);
    await client.printed(1, /^No reply to request 1 /);

    const first = exampleProgram("lazypirate/server.mjs", endpoint, "the first server");
    await client.printed(3, /done by the first server$/);
    await first.kill();
    await more(client, 1, /^No reply to request/);
    const second = exampleProgram("lazypirate/server.mjs", endpoint, "the second server");
    await client.printed(3, /done by the second server$/);

    const lines = await client.terminate();
    const numbers = lines.flatMap((line) => /^Request (\d+):/.exec(line)?.[1] ?? []);
    expect(numbers).toEqual(each(numbers.length, String));
    await second.interrupt();
  });

  test("gives up when it has tried often enough", async () => {
    const client = exampleProgram("lazypirate/client.mjs", addresses()("s"), 1, 50, 2);
    await client.fail();
    expect(client.lines).toEqual([
      "No reply to request 1 (attempt 1)",
      "No reply to request 1 (attempt 2)",
      "The server seems to be down: giving up",
    ]);
  });
});

describe("the Paranoid Pirate queue", () => {
  const setUp = () => {
    const at = addresses();
    return {
      queue: () => exampleProgram("paranoidpirate/queue.mjs", at("c"), at("w"), HEARTBEAT, 8),
      worker: (name: string) => exampleProgram("paranoidpirate/worker.mjs", at("w"), name, HEARTBEAT, 8),
      client: () => exampleProgram("lazypirate/client.mjs", at("c"), "-", PATIENCE, TRIES),
    };
  };

  test("carries on with the others when a worker is killed", async () => {
    const programs = setUp();
    const queue = programs.queue();
    const [first, second] = [programs.worker("first"), programs.worker("second")];
    await queue.printed(2, /is here$/);
    const client = programs.client();
    await client.printed(2, /done by first$/);
    await client.printed(2, /done by second$/);

    await first.kill();
    await queue.printed(1, /is gone$/);
    await more(client, 5, /done by second$/);

    // A new one joins in.
    const third = programs.worker("third");
    await client.printed(2, /done by third$/);
    await client.terminate();
    for (const program of [second, third, queue]) await program.interrupt();
  });

  test("may be killed itself: the workers come back to the next one", async () => {
    const programs = setUp();
    const queue = programs.queue();
    const worker = programs.worker("worker");
    const client = programs.client();
    await client.printed(1, /done by worker$/);

    await queue.kill();
    await worker.printed(1, /^worker misses the queue, and connects anew/);
    const next = programs.queue();
    await more(client, 3, /done by worker$/);
    await client.terminate();
    for (const program of [worker, next]) await program.interrupt();
  });
});

describe("the Majordomo broker", () => {
  const setUp = () => {
    const at = addresses();
    return {
      broker: () => exampleProgram("majordomo/broker.mjs", at("b"), HEARTBEAT, 8),
      worker: (name: string, service = "shout") =>
        exampleProgram("majordomo/worker.mjs", at("b"), service, name, HEARTBEAT, 8),
      client: (service = "shout", requests: number | "-" = "-") =>
        exampleProgram("majordomo/client.mjs", at("b"), service, requests, PATIENCE, TRIES),
    };
  };

  test("finds a worker of the service, and hands on its reply in parts", async () => {
    const programs = setUp();
    const broker = programs.broker();
    expect(await programs.client("mmi.service", 1).end()).toContain("Request 1: 404");
    const other = programs.worker("Otto", "whisper");
    const worker = programs.worker("Willy");
    await broker.printed(1, /^A worker for shout is here$/);
    await broker.printed(1, /^A worker for whisper is here$/);

    expect(await programs.client("mmi.service", 1).end()).toContain("Request 1: 200");
    const lines = await programs.client("shout", 3).end();
    // On a machine that is too busy it has asked more than once.
    expect(lines.filter((line) => !line.startsWith("No reply"))).toEqual(
      each(3, (i) => `Request ${i}: HEAR HEAR by Willy`),
    );
    for (const program of [other, worker, broker]) await program.interrupt();
  });

  test("carries on with the others when a worker is killed", async () => {
    const programs = setUp();
    const broker = programs.broker();
    const [first, second] = [programs.worker("Anna"), programs.worker("Berta")];
    const client = programs.client();
    await client.printed(2, /by Anna$/);
    await client.printed(2, /by Berta$/);

    await first.kill();
    await broker.printed(1, /^A worker for shout is gone$/);
    await more(client, 5, /by Berta$/);
    await client.terminate();
    for (const program of [second, broker]) await program.interrupt();
  });

  test("may be killed itself: workers and clients come back to the next one", async () => {
    const programs = setUp();
    const broker = programs.broker();
    const worker = programs.worker("Anna");
    const client = programs.client();
    await client.printed(1, /by Anna$/);

    await broker.kill();
    await worker.printed(1, /^Anna misses the broker/);
    const next = programs.broker();
    await more(client, 3, /by Anna$/);
    await client.terminate();
    for (const program of [worker, next]) await program.interrupt();
  });
});

test("the Freelance client turns to another server when its own is killed, and finds one that is back", async () => {
  const at = addresses();
  const [a, b] = [at("a"), at("b")];
  const server = (endpoint: string) => exampleProgram("freelance/server.mjs", endpoint);
  const first = server(a);
  const client = exampleProgram("freelance/client.mjs", "-", HEARTBEAT, PATIENCE, a, b);
  await client.printed(2, new RegExp(`^task \\d+ done by ${a}$`));

  const second = server(b);
  await first.kill();
  await client.printed(3, new RegExp(`^task \\d+ done by ${b}$`));
  await second.kill();
  const again = server(a);
  await more(client, 3, new RegExp(`^task \\d+ done by ${a}$`));

  const lines = await client.interrupt();
  const numbers = lines.flatMap((line) => /^task (\d+) done/.exec(line)?.[1] ?? []);
  expect(numbers).toEqual(each(numbers.length, String));
  await again.interrupt();
});

test("Binary Star's backup takes over when the primary is killed, and the primary becomes its backup", async () => {
  const at = addresses();
  const beat = 1000;
  const primary = () => exampleProgram("binarystar/server.mjs", "primary", at("p"), at("ps"), at("bs"), beat);
  const backup = exampleProgram("binarystar/server.mjs", "backup", at("b"), at("bs"), at("ps"), beat);
  const first = primary();
  await first.printed(1, /^The primary is active$/);
  await backup.printed(1, /^The backup is passive$/);
  const client = exampleProgram("binarystar/client.mjs", at("p"), at("b"), "-", 4 * beat);
  await client.printed(3, /done by the primary$/);

  await first.kill();
  await backup.printed(1, /^The backup is active$/);
  await client.printed(3, /done by the backup$/);

  const second = primary();
  await second.printed(1, /^The primary is passive$/);
  await more(client, 3, /done by the backup$/);
  await client.terminate();
  for (const program of [second, backup]) await program.interrupt();
});

describe("Clone", () => {
  const setUp = () => {
    const at = addresses();
    const endpoints = [at("s"), at("u"), at("c")];
    return {
      server: exampleProgram("clone/server.mjs", ...endpoints, 100),
      client: (subtree = "/") => exampleProgram("clone/client.mjs", subtree, ...endpoints),
    };
  };

  /** The client's copy of the store. */
  const copyOf = async (client: ExampleProgram): Promise<unknown> => {
    client.type("show\n");
    const [line = ""] = await more(client, 1, /^The copy: /);
    return JSON.parse(line.replace("The copy: ", ""));
  };

  test("a client that comes late has what the others have, and all see every change", async () => {
    const { server, client } = setUp();
    const early = client();
    await early.printed(1, /^The snapshot has 0 entries$/);
    for (let i = 1; i <= 50; i++) early.type(`/n/${i % 10} = ${i}\n`);
    early.type("/colour = red\n/n/0 =\n");
    await early.printed(1, /^\/n\/0 is deleted$/);

    const late = client();
    await late.printed(1, /^The snapshot has 10 entries$/);
    const copy = await copyOf(late);
    expect(copy).toEqual(await copyOf(early));
    expect(copy).toMatchObject({ "/n/1": "41", "/n/9": "49", "/colour": "red" });

    late.type("/colour = blue\n");
    await early.printed(1, /^\/colour = blue$/);
    await late.printed(1, /^\/colour = blue$/);
    for (const one of [early, late]) {
      one.endInput();
      await one.end();
    }
    await server.interrupt();
  });

  test("clients that join in the middle of many changes miss none", async () => {
    const { server, client } = setUp();
    const busy = client();
    for (let i = 1; i <= 300; i++) busy.type(`/n/${i} = ${i}\n`);
    await server.printed(1);
    const others = [client(), client()];
    for (const one of others) await one.printed(1, /^The snapshot/);
    busy.type("/end = 1\n");
    for (const one of [busy, ...others]) {
      await one.printed(1, /^\/end = 1$/);
      expect(Object.keys((await copyOf(one)) as object)).toHaveLength(301);
    }
    for (const one of [busy, ...others]) {
      one.endInput();
      await one.end();
    }
    await server.interrupt();
  });

  test("a client may have a subtree only, and values may die of age", async () => {
    const { server, client } = setUp();
    const all = client();
    const sub = client("/sub/");
    for (const one of [all, sub]) await one.printed(1, /^The snapshot/);

    all.type("/sub/a = 1\n/other = 2\n/sub/b = 3 0.2\n");
    await all.printed(1, /^\/sub\/b is deleted$/);
    await sub.printed(1, /^\/sub\/b is deleted$/);

    expect(await copyOf(all)).toEqual({ "/sub/a": "1", "/other": "2" });
    expect(await copyOf(sub)).toEqual({ "/sub/a": "1" });
    const late = client("/sub/");
    await late.printed(1, /^The snapshot has 1 entries$/);
    for (const one of [all, sub, late]) {
      one.endInput();
      await one.end();
    }
    expect(sub.output).not.toContain("/other");
    await server.interrupt();
  });
});

test("Espresso's tap prints what passes the proxy, messages and subscriptions", async () => {
  const at = addresses();
  const proxy = exampleProgram("espresso/proxy.mjs", at("p"), at("s"));
  await proxy.printed(1, /^The proxy is up$/);
  const publisher = exampleProgram("espresso/publisher.mjs", at("p"));

  const received = await exampleProgram("espresso/subscriber.mjs", at("s"), 6, "A", "B").end();
  await proxy.printed(2, /^unsubscribed: /);

  expect(received).toHaveLength(6);
  for (const line of received) expect(line).toMatch(/^[AB]-\d+$/);
  await publisher.interrupt();
  const tapped = await proxy.interrupt();
  expect(tapped.filter((line) => line.startsWith("subscribed")).sort()).toEqual([
    "subscribed: A",
    "subscribed: B",
  ]);
  const messages = tapped.filter((line) => /^[ABC]-/.test(line));
  expect(messages.filter((line) => received.includes(line))).toEqual(received);
  expect(messages.filter((line) => line.startsWith("C"))).toEqual([]); // nobody wants them
});
