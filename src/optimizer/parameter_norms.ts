/**
 * Steps in units of the parameters: how long u is relative to θ, by block.
 *
 * @module
 */

import type { BlockNorm, Per } from "./blocks.ts";
import { transform, withOptions } from "./build.ts";
import type { Hyper } from "./schedule.ts";
import type { Optimizer, ScaleByParameterNorm, ScaleByShape, TrustRatio } from "./types.ts";

/** What {@link trustRatio} takes. */
export interface TrustRatioOptions {
  /**
   * c ≥ 0: ‖ρu‖ is c·‖θ‖ before the rate.
   *
   * @default 1
   */
  readonly coefficient?: Hyper;
  /**
   * What the norms are over.
   *
   * @default "tensor"
   */
  readonly per?: Per;
  /**
   * The least ‖θ‖ that counts, ≥ 0, in units of θ.
   *
   * @default 0
   */
  readonly floor?: Hyper;
  /**
   * How much of ‖θ‖ is added to ‖u‖, ≥ 0: the λ of a weight decay inside `direction`.
   *
   * @default 0
   */
  readonly decay?: Hyper;
  /**
   * What is added to ‖u‖, ≥ 0, in units of u.
   *
   * @default 0
   */
  readonly eps?: Hyper;
  /**
   * The smallest ρ, ≥ 0.
   *
   * @default no bound
   */
  readonly min?: Hyper;
  /**
   * The largest ρ, > 0.
   *
   * @default no bound
   */
  readonly max?: Hyper;
  /**
   * The transform of u that is scaled; the norm in ρ is that of u itself.
   *
   * @default `identity()`
   */
  readonly direction?: Optimizer;
}

/**
 * u ← ρ·direction(u) with ρ = c·max(‖θ‖, floor)/(‖u‖ + decay·‖θ‖ + ε) in each block, kept between `min` and `max`.
 *
 * Where max(‖θ‖, floor) or ‖u‖ is 0, ρ is 1 (not c) before it is kept between the two, as in optax; the blocks at
 * which a bound decides are counted. After a `weightDecay` it takes the norm of the sum, as optax's LARS and LAMB
 * do; `{ decay: λ, direction: weightDecay(λ) }` takes the sum of the norms, as printed in the paper on LARS.
 *
 * Source: You, Gitman and Ginsburg 2017, equation (6).
 *
 * @throws {SteepestError} of kind `description`: a value out of range, or `min` above `max`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, square, trustRatio } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const run = await minimize(bowl, trustRatio({ coefficient: 0.1 }), { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.7) < 1e-5);
 * ```
 */
export function trustRatio(options: TrustRatioOptions = {}): TrustRatio {
  return transform(withOptions("trustRatio", options));
}

/**
 * u ← max(‖θ‖, floor)·u in each block: the rate after it is a relative step size.
 *
 * With `floor` 0 a block that is 0 stays 0. Source: Shazeer and Stern 2018, Algorithm 4, line 4.
 *
 * @param options `per`: default `"tensor"`. `norm`: default `"rms"`. `floor` ≥ 0, in units of θ, default 1e-3.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { chain, minimize, objective, scale, scaleByParameterNorm, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = chain(scaleByParameterNorm(), scale(0.1));
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 1.2) < 1e-5);
 * ```
 */
export function scaleByParameterNorm(
  options: Partial<BlockNorm> & { readonly floor?: Hyper } = {},
): ScaleByParameterNorm {
  return transform(withOptions("scaleByParameterNorm", options));
}

/**
 * u ← √c·u in each tensor, where c is a number of its shape: m is the extent of the first axis and n that of all others together (1 of a
 * vector). After an orthogonal factor it says which norm of the step is the same for all tensors.
 *
 * Source: Jordan et al. 2024 for `"tall"`, which PyTorch and optax have too; Bernstein 2024 for `"aspect"`; Liu et al. 2025 for
 * `"longest"`, where they multiply by 0.2 as well.
 *
 * @param factor `"tall"`: max(1, m/n), the default. `"aspect"`: m/n, for a root mean square of outputs of 1. `"longest"`: max(m, n), for
 * elements with a root mean square of 1.
 * @throws {SteepestError} of kind `description`: another word.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, scaleByShape, square, sum } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: [[3], [3], [3], [3]] }, loss: ({ x }) => sum(square(x)) });
 * const run = await minimize(bowl, scaleByShape(), { steps: 1, backend: "reference" });
 * assert.deepEqual([...run.parameters.x.data], [-9, -9, -9, -9]);
 * ```
 */
export function scaleByShape(factor: ScaleByShape["factor"] = "tall"): ScaleByShape {
  return transform({ kind: "scaleByShape", factor });
}
