/**
 * `chain` and `add`: both flatten when built, so that their laws are equalities of canonical data.
 *
 * @module
 */

import { transform } from "./build.ts";
import type { Identity, Optimizer, Zero } from "./types.ts";

/** u ← u. */
export function identity(): Identity {
  return transform({ kind: "identity" });
}

/** u ← 0. */
export function zero(): Zero {
  return transform({ kind: "zero" });
}

/**
 * Each transform in order, the output of one being the input of the next.
 *
 * Associative, with the neutral element `identity()`; a single transform is itself, none is `identity()`.
 * A `zero()` inside stays: `chain(zero(), weightDecay(1))` is θ.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { chain, identity, scale } from "@steepest/steepest";
 *
 * assert.deepEqual(chain(chain(scale(2)), identity()), scale(2));
 * ```
 */
export function chain(...of: readonly Optimizer[]): Optimizer {
  return transform({ kind: "chain", of });
}

/**
 * All branches see the same u, and their results are summed.
 *
 * Associative, with the neutral element `zero()`; a single branch is itself, none is `zero()`. The order of the
 * branches is kept, because the order of a floating-point sum is part of its value.
 */
export function add(...of: readonly Optimizer[]): Optimizer {
  return transform({ kind: "add", of });
}
