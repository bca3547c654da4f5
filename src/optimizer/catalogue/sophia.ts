/**
 * Sophia, with the Hessian or the Gauss–Newton–Bartlett estimate.
 *
 * @module
 */

import { fisher, hessian } from "../calculating.ts";
import { chain, identity } from "../combinators.ts";
import { curvature } from "../curvature.ts";
import { floor } from "../damping.ts";
import { clamped } from "../length.ts";
import { diagonal } from "../structure.ts";
import { ema, scale, weightDecay as decay } from "../transforms.ts";
import type { Hyper } from "../schedule.ts";
import type { Optimizer } from "../types.ts";
import { given } from "./options.ts";

/** Options of {@link sophia}. */
export interface SophiaOptions {
  /**
   * η ≥ 0, the farthest that a parameter moves in a step.
   *
   * @default 1e-3
   */
  readonly learningRate?: Hyper;
  /**
   * `"H"`: Hutchinson's estimate of the Hessian; `"G"`: gradients under sampled labels.
   *
   * @default "H"
   */
  readonly variant?: "H" | "G";
  /**
   * β₁ in [0, 1), the decay of the average m of g.
   *
   * @default 0.96
   */
  readonly beta1?: Hyper;
  /**
   * β₂ in [0, 1), the decay of the average h of the curvature, a sample at a time.
   *
   * @default 0.99
   */
  readonly beta2?: Hyper;
  /**
   * ρ > 0: the larger, the fewer elements are clipped.
   *
   * @default 0.04
   */
  readonly rho?: number;
  /**
   * ε ≥ 0, the floor of ρh, in units of the gradient.
   *
   * @default 1e-12
   */
  readonly eps?: number;
  /**
   * Steps from one sample of the curvature to the next, ≥ 1.
   *
   * @default 10
   */
  readonly every?: number;
  /**
   * λ ≥ 0, decoupled: what a parameter loses in a step for each unit of η.
   *
   * @default 0
   */
  readonly weightDecay?: Hyper;
}

/** Defaults of {@link sophia}. */
export const SOPHIA: Required<SophiaOptions> = {
  learningRate: 1e-3,
  variant: "H",
  beta1: 0.96,
  beta2: 0.99,
  rho: 0.04,
  eps: 1e-12,
  every: 10,
  weightDecay: 0,
};

/**
 * θ ← θ − η(clip(m/max(ρh, ε), ±1) + λθ), the clip written as ρ⁻¹·clamp(m/max(h, ε/ρ), ±ρ).
 *
 * m averages g at every step, h the samples of the curvature at every tenth. Source: Liu et al. 2023, Algorithm 3;
 * variant G: Algorithm 2; unified-view-of-optimizers, Table 1.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, sophia, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = sophia({ learningRate: 0.1 });
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.9) < 1e-4);
 * ```
 */
export function sophia(options: SophiaOptions = {}): Optimizer {
  const { learningRate, variant, beta1, beta2, rho, eps, every, weightDecay } = given(
    "sophia",
    SOPHIA,
    options,
  );
  return chain(
    curvature({
      calculating: variant === "H" ? hessian() : fisher({ from: "batch" }),
      structure: diagonal(),
      iterative: ema({ decay: beta2 }),
      length: clamped(rho),
      direction: ema({ decay: beta1 }),
      damping: floor(eps / rho),
      every: { sample: every },
    }),
    scale(1 / rho),
    weightDecay === 0 ? identity() : decay(weightDecay),
    scale(learningRate),
  );
}
