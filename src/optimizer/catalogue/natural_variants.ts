/**
 * The clipped forms of natural gradient descent, and its forms with a diagonal, by the names that the text of
 * unified-view-of-optimizers gives them: each an expression of the catalogue with some of its options chosen.
 *
 * @module
 */

import type { Hyper } from "../schedule.ts";
import type { Optimizer } from "../types.ts";
import { naturalGradient } from "./newton.ts";
import {
  eigenbasisNormalized,
  gradientNormNormalized,
  normalizedNaturalGradient,
  type NormalizedNaturalOptions,
} from "./normalized_natural.ts";
import { given } from "./options.ts";

/** Options of the clipped forms. */
export interface ClippedNaturalOptions extends Omit<NormalizedNaturalOptions, "clip"> {
  /**
   * C = ε/α > 0: steps are only shortened, to at most Cη.
   *
   * @default 1
   */
  readonly limit?: Hyper;
}

/** Defaults of {@link clippedNaturalGradient} and {@link clippedByGradientNorm}. */
export const CLIPPED_NATURAL: Required<ClippedNaturalOptions> = {
  learningRate: 0.1,
  limit: 1,
  calculating: "hessian",
  eps: 0.1,
  structure: "full",
  every: 10,
  products: 6,
};

/** Defaults of {@link clippedInEigenbasis}. */
export const EIGENBASIS_CLIPPED: Required<ClippedNaturalOptions> = {
  ...CLIPPED_NATURAL,
  learningRate: 0.01,
  structure: "diagonal",
};

/** Options of the diagonal forms. */
export interface DiagonalNaturalOptions {
  /**
   * η ≥ 0: the length ε of the step, or of `diagonalNaturalGradient` the fraction of the whole step.
   *
   * @default 0.01
   */
  readonly learningRate?: Hyper;
  /**
   * Added to the diagonal, ≥ 0, in units of the curvature.
   *
   * @default 0.1
   */
  readonly eps?: Hyper;
  /**
   * Steps from one diagonal to the next, ≥ 1.
   *
   * @default 10
   */
  readonly every?: number;
}

/** Defaults of the diagonal forms. */
export const DIAGONAL_NATURAL: Required<DiagonalNaturalOptions> = {
  learningRate: 0.01,
  eps: 0.1,
  every: 10,
};

/** Defaults of {@link diagonalNaturalGradient}, whose rate is a fraction. */
export const DIAGONAL_FRACTION: Required<DiagonalNaturalOptions> = {
  ...DIAGONAL_NATURAL,
  learningRate: 0.1,
};

/** Options of {@link diagonalEigenbasis}. */
export interface DiagonalEigenbasisOptions extends Omit<DiagonalNaturalOptions, "eps"> {
  /**
   * The least |h|, ≥ 0, in units of the curvature: above 0 it bounds the step of a coordinate by η/√floor.
   *
   * @default 0
   */
  readonly floor?: Hyper;
}

/** Defaults of {@link diagonalEigenbasis}. */
export const DIAGONAL_EIGENBASIS: Required<DiagonalEigenbasisOptions> = {
  learningRate: 0.001,
  floor: 0,
  every: 10,
};

/**
 * θ ← θ − η min(1, C/‖g̃‖_H)g̃ with g̃ = H⁻¹g: `normalizedNaturalGradient` with `clip`.
 *
 * Source: "Clipped NGD" of unified-view-of-optimizers, which prints C/‖g̃‖²_H.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { classify, clippedNaturalGradient } from "@steepest/steepest";
 *
 * assert.equal(classify(clippedNaturalGradient()).length, "‖d‖_H ≤ ε");
 * ```
 */
export function clippedNaturalGradient(options: ClippedNaturalOptions = {}): Optimizer {
  const { limit, ...rest } = given("clippedNaturalGradient", CLIPPED_NATURAL, options);
  return normalizedNaturalGradient({ ...rest, clip: limit });
}

/**
 * θ ← θ − ηQ(min(1, C√λ)·ĝ/λ), ĝ = Qᵀg: `gradientNormNormalized` with `clip`.
 *
 * Source: "Gradient-Norm Clipped NGD" of unified-view-of-optimizers.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { classify, clippedByGradientNorm } from "@steepest/steepest";
 *
 * assert.equal(classify(clippedByGradientNorm()).length, "‖d_i‖_H ≤ ε|g_i|");
 * ```
 */
export function clippedByGradientNorm(options: ClippedNaturalOptions = {}): Optimizer {
  const { limit, ...rest } = given("clippedByGradientNorm", CLIPPED_NATURAL, options);
  return gradientNormNormalized({ ...rest, clip: limit });
}

/**
 * θ ← θ − ηQ(min(1, C√λ/|ĝ|)·ĝ/λ), ĝ = Qᵀg, with a diagonal unless the structure is said: `eigenbasisNormalized`
 * with `clip`.
 *
 * Source: "Eigenbasis Clipped NGD" of unified-view-of-optimizers.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { classify, clippedInEigenbasis } from "@steepest/steepest";
 *
 * const whole = clippedInEigenbasis({ structure: "full" });
 * assert.equal(classify(whole).length, "‖d_i‖_H ≤ ε");
 * ```
 */
export function clippedInEigenbasis(options: ClippedNaturalOptions = {}): Optimizer {
  const { limit, ...rest } = given("clippedInEigenbasis", EIGENBASIS_CLIPPED, options);
  return eigenbasisNormalized({ ...rest, clip: limit });
}

/**
 * θ ← θ − ηg/(λ + ε) with λ the diagonal of the Fisher matrix of the batch: `naturalGradient` with a diagonal.
 *
 * Source: "Diagonal Natural Gradient Descent" of unified-view-of-optimizers, first form.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { classify, diagonalNaturalGradient } from "@steepest/steepest";
 *
 * assert.equal(classify(diagonalNaturalGradient()).structure, "diagonal");
 * ```
 */
export function diagonalNaturalGradient(options: DiagonalNaturalOptions = {}): Optimizer {
  const all = given("diagonalNaturalGradient", DIAGONAL_FRACTION, options);
  return naturalGradient({ ...all, structure: "diagonal" });
}

/**
 * θ ← θ − η(g/λ)/√Σ(g²/λ), λ = |h| + ε with h an estimate of the Hessian's diagonal: `normalizedNaturalGradient`
 * with a diagonal.
 *
 * Source: "Diagonal Natural Gradient Descent" of unified-view-of-optimizers, second form, whose printed divisor
 * lacks the root.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { classify, diagonalNormalized } from "@steepest/steepest";
 *
 * assert.equal(classify(diagonalNormalized()).length, "‖d‖_H′ = ε");
 * ```
 */
export function diagonalNormalized(options: DiagonalNaturalOptions = {}): Optimizer {
  const all = given("diagonalNormalized", DIAGONAL_NATURAL, options);
  return normalizedNaturalGradient({ ...all, structure: "diagonal" });
}

/**
 * θ ← θ − ηg/√λ, λ = |h| + ε with h an estimate of the Hessian's diagonal: `gradientNormNormalized` with a diagonal.
 *
 * Source: "Diagonal Natural Gradient Descent" of unified-view-of-optimizers, third form.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { classify, diagonalGradientNorm } from "@steepest/steepest";
 *
 * assert.equal(classify(diagonalGradientNorm()).length, "‖d_i‖_H′ = ε|g_i|");
 * ```
 */
export function diagonalGradientNorm(options: DiagonalNaturalOptions = {}): Optimizer {
  const all = given("diagonalGradientNorm", DIAGONAL_NATURAL, options);
  return gradientNormNormalized({ ...all, structure: "diagonal" });
}

/**
 * θ ← θ − η sign(g)/√|h| with h an estimate of the Hessian's diagonal, and no step where it is 0:
 * `eigenbasisNormalized` with a diagonal.
 *
 * Source: "Diagonal Natural Gradient Descent" of unified-view-of-optimizers, fourth form.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { classify, diagonalEigenbasis } from "@steepest/steepest";
 *
 * assert.equal(classify(diagonalEigenbasis()).length, "‖d_i‖_H′ = ε");
 * ```
 */
export function diagonalEigenbasis(options: DiagonalEigenbasisOptions = {}): Optimizer {
  const all = given("diagonalEigenbasis", DIAGONAL_EIGENBASIS, options);
  return eigenbasisNormalized({ ...all, structure: "diagonal" });
}
