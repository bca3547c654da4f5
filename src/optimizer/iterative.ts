/**
 * The third slot of the unified view: how samples of curvature are accumulated over steps.
 *
 * @module
 */

import { slot, withOptions } from "./build.ts";
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

/** How a pair of a step s and a change y of the gradient changes H′ so that H′s = y. */
export type SecantRule = "bfgs" | "dfp" | "sr1";

/** H′ after each pair from H′ before it. */
export interface SecantUpdate {
  /** The tag of this accumulator. */
  readonly kind: "secantUpdate";
  /** Which of the matrices with H′s = y. */
  readonly update: SecantRule;
  /** How many pairs are kept, ≥ 1, with the structure `lowRank`; absent with `full`, which keeps the matrix. */
  readonly window?: number;
  /** The least curvature of a pair that counts, ≥ 0, relative to the lengths of what is multiplied. */
  readonly skip: number;
  /** Whether H′ before its pairs is yᵀy/sᵀy times the identity, or `initial` times it. */
  readonly scaled: boolean;
  /** H′ before there is any pair, > 0, as a multiple of the identity, in units of the curvature. */
  readonly initial: number;
}

/** What accumulates samples of a matrix. */
export type SampleAccumulator = EmaAccumulator | SumAccumulator | MaxAccumulator;

/** One accumulator of the canonical list. */
export type Accumulator = SampleAccumulator | SecantUpdate;

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
  return slot("iterative", withOptions("sum", options));
}

/** The largest sample so far, the past fading by `decay` a step (default 1: never). */
export function max(options: { readonly decay?: Hyper } = {}): MaxAccumulator {
  return slot("iterative", withOptions("max", options));
}

/** What {@link secantUpdate} takes. */
export interface SecantUpdateOptions {
  /**
   * How many pairs are kept, ≥ 1: with the structure `lowRank`, which needs it, and with no other.
   *
   * @default none
   */
  readonly window?: number;
  /**
   * ε ≥ 0: a pair is left out, and counted as `rejected`, unless sᵀy > ε‖s‖‖y‖ (`"bfgs"`, `"dfp"`), or
   * |vᵀy| > ε‖v‖‖y‖ with v = s − H′⁻¹y (`"sr1"`).
   *
   * @default 1e-6
   */
  readonly skip?: number;
  /**
   * Whether H′ before its pairs is yᵀy/sᵀy times the identity: of the newest pair with `lowRank`, of the first one with `full`.
   * Not with `"sr1"`, for which that start is singular.
   *
   * @default true, and false with `"sr1"`
   */
  readonly scaled?: boolean;
  /**
   * γ > 0: H′ is γ times the identity before there is any pair, in units of the curvature.
   *
   * @default 1
   */
  readonly initial?: number;
}

/**
 * H′ changed by each pair of a {@link secant} so that H′s = y: by a matrix of rank 2 (`"bfgs"`, `"dfp"`) or 1 (`"sr1"`). What is kept
 * is K = H′⁻¹, so that a step costs products and no system. With ρ = 1/sᵀy and v = s − Ky
 *
 * - `"bfgs"`: K ← (I − ρsyᵀ)K(I − ρysᵀ) + ρssᵀ, positive definite;
 * - `"dfp"`: K ← K − Kyyᵀ K/(yᵀKy) + ρssᵀ, positive definite;
 * - `"sr1"`: K ← K + vvᵀ/(vᵀy), which may be indefinite: λ ≤ 0 is dropped and counted, unless the damping says otherwise.
 *
 * Source: Nocedal and Wright 2006, equations (6.17), (6.15) and (6.25), (6.20) for the start, (6.26) for what is left out.
 *
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { secantUpdate } from "@steepest/steepest";
 *
 * assert.equal(secantUpdate("bfgs", { window: 10 }).skip, 1e-6);
 * assert.throws(() => secantUpdate("sr1", { scaled: true }), /singular/);
 * ```
 */
export function secantUpdate(update: SecantRule, options: SecantUpdateOptions = {}): SecantUpdate {
  return slot("iterative", withOptions("secantUpdate", options, { update }));
}
