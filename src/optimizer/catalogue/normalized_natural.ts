/**
 * Natural gradient descent whose step is as long as a norm says, or at most as long.
 *
 * @module
 */

import { type Calculating, fisher, gaussNewton, hessian } from "../calculating.ts";
import { abs, add, floor } from "../damping.ts";
import * as lengths from "../length.ts";
import type { Hyper } from "../schedule.ts";
import type { Optimizer } from "../types.ts";
import { given } from "./options.ts";
import { wholeStage } from "./whole_stage.ts";

/** Options of {@link normalizedNaturalGradient} and {@link gradientNormNormalized}. */
export interface NormalizedNaturalOptions {
  /**
   * η ≥ 0: the length ε of the step, or where it is clipped α, the fraction of Newton's step.
   *
   * @default 0.01
   */
  readonly learningRate?: Hyper;
  /**
   * C = ε/α > 0: steps are only shortened, to at most Cη; `null` for steps that are always as long.
   *
   * @default null
   */
  readonly clip?: Hyper | null;
  /**
   * What stands for H.
   *
   * @default "hessian"
   */
  readonly calculating?: "hessian" | "gaussNewton" | "fisher";
  /**
   * Added to the eigenvalues, ≥ 0, in units of the curvature.
   *
   * @default 0.1
   */
  readonly eps?: Hyper;
  /**
   * `"full"`: the matrix, of at most 4096 parameters; `"diagonal"`: an estimate of its diagonal; `"krylov"`: the
   * eigenvectors that products alone find in the Krylov space of g, for any number of parameters.
   *
   * @default "full"
   */
  readonly structure?: "full" | "diagonal" | "krylov";
  /**
   * Steps from one matrix, and from its eigenvectors, to the next, ≥ 1. A Krylov space is of one step.
   *
   * @default 10
   */
  readonly every?: number;
  /**
   * Products a step, and eigenvectors at most, ≥ 1, where the structure is `"krylov"`.
   *
   * @default 6
   */
  readonly products?: number;
}

/** Defaults of {@link normalizedNaturalGradient} and {@link gradientNormNormalized}. */
export const NORMALIZED_NATURAL: Required<NormalizedNaturalOptions> = {
  learningRate: 0.01,
  clip: null,
  calculating: "hessian",
  eps: 0.1,
  structure: "full",
  every: 10,
  products: 6,
};

const CALCULATING: {
  readonly [K in Required<NormalizedNaturalOptions>["calculating"]]: () => Calculating;
} = {
  hessian,
  gaussNewton,
  fisher: () => fisher({ from: "examples" }),
};

/**
 * θ ← θ − η g̃/‖g̃‖_H with g̃ = H⁻¹g and ‖x‖²_H = xᵀHx: ‖d‖_H = ε; no step where g = 0. With `clip`:
 * θ ← θ − η min(1, C/‖g̃‖_H)g̃.
 *
 * H is |H| + eps here, with the magnitudes of the eigenvalues, so that it is a norm also at saddles. The paper prints
 * C/‖g̃‖²_H, which has not the length ε that it is derived from. Source: "Normalized NGD" of
 * unified-view-of-optimizers, Table 1, and "Clipped NGD".
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, normalizedNaturalGradient, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = normalizedNaturalGradient({ learningRate: Math.SQRT2, eps: 0 });
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2) < 1e-5);
 * ```
 */
export function normalizedNaturalGradient(options: NormalizedNaturalOptions = {}): Optimizer {
  const all = given("normalizedNaturalGradient", NORMALIZED_NATURAL, options);
  const { clip, calculating, eps } = all;
  const length = clip === null ? lengths.normalized() : lengths.clipped(clip);
  return wholeStage(CALCULATING[calculating](), length, [abs(), add(eps)], all);
}

/**
 * θ ← θ − ηH^{−1/2}g: ‖d_i‖_H = ε|ĝ_i| along each eigenvector, whatever its curvature. With `clip`:
 * θ ← θ − ηQ(min(1, C√λ)·ĝ/λ), ĝ = Qᵀg.
 *
 * H is |H| + eps here, with the magnitudes of the eigenvalues. Source: "GN-Normalized NGD" of
 * unified-view-of-optimizers, Table 1, and "Gradient-Norm Clipped NGD".
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { gradientNormNormalized, minimize, mul, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => mul(2, square(x)) });
 * const optimizer = gradientNormNormalized({ learningRate: 0.25, eps: 0 });
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 1.5) < 1e-5);
 * ```
 */
export function gradientNormNormalized(options: NormalizedNaturalOptions = {}): Optimizer {
  const all = given("gradientNormNormalized", NORMALIZED_NATURAL, options);
  const { clip, calculating, eps } = all;
  const length = clip === null ? lengths.gradientNorm() : lengths.gradientNormClipped(clip);
  return wholeStage(CALCULATING[calculating](), length, [abs(), add(eps)], all);
}

/** Options of {@link eigenbasisNormalized}. */
export interface EigenbasisNormalizedOptions
  extends Omit<NormalizedNaturalOptions, "eps" | "structure"> {
  /**
   * Added to the eigenvalues where the step is clipped, ≥ 0, in units of the curvature.
   *
   * @default 0.1
   */
  readonly eps?: Hyper;
  /**
   * The least λ, ≥ 0, in units of the curvature, where the step is not clipped: above 0 it bounds the step along an
   * eigenvector by η/√floor, and takes one where λ is 0.
   *
   * @default 0
   */
  readonly floor?: Hyper;
  /**
   * `"diagonal"`: an estimate of the diagonal, whose eigenvectors are the coordinates; `"full"`: the matrix, of at most 4096
   * parameters; `"krylov"`: the eigenvectors that products alone find in the Krylov space of g. Where the matrix is nearly
   * singular the steps of the latter two are long, and hang on the last bits of small eigenvalues.
   *
   * @default "diagonal"
   */
  readonly structure?: "full" | "diagonal" | "krylov";
}

/** Defaults of {@link eigenbasisNormalized}. */
export const EIGENBASIS_NORMALIZED: Required<EigenbasisNormalizedOptions> = {
  learningRate: 0.001,
  clip: null,
  calculating: "hessian",
  eps: 0.1,
  floor: 0,
  structure: "diagonal",
  every: 10,
  products: 6,
};

/**
 * θ ← θ − ηQ(sign(ĝ)/√λ), ĝ = Qᵀg: ‖d_i‖_H = ε along every eigenvector. With `clip`:
 * θ ← θ − ηQ(min(1, C√λ/|ĝ|)·ĝ/λ).
 *
 * λ is the magnitude of the eigenvalue. Along an eigenvector that has none the sign is that of an error of rounding:
 * no step is taken there, unless `floor` says so; only where it is clipped is eps added to λ. Where an eigenvalue is repeated the step
 * depends on the basis that was found. Source: "Eigenbasis Normalized NGD" of unified-view-of-optimizers, Table 1
 * (whose text lacks the root), and "Eigenbasis Clipped NGD".
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { add, eigenbasisNormalized, minimize, mul, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({
 *   parameters: { x: 3, y: 3 },
 *   loss: ({ x, y }) => mul(0.5, add(square(x), mul(100, square(y)))),
 * });
 * const optimizer = eigenbasisNormalized({ learningRate: 1, structure: "full" });
 * const { parameters } = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.hypot(parameters.x - 2, parameters.y - 2.9) < 1e-5);
 * ```
 */
export function eigenbasisNormalized(options: EigenbasisNormalizedOptions = {}): Optimizer {
  const all = given("eigenbasisNormalized", EIGENBASIS_NORMALIZED, options);
  const { clip, calculating, eps, floor: least } = all;
  const length = clip === null ? lengths.eigenbasis() : lengths.eigenbasisClipped(clip);
  const damping = [abs(), clip === null ? floor(least) : add(eps)];
  return wholeStage(CALCULATING[calculating](), length, damping, all);
}
