/**
 * Predicates over parameters, as data: by rank, by path, and combined.
 *
 * @module
 */

import { failure } from "../errors.ts";
import { show } from "../errors/words.ts";
import { applies } from "./applies.ts";
import { checkedPredicate, predicate, withOptions } from "./build.ts";

/** Rank between two bounds, both included. */
export interface RankIs {
  /** The tag of this predicate. */
  readonly kind: "rank";
  /** The lowest rank that matches: 0 is a scalar, 1 a vector, 2 a matrix. */
  readonly atLeast: number;
  /** The highest rank that matches. Absent: no upper bound. */
  readonly atMost?: number;
}

/** The parameter's path, such as `layers/0/w`, matches a glob: `*` within a segment, `**` across, `?` one. */
export interface PathIs {
  /** The tag of this predicate. */
  readonly kind: "path";
  /** The pattern that the whole path must match, not empty. */
  readonly glob: string;
}

/** Every one of them; an empty list matches everything. */
export interface AllOf {
  /** The tag of this predicate. */
  readonly kind: "all";
  /** The predicates of which none may fail. */
  readonly of: readonly Predicate[];
}

/** At least one of them; an empty list matches nothing. */
export interface AnyOf {
  /** The tag of this predicate. */
  readonly kind: "any";
  /** The predicates of which one must match. */
  readonly of: readonly Predicate[];
}

/** The others. */
export interface NotIt {
  /** The tag of this predicate. */
  readonly kind: "not";
  /** The predicate that must fail. */
  readonly of: Predicate;
}

/** Which parameters. */
export type Predicate = RankIs | PathIs | AllOf | AnyOf | NotIt;

/** The kinds of {@link Predicate}. */
export type PredicateKind = Predicate["kind"];

/** What a predicate looks at. */
export interface ParameterFacts {
  /** The names on the way to the parameter, joined by `/`. */
  readonly path: string;
  /** Its extents, outermost first; `[]` is a scalar. */
  readonly shape: readonly number[];
}

/**
 * Parameters of this rank, or within these bounds, both included.
 *
 * @param bounds A rank (0 is a scalar, 1 a vector), or bounds: `atLeast` default 0, `atMost` default none.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { matches, rank } from "@steepest/steepest";
 *
 * assert(matches(rank({ atLeast: 2, atMost: 4 }), { path: "layer1/weight", shape: [50, 320] }));
 * ```
 */
export function rank(
  bounds: number | { readonly atLeast?: number; readonly atMost?: number },
): RankIs {
  const range = typeof bounds === "number" ? { atLeast: bounds, atMost: bounds } : bounds;
  return predicate(withOptions("rank", range));
}

/**
 * Parameters whose whole path matches the glob: `*` within a segment, `**` across segments, `?` one character.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { matches, path } from "@steepest/steepest";
 *
 * assert(matches(path("layer?/weight"), { path: "layer1/weight", shape: [50, 320] }));
 * ```
 */
export function path(glob: string): PathIs {
  return predicate({ kind: "path", glob });
}

/**
 * Parameters that all of the predicates match; `all()` is every parameter.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { all, matches, matrices, path } from "@steepest/steepest";
 *
 * assert(matches(all(matrices(), path("layer1/**")), { path: "layer1/weight", shape: [50, 320] }));
 * ```
 */
export function all(...of: readonly Predicate[]): AllOf {
  return predicate({ kind: "all", of });
}

/**
 * Parameters that some of the predicates match; `any()` is none.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { any, matches, path } from "@steepest/steepest";
 *
 * assert(matches(any(path("head/**"), path("layer1/**")), { path: "layer1/weight", shape: [50, 320] }));
 * ```
 */
export function any(...of: readonly Predicate[]): AnyOf {
  return predicate({ kind: "any", of });
}

/**
 * Parameters that the predicate does not match.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { matches, not, path } from "@steepest/steepest";
 *
 * assert(matches(not(path("head/**")), { path: "layer1/weight", shape: [50, 320] }));
 * ```
 */
export function not(of: Predicate): NotIt {
  return predicate({ kind: "not", of });
}

/**
 * Parameters of rank 2 or more: weights, not biases.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { matches, matrices } from "@steepest/steepest";
 *
 * assert(matches(matrices(), { path: "layer1/weight", shape: [50, 320] }));
 * ```
 */
export function matrices(): RankIs {
  return rank({ atLeast: 2 });
}

/**
 * Whether a predicate matches a parameter.
 *
 * @throws {SteepestError} of kind `description`: what is given is no predicate, or no parameter.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { matches, matrices, not } from "@steepest/steepest";
 *
 * const bias = { path: "layer1/bias", shape: [16] };
 * assert.equal(matches(matrices(), bias), false);
 * assert.equal(matches(not(matrices()), bias), true);
 * ```
 */
export function matches(it: Predicate, about: ParameterFacts): boolean {
  const checked = checkedPredicate(it);
  const { path, shape }: Partial<ParameterFacts> = about ?? {};
  if (typeof path !== "string" || !Array.isArray(shape)) {
    throw failure("description", "parameter", show(about), "the path and shape of a parameter");
  }
  return applies(checked, about);
}
