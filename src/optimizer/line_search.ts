/**
 * How far to go along u, found by trials on the device.
 *
 * @module
 */

import { transform, withOptions } from "./build.ts";
import type { Hyper } from "./schedule.ts";
import type { LineSearch } from "./types.ts";

/** Options of {@link lineSearch}. */
export interface LineSearchOptions {
  /**
   * `"backtracking"`: each α is `decrease` times the one before, until φ(α) ≤ φ(0) + c₁αφ′(0) (Armijo).
   * `"strongWolfe"`: a bracket is found and halved by cubics, until |φ′(α)| ≤ c₂|φ′(0)| too.
   *
   * @default "backtracking"
   */
  readonly method?: "backtracking" | "strongWolfe";
  /**
   * α of the first trial, > 0: with a direction of Newton's kind 1.
   *
   * @default 1
   */
  readonly initial?: Hyper;
  /**
   * `"bounded"`: at the first step the first trial is min(1, 1/‖u‖₁)·initial, for directions that know no scale then.
   *
   * @default "whole"
   */
  readonly first?: "whole" | "bounded";
  /**
   * c₁ in [0, 1], which part of the decrease that the slope promises is enough.
   *
   * @default 1e-4
   */
  readonly c1?: Hyper;
  /**
   * c₂ in [0, 1], above c₁, which part of the slope may be left; for `"strongWolfe"` alone.
   *
   * @default 0.9
   */
  readonly c2?: Hyper;
  /**
   * What each α is of the one before, in (0, 1); for `"backtracking"` alone.
   *
   * @default 0.5
   */
  readonly decrease?: Hyper;
  /**
   * How many trials at most, ≥ 1: structural.
   *
   * @default 10
   */
  readonly trials?: number;
  /**
   * α where no trial suffices, which is counted: `"none"`: 0; `"last"`: that of the last trial; `"best"`: that of the
   * trial with the least loss, if this is below f(θ).
   *
   * @default "none"
   */
  readonly otherwise?: "none" | "last" | "best";
}

/**
 * *Last*: u ← α·u, where α is found by trials of φ(α) = f(θ − α·u) on the batch and with the dropout of the step.
 *
 * φ(0) = f and φ′(0) = −gᵀu, g the gradient of the objective, whatever u has gone through. Where gᵀu ≤ 0 there is no step
 * (record `noStep`); where no trial suffices, what `otherwise` says happens (record `unmet`). A trial without a finite
 * loss counts as too long. Other records: `trials`, `alpha`. In a part of a partition the other parameters stay at θ. The
 * trials are a loop on the device: what comes after the one that suffices changes nothing. A trial costs 0.4 of a
 * gradient, for `"strongWolfe"`, which takes the slope along u by a forward derivative, as much as a gradient.
 *
 * Source: Armijo 1966; Nocedal and Wright, Numerical Optimization, Algorithms 3.5 and 3.6 with the interpolation
 * (3.59). With `first: "bounded"`, `otherwise: "best"` and c₁, c₂ as they are, `"strongWolfe"` makes the trials of PyTorch's
 * LBFGS with `line_search_fn="strong_wolfe"`: extrapolation by 1 to 10 times (with the limits t + 0.01·(t − t₋) and
 * 10·t), a tenth of the bracket away from its ends where cubics make no progress, and an end where the bracket is
 * shorter than 1e-9 in ‖αu‖_∞. `trials` counts all evaluations, PyTorch's `max_ls` those after the first; where they run
 * out, PyTorch does not look at the last one.
 *
 * @throws {SteepestError} of kind `description`: a value out of range, one of the other method, c₁ ≥ c₂.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { chain, lineSearch, minimize, newton, objective, sub, sqrt, square, add } from "@steepest/steepest";
 *
 * // Newton's step for √(1 + x²) jumps over the minimum and away where |x| > 1.
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => sub(sqrt(add(1, square(x))), 1) });
 * const optimizer = chain(newton({ learningRate: 1, eps: 0, every: 1 }), lineSearch());
 * const run = await minimize(bowl, optimizer, { steps: 12, backend: "reference" });
 * assert(Math.abs(run.parameters.x) < 1e-3);
 * assert(run.losses.every((loss, k) => k === 0 || loss <= run.losses[k - 1]!));
 * ```
 */
export function lineSearch(options: LineSearchOptions = {}): LineSearch {
  return transform(withOptions("lineSearch", options));
}
