/**
 * What libzmq 4.3.4 does with each socket option: the types that take it, values that it takes and refuses, and what
 * they read back as. The option table of src/options.ts says the rest.
 */
import * as zmq from "nodezmq";

export interface OptionFact {
  /** The types that take it (or, read-only, that have it); by default all. `none`: this build of libzmq has it not. */
  on?: readonly number[] | "none";
  /** Other types have it for reading. */
  readsOn?: "all";
  /** Values to set. What reads back is the value itself, or the second of a pair. */
  takes?: readonly (unknown | readonly [given: unknown, read: unknown])[];
  /** Values of the right type that libzmq refuses: EINVAL. */
  refuses?: readonly unknown[];
}

/** A value that reads back as another one. */
export class ReadsAs {
  constructor(
    readonly given: unknown,
    readonly read: unknown,
  ) {}
}
const as = (given: unknown, read: unknown): ReadsAs => new ReadsAs(given, read);

/** The types that several threads may use. */
export const threadSafe: readonly number[] = [
  zmq.SERVER,
  zmq.CLIENT,
  zmq.RADIO,
  zmq.DISH,
  zmq.GATHER,
  zmq.SCATTER,
  zmq.PEER,
  zmq.CHANNEL,
];
export const types: readonly (readonly [name: string, type: number])[] = Object.entries(
  zmq.SocketType,
).filter(([name]) => name !== "XREQ" && name !== "XREP");
/** These do not let unsent messages outlive them by default. */
export const shortLived: readonly number[] = [zmq.SUB, zmq.XSUB, zmq.DISH];

const routers = [zmq.REP, zmq.ROUTER];
const publishers = [zmq.PUB, zmq.XPUB];

export const raw = Buffer.from(Array.from({ length: 32 }, (_, i) => i * 8));
export const key = "00<bMasF{6kUaZNu$:I7FqxqOPS298Z@T)P&ooX9";
/** How 32 bytes of 0 read: a key that nobody has set. */
export const noKey = "0".repeat(40);

const int: OptionFact = { takes: [0, 1, 250, 2 ** 31 - 1], refuses: [-1, -(2 ** 31)] };
const intOrNone: OptionFact = { takes: [-1, 0, 1, 2 ** 31 - 1], refuses: [-2, -(2 ** 31)] };
const anyInt: OptionFact = { takes: [0, 5, -5, 2 ** 31 - 1, -(2 ** 31)] };
const positive: OptionFact = { takes: [1, 250, 2 ** 31 - 1], refuses: [0, -1] };
const flag: OptionFact = { takes: [true, false, as(1, true), as(0, false)] };
const text: OptionFact = {
  takes: ["name", "n\u00e4me", as(Buffer.from("bytes"), "bytes"), as(null, "")],
};
// null goes back to the NULL mechanism, and the text stays as it was.
const credential: OptionFact = {
  takes: ["name", "n\u00e4me", as(Buffer.from("bytes"), "bytes"), as(null, "bytes")],
  refuses: ["", "x".repeat(256)],
};
const bytes: OptionFact = { takes: ["text", Buffer.from([1, 0, 255]), "", new Uint16Array([1, 2])] };
const missing: OptionFact = { on: "none" };
const curveKey: OptionFact = {
  takes: [
    key,
    as(raw, key),
    as(`${key}\0`, key),
    as(Buffer.from(key), key),
    as(Buffer.from(`${key}\0`), key),
  ],
  refuses: ["", "short", `${key}x`, raw.subarray(1), `"${key.slice(1)}`],
};
const readOnly: OptionFact = {};

export const facts: Readonly<Record<string, OptionFact>> = {
  linger: intOrNone,
  sndhwm: int,
  rcvhwm: int,
  sndtimeo: intOrNone,
  rcvtimeo: intOrNone,
  conflate: flag,
  immediate: flag,
  maxmsgsize: { takes: [-1, 0, 1, 2 ** 40, as(10n, 10)] },

  events: readOnly,
  fd: readOnly,
  lastEndpoint: readOnly,
  mechanism: readOnly,
  rcvmore: readOnly,
  threadSafe: readOnly,
  type: readOnly,

  routingId: {
    takes: [
      as("name", Buffer.from("name")),
      as(Buffer.from([1, 0, 2, 0]), Buffer.from([1, 0, 2, 0])),
      as(new Uint16Array([513]), Buffer.from([1, 2])),
      as("x".repeat(255), Buffer.alloc(255, "x")),
    ],
    refuses: ["", "x".repeat(256)],
  },
  identity: { takes: [as("name", Buffer.from("name"))], refuses: [""] },
  connectRoutingId: { on: [...routers, zmq.STREAM], takes: ["name", Buffer.from([0, 1])], refuses: [""] },
  connectRid: { on: [...routers, zmq.STREAM], takes: ["name"] },
  routerMandatory: { ...flag, on: routers },
  failUnroutable: { ...flag, on: routers },
  routerBehavior: { ...flag, on: routers },
  routerHandover: { ...flag, on: routers },
  routerRaw: { ...flag, on: routers },
  routerNotify: { on: routers, readsOn: "all", takes: [0, 1, 2, 3], refuses: [4, -1] },
  probeRouter: { ...flag, on: [...routers, zmq.REQ, zmq.DEALER] },
  reqCorrelate: { ...flag, on: [zmq.REQ] },
  reqRelaxed: { ...flag, on: [zmq.REQ] },
  streamNotify: { ...flag, on: [zmq.STREAM] },
  helloMsg: bytes,
  disconnectMsg: bytes,
  hiccupMsg: missing,

  subscribe: { ...bytes, on: [zmq.SUB] },
  unsubscribe: { ...bytes, on: [zmq.SUB] },
  invertMatching: flag,
  xpubVerbose: { ...flag, on: publishers },
  xpubVerboser: { ...flag, on: publishers },
  xpubNodrop: { ...flag, on: [...publishers, zmq.RADIO] },
  xpubManual: { ...flag, on: publishers },
  xpubManualLastValue: { ...flag, on: publishers },
  xpubWelcomeMsg: { ...bytes, on: publishers },
  onlyFirstSubscribe: { ...flag, on: [...publishers, zmq.XSUB] },
  xsubVerboseUnsubscribe: missing,
  topicsCount: missing,

  affinity: { takes: [0n, 1n, as(3, 3n), 2n ** 64n - 1n] },
  backlog: int,
  connectTimeout: int,
  handshakeIvl: int,
  reconnectIvl: intOrNone,
  reconnectIvlMax: int,
  reconnectStop: anyInt,
  heartbeatIvl: int,
  // In steps of 100, as ZMTP's deciseconds: what lies between is rounded towards 0.
  heartbeatTtl: { takes: [0, 100, as(250, 200), as(99, 0), 6_553_500], refuses: [6_553_600, -100] },
  heartbeatTimeout: int,
  metadata: { takes: ["X-name:value"], refuses: ["", "no colon", "name:value"] },
  useFd: intOrNone,
  bindtodevice: { takes: ["lo", as(null, "")], refuses: [] },
  ipv6: flag,
  ipv4only: flag,
  delayAttachOnConnect: flag,
  sndbuf: intOrNone,
  rcvbuf: intOrNone,
  inBatchSize: positive,
  outBatchSize: positive,
  tos: int,
  priority: int,
  busyPoll: missing,
  tcpKeepalive: { takes: [-1, 0, 1], refuses: [2, -2] },
  tcpKeepaliveCnt: intOrNone,
  tcpKeepaliveIdle: intOrNone,
  tcpKeepaliveIntvl: intOrNone,
  tcpMaxrt: int,
  tcpAcceptFilter: { takes: ["127.0.0.1", "10.0.0.0/8", null], refuses: ["", "nowhere", "10.0.0.0/99"] },
  ipcFilterPid: anyInt,
  ipcFilterUid: anyInt,
  ipcFilterGid: anyInt,
  socksProxy: text,
  socksUsername: text,
  socksPassword: text,
  loopbackFastpath: flag,

  plainServer: flag,
  plainUsername: credential,
  plainPassword: credential,
  curveServer: flag,
  curvePublickey: curveKey,
  curveSecretkey: curveKey,
  curveServerkey: curveKey,
  zapDomain: { takes: ["global", "x".repeat(255)], refuses: ["x".repeat(256)] },
  zapEnforceDomain: flag,
  gssapiServer: missing,
  gssapiPlaintext: missing,
  gssapiPrincipal: missing,
  gssapiPrincipalNametype: missing,
  gssapiServicePrincipal: missing,
  gssapiServicePrincipalNametype: missing,
  wssKeyPem: missing,
  wssCertPem: missing,
  wssTrustPem: missing,
  wssHostname: missing,
  wssTrustSystem: missing,

  rate: positive,
  recoveryIvl: int,
  multicastHops: positive,
  multicastMaxtpdu: positive,
  multicastLoop: flag,
  vmciBufferSize: missing,
  vmciBufferMinSize: missing,
  vmciBufferMaxSize: missing,
  vmciConnectTimeout: missing,
  normMode: missing,
  normUnicastNack: missing,
  normBufferSize: missing,
  normSegmentSize: missing,
  normBlockSize: missing,
  normNumParity: missing,
  normNumAutoparity: missing,
  normPush: missing,
};
