/**
 * With which factors the flow of u ends: the definition of an optimizer's learning rate.
 *
 * @module
 */

import type { Curvature, Optimizer, OptimizerKind, TransformOf } from "./types.ts";
import { branchesOf, pathAt } from "./walk.ts";

/** One way to the end of the flow. */
interface FlowEnd {
  /** Where the branch stands; empty if there is one alone. */
  readonly place: string;
  /** The transforms that multiply u by a number, by path. */
  readonly factors: readonly string[];
}

/** The ends of a transform, and whether a factor before it still counts. */
interface Tail {
  readonly ends: readonly FlowEnd[];
  readonly open: boolean;
}

type Rule<K extends OptimizerKind> = (it: TransformOf<K>, place: string) => Tail;

const ending = (place: string, factors: readonly string[], open: boolean): Tail => ({
  ends: [{ place, factors }],
  open,
});
const passes = (_: Optimizer, place: string): Tail => ending(place, [], true);
const stops = (_: Optimizer, place: string): Tail => ending(place, [], false);

/** Branches side by side; those that end alike count as one. */
function sideBySide(tails: readonly Tail[], place: string): Tail {
  const ends = tails.flatMap((tail) => tail.ends);
  const kinds = new Set(ends.map(({ factors }) => factors.join(" ")));
  const open = tails.every((tail) => tail.open);
  return { ends: kinds.size === 1 ? [{ place, factors: ends[0]!.factors }] : ends, open };
}

/** The tail of `first` and then `second`. */
function inOrder(first: Tail, second: Tail, place: string): Tail {
  const [end, ...others] = second.ends;
  // A factor in front of branches that differ reaches each of them.
  if (!second.open || end === undefined) return second;
  if (others.length === 0) {
    const ends = first.ends.map((it) => ({
      place: first.ends.length === 1 ? place : it.place,
      factors: [...it.factors, ...end.factors],
    }));
    return { ends, open: first.open };
  }
  if (first.ends.length > 1) return { ...second, open: false };
  const before = first.ends[0]?.factors ?? [];
  return {
    ends: second.ends.map((it) => ({ ...it, factors: [...before, ...it.factors] })),
    open: first.open,
  };
}

function tails(optimizer: Optimizer, place: string): readonly Tail[] {
  return branchesOf(optimizer, pathAt(optimizer, place)).map((branch) =>
    tailOf(branch.of, branch.place)
  );
}

/** Clips pass factors on: whether they were active is counted. */
function isClip({ calculating, length }: Curvature): boolean {
  return calculating.kind === "constant" &&
    (length.kind === "none" || length.kind === "clamped" || length.kind.endsWith("lipped"));
}

const RULES: { readonly [K in OptimizerKind]: Rule<K> } = {
  identity: passes,
  zero: passes,
  chain: (it, place) => tails(it, place).reduce((first, second) => inOrder(first, second, place)),
  add: (it, place) => sideBySide(tails(it, place), place),
  partition: (it, place) => sideBySide(tails(it, place), place),
  ema: passes,
  trace: passes,
  difference: passes,
  weightDecay: passes,
  scale: (it, place) => ending(place, [pathAt(it, place)], true),
  // The quotient undoes every factor of u.
  newtonRaphson: (it, place) => ending(place, [pathAt(it, place)], false),
  distanceAdapted: (it, place) => ({
    ...inOrder(
      sideBySide(tails(it, place), place),
      ending(place, [pathAt(it, place)], true),
      place,
    ),
    open: false,
  }),
  // The magnitude alone says how far.
  graft: (it, place) => tails(it, place)[1]!,
  // A ratio of at most 1 is a clip; any other undoes the factors of u.
  trustRatio: (it, place) => (it.max === 1 ? passes : stops)(it, place),
  scaleByParameterNorm: passes,
  scaleByShape: passes,
  gradientAt: stops,
  skipNonFinite: (it, place) => sideBySide(tails(it, place), place),
  gainAdapted: (it, place) => sideBySide(tails(it, place), place),
  accumulate: (it, place) => sideBySide(tails(it, place), place),
  lookahead: passes,
  average: passes,
  scheduleFree: (it, place) => ending(place, [pathAt(it, place)], true),
  lineSearch: (it, place) => ending(place, [pathAt(it, place)], true),
  curvature: (it, place) => (isClip(it) ? passes : stops)(it, place),
};

function tailOf(optimizer: Optimizer, place: string): Tail {
  return (RULES[optimizer.kind] as (it: Optimizer, place: string) => Tail)(optimizer, place);
}

/**
 * The ends of the flow, each with the transforms that multiply u by a number there: looked for from
 * the end, through what passes factors on, to the first transform that does not.
 */
export function flowEnds(optimizer: Optimizer): readonly FlowEnd[] {
  return tailOf(optimizer, "").ends;
}
