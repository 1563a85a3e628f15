/**
 * The one table of options. It gives the typed accessors (`socket.linger`), typed `get` and `set`, context
 * defaults, pyzmq's spellings and the documentation page, whose text is the comment above each row. libzmq
 * itself checks access, socket type and the range of a value.
 *
 * A row is `[number, kind, access, default, unit]`; a default is `null` or left out where there is none. Unless a
 * comment says "at once", an option acts on the binds and connects that follow.
 */

import { types } from "node:util";
import * as zmq from "./constants.js";
import { makeError, rangeError, typeError, ZMQError } from "./errors.js";

/**
 * What JavaScript sees. `fd` is a file descriptor, `key` a CURVE key in Z85, `name` a text that pyzmq
 * knows as a number; `uint64` is a bigint, and all other numbers are numbers.
 */
export type OptionKind = "int" | "bool" | "int64" | "uint64" | "fd" | "bytes" | "text" | "key" | "name";
export type OptionAccess = "r" | "w" | "rw";
export type OptionRow = readonly [
  option: number,
  kind: OptionKind,
  access: OptionAccess,
  initial?: number | bigint | boolean | string | null,
  unit?: string,
];
type Table = Readonly<Record<string, OptionRow>>;

export const socketOptions = {
  // ---- Queues and waiting

  /** How long unsent messages outlive `close()`: -1 for ever, 0 not at all. 0 on SUB, XSUB and DISH. At once. */
  linger: [zmq.LINGER, "int", "rw", -1, "ms"],
  /** How many messages may wait to be sent to each peer; 0 for any number. At once, for peers that come. */
  sndhwm: [zmq.SNDHWM, "int", "rw", 1000, "messages"],
  /** How many received messages of each peer may wait for the program; 0 for any number. At once. */
  rcvhwm: [zmq.RCVHWM, "int", "rw", 1000, "messages"],
  /** How long a send waits before it fails with Again; -1 for ever. At once. */
  sndtimeo: [zmq.SNDTIMEO, "int", "rw", -1, "ms"],
  /** How long a receive waits before it fails with Again; -1 for ever. At once. */
  rcvtimeo: [zmq.RCVTIMEO, "int", "rw", -1, "ms"],
  /** Keeps only the newest message, whatever the high-water marks. No multipart messages. */
  conflate: [zmq.CONFLATE, "bool", "rw", false],
  /** Queues messages for peers that are connected only; a send waits while there is none. */
  immediate: [zmq.IMMEDIATE, "bool", "rw", false],
  /** Largest message accepted from a peer, whose connection is closed otherwise; -1 for no limit. */
  maxmsgsize: [zmq.MAXMSGSIZE, "int64", "rw", -1, "bytes"],

  // ---- State

  /** What the socket is ready for: POLLIN | POLLOUT. Asking makes libzmq do its pending work. */
  events: [zmq.EVENTS, "int", "r", 0],
  /** The descriptor that signals that something happened. Edge-triggered: ask EVENTS each time. */
  fd: [zmq.FD, "fd", "r"],
  /** The address of the latest bind or connect, as resolved. */
  lastEndpoint: [zmq.LAST_ENDPOINT, "text", "r", ""],
  /** The security mechanism in force: NULL, PLAIN, CURVE or GSSAPI. */
  mechanism: [zmq.MECHANISM, "int", "r", 0],
  /** Whether more frames of the message received last are to come. */
  rcvmore: [zmq.RCVMORE, "bool", "r", false],
  /** Whether the socket may be used from several threads: the draft types may. */
  threadSafe: [zmq.THREAD_SAFE, "bool", "r", false],
  /** The socket's type. */
  type: [zmq.TYPE, "int", "r"],

  // ---- Routing

  /** The name this socket has for a ROUTER peer: 1 to 255 bytes. REQ, REP, ROUTER, DEALER. */
  routingId: [zmq.ROUTING_ID, "bytes", "rw", ""],
  /** The name the next connection's peer gets. ROUTER, STREAM. */
  connectRoutingId: [zmq.CONNECT_ROUTING_ID, "bytes", "w"],
  /** Fails with EHOSTUNREACH instead of dropping a message for an unknown peer. ROUTER. At once. */
  routerMandatory: [zmq.ROUTER_MANDATORY, "bool", "w", false],
  /** Lets a new peer take over a routing id that is in use. ROUTER. At once. */
  routerHandover: [zmq.ROUTER_HANDOVER, "bool", "w", false],
  /** Speaks plain TCP instead of ZMTP; STREAM has replaced it. ROUTER. */
  routerRaw: [zmq.ROUTER_RAW, "bool", "w", false],
  /** Tells of peers that come and go by an empty message: NOTIFY_* bits. ROUTER, draft. At once. */
  routerNotify: [zmq.ROUTER_NOTIFY, "int", "rw", 0],
  /** Sends an empty message on connecting, so that a ROUTER knows of us. ROUTER, DEALER, REQ. */
  probeRouter: [zmq.PROBE_ROUTER, "bool", "w", false],
  /** Marks each request so that a late reply to an older one is dropped. REQ. At once. */
  reqCorrelate: [zmq.REQ_CORRELATE, "bool", "w", false],
  /** Allows a new request before the reply has come; use it with reqCorrelate. REQ. At once. */
  reqRelaxed: [zmq.REQ_RELAXED, "bool", "w", false],
  /** Tells of connections that open and close by an empty message; on by default. STREAM. */
  streamNotify: [zmq.STREAM_NOTIFY, "bool", "w", true],
  /** A message sent to each new peer. ROUTER, DEALER, CLIENT, SERVER, PEER; draft. */
  helloMsg: [zmq.HELLO_MSG, "bytes", "w"],
  /** A message to receive when a peer disconnects. ROUTER, SERVER, PEER; draft. */
  disconnectMsg: [zmq.DISCONNECT_MSG, "bytes", "w"],
  /** A message to receive when the connection breaks. DEALER, CLIENT, PEER; draft, libzmq 4.3.5. */
  hiccupMsg: [zmq.HICCUP_MSG, "bytes", "w"],

  // ---- Publishing and subscribing

  /** Receives messages that begin with these bytes; empty for all. SUB; XPUB with xpubManual. At once. */
  subscribe: [zmq.SUBSCRIBE, "bytes", "w"],
  /** Takes back one `subscribe` of the same bytes. SUB; XPUB with xpubManual. At once. */
  unsubscribe: [zmq.UNSUBSCRIBE, "bytes", "w"],
  /** Receives those messages that match no subscription. PUB, XPUB, SUB, all alike. */
  invertMatching: [zmq.INVERT_MATCHING, "bool", "rw", false],
  /** Receives repeated subscriptions too. XPUB. At once. */
  xpubVerbose: [zmq.XPUB_VERBOSE, "bool", "w", false],
  /** Receives repeated subscriptions and unsubscriptions too. XPUB. At once. */
  xpubVerboser: [zmq.XPUB_VERBOSER, "bool", "w", false],
  /** Waits, or fails with Again, where a slow subscriber's message would be dropped. PUB, XPUB, RADIO. */
  xpubNodrop: [zmq.XPUB_NODROP, "bool", "w", false],
  /** Lets the program answer each subscription by `subscribe` or not at all. XPUB. At once. */
  xpubManual: [zmq.XPUB_MANUAL, "bool", "w", false],
  /** As xpubManual, and the next message goes to the newest subscriber only. XPUB, draft. */
  xpubManualLastValue: [zmq.XPUB_MANUAL_LAST_VALUE, "bool", "w", false],
  /** A message sent to each new subscriber; empty for none. XPUB. */
  xpubWelcomeMsg: [zmq.XPUB_WELCOME_MSG, "bytes", "w"],
  /** Reads only a message's first frame as a subscription. XPUB, XSUB, draft. At once. */
  onlyFirstSubscribe: [zmq.ONLY_FIRST_SUBSCRIBE, "bool", "w", false],
  /** Passes repeated unsubscriptions on. XSUB; draft, libzmq 4.3.5. */
  xsubVerboseUnsubscribe: [zmq.XSUB_VERBOSE_UNSUBSCRIBE, "bool", "w", false],
  /** How many subscriptions there are. PUB, XPUB, SUB, XSUB; draft, libzmq 4.3.5. */
  topicsCount: [zmq.TOPICS_COUNT, "int", "r", 0, "topics"],

  // ---- Connections

  /** Which of the context's I/O threads serve new connections, a bit each; 0n for any. */
  affinity: [zmq.AFFINITY, "uint64", "rw", 0n],
  /** How many connections may wait to be accepted. */
  backlog: [zmq.BACKLOG, "int", "rw", 100, "connections"],
  /** How long connecting may take; 0 for the system's own limit. TCP. */
  connectTimeout: [zmq.CONNECT_TIMEOUT, "int", "rw", 0, "ms"],
  /** How long the ZMTP handshake may take; 0 for any time. */
  handshakeIvl: [zmq.HANDSHAKE_IVL, "int", "rw", 30000, "ms"],
  /** Pause before connecting again; -1 for never. */
  reconnectIvl: [zmq.RECONNECT_IVL, "int", "rw", 100, "ms"],
  /** Up to which the pause doubles after each failure; 0 keeps it as it is. */
  reconnectIvlMax: [zmq.RECONNECT_IVL_MAX, "int", "rw", 0, "ms"],
  /** After which failures not to connect again: RECONNECT_STOP_* bits. Draft. */
  reconnectStop: [zmq.RECONNECT_STOP, "int", "rw", 0],
  /** Pause between the pings that find a dead peer; 0 for none. */
  heartbeatIvl: [zmq.HEARTBEAT_IVL, "int", "rw", 0, "ms"],
  /** How long the peer waits for our next ping before it gives up; 0 for no limit. In steps of 100. */
  heartbeatTtl: [zmq.HEARTBEAT_TTL, "int", "rw", 0, "ms"],
  /** How long to wait for the answer to a ping. It reads -1 while it is that of heartbeatIvl. */
  heartbeatTimeout: [zmq.HEARTBEAT_TIMEOUT, "int", "rw", -1, "ms"],
  /** Properties told to each peer, one `X-name:value` a call. Draft. */
  metadata: [zmq.METADATA, "text", "w"],
  /** An open, bound descriptor to use instead of a new one; -1 for none. TCP, IPC. */
  useFd: [zmq.USE_FD, "int", "rw", -1, "descriptor"],
  /** Network interface to use; `null` for any. Needs CAP_NET_RAW. TCP and UDP on Linux. */
  bindtodevice: [zmq.BINDTODEVICE, "text", "rw", ""],
  /** Allows IPv6 beside IPv4. The context's ipv6 is the default. */
  ipv6: [zmq.IPV6, "bool", "rw", false],
  /** The reverse of ipv6; deprecated. */
  ipv4only: [zmq.IPV4ONLY, "bool", "rw", true],
  /** Kernel send buffer; -1 for the system's default. */
  sndbuf: [zmq.SNDBUF, "int", "rw", -1, "bytes"],
  /** Kernel receive buffer; -1 for the system's default. */
  rcvbuf: [zmq.RCVBUF, "int", "rw", -1, "bytes"],
  /** How much is read from a connection at a time. Draft. */
  inBatchSize: [zmq.IN_BATCH_SIZE, "int", "rw", 8192, "bytes"],
  /** How much is written to a connection at a time. Draft. */
  outBatchSize: [zmq.OUT_BATCH_SIZE, "int", "rw", 8192, "bytes"],
  /** Type of service (IPv4) or traffic class (IPv6) of outgoing packets. */
  tos: [zmq.TOS, "int", "rw", 0],
  /** SO_PRIORITY of outgoing packets. Linux, draft. */
  priority: [zmq.PRIORITY, "int", "rw", 0],
  /** SO_BUSY_POLL: less latency for more CPU time. Linux; draft, libzmq 4.3.5. */
  busyPoll: [zmq.BUSY_POLL, "bool", "w", false],
  /** TCP keep-alive: 1 on, 0 off, -1 as the system has it. */
  tcpKeepalive: [zmq.TCP_KEEPALIVE, "int", "rw", -1],
  /** Unanswered TCP probes before the connection counts as dead; -1 for the system's default. */
  tcpKeepaliveCnt: [zmq.TCP_KEEPALIVE_CNT, "int", "rw", -1, "probes"],
  /** Idle time before the first TCP probe; -1 for the system's default. */
  tcpKeepaliveIdle: [zmq.TCP_KEEPALIVE_IDLE, "int", "rw", -1, "s"],
  /** Pause between TCP probes; -1 for the system's default. */
  tcpKeepaliveIntvl: [zmq.TCP_KEEPALIVE_INTVL, "int", "rw", -1, "s"],
  /** How long TCP sends again what is not acknowledged; 0 for the system's default. */
  tcpMaxrt: [zmq.TCP_MAXRT, "int", "rw", 0, "ms"],
  /** Accepts only from this CIDR range too, one a call; `null` for all. Deprecated: use ZAP. */
  tcpAcceptFilter: [zmq.TCP_ACCEPT_FILTER, "text", "w"],
  /** Accepts only from this process id too, one a call. IPC on Linux. Deprecated: use ZAP. */
  ipcFilterPid: [zmq.IPC_FILTER_PID, "int", "w"],
  /** Accepts only from this user id too, one a call. IPC. Deprecated: use ZAP. */
  ipcFilterUid: [zmq.IPC_FILTER_UID, "int", "w"],
  /** Accepts only from this group id too, one a call. IPC. Deprecated: use ZAP. */
  ipcFilterGid: [zmq.IPC_FILTER_GID, "int", "w"],
  /** The SOCKS5 proxy to connect through, `host:port`; `null` for none. TCP. */
  socksProxy: [zmq.SOCKS_PROXY, "text", "rw", ""],
  /** User name for the SOCKS5 proxy; `null` for none. Draft. */
  socksUsername: [zmq.SOCKS_USERNAME, "text", "rw", ""],
  /** Password for the SOCKS5 proxy; `null` for none. Draft. */
  socksPassword: [zmq.SOCKS_PASSWORD, "text", "rw", ""],
  /** A faster loopback for TCP. Windows, draft. */
  loopbackFastpath: [zmq.LOOPBACK_FASTPATH, "bool", "rw", false],

  // ---- Security

  /** Is the server of the PLAIN mechanism. `false` goes back to NULL. */
  plainServer: [zmq.PLAIN_SERVER, "bool", "rw", false],
  /** User name for PLAIN: makes the socket a client. `null` goes back to NULL. */
  plainUsername: [zmq.PLAIN_USERNAME, "text", "rw", ""],
  /** Password for PLAIN, not empty. `null` goes back to NULL. */
  plainPassword: [zmq.PLAIN_PASSWORD, "text", "rw", ""],
  /** Is the server of the CURVE mechanism, with curveSecretkey. `false` goes back to NULL. */
  curveServer: [zmq.CURVE_SERVER, "bool", "rw", false],
  /** A client's own public key; 40 zeros where none has been set, as with the other keys. */
  curvePublickey: [zmq.CURVE_PUBLICKEY, "key", "rw", null],
  /** The secret key, of a client or a server. */
  curveSecretkey: [zmq.CURVE_SECRETKEY, "key", "rw", null],
  /** The server's public key: makes the socket a client. */
  curveServerkey: [zmq.CURVE_SERVERKEY, "key", "rw", null],
  /** The domain told to the ZAP handler. With the NULL mechanism there is no ZAP without one. */
  zapDomain: [zmq.ZAP_DOMAIN, "text", "rw", ""],
  /** Refuses connections that no ZAP handler can judge. Draft. */
  zapEnforceDomain: [zmq.ZAP_ENFORCE_DOMAIN, "bool", "rw", false],
  /** Is the server of the GSSAPI mechanism. libzmq built with GSSAPI. */
  gssapiServer: [zmq.GSSAPI_SERVER, "bool", "rw", false],
  /** Switches GSSAPI's encryption off. libzmq built with GSSAPI. */
  gssapiPlaintext: [zmq.GSSAPI_PLAINTEXT, "bool", "rw", false],
  /** The principal to get credentials for. libzmq built with GSSAPI. */
  gssapiPrincipal: [zmq.GSSAPI_PRINCIPAL, "text", "rw", ""],
  /** How gssapiPrincipal is to be read: GSSAPI_NT_*. libzmq built with GSSAPI. */
  gssapiPrincipalNametype: [zmq.GSSAPI_PRINCIPAL_NAMETYPE, "int", "rw", 0],
  /** The server's principal. libzmq built with GSSAPI. */
  gssapiServicePrincipal: [zmq.GSSAPI_SERVICE_PRINCIPAL, "text", "rw", ""],
  /** How gssapiServicePrincipal is to be read: GSSAPI_NT_*. libzmq built with GSSAPI. */
  gssapiServicePrincipalNametype: [zmq.GSSAPI_SERVICE_PRINCIPAL_NAMETYPE, "int", "rw", 0],
  /** The private key in PEM, for a server. libzmq built with WSS, draft. */
  wssKeyPem: [zmq.WSS_KEY_PEM, "text", "w"],
  /** The certificate in PEM, for a server. libzmq built with WSS, draft. */
  wssCertPem: [zmq.WSS_CERT_PEM, "text", "w"],
  /** Certificates in PEM that a client trusts. libzmq built with WSS, draft. */
  wssTrustPem: [zmq.WSS_TRUST_PEM, "text", "w"],
  /** The host name a client expects in the certificate. libzmq built with WSS, draft. */
  wssHostname: [zmq.WSS_HOSTNAME, "text", "w"],
  /** A client trusts the system's certificates. libzmq built with WSS, draft. */
  wssTrustSystem: [zmq.WSS_TRUST_SYSTEM, "bool", "w", false],

  // ---- Multicast and other transports

  /** Largest data rate of PGM multicast. */
  rate: [zmq.RATE, "int", "rw", 100, "kbit/s"],
  /** How long PGM keeps messages for members that missed some. */
  recoveryIvl: [zmq.RECOVERY_IVL, "int", "rw", 10000, "ms"],
  /** How many routers a multicast packet may pass. */
  multicastHops: [zmq.MULTICAST_HOPS, "int", "rw", 1, "hops"],
  /** Largest multicast packet. */
  multicastMaxtpdu: [zmq.MULTICAST_MAXTPDU, "int", "rw", 1500, "bytes"],
  /** Whether UDP multicast comes back to this machine. RADIO, DGRAM, draft. */
  multicastLoop: [zmq.MULTICAST_LOOP, "bool", "rw", true],
  /** Buffer of a VMCI connection. libzmq built with VMCI. */
  vmciBufferSize: [zmq.VMCI_BUFFER_SIZE, "int64", "w", null, "bytes"],
  /** Smallest buffer of a VMCI connection. libzmq built with VMCI. */
  vmciBufferMinSize: [zmq.VMCI_BUFFER_MIN_SIZE, "int64", "w", null, "bytes"],
  /** Largest buffer of a VMCI connection. libzmq built with VMCI. */
  vmciBufferMaxSize: [zmq.VMCI_BUFFER_MAX_SIZE, "int64", "w", null, "bytes"],
  /** How long connecting by VMCI may take. libzmq built with VMCI. */
  vmciConnectTimeout: [zmq.VMCI_CONNECT_TIMEOUT, "int", "w", null, "ms"],
  /** Congestion control of NORM: NORM_FIXED to NORM_CCE_ECNONLY. Draft, libzmq 4.3.5 with NORM. */
  normMode: [zmq.NORM_MODE, "int", "rw", null],
  /** Sends negative acknowledgements to the sender alone. Draft, libzmq 4.3.5 with NORM. */
  normUnicastNack: [zmq.NORM_UNICAST_NACK, "bool", "rw", null],
  /** NORM's buffer. Draft, libzmq 4.3.5 with NORM. */
  normBufferSize: [zmq.NORM_BUFFER_SIZE, "int", "rw", null, "KiB"],
  /** NORM's segment. Draft, libzmq 4.3.5 with NORM. */
  normSegmentSize: [zmq.NORM_SEGMENT_SIZE, "int", "rw", null, "bytes"],
  /** Segments in a block of NORM. Draft, libzmq 4.3.5 with NORM. */
  normBlockSize: [zmq.NORM_BLOCK_SIZE, "int", "rw", null, "segments"],
  /** Parity segments computed for a block of NORM. Draft, libzmq 4.3.5 with NORM. */
  normNumParity: [zmq.NORM_NUM_PARITY, "int", "rw", null, "segments"],
  /** Parity segments sent unasked with a block of NORM. Draft, libzmq 4.3.5 with NORM. */
  normNumAutoparity: [zmq.NORM_NUM_AUTOPARITY, "int", "rw", null, "segments"],
  /** Prefers new data to repairs when NORM falls behind. Draft, libzmq 4.3.5 with NORM. */
  normPush: [zmq.NORM_PUSH, "bool", "rw", null],

  // ---- Older names

  /** The older name of routingId. */
  identity: [zmq.IDENTITY, "bytes", "rw", ""],
  /** The older name of connectRoutingId. */
  connectRid: [zmq.CONNECT_RID, "bytes", "w"],
  /** The older name of immediate. */
  delayAttachOnConnect: [zmq.DELAY_ATTACH_ON_CONNECT, "bool", "rw", false],
  /** An older name of routerMandatory. */
  failUnroutable: [zmq.FAIL_UNROUTABLE, "bool", "w", false],
  /** An older name of routerMandatory. */
  routerBehavior: [zmq.ROUTER_BEHAVIOR, "bool", "w", false],
} as const satisfies Table;

/** Options of a context. Those about threads and sizes count only before its first socket is made. */
export const contextOptions = {
  /** How many threads move messages; 0 for a context of inproc only. */
  ioThreads: [zmq.IO_THREADS, "int", "rw", 1, "threads"],
  /** How many sockets there may be at a time; a monitor needs two. */
  maxSockets: [zmq.MAX_SOCKETS, "int", "rw", 1023, "sockets"],
  /** Scheduling priority of the I/O threads. By its number it reads socketLimit. */
  threadPriority: [zmq.THREAD_PRIORITY, "int", "w", -1],
  /** The largest maxSockets there can be. */
  socketLimit: [zmq.SOCKET_LIMIT, "int", "r", 65535, "sockets"],
  /** Scheduling policy of the I/O threads; -1 for the system's default. */
  threadSchedPolicy: [zmq.THREAD_SCHED_POLICY, "int", "rw", -1],
  /** Largest message to send; libzmq 4.3.4 keeps the number and does not look at it. */
  maxMsgsz: [zmq.MAX_MSGSZ, "int", "rw", 2147483647, "bytes"],
  /** How large a zmq_msg_t is. */
  msgTSize: [zmq.MSG_T_SIZE, "int", "r", 64, "bytes"],
  /** Adds a CPU to those the I/O threads run on. */
  threadAffinityCpuAdd: [zmq.THREAD_AFFINITY_CPU_ADD, "int", "w", null, "CPU number"],
  /** Takes a CPU back that threadAffinityCpuAdd added. */
  threadAffinityCpuRemove: [zmq.THREAD_AFFINITY_CPU_REMOVE, "int", "w", null, "CPU number"],
  /** Begins the names of the I/O threads: 1 to 16 bytes, or a number. */
  threadNamePrefix: [zmq.THREAD_NAME_PREFIX, "name", "rw", ""],
  /** Whether received messages share the buffer they were read into. Draft. */
  zeroCopyRecv: [zmq.ZERO_COPY_RECV, "bool", "rw", true],
  /** What ipv6 is on new sockets. */
  ipv6: [zmq.IPV6, "bool", "rw", false],
  /** Whether the context waits for unsent messages: with `false` new sockets have linger 0. */
  blocky: [zmq.BLOCKY, "bool", "rw", true],
} as const satisfies Table;

// ---- Types

/** What a byte-valued option takes; a string is sent as UTF-8. */
export type Bytes = string | ArrayBufferView | ArrayBuffer | SharedArrayBuffer;

interface Reads {
  int: number;
  bool: boolean;
  int64: number;
  uint64: bigint;
  fd: number;
  bytes: Buffer;
  text: string;
  key: string;
  name: string | number;
}

interface Writes {
  int: number;
  bool: boolean | 0 | 1;
  int64: number | bigint;
  uint64: bigint | number;
  fd: number;
  bytes: Bytes;
  text: Bytes | null;
  key: Bytes;
  name: string | number;
}

/** Any value that `get` can return, and any that `set` can take. */
export type OptionValue = Reads[OptionKind];
export type OptionInput = Writes[OptionKind];

type Sockets = typeof socketOptions;
type Contexts = typeof contextOptions;
type Readable<T extends Table> = { [K in keyof T]: T[K][2] extends "w" ? never : K }[keyof T];
type Writable<T extends Table> = { [K in keyof T]: T[K][2] extends "r" ? never : K }[keyof T];

export type SocketOptionName = keyof Sockets;
export type ContextOptionName = keyof Contexts;

/** Property name to the type it reads. */
export type SocketOptionReads = { readonly [K in Readable<Sockets>]: Reads[Sockets[K][1]] };
export type ContextOptionReads = { readonly [K in Readable<Contexts>]: Reads[Contexts[K][1]] };

/** Property name to the type it takes: `context.socket(type, options)` and a context's defaults. */
export type SocketOptionWrites = { [K in Writable<Sockets>]?: Writes[Sockets[K][1]] | undefined };
export type ContextOptionWrites = {
  [K in Writable<Contexts>]?: Writes[Contexts[K][1]] | undefined;
};

type KindOf<T extends Table, N extends number> = {
  [K in keyof T]: T[K][0] extends N ? T[K][1] : never;
}[keyof T];
// A number that is no literal may be any option; one the table does not know is an int, or bytes.
type Read<T extends Table, N extends number> = number extends N
  ? OptionValue
  : [KindOf<T, N>] extends [never]
    ? number
    : Reads[KindOf<T, N>];
type Write<T extends Table, N extends number> = number extends N
  ? OptionInput
  : [KindOf<T, N>] extends [never]
    ? OptionInput
    : Writes[KindOf<T, N>];

/** `socket.get<N>(option: N): SocketOptionValue<N>`, and so on. */
export type SocketOptionValue<N extends number> = Read<Sockets, N>;
export type SocketOptionInput<N extends number> = Write<Sockets, N>;
export type ContextOptionValue<N extends number> = Read<Contexts, N>;
export type ContextOptionInput<N extends number> = Write<Contexts, N>;

/** Options that are no properties of a socket, since a method or a field has the name. */
export const notAccessors = ["events", "subscribe", "unsubscribe", "type"] as const;
type Accessor<T extends Table> = Exclude<keyof T, (typeof notAccessors)[number]>;

// An accessor that takes more types than it returns cannot be derived: those stand in the interfaces below.
type Wide = "bool" | "int64" | "uint64" | "bytes" | "text" | "key" | "name";
type Plain<T extends Table> = {
  readonly [K in keyof T as K extends Accessor<T>
    ? T[K][2] extends "r"
      ? K
      : never
    : never]: Reads[T[K][1]];
} & {
  -readonly [K in keyof T as K extends Accessor<T>
    ? T[K][2] extends "w"
      ? K
      : never
    : never]: Writes[T[K][1]];
} & {
  -readonly [K in keyof T as K extends Accessor<T>
    ? T[K][2] extends "rw"
      ? T[K][1] extends Wide
        ? never
        : K
      : never
    : never]: Reads[T[K][1]];
};

export interface WideSocketOptions {
  get affinity(): bigint;
  set affinity(value: Writes["uint64"]);
  get maxmsgsize(): number;
  set maxmsgsize(value: Writes["int64"]);

  get routingId(): Buffer;
  set routingId(value: Writes["bytes"]);
  get identity(): Buffer;
  set identity(value: Writes["bytes"]);

  get bindtodevice(): string;
  set bindtodevice(value: Writes["text"]);
  get socksProxy(): string;
  set socksProxy(value: Writes["text"]);
  get socksUsername(): string;
  set socksUsername(value: Writes["text"]);
  get socksPassword(): string;
  set socksPassword(value: Writes["text"]);
  get plainUsername(): string;
  set plainUsername(value: Writes["text"]);
  get plainPassword(): string;
  set plainPassword(value: Writes["text"]);
  get zapDomain(): string;
  set zapDomain(value: Writes["text"]);
  get gssapiPrincipal(): string;
  set gssapiPrincipal(value: Writes["text"]);
  get gssapiServicePrincipal(): string;
  set gssapiServicePrincipal(value: Writes["text"]);

  get curvePublickey(): string;
  set curvePublickey(value: Writes["key"]);
  get curveSecretkey(): string;
  set curveSecretkey(value: Writes["key"]);
  get curveServerkey(): string;
  set curveServerkey(value: Writes["key"]);

  get conflate(): boolean;
  set conflate(value: Writes["bool"]);
  get immediate(): boolean;
  set immediate(value: Writes["bool"]);
  get invertMatching(): boolean;
  set invertMatching(value: Writes["bool"]);
  get ipv6(): boolean;
  set ipv6(value: Writes["bool"]);
  get ipv4only(): boolean;
  set ipv4only(value: Writes["bool"]);
  get loopbackFastpath(): boolean;
  set loopbackFastpath(value: Writes["bool"]);
  get plainServer(): boolean;
  set plainServer(value: Writes["bool"]);
  get curveServer(): boolean;
  set curveServer(value: Writes["bool"]);
  get zapEnforceDomain(): boolean;
  set zapEnforceDomain(value: Writes["bool"]);
  get gssapiServer(): boolean;
  set gssapiServer(value: Writes["bool"]);
  get gssapiPlaintext(): boolean;
  set gssapiPlaintext(value: Writes["bool"]);
  get multicastLoop(): boolean;
  set multicastLoop(value: Writes["bool"]);
  get normUnicastNack(): boolean;
  set normUnicastNack(value: Writes["bool"]);
  get normPush(): boolean;
  set normPush(value: Writes["bool"]);
  get delayAttachOnConnect(): boolean;
  set delayAttachOnConnect(value: Writes["bool"]);
}

export interface WideContextOptions {
  get threadNamePrefix(): string | number;
  set threadNamePrefix(value: Writes["name"]);
  get zeroCopyRecv(): boolean;
  set zeroCopyRecv(value: Writes["bool"]);
  get ipv6(): boolean;
  set ipv6(value: Writes["bool"]);
  get blocky(): boolean;
  set blocky(value: Writes["bool"]);
}

/** The option properties of a socket: `interface Socket extends SocketOptionAccessors`. */
export interface SocketOptionAccessors extends Plain<Sockets>, WideSocketOptions {}

/** The option properties of a context, without the defaults for its sockets. */
export interface ContextOptionAccessors extends Plain<Contexts>, WideContextOptions {}

// ---- Rows by number, names of rows

function byNumber(table: Table): ReadonlyMap<number, OptionRow> {
  const rows = new Map<number, OptionRow>();
  // The first row wins: older names come later.
  for (const row of Object.values(table)) if (!rows.has(row[0])) rows.set(row[0], row);
  return rows;
}

const socketRows = byNumber(socketOptions);
const contextRows = byNumber(contextOptions);

/** Names of rows, made for the first that is asked for. */
let names: Map<OptionRow, string> | undefined;

function readNames(): Map<OptionRow, string> {
  const read = new Map<OptionRow, string>();
  for (const table of [socketOptions, contextOptions] as readonly Table[]) {
    for (const [property, row] of Object.entries(table)) {
      read.set(row, property.replace(/[A-Z]/g, "_$&").toUpperCase());
    }
  }
  return read;
}

/** The row of a socket option, or `undefined` for a number the table does not know. */
export const socketOptionRow = (option: number): OptionRow | undefined => socketRows.get(option);

/** The row of a context option. Number 3 is threadPriority, which is what writing it sets. */
export const contextOptionRow = (option: number): OptionRow | undefined => contextRows.get(option);

/** The constant's name, `"LINGER"`, for messages; `"option 999"` where there is none. */
export function optionName(row: OptionRow | undefined, option: number): string {
  names ??= readNames();
  if (row !== undefined) return names.get(row) ?? `option ${option}`;
  // HWM, and options of other versions of libzmq's.
  const known = Object.entries(zmq.SocketOption).find(([, number]) => number === option);
  return known?.[0] ?? `option ${option}`;
}

/** libzmq's refusal of an option, saying which one; any other error is as it was. */
export const refusal = (error: unknown, what: string, row: OptionRow | undefined, option: number): unknown =>
  error instanceof ZMQError && error.errno === zmq.EINVAL
    ? makeError(
        zmq.EINVAL,
        option === zmq.HWM
          ? "HWM is an option of libzmq 2; there are SNDHWM and RCVHWM, or the property hwm for both"
          : `${what} ${optionName(row, option)}`,
      )
    : error;

/** What a program gave as an option's number, checked. */
export function optionNumber(option: unknown): number {
  if (typeof option !== "number" || !Number.isInteger(option)) {
    throw typeError(`an option is a number, such as zmq.LINGER; got ${describe(option)}`);
  }
  if (option < -INT_LIMIT || option >= INT_LIMIT) {
    throw rangeError(`an option is a number of 32 bits; got ${option}`);
  }
  return option;
}

// ---- Values, to and from the native layer

/** The C type of a value at the border: int, int64_t, uint64_t, bytes, zmq_fd_t. */
export type NativeKind = 0 | 1 | 2 | 3 | 4;
export type NativeValue = number | bigint | string | Uint8Array | null;

export interface NativeOption {
  readonly kind: NativeKind;
  readonly value: NativeValue;
}

const INT: NativeKind = 0;
const INT64: NativeKind = 1;
const UINT64: NativeKind = 2;
const BYTES: NativeKind = 3;
const FD: NativeKind = 4;

const INT_LIMIT = 2 ** 31;
const INT64_LIMIT = 2 ** 63;
const UINT64_LIMIT = 2n ** 64n;

const nativeKinds: Readonly<Record<OptionKind, NativeKind>> = {
  int: INT,
  bool: INT,
  int64: INT64,
  uint64: UINT64,
  fd: FD,
  bytes: BYTES,
  text: BYTES,
  key: BYTES,
  name: INT,
};

/** How the native layer is to read an option. One the table does not know is an int, as in pyzmq. */
export const nativeKind = (row: OptionRow | undefined): NativeKind => (row ? nativeKinds[row[1]] : INT);

/** How many bytes to ask for: libzmq gives CURVE keys as text for exactly 41; others have no rule. */
export const nativeSize = (row: OptionRow | undefined): number | undefined =>
  row?.[1] === "key" ? 41 : undefined;

// Never the value itself: it may be a password that was meant for another option.
function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return `an object (${value.constructor?.name ?? "no class"})`;
  return `a ${typeof value}`;
}

// Numbers are shown to whom asked for a number.
const shown = (value: unknown): string =>
  typeof value === "number" || typeof value === "boolean" ? String(value) : describe(value);

function integer(name: string, value: unknown, least: number, limit: number): number {
  const number = typeof value === "bigint" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isInteger(number)) {
    throw typeError(`${name} takes an integer; got ${shown(value)}`);
  }
  if (number < least || number >= limit) {
    throw rangeError(`${name} takes an integer of ${limit === INT_LIMIT ? 32 : 64} bits; got ${value}`);
  }
  return number;
}

function unsigned(name: string, value: unknown): bigint {
  if (typeof value !== "bigint" && !Number.isInteger(value)) {
    throw typeError(`${name} takes a bigint or an integer; got ${shown(value)}`);
  }
  const big = BigInt(value as bigint | number);
  if (big < 0n || big >= UINT64_LIMIT) {
    throw rangeError(`${name} takes an integer from 0 to 2n ** 64n - 1n; got ${value}`);
  }
  return big;
}

function flag(name: string, value: unknown): 0 | 1 {
  // libzmq takes any number for some of these and only 0 and 1 for others: it gets 0 and 1 from us.
  if (value === true || value === 1) return 1;
  if (value === false || value === 0) return 0;
  const message = `${name} takes true, false, 0 or 1; got ${shown(value)}`;
  throw Number.isInteger(value) ? rangeError(message) : typeError(message);
}

function bytes(name: string, value: unknown, takes: string): string | Uint8Array {
  if (typeof value === "string") return value;
  try {
    if (ArrayBuffer.isView(value)) {
      return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    }
    if (types.isAnyArrayBuffer(value)) {
      return new Uint8Array(value);
    }
  } catch {
    // Empty, it would mean something else: every topic, for one.
    throw typeError(`${name}: the buffer is detached`);
  }
  throw typeError(`${name} takes ${takes}; got ${describe(value)}`);
}

const Z85 = /^[0-9A-Za-z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/;

function key(name: string, value: unknown): string | Uint8Array {
  const given = bytes(name, value, "a CURVE key as a string or bytes");
  if (typeof given !== "string" && given.byteLength === 32) return given;
  const text = typeof given === "string" ? given : Buffer.from(given).toString("latin1");
  const z85 = text.length === 41 && text.endsWith("\0") ? text.slice(0, 40) : text;
  if (Z85.test(z85)) return z85;
  // As in pyzmq this is libzmq's error, with a text that says more; never with the key itself.
  const wrong = z85.length === 40 ? "40 characters, not all of them Z85's" : sizeOf(given);
  throw makeError(zmq.EINVAL, `${name} takes 32 bytes or 40 characters of Z85; got ${wrong}`);
}

const sizeOf = (value: string | Uint8Array): string =>
  typeof value === "string" ? `${value.length} characters` : `${value.byteLength} bytes`;

type Encoder = (name: string, value: unknown) => NativeOption;

const encodeInt: Encoder = (name, value) => ({
  kind: INT,
  value: integer(name, value, -INT_LIMIT, INT_LIMIT),
});

const encoders: Readonly<Record<OptionKind, Encoder>> = {
  int: encodeInt,
  fd: encodeInt,
  bool: (name, value) => ({ kind: INT, value: flag(name, value) }),
  int64: (name, value) => ({ kind: INT64, value: integer(name, value, -INT64_LIMIT, INT64_LIMIT) }),
  uint64: (name, value) => ({ kind: UINT64, value: unsigned(name, value) }),
  bytes: (name, value) => ({ kind: BYTES, value: bytes(name, value, "a string or bytes") }),
  text: (name, value) => ({
    kind: BYTES,
    value: value === null ? null : bytes(name, value, "a string, bytes or null"),
  }),
  key: (name, value) => ({ kind: BYTES, value: key(name, value) }),
  name: (name, value) => (typeof value === "string" ? { kind: BYTES, value } : encodeInt(name, value)),
};

const encodeUnknown: Encoder = (name, value) => {
  if (typeof value === "number") return encodeInt(name, value);
  if (typeof value === "boolean") return encodeInt(name, Number(value));
  if (typeof value === "bigint")
    return { kind: INT64, value: integer(name, value, -INT64_LIMIT, INT64_LIMIT) };
  return { kind: BYTES, value: bytes(name, value, "a number, a string or bytes") };
};

/**
 * A program's value as the native layer's `set(option, kind, value)` takes it. Throws a TypeError or a
 * RangeError that names the option and never tells a value that may be secret.
 */
export function encodeOption(row: OptionRow | undefined, option: number, value: unknown): NativeOption {
  const encode = row ? encoders[row[1]] : encodeUnknown;
  return encode(optionName(row, option), value);
}

/** The `linger` of `close` and `destroy`, in milliseconds; `undefined` and `null` leave each socket its own. */
export function readLinger(linger: unknown): number | undefined {
  if (linger === undefined || linger === null) return undefined;
  const value = encodeOption(socketOptions.linger, zmq.LINGER, linger).value as number;
  if (value < -1) throw makeError(zmq.EINVAL, `linger is -1 or more; got ${value}`);
  return value;
}

// libzmq ends texts with a NUL. A routing id is bytes, and has none.
const withoutNul = (value: Buffer): Buffer =>
  value.at(-1) === 0 ? value.subarray(0, value.length - 1) : value;

/** What the native layer's `get(option, nativeKind(row), nativeSize(row))` returned, as the program sees it. */
export function decodeOption(
  row: OptionRow | undefined,
  option: number,
  value: number | bigint | string | Buffer,
): OptionValue {
  if (typeof value === "string") return value;
  if (Buffer.isBuffer(value)) {
    if (option === zmq.ROUTING_ID) return value;
    const content = withoutNul(value);
    return row === undefined || row[1] === "bytes" ? content : content.toString("utf8");
  }
  switch (row?.[1]) {
    case "bool":
      return Number(value) !== 0;
    case "uint64":
      return BigInt(value);
    default:
      return Number(value);
  }
}
