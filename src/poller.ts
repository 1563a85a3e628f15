/** zmq.Poller, zmq.select and zmq.zmqPoll: waiting for any of several sockets and descriptors. */
import { readMask, readNamed, readPlace, readSignal, readTimeout, type WaitOptions } from "./call.js";
import { ENOTSOCK, POLLERR, POLLIN, POLLOUT } from "./constants.js";
import { patience } from "./ending.js";
import type { Engine } from "./engine.js";
import { makeError, plainError, rangeError, typeError } from "./errors.js";
import { Messaging } from "./messaging.js";
import { native } from "./native.js";
import { onAbort, rejectLater } from "./pending.js";
import type { PollWaiter } from "./polls.js";
import type { Socket } from "./socket-types.js";
import { clearTimeout, setImmediate, setTimeout } from "./timers.js";
import { settled } from "./turn.js";

/** What can be polled: a socket, a descriptor, or something with a `fileno()` or an `fd`. */
export type Pollable = Socket | number | { fileno(): number } | { readonly fd: number };
/** A socket, or a descriptor as its number, with the events that are ready. */
export type PollResult = [socket: Socket | number, mask: number];

interface Item {
  given: Pollable;
  mask: number;
  /** The socket's engine, or the descriptor. */
  engine: Engine | undefined;
  fd: number;
}

function readItem(given: Pollable, mask: number): Item {
  const engine = Messaging.engineOf(given);
  if (engine !== undefined) {
    if (engine.closed) throw makeError(ENOTSOCK, "the poller holds a closed socket");
    return { given, mask, engine, fd: -1 };
  }
  return { given, mask, engine, fd: descriptor(given) };
}

function descriptor(given: unknown): number {
  let fd: unknown = given;
  if (typeof given === "object" && given !== null) {
    if ("fileno" in given && typeof given.fileno === "function") fd = given.fileno();
    else if ("fd" in given) fd = given.fd;
  }
  if (typeof fd !== "number" || !Number.isInteger(fd)) {
    throw typeError("a poller takes sockets, descriptors and objects with a fileno() or an fd");
  }
  if (fd < 0 || fd >= 2 ** 31) throw rangeError(`${fd} is no file descriptor`);
  return fd;
}

const readEvents = (mask: unknown): number => readMask(mask, 0x7fff, "POLLIN, POLLOUT, POLLERR, POLLPRI");

const KEYS = ["timeout", "signal"] as const;

function readList<T>(list: Iterable<T>, name: string): T[] {
  const given: unknown = list;
  if (typeof given !== "object" || given === null || !(Symbol.iterator in given) || ArrayBuffer.isView(given))
    throw typeError(`${name} must be an array`);
  return [...list];
}

function look(items: readonly Item[], timeout: number): PollResult[] {
  const masks = native.poll(
    items.map(({ engine, fd }) => engine?.native ?? fd),
    items.map(({ mask }) => mask),
    timeout,
  );
  const ready: PollResult[] = [];
  for (const [i, item] of items.entries()) {
    item.engine?.touched(); // zmq_poll has looked at it, and may have swallowed a signal that others wait for
    const mask = masks[i] as number;
    if (mask > 0) ready.push([item.engine === undefined ? item.fd : (item.given as Socket), mask]);
  }
  return ready;
}

function wait(
  items: readonly Item[],
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<PollResult[]> {
  return new Promise((resolve, reject) => {
    const undo: (() => void)[] = [];
    let ended = false;
    const end = (settle: () => void): void => {
      ended = true;
      for (const step of undo.splice(0)) step();
      settle();
    };
    const check = (): void => {
      if (ended) return;
      try {
        const ready = look(items, 0);
        if (ready.length > 0) end(() => resolve(ready));
        else rearm();
      } catch (error) {
        end(() => reject(error));
      }
    };
    const failed = (error: () => unknown): void => end(() => rejectLater(resolve, error));
    const abort = (): void => end(() => reject(signal?.reason));
    const armed = new Map<Item, PollWaiter>();
    let timer: NodeJS.Timeout | undefined;
    const referenced = (): void => {
      if (items.some(({ engine }) => engine?.referenced ?? true)) timer?.ref();
      else timer?.unref();
    };
    // A poll on an engine ends when it reports; one whose events were gone at the second look is made again.
    const rearm = (): void => {
      for (const item of items) {
        const { engine, mask } = item;
        if (ended || engine === undefined || mask === 0 || armed.has(item)) continue;
        const ready = (): void => {
          armed.delete(item);
          setImmediate(check); // together with whatever else becomes ready in this turn
        };
        const poll: PollWaiter = { mask, referenced, ready, failed };
        armed.set(item, poll); // before it is added: it may be told at once
        engine.addPoll(poll);
      }
    };
    undo.push(() => {
      for (const [{ engine }, poll] of armed) engine?.removePoll(poll);
    });
    try {
      if (timeout >= 0) {
        timer = setTimeout(() => end(() => resolve([])), timeout);
        referenced();
        undo.push(() => clearTimeout(timer));
      }
      if (signal !== undefined) {
        undo.push(onAbort(signal, abort));
      }
      for (const { engine, fd, mask } of items) {
        if (engine !== undefined || mask === 0) continue;
        const watch = new native.DescriptorWatch(fd, mask, check);
        undo.push(() => watch.close());
      }
      rearm();
    } catch (error) {
      end(() => reject(error));
    }
  });
}

/** Which events a socket is registered for, by name. */
export interface RegisterOptions {
  flags: number;
}

/** Polls sockets and descriptors together. `new Map(await poller.poll())` is pyzmq's `dict(poller.poll())`. */
export class Poller {
  readonly #masks = new Map<Pollable, number>();

  /** What is registered, with the events it is registered for. */
  get sockets(): [Pollable, number][] {
    return [...this.#masks];
  }

  /** Those of `sockets` that are descriptors, not sockets. */
  get rawSockets(): Pollable[] {
    return [...this.#masks.keys()].filter((given) => Messaging.engineOf(given) === undefined);
  }

  /** Whether it is registered. */
  has(socket: Pollable): boolean {
    return this.#masks.has(socket);
  }

  /** Registers a socket or descriptor, or changes its events; without any events it is unregistered. */
  register(socket: Pollable, flags: number | RegisterOptions = POLLIN | POLLOUT): void {
    const mask = readEvents(readNamed(flags, "flags"));
    if (Messaging.engineOf(socket) === undefined) descriptor(socket);
    if (mask === 0) this.#masks.delete(socket);
    else this.#masks.set(socket, mask);
  }

  /** Changes the events of a socket; registers it if it is not. */
  modify(socket: Pollable, flags: number | RegisterOptions = POLLIN | POLLOUT): void {
    this.register(socket, flags);
  }

  /** Takes a socket out. An Error if it is not registered. */
  unregister(socket: Pollable): void {
    if (!this.#masks.delete(socket)) throw plainError("the socket is not registered with this poller");
  }

  /**
   * Waits until something registered is ready.
   *
   * @param timeout milliseconds; none or negative waits for ever. With nothing registered it returns at once.
   * @returns what is ready, in the order of registration; empty at the timeout
   * @throws (rejects) ZMQError ENOTSOCK for a closed socket; ContextTerminated; `signal.reason`
   */
  poll(
    timeout?: number | null | Omit<WaitOptions, "flags">,
    options?: Omit<WaitOptions, "flags"> | null,
  ): Promise<PollResult[]> {
    try {
      const { place, options: given } = readPlace(timeout, options, KEYS);
      const limit = readTimeout(given.timeout === undefined ? place : given.timeout) ?? -1;
      const signal = readSignal(given.signal);
      if (signal?.aborted) return Promise.reject(signal.reason);
      const items = this.#items();
      if (items.length === 0) return settled([]);
      const ready = look(items, 0);
      if (ready.length > 0 || limit === 0) return settled(ready);
      return wait(items, limit, signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** `poll` that blocks the thread. */
  pollSync(timeout?: number | null | { timeout?: number | null | undefined }): PollResult[] {
    const limit = patience(readTimeout(readNamed(timeout, "timeout")) ?? -1);
    const items = this.#items();
    return items.length === 0 ? [] : look(items, Math.ceil(limit));
  }

  #items(): Item[] {
    return Array.from(this.#masks, ([given, mask]) => readItem(given, mask));
  }
}

/**
 * Waits for lists of sockets and descriptors: to be readable, writable, or in error.
 *
 * @param timeout seconds; none or negative waits for ever. `{ timeout }` is in milliseconds.
 * @returns what is ready of each list
 */
export async function select(
  rlist: Iterable<Pollable>,
  wlist: Iterable<Pollable>,
  xlist: Iterable<Pollable>,
  timeout?: number | null | Omit<WaitOptions, "flags">,
  options?: Omit<WaitOptions, "flags"> | null,
): Promise<[Pollable[], Pollable[], Pollable[]]> {
  const lists = [
    [readList(rlist, "rlist"), POLLIN],
    [readList(wlist, "wlist"), POLLOUT],
    [readList(xlist, "xlist"), POLLERR],
  ] as const;
  const poller = new Poller();
  const masks = new Map<Pollable, number>();
  for (const [list, mask] of lists) {
    for (const item of list) masks.set(item, (masks.get(item) ?? 0) | mask);
  }
  for (const [item, mask] of masks) poller.register(item, mask);
  const { place, options: given } = readPlace(timeout, options, KEYS);
  const limit = readTimeout(place);
  const seconds = limit === undefined || limit < 0 ? -1 : limit * 1000;
  const wait = { ...given, timeout: given.timeout === undefined ? seconds : given.timeout } as WaitOptions;
  const ready = new Map<Socket | number, number>();
  // A descriptor may come twice: as its number, and as an object that has it.
  for (const [item, mask] of await poller.poll(wait)) ready.set(item, (ready.get(item) ?? 0) | mask);
  const found = (item: Pollable): number =>
    ready.get(Messaging.engineOf(item) === undefined ? descriptor(item) : (item as Socket)) ?? 0;
  const pick = (list: readonly Pollable[], mask: number): Pollable[] =>
    list.filter((item) => found(item) & mask);
  return [pick(...lists[0]), pick(...lists[1]), pick(...lists[2])];
}

/** `poll` of a list of pairs, without a Poller. The timeout is in milliseconds; negative waits for ever. */
export function zmqPoll(
  sockets: Iterable<readonly [Pollable, number]>,
  timeout: number | null | Omit<WaitOptions, "flags"> = -1,
  options?: Omit<WaitOptions, "flags"> | null,
): Promise<PollResult[]> {
  try {
    const poller = new Poller();
    for (const pair of readList(sockets, "the sockets to poll")) {
      if (!Array.isArray(pair)) throw typeError("the sockets to poll are pairs of a socket and its events");
      const [socket, flags] = pair as readonly [Pollable, number];
      poller.register(socket, flags);
    }
    return poller.poll(timeout, options);
  } catch (error) {
    return Promise.reject(error);
  }
}
