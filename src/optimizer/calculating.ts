/**
 * The first slot of the unified view: which samples of curvature a stage takes.
 *
 * @module
 */

import { slot } from "./build.ts";
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
 * `"deviations"`: λ = σ_u/σ_θ. `"slope"`: λ = |cov/var_θ| + γ√(ν/var_θ), with γ the confidence and ν the
 * weighted mean of the squared residuals.
 */
export interface GradientRegression {
  /** The tag of this way of calculating. */
  readonly kind: "gradientRegression";
  /** The ratio of the deviations, or the slope of the regression line. */
  readonly estimate: "deviations" | "slope";
  /** γ ≥ 0, in standard errors of the slope; only with `"slope"`, where it is 0 when absent. */
  readonly confidence?: Hyper;
}

/** The samples of curvature a stage takes. */
export type Calculating =
  | Hessian
  | GaussNewton
  | Fisher
  | EmpiricalFisher
  | GradientRegression
  | Constant;

/** The kinds of {@link Calculating}. */
export type CalculatingKind = Calculating["kind"];

/** Samples of the Hessian at θ: `probes` Hessian-vector products (default 1) with random signs. */
export function hessian(
  options: { readonly probes?: number; readonly distribution?: "rademacher" } = {},
): Hessian {
  return slot("calculating", { kind: "hessian", ...options });
}

/** Samples of the Gauss–Newton matrix at θ: `probes` products (default 1) with random signs. */
export function gaussNewton(options: { readonly probes?: number } = {}): GaussNewton {
  return slot("calculating", { kind: "gaussNewton", ...options });
}

/** Samples of the Fisher information, with labels drawn from the model; `from` the batch by default. */
export function fisher(
  options: { readonly labels?: "sampled"; readonly from?: "batch" | "examples" } = {},
): Fisher {
  return slot("calculating", { kind: "fisher", ...options });
}

/** Squares of the incoming update (or of a transform `of` it); `from` the batch by default. */
export function empiricalFisher(
  options: { readonly of?: Optimizer; readonly from?: "batch" | "examples" } = {},
): EmpiricalFisher {
  return slot("calculating", { kind: "empiricalFisher", ...options });
}

/** Curvature from the gradients the method already has (online-parabola-momentum, Algorithms 8 and 9). */
export function gradientRegression(
  options: {
    readonly estimate?: "deviations" | "slope";
    readonly confidence?: Hyper;
  } = {},
): GradientRegression {
  return slot("calculating", { kind: "gradientRegression", ...options });
}
