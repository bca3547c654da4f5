/**
 * Adam, and the direction that its relatives share.
 *
 * @module
 */

import { empiricalFisher } from "../calculating.ts";
import { chain } from "../combinators.ts";
import { curvature } from "../curvature.ts";
import { addToRoot } from "../damping.ts";
import { gradientNorm } from "../length.ts";
import { diagonal } from "../structure.ts";
import { ema, scale } from "../transforms.ts";
import type { Hyper } from "../schedule.ts";
import type { Curvature, Optimizer } from "../types.ts";
import { given } from "./options.ts";

/** Options of {@link adamDirection}. */
export interface AdamDirectionOptions {
  /**
   * β₁ in [0, 1), the decay of the average m of g.
   *
   * @default 0.9
   */
  readonly beta1?: Hyper;
  /**
   * β₂ in [0, 1), the decay of the average v of g².
   *
   * @default 0.999
   */
  readonly beta2?: Hyper;
  /**
   * ε ≥ 0, added to √v̂, in units of the gradient.
   *
   * @default 1e-8
   */
  readonly eps?: Hyper;
}

/** Options of {@link adam}. */
export interface AdamOptions extends AdamDirectionOptions {
  /**
   * η ≥ 0, about how far a parameter moves in a step.
   *
   * @default 1e-3
   */
  readonly learningRate?: Hyper;
}

/** Defaults of {@link adamDirection}. */
export const ADAM_DIRECTION: Required<AdamDirectionOptions> = {
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
};

/** Defaults of {@link adam}. */
export const ADAM: Required<AdamOptions> = { learningRate: 1e-3, ...ADAM_DIRECTION };

/**
 * m̂/(√v̂ + ε) as one stage: the diagonal empirical Fisher, applied to the momentum.
 *
 * m ← β₁m + (1 − β₁)u and v ← β₂v + (1 − β₂)u², each divided by its weight so far. The update that comes in is
 * seen by both averages, so a clip or an L2 penalty in front is too.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { adam, adamDirection, chain, scale } from "@steepest/steepest";
 *
 * assert.deepEqual(adam({ learningRate: 0.1 }), chain(adamDirection(), scale(0.1)));
 * ```
 */
export function adamDirection(options: AdamDirectionOptions = {}): Curvature {
  const { beta1, beta2, eps } = given("adamDirection", ADAM_DIRECTION, options);
  return curvature({
    calculating: empiricalFisher(),
    structure: diagonal(),
    iterative: ema({ decay: beta2, debias: true }),
    length: gradientNorm(),
    direction: ema({ decay: beta1, debias: true }),
    damping: addToRoot(eps),
  });
}

/**
 * θ ← θ − η m̂/(√v̂ + ε), with m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ).
 *
 * Source: Kingma and Ba 2014, Algorithm 1; unified-view-of-optimizers, Table 1.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { adam, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = adam({ learningRate: 0.1 });
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.9) < 1e-4);
 * ```
 */
export function adam(options: AdamOptions = {}): Optimizer {
  const { learningRate, ...direction } = given("adam", ADAM, options);
  return chain(adamDirection(direction), scale(learningRate));
}
