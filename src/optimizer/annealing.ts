/**
 * Schedules that fall along a curve, start again, or correct an estimate that is still young.
 *
 * @module
 */

import { refuse, unknownOptions } from "../errors/options.ts";
import { schedule, withOptions } from "./build.ts";
import { cosineDecay, type Join, join, type Schedule, warmup } from "./schedule.ts";

/** to + (from − to)·(1 − min(1, t/steps))^power. */
export interface Polynomial {
  /** The tag of this schedule. */
  readonly kind: "polynomial";
  /** The value at t = 0. */
  readonly from: number;
  /** The value from t = steps on. */
  readonly to: number;
  /** How many steps it takes, ≥ 1. */
  readonly steps: number;
  /** The power, > 0; 1 is a straight line. */
  readonly power: number;
}

/** to + (from − to)·(1 + t/steps)^−power. */
export interface PowerDecay {
  /** The tag of this schedule. */
  readonly kind: "powerDecay";
  /** The value at t = 0. */
  readonly from: number;
  /** What it tends to and never reaches. */
  readonly to: number;
  /** How fast, > 0: of the distance to `to` a share of 2^−power is left after `steps` steps. */
  readonly power: number;
  /** The unit of t, ≥ 1. */
  readonly steps: number;
}

/** `of` again and again: cycle i takes steps·growthⁱ steps, in which the clock of `of` runs from 0 to `steps`. */
export interface Restarts {
  /** The tag of this schedule. */
  readonly kind: "restarts";
  /** What each cycle goes through. */
  readonly of: Schedule;
  /** How many steps the first cycle takes, ≥ 1. */
  readonly steps: number;
  /** How many times longer each cycle is than the one before, an integer ≥ 1. */
  readonly growth: number;
}

/**
 * 1 for t < after, then r = √((ρ − 4)(ρ − 2)ρ∞/((ρ∞ − 4)(ρ∞ − 2)ρ)), with ρ∞ = 2/(1 − β) − 1 and
 * ρ = ρ∞ − 2nβⁿ/(1 − βⁿ) at n = t + 1; 0 where ρ ≤ 4.
 */
export interface Rectification {
  /** The tag of this schedule. */
  readonly kind: "rectification";
  /** β in (2/3, 1), the decay of the average of squares. */
  readonly decay: number;
  /** For how many steps it is 1, ≥ 4. */
  readonly after: number;
}

/**
 * to + (from − to)·(1 − min(1, t/steps))^power.
 *
 * It is optax's `polynomial_schedule` without `transition_begin` (a `join` delays it), and PyTorch's `PolynomialLR`
 * with `to` 0.
 *
 * @param options `to`: default 0. `steps` ≥ 1. `power` > 0, default 1.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, polynomial, scale, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = scale(polynomial({ from: 0.1, steps: 100, power: 2 }));
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.4) < 1e-5);
 * ```
 */
export function polynomial(
  options: {
    readonly from: number;
    readonly to?: number;
    readonly steps: number;
    readonly power?: number;
  },
): Polynomial {
  return schedule(withOptions("polynomial", options));
}

/**
 * to + (from − to)·(1 + t/steps)^−power, which tends to `to`.
 *
 * With t′ = t + 1 steps taken, `{ from: 1, power: 0.5 }` is 1/√t′ and `{ from: 0, to: 1, power: 0.8 }` is the decay
 * 1 − t′^−0.8 of Shazeer and Stern 2018; with power 1 it is the inverse-time decay of Robbins and Monro 1951.
 *
 * @param options `to`: default 0. `power` > 0. `steps`: an integer ≥ 1, default 1.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, powerDecay, scale, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = scale(powerDecay({ from: 0.25, power: 1 }));
 * const run = await minimize(bowl, optimizer, { steps: 2, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 1.125) < 1e-5);
 * ```
 */
export function powerDecay(
  options: {
    readonly from: number;
    readonly to?: number;
    readonly power: number;
    readonly steps?: number;
  },
): PowerDecay {
  return schedule(withOptions("powerDecay", options));
}

/**
 * peak·min((t + 1)/warmup, √(warmup/(t + 1))): a linear rise, then a fall with the root of the step.
 *
 * Source: Vaswani et al. 2017, equation 3, with `peak` for d^{−1/2}·warmup^{−1/2}.
 *
 * @param options `warmup` ≥ 1, default 1: peak/√(t + 1) from the first step on. It is
 * a `warmup` joined to a `powerDecay`.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { inverseSqrt, minimize, objective, scale, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = scale(inverseSqrt({ peak: 0.1, warmup: 10 }));
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.94) < 1e-5);
 * ```
 */
export function inverseSqrt(
  options: { readonly peak: number; readonly warmup?: number },
): Join | PowerDecay {
  refuse(unknownOptions("inverseSqrt", options, ["peak", "warmup"]));
  const { peak, warmup: steps = 1 } = options;
  const fall = powerDecay({ from: peak, power: 0.5, steps });
  if (steps === 1) return fall;
  return join({ of: [warmup({ to: peak, steps }), fall], at: [steps - 1] });
}

/**
 * A schedule again and again, each cycle `growth` times as long as the one before.
 *
 * In a longer cycle the clock of `of` runs more slowly, through the same values. PyTorch's `CyclicLR` is this of a
 * `join` of two lines.
 *
 * @param options `steps`: of the first cycle, ≥ 1. `growth`: an integer ≥ 1, default 1.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { linear, minimize, objective, restarts, scale } from "@steepest/steepest";
 *
 * const slope = objective({ parameters: { x: 0 }, loss: ({ x }) => x });
 * const saw = restarts({ of: linear({ from: 1, to: 0, steps: 2 }), steps: 2 });
 * const run = await minimize(slope, scale(saw), { steps: 4, backend: "reference" });
 * assert.equal(run.parameters.x, -(1 + 0.5 + 1 + 0.5));
 * ```
 */
export function restarts(
  options: { readonly of: Schedule; readonly steps: number; readonly growth?: number },
): Restarts {
  return schedule(withOptions("restarts", options));
}

/**
 * Half a cosine from `from` to `to` in `steps` steps, again and again: `restarts` of `cosineDecay`.
 *
 * Source: Loshchilov and Hutter 2016, equation 5; PyTorch's `CosineAnnealingWarmRestarts` with T_0 = steps and
 * T_mult = growth. A cycle of its own peak, as optax's `sgdr_schedule` has, is a piece of a `join`.
 *
 * @param options `to`: default 0. `steps`: of the first cycle, ≥ 1. `growth`: an integer ≥ 1, default 1.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { cosineDecay, cosineRestarts, restarts } from "@steepest/steepest";
 *
 * assert.deepEqual(
 *   cosineRestarts({ from: 0.1, steps: 10, growth: 2 }),
 *   restarts({ of: cosineDecay({ from: 0.1, steps: 10 }), steps: 10, growth: 2 }),
 * );
 * ```
 */
export function cosineRestarts(
  options: {
    readonly from: number;
    readonly to?: number;
    readonly steps: number;
    readonly growth?: number;
  },
): Restarts {
  refuse(unknownOptions("cosineRestarts", options, ["from", "to", "steps", "growth"]));
  const { growth, ...cycle } = options;
  return restarts({
    of: cosineDecay(cycle),
    steps: options.steps,
    ...(growth === undefined ? {} : { growth }),
  });
}

/**
 * The factor by which RAdam shortens the step while its average of squares is young: 1 for t < after, then r_t.
 *
 * Source: Liu et al. 2019, Algorithm 2. The paper rectifies from ρ > 4 on (`after: 4`), PyTorch and optax from ρ > 5
 * (`after: 5`); for β ≥ 0.9 the fifth step is the first with ρ > 4, and the sixth the first with ρ > 5.
 *
 * @param options `decay`: β in (2/3, 1). `after`: ≥ 4, default 5.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, rectification, scale } from "@steepest/steepest";
 *
 * const slope = objective({ parameters: { x: 0 }, loss: ({ x }) => x });
 * const optimizer = scale(rectification({ decay: 0.999 }));
 * const run = await minimize(slope, optimizer, { steps: 6, backend: "reference" });
 * assert(Math.abs(run.parameters.x + 5 + 0.0258) < 1e-3);
 * ```
 */
export function rectification(
  options: { readonly decay: number; readonly after?: number },
): Rectification {
  return schedule(withOptions("rectification", options));
}
