/** Two hosts, as network namespaces of this machine, and a link between them that fails. */
import { spawnSync } from "node:child_process";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Child, start } from "./support/life-child.js";

function ip(...args: string[]): string | undefined {
  const run = spawnSync("ip", args, { encoding: "utf8" });
  if (run.error) return `the program ip (Debian: iproute2) cannot be run: ${run.error.message}`;
  return run.status === 0 ? undefined : run.stderr.trim();
}

function mustIp(...args: string[]): void {
  const failure = ip(...args);
  if (failure !== undefined) throw new Error(`ip ${args.join(" ")}: ${failure}`);
}

/** Two namespaces and the link between them; both are gone after the test. */
function hosts(): { near: string; far: string; address: string; link(state: "up" | "down"): void } {
  const id = `nz${process.pid}`;
  const [near, far] = [`${id}a`, `${id}b`];
  onTestFinished(() => {
    ip("netns", "delete", near);
    ip("netns", "delete", far);
  });
  mustIp("netns", "add", near);
  mustIp("netns", "add", far);
  mustIp("link", "add", near, "netns", near, "type", "veth", "peer", "name", far, "netns", far);
  for (const [host, address] of [
    [near, "192.0.2.1/24"], // addresses for documentation: nobody's
    [far, "192.0.2.2/24"],
  ] as const) {
    mustIp("-n", host, "address", "add", address, "dev", host);
    mustIp("-n", host, "link", "set", host, "up");
  }
  return {
    near,
    far,
    address: "192.0.2.1",
    link: (state) => mustIp("-n", far, "link", "set", far, state),
  };
}

/** Why this machine has no network namespaces for us, if so. */
const refusal = (() => {
  const probe = `nz${process.pid}probe`;
  const failure = ip("netns", "add", probe);
  if (failure === undefined) ip("netns", "delete", probe);
  return failure;
})();

/**
 * How both ends notice a dead link. The heartbeat does where there is room to send one; a sender whose connection is full
 * cannot, and is told by the system (tcpMaxrt) that nothing is acknowledged any more.
 */
const watchful = `{ heartbeatIvl: 100, heartbeatTimeout: 200, tcpMaxrt: 300, reconnectIvl: 10, sndhwm: 100, rcvhwm: 100, linger: 0 }`;

function on(host: string, program: string): Child {
  const child = start(program, { patience: 60_000, under: ["ip", "netns", "exec", host] });
  onTestFinished(() => void child.process.kill("SIGKILL"));
  return child;
}

const upTo = async (child: Child, pattern: RegExp): Promise<string> => {
  for (;;) {
    const line = await child.line();
    if (pattern.test(line)) return line;
  }
};

if (refusal !== undefined) {
  test(`two hosts cannot be had here: ${refusal}`, () => {
    console.warn(`test/network.test.ts has tested nothing: ${refusal}`);
    expect(refusal).toMatch(/cannot be run|permitted|denied|mkdir|mount|not supported/i);
  });
} else {
  describe("between two hosts", () => {
    test("a link that goes down is noticed by both, and what is sent after it is up again arrives in order", async () => {
      const { near, far, address, link } = hosts();
      const sender = on(
        near,
        `const push = new zmq.Context().socket(zmq.PUSH, { ...${watchful}, immediate: true });
         push.bind("tcp://${address}:*");
         (async () => { for await (const { name } of push.events()) say(name); })();
         say(push.lastEndpoint);
         (async () => { for (let i = 0; ; i++) await push.send(String(i)); })();`,
      );
      const endpoint = await upTo(sender, /^tcp:/);
      const receiver = on(
        far,
        `const pull = new zmq.Context().socket(zmq.PULL, ${watchful});
         (async () => { for await (const { name } of pull.events()) say(name); })();
         pull.connect(${JSON.stringify(endpoint)});
         let last = -1, count = 0;
         (async () => {
           for await (const [frame] of pull) {
             const serial = Number(frame);
             if (!(serial > last)) say("DISORDER", last, serial);
             last = serial;
             if (++count % 1000 === 0) say("received", serial);
           }
         })();`,
      );
      let last = -1;
      for (let times = 0; times < 3; times++) {
        const before = Number((await upTo(receiver, /^received|DISORDER/)).split(" ")[1]);
        expect(before).toBeGreaterThan(last);
        link("down");
        await Promise.all([upTo(sender, /^DISCONNECTED/), upTo(receiver, /^DISCONNECTED/)]);
        link("up");
        await Promise.all([upTo(sender, /^HANDSHAKE_SUCCEEDED/), upTo(receiver, /^HANDSHAKE_SUCCEEDED/)]);
        last = before;
      }
      expect(await upTo(receiver, /^received|DISORDER/)).toMatch(/^received/);
    });

    test("a request over a link that is down is answered once it is up", async () => {
      const { near, far, address, link } = hosts();
      const server = on(
        near,
        `const rep = new zmq.Context().socket(zmq.REP, ${watchful});
         rep.bind("tcp://${address}:*");
         say(rep.lastEndpoint);
         (async () => { for await (const frames of rep) await rep.sendMultipart(frames); })();`,
      );
      const endpoint = await upTo(server, /^tcp:/);
      link("down");
      const client = on(
        far,
        `const req = new zmq.Context().socket(zmq.REQ, { ...${watchful}, connectTimeout: 300 });
         (async () => {
           req.connect(${JSON.stringify(endpoint)});
           await req.send("hello");
           say("asked");
           say(await req.recvString());
           process.exit();
         })();`,
      );
      await upTo(client, /^asked/);
      link("up");
      expect(await client.line()).toBe("hello");
      expect(await client.ended).toMatchObject({ code: 0, stderr: "" });
    });
  });
}
