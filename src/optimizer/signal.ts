/**
 * Signals as data: a hyperparameter value that depends on what the device computes in the same step.
 *
 * The host evaluates schedules, which are functions of the step alone; the device evaluates signals.
 *
 * @module
 */

import { signalValue, withOptions } from "./build.ts";

/**
 * A scalar that a hyperparameter may read: the loss at θ on this batch, the distance that an enclosing
 * `distanceAdapted` estimates, or the damping that an enclosing `gainAdapted` finds.
 */
export type SignalName = "loss" | "distance" | "damping";

/** times·s, kept in [min, max] where they are given; s the scalar called `of`. */
export interface Reading {
  /** The tag of this signal. */
  readonly kind: "signal";
  /** The scalar that is read: that of the innermost place that provides it. */
  readonly of: SignalName;
  /** What it is multiplied with. */
  readonly times: number;
  /** The least value. Absent: none. */
  readonly min?: number;
  /** The largest value. Absent: none. */
  readonly max?: number;
}

/** max(to, from·factorⁿ), n how often `of` has not fallen for `patience` observations. */
export interface Plateau {
  /** The tag of this signal. */
  readonly kind: "plateau";
  /** The scalar that is watched. */
  readonly of: SignalName;
  /** The value until the first plateau, ≥ 0. */
  readonly from: number;
  /** The least value, in [0, from]. */
  readonly to: number;
  /** What is left after each plateau, in (0, 1]. */
  readonly factor: number;
  /** How many observations in a row without a new least one make a plateau, ≥ 1. */
  readonly patience: number;
  /** For how many observations after a plateau none are counted, ≥ 0. */
  readonly cooldown: number;
  /** By which part of the least observation a new one must lie below it, in [0, 1). */
  readonly threshold: number;
  /** The mean over how many steps is one observation, ≥ 1. */
  readonly window: number;
}

/** A value that the device computes. */
export type Signal = Reading | Plateau;

/** The kinds of {@link Signal}. */
export type SignalKind = Signal["kind"];

/**
 * A hyperparameter value that is times·s, s a scalar which the device computes at this step.
 *
 * `"loss"` is f(θ) on this batch and stands everywhere; `"distance"` is the d of the innermost `distanceAdapted`
 * round the place, `"damping"` the μ of the innermost `gainAdapted`, and both an error elsewhere. Where a hyperparameter has a range that s may leave, `min` and `max` must
 * keep it there.
 *
 * @param of The scalar that is read.
 * @param options `times`: default 1. `min`, `max`: default none.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, scale, signal, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = scale(signal("loss", { times: 0.01, max: 0.1 })); // min(0.1, 0.01·f)
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - (3 - 0.09 * 6)) < 1e-5);
 * ```
 */
export function signal(
  of: SignalName,
  options: { readonly times?: number; readonly min?: number; readonly max?: number } = {},
): Reading {
  return signalValue(withOptions("signal", options, { of }));
}

/**
 * A value that is multiplied by `factor` whenever the loss has not fallen for `patience` observations.
 *
 * An observation is the mean over `window` steps. It is new if it lies below the least one before, b, by more than
 * threshold·|b|; a loss that is not finite never is. The step that completes the plateau is taken with the smaller
 * value. That is optax's `contrib.reduce_on_plateau` with rtol = threshold, accumulation_size = window and min_scale =
 * to/from, and without atol; for negative losses optax's threshold lies above b. PyTorch's `ReduceLROnPlateau` waits
 * for one observation more (`patience` there is one less than here), is told its metric by the caller, and lets the
 * smaller value begin with the step after. State lives on the device, one for each replica; behind a gate that is
 * shut nothing is observed, and where a stage takes samples every k steps, its hyperparameters observe every k-th.
 *
 * @param options `of`: default `"loss"`. `from` ≥ 0. `to` in [0, from], default 0. `factor` in (0, 1], default 0.1.
 * `patience` ≥ 1, default 10. `cooldown` ≥ 0, default 0. `threshold` in [0, 1), default 1e-4. `window` ≥ 1, default 1.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, plateau, scale, square } from "@steepest/steepest";
 *
 * // A rate of 1 jumps from 3 to −3 and back until the plateau is noticed; a rate of 0.5 is exact.
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = scale(plateau({ from: 1, factor: 0.5, patience: 4 }));
 * const run = await minimize(bowl, optimizer, { steps: 6, backend: "reference" });
 * assert.deepEqual([...run.losses], [9, 9, 9, 9, 9, 0, 0]);
 * ```
 */
export function plateau(
  options: {
    readonly of?: SignalName;
    readonly from: number;
    readonly to?: number;
    readonly factor?: number;
    readonly patience?: number;
    readonly cooldown?: number;
    readonly threshold?: number;
    readonly window?: number;
  },
): Plateau {
  return signalValue(withOptions("plateau", options));
}
