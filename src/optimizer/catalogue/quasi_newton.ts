/**
 * Quasi-Newton methods: curvature from pairs of steps and changes of the gradient.
 *
 * @module
 */

import { secant } from "../calculating.ts";
import { chain } from "../combinators.ts";
import { curvature } from "../curvature.ts";
import { abs, add, type Damping, toSample } from "../damping.ts";
import { clipped } from "../length.ts";
import { lineSearch } from "../line_search.ts";
import { type SecantUpdate, secantUpdate } from "../iterative.ts";
import { constant, type Hyper } from "../schedule.ts";
import { full, lowRank, scalar } from "../structure.ts";
import { scale } from "../transforms.ts";
import type { Optimizer } from "../types.ts";
import { given } from "./options.ts";

/** Options of {@link bfgs} and {@link dfp}. */
export interface QuasiNewtonOptions {
  /**
   * η ≥ 0, the fraction of the whole step that is taken; with a line search, the first that is tried.
   *
   * @default 0.5
   */
  readonly learningRate?: Hyper;
  /**
   * ε ≥ 0: pairs are those of H + ε, in units of the curvature.
   *
   * @default 0.1
   */
  readonly eps?: Hyper;
  /**
   * Whether both gradients of a pair are on the batch of the step, for a gradient more a step.
   *
   * @default true
   */
  readonly sameBatch?: boolean;
  /**
   * How far along the direction: `"none"`: η times it; else what a line search of this kind finds on the batch.
   *
   * @default "none"
   */
  readonly lineSearch?: "none" | "backtracking" | "strongWolfe";
}

/** Options of {@link lbfgs}. */
export interface LbfgsOptions extends QuasiNewtonOptions {
  /**
   * How many pairs are kept, ≥ 1.
   *
   * @default 10
   */
  readonly window?: number;
}

/** Options of {@link sr1}. */
export interface Sr1Options extends QuasiNewtonOptions {
  /**
   * γ > 0: H′ is γ times the identity before the first pair, in units of the curvature.
   *
   * @default 1
   */
  readonly initial?: number;
}

/** Defaults of {@link bfgs} and {@link dfp}. */
export const QUASI_NEWTON: Required<QuasiNewtonOptions> = {
  learningRate: 0.5,
  eps: 0.1,
  sameBatch: true,
  lineSearch: "none",
};

/** Defaults of {@link lbfgs}. */
export const LBFGS: Required<LbfgsOptions> = { ...QUASI_NEWTON, window: 10 };

/** Defaults of {@link sr1}. */
export const SR1: Required<Sr1Options> = { ...QUASI_NEWTON, initial: 1 };

/** u ← min(1, 1/‖u‖₁)·u. */
const bounded = curvature({
  calculating: constant(1),
  structure: scalar(),
  length: clipped(1, { norm: "sum" }),
});

/** The direction of an update times a rate, or as long as a line search finds. */
function quasiNewton(
  update: SecantUpdate,
  damping: readonly Damping[],
  { learningRate, sameBatch, lineSearch: method }: Required<QuasiNewtonOptions>,
): Optimizer {
  const searches = method !== "none";
  const stage = curvature({
    calculating: secant({ sameBatch }),
    structure: update.window === undefined ? full() : lowRank(),
    iterative: update,
    damping,
    ...(searches ? {} : { warmup: { steps: 1, use: bounded } }),
  });
  if (!searches) return chain(stage, scale(learningRate));
  return chain(
    stage,
    lineSearch({ method, initial: learningRate, first: "bounded", otherwise: "best", trials: 25 }),
  );
}

/**
 * θ ← θ − ηK∇f with the K that BFGS makes of the newest pairs (s, y) and sᵀy/yᵀy of the newest one, without a matrix.
 *
 * The first step, for which there is no pair, is η·min(1, 1/‖∇f‖₁)·∇f, as in PyTorch. A pair is left out unless sᵀy is more than
 * 1e-6·‖s‖‖y‖; PyTorch's bound is 1e-10 for sᵀy itself, and optax has none. Each step is of one batch: PyTorch's LBFGS
 * takes 20 of them with one call. On random batches pairs want `sameBatch`, and ε in place of a curvature that is not positive. With
 * `lineSearch: "strongWolfe"`, ε = 0 and η = 1 it is PyTorch's with `line_search_fn="strong_wolfe"`.
 *
 * Source: Liu and Nocedal 1989, Algorithm 2.1; Schraudolph, Yu and Günter 2007 for one batch and ε; "L-BFGS" of
 * unified-view-of-optimizers, Table 1.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { add, lbfgs, minimize, mul, objective, square, sub } from "@steepest/steepest";
 *
 * const rosenbrock = objective({
 *   parameters: { x: -1.2, y: 1 },
 *   loss: ({ x, y }) => add(square(sub(1, x)), mul(100, square(sub(y, square(x))))),
 * });
 * const optimizer = lbfgs({ learningRate: 1, eps: 0, lineSearch: "strongWolfe" });
 * const run = await minimize(rosenbrock, optimizer, { until: 1e-8, maxSteps: 60, backend: "reference" });
 * assert(run.reached);
 * ```
 */
export function lbfgs(options: LbfgsOptions = {}): Optimizer {
  const all = given("lbfgs", LBFGS, options);
  return quasiNewton(secantUpdate("bfgs", { window: all.window }), shifted(all), all);
}

/**
 * θ ← θ − ηK∇f with K ← (I − ρsyᵀ)K(I − ρysᵀ) + ρssᵀ, ρ = 1/sᵀy, after each pair (s, y): a matrix of at most 4096
 * parameters, which starts as sᵀy/yᵀy of the first pair. First step and pairs are those of {@link lbfgs}.
 *
 * Source: Nocedal and Wright 2006, Algorithm 6.1 with equation (6.20).
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { bfgs, classify } from "@steepest/steepest";
 *
 * assert.deepEqual([classify(bfgs()).structure, classify(bfgs()).iterative], ["rank-2 update", "secant"]);
 * ```
 */
export function bfgs(options: QuasiNewtonOptions = {}): Optimizer {
  const all = given("bfgs", QUASI_NEWTON, options);
  return quasiNewton(secantUpdate("bfgs"), shifted(all), all);
}

/**
 * θ ← θ − ηK∇f with K ← K − KyyᵀK/(yᵀKy) + ssᵀ/(sᵀy) after each pair (s, y); all else is as in {@link bfgs}.
 *
 * Source: Davidon 1959; Fletcher and Powell 1963; Nocedal and Wright 2006, equation (6.15).
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { classify, dfp } from "@steepest/steepest";
 *
 * assert.equal(classify(dfp()).structure, "rank-2 update");
 * ```
 */
export function dfp(options: QuasiNewtonOptions = {}): Optimizer {
  const all = given("dfp", QUASI_NEWTON, options);
  return quasiNewton(secantUpdate("dfp"), shifted(all), all);
}

/**
 * θ ← θ − η(|H′| + ε)⁻¹∇f with H′⁻¹ = K ← K + vvᵀ/(vᵀy), v = s − Ky, after each pair (s, y): it may be indefinite, and |H′| has
 * its eigenvectors and the magnitudes of its eigenvalues. A matrix of at most 4096 parameters; a pair is left out
 * unless |vᵀy| is more than 1e-6·‖v‖‖y‖.
 *
 * Source: Nocedal and Wright 2006, equations (6.25) and (6.26); "SR1" of unified-view-of-optimizers, section 2.3.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { classify, sr1 } from "@steepest/steepest";
 *
 * assert.equal(classify(sr1()).structure, "rank-1 update");
 * ```
 */
export function sr1(options: Sr1Options = {}): Optimizer {
  const all = given("sr1", SR1, options);
  return quasiNewton(secantUpdate("sr1", { initial: all.initial }), [abs(), add(all.eps)], all);
}

/** Pairs of H + ε; ε = 0 is none. */
function shifted({ eps }: Required<QuasiNewtonOptions>): readonly Damping[] {
  return eps === 0 ? [] : [toSample(eps)];
}
