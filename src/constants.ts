/**
 * Every constant of libzmq and pyzmq, under pyzmq's names. Each number is written here once; the groups
 * pyzmq calls enums (`SocketType`, `SocketOption`, ...) are frozen objects made of them, so that
 * `zmq.REQ === zmq.SocketType.REQ`. A constant that is here may still be unknown to the libzmq that
 * runs: `zmq.has()` and `zmq.zmqVersionInfo()` tell. scripts/check-constants.mjs compares with zmq.h.
 */

import { constants } from "node:os";

// Context options. SOCKET_LIMIT is what reading number 3 gives, THREAD_PRIORITY what writing it sets.

export const IO_THREADS = 1;
export const MAX_SOCKETS = 2;
export const SOCKET_LIMIT = 3;
export const THREAD_PRIORITY = SOCKET_LIMIT;
export const THREAD_SCHED_POLICY = 4;
export const MAX_MSGSZ = 5;
export const MSG_T_SIZE = 6;
export const THREAD_AFFINITY_CPU_ADD = 7;
export const THREAD_AFFINITY_CPU_REMOVE = 8;
export const THREAD_NAME_PREFIX = 9;
/** Draft, and not in pyzmq: 0 copies received messages out of the 8 KiB read buffer they share. */
export const ZERO_COPY_RECV = 10;

export const ContextOption = Object.freeze({
  IO_THREADS,
  MAX_SOCKETS,
  SOCKET_LIMIT,
  THREAD_PRIORITY,
  THREAD_SCHED_POLICY,
  MAX_MSGSZ,
  MSG_T_SIZE,
  THREAD_AFFINITY_CPU_ADD,
  THREAD_AFFINITY_CPU_REMOVE,
  THREAD_NAME_PREFIX,
  ZERO_COPY_RECV,
} as const);
export type ContextOption = (typeof ContextOption)[keyof typeof ContextOption];

/** What a context starts with. */
export const IO_THREADS_DFLT = 1;
export const MAX_SOCKETS_DFLT = 1023;
export const THREAD_PRIORITY_DFLT = -1;
export const THREAD_SCHED_POLICY_DFLT = -1;

// Socket types. From SERVER on they are libzmq drafts; XREQ and XREP are old names.

export const PAIR = 0;
export const PUB = 1;
export const SUB = 2;
export const REQ = 3;
export const REP = 4;
export const DEALER = 5;
export const ROUTER = 6;
export const PULL = 7;
export const PUSH = 8;
export const XPUB = 9;
export const XSUB = 10;
export const STREAM = 11;
export const SERVER = 12;
export const CLIENT = 13;
export const RADIO = 14;
export const DISH = 15;
export const GATHER = 16;
export const SCATTER = 17;
export const DGRAM = 18;
export const PEER = 19;
export const CHANNEL = 20;
export const XREQ = DEALER;
export const XREP = ROUTER;

export const SocketType = Object.freeze({
  PAIR,
  PUB,
  SUB,
  REQ,
  REP,
  DEALER,
  ROUTER,
  PULL,
  PUSH,
  XPUB,
  XSUB,
  STREAM,
  XREQ,
  XREP,
  SERVER,
  CLIENT,
  RADIO,
  DISH,
  GATHER,
  SCATTER,
  DGRAM,
  PEER,
  CHANNEL,
} as const);
export type SocketType = (typeof SocketType)[keyof typeof SocketType];

// Socket options. options.ts says what each takes, gives and does.

/** Of libzmq 2: later ones refuse it. `socket.hwm` sets SNDHWM and RCVHWM instead. */
export const HWM = 1;
export const AFFINITY = 4;
export const ROUTING_ID = 5;
export const SUBSCRIBE = 6;
export const UNSUBSCRIBE = 7;
export const RATE = 8;
export const RECOVERY_IVL = 9;
export const SNDBUF = 11;
export const RCVBUF = 12;
export const RCVMORE = 13;
export const FD = 14;
export const EVENTS = 15;
export const TYPE = 16;
export const LINGER = 17;
export const RECONNECT_IVL = 18;
export const BACKLOG = 19;
export const RECONNECT_IVL_MAX = 21;
export const MAXMSGSIZE = 22;
export const SNDHWM = 23;
export const RCVHWM = 24;
export const MULTICAST_HOPS = 25;
export const RCVTIMEO = 27;
export const SNDTIMEO = 28;
export const LAST_ENDPOINT = 32;
export const ROUTER_MANDATORY = 33;
export const TCP_KEEPALIVE = 34;
export const TCP_KEEPALIVE_CNT = 35;
export const TCP_KEEPALIVE_IDLE = 36;
export const TCP_KEEPALIVE_INTVL = 37;
export const IMMEDIATE = 39;
export const XPUB_VERBOSE = 40;
export const ROUTER_RAW = 41;
export const IPV6 = 42;
export const MECHANISM = 43;
export const PLAIN_SERVER = 44;
export const PLAIN_USERNAME = 45;
export const PLAIN_PASSWORD = 46;
export const CURVE_SERVER = 47;
export const CURVE_PUBLICKEY = 48;
export const CURVE_SECRETKEY = 49;
export const CURVE_SERVERKEY = 50;
export const PROBE_ROUTER = 51;
export const REQ_CORRELATE = 52;
export const REQ_RELAXED = 53;
export const CONFLATE = 54;
export const ZAP_DOMAIN = 55;
export const ROUTER_HANDOVER = 56;
export const TOS = 57;
export const CONNECT_ROUTING_ID = 61;
export const GSSAPI_SERVER = 62;
export const GSSAPI_PRINCIPAL = 63;
export const GSSAPI_SERVICE_PRINCIPAL = 64;
export const GSSAPI_PLAINTEXT = 65;
export const HANDSHAKE_IVL = 66;
export const SOCKS_PROXY = 68;
export const XPUB_NODROP = 69;
export const XPUB_MANUAL = 71;
export const XPUB_WELCOME_MSG = 72;
export const STREAM_NOTIFY = 73;
export const INVERT_MATCHING = 74;
export const HEARTBEAT_IVL = 75;
export const HEARTBEAT_TTL = 76;
export const HEARTBEAT_TIMEOUT = 77;
export const XPUB_VERBOSER = 78;
export const CONNECT_TIMEOUT = 79;
export const TCP_MAXRT = 80;
export const THREAD_SAFE = 81;
export const MULTICAST_MAXTPDU = 84;
export const VMCI_BUFFER_SIZE = 85;
export const VMCI_BUFFER_MIN_SIZE = 86;
export const VMCI_BUFFER_MAX_SIZE = 87;
export const VMCI_CONNECT_TIMEOUT = 88;
export const USE_FD = 89;
export const GSSAPI_PRINCIPAL_NAMETYPE = 90;
export const GSSAPI_SERVICE_PRINCIPAL_NAMETYPE = 91;
export const BINDTODEVICE = 92;

/** A context option in libzmq; pyzmq lists it among the socket options. */
export const BLOCKY = 70;

// Socket options that libzmq deprecates.

export const IPV4ONLY = 31;
export const TCP_ACCEPT_FILTER = 38;
export const IPC_FILTER_PID = 58;
export const IPC_FILTER_UID = 59;
export const IPC_FILTER_GID = 60;

// Drafts of libzmq 4.3.4.

export const ZAP_ENFORCE_DOMAIN = 93;
export const LOOPBACK_FASTPATH = 94;
export const METADATA = 95;
export const MULTICAST_LOOP = 96;
export const ROUTER_NOTIFY = 97;
export const XPUB_MANUAL_LAST_VALUE = 98;
export const SOCKS_USERNAME = 99;
export const SOCKS_PASSWORD = 100;
export const IN_BATCH_SIZE = 101;
export const OUT_BATCH_SIZE = 102;
export const WSS_KEY_PEM = 103;
export const WSS_CERT_PEM = 104;
export const WSS_TRUST_PEM = 105;
export const WSS_HOSTNAME = 106;
export const WSS_TRUST_SYSTEM = 107;
export const ONLY_FIRST_SUBSCRIBE = 108;
export const RECONNECT_STOP = 109;
export const HELLO_MSG = 110;
export const DISCONNECT_MSG = 111;
export const PRIORITY = 112;

// Options that came with libzmq 4.3.5: an older one answers EINVAL.

export const BUSY_POLL = 113;
export const HICCUP_MSG = 114;
export const XSUB_VERBOSE_UNSUBSCRIBE = 115;
export const TOPICS_COUNT = 116;
export const NORM_MODE = 117;
export const NORM_UNICAST_NACK = 118;
export const NORM_BUFFER_SIZE = 119;
export const NORM_SEGMENT_SIZE = 120;
export const NORM_BLOCK_SIZE = 121;
export const NORM_NUM_PARITY = 122;
export const NORM_NUM_AUTOPARITY = 123;
export const NORM_PUSH = 124;

// Other names of the same options.

export const IDENTITY = ROUTING_ID;
export const CONNECT_RID = CONNECT_ROUTING_ID;
export const DELAY_ATTACH_ON_CONNECT = IMMEDIATE;
export const FAIL_UNROUTABLE = ROUTER_MANDATORY;
export const ROUTER_BEHAVIOR = ROUTER_MANDATORY;

export const SocketOption = Object.freeze({
  HWM,
  AFFINITY,
  ROUTING_ID,
  SUBSCRIBE,
  UNSUBSCRIBE,
  RATE,
  RECOVERY_IVL,
  SNDBUF,
  RCVBUF,
  RCVMORE,
  FD,
  EVENTS,
  TYPE,
  LINGER,
  RECONNECT_IVL,
  BACKLOG,
  RECONNECT_IVL_MAX,
  MAXMSGSIZE,
  SNDHWM,
  RCVHWM,
  MULTICAST_HOPS,
  RCVTIMEO,
  SNDTIMEO,
  LAST_ENDPOINT,
  ROUTER_MANDATORY,
  TCP_KEEPALIVE,
  TCP_KEEPALIVE_CNT,
  TCP_KEEPALIVE_IDLE,
  TCP_KEEPALIVE_INTVL,
  IMMEDIATE,
  XPUB_VERBOSE,
  ROUTER_RAW,
  IPV6,
  MECHANISM,
  PLAIN_SERVER,
  PLAIN_USERNAME,
  PLAIN_PASSWORD,
  CURVE_SERVER,
  CURVE_PUBLICKEY,
  CURVE_SECRETKEY,
  CURVE_SERVERKEY,
  PROBE_ROUTER,
  REQ_CORRELATE,
  REQ_RELAXED,
  CONFLATE,
  ZAP_DOMAIN,
  ROUTER_HANDOVER,
  TOS,
  CONNECT_ROUTING_ID,
  GSSAPI_SERVER,
  GSSAPI_PRINCIPAL,
  GSSAPI_SERVICE_PRINCIPAL,
  GSSAPI_PLAINTEXT,
  HANDSHAKE_IVL,
  SOCKS_PROXY,
  XPUB_NODROP,
  BLOCKY,
  XPUB_MANUAL,
  XPUB_WELCOME_MSG,
  STREAM_NOTIFY,
  INVERT_MATCHING,
  HEARTBEAT_IVL,
  HEARTBEAT_TTL,
  HEARTBEAT_TIMEOUT,
  XPUB_VERBOSER,
  CONNECT_TIMEOUT,
  TCP_MAXRT,
  THREAD_SAFE,
  MULTICAST_MAXTPDU,
  VMCI_BUFFER_SIZE,
  VMCI_BUFFER_MIN_SIZE,
  VMCI_BUFFER_MAX_SIZE,
  VMCI_CONNECT_TIMEOUT,
  USE_FD,
  GSSAPI_PRINCIPAL_NAMETYPE,
  GSSAPI_SERVICE_PRINCIPAL_NAMETYPE,
  BINDTODEVICE,
  IDENTITY,
  CONNECT_RID,
  TCP_ACCEPT_FILTER,
  IPC_FILTER_PID,
  IPC_FILTER_UID,
  IPC_FILTER_GID,
  IPV4ONLY,
  DELAY_ATTACH_ON_CONNECT,
  FAIL_UNROUTABLE,
  ROUTER_BEHAVIOR,
  ZAP_ENFORCE_DOMAIN,
  LOOPBACK_FASTPATH,
  METADATA,
  MULTICAST_LOOP,
  ROUTER_NOTIFY,
  XPUB_MANUAL_LAST_VALUE,
  SOCKS_USERNAME,
  SOCKS_PASSWORD,
  IN_BATCH_SIZE,
  OUT_BATCH_SIZE,
  WSS_KEY_PEM,
  WSS_CERT_PEM,
  WSS_TRUST_PEM,
  WSS_HOSTNAME,
  WSS_TRUST_SYSTEM,
  ONLY_FIRST_SUBSCRIBE,
  RECONNECT_STOP,
  HELLO_MSG,
  DISCONNECT_MSG,
  PRIORITY,
  BUSY_POLL,
  HICCUP_MSG,
  XSUB_VERBOSE_UNSUBSCRIBE,
  TOPICS_COUNT,
  NORM_MODE,
  NORM_UNICAST_NACK,
  NORM_BUFFER_SIZE,
  NORM_SEGMENT_SIZE,
  NORM_BLOCK_SIZE,
  NORM_NUM_PARITY,
  NORM_NUM_AUTOPARITY,
  NORM_PUSH,
} as const);
export type SocketOption = (typeof SocketOption)[keyof typeof SocketOption];

// Properties of a received message: `frame.get(...)`.

export const MORE = 1;
export const SHARED = 3;
export const SRCFD = 2;

export const MessageOption = Object.freeze({ MORE, SHARED, SRCFD } as const);
export type MessageOption = (typeof MessageOption)[keyof typeof MessageOption];

/** Names of text properties that libzmq gives to `frame.get(...)`; pyzmq has no constants for them. */
export const MSG_PROPERTY_ROUTING_ID = "Routing-Id";
export const MSG_PROPERTY_SOCKET_TYPE = "Socket-Type";
export const MSG_PROPERTY_USER_ID = "User-Id";
export const MSG_PROPERTY_PEER_ADDRESS = "Peer-Address";

/** Longest group name of RADIO and DISH, in bytes. */
export const GROUP_MAX_LENGTH = 255;

// Flags of send and recv. NOBLOCK is the old name of DONTWAIT.

export const DONTWAIT = 1;
export const SNDMORE = 2;
export const NOBLOCK = DONTWAIT;

export const Flag = Object.freeze({ DONTWAIT, SNDMORE, NOBLOCK } as const);
export type Flag = (typeof Flag)[keyof typeof Flag];

// What `poll` waits for. POLLERR and POLLPRI come from plain file descriptors only.

export const POLLIN = 1;
export const POLLOUT = 2;
export const POLLERR = 4;
export const POLLPRI = 8;

export const PollEvent = Object.freeze({ POLLIN, POLLOUT, POLLERR, POLLPRI } as const);
export type PollEvent = (typeof PollEvent)[keyof typeof PollEvent];

// Monitor events. PIPES_STATS and ALL_V2 are drafts.

export const EVENT_CONNECTED = 0x0001;
export const EVENT_CONNECT_DELAYED = 0x0002;
export const EVENT_CONNECT_RETRIED = 0x0004;
export const EVENT_LISTENING = 0x0008;
export const EVENT_BIND_FAILED = 0x0010;
export const EVENT_ACCEPTED = 0x0020;
export const EVENT_ACCEPT_FAILED = 0x0040;
export const EVENT_CLOSED = 0x0080;
export const EVENT_CLOSE_FAILED = 0x0100;
export const EVENT_DISCONNECTED = 0x0200;
export const EVENT_MONITOR_STOPPED = 0x0400;
export const EVENT_HANDSHAKE_FAILED_NO_DETAIL = 0x0800;
export const EVENT_HANDSHAKE_SUCCEEDED = 0x1000;
export const EVENT_HANDSHAKE_FAILED_PROTOCOL = 0x2000;
export const EVENT_HANDSHAKE_FAILED_AUTH = 0x4000;
export const EVENT_ALL_V1 = 0xffff;
export const EVENT_ALL = EVENT_ALL_V1;
export const EVENT_PIPES_STATS = 0x10000;
export const EVENT_ALL_V2 = 0x1ffff;

// What EVENT_HANDSHAKE_FAILED_PROTOCOL carries as its value.

export const PROTOCOL_ERROR_WS_UNSPECIFIED = 0x30000000;
export const PROTOCOL_ERROR_ZMTP_UNSPECIFIED = 0x10000000;
export const PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND = 0x10000001;
export const PROTOCOL_ERROR_ZMTP_INVALID_SEQUENCE = 0x10000002;
export const PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE = 0x10000003;
export const PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED = 0x10000011;
export const PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_MESSAGE = 0x10000012;
export const PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_HELLO = 0x10000013;
export const PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_INITIATE = 0x10000014;
export const PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_ERROR = 0x10000015;
export const PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_READY = 0x10000016;
export const PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_WELCOME = 0x10000017;
export const PROTOCOL_ERROR_ZMTP_INVALID_METADATA = 0x10000018;
export const PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC = 0x11000001;
export const PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH = 0x11000002;
export const PROTOCOL_ERROR_ZAP_UNSPECIFIED = 0x20000000;
export const PROTOCOL_ERROR_ZAP_MALFORMED_REPLY = 0x20000001;
export const PROTOCOL_ERROR_ZAP_BAD_REQUEST_ID = 0x20000002;
export const PROTOCOL_ERROR_ZAP_BAD_VERSION = 0x20000003;
export const PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE = 0x20000004;
export const PROTOCOL_ERROR_ZAP_INVALID_METADATA = 0x20000005;

export const Event = Object.freeze({
  PROTOCOL_ERROR_WS_UNSPECIFIED,
  PROTOCOL_ERROR_ZMTP_UNSPECIFIED,
  PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND,
  PROTOCOL_ERROR_ZMTP_INVALID_SEQUENCE,
  PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE,
  PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED,
  PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_MESSAGE,
  PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_HELLO,
  PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_INITIATE,
  PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_ERROR,
  PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_READY,
  PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_WELCOME,
  PROTOCOL_ERROR_ZMTP_INVALID_METADATA,
  PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC,
  PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH,
  PROTOCOL_ERROR_ZAP_UNSPECIFIED,
  PROTOCOL_ERROR_ZAP_MALFORMED_REPLY,
  PROTOCOL_ERROR_ZAP_BAD_REQUEST_ID,
  PROTOCOL_ERROR_ZAP_BAD_VERSION,
  PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE,
  PROTOCOL_ERROR_ZAP_INVALID_METADATA,
  CONNECTED: EVENT_CONNECTED,
  CONNECT_DELAYED: EVENT_CONNECT_DELAYED,
  CONNECT_RETRIED: EVENT_CONNECT_RETRIED,
  LISTENING: EVENT_LISTENING,
  BIND_FAILED: EVENT_BIND_FAILED,
  ACCEPTED: EVENT_ACCEPTED,
  ACCEPT_FAILED: EVENT_ACCEPT_FAILED,
  CLOSED: EVENT_CLOSED,
  CLOSE_FAILED: EVENT_CLOSE_FAILED,
  DISCONNECTED: EVENT_DISCONNECTED,
  MONITOR_STOPPED: EVENT_MONITOR_STOPPED,
  HANDSHAKE_FAILED_NO_DETAIL: EVENT_HANDSHAKE_FAILED_NO_DETAIL,
  HANDSHAKE_SUCCEEDED: EVENT_HANDSHAKE_SUCCEEDED,
  HANDSHAKE_FAILED_PROTOCOL: EVENT_HANDSHAKE_FAILED_PROTOCOL,
  HANDSHAKE_FAILED_AUTH: EVENT_HANDSHAKE_FAILED_AUTH,
  ALL_V1: EVENT_ALL_V1,
  ALL: EVENT_ALL,
  PIPES_STATS: EVENT_PIPES_STATS,
  ALL_V2: EVENT_ALL_V2,
} as const);
export type Event = (typeof Event)[keyof typeof Event];

/** Formats of monitor messages, as zmq_socket_monitor_versioned() counts them. */
export const CURRENT_EVENT_VERSION = 1;
export const CURRENT_EVENT_VERSION_DRAFT = 2;

// Security mechanisms: what the option MECHANISM reads.

export const NULL = 0;
export const PLAIN = 1;
export const CURVE = 2;
export const GSSAPI = 3;

export const SecurityMechanism = Object.freeze({ NULL, PLAIN, CURVE, GSSAPI } as const);
export type SecurityMechanism = (typeof SecurityMechanism)[keyof typeof SecurityMechanism];

/** Values of GSSAPI_PRINCIPAL_NAMETYPE and GSSAPI_SERVICE_PRINCIPAL_NAMETYPE. */
export const GSSAPI_NT_HOSTBASED = 0;
export const GSSAPI_NT_USER_NAME = 1;
export const GSSAPI_NT_KRB5_PRINCIPAL = 2;

// Kinds of `zmq.device()`.

export const STREAMER = 1;
export const FORWARDER = 2;
export const QUEUE = 3;

export const DeviceType = Object.freeze({ STREAMER, FORWARDER, QUEUE } as const);
export type DeviceType = (typeof DeviceType)[keyof typeof DeviceType];

// Bits of the option RECONNECT_STOP. AFTER_DISCONNECT has libzmq 4.3.5's number, as in pyzmq: the 3 of
// 4.3.4's header was a slip, being both other bits.

export const RECONNECT_STOP_CONN_REFUSED = 1;
export const RECONNECT_STOP_HANDSHAKE_FAILED = 2;
export const RECONNECT_STOP_AFTER_DISCONNECT = 4;

export const ReconnectStop = Object.freeze({
  CONN_REFUSED: RECONNECT_STOP_CONN_REFUSED,
  HANDSHAKE_FAILED: RECONNECT_STOP_HANDSHAKE_FAILED,
  AFTER_DISCONNECT: RECONNECT_STOP_AFTER_DISCONNECT,
} as const);
export type ReconnectStop = (typeof ReconnectStop)[keyof typeof ReconnectStop];

// Bits of the option ROUTER_NOTIFY.

export const NOTIFY_CONNECT = 1;
export const NOTIFY_DISCONNECT = 2;

export const RouterNotify = Object.freeze({
  CONNECT: NOTIFY_CONNECT,
  DISCONNECT: NOTIFY_DISCONNECT,
} as const);
export type RouterNotify = (typeof RouterNotify)[keyof typeof RouterNotify];

// Values of the option NORM_MODE (libzmq 4.3.5 built with NORM).

export const NORM_FIXED = 0;
export const NORM_CC = 1;
export const NORM_CCL = 2;
export const NORM_CCE = 3;
export const NORM_CCE_ECNONLY = 4;

export const NormMode = Object.freeze({
  FIXED: NORM_FIXED,
  CC: NORM_CC,
  CCL: NORM_CCL,
  CCE: NORM_CCE,
  CCE_ECNONLY: NORM_CCE_ECNONLY,
} as const);
export type NormMode = (typeof NormMode)[keyof typeof NormMode];

// Errors. POSIX numbers differ between systems, so they come from the one we run on; what a system lacks
// has the number that libzmq gives it.

/** Where libzmq's own error numbers start. */
export const HAUSNUMERO = 156384712;

const system: Readonly<Record<string, number | undefined>> = constants.errno;

export const EAGAIN = system.EAGAIN ?? 11;
export const EFAULT = system.EFAULT ?? 14;
export const EINVAL = system.EINVAL ?? 22;
export const ENOTSUP = system.ENOTSUP ?? HAUSNUMERO + 1;
export const EPROTONOSUPPORT = system.EPROTONOSUPPORT ?? HAUSNUMERO + 2;
export const ENOBUFS = system.ENOBUFS ?? HAUSNUMERO + 3;
export const ENETDOWN = system.ENETDOWN ?? HAUSNUMERO + 4;
export const EADDRINUSE = system.EADDRINUSE ?? HAUSNUMERO + 5;
export const EADDRNOTAVAIL = system.EADDRNOTAVAIL ?? HAUSNUMERO + 6;
export const ECONNREFUSED = system.ECONNREFUSED ?? HAUSNUMERO + 7;
export const EINPROGRESS = system.EINPROGRESS ?? HAUSNUMERO + 8;
export const ENOTSOCK = system.ENOTSOCK ?? HAUSNUMERO + 9;
export const EMSGSIZE = system.EMSGSIZE ?? HAUSNUMERO + 10;
export const EAFNOSUPPORT = system.EAFNOSUPPORT ?? HAUSNUMERO + 11;
export const ENETUNREACH = system.ENETUNREACH ?? HAUSNUMERO + 12;
export const ECONNABORTED = system.ECONNABORTED ?? HAUSNUMERO + 13;
export const ECONNRESET = system.ECONNRESET ?? HAUSNUMERO + 14;
export const ENOTCONN = system.ENOTCONN ?? HAUSNUMERO + 15;
export const ETIMEDOUT = system.ETIMEDOUT ?? HAUSNUMERO + 16;
export const EHOSTUNREACH = system.EHOSTUNREACH ?? HAUSNUMERO + 17;
export const ENETRESET = system.ENETRESET ?? HAUSNUMERO + 18;
export const EFSM = 156384763;
export const ENOCOMPATPROTO = 156384764;
export const ETERM = 156384765;
export const EMTHREAD = 156384766;

export const Errno = Object.freeze({
  EAGAIN,
  EFAULT,
  EINVAL,
  ENOTSUP,
  EPROTONOSUPPORT,
  ENOBUFS,
  ENETDOWN,
  EADDRINUSE,
  EADDRNOTAVAIL,
  ECONNREFUSED,
  EINPROGRESS,
  ENOTSOCK,
  EMSGSIZE,
  EAFNOSUPPORT,
  ENETUNREACH,
  ECONNABORTED,
  ECONNRESET,
  ENOTCONN,
  ETIMEDOUT,
  EHOSTUNREACH,
  ENETRESET,
  EFSM,
  ENOCOMPATPROTO,
  ETERM,
  EMTHREAD,
} as const);
export type Errno = (typeof Errno)[keyof typeof Errno];

// pyzmq's own.

/** Messages of at least this many bytes are shared with libzmq instead of copied, with `copy: false`. */
export const COPY_THRESHOLD = 65536;

/** Longest path of an `ipc://` address, in bytes: sizeof(sockaddr_un.sun_path) less its NUL. */
export const IPC_PATH_MAX_LEN = /^(darwin|freebsd|openbsd|netbsd)$/.test(process.platform) ? 103 : 107;
