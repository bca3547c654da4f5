/**
 * Predicates over parameters, as ranges of a flat vector.
 *
 * @module
 */
import { applies } from "../optimizer/applies.ts";
import type { Predicate } from "../optimizer/predicate.ts";
import { type Range, rangesOf, type Space } from "./arena.ts";

/** What a predicate selects. */
export interface Selection {
  readonly ranges: readonly Range[];
  /** Whether it is everything. */
  readonly all: boolean;
}

/** The elements of the parameters that match. */
export function selected(space: Space, predicate: Predicate): Selection {
  const ranges = rangesOf(space, (entry) => applies(predicate, entry));
  const count = ranges.reduce((n, { start, stop }) => n + stop - start, 0);
  return { ranges, all: count === space.size };
}
