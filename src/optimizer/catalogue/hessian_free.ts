/**
 * Hessian-free optimization.
 *
 * @module
 */

import { gaussNewton } from "../calculating.ts";
import { chain } from "../combinators.ts";
import { curvature } from "../curvature.ts";
import { add } from "../damping.ts";
import { gainAdapted } from "../gain_adapted.ts";
import { lineSearch } from "../line_search.ts";
import type { Hyper } from "../schedule.ts";
import { signal } from "../signal.ts";
import { cg } from "../solver.ts";
import { full } from "../structure.ts";
import type { Optimizer } from "../types.ts";
import { given } from "./options.ts";

/** Options of {@link hessianFree}. */
export interface HessianFreeOptions {
  /**
   * μ₀ > 0, in units of the curvature.
   *
   * @default 1
   */
  readonly damping?: number;
  /**
   * The least μ, > 0. ρ is of the batch that the step was made for and knows nothing of others: where batches are small, the
   * bound keeps steps from fitting each of them.
   *
   * @default 1e-10
   */
  readonly least?: Hyper;
  /**
   * Products a step at most, ≥ 1.
   *
   * @default 20
   */
  readonly products?: number;
  /**
   * ξ in [0, 1]: conjugate gradients start from ξ times their last solution.
   *
   * @default 0.95
   */
  readonly warmStart?: Hyper;
  /**
   * Steps of conjugate gradients end where the last k of them have made the model less by under k times this part of
   * it, k ≥ 10: in (0, 1).
   *
   * @default 5e-4
   */
  readonly progress?: number;
  /**
   * Trials of the line search at most, ≥ 1.
   *
   * @default 8
   */
  readonly trials?: number;
}

/** Defaults of {@link hessianFree}. */
export const HESSIAN_FREE: Required<HessianFreeOptions> = {
  damping: 1,
  least: 1e-10,
  products: 20,
  warmStart: 0.95,
  progress: 5e-4,
  trials: 8,
};

/**
 * θ ← θ − αd, d ≈ (G + μ)⁻¹g by conjugate gradients with products of the Gauss–Newton matrix, μ by the gain ratio of d and
 * α by backtracking.
 *
 * Source: Martens 2010, with ξ (section 4.5), the end of conjugate gradients (4.4) and the rule for μ (4.1) as there. Not
 * as there: there is no preconditioner; d is the last iterate, not the best of those kept on the way; α is halved, where
 * Martens and Sutskever 2012 take 0.8, and there is no step where no trial suffices; products see the batch of the
 * gradient, not a part of it.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { gaussian, hessianFree, matmul, minimize, objective, zeros } from "@steepest/steepest";
 *
 * const regression = objective({
 *   parameters: { w: zeros([2, 1]) },
 *   batch: { x: [3, 2], y: [3, 1] },
 *   outputs: ({ w }, { x }) => matmul(x, w),
 *   likelihood: gaussian("y"),
 * });
 * const data = { x: [1, 0, 0, 1, 1, 1], y: [2, -1, 1] };
 * const run = await minimize(regression, hessianFree(), { steps: 40, data, backend: "reference" });
 * assert(run.losses[40]! < 1e-6);
 * ```
 */
export function hessianFree(options: HessianFreeOptions = {}): Optimizer {
  const { damping, least, products, warmStart, progress, trials } = given(
    "hessianFree",
    HESSIAN_FREE,
    options,
  );
  const direction = curvature({
    calculating: gaussNewton(),
    structure: full(),
    damping: add(signal("damping")),
    solver: cg({ steps: products, tolerance: 0, progress, warmStart }),
  });
  return chain(
    gainAdapted({ of: direction, initial: damping, least, rejects: false }),
    lineSearch({ c1: 1e-2, trials }),
  );
}
