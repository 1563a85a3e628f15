/**
 * What an end is to do: the command line, read. The keys are explained in README.md.
 * @typedef {{
 *   library: string, role: string, type: string, bind?: string, connect?: string,
 *   way: string, source: string, sink: string, count: number, warmup: number, size: number,
 *   sockets: number, subscribers: number, hwm?: number, where?: string,
 * }} Spec
 */

const NUMBERS = ["count", "warmup", "size", "sockets", "subscribers", "hwm"];

/** @param {string[]} args @returns {Spec} */
export function readSpec(args) {
  /** @type {Record<string, string | number>} */
  const spec = { library: "ours", type: "", way: "", source: "", sink: "" };
  Object.assign(spec, { count: 0, warmup: 0, size: 0, sockets: 1, subscribers: 0 });
  for (const arg of args) {
    const at = arg.indexOf("=");
    if (at < 0) throw new Error(`key=value expected, got ${arg}`);
    const key = arg.slice(0, at);
    const value = arg.slice(at + 1);
    spec[key] = NUMBERS.includes(key) ? Number(value) : value;
  }
  return /** @type {any} */ (spec);
}
