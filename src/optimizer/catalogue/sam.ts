/**
 * Sharpness-aware minimisation.
 *
 * @module
 */

import { chain } from "../combinators.ts";
import { normalize } from "../derived.ts";
import { scale } from "../transforms.ts";
import type { Optimizer } from "../types.ts";
import { gradientAt } from "../wrappers.ts";
import { SGD, sgd, type SgdOptions } from "./sgd.ts";
import { given } from "./options.ts";

/** Options of {@link sam}. */
export interface SamOptions extends SgdOptions {
  /**
   * ρ > 0, how far up the hill the gradient is taken, a distance in the parameters.
   *
   * @default 0.05
   */
  readonly rho?: number;
}

/** Defaults of {@link sam}. */
export const SAM: Required<SamOptions> = { ...SGD, rho: 0.05 };

/**
 * The gradient at θ + ρ g/‖g‖ in place of g, then `sgd`: two gradients a step.
 *
 * Source: Foret et al. 2020, Algorithm 1.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, sam, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = sam({ learningRate: 0.1, rho: 0.05 });
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.39) < 1e-4);
 * ```
 */
export function sam(options: SamOptions = {}): Optimizer {
  const { rho, ...rest } = given("sam", SAM, options);
  return chain(gradientAt(chain(normalize(), scale(-rho))), sgd(rest));
}
