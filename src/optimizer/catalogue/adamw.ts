/**
 * Adam with decoupled weight decay.
 *
 * @module
 */

import { chain } from "../combinators.ts";
import { scale, weightDecay as decay } from "../transforms.ts";
import type { Hyper } from "../schedule.ts";
import type { Optimizer } from "../types.ts";
import { ADAM, adamDirection, type AdamOptions } from "./adam.ts";

/** Options of {@link adamw}. */
export interface AdamwOptions extends AdamOptions {
  /**
   * λ ≥ 0, what a parameter loses in a step for each unit of η.
   *
   * @default 0.01
   */
  readonly weightDecay?: Hyper;
}

/** Defaults of {@link adamw}. */
export const ADAMW: Required<AdamwOptions> = { ...ADAM, weightDecay: 0.01 };

/** θ ← θ − η(m̂/(√v̂ + ε) + λθ). Source: Loshchilov and Hutter 2017, Algorithm 2. */
export function adamw(options: AdamwOptions = {}): Optimizer {
  const { learningRate, weightDecay, ...direction } = { ...ADAMW, ...options };
  return chain(adamDirection(direction), decay(weightDecay), scale(learningRate));
}
