/** Authenticators, all three of them: what pyzmq's do, and what theirs should. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as zmq from "nodezmq";
import * as auth from "nodezmq/auth";
import * as asyncio from "nodezmq/auth/asyncio";
import * as thread from "nodezmq/auth/thread";
import { describe, expect, onTestFinished, test } from "vitest";
import { Asker, curve, knock, letIn, plain, request } from "./support/security.js";
import { newContext, turn } from "./support/sockets.js";

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "nodezmq-auth-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const classes = [
  ["Authenticator", auth.Authenticator],
  ["AsyncioAuthenticator", asyncio.AsyncioAuthenticator],
  ["ThreadAuthenticator", thread.ThreadAuthenticator],
] as const;

test("everything is under pyzmq's names", () => {
  expect(zmq.auth.Authenticator).toBe(auth.Authenticator);
  expect(zmq.auth.thread.ThreadAuthenticator).toBe(thread.ThreadAuthenticator);
  expect(zmq.auth.asyncio.AsyncioAuthenticator).toBe(asyncio.AsyncioAuthenticator);
  expect(typeof thread.AuthenticationThread).toBe("function");
  expect(thread.ThreadAuthenticator.pipeEndpoint).toBe("");
  expect(auth.CURVE_ALLOW_ANY).toBe("*");
});

describe.each(classes)("%s", (_name, Authenticator) => {
  /** A running authenticator of a context of its own. */
  function started(options: auth.AuthenticatorOptions = {}) {
    const context = newContext();
    const authenticator = new Authenticator(context, { ...options });
    authenticator.start();
    onTestFinished(() => authenticator.stop());
    return { context, authenticator };
  }

  describe("NULL", () => {
    const domain = { server: { zapDomain: "global" } };

    test("is let in", async () => {
      const { context } = started();
      const { frame } = await knock(context, domain);
      expect(frame?.get("User-Id")).toBe("anonymous");
    });

    test("an address that is denied is kept out, and the others are not", async () => {
      const { context, authenticator } = started();
      authenticator.deny("10.0.0.1");
      expect(await letIn(context, domain)).toBe(true);
      authenticator.deny("10.0.0.2", "127.0.0.1");
      expect(await letIn(context, domain)).toBe(false);
      // Without a domain nobody is asked.
      expect(await letIn(context, {})).toBe(true);
    });

    test("an address that is not allowed is kept out", async () => {
      const { context, authenticator } = started();
      authenticator.allow("10.0.0.1");
      expect(await letIn(context, domain)).toBe(false);
      authenticator.allow("127.0.0.1", "10.0.0.2");
      expect(await letIn(context, domain)).toBe(true);
    });

    test("`*` is no address", async () => {
      const { context, authenticator } = started();
      authenticator.allow("*");
      expect(await letIn(context, domain)).toBe(false);
    });

    test("an IPv4 address counts in its IPv6 spelling, too", async () => {
      const { context, authenticator } = started();
      const asker = new Asker(context);
      authenticator.deny("10.0.0.1", "::ffff:10.0.0.2");
      for (const address of [
        "10.0.0.1",
        "::ffff:10.0.0.1",
        "::FFFF:10.0.0.1",
        "10.0.0.2",
        "::ffff:10.0.0.2",
      ]) {
        expect(await asker.status(...request("NULL", [], { address }))).toBe("400 Address denied");
      }
      expect(await asker.status(...request("NULL", [], { address: "10.0.0.3" }))).toBe("200 OK");
    });

    test("peers over ipc have no IP address, so a list of allowed ones keeps them out", async () => {
      const { context, authenticator } = started();
      authenticator.allow("127.0.0.1");
      expect(await letIn(context, { ...domain, transport: "ipc" })).toBe(false);
    });
  });

  test("allow and deny exclude each other, and say so by a RangeError", () => {
    const { authenticator } = started();
    authenticator.allow();
    authenticator.deny("127.0.0.1");
    expect(() => authenticator.allow("127.0.0.1")).toThrow(RangeError);
    expect(() => new Authenticator(authenticator.context).allow("a")).not.toThrow();
    const other = new Authenticator(authenticator.context);
    other.allow("127.0.0.1");
    expect(() => other.deny("127.0.0.1")).toThrow(RangeError);
  });

  describe("PLAIN", () => {
    const server = (zapDomain = "") => ({ plainServer: true, ...(zapDomain && { zapDomain }) });

    test("lets in by user and password, and nobody else", async () => {
      const { context, authenticator } = started();
      expect(await letIn(context, { server: server(), client: plain("admin", "Password") })).toBe(false);
      authenticator.configurePlain("*", { admin: "Password", zoë: "pässwörd" });
      const { frame } = await knock(context, { server: server(), client: plain("admin", "Password") });
      expect(frame?.get("User-Id")).toBe("admin");
      const zoe = await knock(context, { server: server(), client: plain("zoë", "pässwörd") });
      expect(zoe.frame?.get("User-Id")).toBe("zoë");
      for (const [user, password] of [
        ["admin", "Bogus"],
        ["admin", "password"],
        ["admin", "Passwor"],
        ["admin", "Password "],
        ["bogus", "Password"],
        ["Admin", "Password"],
        ["zoë", "passwörd"],
        ["__proto__", "Password"],
        ["constructor", "x"],
        ["toString", "x"],
      ] as const) {
        expect(await letIn(context, { server: server(), client: plain(user, password) })).toBe(false);
      }
    });

    test("over ipc, too", async () => {
      const { context, authenticator } = started();
      authenticator.configurePlain("*", { admin: "Password" });
      const peers = { server: server(), transport: "ipc" } as const;
      expect(await letIn(context, { ...peers, client: plain("admin", "Password") })).toBe(true);
      expect(await letIn(context, { ...peers, client: plain("admin", "other") })).toBe(false);
    });

    test("a domain's own passwords count for it, those of `*` for all others", async () => {
      const { context, authenticator } = started();
      authenticator.configurePlain("red", { admin: "red" });
      expect(await letIn(context, { server: server("red"), client: plain("admin", "red") })).toBe(true);
      expect(await letIn(context, { server: server("blue"), client: plain("admin", "red") })).toBe(false);
      expect(await letIn(context, { server: server(), client: plain("admin", "red") })).toBe(false);
      authenticator.configurePlain("*", { admin: "any" });
      expect(await letIn(context, { server: server("blue"), client: plain("admin", "any") })).toBe(true);
      expect(await letIn(context, { server: server(), client: plain("admin", "any") })).toBe(true);
      expect(await letIn(context, { server: server("red"), client: plain("admin", "any") })).toBe(false);
      expect(await letIn(context, { server: server("red"), client: plain("admin", "red") })).toBe(true);
    });

    test("an address that is allowed still has to show a password, one that is denied may show any", async () => {
      const { context, authenticator } = started();
      authenticator.configurePlain("*", { admin: "Password" });
      authenticator.allow("127.0.0.1");
      expect(await letIn(context, { server: server(), client: plain("admin", "bogus") })).toBe(false);
      expect(await letIn(context, { server: server(), client: plain("admin", "Password") })).toBe(true);
      const { context: other, authenticator: denying } = started();
      denying.configurePlain("*", { admin: "Password" });
      denying.deny("127.0.0.1");
      expect(await letIn(other, { server: server(), client: plain("admin", "Password") })).toBe(false);
    });

    test("passwords can be replaced and taken away while it runs; nothing changes nothing", async () => {
      const { context, authenticator } = started();
      const asker = new Asker(context);
      const knocks = (password: string) => asker.status(...request("PLAIN", ["admin", password]));
      expect(await knocks("a")).toBe("400 No passwords defined");
      authenticator.configurePlain("*", { admin: "a" });
      expect(await knocks("a")).toBe("200 OK");
      authenticator.configurePlain("*", null);
      authenticator.configurePlain("*");
      authenticator.configurePlain();
      expect(await knocks("a")).toBe("200 OK");
      authenticator.configurePlain("*", new Map([["admin", "b"]]));
      expect(await knocks("a")).toBe("400 Invalid password");
      expect(await knocks("b")).toBe("200 OK");
      authenticator.configurePlain({ passwords: { admin: "c" } });
      expect(await knocks("c")).toBe("200 OK");
      authenticator.configurePlain("*", { passwords: { admin: "d" } });
      expect(await knocks("d")).toBe("200 OK");
      authenticator.configurePlain("*", { passwords: "d" });
      expect(await knocks("d")).toBe("400 Invalid username");
      authenticator.configurePlain("*", {});
      expect(await knocks("d")).toBe("400 Invalid username");
      authenticator.passwords = { elsewhere: { admin: "e" } };
      expect(await knocks("e")).toBe("400 Invalid domain");
    });

    test("what a program changes in `passwords` counts once it has returned to the event loop", async () => {
      const { context, authenticator } = started();
      const asker = new Asker(context);
      authenticator.passwords["*"] = { admin: "a" };
      await turn();
      expect(await asker.status(...request("PLAIN", ["admin", "a"]))).toBe("200 OK");
      (authenticator.passwords["*"] as Record<string, string>).admin = "b";
      await turn();
      expect(await asker.status(...request("PLAIN", ["admin", "a"]))).toBe("400 Invalid password");
    });

    test("bytes that are no text are no user's name, even one of replacement characters", async () => {
      const { context, authenticator } = started();
      authenticator.configurePlain("*", { "\ufffd": "\ufffd", a: "\ufffd" });
      const asker = new Asker(context);
      const bad = Buffer.from([0xff]);
      expect(await asker.status(...request("PLAIN", [bad, "\ufffd"]))).toBe("400 Invalid username");
      expect(await asker.status(...request("PLAIN", ["a", bad]))).toBe("400 Invalid password");
      expect(await asker.status(...request("PLAIN", ["\ufffd", "\ufffd"]))).toBe("200 OK");
    });

    test("another encoding is that of the names and passwords", async () => {
      const { context, authenticator } = started({ encoding: "latin1" });
      expect(authenticator.encoding).toBe("latin1");
      authenticator.configurePlain("*", { zoë: "é" });
      const asker = new Asker(context);
      const latin1 = (text: string) => Buffer.from(text, "latin1");
      const [, , status, , user] = await asker.ask(...request("PLAIN", [latin1("zoë"), latin1("é")]));
      expect([status, user]).toEqual([Buffer.from("200"), latin1("zoë")]);
      expect(await asker.status(...request("PLAIN", ["zoë", "é"]))).toBe("400 Invalid username");
    });

    test("a user, domain or password of any name is nothing but text", async () => {
      const { context, authenticator } = started();
      const asker = new Asker(context);
      for (const name of ["__proto__", "constructor", "toString", "*", "a\0b", "😀"]) {
        expect(await asker.status(...request("PLAIN", [name, "x"], { domain: name }))).not.toBe("200 OK");
        authenticator.configurePlain(name, new Map([[name, name]]));
        expect(await asker.status(...request("PLAIN", [name, name], { domain: name }))).toBe("200 OK");
        expect(await asker.status(...request("PLAIN", [name, "x"], { domain: name }))).toBe(
          "400 Invalid password",
        );
        authenticator.configurePlain(name, JSON.parse(`{${JSON.stringify(name)}: "json"}`));
        expect(await asker.status(...request("PLAIN", [name, "json"], { domain: name }))).toBe("200 OK");
      }
    });
  });

  describe("CURVE", () => {
    test("lets in the clients whose certificates are in the folder", async () => {
      const { context, authenticator } = started();
      const folder = newFolder();
      const [file] = auth.createCertificates(folder, "client");
      const keys = auth.loadCertificate(`${file}_secret`) as [string, string];
      const server = curve();
      const peers = { server: server.server, client: server.client(keys) };
      expect(await letIn(context, peers)).toBe(false);
      authenticator.configureCurve("*", folder);
      expect(Object.keys(authenticator.certs["*"] ?? {})).toEqual([keys[0]]);
      const { frame } = await knock(context, peers);
      expect(frame?.get("User-Id")).toBe(keys[0]);
      expect(await letIn(context, { ...peers, client: server.client() })).toBe(false);
      expect(await letIn(context, { ...peers, transport: "ipc" })).toBe(true);
      // The folder is read once, and again when it is asked for.
      const [, added] = auth.createCertificates(folder, "added");
      const client = server.client(auth.loadCertificate(added) as [string, string]);
      expect(await letIn(context, { ...peers, client })).toBe(false);
      authenticator.configureCurve({ location: pathToFileURL(folder) });
      expect(await letIn(context, { ...peers, client })).toBe(true);
      authenticator.configureCurve("*", { location: Buffer.from(newFolder()) });
      expect(await letIn(context, { ...peers, client })).toBe(false);
    });

    test("CURVE_ALLOW_ANY lets in every client with a key, but none without", async () => {
      const { context, authenticator } = started();
      authenticator.configureCurve("*", auth.CURVE_ALLOW_ANY);
      expect(authenticator.allowAny).toBe(true);
      const server = curve("any domain");
      expect(await letIn(context, { server: server.server, client: server.client() })).toBe(true);
      const { event } = await knock(context, { server: server.server, client: curve().client() });
      expect(event).not.toBe("HANDSHAKE_SUCCEEDED");
      authenticator.configureCurve("*", newFolder());
      expect(authenticator.allowAny).toBe(false);
      expect(await letIn(context, { server: server.server, client: server.client() })).toBe(false);
      authenticator.allowAny = true;
      expect(await letIn(context, { server: server.server, client: server.client() })).toBe(true);
      authenticator.allowAny = false;
      expect(await letIn(context, { server: server.server, client: server.client() })).toBe(false);
    });

    test("a domain's own rules count for it, those of `*` for all others", async () => {
      const { context, authenticator } = started();
      const asker = new Asker(context);
      const key = Buffer.alloc(32, 1);
      const text = zmq.utils.z85.encode(key);
      const at = (domain: string) => asker.status(...request("CURVE", [key], { domain }));
      expect(await at("red")).toBe("400 Unknown domain");
      authenticator.configureCurve("red", auth.CURVE_ALLOW_ANY);
      expect([await at("red"), await at("blue"), await at("")]).toEqual([
        "200 OK",
        "400 Unknown domain",
        "400 Unknown domain",
      ]);
      authenticator.configureCurve("*", newFolder());
      expect([await at("red"), await at("blue")]).toEqual(["200 OK", "400 Unknown key"]);
      authenticator.certs = { "*": { [text]: true } };
      expect([await at("blue"), await at("")]).toEqual(["200 OK", "200 OK"]);
      authenticator.configureCurveCallback("red", () => false);
      expect([await at("red"), await at("blue")]).toEqual(["400 Unknown key", "200 OK"]);
      authenticator.certs = { "*": { [text]: false } };
      expect(await at("blue")).toBe("400 Unknown key");
    });

    test("a folder that cannot be read is logged, and lets nobody in", async () => {
      const errors: string[] = [];
      const { context, authenticator } = started({ log: { error: (line) => errors.push(line) } });
      const folder = newFolder();
      authenticator.configureCurve("*", join(folder, "missing"));
      writeFileSync(join(folder, "bad.key"), "curve\n");
      authenticator.configureCurve("*", folder);
      expect(errors).toHaveLength(2);
      expect(errors[0]).toContain("missing");
      expect(errors[1]).toContain("bad.key");
      const server = curve();
      expect(await letIn(context, { server: server.server, client: server.client() })).toBe(false);
    });

    test.each([
      ["a function", (callback: auth.CredentialsCallback) => callback],
      ["an object's method", (callback: auth.CredentialsCallback) => ({ callback })],
    ])("%s decides, now or later", async (_how, provider) => {
      const { context, authenticator } = started();
      const known = zmq.curveKeypair();
      const asked: [string, string][] = [];
      const server = curve("red");
      for (const later of [false, true]) {
        const callback = (domain: string, key: string) => {
          asked.push([domain, key]);
          return later ? Promise.resolve(key === known[0]) : key === known[0];
        };
        authenticator.configureCurveCallback("*", provider(callback));
        const { frame } = await knock(context, { server: server.server, client: server.client(known) });
        expect(frame?.get("User-Id")).toBe(known[0]);
        expect(await letIn(context, { server: server.server, client: server.client() })).toBe(false);
        expect(await letIn(context, { ...curve(), client: {} }).catch(() => false)).toBe(false);
      }
      expect(asked).toHaveLength(4);
      expect(asked[0]).toEqual(["red", known[0]]);
      expect(Object.keys(authenticator.credentialsProviders)).toEqual(["*"]);
    });

    test("a callback's own object is its `this`", async () => {
      class Provider {
        readonly known = new Set(["x"]);
        callback(_domain: string, key: string): boolean {
          this.known.add(key);
          return this.known.has("x");
        }
      }
      const { context, authenticator } = started();
      authenticator.configureCurveCallback("*", new Provider());
      expect(await new Asker(context).status(...request("CURVE", [Buffer.alloc(32)]))).toBe("200 OK");
    });

    test("a callback without a domain is told `*`, comes before certificates and after CURVE_ALLOW_ANY", async () => {
      const { context, authenticator } = started();
      const asker = new Asker(context);
      const domains: string[] = [];
      const ask = () => asker.status(...request("CURVE", [Buffer.alloc(32)]));
      authenticator.configureCurve("*", auth.CURVE_ALLOW_ANY);
      authenticator.certs = { "*": { [zmq.utils.z85.encode(Buffer.alloc(32))]: true } };
      authenticator.configureCurveCallback({
        credentialsProvider: (domain) => {
          domains.push(domain);
          return false;
        },
      });
      expect(authenticator.allowAny).toBe(false);
      expect(await ask()).toBe("400 Unknown key");
      expect(domains).toEqual(["*"]);
      authenticator.configureCurve("*", auth.CURVE_ALLOW_ANY);
      expect(await ask()).toBe("200 OK");
      expect(domains).toEqual(["*"]);
    });

    test("no provider is logged as an error, and closes what CURVE_ALLOW_ANY had opened", async () => {
      const errors: string[] = [];
      const { context, authenticator } = started({ log: { error: (line) => errors.push(line) } });
      authenticator.configureCurve("*", auth.CURVE_ALLOW_ANY);
      authenticator.configureCurveCallback("*");
      authenticator.configureCurveCallback("red", null);
      authenticator.configureCurveCallback("red", { credentialsProvider: null });
      expect(errors).toHaveLength(3);
      expect(await new Asker(context).status(...request("CURVE", [Buffer.alloc(32)]))).toBe(
        "400 Unknown domain",
      );
    });

    test.each<[string, auth.CredentialsCallback]>([
      [
        "throws",
        () => {
          throw new Error("on purpose");
        },
      ],
      [
        "throws what is no error",
        () => {
          throw null;
        },
      ],
      [
        "throws what is no text",
        () => {
          throw Object.create(null);
        },
      ],
      ["rejects", () => Promise.reject(new Error("on purpose"))],
      [
        "returns a thenable that throws",
        () => ({
          // biome-ignore lint/suspicious/noThenProperty: that is the point
          then: () => {
            throw new Error("on purpose");
          },
        }),
      ],
    ])("a callback that %s keeps its client out, and holds up nobody", async (_how, callback) => {
      const { context, authenticator } = started();
      let fail = true;
      authenticator.configureCurveCallback("*", (domain, key) => (fail ? callback(domain, key) : true));
      const server = curve();
      expect(await knock(context, { server: server.server, client: server.client() })).toMatchObject({
        event: "HANDSHAKE_FAILED_AUTH",
        value: 500,
      });
      fail = false;
      expect(await letIn(context, { server: server.server, client: server.client() })).toBe(true);
    });

    test("a callback that never settles holds up its own client only, for HANDSHAKE_IVL", async () => {
      const { context, authenticator } = started();
      let forEver = true;
      let asked = 0;
      authenticator.configureCurveCallback("*", () => {
        asked++;
        return forEver ? new Promise(() => {}) : true;
      });
      const server = curve();
      const slow = knock(context, {
        server: { ...server.server, handshakeIvl: 500 },
        client: { ...server.client(), reconnectIvl: -1 },
      });
      const asker = new Asker(context);
      await asker.raw(["", ...request("CURVE", [Buffer.alloc(32)], { id: "slow" })]);
      expect(await asker.status(...request("NULL"))).toBe("200 OK");
      while (asked < 2) await turn();
      forEver = false;
      expect(await letIn(context, { server: server.server, client: server.client() })).toBe(true);
      expect((await slow).event).not.toBe("HANDSHAKE_SUCCEEDED");
    });

    test("answers come in the callbacks' order, each to who has asked", async () => {
      const { context, authenticator } = started();
      const waiting: ((answer: boolean) => void)[] = [];
      authenticator.configureCurveCallback("*", () => new Promise((resolve) => waiting.push(resolve)));
      const asker = new Asker(context);
      const heard = async (count: number) => {
        while (waiting.length < count) await turn();
      };
      for (let i = 0; i < 3; i++) {
        await asker.raw(["", ...request("CURVE", [Buffer.alloc(32, i)], { id: `${i}` })]);
        await heard(i + 1);
      }
      for (const i of [2, 0, 1]) {
        waiting[i]?.(i !== 0);
        const [, id, status] = await asker.answer();
        expect([String(id), String(status)]).toEqual([`${i}`, i === 0 ? "400" : "200"]);
      }
    });
  });

  describe("curveUserId", () => {
    test("may be overridden by a subclass", async () => {
      class Mine extends (Authenticator as typeof auth.Authenticator) {
        override curveUserId(key: Buffer): string {
          return `user ${key.length} ${super.curveUserId(key).length} ünicode`;
        }
      }
      const context = newContext();
      const authenticator = new Mine(context);
      authenticator.start();
      onTestFinished(() => authenticator.stop());
      authenticator.configureCurve("*", auth.CURVE_ALLOW_ANY);
      const server = curve();
      const { frame } = await knock(context, { server: server.server, client: server.client() });
      expect(frame?.get("User-Id")).toBe("user 32 40 ünicode");
    });

    test("may be assigned, before and after the start", async () => {
      const context = newContext();
      const authenticator = new Authenticator(context);
      authenticator.curveUserId = () => "before";
      authenticator.start();
      onTestFinished(() => authenticator.stop());
      authenticator.configureCurve("*", auth.CURVE_ALLOW_ANY);
      const asker = new Asker(context);
      const user = async () => String((await asker.ask(...request("CURVE", [Buffer.alloc(32)])))[4]);
      expect(await user()).toBe("before");
      const other = started();
      other.authenticator.configureCurve("*", auth.CURVE_ALLOW_ANY);
      other.authenticator.curveUserId = () => "after";
      const [, , , , id] = await new Asker(other.context).ask(...request("CURVE", [Buffer.alloc(32)]));
      expect(String(id)).toBe("after");
    });

    test.each<[string, () => unknown]>([
      [
        "throws",
        () => {
          throw new Error("on purpose");
        },
      ],
      ["returns nothing", () => undefined],
      ["returns a number", () => 5],
      ["returns text with a NUL", () => "a\0b"],
      ["returns a promise", () => Promise.resolve("a")],
    ])("that %s keeps the client out", async (_how, curveUserId) => {
      const { context, authenticator } = started();
      authenticator.configureCurve("*", auth.CURVE_ALLOW_ANY);
      authenticator.curveUserId = curveUserId as () => string;
      const asker = new Asker(context);
      expect(await asker.status(...request("CURVE", [Buffer.alloc(32)]))).toBe("500 Internal error");
      expect(await asker.status(...request("NULL"))).toBe("200 OK");
    });
  });

  describe("handleZapMessage", () => {
    test("may be overridden, with the last word for the original", async () => {
      class Mine extends (Authenticator as typeof auth.Authenticator) {
        readonly seen: string[] = [];
        override handleZapMessage(message: Buffer[]): Promise<void> {
          this.seen.push(String(message[5]));
          return super.handleZapMessage(message);
        }
      }
      const context = newContext();
      const authenticator = new Mine(context);
      authenticator.start();
      onTestFinished(() => authenticator.stop());
      expect(await letIn(context, { server: { zapDomain: "x" } })).toBe(true);
      expect(authenticator.seen).toEqual(["NULL"]);
    });

    test.each([
      ["does not answer", () => Promise.resolve()],
      [
        "throws",
        () => {
          throw new Error("on purpose");
        },
      ],
      ["rejects", () => Promise.reject(new Error("on purpose"))],
    ])("that %s lets nobody in", async (_how, handle) => {
      const context = newContext();
      const authenticator = new Authenticator(context);
      authenticator.handleZapMessage = handle;
      authenticator.start();
      onTestFinished(() => authenticator.stop());
      expect(await new Asker(context).status(...request("NULL"))).toBe("500 Internal error");
    });

    test("answers on any socket in place of zapSocket", async () => {
      const authenticator = new Authenticator(newContext());
      const sent: unknown[] = [];
      authenticator.zapSocket = {
        sendMultipart: async (frames: Buffer[]) => sent.push(frames.map(String)),
      } as never;
      await authenticator.handleZapMessage(request("NULL").map((frame) => Buffer.from(frame)));
      await authenticator.handleZapMessage([Buffer.from("1.0")]);
      authenticator.zapSocket = null;
      await authenticator.handleZapMessage(request("NULL").map((frame) => Buffer.from(frame)));
      expect(sent).toEqual([["1.0", "1", "200", "OK", "anonymous", ""]]);
      for (const bad of [null, "x", [null], ["x"], [[]]]) {
        await expect(authenticator.handleZapMessage(bad as never)).rejects.toThrow(TypeError);
      }
    });
  });

  describe("GSSAPI", () => {
    test("names the principal as the user; there is nothing to configure", async () => {
      const { context, authenticator } = started();
      authenticator.configureGssapi("*", null);
      const [, , status, , user] = await new Asker(context).ask(...request("GSSAPI", ["me@REALM"]));
      expect([String(status), String(user)]).toEqual(["200", "me@REALM"]);
    });
  });

  describe("log", () => {
    test("tells decisions, and no secrets", async () => {
      const lines: string[] = [];
      const add = (line: string) => void lines.push(line);
      const { context, authenticator } = started({
        log: { debug: add, info: add, warning: add, error: add },
      });
      authenticator.configurePlain("*", { admin: "a secret" });
      const server = { plainServer: true };
      await knock(context, { server, client: plain("admin", "a secret") });
      await knock(context, { server, client: plain("admin", "another secret") });
      const asker = new Asker(context);
      await asker.ask(...request("PLAIN", ["evil\nline", "x"]));
      // What a thread has to tell comes with the loop, in order.
      while (lines.filter((line) => /ALLOWED|DENIED/.test(line)).length < 3) await turn();
      expect(lines.join("\n")).toMatch(/ALLOWED PLAIN[\s\S]*DENIED \(Invalid password\)/);
      expect(lines.join("\n")).not.toContain("secret");
      expect(lines.some((line) => line.includes("\n"))).toBe(false);
    });

    test.each<[string, auth.Logger]>([
      [
        "throws",
        {
          debug() {
            throw 1;
          },
          info() {
            throw 1;
          },
          warning() {
            throw 1;
          },
          error() {
            throw 1;
          },
        },
      ],
      ["has no methods", {}],
    ])("one that %s changes nothing", async (_how, log) => {
      const { context, authenticator } = started({ log });
      authenticator.configurePlain("*", { a: "b" });
      const asker = new Asker(context);
      expect(await asker.status(...request("PLAIN", ["a", "b"]))).toBe("200 OK");
      expect(await asker.status("x", "y")).toBe("400 Not enough frames");
      expect(authenticator.log).toBe(log);
    });
  });

  describe("life", () => {
    test("start right after stop works, again and again; stopping twice is nothing", async () => {
      const { context, authenticator } = started();
      authenticator.deny("127.0.0.1");
      for (let i = 0; i < 5; i++) {
        authenticator.stop();
        authenticator.stop();
        authenticator.start();
      }
      expect(await letIn(context, { server: { zapDomain: "x" } })).toBe(false);
      authenticator.stop();
      expect(authenticator.zapSocket).toBe(null);
      expect(await letIn(context, { server: { zapDomain: "x" } })).toBe(true);
    });

    test("a context has one: the second is told EADDRINUSE, and the first goes on", async () => {
      const { context, authenticator } = started();
      const inUse = expect.objectContaining({ code: "EADDRINUSE", endpoint: "inproc://zeromq.zap.01" });
      for (const [, Other] of classes) expect(() => new Other(context).start()).toThrow(inUse);
      expect(() => authenticator.start()).toThrow(inUse);
      authenticator.deny("127.0.0.1");
      expect(await letIn(context, { server: { zapDomain: "x" } })).toBe(false);
      authenticator.stop();
      const next = new Authenticator(context);
      next.start();
      next.stop();
    });

    test("contexts do not share theirs", async () => {
      const one = started();
      const other = started();
      one.authenticator.deny("127.0.0.1");
      expect(await letIn(one.context, { server: { zapDomain: "x" } })).toBe(false);
      expect(await letIn(other.context, { server: { zapDomain: "x" } })).toBe(true);
    });

    test("it can be configured before it starts", async () => {
      const context = newContext();
      const authenticator = new Authenticator(context);
      authenticator.configurePlain("*", { admin: "a" });
      authenticator.start();
      onTestFinished(() => authenticator.stop());
      expect(await letIn(context, { server: { plainServer: true }, client: plain("admin", "a") })).toBe(true);
    });

    test("stop with requests in flight leaves them unanswered, and what comes of them later is nothing", async () => {
      const { context, authenticator } = started();
      let answer: (known: boolean) => void = () => {};
      const asked = new Promise<void>((resolve) => {
        authenticator.configureCurveCallback("*", () => {
          resolve();
          return new Promise((settle) => {
            answer = settle;
          });
        });
      });
      const asker = new Asker(context);
      await asker.raw(["", ...request("CURVE", [Buffer.alloc(32)])]);
      await asked;
      authenticator.stop();
      answer(true);
      authenticator.start();
      const again = new Asker(context);
      expect(await again.status(...request("NULL"))).toBe("200 OK");
    });

    test("it ends with its context, whichever way that ends", async () => {
      for (const end of ["term", "destroy"] as const) {
        const context = new zmq.Context();
        const authenticator = new Authenticator(context);
        authenticator.start();
        await context[end]();
        expect(authenticator.zapSocket).toBe(null);
        if (authenticator instanceof thread.ThreadAuthenticator) expect(authenticator.isAlive()).toBe(false);
        authenticator.stop();
        expect(() => authenticator.start()).toThrow(zmq.ContextTerminated);
      }
    });

    test("it ends with its block", async () => {
      const context = newContext();
      {
        using authenticator = new Authenticator(context);
        authenticator.start();
        authenticator.deny("127.0.0.1");
        expect(await letIn(context, { server: { zapDomain: "x" } })).toBe(false);
      }
      expect(await letIn(context, { server: { zapDomain: "x" } })).toBe(true);
    });

    test("the context's defaults for sockets are not for it", async () => {
      const context = newContext();
      Object.assign(context, { rcvtimeo: 1, sndtimeo: 1, rcvhwm: 1, sndhwm: 1, maxmsgsize: 1, linger: -1 });
      context.routerMandatory = true;
      const authenticator = new Authenticator(context);
      authenticator.start();
      onTestFinished(() => authenticator.stop());
      // Whatever began to wait before this does has run out of time, too, if it has any.
      await expect(context.socket(zmq.PULL).recv()).rejects.toThrow(zmq.Again);
      expect(await new Asker(context).status(...request("NULL"))).toBe("200 OK");
    });

    test("two hundred clients at once are let in or kept out, each as it should be", async () => {
      const { context, authenticator } = started();
      authenticator.configurePlain("*", { admin: "a" });
      const server = context.socket(zmq.PULL, { plainServer: true, linger: 0 });
      server.bind("tcp://127.0.0.1:*");
      const clients = Array.from({ length: 200 }, (_, i) => {
        const client = context.socket(zmq.PUSH, { ...plain("admin", i % 2 ? "a" : "b"), linger: 0 });
        client.connect(server.lastEndpoint);
        client.send(`${i}`).catch(() => {});
        return client;
      });
      const got = new Set<number>();
      while (got.size < 100) got.add(Number(await server.recvString()));
      expect([...got].every((i) => i % 2 === 1)).toBe(true);
      for (const client of clients) client.close(0);
    });
  });

  describe("arguments", () => {
    test("pyzmq's order, or options", () => {
      const context = newContext();
      const log = { error() {} };
      const made = [
        Authenticator === asyncio.AsyncioAuthenticator
          ? new asyncio.AsyncioAuthenticator(context, null, "latin1", log)
          : new (Authenticator as typeof auth.Authenticator)(context, "latin1", log),
        new Authenticator(context, { encoding: "latin1", log }),
        new Authenticator({ context, encoding: "latin1", log }),
      ];
      for (const one of made) {
        expect(one.context).toBe(context);
        expect(one.encoding).toBe("latin1");
        expect(one.log).toBe(log);
      }
      expect(new Authenticator().context).toBe(zmq.Context.instance());
      expect(new Authenticator(null).context).toBe(zmq.Context.instance());
    });

    test.each<[string, (one: auth.Authenticator) => unknown]>([
      ["an address that is a number", (one) => one.allow(5 as never)],
      ["an address that is a list", (one) => one.deny(["127.0.0.1"] as never)],
      ["a domain that is a number", (one) => one.configurePlain(5 as never, {})],
      ["passwords that are text", (one) => one.configurePlain("*", "x" as never)],
      ["passwords that are a list", (one) => one.configurePlain("*", ["x"] as never)],
      ["a password that is a number", (one) => one.configurePlain("*", { a: 5 } as never)],
      ["a password that is null", (one) => one.configurePlain("*", { a: null } as never)],
      [
        "a password that is a number in a Map",
        (one) => one.configurePlain("*", new Map([["a", 5]]) as never),
      ],
      ["a misspelt option", (one) => one.configurePlain({ password: {} } as never)],
      ["a location that is a number", (one) => one.configureCurve("*", 5 as never)],
      ["a location with a NUL", (one) => one.configureCurve("*", "a\0b")],
      ["a misspelt location", (one) => one.configureCurve("*", { locaton: "x" } as never)],
      ["a provider that is text", (one) => one.configureCurveCallback("*", "x" as never)],
      ["a provider without a callback", (one) => one.configureCurveCallback("*", {} as never)],
      ["a callback that is none", (one) => one.configureCurveCallback("*", { callback: 5 } as never)],
      ["an encoding that nobody knows", (one) => Object.assign(one, { encoding: "utf-7" })],
      ["a log that is a number", (one) => Object.assign(one, { log: 5 })],
    ])("a TypeError is what comes of %s", async (_what, call) => {
      const { context, authenticator } = started();
      expect(() => call(authenticator)).toThrow(TypeError);
      const asker = new Asker(context);
      expect(await asker.status(...request("PLAIN", ["a", "x"]))).toBe("400 No passwords defined");
      expect(await asker.status(...request("CURVE", [Buffer.alloc(32)]))).toBe("400 Unknown domain");
    });

    test("a TypeError is what comes of what is no Context, and of unknown options", () => {
      for (const context of [5, "x", true, [], () => {}]) {
        expect(() => new Authenticator(context as never)).toThrow(TypeError);
      }
      expect(() => new Authenticator({ contxt: 1 } as never)).toThrow(/context/);
      expect(() => new Authenticator(newContext(), { encodng: "x" } as never)).toThrow(/encoding/);
      expect(() => new Authenticator(newContext(), { encoding: "utf-7" as never })).toThrow(TypeError);
    });
  });
});
