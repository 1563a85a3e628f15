import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { run, start } from "./support/life-child.js";
import { newContext } from "./support/life-own.js";

const open = `
  const context = new zmq.Context();
  const [pull, push] = [context.socket(zmq.PULL), context.socket(zmq.PUSH)];
  const poller = new zmq.Poller();
  poller.register(pull, zmq.POLLIN);`;

describe.concurrent("a process ends by itself", () => {
  const idle: Record<string, string> = {
    "with sockets that nobody waits for": `
      pull.bind("tcp://127.0.0.1:*");
      push.connect(pull.lastEndpoint);`,
    "with messages that nobody receives": `
      pull.bind("tcp://127.0.0.1:*");
      push.connect(pull.lastEndpoint);
      push.send("x");`,
    "after its last pending call has been answered": `
      pull.bind("inproc://a");
      push.connect("inproc://a");
      Promise.all([pull.recv(), pull.poll(), poller.poll()]);
      push.send("x");
      push.send("y");`,
    "after its last pending call has timed out": `
      pull.recv({ timeout: 20 }).catch(() => {});
      push.send("x", { timeout: 20 }).catch(() => {});
      pull.poll(20);
      poller.poll(20);`,
    "after its last pending call has been aborted": `
      const stop = new AbortController();
      const { signal } = stop;
      for (const call of [
        pull.recv({ signal }), push.send("x", { signal }), pull.poll({ signal }), poller.poll({ signal }),
        zmq.proxy(context.socket(zmq.PULL), context.socket(zmq.PUSH), null, { signal }),
      ]) call.catch(() => {});
      setImmediate(() => stop.abort());`,
    "after the end of a context has been waited for in vain": `
      push.connect("tcp://127.0.0.1:1");
      push.send("x");
      context.destroy({ timeout: 20 }).catch(() => {});
      const other = new zmq.Context();
      const stuck = other.socket(zmq.PUSH);
      stuck.connect("tcp://127.0.0.1:1");
      stuck.send("x");
      stuck.close();
      other.term({ signal: AbortSignal.timeout(20) }).catch(() => {});
      setTimeout(() => {}, 50);`,
    "after its sockets have been closed": `
      for (const call of [pull.recv(), push.send("x"), pull.poll(), poller.poll()]) call.catch(() => {});
      setImmediate(() => { pull.close(); push.close(); });`,
    "after its context has been terminated by somebody else": `
      for (const call of [pull.recv(), push.send("x"), pull.poll(), poller.poll()]) call.catch(() => {});
      setImmediate(() => context.term().then(() => say("terminated")));
      pull.recv().catch(() => { pull.close(); push.close(); });`,
    "with calls pending on sockets that are unref'ed, before or after the call": `
      pull.unref();
      pull.recv();
      pull.recv({ timeout: 1e6 });
      pull.poll();
      pull.poll(1e6);
      poller.poll();
      push.send("x");
      push.send("x", { timeout: 1e6 });
      push.poll(1e6, zmq.POLLOUT);
      const writable = new zmq.Poller();
      writable.register(push, zmq.POLLOUT);
      writable.poll(1e6);
      push.unref();`,
    "with a poller's timeout that only unref'ed sockets wait for": `
      pull.unref();
      poller.poll(1e6);`,
    "with an iteration over an unref'ed socket": `
      pull.unref();
      (async () => { for await (const _ of pull); })();`,
    "with a loop over the events of an unref'ed socket": `
      pull.unref();
      (async () => { for await (const _ of pull.events()); })();
      (async () => { for await (const _ of push.events()); })();
      push.unref();`,
    "after a thousand turns of waiting and being answered": `
      pull.bind("inproc://a");
      push.connect("inproc://a");
      (async () => { for (let i = 0; i < 1000; i++) { const got = pull.recv(); await push.send("x"); await got; } })();`,
    "with an unref'ed socket after a call on it has been answered": `
      pull.bind("inproc://a");
      push.connect("inproc://a");
      pull.unref();
      pull.recv();
      pull.recv();
      push.send("x");`,
  };
  test.each(Object.entries(idle))("%s", async (_name, steps) => {
    const outcome = await run(`${open}${steps}`);
    expect(outcome).toMatchObject({ code: 0, signal: null, stderr: "" });
  });
});

describe.concurrent("a process stays alive", () => {
  const waits: Record<string, string> = {
    "a receive": "pull.recv().then(done);",
    "a receive with a timeout": "pull.recv({ timeout: 1e6 }).then(done);",
    "an iteration": "(async () => { for await (const _ of pull) { done(); break; } })();",
    "a loop over a socket's events": `
      pull.unref();
      (async () => { for await (const _ of pull.events(zmq.EVENT_LISTENING)) { done(); break; } })();
      pull.ref();
      later(() => pull.bind("tcp://127.0.0.1:*"));`,
    "a poll": "pull.poll().then(done);",
    "a Poller's poll": "poller.poll().then(done);",
    select: "zmq.select([pull], [], []).then(done);",
    "an idle socket that is ref'ed": "pull.ref(); later(() => { done(); pull.unref(); });",
    "an idle socket that is ref'ed, until it is closed":
      "pull.ref().ref(); later(() => { done(); pull.close(); });",
    "a receive on a socket that was unref'ed once": "pull.unref(); pull.ref(); pull.recv().then(done);",
    "a receive on a socket that is ref'ed while it waits":
      "pull.unref(); pull.recv().then(done); setImmediate(() => pull.ref());",
    "a term": `
      const other = new zmq.Context();
      const open = other.socket(zmq.PULL);
      other.term().then(done);
      pull.unref();
      pull.recv().then(() => open.close());
      `,
    "a proxy": `
      const out = context.socket(zmq.PUSH);
      out.connect(process.env.BACK);
      zmq.proxy(pull, out);
      `,
    "a message that waits to be sent": `
      pull.unref();
      pull.recv().then(() => push.connect(process.env.BACK));
      push.send("done").then(done);`,
  };
  test.for(Object.entries(waits))("for %s", async ([_name, steps], { onTestFinished }) => {
    const context = newContext(1, onTestFinished);
    const push = context.socket(zmq.PUSH);
    const back = context.socket(zmq.PULL);
    push.bind("tcp://127.0.0.1:*");
    back.bind("tcp://127.0.0.1:*");
    const child = start(
      `${open}
      const done = () => { say("done"); process.exit(0); };
      process.on("beforeExit", () => say("let go"));
      // Once it has said that it waits, and then some; without keeping the process alive.
      const later = (call) => {
        const nextTurn = (turns) => turns === 0 ? setTimeout(call, 50).unref() : setImmediate(nextTurn, turns - 1);
        nextTurn(3);
      };
      pull.connect(process.env.FRONT);
      ${steps}
      setImmediate(() => setImmediate(() => say("waiting")));`,
      { env: { FRONT: push.lastEndpoint, BACK: back.lastEndpoint } },
    );
    await child.said("waiting");
    // Not awaited: a child that waits for something else may have gone before its connection has come about.
    push.send("done").catch(() => {});
    // Where the child itself cannot tell: what it forwards or sends arrives here.
    back.recv().then(
      () => child.process.kill(),
      () => {},
    );
    const { stdout, stderr } = await child.ended;
    expect(stderr).toBe("");
    expect(stdout).not.toContain("let go");
  });

  test("until the events of a socket that has been closed are all told", async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () =>
        run(`${open}
          (async () => {
            pull.bind("tcp://127.0.0.1:*");
            const heard = (async () => { for await (const event of pull.events()) say(event.name); })();
            push.connect(pull.lastEndpoint);
            await push.send("x");
            await pull.recv();
            pull.close();
            await heard;
            say("ended");
          })();`),
      ),
    );
    for (const { code, stdout } of outcomes) expect([code, stdout.includes("ended")]).toEqual([0, true]);
  });

  test("once a call pends again on a socket that had ended its waiting", async () => {
    const outcome = await run(`${open}
      pull.bind("inproc://a");
      push.connect("inproc://a");
      (async () => {
        push.unref();
        for (let i = 0; i < 3; i++) {
          const got = pull.recv();
          setImmediate(() => push.send(String(i)));
          say(await got);
          const late = pull.recv({ timeout: 5 }).catch(() => {});
          pull.unref().ref();
          await late;
        }
      })();`);
    expect(outcome).toEqual({ code: 0, signal: null, stdout: "0\n1\n2\n", stderr: "" });
  });
});
