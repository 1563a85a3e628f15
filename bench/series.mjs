// Runs of several contenders, which alternate: what the machine does meanwhile falls on all of them.

/** @typedef {import("./runs.mjs").Run} Run */
/** @typedef {import("./runs.mjs").Amount} Amount */

/** @typedef {{ name: string, run: (amount: Amount) => Promise<Run> }} Contender */

/**
 * How much to run. `seconds` is how long a run should measure; `count`, where it is given, is how many messages to take
 * instead.
 * @typedef {{ rounds: number, seconds: number, count?: number | undefined, tell?: (line: string) => void }} Effort
 */

/** How much of a run is warm-up: connections are made, compilers compile. */
const WARMUP = 0.1;

/** @param {number} count */
const amount = (count) => {
  const whole = Math.max(20, Math.round(count));
  return { count: whole, warmup: Math.floor(whole * WARMUP) };
};

/**
 * How many messages make a run of that length: found out by runs that do not count.
 * @param {Contender} contender @param {number} seconds @param {number} guess
 */
async function calibrate(contender, seconds, guess) {
  let count = guess;
  for (let tries = 0; tries < 3; tries++) {
    const run = await contender.run(amount(count));
    const enough = run.seconds >= seconds / 4;
    count = Math.min(count * 50, (run.rate * seconds) / (1 - WARMUP));
    if (enough) break;
  }
  return count;
}

/**
 * @param {Contender[]} contenders @param {Effort} effort
 * @param {number} guess how many messages to begin with
 * @returns {Promise<Map<string, Run[]>>}
 */
export async function alternate(contenders, { rounds, seconds, count, tell = () => {} }, guess) {
  /** @type {Map<Contender, number>} */
  const counts = new Map();
  for (const contender of contenders) {
    tell(contender.name);
    counts.set(contender, count ?? (await calibrate(contender, seconds, guess)));
  }
  /** @type {Map<string, Run[]>} */
  const runs = new Map(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    // Nobody always runs behind the same one.
    const order = round % 2 === 0 ? contenders : [...contenders].reverse();
    for (const contender of order) {
      tell(`${contender.name} ${round + 1}/${rounds}`);
      runs.get(contender.name)?.push(await contender.run(amount(counts.get(contender) ?? guess)));
    }
  }
  return runs;
}
