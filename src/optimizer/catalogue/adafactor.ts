/**
 * Adafactor: Adam without momentum, with the second moment kept as rows and columns.
 *
 * @module
 */

import { empiricalFisher } from "../calculating.ts";
import { chain, identity } from "../combinators.ts";
import { curvature } from "../curvature.ts";
import { toSample } from "../damping.ts";
import { clipByBlockRms } from "../derived.ts";
import { gradientNorm } from "../length.ts";
import { scaleByParameterNorm } from "../parameter_norms.ts";
import { powerDecay } from "../annealing.ts";
import type { Hyper } from "../schedule.ts";
import { factored } from "../structure.ts";
import { ema, scale, weightDecay as decay } from "../transforms.ts";
import type { Optimizer } from "../types.ts";
import { given } from "./options.ts";

/** Options of {@link adafactor}. */
export interface AdafactorOptions {
  /**
   * ρ ≥ 0, how far a tensor moves in units of its RMS.
   *
   * @default 0.01
   */
  readonly learningRate?: Hyper;
  /**
   * p > 0 of the decay 1 − t^−p of the average of g².
   *
   * @default 0.8
   */
  readonly power?: number;
  /**
   * d > 0, the largest RMS of a tensor of the update.
   *
   * @default 1
   */
  readonly limit?: Hyper;
  /**
   * ε₁ ≥ 0, added to g².
   *
   * @default 1e-30
   */
  readonly eps?: Hyper;
  /**
   * ε₂ ≥ 0, the least RMS of a tensor of θ that counts.
   *
   * @default 1e-3
   */
  readonly floor?: Hyper;
  /**
   * λ ≥ 0, what a parameter loses in a step for each unit of ρ.
   *
   * @default 0
   */
  readonly weightDecay?: Hyper;
}

/** Defaults of {@link adafactor}. */
export const ADAFACTOR: Required<AdafactorOptions> = {
  learningRate: 0.01,
  power: 0.8,
  limit: 1,
  eps: 1e-30,
  floor: 1e-3,
  weightDecay: 0,
};

/**
 * θ ← θ − ρ max(ε₂, RMS θ) û/max(1, RMS û/d), û = g/√v̂, v̂ = RCᵀ/mean(R) with R and C averages of the row and column
 * means of g² + ε₁, whose decay is 1 − t^−p; tensors of rank 0 and 1 keep v̂ whole.
 *
 * The paper's ρ_t = min(10⁻², 1/√t) is 10⁻² for ten thousand steps, and from then on
 * `join({ of: [constant(0.01), powerDecay({ from: 0.01, power: 0.5, steps: 10_000 })], at: [9999] })`.
 * PyTorch takes min(ρ, 1/√t) itself and bounds mean(R) and v̂ from below (by ε₁ = 1.2e-7 and ε₁²) where the paper
 * adds ε₁ to g²: with ε₁ = 1e-30 there it is the same while ρ < 1/√t. optax factors the two longest axes of a tensor,
 * and none shorter than 128.
 * Source: Shazeer and Stern 2018, Algorithms 4 and 5.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { adafactor, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = adafactor({ learningRate: 0.1 });
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.7) < 1e-5);
 * ```
 */
export function adafactor(options: AdafactorOptions = {}): Optimizer {
  const { learningRate, power, limit, eps, floor, weightDecay } = given(
    "adafactor",
    ADAFACTOR,
    options,
  );
  return chain(
    curvature({
      calculating: empiricalFisher(),
      structure: factored(),
      iterative: ema({ decay: powerDecay({ from: 0, to: 1, power }) }),
      length: gradientNorm(),
      damping: toSample(eps),
    }),
    clipByBlockRms(limit),
    scaleByParameterNorm({ floor }),
    weightDecay === 0 ? identity() : decay(weightDecay),
    scale(learningRate),
  );
}
