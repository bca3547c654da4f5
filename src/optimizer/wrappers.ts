/**
 * Transforms that hold other transforms: grafting, a gradient elsewhere, masks, partitions and gates.
 *
 * @module
 */

import { transform } from "./build.ts";
import { identity } from "./combinators.ts";
import type { Predicate } from "./predicate.ts";
import type { GradientAt, Graft, Optimizer, Part, Partition, SkipNonFinite } from "./types.ts";

/** The direction of one branch with the norm of another, `per` tensor unless said. */
export function graft(
  options: {
    readonly direction: Optimizer;
    readonly magnitude: Optimizer;
    readonly per?: "tensor" | "global";
  },
): Graft {
  return transform({ kind: "graft", ...options });
}

/** u ← ∇f(θ − at(u)) on the same batch: SAM is `gradientAt(chain(normalize(), scale(-ρ)))`. */
export function gradientAt(at: Optimizer): GradientAt {
  return transform({ kind: "gradientAt", at });
}

/** Each parameter goes to the first part that matches it, or to `rest` (default: unchanged). */
export function partition(
  parts: readonly Part[],
  rest: Optimizer = identity(),
): Partition {
  return transform({ kind: "partition", parts, rest });
}

/** The transform on the parameters that match; the others pass unchanged. */
export function masked(of: Optimizer, where: Predicate): Partition {
  return partition([{ where, of }]);
}

/** A gate: no step, and no state moves, where the incoming u is not finite; it is counted. */
export function skipNonFinite(of: Optimizer): SkipNonFinite {
  return transform({ kind: "skipNonFinite", of });
}
