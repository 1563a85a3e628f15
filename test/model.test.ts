/** Random sequences of public calls against a model of queues: nothing is lost, doubled, torn or overtaken. */
import fc from "fast-check";
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";

/** How many commands are run in all, about: more by NODEZMQ_MODEL. */
const COMMANDS = Number(process.env.NODEZMQ_MODEL ?? 6000);
const LENGTH = 60;
const LIMIT = Math.max(60_000, COMMANDS * 20);

type Message = string[];

/** A receive under way. What it was given shows when it has settled. */
interface Receive {
  most: number;
  /** It must not find the queue empty: more messages were there than calls before it. */
  sure: boolean;
  /** It must have settled by the next look. */
  now: boolean;
  stop: AbortController;
  aborted: boolean;
  outcome: { value: Message[] } | { error: unknown } | undefined;
}

/** One direction: what has been sent and not received, and the receives under way, both first in, first out. */
interface Model {
  sent: Message[][];
  receives: Receive[][];
  serial: number;
}

/** Two connected sockets. */
interface Real {
  sockets: [zmq.Socket, zmq.Socket];
  /** Whether what has been sent is there at once. */
  instant: boolean;
}

type Side = 0 | 1;
const other = (side: Side): Side => (side === 0 ? 1 : 0);

const text = (frames: readonly (Buffer | zmq.Frame)[]): Message => frames.map((frame) => frame.toString());

/** A way to receive: what it is called with, and what it gives as a list of messages. */
type Way = (socket: zmq.Socket, wait: zmq.WaitOptions) => Promise<Message[]>;

const ways: Record<string, Way> = {
  recvMultipart: async (socket, wait) => [text(await socket.recvMultipart(wait))],
  frames: async (socket, wait) => [text(await socket.recvMultipart({ ...wait, copy: false }))],
  serialized: (socket, wait) => socket.recvSerialized((frames) => [text(frames)], wait),
  batch: async (socket, wait) => (await socket.recvBatch(3, wait)).map(text),
};
const MOST: Record<string, number> = { batch: 3 };

const settled = (receive: Receive): boolean => receive.outcome !== undefined;

function begin(model: Model, side: Side, name: string, receive: Receive, result: Promise<Message[]>): void {
  receive.most = MOST[name] ?? 1;
  (model.receives[side] as Receive[]).push(receive);
  result.then(
    (value) => {
      receive.outcome = { value };
    },
    (error: unknown) => {
      receive.outcome = { error };
    },
  );
}

function newReceive(model: Model, side: Side, real: Real, now: boolean): Receive {
  const before = model.receives[side] as Receive[];
  const waiting = (model.sent[side] as Message[]).length;
  const sure = real.instant && before.every(({ most }) => most === 1) && waiting > before.length;
  return { most: 1, sure, now, stop: new AbortController(), aborted: false, outcome: undefined };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A receive that has failed has consumed nothing, and had a reason. */
function mayFail({ outcome, aborted, stop, now, sure }: Receive): void {
  const { error } = outcome as { error: unknown };
  if (aborted && error === stop.signal.reason) return;
  expect(error).toBeInstanceOf(zmq.Again);
  expect({ now, sure }).toEqual({ now: true, sure: false });
}

/** Lets the event loop go round until what must have happened has, then holds the real thing against the model. */
async function compare(model: Model, real: Real): Promise<void> {
  await turn();
  for (const side of [0, 1] as const) {
    const sent = model.sent[side] as Message[];
    const receives = model.receives[side] as Receive[];
    const waiting: Receive[] = [];
    for (const receive of receives.splice(0)) {
      // While messages are there, they are due to the first receive: it may take some turns, but it must come.
      while (!settled(receive) && (sent.length > 0 || receive.now || receive.aborted)) await turn();
      const { outcome } = receive;
      if (outcome === undefined) {
        waiting.push(receive);
      } else if ("error" in outcome) {
        mayFail(receive);
      } else {
        expect(waiting).toEqual([]); // nobody has overtaken anybody
        expect(outcome.value.length).toBeGreaterThan(0);
        expect(outcome.value.length).toBeLessThanOrEqual(receive.most);
        expect(outcome.value).toEqual(sent.splice(0, outcome.value.length));
      }
    }
    receives.push(...waiting);
  }
  for (const socket of real.sockets) expect(socket.closed).toBe(false);
}

class Send implements fc.AsyncCommand<Model, Real> {
  constructor(
    readonly side: Side,
    readonly how: "send" | "sendMultipart" | "sendBatch" | "sendSync" | "frame",
    readonly sizes: readonly number[],
  ) {}
  check = (): boolean => true;
  async run(model: Model, real: Real): Promise<void> {
    const socket = real.sockets[this.side];
    const make = (size: number): string => `${model.serial++}:${"x".repeat(size)}`;
    const queue = model.sent[other(this.side)] as Message[];
    const frames = this.sizes.map(make);
    const [first] = frames as [string];
    if (this.how === "sendBatch") {
      queue.push(...frames.map((frame) => [frame]));
      await socket.sendBatch(frames);
    } else if (this.how === "sendMultipart") {
      queue.push(frames);
      await socket.sendMultipart(frames);
    } else {
      queue.push([first]);
      if (this.how === "sendSync") socket.sendSync(first);
      else await socket.send(this.how === "frame" ? new zmq.Frame(first) : Buffer.from(first));
    }
  }
  toString = (): string => `${this.how}(${this.side}, ${this.sizes})`;
}

class Receiving implements fc.AsyncCommand<Model, Real> {
  constructor(
    readonly side: Side,
    readonly how: string,
    readonly now: boolean,
  ) {}
  check = (): boolean => true;
  async run(model: Model, real: Real): Promise<void> {
    const receive = newReceive(model, this.side, real, this.now);
    const wait = this.now ? { flags: zmq.DONTWAIT } : { signal: receive.stop.signal };
    const way = ways[this.how] as Way;
    begin(model, this.side, this.how, receive, way(real.sockets[this.side], wait));
  }
  toString = (): string => `${this.how}(${this.side}${this.now ? ", DONTWAIT" : ""})`;
}

class ReceivingSync implements fc.AsyncCommand<Model, Real> {
  constructor(
    readonly side: Side,
    readonly batch: boolean,
  ) {}
  check = (): boolean => true;
  async run(model: Model, real: Real): Promise<void> {
    const socket = real.sockets[this.side];
    const receive = newReceive(model, this.side, real, true);
    const call = (): Message[] =>
      this.batch
        ? socket.recvBatchSync(3, { flags: zmq.DONTWAIT }).map(text)
        : [text(socket.recvMultipartSync(zmq.DONTWAIT))];
    begin(model, this.side, this.batch ? "batch" : "recvMultipart", receive, new Promise((r) => r(call())));
  }
  toString = (): string => `${this.batch ? "recvBatchSync" : "recvMultipartSync"}(${this.side}, DONTWAIT)`;
}

class Abort implements fc.AsyncCommand<Model, Real> {
  constructor(
    readonly side: Side,
    readonly which: number,
  ) {}
  check = (model: Readonly<Model>): boolean =>
    (model.receives[this.side] as Receive[]).some(({ now, aborted }) => !now && !aborted);
  async run(model: Model): Promise<void> {
    const candidates = (model.receives[this.side] as Receive[]).filter(
      ({ now, aborted }) => !now && !aborted,
    );
    const receive = candidates[this.which % candidates.length] as Receive;
    receive.aborted = true;
    receive.stop.abort(new Error("changed my mind"));
  }
  toString = (): string => `abort(${this.side}, ${this.which})`;
}

/** Calls that take nothing, each of which can swallow a wake-up. */
const touches: Record<string, (socket: zmq.Socket) => unknown> = {
  events: (socket) => socket.get(zmq.EVENTS),
  option: (socket) => socket.rcvtimeo,
  "set an option": (socket) => {
    socket.linger = 0;
  },
  bind: (socket) => {
    socket.bind("tcp://127.0.0.1:*");
    socket.unbind(socket.lastEndpoint);
  },
  poll: (socket) => socket.poll(0),
  pollSync: (socket) => socket.pollSync(0),
  "a poll that is aborted": (socket) => {
    const stop = new AbortController();
    const poll = socket.poll({ signal: stop.signal, flags: zmq.POLLIN });
    stop.abort();
    return poll.catch(() => {});
  },
  poller: (socket) => {
    const poller = new zmq.Poller();
    poller.register(socket);
    return poller.poll(0);
  },
  "unref and ref": (socket) => socket.unref().ref(),
};

class Touch implements fc.AsyncCommand<Model, Real> {
  constructor(
    readonly side: Side,
    readonly what: string,
  ) {}
  check = (): boolean => true;
  async run(_model: Model, real: Real): Promise<void> {
    await (touches[this.what] as (socket: zmq.Socket) => unknown)(real.sockets[this.side]);
  }
  toString = (): string => `${this.what}(${this.side})`;
}

class Compare implements fc.AsyncCommand<Model, Real> {
  check = (): boolean => true;
  run = compare;
  toString = (): string => "compare";
}

const side = fc.constantFrom<Side>(0, 1);
const sizes = fc.array(fc.oneof(fc.nat(40), fc.constantFrom(0, 1000, 1025, 40_000)), {
  minLength: 1,
  maxLength: 4,
});
const sendings = ["send", "sendMultipart", "sendBatch", "sendSync", "frame"] as const;

const commands = fc.commands(
  [
    fc.tuple(side, fc.constantFrom(...sendings), sizes).map(([at, how, list]) => new Send(at, how, list)),
    fc
      .tuple(side, fc.constantFrom(...Object.keys(ways)), fc.boolean())
      .map(([at, how, now]) => new Receiving(at, how, now)),
    fc.tuple(side, fc.boolean()).map(([at, batch]) => new ReceivingSync(at, batch)),
    fc.tuple(side, fc.nat(9)).map(([at, which]) => new Abort(at, which)),
    fc.tuple(side, fc.constantFrom(...Object.keys(touches))).map(([at, what]) => new Touch(at, what)),
    fc.constant(new Compare()),
  ],
  { maxCommands: LENGTH },
);

/** Everything that was sent, and everything that waits for it, comes to its end. */
async function finish(model: Model, real: Real): Promise<void> {
  await compare(model, real);
  for (const at of [0, 1] as const) {
    for (const receive of model.receives[at] as Receive[]) {
      receive.aborted = true;
      receive.stop.abort(new Error("the end"));
    }
    while ((model.sent[at] as Message[]).length > 0) {
      const message = text(await real.sockets[at].recvMultipart());
      expect(message).toEqual((model.sent[at] as Message[]).shift());
    }
    await expect(real.sockets[at].recv({ timeout: 0 })).rejects.toBeInstanceOf(zmq.Again);
  }
  await compare(model, real);
}

describe.each([
  ["PAIR over inproc", zmq.PAIR, zmq.PAIR, "inproc://model", true],
  ["DEALER over inproc", zmq.DEALER, zmq.DEALER, "inproc://model", true],
  ["PAIR over tcp", zmq.PAIR, zmq.PAIR, "tcp://127.0.0.1:*", false],
  ["DEALER over ipc", zmq.DEALER, zmq.DEALER, "ipc://@nodezmq-model-*", false],
] as const)("%s", (_name, left, right, address, instant) => {
  test(
    "is two queues, whatever is called in whatever order",
    async () => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(commands, async (list) => {
          const context = new zmq.Context();
          const options = { sndhwm: 0, rcvhwm: 0, linger: 0 };
          const [a, b] = [context.socket(left, options), context.socket(right, options)];
          try {
            a.bind(address.replace("-*", `-${process.pid}-${run++}`));
            b.connect(a.lastEndpoint);
            const model: Model = { sent: [[], []], receives: [[], []], serial: 0 };
            const real: Real = { sockets: [a, b], instant };
            await fc.asyncModelRun(() => ({ model, real }), list);
            await finish(model, real);
          } finally {
            await context.destroy(0);
          }
        }),
        {
          numRuns: Math.ceil(COMMANDS / 4 / (LENGTH / 2)),
          // A lost wake-up shows as a run that does not end, which cannot be shrunk in any decent time.
          timeout: LIMIT / 4,
          endOnFailure: true,
        },
      );
    },
    LIMIT,
  );
});
