/**
 * Norm-adapted gradient descent, and Adam's direction with its step.
 *
 * @module
 */

import { chain } from "../combinators.ts";
import { newtonRaphson } from "../transforms.ts";
import type { Hyper } from "../schedule.ts";
import type { Optimizer } from "../types.ts";
import { ADAM_DIRECTION, adamDirection, type AdamDirectionOptions } from "./adam.ts";
import { given } from "./options.ts";

/** Options of {@link nasgd}. */
export interface NasgdOptions {
  /**
   * α ≥ 0, the fraction of the Newton–Raphson step.
   *
   * @default 0.5
   */
  readonly alpha?: Hyper;
  /**
   * L, the value that the loss is expected to reach.
   *
   * @default 0
   */
  readonly lowerBound?: Hyper;
  /**
   * The largest factor of the gradient, > 0; null for none.
   *
   * @default 1
   */
  readonly cap?: Hyper | null;
}

/** Defaults of {@link nasgd}. */
export const NASGD: Required<NasgdOptions> = { alpha: 0.5, lowerBound: 0, cap: 1 };

/**
 * θ ← θ − min(cap, α·max(0, f − L)/‖g‖²)·g; no step where g = 0.
 *
 * While the cap is inactive f and k·f are treated alike (with kL for L); with an active cap they are not.
 * Source: norm-adapted-gradient-descent, Algorithm 1.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, nasgd, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const run = await minimize(bowl, nasgd({ alpha: 1 }), { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 1.5) < 1e-4);
 * ```
 */
export function nasgd(options: NasgdOptions = {}): Optimizer {
  return newtonRaphson(given("nasgd", NASGD, options));
}

/** Options of {@link normAdaptedAdam}. */
export interface NormAdaptedAdamOptions extends NasgdOptions, AdamDirectionOptions {
  /**
   * Largest factor of Adam's direction, > 0, or null for none: about how far a parameter may move in a step.
   *
   * @default 0.003
   */
  readonly cap?: Hyper | null;
}

/** Defaults of {@link normAdaptedAdam}. */
export const NORM_ADAPTED_ADAM: Required<NormAdaptedAdamOptions> = {
  ...NASGD,
  ...ADAM_DIRECTION,
  cap: 0.003,
};

/**
 * θ ← θ − min(cap, α·max(0, f − L)/(gᵀu))·u along Adam's direction u; no step where gᵀu ≤ 0.
 *
 * Source: the open question at the end of norm-adapted-gradient-descent. The elements of Adam's direction
 * are about 1, so that the cap is a largest learning rate; far from the minimum, where f/(gᵀu) is large, it decides.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, normAdaptedAdam, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = normAdaptedAdam({ alpha: 0.5, cap: 1 });
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.25) < 1e-4);
 * ```
 */
export function normAdaptedAdam(options: NormAdaptedAdamOptions = {}): Optimizer {
  const { alpha, lowerBound, cap, ...direction } = given(
    "normAdaptedAdam",
    NORM_ADAPTED_ADAM,
    options,
  );
  return chain(adamDirection(direction), newtonRaphson({ alpha, lowerBound, cap }));
}
