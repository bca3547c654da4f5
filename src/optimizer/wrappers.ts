/**
 * Transforms that hold other transforms: grafting, a gradient elsewhere, masks, partitions, gates and an estimated
 * distance.
 *
 * @module
 */

import type { Per } from "./blocks.ts";
import { transform, withOptions } from "./build.ts";
import { identity } from "./combinators.ts";
import type { Predicate } from "./predicate.ts";
import type { Hyper } from "./schedule.ts";
import type {
  Accumulate,
  DistanceAdapted,
  GradientAt,
  Graft,
  Optimizer,
  Part,
  Partition,
  SkipNonFinite,
} from "./types.ts";

/**
 * direction(u)·‖magnitude(u)‖/‖direction(u)‖: the direction of one branch with the norm of another.
 *
 * Both branches see the same u; where the direction is 0 the result is 0.
 *
 * @param options `per`: norms of each parameter tensor (`"tensor"`, the default), of each unit (`"unit"`) or of all
 * (`"global"`).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { graft, minimize, objective, scale, sign, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = graft({ direction: sign(), magnitude: scale(0.1) });
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.4) < 1e-5);
 * ```
 */
export function graft(
  options: {
    readonly direction: Optimizer;
    readonly magnitude: Optimizer;
    readonly per?: Per;
  },
): Graft {
  return transform(withOptions("graft", options));
}

/**
 * u ← ∇f(θ − at(u)) on the same batch, with the same dropout: one more gradient a step.
 *
 * Source: SAM, Foret et al. 2020, is `gradientAt(chain(normalize(), scale(-ρ)))`; `gradientAt(scale(η))` is the
 * extragradient step.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { chain, gradientAt, minimize, objective, scale, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = chain(gradientAt(scale(0.1)), scale(0.1));
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.52) < 1e-5);
 * ```
 */
export function gradientAt(at: Optimizer): GradientAt {
  return transform({ kind: "gradientAt", at });
}

/**
 * Each parameter goes to the first part that matches it, or to `rest`; norms are over the part.
 *
 * @param parts Tried in order; a part that matches nothing is an error when the program is built.
 * @param rest Default `identity()`: what no part matches passes unchanged, also unscaled.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { masked, matrices, partition, sign } from "@steepest/steepest";
 *
 * assert.deepEqual(masked(sign(), matrices()), partition([{ where: matrices(), of: sign() }]));
 * ```
 */
export function partition(
  parts: readonly Part[],
  rest: Optimizer = identity(),
): Partition {
  return transform({ kind: "partition", parts, rest });
}

/**
 * The transform on the parameters that match; the others pass unchanged.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { identity, masked, path, zero } from "@steepest/steepest";
 *
 * assert.deepEqual(masked(zero(), path("frozen/**")).rest, identity());
 * ```
 */
export function masked(of: Optimizer, where: Predicate): Partition {
  return partition([{ where, of }]);
}

/**
 * A gate: where the incoming u is not finite the step is 0 and no state inside moves; it is counted.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { scale, skipNonFinite } from "@steepest/steepest";
 *
 * assert.deepEqual(skipNonFinite(scale(0.1)).of, scale(0.1));
 * ```
 */
export function skipNonFinite(of: Optimizer): SkipNonFinite {
  return transform({ kind: "skipNonFinite", of });
}

/**
 * u ← γ·d·of(d·u): a step in units of the distance d to the solution, which the gradients so far estimate.
 *
 * r ← βr + (1 − β)γd²·uᵀ(θ₀ − θ); s ← βs + (1 − β)γd²·u; then d ← max(d, r/‖s‖₁) for the next step, with θ₀ where the
 * transform began. Inside, hyperparameters may read d as `signal("distance")`; the record `distance` tells it. In a
 * partition r and s are over the part. Source: Mishchenko and Defazio 2023, Algorithm 4. `growth` bounds d by
 * growth·d a step; PyTorch's `growth_rate` keeps the largest estimate that was ever made and grows towards it.
 *
 * @param options `rate`: γ ≥ 0, default 1; what is scheduled. `decay`: β in [0, 1), default √0.999. `initial`: d₀ > 0,
 * default 1e-6. `growth`: ≥ 1, default none.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { distanceAdapted, minimize, objective, sign, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = distanceAdapted({ of: sign(), initial: 0.1, decay: 0.9 });
 * const run = await minimize(bowl, optimizer, { steps: 60, backend: "reference" });
 * assert(Math.abs(run.parameters.x) < 1.5);
 * ```
 */
export function distanceAdapted(
  options: {
    readonly of: Optimizer;
    readonly rate?: Hyper;
    readonly decay?: Hyper;
    readonly initial?: number;
    readonly growth?: Hyper;
  },
): DistanceAdapted {
  return transform(withOptions("distanceAdapted", options));
}

/**
 * A gate for batches larger than the device takes at once: u is averaged over `steps` steps, and at every
 * `steps`-th `of` gets the mean. At the others the step is 0, and neither state nor clock inside moves.
 *
 * The mean is over the steps that this gate saw: in `skipNonFinite(accumulate(k, T))` a step that is skipped enters
 * no mean and counts for none, in `accumulate(k, skipNonFinite(T))` one that is not finite spoils its whole mean,
 * which is then skipped. k is a rhythm: setting `accumulate/steps` compiles nothing, and with a smaller k the gate
 * opens as soon as that many steps were taken. What T asks of the objective is computed at every step.
 * PyTorch's users divide the loss by k themselves; optax's `MultiSteps` is the same, and skips by `should_skip_update_fn`.
 *
 * @param steps k ≥ 1.
 * @throws {SteepestError} of kind `description`: k is no integer ≥ 1.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { accumulate, minimize, objective, scale, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const run = await minimize(bowl, accumulate(2, scale(0.1)), { steps: 4, backend: "reference" });
 * assert.deepEqual(Array.from(run.losses, (f) => f.toFixed(2)), ["9.00", "9.00", "5.76", "5.76", "3.69"]);
 * ```
 */
export function accumulate(steps: number, of: Optimizer): Accumulate {
  return transform({ kind: "accumulate", steps, of });
}
