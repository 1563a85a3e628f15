/** Every program of examples/ (showcase has a test of its own) does what its original does. */
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as zmq from "nodezmq";
import { describe, expect, onTestFinished, test } from "vitest";
import { examplePorts, exampleProgram } from "./support/example-program.js";
import { newContext } from "./support/sockets.js";

const localhost = (port: number) => `tcp://127.0.0.1:${port}`;

/** `[0, 1, ..., count - 1]`, each made into something. */
const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** A port that this process listens on. */
async function takenPort(): Promise<number> {
  const server = createServer().listen(0, "0.0.0.0");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Lines of several programs that print at once are in order within each program only. */
const sorted = (lines: readonly string[]): string[] => [...lines].sort();

describe("PAIR", () => {
  test("server and client send as they like, and each gets it all in order", async () => {
    const [port] = await examplePorts(1);
    const server = exampleProgram("pair/server.mjs", port);
    const client = exampleProgram("pair/client.mjs", port);

    expect(await client.printed(3)).toEqual(times(3, () => "Server message to client3"));
    expect(await server.printed(6)).toEqual(times(6, (i) => `client message to server${1 + (i % 2)}`));
    await client.terminate();
    await server.terminate();
  });

  test("a slow server loses nothing of what a fast client sends", async () => {
    const [port] = await examplePorts(1);
    const client = exampleProgram("pair/pingclient.mjs", port);
    const server = exampleProgram("pair/pingserver.mjs", port, 10);

    expect(await server.end()).toEqual(times(20, (i) => `ping ${i + 1}`));
    expect(await client.terminate()).toEqual([]);
  });

  test("objects go as JSON", async () => {
    const [port] = await examplePorts(1);
    const server = exampleProgram("pair/jsonserver.mjs", port, 50);
    const client = exampleProgram("pair/jsonclient.mjs", port);

    const sent = (await client.end()).map((line) => line.replace("sending data ", ""));
    expect(sent).toHaveLength(50);
    for (const data of sent) expect(data).toMatch(/^{ apples: \d+, oranges: \d+, bananas: \d+ }$/);
    expect(await server.end()).toEqual(sent.flatMap((data) => ["object", data]));
  });

  test("the filter keeps one message of each tenth of a second", async () => {
    const [port] = await examplePorts(1);
    const seconds = [0, 0.05, 0.1, 0.101, 0.2, 0.201, 0.202, 0.5, 0.6, 0.65];
    const kept = [0.101, 0.202, 0.5, 0.65];
    const timestamp = (second: number) => new Date(Date.UTC(2024, 1, 29) + second * 1000).toISOString();
    const socket = newContext().socket(zmq.PAIR);
    socket.connect(localhost(port));
    const server = exampleProgram("pair/filterserver.mjs", port, seconds.length);

    for (const second of seconds) await socket.sendJson({ timestamp: timestamp(second) });

    expect(await server.end()).toEqual(kept.map(timestamp));
  });

  test("the filter's client reports the time, again and again", async () => {
    const [port] = await examplePorts(1);
    const server = exampleProgram("pair/filterserver.mjs", port);
    const client = exampleProgram("pair/filterclient.mjs", port);

    const times = (await server.printed(3)).map((line) => Date.parse(line));

    for (const [i, time] of times.slice(1).entries())
      expect(time - (times[i] as number)).toBeGreaterThan(100);
    await client.terminate();
    await server.terminate();
  });

  test("a worker thread sends everything back", async () => {
    const [port] = await examplePorts(1);

    const lines = await exampleProgram("threads/pair.mjs", port, 5).end();

    const messages = times(5, (i) => `message ${i + 1}`);
    expect(lines.filter((line) => line.startsWith("Received"))).toEqual(
      messages.map((message) => `Received message:  ${message}`),
    );
    expect(lines.filter((line) => line.startsWith("Sent"))).toEqual(
      messages.map((message) => `Sent back:  ${message}`),
    );
    expect(lines).toHaveLength(10);
  });
});

describe("REQ and REP", () => {
  const dialogue = (replies: readonly string[]) => [
    "Connecting to server...",
    ...replies.flatMap((reply, i) => [
      `Sending request  ${i + 1} ...`,
      `Received reply  ${i + 1} [ ${reply} ]`,
    ]),
  ];

  test("a client has its nine requests answered", async () => {
    const [port] = await examplePorts(1);
    const client = exampleProgram("reqrep/client.mjs", port);
    const server = exampleProgram("reqrep/server.mjs", port, 9);

    expect(await client.end()).toEqual(dialogue(times(9, () => `World from ${port}`)));
    expect(await server.end()).toEqual(times(9, () => "Received request:  Hello"));
  });

  test("a client of two servers asks them in turn", async () => {
    const ports = await examplePorts(2);
    const first = exampleProgram("reqrep/server.mjs", ports[0], 5);
    const second = exampleProgram("reqrep/server.mjs", ports[1], 4);
    const client = exampleProgram("reqrep/client.mjs", ...ports);

    expect(await client.end()).toEqual(dialogue(times(9, (i) => `World from ${ports[i % 2]}`)));
    expect(await first.end()).toEqual(times(5, () => "Received request:  Hello"));
    expect(await second.end()).toEqual(times(4, () => "Received request:  Hello"));
  });

  test("Hello World", async () => {
    const [port] = await examplePorts(1);
    const server = exampleProgram("helloworld/server.mjs", port, 10);
    const client = exampleProgram("helloworld/client.mjs", port);

    expect(await client.end()).toEqual([
      "Connecting to hello world server…",
      ...times(10, (i) => [`Sending request ${i} …`, `Received reply ${i} [ World ]`]).flat(),
    ]);
    expect(await server.end()).toEqual(times(10, () => "Received request: Hello"));
  });

  test("four servers and a client start from one command, and share the work evenly", async () => {
    const ports = await examplePorts(4);

    const lines = await exampleProgram("multiprocess/request_reply_processes.mjs", ...ports).end();

    const ofServers = lines.filter((line) => /^(Running|Received request)/.test(line));
    const ofClient = lines.filter((line) => !ofServers.includes(line));
    expect(sorted(ofServers)).toEqual(
      sorted(
        ports.flatMap((port) => [
          `Running server on port:  ${port}`,
          ...times(5, (i) => `Received request #${i}: Hello`),
        ]),
      ),
    );
    expect(ofClient).toEqual([
      `Connecting to server with ports [${ports.join(", ")}]`,
      ...times(20, (i) => [
        `Sending request  ${i} ...`,
        `Received reply  ${i} [ World from ${ports[i % 4]} ]`,
      ]).flat(),
    ]);
  });

  test("when one of the processes fails, the others do not wait for it", async () => {
    const port = await takenPort();

    const program = exampleProgram("multiprocess/request_reply_processes.mjs", port);

    await program.fail();
    expect(program.errors).toContain("Address already in use");
  });

  test("a client and a worker in one process talk over inproc", async () => {
    const lines = await exampleProgram("asyncio/inproc_asyncio_example.mjs").end();

    const requests = times(3, (i) => `In-process request ${i + 1}`);
    const reply = (request: string) => `REP Worker (in-process) received and processed: '${request}'`;
    expect(lines.filter((line) => line.startsWith("REQ Client"))).toEqual([
      "REQ Client (in-process) started, connected to inproc://my_async_channel",
      ...requests.flatMap((request) => [
        `REQ Client (in-process) sending request: '${request}'`,
        `REQ Client (in-process) received reply: '${reply(request)}'`,
      ]),
      "REQ Client (in-process) Socket closed.",
    ]);
    expect(lines.filter((line) => line.startsWith("REP Worker"))).toEqual([
      "REP Worker (in-process) started, bound to inproc://my_async_channel",
      ...requests.flatMap((request) => [
        `REP Worker (in-process) received request: '${request}'`,
        `REP Worker (in-process) sent reply: '${reply(request)}'`,
      ]),
      "REP Worker (in-process) cancelled, exiting...",
      "REP Worker (in-process) Socket closed.",
    ]);
    expect(lines.filter((line) => !/^RE[PQ] /.test(line))).toEqual([
      "--- In-process ZeroMQ (inproc) example starting ---",
      "Main program: Asyncio Context created",
      "Main program: Client task completed.",
      "",
      "Main program: Worker task has been cancelled.",
      "--- In-process ZeroMQ (inproc) example ended ---",
    ]);
  });
});

describe("the interactive server and client", () => {
  const greeting = (port: number) => [
    `ZeroMQ REQ client started, connected to tcp://localhost:${port}`,
    "You can enter messages to send to the server, type 'quit' to exit.",
  ];
  const exchange = (message: string) => [
    `Enter message: Sending request: '${message}'`,
    `Received reply: 'Server received your message: '${message}''`,
    "--------------------",
  ];

  test("talk until the client quits, and the server is interrupted", async () => {
    const [port] = await examplePorts(1);
    const server = exampleProgram("interactive/server.mjs", port);
    const client = exampleProgram("interactive/client.mjs", port);

    client.type("hello\n");
    await client.printed(1, /^-+$/);
    client.type("are you there?\n");
    await client.printed(2, /^-+$/);
    client.type("QUIT\n");

    expect(await client.end()).toEqual([
      ...greeting(port),
      ...exchange("hello"),
      ...exchange("are you there?"),
      "Enter message: Client has been safely shut down.",
    ]);
    await server.printed(6);
    expect(await server.interrupt()).toEqual([
      `ZeroMQ REP server started, bound to tcp://127.0.0.1:${port}`,
      "Waiting to receive requests...",
      ...["hello", "are you there?"].flatMap((message) => [
        `Received request: '${message}'`,
        `Sent reply: 'Server received your message: '${message}''`,
      ]),
      "",
      "Detected Ctrl+C, shutting down the server...",
      "Server has been safely shut down.",
    ]);
  });

  test("the client takes lines from a file, to its end", async () => {
    const [port] = await examplePorts(1);
    const client = exampleProgram("interactive/client.mjs", port);
    client.type("one\ntwo\n");
    client.endInput();
    const server = exampleProgram("interactive/server.mjs", port);

    expect(await client.end()).toEqual([
      ...greeting(port),
      ...exchange("one"),
      ...exchange("two"),
      "Enter message: Client has been safely shut down.",
    ]);
    await server.terminate();
  });

  test("the client can be interrupted at the prompt", async () => {
    const [port] = await examplePorts(1);
    const client = exampleProgram("interactive/client.mjs", port);
    await client.until(() => client.output.endsWith("Enter message: ") || undefined);

    expect(await client.interrupt()).toEqual([
      ...greeting(port),
      "Enter message: ",
      "Detected Ctrl+C, shutting down the client...",
      "Client has been safely shut down.",
    ]);
  });

  test("the client can be interrupted while no server answers", async () => {
    const [port] = await examplePorts(1);
    const client = exampleProgram("interactive/client.mjs", port);
    client.type("hello\n");
    await client.printed(3);

    expect(await client.interrupt()).toEqual([
      ...greeting(port),
      "Enter message: Sending request: 'hello'",
      "",
      "Detected Ctrl+C, shutting down the client...",
      "Client has been safely shut down.",
    ]);
  });
});

describe("PUB and SUB", () => {
  /** A publisher that learns of its subscribers. */
  function publisher(port: number): zmq.Socket {
    const socket = newContext().socket(zmq.XPUB);
    socket.bind(localhost(port));
    return socket;
  }

  test("a subscriber gets its topic from two servers, and the average of five values", async () => {
    const ports = await examplePorts(2);
    const servers = ports.map((port) => exampleProgram("pubsub/server.mjs", port));
    const client = exampleProgram("pubsub/client.mjs", ...ports);

    const lines = await client.end();

    const published = (await Promise.all(servers.map((server) => server.terminate()))).flat();
    for (const line of published) expect(line).toMatch(/^(9999|1000[0-4]) -?\d+$/);
    const updates = lines.slice(1, -1);
    expect(updates).toHaveLength(5);
    for (const update of updates) {
      expect(update).toMatch(/^10001 /);
      expect(published).toContain(update);
    }
    const total = updates.reduce((sum, update) => sum + Number(update.split(" ")[1]), 0);
    expect(lines[0]).toBe("Collecting updates from weather server...");
    expect(lines.at(-1)).toBe(`Average messagedata value for topic '10001' was ${Math.trunc(total / 5)}F`);
  });

  test("a subscriber listens to both of its publishers, for its topic only", async () => {
    const ports = await examplePorts(2);
    const [first, second] = [publisher(ports[0]), publisher(ports[1])];
    const client = exampleProgram("pubsub/client.mjs", ...ports);
    expect(await first.recvString()).toBe("\u000110001");
    expect(await second.recvString()).toBe("\u000110001");

    await first.sendBatch(["10001 10", "10000 99", "10001 20", "10001 30"]);
    await client.printed(3, /^10001/);
    await second.sendBatch(["9999 99", "10001 -40", "10001 -58"]);

    expect(await client.end()).toEqual([
      "Collecting updates from weather server...",
      "10001 10",
      "10001 20",
      "10001 30",
      "10001 -40",
      "10001 -58",
      "Average messagedata value for topic '10001' was -7F",
    ]);
  });

  test("the weather server goes on until a client has had its updates", async () => {
    const [port] = await examplePorts(1);
    const server = exampleProgram("weather/server.mjs", port);
    const client = exampleProgram("weather/client.mjs", "10", port);

    const [first, second, ...more] = await client.end();
    expect(first).toBe("Collecting updates from weather server…");
    const average = /^Average temperature for zipcode '10' was (-?\d+)F$/.exec(second as string)?.[1];
    expect(Number(average)).toBeGreaterThanOrEqual(-80);
    expect(Number(average)).toBeLessThan(135);
    expect(more).toEqual([]);
    expect(await server.terminate()).toEqual([]);
  });

  test("the weather client averages the temperatures of New York", async () => {
    const [port] = await examplePorts(1);
    const server = publisher(port);
    const client = exampleProgram("weather/client.mjs", "10001", port);
    expect(await server.recvString()).toBe("\u000110001");

    await server.sendBatch([
      "10001 1 10",
      "20001 99 59",
      "10001 2 20",
      "10001 3 30",
      "10001 4 40",
      "10001 9 50",
    ]);

    expect(await client.end()).toEqual([
      "Collecting updates from weather server…",
      "Average temperature for zipcode '10001' was 3F",
    ]);
  });

  test("a forwarder device lets publishers and subscribers come and go", async () => {
    const [frontend, backend] = await examplePorts(2);
    const device = exampleProgram("forwarder/device.mjs", frontend, backend);
    const subscriber = exampleProgram("forwarder/subscriber.mjs", backend);
    const servers = [
      exampleProgram("forwarder/server.mjs", frontend),
      exampleProgram("forwarder/server.mjs", frontend),
    ];

    const [title, ...updates] = await subscriber.end();

    const published = (await Promise.all(servers.map((server) => server.terminate()))).flat();
    for (const line of published) expect(line).toMatch(/^[1-9] server#\d+$/);
    expect(title).toBe("Collecting updates from server...");
    expect(updates).toHaveLength(10);
    for (const update of updates) {
      expect(update).toMatch(/^9 /);
      expect(published).toContain(update);
    }
    expect(await device.interrupt()).toEqual(interrupted);
  });
});

describe("PUSH and PULL", () => {
  test("two consumers share the work of a producer, and a collector counts their results", async () => {
    const [work, results] = await examplePorts(2);
    const collector = exampleProgram("pushpull/resultcollector.mjs", results);
    const consumers = times(2, () => exampleProgram("pushpull/consumer.mjs", work, results));
    const producer = exampleProgram("pushpull/producer.mjs", work, 2000);

    const counted = (await collector.end()).join("");

    expect(await producer.end()).toEqual([]);
    const ids = (await Promise.all(consumers.map((consumer) => consumer.terminate()))).flat();
    for (const id of ids) expect(id).toMatch(/^I am consumer #\d+$/);
    expect(counted).toMatch(/^{ '\d+': \d+(, '\d+': \d+)? }$/);
    const counts = [...counted.matchAll(/'(\d+)': (\d+)/g)];
    for (const [, id] of counts) expect(ids).toContain(`I am consumer #${id}`);
    expect(counts.reduce((sum, [, , count]) => sum + Number(count), 0)).toBe(1000);
  });

  test("a consumer passes on the even numbers", async () => {
    const [work, results] = await examplePorts(2);
    const context = newContext();
    const producer = context.socket(zmq.PUSH);
    producer.bind(localhost(work));
    const collector = context.socket(zmq.PULL);
    collector.bind(localhost(results));
    const consumer = exampleProgram("pushpull/consumer.mjs", work, results);

    for (const num of times(10, Number)) await producer.sendJson({ num });

    const [line] = await consumer.printed(1);
    const id = Number(line?.replace("I am consumer #", ""));
    for (const num of [0, 2, 4, 6, 8]) expect(await collector.recvJson()).toEqual({ consumer: id, num });
    await consumer.terminate();
  });

  test("a streamer device hands the tasks of a feeder to two workers in turn", async () => {
    const [frontend, backend] = await examplePorts(2);
    const device = exampleProgram("streamer/device.mjs", frontend, backend);
    const workers = times(2, () => exampleProgram("streamer/task_worker.mjs", backend));
    // Both workers are connected when both have got something.
    const warmUp = newContext().socket(zmq.PUSH);
    warmUp.connect(localhost(frontend));
    while (workers.some((worker) => worker.lines.length < 2)) {
      const done = workers.map((worker) => worker.printed(Math.max(2, worker.lines.length + 1)));
      await warmUp.sendJson({ num: -1 });
      await Promise.race(done);
    }

    expect(await exampleProgram("streamer/task_feeder.mjs", frontend, 10).end()).toEqual([]);

    const tasks = await Promise.all(
      workers.map(async (worker) => {
        const five = await worker.printed(5, /num: \d/);
        const [title] = await worker.terminate();
        const id = title?.replace("I am consumer #", "");
        return five.map((line) => Number(line.replace(`{ num: `, "").replace(`, consumer: ${id} }`, "")));
      }),
    );
    tasks.sort(([a = 0], [b = 0]) => a - b);
    expect(tasks).toEqual([
      [0, 2, 4, 6, 8],
      [1, 3, 5, 7, 9],
    ]);
    expect(await device.interrupt()).toEqual(interrupted);
  });

  test("ventilator, workers and sink do a hundred tasks", async () => {
    const [tasks, results] = await examplePorts(2);
    const sink = exampleProgram("pipeline/sink.mjs", results);
    const workers = times(2, () => exampleProgram("pipeline/worker.mjs", tasks, results));
    const ventilator = exampleProgram("pipeline/ventilator.mjs", tasks, results);

    expect(await ventilator.printed(1)).toEqual(["Press Enter when the workers are ready: "]);
    ventilator.type("\n");

    const [, sending, cost, ...more] = await ventilator.end();
    expect(sending).toBe("Sending tasks to workers…");
    expect(cost).toMatch(/^Total expected cost: \d+ msec$/);
    const msec = Number(/\d+/.exec(cost as string)?.[0]);
    expect(msec).toBeGreaterThanOrEqual(100);
    expect(msec).toBeLessThanOrEqual(10_000);
    expect(more).toEqual([]);

    const [progress, ...rest] = await sink.end();
    expect(progress).toMatch(/^(:\.{9}){10}Total elapsed time: \d+ msec$/);
    expect(rest).toEqual([]);
    await Promise.all(workers.map((worker) => worker.terminate()));
    expect(workers.map((worker) => worker.output).join("")).toBe(".".repeat(100));
  });

  test("a poller wakes the program for each message of its peer", async () => {
    const ports = await examplePorts(2);
    const program = exampleProgram("poller/polling.mjs", ...ports, 4);
    const peer = exampleProgram("poller/polling_peer.mjs", ...ports, 4);

    expect(await peer.end()).toEqual(times(4, () => "Got back: Hello World"));
    expect(await program.end()).toEqual(times(4, (i) => `Received message: message ${i + 1}`));
  });
});

describe("a queue device", () => {
  const replies = (lines: readonly string[]) =>
    lines.flatMap((line) => /^Received reply {2}\d+ \[ (.*) \]$/.exec(line)?.[1] ?? []);

  test("shares the requests of all clients evenly between the servers", async () => {
    const [frontend, backend] = await examplePorts(2);
    const device = exampleProgram("queue/device.mjs", frontend, backend);
    const servers = times(2, () => exampleProgram("queue/server.mjs", backend));
    // Both servers are connected when both have had a request.
    const warmUp = newContext().socket(zmq.REQ);
    warmUp.connect(localhost(frontend));
    while (servers.some((server) => server.lines.length === 0)) {
      await warmUp.send("warm-up");
      await warmUp.recv();
    }

    const clients = times(2, () => exampleProgram("queue/client.mjs", frontend));
    const talks = await Promise.all(clients.map((client) => client.end()));
    for (const lines of talks) {
      expect(lines).toEqual([
        "Connecting to server...",
        ...replies(lines).flatMap((reply, i) => [
          `Sending request  ${i + 1} ...`,
          `Received reply  ${i + 1} [ ${reply} ]`,
        ]),
      ]);
      expect(replies(lines)).toHaveLength(9);
    }
    for (const server of servers) await server.printed(9, /^Received request: {2}Hello from \d+$/);

    // A client that is alone gets its replies from each server in turn.
    const alone = replies(await exampleProgram("queue/client.mjs", frontend).end());
    for (const reply of alone) expect(reply).toMatch(/^World from server \d+$/);
    expect(alone).toEqual(times(9, (i) => alone[i % 2]));

    const served = await Promise.all(servers.map((server) => server.terminate()));
    const hellos = served.map((lines) => lines.filter((line) => line.includes("Hello")).length);
    expect(sorted(hellos.map(String))).toEqual(["13", "14"]);
    expect(await device.interrupt()).toEqual(interrupted);
  });
});

/** What a device prints at Ctrl-C. */
const interrupted = ["Error: Interrupted by Ctrl-C", "bringing down zmq device"];

test.each(["queue", "forwarder", "streamer"])("the %s device tells that its port is taken", async (kind) => {
  const [free] = await examplePorts(1);
  const port = await takenPort();

  expect(await exampleProgram(`${kind}/device.mjs`, port, free).end()).toEqual([
    `ZMQError: Address already in use (addr='tcp://*:${port}')`,
    "bringing down zmq device",
  ]);
});

describe("the device classes", () => {
  test("a streamer in a process of its own hands everything on", async () => {
    const program = exampleProgram("devices/streamerdevice.mjs", ...(await examplePorts(2)));

    const lines = await program.printed(10);

    for (const line of lines) expect(line).toMatch(/^Worker #[01] got message! #\d$/);
    expect(sorted(lines.map((line) => line.slice(-2)))).toEqual(times(10, (i) => `#${i}`));
    await program.interrupt();
  });

  test("a queue in a process of its own carries requests and responses", async () => {
    const program = exampleProgram("devices/queuedevice.mjs", ...(await examplePorts(2)));

    await program.printed(8, /^Received reply/);

    const lines = await program.interrupt();
    const [, id] = / (\d+) ]$/.exec(lines.find((line) => line.startsWith("Received reply")) ?? "") ?? [];
    expect(sorted(lines)).toEqual(
      sorted([
        "Connecting a server to queue device",
        ...[0, 1].flatMap((client) => [
          `Connecting a worker #${client} to queue device`,
          ...times(4, (i) => [
            `Sending request #${i + 1}`,
            `Received request:  Request fron client: ${client}`,
            `Received reply  ${i + 1} [ Response from ${id} ]`,
          ]).flat(),
        ]),
      ]),
    );
  });

  test("a monitored queue publishes what it carries, with where it came from", async () => {
    const program = exampleProgram("devices/monitoredqueue.mjs", ...(await examplePorts(3)));

    const lines = await program.end();

    const heard = lines.filter((line) => line.startsWith("Monitoring Client:"));
    const [, id] = /#(\d+)$/.exec(lines.find((line) => line.startsWith("Client: ")) ?? "") ?? [];
    expect(sorted(lines.filter((line) => !heard.includes(line)))).toEqual(
      sorted([
        "Program: Monitoring device has started",
        "Program: Server connecting to device",
        "Starting monitoring process",
        "Collecting updates from server...",
        ...[0, 1].flatMap((client) => [
          `Program: Worker #${client} connecting to device`,
          `Server: Received - Request #1 from client#${client}`,
          `Client: Received - Response from server #${id}`,
        ]),
      ]),
    );
    // A subscriber that has come too late hears less.
    for (const line of heard) {
      expect(line).toMatch(
        /^Monitoring Client: \[ ('in', '[0-9a-f]{10}', '', 'Request #1 from client#[01]'|'out', '[0-9a-f]{10}', '', 'Response from server #\d+') \]$/,
      );
    }
  });
});

describe("the poller with a command server and a publisher", () => {
  test("obeys the command server, and prints what the publisher has to say", async () => {
    const [commands, updates] = await examplePorts(2);

    const lines = await exampleProgram("poller/zmqpolling.mjs", commands, updates).end();

    const find = (pattern: RegExp) => lines.filter((line) => pattern.test(line));
    const published = find(/^[89] server#\d+$/);
    expect(published).toHaveLength(10);
    expect(new Set(published.map((line) => line.slice(2))).size).toBe(1);
    expect(find(/^Recieved/)).toEqual([
      ...times(6, () => "Recieved control command: Continue"),
      "Recieved control command: Exit",
      "Recieved exit command, client will stop recieving messages",
    ]);
    expect(find(/^Connected/)).toEqual([
      `Connected to server with port ${commands}`,
      `Connected to publisher with port ${updates}`,
    ]);
    expect(sorted(find(/^Running/))).toEqual(
      sorted([commands, updates].map((port) => `Running server on port:  ${port}`)),
    );
    // What was published before the client was there, or after it had gone, it has missed.
    const processed = find(/^Processing/).map((line) => line.replace("Processing ...  ", ""));
    expect(processed.length).toBeLessThanOrEqual(published.filter((line) => line.startsWith("9")).length);
    for (const update of processed) expect(published).toContain(update);
    expect(lines).toHaveLength(10 + 8 + 2 + 2 + processed.length);
  });

  test("has its client wait for both", async () => {
    const [commands, updates] = await examplePorts(2);
    const context = newContext();
    const commander = context.socket(zmq.PUSH);
    commander.bind(localhost(commands));
    const publisher = context.socket(zmq.XPUB);
    publisher.bind(localhost(updates));
    // As the program starts it itself
    process.env.NODEZMQ_EXAMPLE_TARGET = JSON.stringify(["client", commands, updates]);
    onTestFinished(() => void delete process.env.NODEZMQ_EXAMPLE_TARGET);
    const client = exampleProgram("poller/zmqpolling.mjs");
    expect(await publisher.recvString()).toBe("\u00019");

    await publisher.sendBatch(["8 server#1", "9 server#2"]);
    await client.printed(1, /server#2/);
    await commander.send("Continue");
    await client.printed(1, /Continue/);
    await publisher.send("9 server#3");
    await client.printed(1, /server#3/);
    await commander.send("Exit");

    expect(await client.end()).toEqual([
      `Connected to server with port ${commands}`,
      `Connected to publisher with port ${updates}`,
      "Processing ...  9 server#2",
      "Recieved control command: Continue",
      "Processing ...  9 server#3",
      "Recieved control command: Exit",
      "Recieved exit command, client will stop recieving messages",
    ]);
  });
});

describe("the stream poller", () => {
  test("obeys the command server, and prints what the publisher has to say", async () => {
    const [commands, updates] = await examplePorts(2);

    const lines = await exampleProgram("poller/pyzmq_stream_poller.mjs", commands, updates).end();

    const find = (pattern: RegExp) => lines.filter((line) => pattern.test(line));
    const published = find(/^[89] server#\d+$/);
    expect(published).toHaveLength(10);
    expect(find(/^Received|^Worker/)).toEqual([
      ...times(6, () => "Received control command: Continue"),
      "Received control command: Exit",
      "Received exit command, client will stop receiving messages",
      "Worker has stopped processing messages.",
    ]);
    const processed = find(/^Processing/).map((line) => line.replace("Processing ... ", ""));
    for (const update of processed) expect(published).toContain(update);
    expect(lines).toHaveLength(10 + 9 + 2 + 2 + processed.length);
  });

  test("calls back for both sockets as their messages come", async () => {
    const [commands, updates] = await examplePorts(2);
    const context = newContext();
    const commander = context.socket(zmq.PUSH);
    commander.bind(localhost(commands));
    const publisher = context.socket(zmq.XPUB);
    publisher.bind(localhost(updates));
    process.env.NODEZMQ_EXAMPLE_TARGET = JSON.stringify(["client", commands, updates]);
    onTestFinished(() => void delete process.env.NODEZMQ_EXAMPLE_TARGET);
    const client = exampleProgram("poller/pyzmq_stream_poller.mjs");
    expect(await publisher.recvString()).toBe("\u00019");

    await publisher.sendBatch(["8 server#1", "9 server#2"]);
    await client.printed(1, /server#2/);
    await commander.send("Continue");
    await client.printed(1, /Continue/);
    await publisher.send("9 server#3");
    await client.printed(1, /server#3/);
    await commander.send("Exit");

    expect(await client.end()).toEqual([
      `Connected to server with port ${commands}`,
      `Connected to publisher with port ${updates}`,
      "Processing ... 9 server#2",
      "Received control command: Continue",
      "Processing ... 9 server#3",
      "Received control command: Exit",
      "Received exit command, client will stop receiving messages",
      "Worker has stopped processing messages.",
    ]);
  });
});

describe("security", () => {
  test("grasslands lets everybody in", async () => {
    expect(await exampleProgram("security/grasslands.mjs").end()).toEqual(["A client gets: Hello"]);
  });

  test("strawhouse lets in by address", async () => {
    expect(await exampleProgram("security/strawhouse.mjs").end()).toEqual([
      "With 10.0.0.1 on the list, a client from 127.0.0.1 is kept out",
      "With 127.0.0.1 on the list, a client from 127.0.0.1 is let in",
    ]);
  });

  test("woodhouse lets in by user and password", async () => {
    expect(await exampleProgram("security/woodhouse.mjs").end()).toEqual([
      "The server gets Hello from admin",
      "A stranger is refused: 400",
    ]);
  });

  test("stonehouse encrypts, and lets in whoever knows the server's key", async () => {
    expect(await exampleProgram("security/stonehouse.mjs").end()).toEqual([
      "The server gets, encrypted: Hello",
      "The client gets, encrypted: World",
    ]);
  });

  test("ironhouse lets in by the certificates that have been generated", async () => {
    const folder = mkdtempSync(join(tmpdir(), "nodezmq-example-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const made = await exampleProgram("security/generate_certificates.mjs", folder).end();
    expect(made.map((line) => line.split(":")[0])).toEqual(["server", "client"]);
    expect(await exampleProgram("security/ironhouse.mjs", folder).end()).toEqual([
      "The server gets Hello from the client that it knows",
      "A stranger is refused: 400",
    ]);
  });
});

test("the first steps print the versions", async () => {
  expect(await exampleProgram("basics/version.mjs").end()).toEqual([
    `nodezmq ${zmq.version}`,
    `pyzmq's API ${zmq.pyzmqVersion()}`,
    `libzmq ${zmq.zmqVersion()}`,
    "Socket(zmq.REP)",
  ]);
});

describe("every example", () => {
  const folder = fileURLToPath(new URL("../examples/", import.meta.url));
  const read = (path: string) => readFileSync(path, "utf8");
  const programs = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "showcase")
    .flatMap(({ name }) => readdirSync(join(folder, name)).map((file) => `${name}/${file}`));

  test("is in the README", () => {
    const readme = read(join(folder, "README.md"));
    expect(programs.filter((program) => !readme.includes(`node examples/${program}`))).toEqual([]);
  });

  test("says how it is run", () => {
    const silent = (program: string) =>
      !read(join(folder, program)).includes(`//   node examples/${program}`);
    expect(programs.filter(silent)).toEqual([]);
  });

  test("is tested, here or with the reliability patterns", () => {
    const files = ["examples.test.ts", "examples-zguide.test.ts"];
    const tests = files.map((file) => read(fileURLToPath(new URL(file, import.meta.url)))).join("");
    expect(programs.filter((program) => !tests.includes(`exampleProgram("${program}"`))).toEqual([]);
  });
});
