import * as os from "node:os";
import { describe, expect, expectTypeOf, test } from "vitest";
import * as zmq from "../lib/constants.js";

const groups = {
  ContextOption: zmq.ContextOption,
  SocketType: zmq.SocketType,
  SocketOption: zmq.SocketOption,
  MessageOption: zmq.MessageOption,
  Flag: zmq.Flag,
  PollEvent: zmq.PollEvent,
  Event: zmq.Event,
  SecurityMechanism: zmq.SecurityMechanism,
  DeviceType: zmq.DeviceType,
  ReconnectStop: zmq.ReconnectStop,
  RouterNotify: zmq.RouterNotify,
  NormMode: zmq.NormMode,
  Errno: zmq.Errno,
};

// pyzmq's prefixes for the names at the top level.
const prefixes: Readonly<Record<string, string>> = {
  Event: "EVENT_",
  NormMode: "NORM_",
  ReconnectStop: "RECONNECT_STOP_",
  RouterNotify: "NOTIFY_",
};

describe("constants", () => {
  test.each(Object.entries(groups))("every member of %s is a top-level constant too", (name, group) => {
    const top: Readonly<Record<string, unknown>> = zmq;
    for (const [member, value] of Object.entries(group)) {
      const prefix = member.startsWith("PROTOCOL_ERROR_") ? "" : (prefixes[name] ?? "");
      expect([prefix + member, top[prefix + member]]).toEqual([prefix + member, value]);
    }
    expect(Object.isFrozen(group)).toBe(true);
  });

  test("a member's type is its number", () => {
    expect(zmq.REQ).toBe(zmq.SocketType.REQ);
    expectTypeOf(zmq.SocketType.REQ).toEqualTypeOf<3>();
    expectTypeOf<typeof zmq.REQ>().toEqualTypeOf<3>();
    expectTypeOf<zmq.DeviceType>().toEqualTypeOf<1 | 2 | 3>();
    expectTypeOf<zmq.Errno>().toEqualTypeOf<number>();
  });

  test("older names are the same number", () => {
    expect(zmq.XREQ).toBe(zmq.DEALER);
    expect(zmq.XREP).toBe(zmq.ROUTER);
    expect(zmq.IDENTITY).toBe(zmq.ROUTING_ID);
    expect(zmq.CONNECT_RID).toBe(zmq.CONNECT_ROUTING_ID);
    expect(zmq.DELAY_ATTACH_ON_CONNECT).toBe(zmq.IMMEDIATE);
    expect(zmq.FAIL_UNROUTABLE).toBe(zmq.ROUTER_MANDATORY);
    expect(zmq.ROUTER_BEHAVIOR).toBe(zmq.ROUTER_MANDATORY);
    expect(zmq.NOBLOCK).toBe(zmq.DONTWAIT);
    expect(zmq.THREAD_PRIORITY).toBe(zmq.SOCKET_LIMIT);
    expect(zmq.EVENT_ALL).toBe(zmq.EVENT_ALL_V1);
  });

  test("POSIX errors have this system's numbers, libzmq's own are fixed", () => {
    expect(zmq.EAGAIN).toBe(os.constants.errno.EAGAIN);
    expect(zmq.EADDRINUSE).toBe(os.constants.errno.EADDRINUSE);
    expect(zmq.ENOTSUP).toBe(os.constants.errno.ENOTSUP);
    expect(zmq.ENOTSOCK).toBe(os.constants.errno.ENOTSOCK);
    expect(zmq.EFSM).toBe(zmq.HAUSNUMERO + 51);
    expect(zmq.ENOCOMPATPROTO).toBe(zmq.HAUSNUMERO + 52);
    expect(zmq.ETERM).toBe(zmq.HAUSNUMERO + 53);
    expect(zmq.EMTHREAD).toBe(zmq.HAUSNUMERO + 54);
  });

  test("a constant is a number, unless it names a message property", () => {
    const all = Object.entries(zmq).filter(([name]) => /^[A-Z0-9_]+$/.test(name));
    expect(all.length).toBeGreaterThan(250);
    for (const [name, value] of all) {
      const type = name.startsWith("MSG_PROPERTY_") ? "string" : "number";
      expect([name, typeof value]).toEqual([name, type]);
    }
  });

  test("pyzmq's copy threshold is 64 KiB, and an ipc path has a limit", () => {
    expect(zmq.COPY_THRESHOLD).toBe(65536);
    expect(zmq.IPC_PATH_MAX_LEN).toBeGreaterThan(100);
  });
});
