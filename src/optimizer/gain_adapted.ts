/**
 * A damping that follows how well the model foretold the loss.
 *
 * @module
 */

import { transform, withOptions } from "./build.ts";
import type { Hyper } from "./schedule.ts";
import type { GainAdapted, Optimizer } from "./types.ts";

/** Options of {@link gainAdapted}. */
export interface GainAdaptedOptions {
  /** What makes the step; it may read μ as the signal `"damping"`. */
  readonly of: Optimizer;
  /**
   * M, the quadratic model that the step is measured by: one product with it.
   *
   * @default "gaussNewton"
   */
  readonly model?: "gaussNewton" | "hessian";
  /**
   * `"thresholds"`: μ ← grow·μ where ρ < low or ρ ≤ 0, shrink·μ where ρ > high. `"nielsen"`: μ ← max(shrink, 1 − (2ρ −
   * 1)³)·μ where ρ > 0, else νμ and ν ← 2ν, ν being `grow` after every ρ > 0.
   *
   * @default "thresholds"
   */
  readonly rule?: "thresholds" | "nielsen";
  /**
   * μ₀ > 0, in units of the curvature.
   *
   * @default 1
   */
  readonly initial?: number;
  /**
   * The least μ, > 0.
   *
   * @default 1e-10
   */
  readonly least?: Hyper;
  /**
   * The largest μ, > 0.
   *
   * @default 1e10
   */
  readonly most?: Hyper;
  /**
   * What μ is multiplied by after a bad step, ≥ 1.
   *
   * @default 3/2, by Nielsen's rule 2
   */
  readonly grow?: Hyper;
  /**
   * What μ is multiplied by after a good one (at least, by Nielsen's rule), in (0, 1].
   *
   * @default 2/3, by Nielsen's rule 1/3
   */
  readonly shrink?: Hyper;
  /**
   * Below this ρ is bad, in [0, 1]; with `"thresholds"` alone.
   *
   * @default 1/4
   */
  readonly low?: Hyper;
  /**
   * Above this ρ is good, in [0, 1]; with `"thresholds"` alone.
   *
   * @default 3/4
   */
  readonly high?: Hyper;
  /**
   * Whether there is no step where ρ ≤ 0.
   *
   * @default true
   */
  readonly rejects?: boolean;
}

/**
 * u ← of(u), and a damping μ for `of` that follows the gain ratio ρ = (f(θ) − f(θ − u))/(gᵀu − ½uᵀMu) of the steps
 * before, as the signal `"damping"`.
 *
 * ρ is of what `of` puts out, on the batch of the step; M is not damped. Where the model promises no decrease, or f(θ −
 * u) is not finite, the step is as bad as one with ρ ≤ 0; where u = 0 nothing changes. With `rejects` a step with ρ ≤ 0 is
 * 0, while what `of` remembers goes on. Records: `damping`, `gain` (0 where it is not defined), `rejected`. It costs a
 * product with M and a loss elsewhere.
 *
 * Source: Levenberg 1944 and Marquardt 1963, whose rule has `low` and `high` 0, `grow` 10 and `shrink` 1/10; Martens 2010,
 * section 4.1, for the thresholds as they are; Nielsen 1999, equation (2.4) with his ν and p = 3.
 *
 * @throws {SteepestError} of kind `description`: a value out of range, or thresholds with Nielsen's rule.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import * as steepest from "@steepest/steepest";
 *
 * const { curvature, full, gainAdapted, hessian, minimize, objective, pow, signal } = steepest;
 * const bowl = objective({ parameters: { x: 1 }, loss: ({ x }) => pow(x, 4) });
 * const newton = curvature({
 *   calculating: hessian(),
 *   structure: full(),
 *   damping: steepest.add(signal("damping")),
 * });
 * const optimizer = gainAdapted({ of: newton, model: "hessian" });
 * const run = await minimize(bowl, optimizer, { steps: 40, backend: "reference" });
 * assert(Math.abs(run.parameters.x) < 0.01);
 * ```
 */
export function gainAdapted(options: GainAdaptedOptions): GainAdapted {
  return transform(withOptions("gainAdapted", options));
}
