import { readFileSync } from "node:fs";
import { describe, expect, expectTypeOf, test } from "vitest";
import * as zmq from "../lib/constants.js";
import { ZMQError } from "../lib/errors.js";
import * as options from "../lib/options.js";
import { didYouMean, suggest } from "../lib/suggest.js";

const encode = (option: number, value: unknown) =>
  options.encodeOption(options.socketOptionRow(option), option, value);
const encodeContext = (option: number, value: unknown) =>
  options.encodeOption(options.contextOptionRow(option), option, value);
const decode = (option: number, value: number | bigint | Buffer) =>
  options.decodeOption(options.socketOptionRow(option), option, value);

/** What the call throws. */
function thrown(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("nothing was thrown");
}

const z85 = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";

describe("the option tables", () => {
  test("give every option of pyzmq a property, named as the constant in camelCase", () => {
    const properties = new Set(Object.keys(options.socketOptions));
    for (const name of Object.keys(zmq.SocketOption)) {
      if (name === "HWM" || name === "BLOCKY") continue; // a pair of options, and a context's
      const property = name.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
      expect([name, properties.has(property)]).toEqual([name, true]);
    }
    expect(options.socketOptions.lastEndpoint[0]).toBe(zmq.LAST_ENDPOINT);
    expect(options.socketOptions.tcpKeepaliveIdle[0]).toBe(zmq.TCP_KEEPALIVE_IDLE);
    expect(options.contextOptions.ioThreads[0]).toBe(zmq.IO_THREADS);
  });

  test("say of every option what it does", () => {
    const source = readFileSync(new URL("../src/options.ts", import.meta.url), "utf8");
    const rows = [...source.matchAll(/(.*)\n {2}(\w+): \[\s*zmq\.\w+,/g)];
    const known = Object.keys(options.socketOptions).length + Object.keys(options.contextOptions).length;
    expect(rows.length).toBe(known);
    const silent = rows.filter(([, comment]) => !/^ {2}\/\*\* .*[.] \*\/$/.test(comment ?? ""));
    expect(silent.map(([, , name]) => name)).toEqual([]);
  });

  test("name an option by its constant", () => {
    expect(options.optionName(options.socketOptionRow(zmq.LINGER), zmq.LINGER)).toBe("LINGER");
    expect(options.optionName(options.socketOptions.identity, zmq.IDENTITY)).toBe("IDENTITY");
    expect(options.optionName(options.contextOptionRow(4), 4)).toBe("THREAD_SCHED_POLICY");
    expect(options.optionName(options.socketOptionRow(4), 4)).toBe("AFFINITY");
    expect(options.optionName(undefined, 999)).toBe("option 999");
  });

  test("derive the types of values", () => {
    expectTypeOf<options.SocketOptionValue<typeof zmq.LINGER>>().toEqualTypeOf<number>();
    expectTypeOf<options.SocketOptionValue<typeof zmq.IDENTITY>>().toEqualTypeOf<Buffer>();
    expectTypeOf<options.SocketOptionValue<typeof zmq.AFFINITY>>().toEqualTypeOf<bigint>();
    expectTypeOf<options.SocketOptionInput<typeof zmq.IPV6>>().toEqualTypeOf<boolean | 0 | 1>();
    expectTypeOf<options.SocketOptionValue<999>>().toEqualTypeOf<number>();
    expectTypeOf<options.SocketOptionAccessors["curveServerkey"]>().toEqualTypeOf<string>();
    expectTypeOf<options.SocketOptionAccessors>().not.toHaveProperty("subscribe");
    expectTypeOf<options.SocketOptionWrites>().not.toHaveProperty("lastEndpoint");
    expectTypeOf<options.ContextOptionReads["blocky"]>().toEqualTypeOf<boolean>();
  });

  test("have an accessor for every option, of the type it reads", () => {
    type Accessors = options.SocketOptionAccessors;
    type Reads = options.SocketOptionReads;
    type Named = Exclude<options.SocketOptionName, (typeof options.notAccessors)[number]>;
    type Differing = {
      [K in keyof Reads & keyof Accessors]: [Reads[K], Accessors[K]] extends [Accessors[K], Reads[K]]
        ? never
        : K;
    }[keyof Reads & keyof Accessors];
    expectTypeOf<keyof Accessors>().toEqualTypeOf<Named>();
    expectTypeOf<Differing>().toEqualTypeOf<never>();
    expectTypeOf<keyof options.ContextOptionAccessors>().toEqualTypeOf<options.ContextOptionName>();
  });
});

describe("a value for an option", () => {
  test("is an int of 32 bits", () => {
    expect(encode(zmq.LINGER, -1)).toEqual({ kind: 0, value: -1 });
    expect(encode(zmq.LINGER, 2 ** 31 - 1)).toEqual({ kind: 0, value: 2 ** 31 - 1 });
    expect(encode(zmq.LINGER, 5n)).toEqual({ kind: 0, value: 5 });
    expect(() => encode(zmq.LINGER, 2 ** 31)).toThrow(RangeError);
    expect(() => encode(zmq.LINGER, -(2 ** 31) - 1)).toThrow(RangeError);
    expect(() => encode(zmq.LINGER, 2n ** 70n)).toThrow(RangeError);
    for (const value of [1.5, Number.NaN, Number.POSITIVE_INFINITY, "1", null, undefined, {}, true]) {
      expect(() => encode(zmq.LINGER, value)).toThrow(TypeError);
    }
    expect(() => encode(zmq.LINGER, 1.5)).toThrow("LINGER takes an integer; got 1.5");
    expect(() => encode(zmq.LINGER, "1")).toThrow("LINGER takes an integer; got a string");
  });

  test("is true, false, 0 or 1 for a flag, and libzmq gets 0 or 1", () => {
    for (const on of [true, 1]) expect(encode(zmq.IPV6, on)).toEqual({ kind: 0, value: 1 });
    for (const off of [false, 0]) expect(encode(zmq.IPV6, off)).toEqual({ kind: 0, value: 0 });
    expect(() => encode(zmq.IPV6, 2)).toThrow(RangeError);
    for (const value of ["yes", 0.5, null]) expect(() => encode(zmq.IPV6, value)).toThrow(TypeError);
    expect(decode(zmq.IPV6, 1)).toBe(true);
    expect(decode(zmq.RCVMORE, 0)).toBe(false);
  });

  test("is a bigint for AFFINITY and a number for other wide options", () => {
    expect(encode(zmq.AFFINITY, 3)).toEqual({ kind: 2, value: 3n });
    expect(encode(zmq.AFFINITY, 2n ** 64n - 1n)).toEqual({ kind: 2, value: 2n ** 64n - 1n });
    for (const value of [-1, 2n ** 64n]) expect(() => encode(zmq.AFFINITY, value)).toThrow(RangeError);
    for (const value of ["3", 1.5]) expect(() => encode(zmq.AFFINITY, value)).toThrow(TypeError);
    expect(decode(zmq.AFFINITY, 3n)).toBe(3n);
    expect(encode(zmq.MAXMSGSIZE, 2 ** 40)).toEqual({ kind: 1, value: 2 ** 40 });
    expect(encode(zmq.MAXMSGSIZE, 10n)).toEqual({ kind: 1, value: 10 });
    expect(() => encode(zmq.MAXMSGSIZE, 2 ** 63)).toThrow(RangeError);
    expect(decode(zmq.MAXMSGSIZE, -1)).toBe(-1);
  });

  test("is a string or any kind of bytes where bytes are wanted", () => {
    const data = Uint8Array.from([1, 2, 3, 4]);
    expect(encode(zmq.SUBSCRIBE, "topic")).toEqual({ kind: 3, value: "topic" });
    expect(encode(zmq.SUBSCRIBE, data).value).toEqual(data);
    expect(encode(zmq.SUBSCRIBE, data.buffer).value).toEqual(data);
    expect(encode(zmq.SUBSCRIBE, new DataView(data.buffer, 1, 2)).value).toEqual(Uint8Array.of(2, 3));
    expect(encode(zmq.SUBSCRIBE, new Uint16Array(2)).value).toEqual(new Uint8Array(4));
    for (const value of [5, null, undefined, {}, [1]]) {
      expect(() => encode(zmq.SUBSCRIBE, value)).toThrow(TypeError);
    }
    const gone = new Uint8Array(4);
    structuredClone(gone, { transfer: [gone.buffer] });
    expect(() => encode(zmq.SUBSCRIBE, gone)).toThrow("SUBSCRIBE: the buffer is detached");
  });

  test("reads a routing id byte by byte, and a text without libzmq's NUL", () => {
    expect(decode(zmq.ROUTING_ID, Buffer.from([7, 0]))).toEqual(Buffer.from([7, 0]));
    expect(decode(zmq.LAST_ENDPOINT, Buffer.from("tcp://127.0.0.1:1\0"))).toBe("tcp://127.0.0.1:1");
    expect(decode(zmq.ZAP_DOMAIN, Buffer.from("x\0\0"))).toBe("x\0");
    expect(decode(zmq.PLAIN_USERNAME, Buffer.alloc(0))).toBe("");
  });

  test("may be null where libzmq can reset a text", () => {
    expect(encode(zmq.PLAIN_USERNAME, null)).toEqual({ kind: 3, value: null });
    expect(encode(zmq.SOCKS_PROXY, null)).toEqual({ kind: 3, value: null });
    expect(() => encode(zmq.ROUTING_ID, null)).toThrow(TypeError);
    expect(() => encode(zmq.PLAIN_USERNAME, undefined)).toThrow(TypeError);
  });

  test("is a CURVE key of 32 bytes, 40 characters, or 41 with the NUL", () => {
    const raw = Buffer.alloc(32, 7);
    expect(encode(zmq.CURVE_SERVERKEY, raw).value).toEqual(Uint8Array.from(raw));
    for (const same of [z85, `${z85}\0`, Buffer.from(z85), Buffer.from(`${z85}\0`)]) {
      expect(encode(zmq.CURVE_SERVERKEY, same)).toEqual({ kind: 3, value: z85 });
    }
    expect(decode(zmq.CURVE_SERVERKEY, Buffer.from(`${z85}\0`))).toBe(z85);
    expect(options.nativeSize(options.socketOptionRow(zmq.CURVE_SECRETKEY))).toBe(41);
    for (const value of [z85.slice(1), `${z85}x`, "", raw.subarray(1), `"${z85.slice(1)}`]) {
      const error = thrown(() => encode(zmq.CURVE_SERVERKEY, value));
      expect(error).toBeInstanceOf(ZMQError);
      expect(error).toMatchObject({ errno: zmq.EINVAL, code: "EINVAL" });
      expect(error.message).toContain("CURVE_SERVERKEY takes 32 bytes or 40 characters of Z85");
    }
    expect(() => encode(zmq.CURVE_SERVERKEY, 5)).toThrow(TypeError);
  });

  test("is never told by an error when it may be secret", () => {
    const secret = "4242424242";
    for (const [option, value] of [
      [zmq.PLAIN_PASSWORD, Number(secret)],
      [zmq.PLAIN_PASSWORD, { secret, toString: () => secret }],
      [zmq.LINGER, secret],
      [zmq.IPV6, secret],
      [zmq.AFFINITY, secret],
      [zmq.CURVE_SECRETKEY, secret],
      [999, { secret }],
    ] as const) {
      expect(thrown(() => encode(option, value)).message).not.toContain(secret);
    }
  });

  test("goes by its own type where the option is unknown", () => {
    expect(encode(999, 5)).toEqual({ kind: 0, value: 5 });
    expect(encode(999, 5n)).toEqual({ kind: 1, value: 5 });
    expect(encode(999, "x")).toEqual({ kind: 3, value: "x" });
    expect(encode(999, Buffer.from("x")).kind).toBe(3);
    expect(() => encode(999, null)).toThrow("option 999 takes a number, a string or bytes; got null");
    expect(options.nativeKind(options.socketOptionRow(999))).toBe(0);
    expect(decode(999, 5)).toBe(5);
  });

  test("is taken by a context too", () => {
    expect(encodeContext(zmq.IO_THREADS, 4)).toEqual({ kind: 0, value: 4 });
    expect(encodeContext(zmq.BLOCKY, false)).toEqual({ kind: 0, value: 0 });
    expect(encodeContext(zmq.THREAD_NAME_PREFIX, "worker")).toEqual({ kind: 3, value: "worker" });
    expect(encodeContext(zmq.THREAD_NAME_PREFIX, 5)).toEqual({ kind: 0, value: 5 });
    expect(() => encodeContext(zmq.THREAD_PRIORITY, "1")).toThrow(/^THREAD_PRIORITY takes/);
  });

  test("belongs to an option that is a number", () => {
    expect(options.optionNumber(zmq.LINGER)).toBe(17);
    for (const option of ["linger", 1.5, null]) {
      expect(() => options.optionNumber(option)).toThrow(TypeError);
    }
    expect(() => options.optionNumber(2 ** 40)).toThrow(RangeError);
  });
});

describe("suggest", () => {
  const names = Object.keys(options.socketOptions);

  test.each([
    ["lingr", "linger"],
    ["LINGER", "linger"],
    ["rcv_timeo", "rcvtimeo"],
    ["recvtimeo", "rcvtimeo"],
    ["sndhmw", "sndhwm"],
    ["curvePublicKey", "curvePublickey"],
  ])("takes %s for %s", (given, meant) => {
    expect(suggest(given, names)).toBe(meant);
  });

  test("has nothing to say about a name that is like no other", () => {
    expect(suggest("banana", names)).toBeUndefined();
    expect(suggest("", names)).toBeUndefined();
    expect(suggest("x".repeat(100_000), names)).toBeUndefined();
    expect(didYouMean("banana", names)).toBe("");
    expect(didYouMean("lingr", names)).toBe("; did you mean 'linger'?");
  });
});
