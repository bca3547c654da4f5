/**
 * The transforms around a stage: averages, traces, scaling, decay, differences and the Newton–Raphson step.
 *
 * @module
 */

import { slot, transform } from "./build.ts";
import type { EmaAccumulator, RegressionPrior } from "./iterative.ts";
import { all, type Predicate } from "./predicate.ts";
import type { Hyper } from "./schedule.ts";
import type { Difference, Ema, NewtonRaphson, Scale, Trace, WeightDecay } from "./types.ts";

/** What {@link ema} takes as a transform. */
export interface EmaOptions {
  readonly decay: Hyper;
  /** Divide by the weight accumulated so far; default false. */
  readonly debias?: boolean;
  /** r in r·m₋ + (1 − r)u; default `decay`, that is out = m. */
  readonly read?: Hyper;
}

/** What {@link ema} takes as an accumulator in the slot `iterative`. */
export interface EmaAccumulatorOptions {
  readonly decay: Hyper;
  readonly debias?: boolean;
  /** The weighted variance of the sampled vector in place of its second moment; default false. */
  readonly centred?: boolean;
  /** p of (ema of x^p)^{1/p}; default 1. */
  readonly power?: number;
  /** What the statistic starts from; default 0. */
  readonly initial?: number | RegressionPrior;
}

/**
 * An exponential moving average, both as a transform of u and as an accumulator of curvature.
 *
 * Nesterov's momentum is `read` = decay²; Lion's is `{ decay: 0.99, read: 0.9 }`.
 */
export function ema(
  options: { readonly decay: Hyper; readonly debias?: boolean },
): Ema & EmaAccumulator;
export function ema(options: EmaOptions): Ema;
export function ema(options: EmaAccumulatorOptions): EmaAccumulator;
export function ema(options: EmaOptions & EmaAccumulatorOptions): Ema | EmaAccumulator {
  const { centred, power, initial } = options;
  return centred === undefined && power === undefined && initial === undefined
    ? transform({ kind: "ema", ...options })
    : slot("iterative", { kind: "ema", ...options });
}

/** v ← μv + (1 − dampening)u; out v, or with `nesterov` u + μv (heavy ball by default). */
export function trace(
  options: {
    readonly decay: Hyper;
    readonly nesterov?: boolean;
    readonly dampening?: Hyper;
  },
): Trace {
  return transform({ kind: "trace", ...options });
}

/** u ← by·u. */
export function scale(by: Hyper): Scale {
  return transform({ kind: "scale", by });
}

/** u ← u − previous u. */
export function difference(): Difference {
  return transform({ kind: "difference" });
}

/**
 * u ← u + decay·θ on the parameters that `mask` matches (default: all).
 *
 * Its place is its meaning: first it is an L2 penalty, before `scale` it is AdamW's, after `scale` it is
 * independent of the rate.
 */
export function weightDecay(decay: Hyper, mask: Predicate = all()): WeightDecay {
  return transform({ kind: "weightDecay", decay, mask });
}

/**
 * u ← min(cap, α·max(0, f − L)/(gᵀu))·u, the Newton–Raphson step on f = L along u.
 *
 * After nothing it is NaSGD (norm-adapted-gradient-descent, Algorithm 1). gᵀu ≤ 0 gives no step and is counted.
 * Defaults: alpha 1, lowerBound 0, cap 1; `cap: null` takes the cap away.
 */
export function newtonRaphson(
  options: {
    readonly alpha?: Hyper;
    readonly lowerBound?: Hyper;
    readonly cap?: Hyper | null;
  } = {},
): NewtonRaphson {
  const { cap = 1, ...rest } = options;
  return transform({ kind: "newtonRaphson", ...rest, ...(cap === null ? {} : { cap }) });
}
