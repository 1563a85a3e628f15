/** The sockets of a device that runs in this process. */
import { EVENT_CLOSED } from "../constants.js";
import type { Context } from "../context.js";
import type { MonitorEvent } from "../monitor.js";
import type { Socket } from "../socket.js";
import { clearTimeout, setTimeout } from "../timers.js";
import { readType } from "./arguments.js";
import type { Recipe } from "./recipe.js";
import type { Side } from "./side.js";

/** How long the closing of a listener may take in libzmq's threads, in milliseconds. */
const LONGEST_CLOSING = 2000;

/** Addresses whose listener is closed by an I/O thread, which says so by EVENT_CLOSED. */
const LISTENS = /^(tcp|ipc|ws|wss|tipc|vsock):/;

/** Unbinds a socket, so that the addresses are free at once. In a terminated context there is nothing left to do. */
async function unbind(socket: Socket, addresses: Set<string>): Promise<void> {
  let events: AsyncIterableIterator<MonitorEvent> | undefined;
  try {
    events = socket.events(EVENT_CLOSED);
    for (const address of addresses) {
      if (!LISTENS.test(address)) addresses.delete(address);
      socket.unbind(address);
    }
    while (addresses.size > 0) {
      const { value, done } = await events.next();
      if (done) return;
      addresses.delete(value.endpoint);
    }
  } catch {
    // Closing the socket, which comes next, does it as well, at some time.
  } finally {
    await events?.return?.();
  }
}

/** Opens sockets, and knows what has to be done to get rid of them again. */
export class DeviceSockets {
  readonly #context: Context;
  readonly #open: Socket[] = [];
  readonly #bound = new Map<Socket, Set<string>>();

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * Opens them in pyzmq's order: `in` and `out` together, then `mon`, then `ctrl`. Where that fails, `close` is to be
   * called for those that are open.
   */
  open(recipe: Recipe): { in: Socket; out: Socket; mon: Socket | undefined; ctrl: Socket | undefined } {
    const input = this.#add(recipe.in.type, "in");
    const output = (recipe.out.type ?? 0) < 0 ? input : this.#add(recipe.out.type, "out");
    this.#setUp([input, recipe.in], [output, recipe.out]);
    const [mon, ctrl] = (["mon", "ctrl"] as const).map((name) => {
      const side = recipe[name];
      if (side === undefined) return undefined;
      const socket = this.#add(side.type, name);
      this.#setUp([socket, side]);
      return socket;
    });
    return { in: input, out: output, mon, ctrl };
  }

  /** Closes them; resolves when their addresses can be bound to again. Never rejects. */
  async close(): Promise<void> {
    const unbinding = [...this.#bound].map(([socket, addresses]) =>
      socket.closed ? undefined : unbind(socket, addresses),
    );
    if (unbinding.length > 0) {
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise((resolve) => {
        timer = setTimeout(resolve, LONGEST_CLOSING);
      });
      await Promise.race([Promise.all(unbinding), patience]);
      clearTimeout(timer);
    }
    for (const socket of this.#open) socket.close();
  }

  #add(type: unknown, name: string): Socket {
    const socket = this.#context.socket(readType(type, `${name}Type`));
    this.#open.push(socket);
    return socket;
  }

  /** Options first, since some (the routing id) count only for later connections; then binds, then connects. */
  #setUp(...pairs: readonly [Socket, Side][]): void {
    for (const [socket, side] of pairs) {
      for (const [option, value] of side.options) socket.set(option, value as never);
    }
    for (const [socket, side] of pairs) {
      for (const address of side.binds) {
        socket.bind(address);
        const addresses = this.#bound.get(socket) ?? new Set();
        this.#bound.set(socket, addresses.add(socket.lastEndpoint));
      }
    }
    for (const [socket, side] of pairs) {
      for (const address of side.connects) socket.connect(address);
    }
  }
}
