/**
 * Polyak's step with a bound.
 *
 * @module
 */

import type { Hyper } from "../schedule.ts";
import { newtonRaphson } from "../transforms.ts";
import type { Optimizer } from "../types.ts";
import { given } from "./options.ts";

/** Options of {@link polyak}. */
export interface PolyakOptions {
  /**
   * 1/c ≥ 0, the fraction of the step to f = L on the tangent: 2 is exact on a parabola.
   *
   * @default 1
   */
  readonly alpha?: Hyper;
  /**
   * L, the least value of the loss of a batch.
   *
   * @default 0
   */
  readonly lowerBound?: Hyper;
  /**
   * γ_b > 0, the largest rate; null for none.
   *
   * @default 1
   */
  readonly cap?: Hyper | null;
}

/** Defaults of {@link polyak}. */
export const POLYAK: Required<PolyakOptions> = { alpha: 1, lowerBound: 0, cap: 1 };

/**
 * θ ← θ − min(γ_b, (f − L)/(c‖g‖²))·g with c = 1/alpha, no step where f ≤ L or g = 0: SPS_max.
 *
 * It is `nasgd` with other defaults. Source: Polyak 1987 (c = 1); Loizou et al. 2021, equation 4, who take c = 1/2 for
 * convex losses. optax's `polyak_sgd` has c = 1 and γ_b = 1 and goes uphill where f < L; it multiplies g by its `scaling`
 * s before it takes the norm, which makes c = s and γ_b s times its `max_learning_rate`.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, polyak, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const run = await minimize(bowl, polyak({ alpha: 2 }), { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x) < 1e-4);
 * ```
 */
export function polyak(options: PolyakOptions = {}): Optimizer {
  return newtonRaphson(given("polyak", POLYAK, options));
}
