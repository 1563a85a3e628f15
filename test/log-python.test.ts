/** Our logs are read by pyzmq, and pyzmq's by us. */
import * as zmq from "nodezmq";
import { log } from "nodezmq";
import { expect, test } from "vitest";
import { nodezmq } from "./support/command.js";
import { program } from "./support/program.js";
import { python } from "./support/python.js";
import { newContext } from "./support/sockets.js";

function bound(type: zmq.SocketType): zmq.Socket {
  const socket = newContext().socket(type);
  socket.bind("tcp://127.0.0.1:*");
  return socket;
}

test("pyzmq's log watcher prints what a PUBHandler publishes", async () => {
  const xpub = bound(zmq.XPUB);
  const watcher = program(python(), ["-u", "-m", "zmq.log", "--align", xpub.lastEndpoint]);
  await xpub.recv();
  const handler = new log.PUBHandler(xpub, { rootTopic: "app" });
  const logger = new log.TopicLogger("x");
  logger.addHandler(handler);
  logger.info("tøpic", "%d of %s", 1, "two");
  logger.log(log.CRITICAL, "t", "the end");
  expect(await watcher.line(/1 of two/)).toBe("app.INFO.tøpic | 1 of two");
  expect(await watcher.line(/the end/)).toMatch(
    /^app\.CRITICAL\.t {4} \| CRITICAL log-python\.test\.ts:\d+ - the end$/,
  );
});

const publishingPython = `
import logging, sys, zmq
from zmq.log.handlers import PUBHandler
socket = zmq.Context().socket(zmq.XPUB)
socket.connect(sys.argv[1])
socket.recv()
logger = logging.getLogger("x")
logger.setLevel(logging.DEBUG)
handler = PUBHandler(socket)
logger.addHandler(handler)
logger.info("a::%s is %05.1f", "x", 2.25)
logger.warning("w")
handler.root_topic = "zmq"
logger.error("sub.topic::e")
logger.critical("end")
`;

test("nodezmq log prints what a Python program logs", async () => {
  // Both connect: what is between them is a proxy of ours.
  const context = newContext();
  const [xsub, xpub] = [context.socket(zmq.XSUB), context.socket(zmq.XPUB)];
  for (const socket of [xsub, xpub]) socket.bind("tcp://127.0.0.1:*");
  const [from, to] = [xsub.lastEndpoint, xpub.lastEndpoint];
  void zmq.proxy(xsub, xpub).catch(() => {});
  const watcher = nodezmq(["log", to]);
  program(python(), ["-c", publishingPython, from]);
  await watcher.line(/end/);
  watcher.process.kill("SIGINT");
  const { stdout, code } = await watcher.ended;
  expect(code).toBe(0);
  expect(stdout.split("\n")).toEqual([
    "INFO.a | x is 002.2",
    expect.stringMatching(/^WARNING \| WARNING <string>:\d+ - w$/),
    expect.stringMatching(/^zmq\.ERROR\.sub\.topic \| ERROR <string>:\d+ - e - None$/),
    expect.stringMatching(/^zmq\.CRITICAL \| CRITICAL <string>:\d+ - end$/),
    "",
  ]);
});

test("a PUBHandler publishes byte for byte what pyzmq's does", async () => {
  const records = [
    [10, "debug %s", ["x"]],
    [20, "topic::info %d", [1]],
    [30, "a.b::c::d", []],
    [40, "error", []],
    [50, "critical 100%%", ["left over"].slice(1)],
    [20, "tøpic::%s", ["ünicode"]],
  ] as const;
  const script = `
import json, logging, sys, zmq
from zmq.log.handlers import PUBHandler
socket = zmq.Context().socket(zmq.XPUB)
socket.connect(sys.argv[1])
socket.recv()
for root in ("", "root"):
    handler = PUBHandler(socket)
    handler.root_topic = root
    for level, msg, args in json.loads(sys.argv[2]):
        handler.emit(logging.LogRecord("x", level, "dir/file.py", 12, msg, tuple(args), None))
`;
  const receiver = bound(zmq.SUB);
  receiver.subscribe("");
  program(python(), ["-c", script, receiver.lastEndpoint, JSON.stringify(records)]);
  const theirs: string[][] = [];
  for (let i = 0; i < 2 * records.length; i++) theirs.push((await receiver.recvMultipart()).map(String));

  const xpub = bound(zmq.XPUB);
  receiver.connect(xpub.lastEndpoint);
  const subscribed = xpub.recv();
  await receiver.poll(1); // a socket that nobody asks anything does not even subscribe
  await subscribed;
  const ours: string[][] = [];
  for (const rootTopic of ["", "root"]) {
    const handler = new log.PUBHandler(xpub, null, rootTopic);
    for (const [levelno, msg, args] of records) {
      handler.emit({
        levelno,
        levelname: log.getLevelName(levelno),
        msg,
        args,
        filename: "file.py",
        lineno: 12,
      });
      ours.push((await receiver.recvMultipart()).map(String));
    }
  }
  expect(ours).toEqual(theirs);
});
