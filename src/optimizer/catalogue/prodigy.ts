/**
 * Prodigy.
 *
 * @module
 */

import { empiricalFisher } from "../calculating.ts";
import { chain, identity } from "../combinators.ts";
import { curvature } from "../curvature.ts";
import { addToRoot } from "../damping.ts";
import { gradientNorm } from "../length.ts";
import type { Hyper } from "../schedule.ts";
import { signal } from "../signal.ts";
import { diagonal } from "../structure.ts";
import { ema, weightDecay as decay } from "../transforms.ts";
import type { Optimizer } from "../types.ts";
import { distanceAdapted } from "../wrappers.ts";
import { given } from "./options.ts";

/** Options of {@link prodigy}. */
export interface ProdigyOptions {
  /**
   * γ ≥ 0, a factor of the estimated rate: what is scheduled.
   *
   * @default 1
   */
  readonly learningRate?: Hyper;
  /**
   * β₁ in [0, 1), the decay of the average m of d·g.
   *
   * @default 0.9
   */
  readonly beta1?: Hyper;
  /**
   * β₂ in [0, 1), the decay of the average v of (d·g)².
   *
   * @default 0.999
   */
  readonly beta2?: Hyper;
  /**
   * β₃ in [0, 1), the decay of the two sums that d is made of; the paper's is √β₂.
   *
   * @default √0.999
   */
  readonly beta3?: Hyper;
  /**
   * ε ≥ 0, in units of the gradient: d·ε is added to √v.
   *
   * @default 1e-8
   */
  readonly eps?: number;
  /**
   * d₀ > 0, a distance in the parameters that is surely too small.
   *
   * @default 1e-6
   */
  readonly distance?: number;
  /**
   * By which factor d may grow in a step, ≥ 1; null for any.
   *
   * @default null
   */
  readonly growth?: Hyper | null;
  /**
   * λ ≥ 0, decoupled: what a parameter loses in a step for each unit of γd.
   *
   * @default 0
   */
  readonly weightDecay?: Hyper;
}

/** Defaults of {@link prodigy}. */
export const PRODIGY: Required<ProdigyOptions> = {
  learningRate: 1,
  beta1: 0.9,
  beta2: 0.999,
  beta3: Math.sqrt(0.999),
  eps: 1e-8,
  distance: 1e-6,
  growth: null,
  weightDecay: 0,
};

/**
 * Adam that finds its own rate: θ ← θ − γd(m/(√v + dε) + λθ), with m and v the averages of d·g and its square, and d
 * the distance to the solution that `distanceAdapted` estimates.
 *
 * Source: Mishchenko and Defazio 2023, Algorithm 4: without debiasing, and every d of a step the one before its own
 * gradient. optax debiases, and takes the new d in dε; PyTorch's implementation of the authors debiases on request.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, prodigy, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const run = await minimize(bowl, prodigy(), { steps: 200, backend: "reference" });
 * assert(Math.abs(run.parameters.x) < 0.5);
 * ```
 */
export function prodigy(options: ProdigyOptions = {}): Optimizer {
  const { learningRate, beta1, beta2, beta3, eps, distance, growth, weightDecay } = given(
    "prodigy",
    PRODIGY,
    options,
  );
  const direction = curvature({
    calculating: empiricalFisher(),
    structure: diagonal(),
    iterative: ema({ decay: beta2 }),
    length: gradientNorm(),
    direction: ema({ decay: beta1 }),
    damping: addToRoot(signal("distance", { times: eps })),
  });
  return distanceAdapted({
    of: chain(direction, weightDecay === 0 ? identity() : decay(weightDecay)),
    rate: learningRate,
    decay: beta3,
    initial: distance,
    ...(growth === null ? {} : { growth }),
  });
}
