/**
 * JSON with sorted keys and no spaces: equal descriptions are equal strings.
 *
 * @module
 */

/** Sorts the keys of every object, all the way down. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, inner]: [string, unknown]) => [key, sorted(inner)]),
  );
}

/** JSON with sorted keys and no spaces. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value));
}
