/**
 * The Levenberg–Marquardt method.
 *
 * @module
 */

import { gaussNewton } from "../calculating.ts";
import { curvature } from "../curvature.ts";
import { add } from "../damping.ts";
import { gainAdapted } from "../gain_adapted.ts";
import type { Hyper } from "../schedule.ts";
import { signal } from "../signal.ts";
import { cg, eigen } from "../solver.ts";
import { full } from "../structure.ts";
import type { Optimizer } from "../types.ts";
import { given } from "./options.ts";

/** Options of {@link levenbergMarquardt}. */
export interface LevenbergMarquardtOptions {
  /**
   * μ₀ > 0, in units of the curvature.
   *
   * @default 0.1
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
   * How μ follows the gain ratio ρ. `"nielsen"`: times max(1/3, 1 − (2ρ − 1)³), or 2, 4, 8, … where ρ ≤ 0;
   * `"thresholds"`: times 3/2 where ρ < 1/4, times 2/3 where ρ > 3/4.
   *
   * @default "nielsen"
   */
  readonly rule?: "nielsen" | "thresholds";
  /**
   * `"eigen"`: the matrix, of at most 4096 parameters; `"cg"`: products with it.
   *
   * @default "eigen"
   */
  readonly solver?: "eigen" | "cg";
  /**
   * Products at most where `solver` is `"cg"`, ≥ 1.
   *
   * @default 20
   */
  readonly products?: number;
}

/** Defaults of {@link levenbergMarquardt}. */
export const LEVENBERG_MARQUARDT: Required<LevenbergMarquardtOptions> = {
  damping: 0.1,
  least: 1e-10,
  rule: "nielsen",
  solver: "eigen",
  products: 20,
};

/**
 * θ ← θ − (G + μ)⁻¹g where that makes the loss less, and a μ that follows how well the model foretold by how much.
 *
 * G is the Gauss–Newton matrix; for the likelihood `gaussian` it is JᵀJ/N, J the derivatives of the residuals. ρ is the
 * decrease of the loss over that of the model, of this batch. Source: Levenberg 1944; Marquardt 1963, whose μ multiplies
 * the diagonal of G, where here it is Levenberg's; Nielsen 1999 and Martens 2010 for the rules. MINPACK's `lmder`, which
 * scipy calls, bounds the step in place of giving μ, so that its path is another one.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import * as steepest from "@steepest/steepest";
 *
 * const { exp, gaussian, levenbergMarquardt, minimize, mul, objective } = steepest;
 * const decay = objective({
 *   parameters: { height: 1, rate: 0 },
 *   batch: { t: [4], y: [4] },
 *   outputs: ({ height, rate }, { t }) => mul(height, exp(mul(rate, t))),
 *   likelihood: gaussian("y"),
 * });
 * const data = { t: [0, 1, 2, 3], y: [8, 4, 2, 1] };
 * const { parameters } = await minimize(decay, levenbergMarquardt(), {
 *   steps: 12,
 *   data,
 *   backend: "reference",
 * });
 * assert(Math.abs(parameters.height - 8) < 1e-4 && Math.abs(parameters.rate + Math.LN2) < 1e-4);
 * ```
 */
export function levenbergMarquardt(options: LevenbergMarquardtOptions = {}): Optimizer {
  const { damping, least, rule, solver, products } = given(
    "levenbergMarquardt",
    LEVENBERG_MARQUARDT,
    options,
  );
  return gainAdapted({
    of: curvature({
      calculating: gaussNewton(),
      structure: full(),
      damping: add(signal("damping")),
      solver: solver === "eigen" ? eigen() : cg({ steps: products }),
    }),
    rule,
    initial: damping,
    least,
  });
}
