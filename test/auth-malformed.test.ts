/** ZAP requests that libzmq would never make: each is answered or dropped as RFC 27 has it, and the next one is served. */
import { randomBytes, randomInt } from "node:crypto";
import * as zmq from "nodezmq";
import { describe, expect, onTestFinished, test } from "vitest";
import { Asker, request } from "./support/security.js";
import { newContext } from "./support/sockets.js";

const { Authenticator, thread } = zmq.auth;

describe.each([
  ["Authenticator", Authenticator],
  ["ThreadAuthenticator", thread.ThreadAuthenticator],
  [
    "ThreadAuthenticator that asks its creator",
    class extends thread.ThreadAuthenticator {
      override handleZapMessage(message: readonly Buffer[]): Promise<void> {
        return super.handleZapMessage(message);
      }
    },
  ],
] as const)("%s", (_name, Class) => {
  function started() {
    const context = newContext();
    const errors: string[] = [];
    const authenticator = new Class(context, { log: { error: (line) => errors.push(line) } });
    authenticator.start();
    onTestFinished(() => authenticator.stop());
    return { context, authenticator, errors, asker: new Asker(context) };
  }

  const well = request("NULL");

  test.each<[string, (string | Buffer)[], string]>([
    ["of 2 frames", well.slice(0, 2), "400 Not enough frames"],
    ["of 3 frames", well.slice(0, 3), "400 Not enough frames"],
    ["of 5 frames", well.slice(0, 5), "400 Not enough frames"],
    ["of another version", ["2.0", ...well.slice(1)], "400 Invalid version"],
    ["of an empty version", ["", ...well.slice(1)], "400 Invalid version"],
    ["of a version with more behind it", ["1.0\0", ...well.slice(1)], "400 Invalid version"],
    [
      "of a version that is a megabyte",
      [Buffer.alloc(1 << 20, "1"), ...well.slice(1)],
      "400 Invalid version",
    ],
    ["of an unknown mechanism", request("KERBEROS", ["x"]), "400 NO ACCESS"],
    ["of no mechanism", request(""), "400 NO ACCESS"],
    ["of a mechanism in small letters", request("null"), "400 NO ACCESS"],
    ["of a mechanism like a property's name", request("__proto__"), "400 NO ACCESS"],
    ["of NULL with a credential", request("NULL", ["x"]), "400 Invalid credentials"],
    ["of PLAIN without credentials", request("PLAIN"), "400 Invalid credentials"],
    ["of PLAIN without a password", request("PLAIN", ["admin"]), "400 Invalid credentials"],
    ["of PLAIN with more than a password", request("PLAIN", ["admin", "a", "b"]), "400 Invalid credentials"],
    ["of CURVE without a key", request("CURVE"), "400 Invalid credentials"],
    ["of CURVE with an empty key", request("CURVE", [""]), "400 Invalid credentials"],
    ["of CURVE with a key of 31 bytes", request("CURVE", [Buffer.alloc(31)]), "400 Invalid credentials"],
    ["of CURVE with a key of 33 bytes", request("CURVE", [Buffer.alloc(33)]), "400 Invalid credentials"],
    ["of CURVE with a key as text", request("CURVE", ["0".repeat(40)]), "400 Invalid credentials"],
    [
      "of CURVE with two keys",
      request("CURVE", [Buffer.alloc(32), Buffer.alloc(32)]),
      "400 Invalid credentials",
    ],
    ["of GSSAPI without a principal", request("GSSAPI"), "400 Invalid credentials"],
  ])("a request %s is refused, and the next is served", async (_what, frames, answer) => {
    const { authenticator, asker } = started();
    // The address is allowed, but that is not enough.
    authenticator.allow("127.0.0.1");
    authenticator.configurePlain("*", { admin: "a" });
    authenticator.configureCurve("*", zmq.auth.CURVE_ALLOW_ANY);
    expect(await asker.status(...frames)).toBe(answer);
    expect(await asker.status(...request("PLAIN", ["admin", "a"]))).toBe("200 OK");
  });

  test.each<[string, (string | Buffer)[]]>([
    ["without any frame", [""]],
    ["without a request id", ["", "1.0"]],
    ["without an envelope", ["1.0", "1"]],
    ["without an envelope and without end", Array.from({ length: 50 }, () => "x")],
    ["of one byte", ["x"]],
  ])("a request %s is dropped and logged, and the next is served", async (_what, frames) => {
    const { asker, errors } = started();
    await asker.raw(frames);
    expect(await asker.status(...well)).toBe("200 OK");
    while (errors.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(errors).toHaveLength(1);
  });

  test("the request id comes back as it was: empty, of all bytes, of a megabyte", async () => {
    const { asker } = started();
    const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    for (const id of [Buffer.alloc(0), all, randomBytes(1 << 20)]) {
      const [version, back, status, , user, metadata, ...more] = await asker.ask("1.0", id, ...well.slice(2));
      expect(back?.equals(id)).toBe(true);
      expect([version, status, user, metadata].map(String)).toEqual(["1.0", "200", "anonymous", ""]);
      expect(more).toEqual([]);
    }
  });

  test("a refusal names no user", async () => {
    const { authenticator, asker } = started();
    authenticator.configurePlain("*", { admin: "a" });
    const answer = await asker.ask(...request("PLAIN", ["admin", "b"]));
    expect(answer.map(String)).toEqual(["1.0", "1", "400", "Invalid password", "", ""]);
  });

  test("frames that are no UTF-8, huge or full of NULs are but frames", async () => {
    const { authenticator, asker } = started();
    authenticator.configurePlain("*", { admin: "a" });
    const odd = [
      Buffer.from([0xff, 0xfe]),
      Buffer.alloc(1 << 20, 0xc3),
      Buffer.alloc(1000),
      Buffer.from("\ud800", "utf16le"),
    ];
    for (const one of odd) {
      expect(await asker.status("1.0", "1", one, one, one, "NULL")).toBe("200 OK");
      expect(await asker.status("1.0", "1", one, one, one, "PLAIN", one, one)).toBe("400 Invalid username");
      expect(await asker.status("1.0", "1", one, one, one, "PLAIN", "admin", one)).toBe(
        "400 Invalid password",
      );
      expect(await asker.status("1.0", "1", one, one, one, "PLAIN", "admin", "a")).toBe("200 OK");
      expect(await asker.status("1.0", "1", one, one, one, one)).toBe("400 NO ACCESS");
    }
  });

  test("ten thousand credentials are too many", async () => {
    const { asker } = started();
    const many = Array.from({ length: 10_000 }, () => "x");
    expect(await asker.status(...request("PLAIN", many))).toBe("400 Invalid credentials");
  });

  test("whatever frames come, with a request id there is one answer, and it lets nobody in who has not shown enough", async () => {
    const { authenticator, asker } = started();
    authenticator.configurePlain("*", { admin: "a" });
    authenticator.configureCurve("*", zmq.auth.CURVE_ALLOW_ANY);
    const words = ["1.0", "", "NULL", "PLAIN", "CURVE", "GSSAPI", "admin", "a", "*", "127.0.0.1"];
    const anything = () =>
      randomInt(3) === 0 ? randomBytes(randomInt(80)) : (words[randomInt(words.length)] as string);
    for (let round = 0; round < 300; round++) {
      const id = `${round}`;
      const rest = Array.from({ length: randomInt(10) }, anything);
      const version = randomInt(4) === 0 ? anything() : "1.0";
      const answer = await asker.ask(version, id, ...rest);
      const told = () => JSON.stringify([version, ...rest].map(String));
      expect(answer, told()).toHaveLength(6);
      expect(String(answer[1]), told()).toBe(id);
      const [, , , mechanism, ...credentials] = rest;
      const right =
        String(version) === "1.0" &&
        ((String(mechanism) === "NULL" && credentials.length === 0) ||
          (String(mechanism) === "PLAIN" && String(credentials) === "admin,a" && credentials.length === 2) ||
          (String(mechanism) === "CURVE" &&
            credentials.length === 1 &&
            Buffer.from(credentials[0] as string).length === 32) ||
          (String(mechanism) === "GSSAPI" && credentials.length === 1));
      expect(String(answer[2]), told()).toBe(right ? "200" : "400");
    }
  });
});
