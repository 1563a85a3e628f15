/** What a peer writes on the wire: ZMTP's greetings, commands and frames, right and wrong. RFC 23, 37 and 45. */
import { connect, type Socket } from "node:net";
import fc from "fast-check";

const bytes = (...values: number[]): Buffer => Buffer.from(values);

/** A greeting of ZMTP 3: signature, version, mechanism, as-server, filler. */
export function greeting(mechanism = "NULL", major = 3, minor = 1): Buffer {
  const name = Buffer.alloc(20);
  name.write(mechanism, "latin1");
  return Buffer.concat([bytes(0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, major, minor), name, Buffer.alloc(32)]);
}

/** A frame: `announced` is the length that it claims, its body's by default. */
export function frame(body: Buffer, flags = 0, announced: bigint = BigInt(body.length)): Buffer {
  if (announced < 256n && (flags & 2) === 0) return Buffer.concat([bytes(flags, Number(announced)), body]);
  const head = Buffer.alloc(9);
  head[0] = flags | 2;
  head.writeBigUInt64BE(announced, 1);
  return Buffer.concat([head, body]);
}

/** A command: its name with a length before it, then its data. */
export function command(name: string, data: Buffer = Buffer.alloc(0), announced = name.length): Buffer {
  return frame(Buffer.concat([bytes(announced & 0xff), Buffer.from(name, "latin1"), data]), 4);
}

/** A property of READY and the like; the lengths are those it claims. */
export function property(
  name: string,
  value: Buffer,
  nameLength = name.length,
  length = value.length,
): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(length >>> 0);
  return Buffer.concat([bytes(nameLength & 0xff), Buffer.from(name, "latin1"), size, value]);
}

export const ready = (type: string): Buffer =>
  command(
    "READY",
    Buffer.concat([property("Socket-Type", Buffer.from(type)), property("Identity", bytes())]),
  );

const noise = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));

const length32 = fc.oneof(fc.nat(300), fc.constantFrom(0x7fffffff, 0x80000000, 0xffffffff));
const length64 = fc.oneof(
  fc.bigInt(0n, 70_000n),
  fc.constantFrom(2n ** 31n - 1n, 2n ** 31n, 2n ** 32n, 2n ** 62n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n),
);

const someGreeting = fc
  .record({
    mechanism: fc.oneof(
      fc.constantFrom("NULL", "PLAIN", "CURVE", "GSSAPI", "", "null", "X".repeat(20)),
      fc.string(),
    ),
    major: fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 255), fc.nat(255)),
    minor: fc.nat(255),
  })
  .map(({ mechanism, major, minor }) => greeting(mechanism, major, minor));

const someProperty = fc
  .record({
    name: fc.oneof(
      fc.constantFrom("Socket-Type", "Identity", "Resource", "X-a", ""),
      fc.string({ maxLength: 40 }),
    ),
    value: fc.oneof(
      fc.constantFrom("REQ", "DEALER", "PUSH", "REP", "NOTHING").map((type) => Buffer.from(type)),
      noise(60),
    ),
    lies: fc.option(fc.record({ name: fc.nat(255), length: length32 })),
  })
  .map(({ name, value, lies }) => property(name, value, lies?.name, lies?.length));

const someCommand = fc
  .record({
    name: fc.oneof(
      fc.constantFrom(
        "READY",
        "ERROR",
        "SUBSCRIBE",
        "CANCEL",
        "PING",
        "PONG",
        "JOIN",
        "LEAVE",
        "HELLO",
        "WELCOME",
        "INITIATE",
        "MESSAGE",
      ),
      fc.string({ maxLength: 20 }),
    ),
    data: fc.oneof(
      noise(250),
      fc.array(someProperty, { maxLength: 4 }).map((list) => Buffer.concat(list)),
    ),
    announced: fc.option(fc.nat(255)),
  })
  .map(({ name, data, announced }) => command(name, data, announced ?? name.length));

const someFrame = fc
  .record({
    body: noise(300),
    flags: fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 6), fc.nat(255)),
    announced: fc.option(length64),
  })
  .map(({ body, flags, announced }) => frame(body, flags, announced ?? BigInt(body.length)));

/** ZMTP 1: a length of one or nine bytes, flags, and no greeting at all. */
const oldFrame = fc
  .record({ body: noise(100), flags: fc.nat(255), long: fc.option(length64) })
  .map(({ body, flags, long }) => {
    if (long === null) return Buffer.concat([bytes(body.length + 1, flags), body]);
    const head = Buffer.alloc(10);
    head[0] = 0xff;
    head.writeBigUInt64BE(long, 1);
    head[9] = flags;
    return Buffer.concat([head, body]);
  });

/** ZMTP 2: the signature, revision 1, a socket type, then frames. */
const second = fc
  .record({ revision: fc.nat(2), type: fc.nat(255), frames: fc.array(someFrame, { maxLength: 4 }) })
  .map(({ revision, type, frames }) =>
    Buffer.concat([bytes(0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, revision, type), ...frames]),
  );

const third = fc
  .record({
    hello: fc.oneof(
      fc.constant(greeting()),
      fc.constant(greeting("PLAIN")),
      fc.constant(greeting("CURVE")),
      someGreeting,
    ),
    first: fc.oneof(fc.constant(ready("REQ")), fc.constant(ready("DEALER")), someCommand),
    rest: fc.array(fc.oneof(someCommand, someFrame), { maxLength: 5 }),
  })
  .map(({ hello, first, rest }) => Buffer.concat([hello, first, ...rest]));

const http = fc
  .record({
    line: fc.constantFrom("GET / HTTP/1.1", "GET /zmq HTTP/1.0", "POST / HTTP/1.1", "GET  HTTP/9.9", ""),
    headers: fc.array(
      fc.oneof(
        fc.constantFrom(
          "Upgrade: websocket",
          "Connection: Upgrade",
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
          "Sec-WebSocket-Protocol: ZWS2.0/NULL",
          "Sec-WebSocket-Protocol: ZWS2.0",
          "Sec-WebSocket-Version: 13",
          "Host: x",
        ),
        fc.string({ maxLength: 300 }),
      ),
      { maxLength: 9 },
    ),
    frames: fc.array(
      fc
        .record({ opcode: fc.nat(255), masked: fc.boolean(), length: length64, body: noise(200) })
        .map(({ opcode, masked, length, body }) => {
          const mask = masked ? 0x80 : 0;
          if (length < 126n) return Buffer.concat([bytes(opcode, mask | Number(length)), body]);
          const head = Buffer.alloc(10);
          head[0] = opcode;
          head[1] = mask | 127;
          head.writeBigUInt64BE(length, 2);
          return Buffer.concat([head, body]);
        }),
      { maxLength: 4 },
    ),
  })
  .map(({ line, headers, frames }) =>
    Buffer.concat([Buffer.from([line, ...headers, "", ""].join("\r\n")), ...frames]),
  );

/** What a peer may write that does not keep to the protocol, or only for a while. */
export const garbage = {
  noise: noise(500),
  "ZMTP 1": fc.array(oldFrame, { minLength: 1, maxLength: 4 }).map((list) => Buffer.concat(list)),
  "ZMTP 2": second,
  "ZMTP 3": third,
  "a WebSocket": http,
};

/** A conversation: what is written, cut into pieces at these places, and whether the peer then goes by a reset. */
export const conversation = (data: fc.Arbitrary<Buffer>) =>
  fc.record({ data, cuts: fc.array(fc.nat(600), { maxLength: 3 }), reset: fc.boolean() });

export interface Conversation {
  data: Buffer;
  cuts: number[];
  reset: boolean;
}

/** Connects, writes all that, and goes; resolves when the connection is gone, whoever has ended it. */
export function say(port: number, { data, cuts, reset }: Conversation): Promise<void> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    socket.on("error", () => {}); // the server may well hang up first
    socket.on("close", () => resolve());
    socket.resume();
    const places = [...new Set(cuts)].filter((place) => place < data.length).sort((a, b) => a - b);
    socket.once("connect", async () => {
      let from = 0;
      for (const place of [...places, data.length]) {
        const piece = data.subarray(from, place);
        from = place;
        if (socket.destroyed) return;
        if (piece.length > 0) await new Promise<void>((written) => socket.write(piece, () => written()));
      }
      if (reset) socket.resetAndDestroy();
      else socket.end(() => socket.destroy());
    });
  });
}
