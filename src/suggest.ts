/** The nearest known name, for messages that say "did you mean". */

// Spelling conventions are no typing errors: `RCV_TIMEO` is `rcvtimeo`.
const plain = (name: string): string => name.replace(/[_-]/g, "").toLowerCase();

/** Levenshtein's distance, a swap of neighbours counting once. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let best = Math.min(
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, (before[column - 2] ?? 0) + 1);
      }
      current.push(best);
    }
    before = above;
    above = current;
  }
  return above[b.length] ?? 0;
}

/** The name of `names` that was most likely meant, or `undefined` where none is near. */
export function suggest(name: string, names: Iterable<string>): string | undefined {
  const wanted = plain(name);
  // A third of the letters may be wrong; anything longer than a name can be is no misspelling.
  if (wanted.length > 64) return undefined;
  let limit = Math.max(1, Math.floor(wanted.length / 3));
  let nearest: string | undefined;
  for (const candidate of names) {
    const other = plain(candidate);
    if (Math.abs(other.length - wanted.length) > limit) continue;
    const cost = distance(wanted, other);
    if (cost > limit || (nearest !== undefined && cost === limit)) continue;
    limit = cost;
    nearest = candidate;
  }
  return nearest;
}

/** The ending of a message: `; did you mean 'linger'?`, or nothing. */
export function didYouMean(name: string, names: Iterable<string>): string {
  const nearest = suggest(name, names);
  return nearest === undefined ? "" : `; did you mean '${nearest}'?`;
}
