/**
 * Coordinate-wise learning rates from online regression of gradients.
 *
 * @module
 */

import { gradientRegression } from "../calculating.ts";
import { chain } from "../combinators.ts";
import { curvature } from "../curvature.ts";
import { diagonal } from "../structure.ts";
import { ema, scale } from "../transforms.ts";
import type { Hyper } from "../schedule.ts";
import type { Optimizer } from "../types.ts";
import { given } from "./options.ts";

/** Options of {@link adaptiveSgd}. */
export interface AdaptiveSgdOptions {
  /**
   * α ≥ 0, the confidence in the parabola: 1 goes to its minimum.
   *
   * @default 0.5
   */
  readonly alpha?: Hyper;
  /**
   * β in [0, 1), the decay of the averages.
   *
   * @default 0.9
   */
  readonly beta?: Hyper;
  /**
   * Prior deviation of the parameters, σ_θ > 0, in units of θ.
   *
   * @default 0.1
   */
  readonly sigmaTheta?: number;
  /**
   * Prior deviation of the gradients, σ_g > 0; the first rate is about α·σ_θ/σ_g.
   *
   * @default 1
   */
  readonly sigmaGradient?: number;
}

/** Defaults of {@link adaptiveSgd}. */
export const ADAPTIVE_SGD: Required<AdaptiveSgdOptions> = {
  alpha: 0.5,
  beta: 0.9,
  sigmaTheta: 0.1,
  sigmaGradient: 1,
};

/**
 * θ ← θ − α(σ_θ/σ_g)·g by coordinate, the deviations over an exponential window.
 *
 * The priors σ_θ and σ_g enter with weight 1 and fade by β a step; small ones with the wanted first rate as their
 * ratio fade soonest. Source: online-parabola-momentum, Algorithm 8.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { adaptiveSgd, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const options = { until: 1e-6, maxSteps: 100, backend: "reference" } as const;
 * assert((await minimize(bowl, adaptiveSgd(), options)).reached);
 * ```
 */
export function adaptiveSgd(options: AdaptiveSgdOptions = {}): Optimizer {
  const { alpha, beta, sigmaTheta, sigmaGradient } = given("adaptiveSgd", ADAPTIVE_SGD, options);
  const initial = { parameters: sigmaTheta ** 2, gradients: sigmaGradient ** 2 };
  return chain(
    curvature({
      calculating: gradientRegression({ estimate: "deviations" }),
      structure: diagonal(),
      iterative: ema({ decay: beta, initial }),
    }),
    scale(alpha),
  );
}

/** Options of {@link adaptiveSgdConfidence}. */
export interface AdaptiveSgdConfidenceOptions {
  /**
   * α ≥ 0, the confidence in the parabola: 1 goes to its minimum.
   *
   * @default 0.5
   */
  readonly alpha?: Hyper;
  /**
   * β in [0, 1), the decay of the averages.
   *
   * @default 0.9
   */
  readonly beta?: Hyper;
  /**
   * γ ≥ 0, how many standard errors λ is kept from 0; small values suit gradients without noise.
   *
   * @default 1
   */
  readonly gamma?: Hyper;
  /**
   * Prior deviation of the parameters, σ_θ > 0, in units of θ.
   *
   * @default 0.1
   */
  readonly sigmaTheta?: number;
  /**
   * Prior deviation of the noise of the gradient, σ > 0.
   *
   * @default 1
   */
  readonly sigma?: number;
}

/** Defaults of {@link adaptiveSgdConfidence}. */
export const ADAPTIVE_SGD_CONFIDENCE: Required<AdaptiveSgdConfidenceOptions> = {
  alpha: 0.5,
  beta: 0.9,
  gamma: 1,
  sigmaTheta: 0.1,
  sigma: 1,
};

/**
 * θ ← θ − α(|λ| + γ√(ν/var θ))⁻¹·g by coordinate, λ = cov(θ, g)/var θ the slope of g over θ, ν the mean squared
 * residual.
 *
 * Source: online-parabola-momentum, Algorithm 9.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { adaptiveSgdConfidence, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const options = { until: 1e-6, maxSteps: 100, backend: "reference" } as const;
 * assert((await minimize(bowl, adaptiveSgdConfidence(), options)).reached);
 * ```
 */
export function adaptiveSgdConfidence(options: AdaptiveSgdConfidenceOptions = {}): Optimizer {
  const { alpha, beta, gamma, sigmaTheta, sigma } = given(
    "adaptiveSgdConfidence",
    ADAPTIVE_SGD_CONFIDENCE,
    options,
  );
  const initial = { parameters: sigmaTheta ** 2, gradients: sigma ** 2 };
  return chain(
    curvature({
      calculating: gradientRegression({ estimate: "slope", confidence: gamma }),
      structure: diagonal(),
      iterative: ema({ decay: beta, initial }),
    }),
    scale(alpha),
  );
}
