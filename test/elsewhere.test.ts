/** What made other bindings crash, hang or lose things, where no other test has it; docs/reliability.md has the list. */
import { readFile } from "node:fs/promises";
import * as zmq from "nodezmq";
import { expect, onTestFinished, test } from "vitest";
import { start } from "./support/life-child.js";
import { newContext } from "./support/sockets.js";

test("four proxies take none of the threads that files are read by", async () => {
  const context = newContext();
  const stop = new AbortController();
  const proxies = Array.from({ length: 4 }, () => {
    const [front, back] = [context.socket(zmq.PULL), context.socket(zmq.PUSH)];
    front.bind("tcp://127.0.0.1:*");
    back.bind("tcp://127.0.0.1:*");
    return zmq.proxy(front, back, null, { signal: stop.signal });
  });
  const settled = Promise.allSettled(proxies);
  onTestFinished(async () => {
    stop.abort();
    await settled;
  });
  const texts = await Promise.all(Array.from({ length: 8 }, () => readFile(__filename, "utf8")));
  expect(new Set(texts).size).toBe(1);
});

test("options objects are read, never written: frozen ones will do", async () => {
  const context = newContext();
  const options = Object.freeze({ linger: 0, rcvtimeo: 5000, subscribe: "a" });
  const before = structuredClone(options);
  const sub = context.socket(zmq.SUB, options);
  const xpub = context.socket(zmq.XPUB, Object.freeze({ linger: 0, sndtimeo: 5000 }));
  xpub.bind("tcp://127.0.0.1:*");
  sub.connect(xpub.lastEndpoint);
  const patient = Object.freeze({ timeout: 5000 });
  await xpub.recv(patient);
  const message = Object.freeze(["a", "x"]);
  await xpub.sendMultipart(message, Object.freeze({ timeout: 5000, copy: true }));
  await sub.poll(patient);
  expect((await sub.recvMultipart(patient)).map(String)).toEqual(message);
  expect(options).toEqual(before);
});

test("a REQ whose receive has timed out still gets its reply, and asks again", async () => {
  const context = newContext();
  const [rep, req] = [context.socket(zmq.REP, { linger: 0 }), context.socket(zmq.REQ, { linger: 0 })];
  rep.bind("tcp://127.0.0.1:*");
  req.connect(rep.lastEndpoint);
  await req.send("first");
  await expect(req.recv({ timeout: 1 })).rejects.toThrow(zmq.Again);
  for (const question of ["first", "second"]) {
    expect(await rep.recvString()).toBe(question);
    await rep.send(`answer to the ${question}`);
    expect(await req.recvString()).toBe(`answer to the ${question}`);
    if (question === "first") await req.send("second");
  }
});

test.each([
  ["a context", "new zmq.Context(-1)"],
  ["a type of socket that there is none of", "new zmq.Context().socket(999)"],
  ["an option of the wrong type", "new zmq.Context().socket(zmq.PUB, { sndhwm: 'many' })"],
  ["an option that libzmq refuses", "new zmq.Context().socket(zmq.PUB, { sndhwm: -5 })"],
  ["an option that is set", "new zmq.Context().socket(zmq.REP).linger = {}"],
])("the process exits as it should after an error about %s", async (_what, statement) => {
  const child = start(`try { ${statement}; } catch (error) { say(error.name); } process.exit(7);`);
  expect(await child.line()).toMatch(/Error$/);
  expect(await child.ended).toMatchObject({ code: 7, signal: null, stderr: "" });
});
