// The machine and the versions that figures were taken with.
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";
import { ends } from "./ends.mjs";

/** Bytes that this process's group may use, where a container limits it. */
function memoryLimit() {
  try {
    const limit = Number(readFileSync("/sys/fs/cgroup/memory.max", "utf8"));
    return Number.isFinite(limit) ? limit : totalmem();
  } catch {
    return totalmem();
  }
}

export function machine() {
  /** @type {Record<string, string>} */
  const versions = { node: process.version };
  for (const [name, end] of Object.entries(ends)) if (end.available()) versions[name] = end.version();
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memory: Math.min(memoryLimit(), totalmem()),
    system: `${type()} ${release()}`,
    load: loadavg()[0] ?? 0,
    versions,
  };
}

/** @typedef {ReturnType<typeof machine>} Machine */
