/**
 * Calls what one class or function of the library has, with every bad value in each parameter position, in a process of
 * its own: a crash or a hang is one of this process only. Prints a line of JSON for each call.
 *
 *   node bad-input.mjs <group>    one of `groups`
 */
import { writeSync } from "node:fs";
import { inspect } from "node:util";
import * as zmq from "nodezmq";

/** @typedef {{ call: string, position: number, kind: string, outcome: string, after: string }} Report */
/** @typedef {(...args: unknown[]) => unknown} Callable */
/** @typedef {{ socket: zmq.Socket, peer: zmq.Socket, context: zmq.Context, frame: zmq.Frame, poller: zmq.Poller }} Scene */

const say = (/** @type {unknown} */ value) => writeSync(1, `${JSON.stringify(value)}\n`);

const graveyard = new zmq.Context();
const closed = graveyard.socket(zmq.DEALER);
closed.close();
const terminated = new zmq.Context();
await terminated.term();

/** A buffer whose memory has gone; one for each call. */
function detached() {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}

/** @type {Record<string, (scene: Scene) => unknown>} */
const bad = {
  undefined: () => undefined,
  null: () => null,
  NaN: () => Number.NaN,
  "-1": () => -1,
  "2**53": () => 2 ** 53,
  '""': () => "",
  '"é"': () => "é",
  "[]": () => [],
  "{}": () => ({}),
  "Symbol()": () => Symbol("bad"),
  "5n": () => 5n,
  detached,
  "closed socket": () => closed,
  "terminated context": () => terminated,
};

/** What a value does when the library reads it. */
/** @type {Record<string, (scene: Scene) => void>} */
const acts = {
  close: ({ socket }) => socket.close(),
  send: ({ socket }) => void socket.sendSync("called back", zmq.DONTWAIT),
  receive: ({ socket }) => void socket.recvMultipartSync(zmq.DONTWAIT),
};
for (const [act, call] of Object.entries(acts)) {
  const quietly = (/** @type {Scene} */ scene) => {
    try {
      call(scene);
    } catch {
      // A SUB cannot send: what counts is that it was called.
    }
  };
  const text = (/** @type {Scene} */ scene) => () => {
    quietly(scene);
    return "5";
  };
  bad[`valueOf that calls ${act}`] = (scene) => ({
    valueOf: text(scene),
    toString: text(scene),
    [Symbol.toPrimitive]: text(scene),
  });
  // Every property that is asked for calls back, whatever its name is.
  bad[`getters that call ${act}`] = (scene) =>
    new Proxy(
      {},
      {
        get: (_target, key) => {
          if (key !== "then") quietly(scene);
          return undefined;
        },
      },
    );
}

/** What each function and class is given in the other positions. */
/** @type {Record<string, (scene: Scene) => unknown[]>} */
const good = {
  Context: () => [1],
  "Context.instance": () => [1],
  "Context.shadow": ({ context }) => [context],
  "Context#socket": () => [zmq.PAIR, {}],
  "Context#set": () => [zmq.MAX_SOCKETS, 10],
  "Context#get": () => [zmq.MAX_SOCKETS],
  "Context#setsockopt": () => [zmq.LINGER, 0],
  "Context#getsockopt": () => [zmq.LINGER],
  "Context#destroy": () => [0],
  Endpoint: ({ socket }) => [socket, "unbind", "inproc://x"],
  Frame: () => [Buffer.from("x"), false, true, 0],
  "Frame#get": () => [zmq.MORE],
  "Frame#set": () => ["routingId", 1],
  MessageTracker: ({ frame }) => [frame],
  "MessageTracker#wait": () => [0],
  "Poller#register": ({ socket }) => [socket, zmq.POLLIN],
  "Poller#modify": ({ socket }) => [socket, zmq.POLLIN],
  "Poller#unregister": ({ socket }) => [socket],
  "Poller#has": ({ socket }) => [socket],
  "Poller#poll": () => [0, {}],
  "Poller#pollSync": () => [0],
  Socket: ({ context }) => [context, zmq.PAIR, {}],
  "Socket.shadow": ({ socket }) => [socket],
  "Socket#bind": () => ["inproc://x"],
  "Socket#connect": () => ["inproc://x"],
  "Socket#unbind": () => ["inproc://x"],
  "Socket#disconnect": () => ["inproc://x"],
  "Socket#bindToRandomPort": () => ["tcp://127.0.0.1", 50000, 60000, 10],
  "Socket#set": () => [zmq.LINGER, 0],
  "Socket#get": () => [zmq.LINGER],
  "Socket#setsockopt": () => [zmq.LINGER, 0],
  "Socket#getsockopt": () => [zmq.LINGER],
  "Socket#setString": () => [zmq.ZAP_DOMAIN, "x", "utf8"],
  "Socket#getString": () => [zmq.LAST_ENDPOINT, "utf8"],
  "Socket#setsockoptString": () => [zmq.ZAP_DOMAIN, "x", "utf8"],
  "Socket#getsockoptString": () => [zmq.LAST_ENDPOINT, "utf8"],
  "Socket#subscribe": () => ["x"],
  "Socket#unsubscribe": () => ["x"],
  "Socket#join": () => ["x"],
  "Socket#leave": () => ["x"],
  "Socket#setHwm": () => [5],
  "Socket#poll": () => [0, zmq.POLLIN, {}],
  "Socket#pollSync": () => [0, zmq.POLLIN],
  "Socket#monitor": () => ["inproc://monitor", zmq.EVENT_ALL],
  "Socket#getMonitorSocket": () => [zmq.EVENT_ALL, "inproc://monitor"],
  "Socket#events": () => [zmq.EVENT_ALL],
  "Socket#close": () => [0],
  "Socket#send": () => ["x", 0, {}],
  "Socket#sendMultipart": () => [["x"], 0, {}],
  "Socket#sendString": () => ["x", 0, {}],
  "Socket#sendJson": () => ["x", 0, {}],
  "Socket#sendSerialized": () => ["x", () => ["x"], 0, {}],
  "Socket#sendBatch": () => [["x"], 0, {}],
  "Socket#sendSync": () => ["x", 0, {}],
  "Socket#sendMultipartSync": () => [["x"], 0, {}],
  "Socket#sendBatchSync": () => [["x"], 0, {}],
  "Socket#recv": () => [0, {}],
  "Socket#recvMultipart": () => [0, {}],
  "Socket#recvString": () => [0, {}],
  "Socket#recvJson": () => [0, {}],
  "Socket#recvSerialized": () => [(/** @type {unknown} */ x) => x, 0, {}],
  "Socket#recvInto": () => [Buffer.alloc(8), {}],
  "Socket#recvBatch": () => [1, {}],
  "Socket#recvSync": () => [0, {}],
  "Socket#recvMultipartSync": () => [0, {}],
  "Socket#recvBatchSync": () => [1, {}],
  ZMQBaseError: () => ["x"],
  ZMQBindError: () => ["x"],
  ZMQError: () => [zmq.EINVAL, "x"],
  ZMQVersionError: () => ["5.0", "it"],
  NotDone: () => ["x"],
  DraftFDWarning: () => ["x"],
  curvePublic: () => ["D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"],
  device: ({ socket, peer }) => [zmq.QUEUE, socket, peer, {}],
  has: () => ["curve"],
  parseMonitorMessage: () => [[Buffer.alloc(6), Buffer.from("inproc://x")]],
  proxy: ({ socket, peer }) => [socket, peer, null, {}],
  proxySteerable: ({ socket, peer }) => [socket, peer, null, null, {}],
  recvMonitorMessage: ({ socket }) => [socket, 0, {}],
  select: ({ socket }) => [[socket], [], [], 0, {}],
  setExitLinger: () => [1000],
  strerror: () => [zmq.EINVAL],
  zmqPoll: ({ socket }) => [[[socket, zmq.POLLIN]], 0, {}],
};

/** Methods that only some types of socket have. */
/** @type {Record<string, [number, number]>} */
const types = {
  "Socket#subscribe": [zmq.SUB, zmq.XPUB],
  "Socket#unsubscribe": [zmq.SUB, zmq.XPUB],
  "Socket#join": [zmq.DISH, zmq.RADIO],
  "Socket#leave": [zmq.DISH, zmq.RADIO],
};

/** How many arguments a function looks at: its source says it, `length` leaves out what has a default. @param {Callable} f */
function positions(f) {
  const source = Function.prototype.toString.call(f);
  const text = /^class\b/.test(source)
    ? source.slice(Math.max(source.search(/\n\s*constructor\(/), 0))
    : source;
  if (/^class\b/.test(text)) return /\bextends\b/.test(text.slice(0, text.indexOf("{"))) ? 1 : 0;
  let depth = 0;
  let count = 0;
  let inside = "";
  for (const letter of text.slice(text.indexOf("("))) {
    if (")]}".includes(letter)) depth -= 1;
    if (depth === 0 && letter === ")") break;
    if (depth === 1 && letter === ",") count += 1;
    if (depth > 0) inside += letter;
    if ("([{".includes(letter)) depth += 1;
  }
  return inside.trim() === "" ? 0 : count + 1;
}

/** @typedef {{ name: string, invoke: (scene: Scene, args: unknown[]) => unknown, count: number }} Call */

/** What a class has: its constructor, static methods, methods, writable properties. @param {string} name @returns {Call[]} */
function callsOfClass(name) {
  const type = /** @type {new (...args: unknown[]) => object} */ (Reflect.get(zmq, name));
  /** @type {Call[]} */
  const calls = [
    {
      name,
      invoke: (_scene, args) => new type(...args),
      count: positions(/** @type {Callable} */ (/** @type {unknown} */ (type))),
    },
  ];
  for (const key of Reflect.ownKeys(type)) {
    const method = /** @type {unknown} */ (Reflect.get(type, key));
    if (key === "prototype" || typeof method !== "function") continue;
    const call = /** @type {Callable} */ (method);
    calls.push({
      name: `${name}.${String(key)}`,
      invoke: (_scene, args) => Reflect.apply(call, type, args),
      count: positions(call),
    });
  }
  const seen = new Set(["constructor"]);
  for (
    let prototype = type.prototype;
    prototype !== null && prototype !== Object.prototype && prototype !== Error.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    for (const key of Reflect.ownKeys(prototype)) {
      if (seen.has(/** @type {string} */ (key))) continue;
      seen.add(/** @type {string} */ (key));
      const found = Object.getOwnPropertyDescriptor(prototype, key);
      const label = `${name}#${String(key)}`;
      if (typeof found?.value === "function") {
        const call = /** @type {Callable} */ (found.value);
        calls.push({
          name: label,
          invoke: (scene, args) => Reflect.apply(call, instance(name, scene), args),
          count: positions(call),
        });
      } else if (found?.set !== undefined) {
        calls.push({
          name: `${label}=`,
          invoke: (scene, [value]) => {
            if (!Reflect.set(instance(name, scene), key, value)) throw new TypeError("not written");
          },
          count: 1,
        });
      }
    }
  }
  return calls;
}

/** What the methods are called on. @param {string} name @param {Scene} scene @returns {object} */
function instance(name, scene) {
  if (name === "Socket") return scene.socket;
  if (name === "Context") return scene.context;
  if (name === "Poller") return scene.poller;
  if (name === "Frame" || name === "Message") return scene.frame;
  if (name === "MessageTracker") return /** @type {object} */ (scene.frame.tracker);
  if (name === "Endpoint") return scene.socket.bind("inproc://endpoint");
  return /** @type {object} */ (Reflect.construct(Reflect.get(zmq, name), good[name]?.(scene) ?? []));
}

const isClass = (/** @type {unknown} */ value) =>
  typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));

/** Everything that is exported and can be called, by the group that it is tested with. */
/** @type {Map<string, Call[]>} */
export const groups = new Map([["functions", []]]);
for (const [name, value] of Object.entries(zmq)) {
  if (isClass(value)) groups.set(name, callsOfClass(name));
  else if (typeof value === "function") {
    const call = /** @type {Callable} */ (value);
    groups.get("functions")?.push({ name, invoke: (_scene, args) => call(...args), count: positions(call) });
  }
}

/** Two connected sockets with messages on their way, and whatever else methods are called on. @param {string} name @returns {Scene} */
function setScene(name) {
  const context = new zmq.Context();
  const [left, right] = types[name] ?? [zmq.PAIR, zmq.PAIR];
  const socket = context.socket(left, { linger: 0 });
  const peer = context.socket(right, { linger: 0 });
  if (left === zmq.PAIR) {
    socket.bind("inproc://scene");
    peer.connect("inproc://scene");
    for (let i = 0; i < 20; i++) peer.sendSync("1"); // more than any getters receive
  }
  if (name.endsWith("getsockopt")) context.linger = 0;
  const poller = new zmq.Poller();
  poller.register(socket, zmq.POLLIN);
  return { context, socket, peer, poller, frame: new zmq.Frame("x", { track: true }) };
}

const WAITS = Symbol("waits");

/** What the promise comes to, or that it waits. @param {PromiseLike<unknown>} promise */
async function settled(promise) {
  let result = /** @type {unknown} */ (WAITS);
  let failed = false;
  promise.then(
    (value) => {
      result = value;
    },
    (error) => {
      result = error;
      failed = true;
    },
  );
  for (let i = 0; i < 50 && result === WAITS; i++) await new Promise((resolve) => setImmediate(resolve));
  if (failed) throw result;
  return result;
}

/** A result in a word. @param {unknown} value */
function word(value) {
  if (value === WAITS) return "waits";
  if (value === undefined || value === null || typeof value === "number" || typeof value === "boolean") {
    return `gives ${String(value)}`;
  }
  if (Array.isArray(value)) return "gives an array";
  if (typeof value === "object") return `gives a ${value.constructor.name}`;
  return `gives a ${typeof value}`;
}

/** @param {unknown} error @param {string} [about] the class that is made */
function failure(error, about = "") {
  if (!(error instanceof Error)) return `BAD: threw ${inspect(error)}`;
  const { message } = error;
  // The engine's own words are about our code, and not about what the caller did.
  const internal =
    /Cannot (read|set|convert|mix|destructure)|is not (a function|iterable|a constructor|defined|an object)|undefined \(|Invalid argument type|Illegal invocation|must be of type|\bERR_/;
  // An error's text becomes a string as that of any Error does.
  const own = isClass(Reflect.get(zmq, about)) && Reflect.get(zmq, about).prototype instanceof Error;
  if (own && internal.test(message)) return error.name;
  if (message === "" || internal.test(message) || !/\bat\b/.test(error.stack ?? "")) {
    return `BAD: ${error.stack ?? message}`;
  }
  if (error instanceof zmq.ZMQError) return String(error.code);
  if (error instanceof zmq.ZMQBaseError) return error.name;
  if (error.constructor === TypeError || error.constructor === RangeError || error.constructor === Error) {
    return error.name;
  }
  return `BAD: ${error.stack}`;
}

/** Whether the scene's sockets are in order after the call. @param {string} name @param {Scene} scene */
function aftermath(name, { socket, peer }) {
  if (socket.closed) return "closed";
  if (name in types || /term|destroy|proxy|device|dispose/i.test(name)) return "";
  try {
    peer.sendSync("last", { timeout: 1000 });
    for (;;) if (socket.recvMultipartSync({ timeout: 1000 }).join() === "last") return "";
  } catch (error) {
    return failure(error);
  }
}

let current = "";
for (const event of ["unhandledRejection", "uncaughtException"]) {
  process.on(event, (error) => {
    say({ call: current, position: -1, kind: event, outcome: `BAD: ${inspect(error)}`, after: "" });
  });
}

/** @param {Call} call @param {number} position @param {string} kind @param {(scene: Scene) => unknown} make */
async function probe({ name, invoke }, position, kind, make) {
  const scene = setScene(name);
  const args = good[name.replace(/^Message(?=#|$)/, "Frame")]?.(scene) ?? [];
  while (args.length < position) args.push(undefined);
  args[position] = make(scene);
  current = `${name}(${position}: ${kind})`;
  let outcome;
  try {
    const result = invoke(scene, args);
    // A method that returns a promise never throws, and one that throws returns none.
    outcome =
      typeof result === "object" && result !== null && "then" in result
        ? `resolves: ${word(await settled(/** @type {PromiseLike<unknown>} */ (result)).catch((error) => error))}`
        : word(result);
    if (outcome.startsWith("resolves: gives a") && result instanceof Promise) {
      await result.catch((error) => {
        outcome = `rejects: ${failure(error)}`;
      });
    }
    if (result instanceof zmq.Socket && result !== scene.socket) result.close(0);
    if (result instanceof zmq.Context && result !== scene.context && name !== "Context.instance")
      await result.destroy(0);
  } catch (error) {
    outcome = failure(error, name);
  }
  const after = aftermath(name, scene);
  await scene.context.destroy(0);
  say({ call: name, position, kind, outcome, after });
}

const wanted = process.argv[2] ?? "";
if (wanted === "--groups") {
  say([...groups.keys()]);
} else {
  for (const call of groups.get(wanted) ?? []) {
    if (/^Context#term$/.test(call.name) && call.count === 0) continue;
    for (let position = 0; position < call.count; position++) {
      for (const [kind, make] of Object.entries(bad)) await probe(call, position, kind, make);
    }
  }
  await zmq.Context.instance().destroy(0);
  await graveyard.term();
  say({ done: wanted });
}
