/**
 * The fourth slot of the unified view: how long the step is, as a function of λ and û alone.
 *
 * λ is the curvature after damping, û the coordinates of `direction(u)`. A length has unit ε and knows
 * no learning rate: the `scale` after it is ε, or α for the clipped forms, whose limit is C = ε/α.
 *
 * @module
 */

import type { BlockNorm } from "./blocks.ts";
import { slot, withOptions } from "./build.ts";
import type { Hyper } from "./schedule.ts";

/** û/λ. */
export interface NoLength {
  /** The tag of this length. */
  readonly kind: "none";
}

/** ‖d‖_H = 1 in each block: (û/λ)/√(Σû²/λ). */
export interface Normalized extends BlockNorm {
  /** The tag of this length. */
  readonly kind: "normalized";
}

/** ‖d_i‖_H = |û_i|: û/√λ. */
export interface GradientNorm {
  /** The tag of this length. */
  readonly kind: "gradientNorm";
}

/** û/λ^p. */
export interface Power {
  /** The tag of this length. */
  readonly kind: "power";
  /** p > 0; ½ and 1 become {@link GradientNorm} and {@link NoLength}. */
  readonly exponent: number;
}

/** ‖d_i‖_H = 1: sign(û)/√λ, with sign(0) = 0. */
export interface Eigenbasis {
  /** The tag of this length. */
  readonly kind: "eigenbasis";
}

/** clamp(û/λ, ±C). */
export interface Clamped {
  /** The tag of this length. */
  readonly kind: "clamped";
  /** C > 0, the longest that an element of û/λ may be, in units of θ before the rate. */
  readonly limit: Hyper;
}

/** min(1, C/√(Σû²/λ))·û/λ in each block. */
export interface Clipped extends BlockNorm {
  /** The tag of this length. */
  readonly kind: "clipped";
  /** C > 0, the largest ‖d‖_H before the rate: ε/α of the paper. */
  readonly limit: Hyper;
}

/** min(1, C√λ)·û/λ. */
export interface GradientNormClipped {
  /** The tag of this length. */
  readonly kind: "gradientNormClipped";
  /** C > 0, the largest ‖d_i‖_H/|û_i| before the rate: ε/α of the paper. */
  readonly limit: Hyper;
}

/** min(1, C√λ/|û|)·û/λ. */
export interface EigenbasisClipped {
  /** The tag of this length. */
  readonly kind: "eigenbasisClipped";
  /** C > 0, the largest ‖d_i‖_H before the rate: ε/α of the paper. */
  readonly limit: Hyper;
}

/** How long the step is. */
export type Length =
  | NoLength
  | Normalized
  | GradientNorm
  | Power
  | Eigenbasis
  | Clamped
  | Clipped
  | GradientNormClipped
  | EigenbasisClipped;

/** The kinds of {@link Length}. */
export type LengthKind = Length["kind"];

/**
 * No limit: û/λ, the step of Newton and of natural gradient descent.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { constant, curvature, diagonal, minimize, none, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const stage = curvature({
 *   calculating: constant(4),
 *   structure: diagonal(),
 *   length: none(),
 * });
 * const run = await minimize(bowl, stage, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 1.5) < 1e-5);
 * ```
 */
export function none(): NoLength {
  return slot("length", { kind: "none" });
}

/**
 * ‖d‖_H = ε: (û/λ)/√(Σû²/λ), the norm over everything the stage sees; 0 where û = 0.
 *
 * Source: unified-view-of-optimizers, "Normalized NGD".
 *
 * @param options `per`: `"tensor"` or `"unit"` gives each parameter tensor or each unit the length 1; default
 * `"global"`. `norm`: `"rms"` divides the square of the norm by the number of elements of the block; default
 * `"euclidean"`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { constant, curvature, diagonal, minimize, normalized, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const stage = curvature({
 *   calculating: constant(4),
 *   structure: diagonal(),
 *   length: normalized(),
 * });
 * const run = await minimize(bowl, stage, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.5) < 1e-5);
 * ```
 */
export function normalized(options: Partial<BlockNorm> = {}): Normalized {
  return slot("length", withOptions("normalized", options));
}

/**
 * ‖d_i‖_H = ε|û_i|: û/√λ, the power ½; Adam's and Adagrad's.
 *
 * Source: unified-view-of-optimizers, "GN-Normalized NGD".
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { constant, curvature, diagonal, gradientNorm, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const stage = curvature({
 *   calculating: constant(4),
 *   structure: diagonal(),
 *   length: gradientNorm(),
 * });
 * const run = await minimize(bowl, stage, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x) < 1e-5);
 * ```
 */
export function gradientNorm(): GradientNorm {
  return slot("length", { kind: "gradientNorm" });
}

/**
 * û/λ^p.
 *
 * @param exponent p > 0; ½ is {@link gradientNorm} and 1 is {@link none}.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { constant, curvature, diagonal, minimize, objective, power, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const stage = curvature({
 *   calculating: constant(4),
 *   structure: diagonal(),
 *   length: power(0.75),
 * });
 * const run = await minimize(bowl, stage, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 0.8786796) < 1e-5);
 * ```
 */
export function power(exponent: number): Power {
  return slot("length", { kind: "power", exponent });
}

/**
 * ‖d_i‖_H = ε: sign(û)/√λ, with sign(0) = 0.
 *
 * Source: unified-view-of-optimizers, "Eigenbasis Normalized NGD".
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { constant, curvature, diagonal, eigenbasis, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const stage = curvature({
 *   calculating: constant(4),
 *   structure: diagonal(),
 *   length: eigenbasis(),
 * });
 * const run = await minimize(bowl, stage, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.5) < 1e-5);
 * ```
 */
export function eigenbasis(): Eigenbasis {
  return slot("length", { kind: "eigenbasis" });
}

/**
 * clamp(û/λ, ±C): no element longer than C before the rate, whatever its curvature; Sophia's.
 *
 * Where a regression along a line finds λ = 0 the element is C·sign(û), the limit of a small λ, and in the record
 * `clipped` it counts as one that was cut. Other zero eigenvalues are dropped.
 *
 * @param limit C > 0, in units of θ.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { clamped, constant, curvature, diagonal, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const stage = curvature({
 *   calculating: constant(4),
 *   structure: diagonal(),
 *   length: clamped(0.5),
 * });
 * const run = await minimize(bowl, stage, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.5) < 1e-5);
 * ```
 */
export function clamped(limit: Hyper): Clamped {
  return slot("length", { kind: "clamped", limit });
}

/**
 * ‖d‖_H ≤ C before the rate: min(1, C/√(Σû²/λ))·û/λ; the blocks that it shortens are counted.
 *
 * @param limit C = ε/α > 0.
 * @param options `per`: `"tensor"` or `"unit"` clips each parameter tensor or each unit by itself; default
 * `"global"`. `norm`: `"rms"` divides the square of the norm by the number of elements of the block; default
 * `"euclidean"`.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * Source: unified-view-of-optimizers, "Clipped Natural Gradient Descent".
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { clipped, constant, curvature, diagonal, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const stage = curvature({
 *   calculating: constant(4),
 *   structure: diagonal(),
 *   length: clipped(1),
 * });
 * const run = await minimize(bowl, stage, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.5) < 1e-5);
 * ```
 */
export function clipped(limit: Hyper, options: Partial<BlockNorm> = {}): Clipped {
  return slot("length", withOptions("clipped", options, { limit }));
}

/**
 * ‖d_i‖_H ≤ C|û_i| before the rate: min(1, C√λ)·û/λ.
 *
 * @param limit C = ε/α > 0.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * Source: unified-view-of-optimizers, "Clipped Natural Gradient Descent".
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { constant, curvature, diagonal, gradientNormClipped, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const stage = curvature({
 *   calculating: constant(4),
 *   structure: diagonal(),
 *   length: gradientNormClipped(0.25),
 * });
 * const run = await minimize(bowl, stage, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.25) < 1e-5);
 * ```
 */
export function gradientNormClipped(limit: Hyper): GradientNormClipped {
  return slot("length", { kind: "gradientNormClipped", limit });
}

/**
 * ‖d_i‖_H ≤ C before the rate: min(1, C√λ/|û|)·û/λ.
 *
 * @param limit C = ε/α > 0.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * Source: unified-view-of-optimizers, "Clipped Natural Gradient Descent".
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { constant, curvature, diagonal, eigenbasisClipped, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const stage = curvature({
 *   calculating: constant(4),
 *   structure: diagonal(),
 *   length: eigenbasisClipped(1),
 * });
 * const run = await minimize(bowl, stage, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.5) < 1e-5);
 * ```
 */
export function eigenbasisClipped(limit: Hyper): EigenbasisClipped {
  return slot("length", { kind: "eigenbasisClipped", limit });
}
