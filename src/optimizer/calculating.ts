/**
 * The first slot of the unified view: which samples of curvature a stage takes.
 *
 * @module
 */

import { slot, withOptions } from "./build.ts";
import type { Constant, Hyper } from "./schedule.ts";
import type { Optimizer } from "./types.ts";

/** Hutchinson's v ⊙ Hv, averaged over the probes v. */
export interface Hessian {
  /** The tag of this way of calculating. */
  readonly kind: "hessian";
  /** How many vectors v, ≥ 1: each costs one Hessian-vector product. */
  readonly probes: number;
  /** The elements of v are +1 or −1, each with probability ½. */
  readonly distribution: "rademacher";
}

/** Hutchinson's v ⊙ Gv with the Gauss–Newton matrix G of the likelihood. */
export interface GaussNewton {
  /** The tag of this way of calculating. */
  readonly kind: "gaussNewton";
  /** How many vectors v, ≥ 1: each costs one Gauss–Newton product. */
  readonly probes: number;
}

/**
 * Gradients ĝ under labels sampled from the model.
 *
 * From the batch: B·ĝ ⊙ ĝ of the mean gradient of the B examples; from the examples: the mean of their squares.
 */
export interface Fisher {
  /** The tag of this way of calculating. */
  readonly kind: "fisher";
  /** The labels are drawn from the likelihood at the outputs of the model. */
  readonly labels: "sampled";
  /** Whether the mean gradient is squared, or the gradient of each example. */
  readonly from: "batch" | "examples";
}

/** Squares s ⊙ s of s = of(u), or, from the examples, the mean of the squared per-example gradients. */
export interface EmpiricalFisher {
  /** The tag of this way of calculating. */
  readonly kind: "empiricalFisher";
  /** What is sampled, as a transform of u; identity with `from: "examples"`. */
  readonly of: Optimizer;
  /** Whether the mean gradient is squared, or the gradient of each example. */
  readonly from: "batch" | "examples";
}

/**
 * Regression of u on θ over the stage's own weighted past.
 *
 * `"deviations"`: λ = σ_u/σ_θ, or with `of: "steps"` λ = σ_u/σ_s, s what the stage put out before. `"slope"`: λ =
 * cov/var_θ, of either sign, or with a confidence γ λ = |cov/var_θ| + γ√(ν/var_θ), ν the weighted mean of the squared
 * residuals.
 */
export interface GradientRegression {
  /** The tag of this way of calculating. */
  readonly kind: "gradientRegression";
  /** The ratio of the deviations, or the slope of the regression line. */
  readonly estimate: "deviations" | "slope";
  /** What u is compared with: θ, or the steps of the stage (only `"deviations"`). */
  readonly of: "parameters" | "steps";
  /** Whether deviations are from the mean, or from 0 (only `"deviations"`). */
  readonly centred: boolean;
  /**
   * `"mean"`: û is the gradient of the fitted line at θ, û = mean u + λ(θ − mean θ), only with `"slope"`. Absent: û is
   * that of the last gradient.
   */
  readonly point?: "last" | "mean";
  /** γ ≥ 0, in standard errors of the slope, of which the absolute value is then taken; only with `"slope"`. */
  readonly confidence?: Hyper;
}

/**
 * The step s of θ from one sample to the next, and the change y of u, which is H′s for the curvature between the two.
 *
 * On one batch y is ∇f(θ) − ∇f(θ − s), both on the batch of this step.
 */
export interface Secant {
  /** The tag of this way of calculating. */
  readonly kind: "secant";
  /** Whether y is the difference of two gradients on this batch, or of u on this batch and the one before. */
  readonly sameBatch: boolean;
}

/** The samples of curvature a stage takes. */
export type Calculating =
  | Hessian
  | GaussNewton
  | Fisher
  | EmpiricalFisher
  | GradientRegression
  | Secant
  | Constant;

/** The kinds of {@link Calculating}. */
export type CalculatingKind = Calculating["kind"];

/**
 * Samples of the Hessian at θ: the mean of v ⊙ Hv over `probes` vectors v of random signs (Hutchinson 1990).
 *
 * @param options `probes`: ≥ 1, default 1; each costs one Hessian-vector product.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { curvature, diagonal, hessian, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = curvature({ calculating: hessian(), structure: diagonal() });
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x) < 1e-5);
 * ```
 */
export function hessian(
  options: { readonly probes?: number; readonly distribution?: "rademacher" } = {},
): Hessian {
  return slot("calculating", withOptions("hessian", options));
}

/**
 * Samples of the Gauss–Newton matrix G = JᵀH_LJ at θ: the mean of v ⊙ Gv over `probes` vectors v of random signs.
 *
 * The objective needs a likelihood.
 *
 * @param options `probes`: ≥ 1, default 1; each costs one product.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { gaussNewton } from "@steepest/steepest";
 *
 * assert.deepEqual(gaussNewton().probes, 1);
 * ```
 */
export function gaussNewton(options: { readonly probes?: number } = {}): GaussNewton {
  return slot("calculating", withOptions("gaussNewton", options));
}

/**
 * Samples of the Fisher information F = E[ĝĝᵀ]: squares of gradients ĝ under labels drawn from the model.
 *
 * The objective needs a likelihood that can be sampled. Source: unified-view-of-optimizers, Table 1, F.
 *
 * @param options `from: "batch"` (the default): B·ĝ ⊙ ĝ of the mean gradient of B examples; `"examples"`: the mean of
 * the squares.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { fisher } from "@steepest/steepest";
 *
 * assert.deepEqual(fisher().from, "batch");
 * ```
 */
export function fisher(
  options: { readonly labels?: "sampled"; readonly from?: "batch" | "examples" } = {},
): Fisher {
  return slot("calculating", withOptions("fisher", options));
}

/**
 * Squares s ⊙ s of s = of(u), by default of the incoming update itself.
 *
 * Source: unified-view-of-optimizers, Table 1, F̃.
 *
 * @param options `of`: a transform, default `identity()`. `from: "batch"` (the default) squares the mean gradient,
 * `"examples"` the gradient of each example.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { empiricalFisher, identity } from "@steepest/steepest";
 *
 * assert.deepEqual(empiricalFisher().of, identity());
 * ```
 */
export function empiricalFisher(
  options: { readonly of?: Optimizer; readonly from?: "batch" | "examples" } = {},
): EmpiricalFisher {
  return slot("calculating", withOptions("empiricalFisher", options));
}

/**
 * Curvature from the gradients the method already has, by a weighted regression of u on θ.
 *
 * Source: online-parabola-momentum, Algorithms 8 (`"deviations"`: λ = σ_u/σ_θ) and 9 (`"slope"` with a confidence:
 * λ = |cov/var_θ| + γ√(ν/var_θ)). Without a confidence a slope λ = cov/var_θ may be negative, and the damping says what
 * becomes of it: `abs()` goes down where the curve is concave, and a λ that is dropped takes no step. With `of: "steps"` and `centred: false` it is Adadelta's ratio (Zeiler 2012): the
 * variances are of u and of the steps that the stage has put out so far, before any rate. The damping `toSample(ε)`
 * adds ε to each square that is averaged.
 *
 * @param options `estimate`: default `"deviations"`. `of`: default `"parameters"`. `centred`: default true.
 * `point`: which point the line goes through, the `"last"` (default) or the `"mean"` one; only with `"slope"`. With
 * θ − û/λ for the minimum, these are the two forms of p in (6) and (2) of the source.
 * `confidence`: γ ≥ 0, only with `"slope"`; default none. Along the several directions of a `subspace` `"slope"` fits
 * the symmetric matrix H, and `"deviations"` takes formula (14) of the source, H_ij = √(cov(u_i, u_j)/cov(θ_i, θ_j)).
 * That is no estimate of a Hessian off its diagonal: for a diagonal H and independent θ it tends to √(H_iiH_jj) in place
 * of 0, it has no sign, and where the ratio is negative it has no value. Such an element counts as 0; how many there are
 * is recorded as `rootless`. H only turns the basis: λ along each direction is then σ_u/σ_θ, as in (8).
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { gradientRegression } from "@steepest/steepest";
 *
 * assert.deepEqual(gradientRegression().estimate, "deviations");
 * ```
 */
export function gradientRegression(
  options: {
    readonly estimate?: "deviations" | "slope";
    readonly of?: "parameters" | "steps";
    readonly centred?: boolean;
    readonly point?: "last" | "mean";
    readonly confidence?: Hyper;
  } = {},
): GradientRegression {
  return slot("calculating", withOptions("gradientRegression", options));
}

/**
 * Pairs of the step s that θ has made and the change y of u: curvature without a second derivative, which a
 * {@link secantUpdate} folds into H′ so that H′s = y.
 *
 * By default y = u − previous u: it has the noise of both batches, which for short steps is larger than what the curvature
 * gives, and a momentum or a clip before the stage is part of it. With `sameBatch` y = ∇f(θ) − ∇f(θ − s) with the batch and the
 * dropout mask of this step: one gradient more a step, of the objective and not of u. The damping
 * `toSample(ε)` makes it y + εs, the pair of H + ε. At the first step there is no pair.
 *
 * Source: unified-view-of-optimizers, section 2.3, HΔθ ≈ Δ∇; Schraudolph, Yu and Günter 2007, section 3 for one batch and ε.
 *
 * @param options `sameBatch`: default false.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { curvature, full, needs, secant, secantUpdate } from "@steepest/steepest";
 *
 * const stage = curvature({
 *   calculating: secant({ sameBatch: true }),
 *   structure: full(),
 *   iterative: secantUpdate("bfgs"),
 * });
 * assert.deepEqual(needs(stage).map(({ what }) => what), ["gradientElsewhere"]);
 * ```
 */
export function secant(options: { readonly sameBatch?: boolean } = {}): Secant {
  return slot("calculating", withOptions("secant", options));
}
