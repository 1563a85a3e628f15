/** Devices on a native thread of this process. */
import { ROUTER } from "../constants.js";
import { Context, contextInside } from "../context.js";
import type { Engine } from "../engine.js";
import { typeError } from "../errors.js";
import { forget } from "../leaks.js";
import { Messaging } from "../messaging.js";
import { forward } from "../proxy.js";
import type { Socket } from "../socket.js";
import type { Recipe } from "./recipe.js";
import { DeviceSockets } from "./sockets.js";

/** Makes the context of a device: a function that returns one, or the class itself. */
export type ContextFactory = (() => Context) | (new () => Context);

/** How a device is to run. */
export interface Manner {
  factory: ContextFactory;
  /** Whether it lets the process end while it runs. */
  daemon: boolean;
  /** Aborting it gives up a start-up that takes time. */
  signal?: AbortSignal | undefined;
}

/** A device that runs. */
export interface Running {
  stop(): void;
  /** Resolves when it has ended and its addresses are free: with what has ended it, or undefined. */
  readonly ended: Promise<unknown>;
  /** The context that it runs in, where that is one of this process. */
  readonly context?: Context | undefined;
  /** The operating system's number of its process, where it has one of its own. */
  readonly pid?: number | undefined;
}

const isClass = (factory: ContextFactory): factory is new () => Context =>
  factory === Context || factory.prototype instanceof Context;

/** A context that the device has made for itself goes with it. What lingers there must not keep the process alive. */
function letGo(context: Context): void {
  if (context.closed) return;
  try {
    contextInside(context).term(null);
    forget(context);
  } catch {
    // Its end has begun already.
  }
}

const engine = (socket: Socket): Engine => Messaging.engineOf(socket) as Engine;

/**
 * Opens the sockets and starts forwarding. Does so at once; the promise of a start-up that fails is rejected when the
 * addresses are free again.
 */
export async function launchThread(recipe: Recipe, { factory, daemon }: Manner): Promise<Running> {
  if (typeof factory !== "function")
    throw typeError("contextFactory must be a function that returns a Context");
  const own = isClass(factory);
  const context = own ? new factory() : factory();
  if (!(context instanceof Context)) throw typeError("contextFactory must return a Context");
  const sockets = new DeviceSockets(context);
  const close = async (): Promise<void> => {
    await sockets.close();
    if (own) letGo(context);
  };
  try {
    const { mon, ctrl, ...lent } = sockets.open(recipe);
    const { stop, done } = forward(
      {
        frontend: engine(lent.in),
        backend: engine(lent.out),
        capture: mon && engine(mon),
        control: ctrl && engine(ctrl),
      },
      {
        forwardPrefix: recipe.prefixes?.[0],
        backwardPrefix: recipe.prefixes?.[1],
        swap: recipe.prefixes !== undefined && lent.in.type === ROUTER && lent.out.type === ROUTER,
        keepAlive: !daemon,
      },
    );
    const end = (reason: unknown): Promise<unknown> => close().then(() => reason);
    return { stop, context, ended: done.then(end, end) };
  } catch (error) {
    await close();
    throw error;
  }
}
