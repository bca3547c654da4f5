/**
 * Values and names as they stand in an issue.
 *
 * @module
 */

/** A value in one short line. */
export function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "number" || value === null) return `${value}`;
  if (typeof value === "string") {
    return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  }
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") {
    const kind: unknown = (value as Readonly<Record<string, unknown>>)["kind"];
    return typeof kind === "string" ? `an object of kind ${show(kind)}` : "an object";
  }
  return typeof value === "boolean" ? `${value}` : `a ${typeof value}`;
}

/** Levenshtein's distance, for names of ordinary length. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The known name that was probably meant, quoted, or an empty string. */
export function closest(name: string, known: readonly string[]): string {
  if (name.length > 60) return "";
  const ranked = known
    .map((candidate) => ({
      candidate,
      far: distance(name.toLowerCase(), candidate.toLowerCase()),
    }))
    .sort((a, b) => a.far - b.far);
  const best = ranked[0];
  return best !== undefined && best.far <= Math.ceil(name.length / 3)
    ? JSON.stringify(best.candidate)
    : "";
}
