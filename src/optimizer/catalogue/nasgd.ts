/**
 * Norm-adapted gradient descent, and Adam's direction with its step.
 *
 * @module
 */

import { chain } from "../combinators.ts";
import { newtonRaphson } from "../transforms.ts";
import type { Hyper } from "../schedule.ts";
import type { Optimizer } from "../types.ts";
import { ADAM, adamDirection, type AdamDirectionOptions } from "./adam.ts";

/** Options of {@link nasgd}. */
export interface NasgdOptions {
  /**
   * α ≥ 0, the fraction of the Newton–Raphson step.
   *
   * @default 0.5
   */
  readonly alpha?: Hyper;
  /**
   * L, the value that the loss is expected to reach.
   *
   * @default 0
   */
  readonly lowerBound?: Hyper;
  /**
   * The largest factor of the gradient, > 0; null for none.
   *
   * @default 1
   */
  readonly cap?: Hyper | null;
}

/** Defaults of {@link nasgd}. */
export const NASGD: Required<NasgdOptions> = { alpha: 0.5, lowerBound: 0, cap: 1 };

/**
 * θ ← θ − min(cap, α·max(0, f − L)/‖g‖²)·g.
 *
 * Source: norm-adapted-gradient-descent, Algorithm 1. With an active cap f and k·f are not treated alike.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { nasgd, newtonRaphson } from "@steepest/steepest";
 *
 * assert.deepEqual(nasgd({ alpha: 1.6 }), newtonRaphson({ alpha: 1.6 }));
 * ```
 */
export function nasgd(options: NasgdOptions = {}): Optimizer {
  return newtonRaphson({ ...NASGD, ...options });
}

/** Options of {@link normAdaptedAdam}. */
export interface NormAdaptedAdamOptions extends NasgdOptions, AdamDirectionOptions {}

const { learningRate: _rate, ...DIRECTION } = ADAM;

/** Defaults of {@link normAdaptedAdam}. */
export const NORM_ADAPTED_ADAM: Required<NormAdaptedAdamOptions> = { ...NASGD, ...DIRECTION };

/** θ ← θ − min(cap, α·max(0, f − L)/(gᵀu))·u along Adam's direction u: the paper's open question. */
export function normAdaptedAdam(options: NormAdaptedAdamOptions = {}): Optimizer {
  const { alpha, lowerBound, cap, ...direction } = { ...NORM_ADAPTED_ADAM, ...options };
  return chain(adamDirection(direction), newtonRaphson({ alpha, lowerBound, cap }));
}
