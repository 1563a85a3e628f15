/** Every option of the table, set and read on a socket of every type. The facts are in support/option-facts.ts. */
import { inspect } from "node:util";
import * as zmq from "nodezmq";
import { describe, expect, onTestFinished, test } from "vitest";
import { contextOptions, notAccessors, type OptionRow, socketOptions } from "../lib/options.js";
import { facts, noKey, ReadsAs, shortLived, threadSafe, types } from "./support/option-facts.js";
import { newContext, turn } from "./support/sockets.js";

const rows = Object.entries(socketOptions) as [string, OptionRow][];
const methods: readonly string[] = notAccessors;

const older = ["identity", "connectRid", "delayAttachOnConnect", "failUnroutable", "routerBehavior"];

/** What the call returns, or how it fails: the errno's name, or the error's text. */
function outcome(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error instanceof zmq.ZMQError ? error.code : String(error);
  }
}

/** A value in a form that can be compared: Buffers by their bytes, bigints as such. */
const plain = (value: unknown): unknown =>
  ArrayBuffer.isView(value) ? [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)] : value;

const access = (socket: zmq.Socket): Record<string, unknown> => socket as unknown as Record<string, unknown>;

/** How the option reads on a new socket of the type. */
function initial(name: string, [, kind, , value]: OptionRow, type: number): unknown {
  if (name === "linger" && shortLived.includes(type)) return 0;
  if (name === "type") return type;
  if (name === "threadSafe") return threadSafe.includes(type);
  if (kind === "key") return noKey;
  return kind === "bytes" ? Buffer.from(String(value)) : value;
}

const constantOf = (property: string): string => property.replace(/[A-Z]/g, "_$&").toUpperCase();

const accepted = (name: string, type: number): boolean => {
  const on = facts[name]?.on;
  return on === undefined || (on !== "none" && on.includes(type));
};

/** The option cannot be compared with a value that is known beforehand. */
const differs = (name: string): boolean => name === "fd" || name === "events";

test("the facts are about the options of the table, all of them", () => {
  expect(Object.keys(facts).sort()).toEqual(Object.keys(socketOptions).sort());
});

/** What is not as it was expected, all of it: one option that differs must not hide the next. */
class Differences extends Array<readonly unknown[]> {
  compare(got: unknown, wanted: unknown, ...what: unknown[]): void {
    if (inspect(plain(got)) !== inspect(plain(wanted))) this.push([...what, "is", got, "instead of", wanted]);
  }
}

describe.each(types)("%s", (_name, type) => {
  test("has the table's defaults, by number and by property", () => {
    const socket = newContext().socket(type);
    const wrong = new Differences();
    for (const [name, row] of rows) {
      const [option, , how] = row;
      if (differs(name)) continue;
      const got = outcome(() => socket.get(option));
      const there = how !== "w" && (accepted(name, type) || facts[name]?.readsOn === "all");
      wrong.compare(got, there ? initial(name, row, type) : "EINVAL", name);
      if (methods.includes(name)) continue;
      const property = outcome(() => access(socket)[name]);
      wrong.compare(property, how === "w" ? `Error: ${name} is write-only` : got, name, "as a property");
    }
    expect([...wrong]).toEqual([]);
  });

  test("takes what libzmq takes, and reads it back, by number and by property", () => {
    const socket = newContext().socket(type);
    const wrong = new Differences();
    for (const [name, [option, , how]] of rows) {
      for (const one of how === "r" ? [] : (facts[name]?.takes ?? [])) {
        const [given, read] = one instanceof ReadsAs ? [one.given, one.read] : [one, one];
        const success = accepted(name, type) ? undefined : "EINVAL";
        const assign = (): void => {
          access(socket)[name] = given;
        };
        for (const write of [() => socket.set(option, given as never), assign]) {
          if (write === assign && methods.includes(name)) continue;
          wrong.compare(outcome(write), success, name, given);
          if (how !== "w" && success === undefined) wrong.compare(socket.get(option), read, name, given);
        }
      }
    }
    expect([...wrong]).toEqual([]);
  });

  test("refuses what libzmq refuses, and what can only be read, and stays as it was", () => {
    const socket = newContext().socket(type);
    const wrong = new Differences();
    for (const [name, [option, kind, how]] of rows) {
      const wrongs = how === "r" ? [kind === "text" ? "x" : 1] : (facts[name]?.refuses ?? []);
      for (const value of wrongs) {
        const read = (): unknown => (differs(name) ? undefined : socket.get(option));
        const before = outcome(read);
        wrong.compare(
          outcome(() => socket.set(option, value as never)),
          "EINVAL",
          name,
          value,
        );
        wrong.compare(outcome(read), before, name, "after", value);
      }
      if (how !== "r" || methods.includes(name)) continue;
      const assign = (): void => {
        access(socket)[name] = 1;
      };
      wrong.compare(outcome(assign), `Error: ${name} is read-only`, name);
    }
    expect([...wrong]).toEqual([]);
  });
});

describe("a context", () => {
  const values: Record<string, readonly unknown[]> = {
    ioThreads: [0, 1, 4],
    maxSockets: [1, 2000],
    maxMsgsz: [0, 1000],
    threadSchedPolicy: [0],
    zeroCopyRecv: [false, true],
    ipv6: [true, false],
    blocky: [false, true],
    threadPriority: [0, 5],
    threadAffinityCpuAdd: [0],
    threadAffinityCpuRemove: [0],
    threadNamePrefix: [7, "worker", "8th"],
  };
  const refused: Record<string, unknown> = {
    ioThreads: -1,
    maxSockets: 0,
    maxMsgsz: -1,
    threadPriority: -1,
    threadAffinityCpuAdd: -1,
    threadAffinityCpuRemove: 3,
    threadNamePrefix: "more than 16 bytes",
  };

  test("has the table's defaults, takes and refuses what libzmq does, by number and by property", () => {
    const context = newContext() as unknown as zmq.Context & Record<string, unknown>;
    const wrong = new Differences();
    for (const [name, [option, kind, how, value]] of Object.entries(contextOptions) as [
      string,
      OptionRow,
    ][]) {
      const write = `Error: ${name} is write-only`;
      wrong.compare(
        outcome(() => context[name]),
        how === "w" ? write : value,
        name,
      );
      if (name !== "threadPriority") {
        wrong.compare(
          outcome(() => context.get(option)),
          how === "w" ? "EINVAL" : value,
          name,
        );
      }
      const assign = (given: unknown) => (): void => {
        (context as Record<string, unknown>)[name] = given;
      };
      if (how === "r") wrong.compare(outcome(assign(1)), `Error: ${name} is read-only`, name);
      if (name === "msgTSize")
        wrong.compare(
          outcome(() => context.set(option, 1 as never)),
          "EINVAL",
          name,
        );
      for (const given of values[name] ?? []) {
        for (const act of [() => context.set(option, given as never), assign(given)]) {
          // A CPU that was taken back once cannot be taken back again.
          if (name === "threadAffinityCpuRemove") context.threadAffinityCpuAdd = 0;
          wrong.compare(outcome(act), undefined, name, given);
          if (how === "rw")
            wrong.compare(
              outcome(() => context.get(option)),
              given,
              name,
              given,
            );
          if (how === "rw") wrong.compare(context[name], given, name, given);
        }
      }
      if (name in refused) wrong.compare(outcome(assign(refused[name])), "EINVAL", name, refused[name]);
      if (kind === "bool")
        wrong.compare(
          outcome(assign(2)),
          `RangeError: ${constantOf(name)} takes true, false, 0 or 1; got 2`,
          name,
        );
    }
    expect([...wrong]).toEqual([]);
  });

  test("gives the sockets made later what was set on it, and no more once it is taken back", () => {
    const context = newContext() as unknown as zmq.Context & Record<string, unknown>;
    const wrong = new Differences();
    for (const [name, row] of rows) {
      const [option, , how] = row;
      // ipv6 is an option of the context's own, and what has an older name is found under the newer one.
      if (name === "ipv6" || older.includes(name)) continue;
      const [one] = facts[name]?.takes ?? [];
      const [given, read] = one instanceof ReadsAs ? [one.given, one.read] : [one, one];
      if (how === "r" || given === undefined) continue;
      wrong.compare(
        outcome(() => context[name]),
        `Error: the context has no default for socket option ${option} (${constantOf(name)})`,
        name,
      );
      (context as Record<string, unknown>)[name] = given;
      wrong.compare(context[name], given, name);
      wrong.compare(context.getsockopt(option), given, name);
      for (const type of [zmq.DEALER, zmq.SUB, zmq.ROUTER]) {
        const socket = context.socket(type);
        if (how === "rw" && accepted(name, type)) wrong.compare(socket.get(option), read, name, "by default");
        socket.close();
        if (!accepted(name, type)) continue;
        const other = context.socket(type, { [name]: given } as never);
        if (how === "rw") wrong.compare(other.get(option), read, name, "as an option");
        other.close();
      }
      (context as Record<string, unknown>)[name] = undefined;
      wrong.compare(
        outcome(() => context[name]),
        `Error: the context has no default for socket option ${option} (${constantOf(name)})`,
        name,
      );
      const socket = context.socket(zmq.DEALER);
      if (how === "rw" && accepted(name, zmq.DEALER)) {
        wrong.compare(socket.get(option), initial(name, row, zmq.DEALER), name, "taken back");
      }
      socket.close();
    }
    expect([...wrong]).toEqual([]);
  });

  test("has no default for what can only be read", () => {
    const context = newContext();
    for (const [name, [, , how]] of rows) {
      if (how !== "r" || name === "events" || name === "type") continue;
      expect(() => Object.assign(context, { [name]: 1 })).toThrow(`${name} is read-only`);
    }
  });
});

describe("the descriptor of a thread-safe socket", () => {
  test("is a poller's that stands in for it, and signals a message", async () => {
    const context = newContext();
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on("warning", listen);
    onTestFinished(() => void process.off("warning", listen));
    const [server, client] = [context.socket(zmq.SERVER), context.socket(zmq.CLIENT)];
    server.bind("inproc://descriptor");
    client.connect("inproc://descriptor");
    const fd = server.fileno();
    expect([server.fd, server.get(zmq.FD)]).toEqual([fd, fd]);
    expect(client.fd).not.toBe(fd);
    server.get(zmq.EVENTS);
    const poller = new zmq.Poller();
    poller.register(fd, zmq.POLLIN);
    const signalled = poller.poll();
    await client.send("hello");
    expect(await signalled).toEqual([[fd, zmq.POLLIN]]);
    expect(server.get(zmq.EVENTS) & zmq.POLLIN).toBe(zmq.POLLIN);
    expect((await server.recv()).toString()).toBe("hello");
    server.get(zmq.EVENTS);
    expect(await poller.poll(0)).toEqual([]); // asking for the events has quieted it
    // Together with the library's own waiting.
    const next = server.recv();
    await client.send("again");
    expect((await next).toString()).toBe("again");
    await turn();
    expect(warnings.map(({ name }) => name)).toEqual(["DraftFDWarning"]);
  });
});
