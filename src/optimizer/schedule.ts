/**
 * Schedules as data: a hyperparameter value that depends on the step count t = 0, 1, 2, … of its transform.
 *
 * @module
 */

import type { Polynomial, PowerDecay, Rectification, Restarts } from "./annealing.ts";
import { schedule, slot, withOptions } from "./build.ts";
import type { Signal } from "./signal.ts";

/** The same value at every step; with a number also the curvature λ = value of the slot `calculating`. */
export interface ConstantOf<T> {
  /** The tag of this schedule. */
  readonly kind: "constant";
  /** The value. */
  readonly value: T;
}

/** λ = value, whatever the update is. */
export type Constant = ConstantOf<Hyper>;

/** from + (to − from)·min(1, t/steps). */
export interface Linear {
  /** The tag of this schedule. */
  readonly kind: "linear";
  /** The value at t = 0. */
  readonly from: number;
  /** The value from t = steps on. */
  readonly to: number;
  /** How many steps it takes, ≥ 1. */
  readonly steps: number;
}

/** from·(t + 1)/warmup for t < warmup, then half a cosine from `from` to `to`, reached at t = steps. */
export interface CosineDecay {
  /** The tag of this schedule. */
  readonly kind: "cosineDecay";
  /** The largest value, reached at the end of the warm-up. */
  readonly from: number;
  /** The value from t = steps on. */
  readonly to: number;
  /** How many steps it takes, the warm-up included, ≥ 1. */
  readonly steps: number;
  /** How many steps the linear rise takes, fewer than `steps`; 0 for none. */
  readonly warmup: number;
}

/** from·factor^(t/steps). */
export interface ExponentialDecay {
  /** The tag of this schedule. */
  readonly kind: "exponentialDecay";
  /** The value at t = 0. */
  readonly from: number;
  /** What is left after `steps` steps, in (0, 1]. */
  readonly factor: number;
  /** In how many steps it decays by `factor`, ≥ 1. */
  readonly steps: number;
}

/** from·factor^⌊t/steps⌋. */
export interface StepDecay {
  /** The tag of this schedule. */
  readonly kind: "stepDecay";
  /** The value of the first `steps` steps. */
  readonly from: number;
  /** What is left after each change, in (0, 1]. */
  readonly factor: number;
  /** How many steps from one change to the next, ≥ 1. */
  readonly steps: number;
}

/** `from` until the first change, then the value of the last change with at ≤ t. */
export interface Piecewise {
  /** The tag of this schedule. */
  readonly kind: "piecewise";
  /** The value before the first change. */
  readonly from: number;
  /** From t = at on it is `value`; the steps `at` are ≥ 1 and increase. */
  readonly changes: readonly { readonly at: number; readonly value: number }[];
}

/** to·min(1, (t + 1)/steps): never 0, so that the first step moves. */
export interface WarmupSchedule {
  /** The tag of this schedule. */
  readonly kind: "warmup";
  /** The value from t = steps − 1 on. */
  readonly to: number;
  /** How many steps the rise takes, ≥ 1. */
  readonly steps: number;
}

/** Half a cosine from peak/divide up to peak at t = ⌊rise·steps⌋, and one down to peak/finalDivide at t = steps. */
export interface OneCycle {
  /** The tag of this schedule. */
  readonly kind: "oneCycle";
  /** The largest value. */
  readonly peak: number;
  /** How many steps the cycle takes, ≥ 1. */
  readonly steps: number;
  /** The part of the steps that goes up, in [0, 1). */
  readonly rise: number;
  /** peak over the value at t = 0, ≥ 1. */
  readonly divide: number;
  /** peak over the value from t = steps on, ≥ 1. */
  readonly finalDivide: number;
}

/** by/(1 − decay^(t + 1 + lead)): the inverse weight of an `ema` that has run t + 1 (+ lead) steps. */
export interface Unbiased {
  /** The tag of this schedule. */
  readonly kind: "unbiased";
  /** What it tends to. */
  readonly by: number;
  /** The decay of that `ema`, in [0, 1). */
  readonly decay: number;
  /** How many steps ahead the weight is taken, ≥ 0. */
  readonly lead: number;
}

/** Piece i from t = at[i − 1] on (the first from 0), each with a clock that starts at 0 there. */
export interface Join {
  /** The tag of this schedule. */
  readonly kind: "join";
  /** The pieces, at least two. */
  readonly of: readonly Schedule[];
  /** Where the second and each later piece begins; increasing, ≥ 1, one fewer than the pieces. */
  readonly at: readonly number[];
}

/** A value that depends on the step count. */
export type Schedule =
  | ConstantOf<number>
  | Linear
  | CosineDecay
  | ExponentialDecay
  | PowerDecay
  | StepDecay
  | Piecewise
  | WarmupSchedule
  | OneCycle
  | Unbiased
  | Join
  | Polynomial
  | Restarts
  | Rectification;

/** The kinds of {@link Schedule}. */
export type ScheduleKind = Schedule["kind"];

/** A hyperparameter value: a number, a schedule (a function of t), or a signal (of what the device computes). */
export type Hyper = number | Schedule | Signal;

/** The value at every step; with a number, a schedule or a signal also `calculating: constant(L)`. */
export function constant(value: number): ConstantOf<number>;
export function constant(value: Hyper): Constant;
export function constant(value: Hyper): Constant {
  return typeof value === "number"
    ? schedule({ kind: "constant", value })
    : slot("calculating", { kind: "constant", value });
}

/**
 * from + (to − from)·min(1, t/steps).
 *
 * @param options `steps` ≥ 1.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { linear, minimize, objective, scale, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = scale(linear({ from: 0.1, to: 0, steps: 10 }));
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.4) < 1e-5);
 * ```
 */
export function linear(
  options: { readonly from: number; readonly to: number; readonly steps: number },
): Linear {
  return schedule(withOptions("linear", options));
}

/**
 * from·(t + 1)/warmup for t < warmup, then half a cosine from `from` down to `to`, reached at t = steps.
 *
 * Source: Loshchilov and Hutter 2016, equation 5, without restarts.
 *
 * @param options `to`: default 0. `steps` ≥ 1, the warm-up included. `warmup`: fewer than `steps`, default 0.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { cosineDecay, minimize, objective, scale, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = scale(cosineDecay({ from: 0.1, steps: 100, warmup: 10 }));
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.94) < 1e-5);
 * ```
 */
export function cosineDecay(
  options: {
    readonly from: number;
    readonly to?: number;
    readonly steps: number;
    readonly warmup?: number;
  },
): CosineDecay {
  return schedule(withOptions("cosineDecay", options));
}

/**
 * from·factor^(t/steps).
 *
 * @param options `factor` in (0, 1]; `steps` ≥ 1.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { exponentialDecay, minimize, objective, scale, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = scale(exponentialDecay({ from: 0.1, factor: 0.5, steps: 10 }));
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.4) < 1e-5);
 * ```
 */
export function exponentialDecay(
  options: { readonly from: number; readonly factor: number; readonly steps: number },
): ExponentialDecay {
  return schedule(withOptions("exponentialDecay", options));
}

/**
 * from·factor^⌊t/steps⌋.
 *
 * @param options `factor` in (0, 1]; `steps` ≥ 1.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, scale, square, stepDecay } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = scale(stepDecay({ from: 0.1, factor: 0.5, steps: 10 }));
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.4) < 1e-5);
 * ```
 */
export function stepDecay(
  options: { readonly from: number; readonly factor: number; readonly steps: number },
): StepDecay {
  return schedule(withOptions("stepDecay", options));
}

/**
 * `from`, then each change's value from its step on.
 *
 * @param options `changes`: at least one, at increasing steps ≥ 1.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, piecewise, scale, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = scale(piecewise({ from: 0.1, changes: [{ at: 100, value: 0.01 }] }));
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.4) < 1e-5);
 * ```
 */
export function piecewise(
  options: {
    readonly from: number;
    readonly changes: readonly { readonly at: number; readonly value: number }[];
  },
): Piecewise {
  return schedule(withOptions("piecewise", options));
}

/**
 * to·min(1, (t + 1)/steps): never 0, so that the first step moves.
 *
 * @param options `steps` ≥ 1.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, scale, square, warmup } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = scale(warmup({ to: 0.1, steps: 10 }));
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.94) < 1e-5);
 * ```
 */
export function warmup(options: { readonly to: number; readonly steps: number }): WarmupSchedule {
  return schedule(withOptions("warmup", options));
}

/**
 * Half a cosine from peak/divide up to `peak` at t = ⌊rise·steps⌋, and one down to peak/finalDivide at t = steps.
 *
 * Source: Smith and Topin 2017, with cosines.
 *
 * @param options `steps` ≥ 1. `rise` in [0, 1), default 0.3. `divide` ≥ 1, default 25. `finalDivide` ≥ 1, default
 * 10 000.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, oneCycle, scale, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = scale(oneCycle({ peak: 0.25, steps: 100 }));
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.94) < 1e-5);
 * ```
 */
export function oneCycle(
  options: {
    readonly peak: number;
    readonly steps: number;
    readonly rise?: number;
    readonly divide?: number;
    readonly finalDivide?: number;
  },
): OneCycle {
  return schedule(withOptions("oneCycle", options));
}

/**
 * by/(1 − decay^(t + 1 + lead)): the inverse weight of an `ema` that has run t + 1 (+ lead) steps.
 *
 * @param options `decay` in [0, 1). `lead`: steps ahead, ≥ 0, default 0.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { chain, ema, minimize, objective, scale, square, unbiased } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = chain(ema({ decay: 0.9 }), scale(unbiased({ by: 0.1, decay: 0.9 })));
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.4) < 1e-5);
 * ```
 */
export function unbiased(
  options: { readonly by: number; readonly decay: number; readonly lead?: number },
): Unbiased {
  return schedule(withOptions("unbiased", options));
}

/**
 * One schedule after the other, each with a clock that starts at 0 where it begins.
 *
 * @param options `of`: at least two pieces. `at`: where the second and each later piece begins, increasing, ≥ 1.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { constant, join, linear, minimize, objective, scale, square } from "@steepest/steepest";
 *
 * const rate = join({ of: [constant(0.1), linear({ from: 0.1, to: 0, steps: 50 })], at: [50] });
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const run = await minimize(bowl, scale(rate), { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.4) < 1e-5);
 * ```
 */
export function join(
  options: { readonly of: readonly Schedule[]; readonly at: readonly number[] },
): Join {
  return schedule(withOptions("join", options));
}
