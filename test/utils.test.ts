import * as zmq from "nodezmq";
import { interop, jsonapi, monitor, strtypes, win32 } from "nodezmq/utils";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { newContext, pair, rejection } from "./support/sockets.js";

describe("jsonapi", () => {
  test("dumps gives bytes, loads takes bytes and text", () => {
    const value = { name: "é", list: [1, null, true], nested: { a: "" } };
    const bytes = jsonapi.dumps(value);
    expect(Buffer.isBuffer(bytes)).toBe(true);
    expect(bytes.toString()).toBe('{"name":"é","list":[1,null,true],"nested":{"a":""}}');
    expect(jsonapi.loads(bytes)).toEqual(value);
    expect(jsonapi.loads(bytes.toString())).toEqual(value);
    expect(jsonapi.loads(new Uint8Array(bytes))).toEqual(value);
    expect(jsonapi.jsonmod).toBe(JSON);
  });

  test("dumps indents and sorts", () => {
    const value = { b: 1, a: { d: [{ z: 1, y: 2 }], c: 3 } };
    expect(jsonapi.dumps(value, { sortKeys: true }).toString()).toBe(
      '{"a":{"c":3,"d":[{"y":2,"z":1}]},"b":1}',
    );
    expect(jsonapi.dumps({ a: 1 }, { indent: 2 }).toString()).toBe('{\n  "a": 1\n}');
    expect(() => jsonapi.dumps(1, { sort: true } as never)).toThrow(TypeError);
  });

  test("what is no JSON is an error", () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    for (const wrong of [undefined, () => {}, cycle, 1n])
      expect(() => jsonapi.dumps(wrong)).toThrow(TypeError);
    for (const wrong of ["", "{", Buffer.from([0xff])])
      expect(() => jsonapi.loads(wrong)).toThrow(SyntaxError);
    for (const wrong of [null, undefined, 5, {}])
      expect(() => jsonapi.loads(wrong as never)).toThrow(TypeError);
  });
});

describe("strtypes", () => {
  test("casts to bytes and to text", () => {
    expect(strtypes.castBytes("é")).toEqual(Buffer.from("é"));
    expect(strtypes.castBytes("é", "latin1")).toEqual(Buffer.from([0xe9]));
    const bytes = Buffer.from("é");
    expect(strtypes.castBytes(bytes)).toEqual(bytes);
    expect(strtypes.castBytes(new Uint8Array(bytes))).toEqual(bytes);
    expect(strtypes.castUnicode(bytes)).toBe("é");
    expect(strtypes.castUnicode(Buffer.from([0xe9]), "latin1")).toBe("é");
    expect(strtypes.castUnicode("é")).toBe("é");
    for (const alias of [strtypes.asbytes, strtypes.b]) expect(alias).toBe(strtypes.castBytes);
    expect(strtypes.u).toBe(strtypes.castUnicode);
    expect([strtypes.bytes, strtypes.unicode, strtypes.basestring]).toEqual([Buffer, String, [String]]);
  });

  test("refuses all else", () => {
    for (const wrong of [null, undefined, 5, {}, []]) {
      expect(() => strtypes.castBytes(wrong as never)).toThrow(TypeError);
      expect(() => strtypes.castUnicode(wrong as never)).toThrow(TypeError);
    }
    expect(() => strtypes.castUnicode(Buffer.from([0xff]))).toThrow(RangeError);
    expect(() => strtypes.castBytes("x", "klingon" as never)).toThrow(TypeError);
    expect(() => strtypes.castUnicode(Buffer.from("x"), "klingon" as never)).toThrow(TypeError);
  });
});

describe("monitor", () => {
  /** What libzmq writes, in this machine's byte order. */
  function message(event: number, value: number, endpoint: string): Buffer[] {
    const head = Buffer.alloc(6);
    new Uint8Array(head.buffer, head.byteOffset, 2).set(new Uint8Array(Uint16Array.of(event).buffer));
    new Uint8Array(head.buffer, head.byteOffset + 2, 4).set(new Uint8Array(Int32Array.of(value).buffer));
    return [head, Buffer.from(endpoint)];
  }

  test("parses a message into plain numbers and strings", () => {
    expect(
      monitor.parseMonitorMessage(message(zmq.EVENT_CONNECT_RETRIED, 17, "tcp://127.0.0.1:5555")),
    ).toEqual({
      event: zmq.EVENT_CONNECT_RETRIED,
      name: "CONNECT_RETRIED",
      value: 17,
      endpoint: "tcp://127.0.0.1:5555",
    });
    // An int32, as in pyzmq: -1 is what libzmq says where there is no descriptor.
    expect(monitor.parseMonitorMessage(message(zmq.EVENT_DISCONNECTED, -1, ""))).toMatchObject({ value: -1 });
    expect(monitor.parseMonitorMessage(message(0x8000, 0, ""))).toMatchObject({
      event: 0x8000,
      name: "EVENT_32768",
    });
    const offset = Buffer.concat([Buffer.from("x"), ...message(zmq.EVENT_LISTENING, 3, "")]).subarray(1);
    expect(monitor.parseMonitorMessage([offset, Buffer.from("ipc://x")])).toMatchObject({ value: 3 });
  });

  test("anything else is an Error that says so", () => {
    for (const wrong of [
      [],
      [Buffer.alloc(6)],
      [Buffer.alloc(5), Buffer.alloc(0)],
      message(1, 0, "").concat(Buffer.alloc(0)),
    ]) {
      expect(() => monitor.parseMonitorMessage(wrong)).toThrow(/not a monitor message/);
    }
  });

  test("receives the events of a monitor socket, in order", async () => {
    const context = newContext();
    const server = context.socket(zmq.REP);
    const events = server.getMonitorSocket();
    server.bind("tcp://127.0.0.1:*");
    const address = server.lastEndpoint;
    const client = context.socket(zmq.REQ);
    client.connect(address);
    const names = ["LISTENING", "ACCEPTED", "HANDSHAKE_SUCCEEDED"];
    for (const name of names) {
      const event = await monitor.recvMonitorMessage(events);
      expect(event).toMatchObject({ name, endpoint: address });
      expect(typeof event.value).toBe("number");
    }
    client.close();
    expect(await monitor.recvMonitorMessage(events)).toMatchObject({ name: "DISCONNECTED" });
    server.disableMonitor();
    expect(monitor.recvMonitorMessageSync(events)).toMatchObject({
      event: zmq.EVENT_MONITOR_STOPPED,
      value: 0,
      endpoint: "",
    });
    expect(await rejection(monitor.recvMonitorMessage(events, zmq.DONTWAIT))).toBeInstanceOf(zmq.Again);
    expect(await rejection(monitor.recvMonitorMessage(events, { timeout: 1 }))).toBeInstanceOf(zmq.Again);
    events.close();
    expect(await rejection(monitor.recvMonitorMessage(events))).toMatchObject({ code: "ENOTSOCK" });
  });

  test("never throws synchronously", async () => {
    for (const wrong of [null, undefined, {}, 5]) {
      expect(await rejection(monitor.recvMonitorMessage(wrong as never))).toBeInstanceOf(TypeError);
    }
    const [push, pull] = pair(zmq.PUSH, zmq.PULL);
    await push.send("no event");
    expect(await rejection(monitor.recvMonitorMessage(pull))).toMatchObject({
      message: expect.stringMatching(/not a monitor message/),
    });
  });

  test("is what the main module has too", () => {
    expect(monitor.parseMonitorMessage).toBe(zmq.parseMonitorMessage);
    expect(monitor.recvMonitorMessage).toBe(zmq.recvMonitorMessage);
    expect(zmq.utils.monitor.recvMonitorMessage).toBe(zmq.recvMonitorMessage);
  });
});

describe("win32", () => {
  const on = (platform: NodeJS.Platform): void => {
    const real = Object.getOwnPropertyDescriptor(process, "platform") as PropertyDescriptor;
    Object.defineProperty(process, "platform", { ...real, value: platform });
    onTestFinished(() => void Object.defineProperty(process, "platform", real));
  };

  test("allowInterrupt calls back at Ctrl-C on Windows, until its block ends", () => {
    on("win32");
    const before = process.listeners("SIGINT");
    const action = vi.fn();
    {
      using _allowed = win32.allowInterrupt(action);
      const added = process.listeners("SIGINT").filter((listener) => !before.includes(listener));
      expect(added).toHaveLength(1);
      added[0]?.("SIGINT");
    }
    expect(action).toHaveBeenCalledTimes(1);
    expect(process.listeners("SIGINT")).toEqual(before);
  });

  test("elsewhere, or without an action, it does nothing", () => {
    const before = process.listeners("SIGINT");
    on("linux");
    win32.allowInterrupt(() => {}).close();
    on("win32");
    const allowed = win32.allowInterrupt();
    expect(process.listeners("SIGINT")).toEqual(before);
    allowed.close();
    win32.allowInterrupt(null)[Symbol.dispose]();
    expect(() => win32.allowInterrupt(5 as never)).toThrow(TypeError);
  });
});

describe("interop", () => {
  test("castIntAddr gives the address behind a thing", () => {
    const context = newContext();
    const socket = context.socket(zmq.PULL);
    expect(interop.castIntAddr(5n)).toBe(5n);
    expect(interop.castIntAddr(5)).toBe(5n);
    expect(interop.castIntAddr(context)).toBe(context.underlying);
    expect(zmq.Socket.shadow(interop.castIntAddr(socket)).type).toBe(zmq.PULL);
    for (const wrong of [1.5, Number.NaN, 2 ** 60])
      expect(() => interop.castIntAddr(wrong)).toThrow(RangeError);
    for (const wrong of [null, undefined, "x", {}])
      expect(() => interop.castIntAddr(wrong)).toThrow(TypeError);
  });
});
