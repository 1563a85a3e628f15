import { randomBytes } from "node:crypto";
import * as zmq from "nodezmq";
import * as z85 from "nodezmq/utils/z85";
import { describe, expect, test } from "vitest";

const vectors: [hex: string, text: string][] = [
  ["", ""],
  ["864fd26fb559f75b", "HelloWorld"],
  ["00000000", "00000"],
  ["ffffffff", "%nSc0"],
  ["00000054", "0000#"],
  [
    "54fcba24e93249969316fb617c872bb0c1d1ff14800427c594cbfacf1bc2d652",
    "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7",
  ],
  [
    "8e0bdd697628b91d8f245587ee95c5b04d48963f79259877b49cd9063aead3b7",
    "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6",
  ],
  [
    "bb88471d65e2659b30c55a5321cebb5aab2b70a398645c26dca2b2fcb43fc518",
    "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID",
  ],
  [
    "7bb864b489afa3671fbe69101f94b38972f24816dfb01b51656b3fec8dfd0888",
    "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs",
  ],
];

test("it is under its names", () => {
  expect(zmq.utils.z85.encode).toBe(z85.encode);
  expect(zmq.utils.z85.decode).toBe(z85.decode);
  expect(z85.Z85CHARS).toHaveLength(85);
  expect(new Set(z85.Z85CHARS).size).toBe(85);
  for (const [digit, character] of [...z85.Z85CHARS].entries()) {
    expect(z85.Z85MAP[character.charCodeAt(0)]).toBe(digit);
  }
  expect(Object.keys(z85.Z85MAP)).toHaveLength(85);
});

test.each(vectors)("%s is %s, both ways", (hex, text) => {
  expect(z85.encode(Buffer.from(hex, "hex"))).toBe(text);
  expect(z85.decode(text).toString("hex")).toBe(hex);
  expect(z85.decode(Buffer.from(text))).toEqual(Buffer.from(hex, "hex"));
});

test("what is encoded is decoded to the same, whatever it is", () => {
  for (let size = 0; size <= 512; size += 4) {
    const bytes = randomBytes(size);
    const text = z85.encode(bytes);
    expect(text).toHaveLength((size / 4) * 5);
    expect(z85.decode(text)).toEqual(bytes);
  }
  const large = randomBytes(1 << 20);
  expect(z85.decode(z85.encode(large)).equals(large)).toBe(true);
});

test("libzmq's keys are the same in both", () => {
  const [publicKey] = zmq.curveKeypair();
  expect(z85.encode(z85.decode(publicKey))).toBe(publicKey);
});

test("any view, buffer and Frame is bytes", () => {
  const bytes = Uint8Array.from(Buffer.from("864fd26fb559f75b", "hex"));
  const around = new Uint8Array(12);
  around.set(bytes, 3);
  const shared = new SharedArrayBuffer(8);
  new Uint8Array(shared).set(bytes);
  for (const data of [
    bytes,
    bytes.buffer,
    new Uint16Array(bytes.buffer),
    new DataView(around.buffer, 3, 8),
    around.subarray(3, 11),
    shared,
    new zmq.Frame(bytes),
  ]) {
    expect(z85.encode(data)).toBe("HelloWorld");
  }
  expect(z85.decode(new zmq.Frame("HelloWorld"))).toEqual(Buffer.from(bytes));
});

describe("a RangeError is what comes of", () => {
  test.each([1, 2, 3, 5, 6, 7, 33])("%i bytes to encode", (size) => {
    expect(() => z85.encode(Buffer.alloc(size))).toThrow(RangeError);
  });

  test.each([1, 2, 3, 4, 6, 39, 41])("%i characters to decode", (size) => {
    expect(() => z85.decode("0".repeat(size))).toThrow(RangeError);
    expect(() => z85.decode(Buffer.alloc(size, "0"))).toThrow(RangeError);
  });

  const others = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter(
    (character) => !z85.Z85CHARS.includes(character),
  );

  test("any character that is none of Z85's", () => {
    expect(others).toHaveLength(171);
    for (const character of others) {
      for (let place = 0; place < 5; place++) {
        const text = "0".repeat(place) + character + "0".repeat(4 - place);
        expect(() => z85.decode(text)).toThrow(RangeError);
        expect(() => z85.decode(Buffer.from(text, "latin1"))).toThrow(RangeError);
      }
    }
  });

  test.each(["0000İ", "0000\u0130", "0000\ud83d", "000😀", "0000\u0230"])("%j", (text) => {
    expect(() => z85.decode(text)).toThrow(RangeError);
  });

  test.each(["%nSc1", "%nSd0", "#0000", "#####", "HelloWorld#####"])("more than 32 bits: %s", (text) => {
    expect(() => z85.decode(text)).toThrow(RangeError);
  });
});

test.each([null, undefined, 5, "text", ["a"], {}, true, 5n])(
  "a TypeError is what comes of encoding %s",
  (data) => {
    expect(() => z85.encode(data as Uint8Array)).toThrow(TypeError);
  },
);

test.each([null, undefined, 5, ["a"], {}, true, 5n])("a TypeError is what comes of decoding %s", (data) => {
  expect(() => z85.decode(data as string)).toThrow(TypeError);
});

test("errors begin at the caller's line", () => {
  try {
    z85.decode("x");
    expect.unreachable();
  } catch (error) {
    expect((error as Error).stack?.split("\n")[1]).toContain("z85.test.ts");
  }
});
