/**
 * Stochastic gradient descent, with momentum and an L2 penalty where they are not 0.
 *
 * @module
 */

import { chain, identity } from "../combinators.ts";
import { scale, trace, weightDecay as decay } from "../transforms.ts";
import type { Hyper } from "../schedule.ts";
import type { Optimizer } from "../types.ts";
import { given } from "./options.ts";

/** Options of {@link sgd}. */
export interface SgdOptions {
  /**
   * η ≥ 0, a number, a schedule or a signal.
   *
   * @default 0.01
   */
  readonly learningRate?: Hyper;
  /**
   * μ in [0, 1), what is kept of v; 0 for no momentum.
   *
   * @default 0
   */
  readonly momentum?: Hyper;
  /**
   * Step along g + λθ + μv in place of v; without momentum they are the same.
   *
   * @default false
   */
  readonly nesterov?: boolean;
  /**
   * What is taken off each gradient before it enters v, in [0, 1]; without effect where momentum is 0.
   *
   * @default 0
   */
  readonly dampening?: Hyper;
  /**
   * λ ≥ 0 of the L2 penalty λ‖θ‖²/2, added to the gradient.
   *
   * @default 0
   */
  readonly weightDecay?: Hyper;
}

/** Defaults of {@link sgd}. */
export const SGD: Required<SgdOptions> = {
  learningRate: 0.01,
  momentum: 0,
  nesterov: false,
  dampening: 0,
  weightDecay: 0,
};

/**
 * v ← μv + (1 − dampening)(g + λθ); θ ← θ − ηv, or with `nesterov` θ − η(g + λθ + μv).
 *
 * v starts at 0, and dampening acts on the first step too. Source: Robbins and Monro 1951; Polyak 1964;
 * Nesterov 1983; "Gradient descent" of unified-view-of-optimizers, Table 1.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, sgd, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const run = await minimize(bowl, sgd({ learningRate: 0.1 }), { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.4) < 1e-4);
 * ```
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  const { learningRate, momentum, nesterov, dampening, weightDecay } = given("sgd", SGD, options);
  return chain(
    weightDecay === 0 ? identity() : decay(weightDecay),
    momentum === 0 ? identity() : trace({ decay: momentum, nesterov, dampening }),
    scale(learningRate),
  );
}
