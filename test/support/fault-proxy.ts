/** A TCP proxy that does to connections what networks do: cuts, delays, truncates, corrupts, falls silent. */
import { connect, createServer, type Server, type Socket } from "node:net";

export interface Faults {
  /** Bytes of each direction after which the connection is cut; what comes after them is lost. */
  cutAfter?: number | undefined;
  /** The byte of each direction that is changed. */
  corruptAt?: number | undefined;
}

export class FaultProxy {
  readonly #server: Server;
  readonly #target: number;
  readonly #pairs = new Set<[Socket, Socket]>();
  #faults: Faults = {};
  #silent = false;
  #accepting = true;
  /** How many connections have been made through it. */
  connections = 0;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
    server.on("connection", (near) => this.#connect(near));
  }

  /** A proxy for the server at an address of tcp. */
  static async to(address: string): Promise<FaultProxy> {
    const server = createServer();
    const proxy = new FaultProxy(server, Number(/:(\d+)$/.exec(address)?.[1]));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  /** Where to connect to. */
  get address(): string {
    return `tcp://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** What happens to the connections that are made from now on. */
  set faults(faults: Faults) {
    this.#faults = faults;
  }

  /** Cuts all connections at once, by a reset. */
  cut(): void {
    for (const [near, far] of this.#pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  /** The network is down: nothing passes, and nobody is told. */
  silence(silent: boolean): void {
    this.#silent = silent;
    for (const pair of this.#pairs) {
      for (const socket of pair) silent ? socket.pause() : socket.resume();
    }
  }

  /** Whether new connections are let through; others are reset. */
  set accepting(accepting: boolean) {
    this.#accepting = accepting;
  }

  close(): Promise<void> {
    this.cut();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #connect(near: Socket): void {
    near.on("error", () => {});
    if (!this.#accepting) {
      near.resetAndDestroy();
      return;
    }
    this.connections++;
    const far = connect(this.#target, "127.0.0.1");
    far.on("error", () => {});
    const pair: [Socket, Socket] = [near, far];
    this.#pairs.add(pair);
    const { cutAfter = Number.POSITIVE_INFINITY, corruptAt } = this.#faults;
    for (const [from, to] of [pair, [far, near]] as const) {
      let passed = 0;
      from.setNoDelay(true);
      from.on("data", (chunk: Buffer) => {
        const left = cutAfter - passed;
        if (corruptAt !== undefined && corruptAt >= passed && corruptAt < passed + chunk.length) {
          const at = corruptAt - passed;
          chunk[at] = (chunk[at] as number) ^ 0x55;
        }
        passed += chunk.length;
        const going = left < chunk.length ? chunk.subarray(0, left) : chunk;
        if (!to.write(going)) from.pause();
        if (left < chunk.length) {
          from.destroy();
          to.end(() => to.destroy());
        }
      });
      to.on("drain", () => {
        if (!this.#silent) from.resume();
      });
      from.on("close", () => {
        this.#pairs.delete(pair);
        to.end(() => to.destroy());
      });
      if (this.#silent) from.pause();
    }
  }
}
