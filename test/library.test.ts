/** What the library tells of itself, and that there is one of it. */
import { createRequire } from "node:module";
import * as zmq from "nodezmq";
import { describe, expect, test } from "vitest";
import { run } from "./support/life-child.js";

const require = createRequire(import.meta.url);

function thrown(call: () => unknown): zmq.ZMQError {
  try {
    call();
  } catch (error) {
    return error as zmq.ZMQError;
  }
  throw new Error("nothing was thrown");
}

describe("versions", () => {
  test("are the package's, libzmq's, and that of the pyzmq API that is followed", () => {
    expect(zmq.version).toBe((require("../package.json") as { version: string }).version);
    expect(zmq.zmqVersionInfo()).toEqual([4, 3, 4]);
    expect(zmq.zmqVersion()).toBe("4.3.4");
    expect(zmq.pyzmqVersion()).toBe("27.2.0");
    expect(zmq.pyzmqVersionInfo()).toEqual([27, 2, 0]);
  });
});

describe("capabilities", () => {
  test("are asked for by name, in any case", () => {
    for (const name of ["curve", "ipc", "draft", "tipc", "ws", "WS", "Curve".toLowerCase()]) {
      expect([name, zmq.has(name)]).toEqual([name, true]);
    }
    for (const name of ["gssapi", "pgm", "norm", "vmci", "wss", "nonsense", ""]) {
      expect([name, zmq.has(name)]).toEqual([name, false]);
    }
    expect([zmq.DRAFT_API, zmq.PYZMQ_DRAFT_API]).toEqual([true, true]);
    expect(() => zmq.has(5 as never)).toThrow(TypeError);
  });
});

describe("strerror", () => {
  test("is libzmq's text for a number", () => {
    expect(zmq.strerror(zmq.EAGAIN)).toBe("Resource temporarily unavailable");
    expect(zmq.strerror(zmq.ETERM)).toBe("Context was terminated");
    expect(zmq.strerror(zmq.EFSM)).toBe("Operation cannot be accomplished in current state");
    expect(zmq.strerror(zmq.EADDRINUSE)).toBe("Address already in use");
    for (const wrong of ["5", null, 1.5, 5n]) expect(() => zmq.strerror(wrong as never)).toThrow(TypeError);
    expect(() => zmq.strerror(2 ** 31)).toThrow(RangeError);
  });
});

describe("CURVE keys", () => {
  test("are made in pairs of 40 characters; the public one follows from the secret one", () => {
    const [publicKey, secretKey] = zmq.curveKeypair();
    const z85 = /^[0-9A-Za-z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/;
    expect(publicKey).toMatch(z85);
    expect(secretKey).toMatch(z85);
    expect(zmq.curveKeypair()).not.toEqual([publicKey, secretKey]);
    expect(zmq.curvePublic(secretKey)).toBe(publicKey);
    expect(zmq.curvePublic(Buffer.from(secretKey))).toBe(publicKey);
  });

  test("that are none are told", () => {
    for (const wrong of ["", "x".repeat(39), "x".repeat(41), Buffer.alloc(32)]) {
      expect(() => zmq.curvePublic(wrong)).toThrow(RangeError);
    }
    for (const wrong of [5, null, {}]) expect(() => zmq.curvePublic(wrong as never)).toThrow(TypeError);
    const [, secretKey] = zmq.curveKeypair();
    for (const letter of ['"', "~", " ", "\u00e9", "\0"]) {
      expect(thrown(() => zmq.curvePublic(letter + secretKey.slice(1))).code).toBe("EINVAL");
    }
  });
});

describe("the library", () => {
  test("is one for import and require, on each thread: classes, context, sockets that any poller takes", async () => {
    const { stdout, code } = await run(`
      const { Worker, isMainThread } = require("node:worker_threads");
      import("nodezmq").then(async (imported) => {
        const required = require("nodezmq");
        const error = await import("nodezmq/error");
        say(["Context", "Socket", "ZMQError", "Poller"].every((name) => imported[name] === required[name]));
        say(error.ZMQError === required.ZMQError, required.error.ZMQError === required.ZMQError);
        say(imported.Context.instance() === required.Context.instance());
        const poller = new imported.Poller();
        const socket = required.Context.instance().socket(required.PUSH);
        socket.bind("inproc://x");
        imported.Context.instance().socket(imported.PULL).connect("inproc://x");
        poller.register(socket, imported.POLLOUT);
        say((await poller.poll())[0][0] === socket);
        process.exit();
      });`);
    expect([code, stdout]).toEqual([0, "true\ntrue true\ntrue\ntrue\n"]);
  });

  test("has error classes and nothing else in zmq.error", () => {
    expect(Object.keys(zmq.error).sort()).toEqual([
      "Again",
      "ContextTerminated",
      "DraftFDWarning",
      "InterruptedSystemCall",
      "NotDone",
      "ZMQBaseError",
      "ZMQBindError",
      "ZMQError",
      "ZMQVersionError",
    ]);
    for (const [name, type] of Object.entries(zmq.error)) {
      expect((zmq as unknown as Record<string, unknown>)[name]).toBe(type);
    }
  });

  test("has every constant as a name of its own, identical with its enum's", () => {
    expect(zmq.REQ).toBe(zmq.SocketType.REQ);
    expect(zmq.LINGER).toBe(zmq.SocketOption.LINGER);
    expect(zmq.POLLIN).toBe(zmq.PollEvent.POLLIN);
    expect(zmq.EVENT_CONNECTED).toBe(zmq.Event.CONNECTED);
  });
});
