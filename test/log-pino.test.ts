/** The pino transport, with the real pino. */
import { once } from "node:events";
import * as zmq from "nodezmq";
import { log } from "nodezmq";
import { type PinoOptions, publishLines } from "nodezmq/log/pino";
import { type Logger, pino } from "pino";
import { describe, expect, onTestFinished, test } from "vitest";
import { run, start } from "./support/life-child.js";
import { newContext, publisher } from "./support/sockets.js";

/** A stream whose lines are published to one subscriber that misses nothing. */
async function stream(options: PinoOptions = {}) {
  const [socket, sub] = (await publisher(1, { context: newContext() })) as [zmq.Socket, zmq.Socket];
  const handler = new log.PUBHandler(socket);
  const lines = publishLines({ handler, ...options });
  return { handler, lines, next: async () => (await sub.recvMultipart()).map(String) };
}

/** A SUB that collects from whoever connects. */
function collector(): zmq.Socket {
  const sub = newContext().socket(zmq.SUB, { rcvhwm: 0 });
  sub.subscribe("");
  sub.bind("tcp://127.0.0.1:*");
  return sub;
}

describe("pino on this thread", () => {
  test("publishes levels by Python's names, the logger's name as the subtopic", async () => {
    const { lines, next } = await stream();
    const logger = pino({ level: "trace", name: "app" }, lines);
    for (const [method, level] of [
      ["trace", "TRACE"],
      ["debug", "DEBUG"],
      ["info", "INFO"],
      ["warn", "WARNING"],
      ["error", "ERROR"],
      ["fatal", "CRITICAL"],
    ] as const) {
      logger[method]("text at ::1");
      expect(await next()).toEqual([`${level}.app`, "text at ::1\n"]);
    }
  });

  test("publishes fields after the message, and stacks", async () => {
    const { lines, next } = await stream();
    const logger = pino(lines).child({ request: 7 });
    logger.info({ user: "u" }, "hello");
    expect(await next()).toEqual(["INFO", 'hello {"request":7,"user":"u"}\n']);
    logger.info({ a: 1 });
    expect(await next()).toEqual(["INFO", '{"request":7,"a":1}\n']);
    const error = new Error("broken");
    logger.error(error);
    expect(await next()).toEqual(["ERROR", `broken {"request":7}\n${error.stack}`]);
  });

  test("publishes JSON where that is wanted", async () => {
    const { lines, next } = await stream({ json: true, topicKey: "module" });
    pino(lines).child({ module: "db" }).info({ rows: 3 }, "query");
    const [topic, text] = await next();
    expect(topic).toBe("INFO.db");
    expect(JSON.parse(text as string)).toMatchObject({ level: 30, module: "db", rows: 3, msg: "query" });
  });

  test("knows levels of one's own, level labels and other keys", async () => {
    const { lines, next } = await stream({
      levels: { 35: "NOTICE" },
      messageKey: "message",
      levelKey: "severity",
    });
    const custom = pino({ customLevels: { notice: 35, odd: 36 }, messageKey: "message" }, lines);
    custom.notice("without the key");
    expect((await next())[0]).toBe("INFO");
    lines.write(
      '{"severity":35,"message":"a"}\n{"severity":36,"message":"b"}\n{"severity":"warn","message":"c"}\n',
    );
    expect(await next()).toEqual(["NOTICE", "a\n"]);
    expect(await next()).toEqual(["Level 36", "b\n"]);
    expect(await next()).toEqual(["WARNING", "c\n"]);
  });

  test("takes lines in pieces, and what is no JSON", async () => {
    const { lines, next } = await stream();
    const bytes = Buffer.from('{"level":30,"msg":"tøp"}\n\nnot JSON\n[1]\n{"level":50,"msg":"last"}');
    for (const byte of bytes) lines.write(Buffer.of(byte));
    lines.end();
    expect(await next()).toEqual(["INFO", "tøp\n"]);
    expect(await next()).toEqual(["INFO", "not JSON\n"]);
    expect(await next()).toEqual(["INFO", "[1]\n"]);
    expect(await next()).toEqual(["ERROR", "last\n"]);
  });

  test("goes on without its log when the handler is closed, which it leaves open itself", async () => {
    const { handler, lines } = await stream();
    const logger = pino(lines);
    handler.socket.close();
    logger.info("lost");
    lines.end();
    await once(lines, "close");
    const other = await stream();
    other.lines.end();
    await once(other.lines, "close");
    expect(other.handler.closed).toBe(false);
  });

  test("refuses options that make no sense", async () => {
    for (const wrong of [{}, { adress: "x" }, { handler: 5 }, null]) {
      expect(() => publishLines(wrong as never)).toThrow(TypeError);
    }
    expect(() => publishLines({ bind: "nonsense" })).toThrow(expect.objectContaining({ code: "EINVAL" }));
  });
});

/** Logs until the subscriber hears it: what is published before the subscription has arrived is lost. */
async function heard(logger: Logger, sub: zmq.Socket): Promise<void> {
  do logger.info("are you there?");
  while ((await sub.poll(10)) === 0);
}

const isPing = (text: unknown): boolean => String(text) === "are you there?\n";

describe("pino's worker thread", () => {
  test("publishes what the program logs, to the end", async () => {
    const sub = collector();
    const transport = pino.transport({
      target: "nodezmq/log/pino",
      options: { connect: sub.lastEndpoint, rootTopic: "root" },
    });
    const logger = pino(transport);
    await heard(logger, sub);
    for (let i = 0; i < 500; i++) logger.warn({ i }, "line");
    const closed = once(transport, "close");
    transport.end();
    for (let i = 0; i < 500; ) {
      const [topic, text] = (await sub.recvMultipart()).map(String);
      if (isPing(text)) continue;
      expect([topic, text]).toEqual(["root.WARNING", `line {"i":${i++}}\n`]);
    }
    await closed;
  });

  test("shares this process's inproc:// addresses", async () => {
    const sub = zmq.Context.instance().socket(zmq.SUB);
    onTestFinished(() => sub.close());
    sub.subscribe("ERROR");
    sub.connect("inproc://pino");
    const transport = pino.transport({ target: "nodezmq/log/pino", options: { bind: ["inproc://pino"] } });
    const logger = pino(transport);
    do logger.error("within");
    while ((await sub.poll(10)) === 0);
    expect((await sub.recvMultipart()).map(String)).toEqual(["ERROR", "within\n"]);
    const closed = once(transport, "close");
    transport.end();
    await closed;
  });

  test("tells of an address that cannot be bound", async () => {
    const transport = pino.transport({ target: "nodezmq/log/pino", options: { bind: "nonsense" } });
    const [error] = await once(transport, "error");
    expect(error).toMatchObject({ message: expect.stringContaining("Invalid argument") });
  });

  const program = (sub: zmq.Socket, end: string): string => `
    require("nodezmq").setExitLinger(8000);
    const { pino } = require("pino");
    const transport = pino.transport({
      target: require.resolve("nodezmq/log/pino"),
      options: { connect: ${JSON.stringify(sub.lastEndpoint)} },
    });
    const logger = pino(transport);
    const ping = setInterval(() => logger.info("are you there?"), 5);
    process.stdin.once("data", () => {
      clearInterval(ping);
      for (let i = 0; i < 100; i++) logger.info(String(i));
      ${end}
    });`;

  test.each([
    ["ends", "process.stdin.destroy();", 0],
    ["calls process.exit()", "process.exit(3);", 3],
    ["throws", "setImmediate(() => { throw new Error('on purpose'); });", 1],
  ])("publishes everything when the process %s", async (_name, end, exitCode) => {
    const sub = collector();
    const child = start(program(sub, end), { load: false });
    expect(isPing((await sub.recvMultipart())[1])).toBe(true);
    child.process.stdin?.write("go\n");
    for (let i = 0; i < 100; ) {
      const text = String((await sub.recvMultipart())[1]);
      if (!isPing(text)) expect(text).toBe(`${i++}\n`);
    }
    expect((await child.ended).code).toBe(exitCode);
  });

  test("without a subscriber ends with the process", async () => {
    const outcome = await run(
      `
      const { pino } = require("pino");
      const logger = pino(pino.transport({ target: require.resolve("nodezmq/log/pino"), options: { bind: "tcp://127.0.0.1:*" } }));
      logger.info("nobody listens");`,
      { load: false },
    );
    expect(outcome).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
  });
});
