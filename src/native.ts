/** The addon: its loader and the types of its verbs. Nothing else knows where the binary lies. */
import { constants } from "node:buffer";
import { closeSync, existsSync, openSync, readSync } from "node:fs";

import path = require("node:path");

import { makeError, plainError, setStrerror } from "./errors.js";
import { threads } from "./threads.js";

/** What a sending verb answers; negative numbers name a refused frame (see `refusedFrame`). */
export const SENT = 1;

/** What `wait` answers when something has happened to the socket: trying will tell. */
export const SIGNALLED = 1 << 16;

/** How an option's value travels: the numbers are those of binding/options.cc. */
export const Kind = { INT: 0, INT64: 1, UINT64: 2, BYTES: 3, FD: 4 } as const;

export interface NativeContext {
  set(option: number, value: number | string): void;
  get(option: number): number | string;
  term(done: (() => void) | null): void;
  terminated(): boolean;
  address(): bigint;
}

export interface NativeSocket {
  /** What the verbs that every message takes know it by. */
  readonly number: number;
  /** The Socket that it belongs to. */
  owner?: object;
  /** Never fails; `linger` replaces the socket's LINGER, where libzmq still takes one. */
  close(linger?: number): void;
  closed(): boolean;
  address(): bigint;
  endpoint(verb: "bind" | "connect" | "unbind" | "disconnect", address: string): void;
  set(option: number, kind: number, value: number | bigint | string | Uint8Array | null): void;
  get(option: number, kind: number, size?: number): number | bigint | Buffer;
  group(verb: "join" | "leave", name: string): void;
  monitor(address: string | null, events: number): void;
  /** The ZMQ_EVENTS mask. Reading it swallows a wake-up: act on it. */
  events(): number;
  hold(): number;
  release(): void;
  reference(on: boolean): void;
  /** Blocks: the events that are there, 0 at the timeout. To who has just `looked` in vain, SIGNALLED: try again. */
  wait(events: number, timeout: number, looked: boolean): number;
  sendBatch(messages: readonly unknown[], from: number): number;
  sendPacked(bytes: Uint8Array, entries: Int32Array, frame: number, offset: number, frames: number): number;
  takeLarge(): Buffer;
  receiveFrame(): NativeFrame | undefined;
}

export interface NativeFrame {
  bytes(): Buffer;
  size(): number;
  more(): boolean;
  get(property: number): number;
  property(name: string): string;
  routingId(id?: number): number;
  group(name?: string): string;
  /** Lets go of the message, which libzmq may still have. */
  release(): void;
}

export interface NativeForwarder {
  stop(): void;
}

export interface ForwarderOptions {
  frontend: NativeSocket;
  backend: NativeSocket;
  capture?: NativeSocket | undefined;
  control?: NativeSocket | undefined;
  forwardPrefix?: string | Uint8Array | undefined;
  backwardPrefix?: string | Uint8Array | undefined;
  swap?: boolean;
  /** Ends after a message whose first frame begins with these bytes. */
  last?: Uint8Array | undefined;
  keepAlive: boolean;
}

interface Native {
  /** Set by the copy of this library that the addon serves. */
  claimed?: boolean;
  setup(
    makeError: (errno: number, detail?: string, endpoint?: string) => Error,
    checkpoint: () => void,
    bufferLimit: number,
    threaded: boolean,
    copies: boolean,
  ): void;
  /** Whether this is the process's first thread; undefined where the addon does not know. */
  mainThread?: boolean;
  arena(slab: ArrayBuffer, index: Int32Array): void;
  packing(bytes: Uint8Array, entries: Int32Array): void;
  registers(numbers: Int32Array): void;
  /** These and their numbers: see verbs.ts. */
  send(data: unknown): void;
  sendMultipart(frames: readonly unknown[]): void;
  sendPackedFrame(): void;
  sendPackedMessage(): void;
  receive(): void;
  version(): [number, number, number];
  has(capability: string): boolean;
  strerror(errno: number): string;
  curveKeypair(): [string, string];
  curvePublic(secretKey: string): string;
  setExitLinger(milliseconds: number): void;
  exiting(now: boolean): void;
  /** Keeps the system from giving a port to somebody; the answer is for `dropPort`, negative where that cannot be. */
  holdPort(host: string, port: number): number;
  dropPort(held: number): void;
  poll(items: readonly (NativeSocket | number)[], events: readonly number[], timeout: number): number[];
  Context: new (what: number | bigint, how: "new" | "instance" | "shadow") => NativeContext;
  Socket: new (context: NativeContext, type: number, wake: (events: number) => void) => NativeSocket;
  Frame: new (data?: unknown, released?: () => void) => NativeFrame;
  Forwarder: new (options: ForwarderOptions, done: (errno: number) => void) => NativeForwarder;
  DescriptorWatch: new (fd: number, events: number, wake: () => void) => { close(): void };
}

const root = path.join(__dirname, "..");

/** glibc or musl; undefined where there is no such choice. */
function libc(): "glibc" | "musl" | undefined {
  if (process.platform !== "linux") return undefined;
  // The dynamic linker that the runtime's own file asks for. (process.report knows as well, and takes milliseconds.)
  const head = Buffer.alloc(4096);
  try {
    const file = openSync("/proc/self/exe", "r");
    try {
      readSync(file, head, 0, head.length, 0);
    } finally {
      closeSync(file);
    }
  } catch {}
  return head.includes("/ld-musl-") ? "musl" : "glibc";
}

interface Finder {
  (root: string): unknown;
  path(root: string): string;
}

interface Loaded {
  readonly native: Native;
  readonly file: string;
}

/**
 * An instance of the addon for this copy of the library: a second one on the thread (a test runner that resets its modules)
 * gets memory and error classes of its own.
 */
function open(file: string): Loaded {
  const instance = { exports: {} as Native };
  process.dlopen(instance, path.toNamespacedPath(file));
  return { native: instance.exports, file };
}

const built = path.join("build", "Release", "nodezmq.node");
const prebuilt = (runtime: string | undefined): string =>
  path.join(
    "prebuilds",
    `${process.platform}-${process.arch}`,
    `nodezmq${runtime ? `.${runtime}` : ""}.node`,
  );

/** What tells node-gyp-build to look elsewhere. */
const ELSEWHERE = ["NODEZMQ_PREBUILD", "PREBUILDS_ONLY", "LIBC", "npm_config_arch", "npm_config_platform"];

/**
 * The binary where it mostly is. node-gyp-build would find it, too, but takes longer to load than the addon; it is asked where
 * the folder of a build has no such file.
 */
function usual(runtime: string | undefined): string | undefined {
  if (ELSEWHERE.some((name) => process.env[name])) return undefined;
  const file = path.join(root, existsSync(path.join(root, "build")) ? built : prebuilt(runtime));
  return existsSync(file) ? file : undefined;
}

/** The addon: built here, or prebuilt for this kind of machine. */
function fitting(): Loaded {
  const runtime = libc();
  // node-gyp-build knows musl by a file that only Alpine has, and takes the environment's word for it.
  const told = runtime !== "musl" || process.env.LIBC !== undefined;
  try {
    const file = usual(runtime);
    if (file !== undefined) return open(file);
    if (!told) process.env.LIBC = runtime;
    // Spelt as @vercel/nft and webpack's asset relocator know it, so that they take the binaries along.
    const kept = require("node-gyp-build")(path.join(__dirname, "..")) as Native;
    const found = (require("node-gyp-build") as Finder).path(root);
    if (kept.claimed) return open(found);
    kept.claimed = true;
    return { native: kept, file: found };
  } catch (error) {
    // In one file with the program: prebuilds/ is beside it or beside the executable, and in Node's single executables
    // `require` knows nothing but Node's own modules.
    for (const place of [root, __dirname]) {
      try {
        return open((require("node-gyp-build") as Finder).path(place));
      } catch {}
    }
    throw unfit(runtime, error);
  } finally {
    if (!told) delete process.env.LIBC;
  }
}

/** The error of a machine that no binary fits: what was looked for, and what to do. */
function unfit(runtime: string | undefined, cause: unknown): Error {
  const { platform, arch } = process;
  const reason = cause instanceof Error && !cause.message.includes("No native build") ? cause.message : "";
  if (
    /addons is disabled|ffi access|ERR_ACCESS_DENIED/i.test(`${(cause as { code?: string }).code} ${reason}`)
  )
    return plainError(
      `nodezmq may not load its addon (${reason}): Node.js needs --allow-addons, Deno --allow-ffi`,
    );
  return plainError(
    [
      `nodezmq has no binary that fits ${platform} ${arch}${runtime ? ` with ${runtime}` : ""}.`,
      `Looked for ${built} and ${prebuilt(runtime)} in ${root}.`,
      ...(reason === "" ? [] : [`Loading failed: ${reason}`]),
      "To build it from the sources in the package (CMake 3.18 and a C++17 compiler, no network):",
      `  node ${path.join(root, "scripts", "build.mjs")}`,
    ].join("\n"),
  );
}

/** Bun and Deno: no libuv to speak of, and their process.exit() skips the C library's exit handlers. */
const foreign = "bun" in process.versions || "deno" in process.versions;

/**
 * Whether a thread of the addon's watches the descriptors instead of libuv: Bun aborts on `uv_poll`, and Deno calls back
 * once only. NODEZMQ_WATCHER=thread chooses it in Node.js, too.
 */
const threaded = foreign || process.env.NODEZMQ_WATCHER === "thread";

/**
 * Whether received messages are copied into Buffers of V8's own memory even if they are large, as must be in Electron.
 * There Node-API says so itself; NODEZMQ_EXTERNAL_BUFFERS=never makes the same condition in Node.js, for tests.
 */
const copies = process.env.NODEZMQ_EXTERNAL_BUFFERS === "never";
/** Who watches the sockets' descriptors. */
export const watcher: "libuv" | "thread" = threaded ? "thread" : "libuv";

// The sanitizer runs load a binary of their own.
const loaded = process.env.NODEZMQ_BINARY ? open(process.env.NODEZMQ_BINARY) : fitting();
export const native = loaded.native;
/** The addon's file. */
export const binary = loaded.file;
setStrerror((errno) => native.strerror(errno), { version: () => native.version().join(".") });
native.setup(makeError, () => {}, constants.MAX_LENGTH, threaded, copies);
/**
 * Whether the C library's exit handlers come too late, or not at all: on Windows those of an addon run when all other
 * threads have been ended, libzmq's among them, and nothing that is queued would leave any more.
 */
const late = foreign || process.platform === "win32";
// The limit on what the end of the process waits for is one for all threads.
if (native.mainThread ?? threads().isMainThread) process.on("exit", () => native.exiting(late));

/** The index of the frame that a sending verb refused with a negative answer, and whether it was a detached buffer. */
export function refusedFrame(answer: number): { index: number; detached: boolean } {
  return { index: (-answer - 1) >> 1, detached: answer % 2 === 0 };
}
