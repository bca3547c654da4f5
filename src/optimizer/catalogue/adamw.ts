/**
 * Adam with decoupled weight decay.
 *
 * @module
 */

import { chain } from "../combinators.ts";
import { scale, weightDecay as decay } from "../transforms.ts";
import type { Hyper } from "../schedule.ts";
import type { Optimizer } from "../types.ts";
import { ADAM, adamDirection, type AdamOptions } from "./adam.ts";
import { given } from "./options.ts";

/** Options of {@link adamw}. */
export interface AdamwOptions extends AdamOptions {
  /**
   * λ ≥ 0, what a parameter loses in a step for each unit of η.
   *
   * @default 0.01
   */
  readonly weightDecay?: Hyper;
}

/** Defaults of {@link adamw}. */
export const ADAMW: Required<AdamwOptions> = { ...ADAM, weightDecay: 0.01 };

/**
 * θ ← θ − η(m̂/(√v̂ + ε) + λθ), m̂ and v̂ those of `adam`.
 *
 * Source: Loshchilov and Hutter 2017, Algorithm 2.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { adamw, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = adamw({ learningRate: 0.1, weightDecay: 0.1 });
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.87) < 1e-4);
 * ```
 */
export function adamw(options: AdamwOptions = {}): Optimizer {
  const { learningRate, weightDecay, ...direction } = given("adamw", ADAMW, options);
  return chain(adamDirection(direction), decay(weightDecay), scale(learningRate));
}
