/**
 * The transforms around a stage: averages, traces, scaling, decay, differences and the Newton–Raphson step.
 *
 * @module
 */

import { slot, transform, withOptions } from "./build.ts";
import type { EmaAccumulator, RegressionPrior } from "./iterative.ts";
import { all, type Predicate } from "./predicate.ts";
import type { Hyper } from "./schedule.ts";
import type { Difference, Ema, NewtonRaphson, Scale, Trace, WeightDecay } from "./types.ts";

/** What {@link ema} takes as a transform. */
export interface EmaOptions {
  /** β, the weight of the past: in [0, 1), a number, a schedule or a signal. */
  readonly decay: Hyper;
  /**
   * Divide by the weight accumulated so far.
   *
   * @default false
   */
  readonly debias?: boolean;
  /**
   * r in r·m₋ + (1 − r)u, in [0, 1].
   *
   * @default `decay`, that is out = m
   */
  readonly read?: Hyper;
}

/** What {@link ema} takes as an accumulator in the slot `iterative`. */
export interface EmaAccumulatorOptions {
  /** β, the weight of the past: in [0, 1), a number, a schedule or a signal. */
  readonly decay: Hyper;
  /**
   * Divide by the weight accumulated so far; not together with `initial`.
   *
   * @default false
   */
  readonly debias?: boolean;
  /**
   * The weighted variance of the sampled vector in place of its second moment.
   *
   * @default false
   */
  readonly centred?: boolean;
  /**
   * p of (ema of x^p)^{1/p}, > 0.
   *
   * @default 1
   */
  readonly power?: number;
  /**
   * What the statistic starts from, ≥ 0, or the priors of a gradient regression.
   *
   * @default 0
   */
  readonly initial?: number | RegressionPrior;
}

/**
 * m ← βm + (1 − β)x: with these options both a transform of u and an accumulator of curvature.
 *
 * @throws {SteepestError} of kind `description`: the decay is not in [0, 1).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { ema } from "@steepest/steepest";
 *
 * assert.deepEqual(ema({ decay: 0.9 }), { kind: "ema", decay: 0.9, debias: false });
 * ```
 */
export function ema(
  options: { readonly decay: Hyper; readonly debias?: boolean },
): Ema & EmaAccumulator;
/**
 * m ← βm + (1 − β)u; out m, or with `read` r·m₋ + (1 − r)u, where m₋ is m before the update.
 *
 * Nesterov's momentum is `read` = β²; Lion's is `{ decay: 0.99, read: 0.9 }` (Chen et al. 2023).
 *
 * @throws {SteepestError} of kind `description`: the decay is not in [0, 1), or `read` not in [0, 1].
 */
export function ema(options: EmaOptions): Ema;
/**
 * s ← (βs^p + (1 − β)x^p), read as its p-th root: an accumulator for the slot `iterative`.
 *
 * @throws {SteepestError} of kind `description`: a value out of range, or `debias` with `initial`.
 */
export function ema(options: EmaAccumulatorOptions): EmaAccumulator;
export function ema(options: EmaOptions & EmaAccumulatorOptions): Ema | EmaAccumulator {
  const input = withOptions("ema", options);
  const { centred, power, initial } = options;
  return centred === undefined && power === undefined && initial === undefined
    ? transform(input)
    : slot("iterative", input);
}

/**
 * v ← μv + (1 − dampening)u; out v, or with `nesterov` u + μv. v starts at 0.
 *
 * Source: Polyak 1964 (heavy ball); Nesterov 1983, in the form of Sutskever et al. 2013.
 *
 * @param options `decay`: μ in [0, 1). `nesterov`: default false. `dampening`: in [0, 1], default 0; it acts on the
 * first step too.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { chain, minimize, objective, scale, square, trace } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = chain(trace({ decay: 0.9, nesterov: true }), scale(0.1));
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 1.86) < 1e-5);
 * ```
 */
export function trace(
  options: {
    readonly decay: Hyper;
    readonly nesterov?: boolean;
    readonly dampening?: Hyper;
  },
): Trace {
  return transform(withOptions("trace", options));
}

/**
 * u ← by·u: last in a chain, `by` is the learning rate.
 *
 * @param by A number of any sign, or a schedule.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, scale, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const run = await minimize(bowl, scale(0.1), { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.4) < 1e-5);
 * ```
 */
export function scale(by: Hyper): Scale {
  return transform({ kind: "scale", by });
}

/**
 * u ← u − previous u; the first step gives 0.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { difference } from "@steepest/steepest";
 *
 * assert.deepEqual(difference(), { kind: "difference" });
 * ```
 */
export function difference(): Difference {
  return transform({ kind: "difference" });
}

/**
 * u ← u + decay·θ on the parameters that `mask` matches.
 *
 * Its place is its meaning: first it is an L2 penalty, before `scale` it is AdamW's, after `scale` it is
 * independent of the rate.
 *
 * @param decay λ ≥ 0, a number, a schedule or a signal.
 * @param mask Which parameters decay; default all. Matching none is an error when the program is built.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { chain, minimize, objective, scale, square, weightDecay } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = chain(scale(0.1), weightDecay(0.1));
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.1) < 1e-5);
 * ```
 */
export function weightDecay(decay: Hyper, mask: Predicate = all()): WeightDecay {
  return transform({ kind: "weightDecay", decay, mask });
}

/**
 * u ← min(cap, α·max(0, f − L)/(gᵀu))·u, the Newton–Raphson step on f = L along u.
 *
 * After nothing it is NaSGD. gᵀu ≤ 0 gives no step and is counted.
 * Source: norm-adapted-gradient-descent, equation (2) and Algorithm 1.
 *
 * @param options `alpha`: α ≥ 0, default 1. `lowerBound`: L in units of the loss, default 0. `cap`: the largest
 * factor, > 0, default 1; null takes it away.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, newtonRaphson, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const run = await minimize(bowl, newtonRaphson(), { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 1.5) < 1e-5);
 * ```
 */
export function newtonRaphson(
  options: {
    readonly alpha?: Hyper;
    readonly lowerBound?: Hyper;
    readonly cap?: Hyper | null;
  } = {},
): NewtonRaphson {
  const { cap = 1, ...rest } = withOptions("newtonRaphson", options);
  return transform({ ...rest, ...(cap === null ? {} : { cap }) });
}
