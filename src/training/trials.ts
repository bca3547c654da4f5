/**
 * Which settings to try: every combination of lists, or draws from ranges.
 *
 * @module
 */
import { failure, type Issue, issue, SteepestError } from "../errors.ts";
import { isRecord, ONE_SEED, type Rule, whole } from "../errors/options.ts";
import { show } from "../errors/words.ts";
import { randomKey, randomWord } from "../tensor/random.ts";

/** Options by name: what one trial is made of. */
export type Settings = Readonly<Record<string, unknown>>;

/** Where {@link randomTrials} draws an option from: a range, or a list of which each is as likely. */
export type Range =
  /** Even between two numbers. */
  | { readonly kind: "linear"; readonly from: number; readonly to: number }
  /** Even in the logarithm, both above 0. */
  | { readonly kind: "log"; readonly from: number; readonly to: number }
  | readonly unknown[];

/** Names with what each of them may be. */
export type Choices = Readonly<Record<string, readonly unknown[]>>;

/** What is in the lists, by name. */
export type GridPoint<C extends Choices> = { readonly [K in keyof C]: C[K][number] };

function emptyLists(lists: Readonly<Record<string, unknown>>): Issue[] {
  return Object.entries(lists).flatMap(([name, list]) =>
    Array.isArray(list) && list.length === 0 ? [issue(name, "an empty list", "values to try")] : []
  );
}

function noLists(lists: unknown): Issue[] {
  if (!isRecord(lists)) return [issue("grid", show(lists), "lists of values by name")];
  return Object.entries(lists).flatMap(([name, list]) =>
    Array.isArray(list) ? [] : [issue(name, show(list), "a list of values to try")]
  );
}

/**
 * Every combination of the values, the last name changing fastest.
 *
 * @throws {SteepestError} of kind `description`: an empty list, or none.
 *
 * @example
 * ```ts
 * import { grid } from "@steepest/steepest";
 * import assert from "node:assert/strict";
 * assert.deepEqual(grid({ a: [1, 2], b: [true] }), [{ a: 1, b: true }, { a: 2, b: true }]);
 * ```
 */
export function grid<const C extends Choices>(choices: C): readonly GridPoint<C>[] {
  const missing = noLists(choices);
  const issues = missing.length > 0 ? missing : emptyLists(choices);
  if (issues.length > 0) throw new SteepestError("description", issues);
  const points = Object.entries(choices).reduce<readonly Settings[]>(
    (before, [name, values]) =>
      before.flatMap((point) => values.map((value) => ({ ...point, [name]: value }))),
    [{}],
  );
  return points as readonly GridPoint<C>[];
}

function rangeIssues(name: string, range: Range): Issue[] {
  if (Array.isArray(range)) return [];
  const expectedKind = "a list of values to try, or a range of kind linear or log";
  if (!isRecord(range as unknown) || !("kind" in range)) {
    return [issue(name, show(range), expectedKind)];
  }
  const { kind, from, to } = range;
  if (kind !== "linear" && kind !== "log") return [issue(`${name}/kind`, show(kind), expectedKind)];
  const least = kind === "log" ? Number.MIN_VALUE : -Number.MAX_VALUE;
  const fine = Number.isFinite(from) && Number.isFinite(to) && from >= least && from <= to;
  const expected = `two numbers${kind === "log" ? " above 0" : ""}, the smaller first`;
  return fine ? [] : [issue(name, `${show(from)} … ${show(to)}`, expected)];
}

/** The value at a place in [0, 1) of a range. */
function at(range: Range, place: number): unknown {
  if (!("kind" in range)) return range[Math.floor(place * range.length)];
  const { kind, from, to } = range;
  return kind === "linear" ? from + place * (to - from) : from * (to / from) ** place;
}

/**
 * `count` draws, each option on its own. Draw i depends on the seed, the option's place and i alone, so more
 * trials begin with the same ones.
 *
 * @throws {SteepestError} of kind `description`: an empty list, a range that is none, a count or a
 * seed that is no whole number.
 *
 * @example
 * ```ts
 * import { randomTrials } from "@steepest/steepest";
 * import assert from "node:assert/strict";
 * const trials = randomTrials({ rate: { kind: "log", from: 1e-4, to: 1e-1 } }, 5, 1);
 * assert(trials.every(({ rate }) => Number(rate) >= 1e-4 && Number(rate) < 1e-1));
 * ```
 */
export function randomTrials(
  ranges: Readonly<Record<string, Range>>,
  count: number,
  seed = 0,
): readonly Settings[] {
  if (!isRecord(ranges as unknown)) {
    throw failure("description", "ranges", show(ranges), "lists or ranges by name");
  }
  const issues = [
    ...emptyLists(ranges),
    ...Object.entries(ranges).flatMap(([name, range]) => rangeIssues(name, range)),
  ];
  const check = (path: string, value: number, [holds, expected]: Rule) => {
    if (!holds(value)) issues.push(issue(path, show(value), expected));
  };
  check("count", count, whole(1, 2 ** 32 - 1));
  check("seed", seed, ONE_SEED);
  if (issues.length > 0) throw new SteepestError("description", issues);
  const named = Object.entries(ranges);
  return Array.from({ length: count }, (_, i) =>
    Object.fromEntries(
      named.map(([name, range], stream) => [
        name,
        at(range, randomWord(randomKey(seed, stream, 0), i) / 2 ** 32),
      ]),
    ));
}
