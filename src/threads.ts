/** Node's worker_threads, loaded when it is first needed: it brings streams along and would be half of the loading time. */
import type * as workerThreads from "node:worker_threads";

let loaded: typeof workerThreads | undefined;

export function threads(): typeof workerThreads {
  loaded ??= require("node:worker_threads") as typeof workerThreads;
  return loaded;
}
