/** Who may connect: the rules of an authenticator, and the verdict on a request. */
import { createHash, timingSafeEqual } from "node:crypto";
import { encode } from "../utils/z85.js";
import { shown, type Tell } from "./logger.js";
import { refusal, type Verdict, type ZapRequest } from "./zap.js";

/** Passwords by user. */
export type Passwords = Readonly<Record<string, string>> | ReadonlyMap<string, string>;

/** Decides whether the client with a key may connect. `key` is 40 characters of Z85. */
export type CredentialsCallback = (domain: string, key: string) => unknown | Promise<unknown>;

/** What `configureCurveCallback` takes: a function, or an object that has it as `callback`. */
export type CredentialsProvider = CredentialsCallback | { callback: CredentialsCallback };

/** Passwords, certificates and providers are the program's own objects, by domain. */
export interface Rules {
  readonly allowed: ReadonlySet<string>;
  readonly denied: ReadonlySet<string>;
  readonly passwords: Readonly<Record<string, Passwords>>;
  readonly certs: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly credentialsProviders: Readonly<Record<string, CredentialsProvider>>;
  /** The domains that let in every client with a key. */
  readonly anyKey: ReadonlySet<string>;
  readonly encoding: BufferEncoding;
}

/** What a verdict needs besides the rules. */
export interface Judge {
  readonly rules: Rules;
  readonly tell: Tell;
  curveUserId(publicKey: Buffer): string | Uint8Array;
}

/** The domain that stands for all others. */
export const EVERY = "*";

const KEY_BYTES = 32;

/** The domain whose rules count: the request's own where it has some, else `*`. Undefined if that has none either. */
function domainOf(domain: string, has: (domain: string) => boolean): string | undefined {
  if (domain !== "" && has(domain)) return domain;
  return has(EVERY) ? EVERY : undefined;
}

/** A frame as text; undefined if it is not valid in the encoding, since two names must not become one. */
export function decode(frame: Buffer, encoding: BufferEncoding): string | undefined {
  const text = frame.toString(encoding);
  return Buffer.from(text, encoding).equals(frame) ? text : undefined;
}

// IPv4 peers of a socket with `ipv6` have two spellings of one address: a rule for it counts for both.
const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "");

const listed = (addresses: ReadonlySet<string>, address: string): boolean =>
  addresses.has(address) ||
  addresses.has(plainAddress(address)) ||
  addresses.has(`::ffff:${plainAddress(address)}`);

const digest = (data: Uint8Array): Buffer => createHash("sha256").update(data).digest();

/** Compares in a time that tells nothing of either. */
const same = (a: Uint8Array, b: Uint8Array): boolean => timingSafeEqual(digest(a), digest(b));

function passwordOf(passwords: Passwords, user: string): string | undefined {
  const password =
    passwords instanceof Map ? passwords.get(user) : own(passwords as Record<string, string>, user);
  return typeof password === "string" ? password : undefined;
}

/** A property that was put there, unlike `constructor` and `__proto__`. */
export const own = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

/** The domain whose CURVE rules count for a request. */
export function curveDomain(request: ZapRequest, rules: Rules): string | undefined {
  return domainOf(
    request.domain.toString(rules.encoding),
    (domain) =>
      rules.anyKey.has(domain) ||
      Object.hasOwn(rules.credentialsProviders, domain) ||
      Object.hasOwn(rules.certs, domain),
  );
}

/** The verdict on a request. Rejects where the program's own callback does. */
export async function judge(request: ZapRequest, by: Judge): Promise<Verdict> {
  const { rules, tell } = by;
  const address = request.address.toString(rules.encoding);
  if (rules.allowed.size > 0 && !listed(rules.allowed, address)) {
    tell("info", `DENIED (not allowed) address=${shown(address)}`);
    return refusal("Address not allowed");
  }
  if (rules.denied.size > 0 && listed(rules.denied, address)) {
    tell("info", `DENIED (denied) address=${shown(address)}`);
    return refusal("Address denied");
  }
  const mechanism = mechanisms.get(request.mechanism);
  if (mechanism === undefined) {
    tell("error", `unknown mechanism ${shown(request.mechanism)}`);
    return refusal("NO ACCESS");
  }
  if (request.credentials.length !== mechanism.credentials) {
    tell("error", `${request.credentials.length} credentials for ${request.mechanism} are not right`);
    return refusal("Invalid credentials");
  }
  const verdict = await mechanism.judge(request, by);
  const outcome = verdict.status === "200" ? "ALLOWED" : `DENIED (${verdict.text})`;
  tell("info", `${outcome} ${request.mechanism} domain=${shown(request.domain)} address=${shown(address)}`);
  return verdict;
}

function judgePlain({ domain, credentials }: ZapRequest, { rules }: Judge): Verdict {
  const { passwords, encoding } = rules;
  if (Object.keys(passwords).length === 0) return refusal("No passwords defined");
  const found = domainOf(domain.toString(encoding), (name) => Object.hasOwn(passwords, name));
  if (found === undefined) return refusal("Invalid domain");
  const [user, given] = credentials as [Buffer, Buffer];
  const name = decode(user, encoding);
  const password = name === undefined ? undefined : passwordOf(passwords[found] as Passwords, name);
  if (password === undefined) return refusal("Invalid username");
  if (!same(Buffer.from(password, encoding), given)) return refusal("Invalid password");
  return { status: "200", text: "OK", userId: user };
}

async function judgeCurve(request: ZapRequest, by: Judge): Promise<Verdict> {
  const { rules } = by;
  const key = request.credentials[0] as Buffer;
  if (key.length !== KEY_BYTES) return refusal("Invalid credentials");
  const domain = curveDomain(request, rules);
  if (domain === undefined) return refusal("Unknown domain");
  if (!rules.anyKey.has(domain)) {
    const provider = own(rules.credentialsProviders, domain);
    const text = encode(key);
    const known =
      provider === undefined
        ? own(rules.certs[domain] ?? {}, text)
        : await ask(provider, request.domain.toString(rules.encoding) || EVERY, text);
    if (!known) return refusal("Unknown key");
  }
  return { status: "200", text: "OK", userId: by.curveUserId(key) };
}

const ask = (provider: CredentialsProvider, domain: string, key: string): unknown =>
  typeof provider === "function" ? provider(domain, key) : provider.callback(domain, key);

/** How many credentials each mechanism shows, and who judges them. */
const mechanisms = new Map<
  string,
  { credentials: number; judge(request: ZapRequest, by: Judge): Verdict | Promise<Verdict> }
>([
  ["NULL", { credentials: 0, judge: () => ({ status: "200", text: "OK", userId: "anonymous" }) }],
  ["PLAIN", { credentials: 2, judge: judgePlain }],
  ["CURVE", { credentials: 1, judge: judgeCurve }],
  // What is left for ZAP is a principal that Kerberos has vouched for.
  [
    "GSSAPI",
    {
      credentials: 1,
      judge: ({ credentials: [userId] }) => ({ status: "200", text: "OK", userId: userId as Buffer }),
    },
  ],
]);
