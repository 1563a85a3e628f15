/** Each two-ended program of examples/ talks to the other end of its original, in Python with pyzmq, both ways round. */
import { expect, test } from "vitest";
import {
  type ExampleProgram,
  examplePorts,
  exampleProgram,
  startProgram,
} from "./support/example-program.js";
import { python } from "./support/python.js";

type Arguments = readonly (string | number)[];
/** Starts one end of a program: `name` of a group, in either language. */
type Start = (group: string, name: string, ...args: Arguments) => ExampleProgram;

/** What a program of examples/ is called in test/interop. */
const names: Record<string, [file: string, program?: string]> = {
  "helloworld/server": ["reqrep", "hello_server"],
  "helloworld/client": ["reqrep", "hello_client"],
  "interactive/server": ["reqrep", "interactive_server"],
  "interactive/client": ["reqrep", "interactive_client"],
  "weather/server": ["pubsub", "weather_server"],
  "weather/client": ["pubsub", "weather_client"],
  "pipeline/ventilator": ["pushpull"],
  "pipeline/worker": ["pushpull"],
  "pipeline/sink": ["pushpull"],
  "queue/device": ["devices", "queue_device"],
  "queue/client": ["devices", "queue_client"],
  "queue/server": ["devices", "queue_server"],
  "forwarder/device": ["devices", "forwarder_device"],
  "forwarder/server": ["devices", "forwarder_server"],
  "forwarder/subscriber": ["devices", "forwarder_subscriber"],
  "streamer/device": ["devices", "streamer_device"],
  "streamer/task_feeder": ["devices"],
  "streamer/task_worker": ["devices"],
  "poller/polling": ["polling"],
  "poller/polling_peer": ["polling"],
};

const node: Start = (group, name, ...args) => exampleProgram(`${group}/${name}.mjs`, ...args);

const pythonEnd: Start = (group, name, ...args) => {
  const [file, program = name] = names[`${group}/${name}`] ?? [group];
  return pythonProgram(file, program, ...args);
};

function pythonProgram(file: string, program: string, ...args: Arguments): ExampleProgram {
  const path = `test/interop/${file}.py`;
  return startProgram(`${path} ${program}`, python(), ["-u", path, program, ...args.map(String)]);
}

/** A function that an example runs in a process of its own. */
function nodeTarget(path: string, target: string, ...args: unknown[]): ExampleProgram {
  return startProgram(`${path} ${target}`, process.execPath, [`examples/${path}`], {
    NODEZMQ_EXAMPLE_TARGET: JSON.stringify([target, ...args]),
  });
}

const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** The numbers in what a program has printed: both languages write them alike. */
const numbersOf = (lines: readonly string[]): number[][] =>
  lines.map((line) => (line.match(/-?\d+/g) ?? []).map(Number));

/** Both ways round: the first end in Node and the second in Python, and the other way. */
const bothWays = test.for<[string, Start, Start]>([
  ["Node and Python", node, pythonEnd],
  ["Python and Node", pythonEnd, node],
]);

bothWays("PAIR, server and client: %s", async ([, one, other]) => {
  const [port] = await examplePorts(1);
  const server = one("pair", "server", port);
  const client = other("pair", "client", port);
  expect(await client.printed(3)).toEqual(times(3, () => "Server message to client3"));
  expect(await server.printed(6)).toEqual(times(6, (i) => `client message to server${1 + (i % 2)}`));
  await client.terminate();
  await server.terminate();
});

bothWays("PAIR, pings to a slow server: %s", async ([, one, other]) => {
  const [port] = await examplePorts(1);
  const client = other("pair", "pingclient", port);
  const server = one("pair", "pingserver", port, 10);
  expect(await server.end()).toEqual(times(20, (i) => `ping ${i + 1}`));
  await client.terminate();
});

bothWays("PAIR, JSON: %s", async ([, one, other]) => {
  const [port] = await examplePorts(1);
  const server = one("pair", "jsonserver", port, 50);
  const client = other("pair", "jsonclient", port);
  const sent = numbersOf(await client.end());
  expect(sent).toHaveLength(50);
  for (const fruits of sent) expect(fruits).toHaveLength(3);
  const received = (await server.end()).filter((line) => line.includes("apples"));
  expect(numbersOf(received)).toEqual(sent);
});

bothWays("PAIR, the filter: %s", async ([, one, other]) => {
  const [port] = await examplePorts(1);
  const server = one("pair", "filterserver", port, 60_000);
  const client = other("pair", "filterclient", port);
  const kept = (await server.printed(3)).map((line) => Date.parse(line));
  for (const [i, time] of kept.slice(1).entries())
    expect(time - (kept[i] as number)).toBeGreaterThanOrEqual(100);
  await client.terminate();
  await server.terminate();
});

bothWays("REQ and REP, one server and two: %s", async ([, one, other]) => {
  const ports = await examplePorts(2);
  const servers = [one("reqrep", "server", ports[0], 5), one("reqrep", "server", ports[1], 4)];
  const client = other("reqrep", "client", ...ports);
  expect(await client.end()).toEqual([
    "Connecting to server...",
    ...times(9, (i) => [
      `Sending request  ${i + 1} ...`,
      `Received reply  ${i + 1} [ World from ${ports[i % 2]} ]`,
    ]).flat(),
  ]);
  for (const [i, server] of servers.entries())
    expect(await server.end()).toEqual(times(5 - i, () => "Received request:  Hello"));
});

test("REQ and REP, a client of a server in each language", async () => {
  const ports = await examplePorts(2);
  const [ours, theirs] = [node("reqrep", "server", ports[0], 5), pythonEnd("reqrep", "server", ports[1], 4)];
  const lines = await node("reqrep", "client", ...ports).end();
  expect(lines.filter((line) => line.includes("World from"))).toEqual(
    times(9, (i) => `Received reply  ${i + 1} [ World from ${ports[i % 2]} ]`),
  );
  await Promise.all([ours.end(), theirs.end()]);
});

bothWays("REQ and REP, Hello World: %s", async ([, one, other]) => {
  const [port] = await examplePorts(1);
  const server = one("helloworld", "server", port, 10);
  const client = other("helloworld", "client", port);
  expect(await client.end()).toEqual([
    "Connecting to hello world server…",
    ...times(10, (i) => [`Sending request ${i} …`, `Received reply ${i} [ World ]`]).flat(),
  ]);
  expect(await server.end()).toEqual(times(10, () => "Received request: Hello"));
});

bothWays("REQ and REP, what is typed, to Ctrl-C: %s", async ([, one, other]) => {
  const [port] = await examplePorts(1);
  const server = one("interactive", "server", port);
  const client = other("interactive", "client", port);
  client.type("hello\n");
  await client.printed(1, /^-+$/);
  client.type("héllo, 世界\n");
  await client.printed(2, /^-+$/);
  client.type("quit\n");
  const replies = (await client.end()).filter((line) => line.startsWith("Received reply"));
  const said = ["hello", "héllo, 世界"];
  expect(replies).toEqual(said.map((text) => `Received reply: 'Server received your message: '${text}''`));
  await server.printed(2, /^Sent reply/);
  const lines = await server.interrupt();
  expect(lines.filter((line) => line.startsWith("Received request"))).toEqual(
    said.map((text) => `Received request: '${text}'`),
  );
  expect(lines.at(-1)).toBe("Server has been safely shut down.");
});

const processes: Record<string, (...args: string[]) => ExampleProgram>[] = [
  {
    server: (port) => nodeTarget("multiprocess/request_reply_processes.mjs", "server", port),
    client: (...ports) => pythonProgram("reqrep", "process_client", ...ports),
  },
  {
    server: (port) => pythonProgram("reqrep", "process_server", port as string),
    client: (...ports) => nodeTarget("multiprocess/request_reply_processes.mjs", "client", ports),
  },
];

test.for(processes)("REQ and REP, servers and a client as processes: %#", async ({ server, client }) => {
  const ports = (await examplePorts(2)).map(String);
  const servers = ports.map((port) => server?.(port));
  const lines = await client?.(...ports).end();
  expect(lines).toEqual([
    `Connecting to server with ports [${ports.join(", ")}]`,
    ...times(10, (i) => [
      `Sending request  ${i} ...`,
      `Received reply  ${i} [ World from ${ports[i % 2]} ]`,
    ]).flat(),
  ]);
  for (const one of servers)
    expect((await one?.end())?.slice(1)).toEqual(times(5, (i) => `Received request #${i}: Hello`));
});

bothWays("PUB and SUB, topics of two servers: %s", async ([, one, other]) => {
  const ports = await examplePorts(2);
  const servers = ports.map((port) => one("pubsub", "server", port));
  const lines = await other("pubsub", "client", ...ports).end();
  const published = (await Promise.all(servers.map((server) => server.terminate()))).flat();
  const updates = lines.slice(1, -1);
  expect(updates).toHaveLength(5);
  for (const update of updates) {
    expect(update).toMatch(/^10001 /);
    expect(published).toContain(update);
  }
  const total = updates.reduce((sum, update) => sum + Number(update.split(" ")[1]), 0);
  expect(lines.at(-1)).toBe(`Average messagedata value for topic '10001' was ${Math.trunc(total / 5)}F`);
});

bothWays("PUB and SUB, the weather: %s", async ([, one, other]) => {
  const [port] = await examplePorts(1);
  const server = one("weather", "server", port);
  const lines = await other("weather", "client", "10", port).end();
  expect(lines[0]).toBe("Collecting updates from weather server…");
  expect(lines[1]).toMatch(/^Average temperature for zipcode '10' was -?\d+F$/);
  await server.terminate();
});

bothWays("PUSH and PULL, consumers between producer and collector: %s", async ([, one, other]) => {
  const [work, results] = await examplePorts(2);
  const collector = one("pushpull", "resultcollector", results, 1000);
  const consumers = times(2, () => other("pushpull", "consumer", work, results));
  const producer = one("pushpull", "producer", work, 2000);
  const counted = (await collector.end()).join("");
  await producer.end();
  const ids = (await Promise.all(consumers.map((consumer) => consumer.terminate()))).flat();
  const counts = [...counted.matchAll(/'(\d+)': (\d+)/g)];
  for (const [, id] of counts) expect(ids).toContain(`I am consumer #${id}`);
  expect(counts.reduce((sum, [, , count]) => sum + Number(count), 0)).toBe(1000);
});

bothWays("PUSH and PULL, workers between ventilator and sink: %s", async ([, one, other]) => {
  const [tasks, results] = await examplePorts(2);
  const sink = one("pipeline", "sink", results);
  const workers = times(2, () => other("pipeline", "worker", tasks, results));
  const ventilator = one("pipeline", "ventilator", tasks, results);
  await ventilator.printed(1);
  ventilator.type("\n");
  expect((await ventilator.end())[1]).toBe("Sending tasks to workers…");
  expect((await sink.end())[0]).toMatch(/^(:\.{9}){10}Total elapsed time: \d+ msec$/);
  await Promise.all(workers.map((worker) => worker.terminate()));
  expect(workers.map((worker) => worker.output).join("")).toBe(".".repeat(100));
});

/** A device has three ends: it is in one language, and those that it serves in the other, or in both. */
const devices = test.for<[string, Start, Start, Start]>([
  ["a Node device and Python ends", node, pythonEnd, pythonEnd],
  ["a Python device and Node ends", pythonEnd, node, node],
  ["a Node device, Node in front and Python behind", node, node, pythonEnd],
  ["a Node device, Python in front and Node behind", node, pythonEnd, node],
]);

const endOf = (device: ExampleProgram, language: Start): Promise<string[]> =>
  language === node ? device.interrupt() : device.terminate();

devices("queue: %s", async ([, middle, front, back]) => {
  const [frontend, backend] = await examplePorts(2);
  const device = middle("queue", "device", frontend, backend);
  const server = back("queue", "server", backend);
  const clients = times(2, () => front("queue", "client", frontend));
  for (const client of clients) {
    const lines = await client.end();
    expect(
      lines.filter((line) => /^Received reply {2}\d \[ World from server \d+ \]$/.test(line)),
    ).toHaveLength(9);
  }
  await server.printed(18, /^Received request: {2}Hello from \d+$/);
  await server.terminate();
  await endOf(device, middle);
});

devices("forwarder: %s", async ([, middle, front, back]) => {
  const [frontend, backend] = await examplePorts(2);
  const device = middle("forwarder", "device", frontend, backend);
  const subscriber = back("forwarder", "subscriber", backend);
  const servers = times(2, () => front("forwarder", "server", frontend));
  const [title, ...updates] = await subscriber.end();
  const published = (await Promise.all(servers.map((server) => server.terminate()))).flat();
  expect(title).toBe("Collecting updates from server...");
  expect(updates).toHaveLength(10);
  for (const update of updates) expect(published).toContain(update);
  await endOf(device, middle);
});

devices("streamer: %s", async ([, middle, front, back]) => {
  const [frontend, backend] = await examplePorts(2);
  const device = middle("streamer", "device", frontend, backend);
  const worker = back("streamer", "task_worker", backend);
  await front("streamer", "task_feeder", frontend, 10).end();
  const tasks = (await worker.printed(10, /num/)).map((line) => Number(/num\W+(\d+)/.exec(line)?.[1]));
  expect(tasks).toEqual(times(10, Number));
  await worker.terminate();
  await endOf(device, middle);
});

const obeyed = /^Rece?i?e?ved control command: (.*)$/;

test.for(["poller/zmqpolling.mjs", "poller/pyzmq_stream_poller.mjs"])(
  "%s obeys a Python command server, and listens to a Python publisher",
  async (path) => {
    const ports = await examplePorts(2);
    const servers = [
      pythonProgram("polling", "server_push", ports[0]),
      pythonProgram("polling", "server_pub", ports[1]),
    ];
    const lines = await nodeTarget(path, "client", ...ports).end();
    const commands = lines.flatMap((line) => obeyed.exec(line)?.[1] ?? []);
    expect(commands).toEqual([...times(6, () => "Continue"), "Exit"]);
    await servers[0]?.end();
    const published = (await servers[1]?.terminate()) ?? [];
    for (const line of lines.filter((text) => text.startsWith("Processing")))
      expect(published).toContain(line.replace(/^Processing \.\.\.\s+/, ""));
  },
);

test("poller/zmqpolling.mjs's servers are obeyed by a Python client", async () => {
  const ports = await examplePorts(2);
  const path = "poller/zmqpolling.mjs";
  const servers = [nodeTarget(path, "serverPush", ports[0]), nodeTarget(path, "serverPub", ports[1])];
  const lines = await pythonProgram("polling", "client", ...ports).end();
  const commands = lines.flatMap((line) => obeyed.exec(line)?.[1] ?? []);
  expect(commands).toEqual([...times(6, () => "Continue"), "Exit"]);
  await Promise.all(servers.map((server) => server.end()));
});

bothWays("a poller and its peer: %s", async ([, one, other]) => {
  const ports = await examplePorts(2);
  const program = one("poller", "polling", ...ports, 4);
  const peer = other("poller", "polling_peer", ...ports, 4);
  expect(await peer.end()).toEqual(times(4, () => "Got back: Hello World"));
  expect(await program.end()).toEqual(times(4, (i) => `Received message: message ${i + 1}`));
});
