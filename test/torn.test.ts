/** Messages of several frames come whole and unmixed, whatever becomes of connections in the midst of them. */
import { describe, expect, test } from "vitest";
import { says } from "./support/life-mended.js";

/** Strangers that the program's socket connects to, and that may go for good; `until` watches the socket. */
const strangers = `
const message = (...frames) => Buffer.concat(frames.map((one, i) => frame(i < frames.length - 1 ? 1 : 0, one)));
const meet = async (socket, until) => {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  socket.connect("tcp://127.0.0.1:" + server.address().port);
  const [stream] = await once(server, "connection");
  await shakeHands(stream.on("error", () => {}), ready("PUSH"));
  await until(zmq.EVENT_HANDSHAKE_SUCCEEDED);
  return {
    stream,
    go: () => server.close(stream.destroy()),
    write: async (...messages) => { stream.write(Buffer.concat(messages)); await hears(socket); },
  };
};
`;

describe.concurrent("a message of several frames comes whole", () => {
  test("when its sender goes for good in the midst of a hundred", async () => {
    const said = await says(`${strangers}
      const pull = context.socket(zmq.PULL, { immediate: true });
      const until = watch(pull);
      const [first, second] = [await meet(pull, until), await meet(pull, until)];
      await first.write(...Array.from({ length: 90 }, (_, i) => message("a" + i, "b" + i)));
      // It hears of these when it looks for news, within the fiftieth message.
      second.stream.write(Buffer.concat(Array.from({ length: 90 }, (_, i) => message("x" + i, "y" + i))));
      first.go();
      await sleep(100);
      let text = "";
      while (text !== "x89 y89") {
        text = (await pull.recvMultipart({ timeout: 10_000 })).join(" ");
        if (!/^(a(\\d+) b\\2|x(\\d+) y\\3)$/.test(text)) say(text);
      }
      second.go();`);
    expect(said).toEqual([]);
  });

  test.each([
    ["its sender goes for good and the socket is `immediate`", "immediate: true"],
    ["its sender goes and is not connected to again", "reconnectIvl: -1"],
  ])("frame by frame, when %s", async (_, options) => {
    const said = await says(`${strangers}
      const pull = context.socket(zmq.PULL, { ${options} });
      const until = watch(pull);
      const [first, second] = [await meet(pull, until), await meet(pull, until)];
      await first.write(message("half", "rest"));
      say(await pull.recvString(), pull.rcvmore);
      await second.write(message("another's"));
      first.go();
      await until(zmq.EVENT_DISCONNECTED);
      say(await pull.recvString({ timeout: 10_000 }), pull.rcvmore);
      say(await pull.recvString({ timeout: 10_000 }), pull.rcvmore);
      second.go();`);
    expect(said[0]).toBe("half true");
    expect(["rest false", " false"]).toContain(said[1]); // the connection may have been freed by then
    expect(said.slice(2)).toEqual(["another's false"]);
  });

  test("when another sender goes in the midst of it", async () => {
    const said = await says(`${strangers}
      const pull = context.socket(zmq.PULL, { immediate: true });
      const until = watch(pull);
      const all = [await meet(pull, until), await meet(pull, until), await meet(pull, until)];
      await all[0].write(message("zero"), message("three"));
      await all[1].write(message("one"), message("four"));
      await all[2].write(message("two", "rest"), message("five"));
      for (let i = 0; i < 3; i++) say(await pull.recvString(), pull.rcvmore);
      all[1].go();
      await until(zmq.EVENT_DISCONNECTED);
      const rest = [];
      while (!(rest.includes("three") && rest.includes("five"))) rest.push(await pull.recvString({ timeout: 10_000 }));
      say(rest[0]);
      for (const { go } of all) go();`);
    expect(said).toEqual(["zero false", "one false", "two true", "rest"]);
  });

  test("when another receiver goes in the midst of it", async () => {
    const said = await says(`${strangers}
      const push = context.socket(zmq.PUSH);
      const until = watch(push);
      push.bind("tcp://127.0.0.1:*");
      const pulls = [];
      for (let i = 0; i < 3; i++) {
        pulls.push(context.socket(zmq.PULL));
        pulls[i].connect(push.lastEndpoint);
        await until(zmq.EVENT_HANDSHAKE_SUCCEEDED);
      }
      for (const text of ["zero", "one"]) await push.send(text);
      say(await pulls[0].recvString(), await pulls[1].recvString());
      await push.send("two", zmq.SNDMORE);
      pulls[1].close();
      await until(zmq.EVENT_DISCONNECTED);
      await push.send("rest");
      await push.send("three");
      say((await pulls[2].recvMultipart({ timeout: 10_000 })).join(" "), await pulls[0].recvString({ timeout: 10_000 }));`);
    expect(said).toEqual(["zero one", "two rest three"]);
  });
});

test("the rest of a message that was begun by itself goes with its peer, also where a batch begins with it", async () => {
  const said = await says(`
    for (let i = 0; i < 10; i++) {
      const push = context.socket(zmq.PUSH);
      push.bind("tcp://127.0.0.1:*");
      const pulls = [1, 2].map(() => context.socket(zmq.PULL));
      pulls[0].connect(push.lastEndpoint);
      await push.send("x");
      await pulls[0].recv();
      await push.send("head", zmq.SNDMORE);
      pulls[1].connect(push.lastEndpoint);
      await sleep(20);
      pulls[0].close();
      await hears(push);
      await push.sendBatch(["tail", "one", "two", "three", "four"]);
      for (const expected of ["one", "two", "three", "four"]) {
        const frames = await pulls[1].recvMultipart({ timeout: 10_000 });
        if (frames.join() !== expected) say(frames.join());
      }
      push.close();
      pulls[1].close();
    }`);
  expect(said).toEqual([]);
});
