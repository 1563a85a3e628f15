/** Devices in a process of their own. */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { Context } from "../context.js";
import { plainError, typeError } from "../errors.js";
import { encodeOption, socketOptionRow } from "../options.js";
import { onAbort } from "../pending.js";
import { clearTimeout, setTimeout } from "../timers.js";
import type { Recipe } from "./recipe.js";
import type { Manner, Running } from "./thread.js";
import { type Order, type Report, unpackError } from "./wire.js";

/** How long a process may take to end once it has been told to, in milliseconds, before it is killed. */
const LONGEST_STOP = 3000;

function start(): ChildProcess {
  return fork(join(__dirname, "child.js"), [], {
    // The flags of this process are none of the device's: `--inspect` would want the same port, `-e` is a program.
    execArgv: [],
    serialization: "advanced", // options may be bytes and bigints
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
}

/** Starts a process that runs the device. It ends with this process or worker thread, however that ends. */
export async function launchProcess(recipe: Recipe, { factory, daemon, signal }: Manner): Promise<Running> {
  if (factory !== Context && factory !== Context.instance) {
    throw typeError(
      "a device in another process makes its Context there: its contextFactory can be zmq.Context only",
    );
  }
  // A wrong value is told as such, and not as one that cannot be sent.
  for (const side of [recipe.in, recipe.out, recipe.mon, recipe.ctrl]) {
    for (const [option, value] of side?.options ?? []) encodeOption(socketOptionRow(option), option, value);
  }
  const child = start();
  let stopping = false;
  let reported: Report | undefined;
  const tell = (order: Order): void => {
    // It may have ended meanwhile, which "exit" says.
    child.send(order, undefined, undefined, () => {});
  };
  const exited = new Promise<Error | undefined>((resolve) => {
    child.once("error", resolve); // it could not be started, or not be killed
    child.once("exit", async (code, killed) => {
      // Its last report may still be on its way.
      if (child.connected) await new Promise((resolve) => child.once("disconnect", resolve));
      resolve(
        code === 0 || stopping
          ? undefined
          : plainError(`its process has ended (${killed ?? `code ${code}`})`),
      );
    });
  });
  const ended = exited.then((failure) => {
    const error = reported !== undefined && "ended" in reported ? reported.ended : undefined;
    return error === undefined ? failure : unpackError(error);
  });
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    if (child.connected) tell({ stop: true });
    const killing = setTimeout(() => child.kill("SIGKILL"), LONGEST_STOP);
    void exited.then(() => clearTimeout(killing));
  };

  const deafen = signal && onAbort(signal, () => child.kill("SIGKILL"));
  try {
    const running = new Promise<boolean>((resolve) => {
      child.on("message", (report: Report) => {
        reported = report;
        if ("running" in report) resolve(true);
      });
      void exited.then(() => resolve(false));
    });
    tell({ run: recipe });
    const runs = await running;
    if (signal?.aborted) {
      child.kill("SIGKILL");
      await exited;
      throw signal.reason;
    }
    if (!runs) throw (await ended) ?? plainError("its process has ended before the device ran");
  } catch (error) {
    child.kill("SIGKILL"); // what cannot be sent to a process leaves it waiting
    throw error;
  } finally {
    deafen?.();
  }
  if (daemon) {
    child.unref();
    child.channel?.unref();
  }
  return { stop, ended, pid: child.pid };
}
