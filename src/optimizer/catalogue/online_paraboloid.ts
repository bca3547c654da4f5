/**
 * Online parabolas along several directions.
 *
 * @module
 */

import { gradientRegression } from "../calculating.ts";
import { identity } from "../combinators.ts";
import { curvature } from "../curvature.ts";
import { clamped } from "../length.ts";
import type { Hyper } from "../schedule.ts";
import { subspace } from "../subspace.ts";
import { ema, scale } from "../transforms.ts";
import type { Optimizer } from "../types.ts";
import { SADDLE, type SaddleChoice } from "./online_parabola.ts";
import { given } from "./options.ts";

/** Options of {@link ogr}. */
export interface OnlineParaboloidOptions {
  /**
   * d ≥ 1, how many directions are modelled: never more than parameters.
   *
   * @default 10
   */
  readonly rank?: number;
  /**
   * α ≥ 0, the confidence in the model: 1 goes to its minimum.
   *
   * @default 0.5
   */
  readonly alpha?: Hyper;
  /**
   * β in [0, 1), the decay of the averages of the regression.
   *
   * @default 0.9
   */
  readonly beta?: Hyper;
  /**
   * In [0, 1), the decay of the principal components that are the directions.
   *
   * @default 0.95
   */
  readonly decay?: Hyper;
  /**
   * ε > 0: a step along an eigenvector of the model is at most αε long, in units of θ.
   *
   * @default 0.1
   */
  readonly limit?: Hyper;
  /**
   * η ≥ 0, the rate of gradient descent in the warm-up and off the directions.
   *
   * @default 0.01
   */
  readonly learningRate?: Hyper;
  /**
   * m ≥ 1: every m steps the directions turn, and the model is diagonalised; the warm-up has 2m steps.
   *
   * @default 10
   */
  readonly every?: number;
  /**
   * What is done along an eigenvector with λ < 0: `"reverse"` goes uphill of the model no more, with the same length;
   * `"descend"` is gradient descent with the rate η.
   *
   * @default "reverse"
   */
  readonly saddle?: SaddleChoice;
  /**
   * `"slope"`: λ is the slope of the gradients over the positions; `"deviations"`: σ_g/σ_θ, with formula (14) for the
   * matrix and p as in (6).
   *
   * @default "slope"
   */
  readonly estimate?: "slope" | "deviations";
  /**
   * Where the line of the gradients begins, the `"mean"` or the `"last"` point; only of a slope.
   *
   * @default "mean"
   */
  readonly point?: "mean" | "last";
}

/** Defaults of {@link ogr}. */
export const ONLINE_PARABOLOID: Required<OnlineParaboloidOptions> = {
  rank: 10,
  alpha: 0.5,
  beta: 0.9,
  decay: 0.95,
  limit: 0.1,
  learningRate: 0.01,
  every: 10,
  saddle: "reverse",
  estimate: "slope",
  point: "mean",
};

/**
 * OGR in d dimensions: a paraboloid in the space of the leading principal components of the gradients, from an online
 * regression of gradients, and gradient descent off it.
 *
 * θ ← θ + α·Σ_i clamp(sign(λ_i)(p_i − x_i), ±ε)·w_i − η(g − Σ_i w_iw_iᵀg), with x = Wᵀ(θ − mean θ), y = Wᵀg and the
 * columns w_i of W = VᵀQ: V an online PCA of all g, and Q the eigenvectors of the d×d matrix H that fits cov(y, x) best
 * over an exponential window. λ_i = cov(y_i, x_i)/var x_i and p_i = mean x_i − (mean y_i)/λ_i as along one direction;
 * every m steps V turns, the covariances with it, and H is diagonalised again.
 *
 * Source: online-parabola-momentum, sections IV.C and V: H = (s·mean gθ − mean g mean θᵀ)(s·mean θθ − mean θ mean θᵀ)⁻¹,
 * of which the symmetric matrix with the smallest squared residuals is taken (they are equal where gradients have no
 * noise). The source names no method of online PCA; see {@link subspace}.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { add, minimize, mul, objective, ogr, square } from "@steepest/steepest";
 *
 * const valley = objective({
 *   parameters: { x: 3, y: 1 },
 *   loss: ({ x, y }) => add(square(x), mul(50, square(add(x, y)))),
 * });
 * const optimizer = ogr({ rank: 2, learningRate: 0.005, limit: 1, every: 3 });
 * const options = { until: 1e-6, maxSteps: 200, backend: "reference" } as const;
 * assert((await minimize(valley, optimizer, options)).reached);
 * ```
 */
export function ogr(options: OnlineParaboloidOptions = {}): Optimizer {
  const {
    rank,
    alpha,
    beta,
    decay,
    limit,
    learningRate,
    every,
    saddle,
    estimate,
    point,
  } = given("ogr", ONLINE_PARABOLOID, options);
  return curvature({
    calculating: gradientRegression(
      estimate === "slope" ? { estimate, point } : { estimate },
    ),
    structure: subspace({
      directions: identity(),
      rank,
      decay,
      along: scale(alpha),
      rest: scale(learningRate),
    }),
    iterative: ema({ decay: beta, debias: true }),
    length: clamped(limit),
    damping: SADDLE[saddle],
    every: { sample: 1, factor: every },
    warmup: { steps: 2 * every, use: scale(learningRate) },
  });
}
