/**
 * AdaHessian.
 *
 * @module
 */

import { hessian } from "../calculating.ts";
import { chain } from "../combinators.ts";
import { curvature } from "../curvature.ts";
import { add } from "../damping.ts";
import { none } from "../length.ts";
import { diagonal } from "../structure.ts";
import { ema, scale } from "../transforms.ts";
import type { Hyper } from "../schedule.ts";
import type { Optimizer } from "../types.ts";
import { given } from "./options.ts";

/** Options of {@link adahessian}. */
export interface AdahessianOptions {
  /**
   * η ≥ 0, a fraction of Newton's step.
   *
   * @default 0.1
   */
  readonly learningRate?: Hyper;
  /**
   * β₁ in [0, 1), the decay of the average m of g.
   *
   * @default 0.9
   */
  readonly beta1?: Hyper;
  /**
   * β₂ in [0, 1), the decay of the average of the squared samples.
   *
   * @default 0.999
   */
  readonly beta2?: Hyper;
  /**
   * ε ≥ 0, added to √v̂, in units of the curvature.
   *
   * @default 0.1
   */
  readonly eps?: Hyper;
  /**
   * Hessian-vector products a sample, ≥ 1.
   *
   * @default 1
   */
  readonly probes?: number;
  /**
   * Steps from one sample of the Hessian to the next, ≥ 1.
   *
   * @default 1
   */
  readonly every?: number;
}

/** Defaults of {@link adahessian}. */
export const ADAHESSIAN: Required<AdahessianOptions> = {
  learningRate: 0.1,
  beta1: 0.9,
  beta2: 0.999,
  eps: 0.1,
  probes: 1,
  every: 1,
};

/**
 * θ ← θ − η m̂/(√v̂ + ε), with v ← β₂v + (1 − β₂)(z ⊙ Hz)² and random signs z.
 *
 * The samples are averaged over the window of a convolution. The authors use η = 0.15 and ε = 1e-4 on
 * networks with normalisation layers; without them the curvature along dead units is nearly 0 and
 * those steps are too long, so that the default ε here is larger. Source: Yao et al. 2020, Algorithm 1;
 * unified-view-of-optimizers, Table 1, whose row has ‖d_i‖_H = ε|g_i| where the algorithm divides by the curvature.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { adahessian, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = adahessian({ learningRate: 0.5, eps: 1e-4 });
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 1.5) < 1e-4);
 * ```
 */
export function adahessian(options: AdahessianOptions = {}): Optimizer {
  const { learningRate, beta1, beta2, eps, probes, every } = given(
    "adahessian",
    ADAHESSIAN,
    options,
  );
  return chain(
    curvature({
      calculating: hessian({ probes }),
      structure: diagonal({ average: "kernel" }),
      iterative: ema({ decay: beta2, debias: true, power: 2 }),
      length: none(),
      direction: ema({ decay: beta1, debias: true }),
      damping: add(eps),
      every: { sample: every },
    }),
    scale(learningRate),
  );
}
