/**
 * Adadelta.
 *
 * @module
 */

import { gradientRegression } from "../calculating.ts";
import { chain } from "../combinators.ts";
import { curvature } from "../curvature.ts";
import { toSample } from "../damping.ts";
import type { Hyper } from "../schedule.ts";
import { diagonal } from "../structure.ts";
import { ema, scale } from "../transforms.ts";
import type { Optimizer } from "../types.ts";
import { given } from "./options.ts";

/** Options of {@link adadelta}. */
export interface AdadeltaOptions {
  /**
   * η ≥ 0, a factor of the step; the paper has none.
   *
   * @default 1
   */
  readonly learningRate?: Hyper;
  /**
   * ρ in [0, 1), the decay of both averages.
   *
   * @default 0.9
   */
  readonly decay?: Hyper;
  /**
   * ε > 0, added to both averages: its root is about the first step.
   *
   * @default 1e-6
   */
  readonly eps?: number;
}

/** Defaults of {@link adadelta}. */
export const ADADELTA: Required<AdadeltaOptions> = { learningRate: 1, decay: 0.9, eps: 1e-6 };

/**
 * v ← ρv + (1 − ρ)g²; d = √((a + ε)/(v + ε))·g; a ← ρa + (1 − ρ)d²; θ ← θ − ηd.
 *
 * As a stage: λ = σ_g/σ_d, both deviations from 0, with ε as prior and in every sample, which together is a + ε and
 * v + ε at every step. Source: Zeiler 2012, Algorithm 1; η acts after d has entered a, as in PyTorch and optax.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { adadelta, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const run = await minimize(bowl, adadelta(), { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - (3 - Math.sqrt(1e-6 / 3.6) * 6)) < 1e-6);
 * ```
 */
export function adadelta(options: AdadeltaOptions = {}): Optimizer {
  const { learningRate, decay, eps } = given("adadelta", ADADELTA, options);
  return chain(
    curvature({
      calculating: gradientRegression({ of: "steps", centred: false }),
      structure: diagonal(),
      iterative: ema({ decay, initial: { parameters: eps, gradients: eps } }),
      damping: toSample(eps),
    }),
    scale(learningRate),
  );
}
