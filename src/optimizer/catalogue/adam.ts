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

/** Defaults of {@link adam}. */
export const ADAM: Required<AdamOptions> = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
};

/** m̂/(√v̂ + ε) as one stage: the diagonal empirical Fisher, applied to the momentum. */
export function adamDirection(options: AdamDirectionOptions = {}): Curvature {
  const { beta1, beta2, eps } = { ...ADAM, ...options };
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
 * θ ← θ − η m̂/(√v̂ + ε). Source: Kingma and Ba 2014, Algorithm 1.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { adam, classify } from "@steepest/steepest";
 *
 * assert.equal(classify(adam()).calculating, "F̃");
 * ```
 */
export function adam(options: AdamOptions = {}): Optimizer {
  const { learningRate, ...direction } = { ...ADAM, ...options };
  return chain(adamDirection(direction), scale(learningRate));
}
