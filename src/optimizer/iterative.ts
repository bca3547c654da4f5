/**
 * The third slot of the unified view: how samples of curvature are accumulated over steps.
 *
 * @module
 */

import { slot } from "./build.ts";
import type { Hyper } from "./schedule.ts";

/** The newest sample only: the neutral element of a list of accumulators. */
export interface Latest {
  /** The tag of this accumulator. */
  readonly kind: "latest";
}

/** Prior variances of a gradient regression, taken with weight 1 (so nothing is debiased). */
export interface RegressionPrior {
  /** Variance of the parameters, σ_θ² > 0. */
  readonly parameters: number;
  /**
   * Variance of the gradients, σ_g² > 0 (`"deviations"`), or of the residuals, σ² > 0 (`"slope"`).
   */
  readonly gradients: number;
}

/** s ← (β s^p + (1 − β) x^p), read as (s^p)^{1/p}; x the sample. */
export interface EmaAccumulator {
  /** The tag of this accumulator. */
  readonly kind: "ema";
  /** β, the weight of the past: in [0, 1), a value that may be scheduled. */
  readonly decay: Hyper;
  /** Whether it is divided by the weight accumulated so far; not together with `initial`. */
  readonly debias: boolean;
  /** Present: the weighted variance of the sampled vector in place of its second moment. */
  readonly centred?: true;
  /** p > 0, the power that is averaged; absent: 1. */
  readonly power?: number;
  /** What s starts from, ≥ 0, or the priors of a regression. Absent: 0. */
  readonly initial?: number | RegressionPrior;
}

/** s ← s + x. */
export interface SumAccumulator {
  /** The tag of this accumulator. */
  readonly kind: "sum";
  /** What the sum starts from, ≥ 0. */
  readonly initial: number;
}

/** s ← max(βs, x). */
export interface MaxAccumulator {
  /** The tag of this accumulator. */
  readonly kind: "max";
  /** β in [0, 1], what is kept of s from one sample to the next; 1 forgets nothing. */
  readonly decay: Hyper;
}

/** One accumulator of the canonical list. */
export type Accumulator = EmaAccumulator | SumAccumulator | MaxAccumulator;

/** What `iterative` accepts, one or a list in order. */
export type Iterative = Accumulator | Latest;

/** The kinds of {@link Iterative}. */
export type IterativeKind = Iterative["kind"];

/**
 * The newest sample only; what an empty list of accumulators means.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { constant, curvature, latest, scalar } from "@steepest/steepest";
 *
 * assert.deepEqual(curvature({ calculating: constant(1), structure: scalar(), iterative: latest() }).iterative, []);
 * ```
 */
export function latest(): Latest {
  return slot("iterative", { kind: "latest" });
}

/** The sum of all samples, starting at `initial` (default 0). */
export function sum(options: { readonly initial?: number } = {}): SumAccumulator {
  return slot("iterative", { kind: "sum", ...options });
}

/** The largest sample so far, the past fading by `decay` a step (default 1: never). */
export function max(options: { readonly decay?: Hyper } = {}): MaxAccumulator {
  return slot("iterative", { kind: "max", ...options });
}
