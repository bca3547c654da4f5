/**
 * RMSprop.
 *
 * @module
 */

import { empiricalFisher } from "../calculating.ts";
import { chain, identity } from "../combinators.ts";
import { curvature } from "../curvature.ts";
import { addToRoot } from "../damping.ts";
import { gradientNorm } from "../length.ts";
import { diagonal } from "../structure.ts";
import { ema, scale, trace, weightDecay as addDecay } from "../transforms.ts";
import type { Hyper } from "../schedule.ts";
import type { Optimizer } from "../types.ts";
import { given } from "./options.ts";

/** Options of {@link rmsprop}. */
export interface RmspropOptions {
  /**
   * η ≥ 0, a number, a schedule or a signal.
   *
   * @default 1e-3
   */
  readonly learningRate?: Hyper;
  /**
   * β in [0, 1), the decay of the average v of g².
   *
   * @default 0.99
   */
  readonly decay?: Hyper;
  /**
   * ε ≥ 0, added to √v, in units of the gradient.
   *
   * @default 1e-8
   */
  readonly eps?: Hyper;
  /**
   * μ in [0, 1), what is kept of the step b; 0 for no momentum.
   *
   * @default 0
   */
  readonly momentum?: Hyper;
  /**
   * Step along g/(√v + ε) + μb in place of b; without momentum they are the same.
   *
   * @default false
   */
  readonly nesterov?: boolean;
  /**
   * Divide by the deviation in place of the root of the second moment.
   *
   * @default false
   */
  readonly centred?: boolean;
  /**
   * λ ≥ 0 of the L2 penalty λ‖θ‖²/2, added to the gradient.
   *
   * @default 0
   */
  readonly weightDecay?: Hyper;
}

/** Defaults of {@link rmsprop}. */
export const RMSPROP: Required<RmspropOptions> = {
  learningRate: 1e-3,
  decay: 0.99,
  eps: 1e-8,
  momentum: 0,
  nesterov: false,
  centred: false,
  weightDecay: 0,
};

/**
 * v ← βv + (1 − β)g²; b ← μb + g/(√v + ε); θ ← θ − ηb.
 *
 * v starts at 0 and is not debiased, so the first steps are longer than η. With `centred` v is the weighted
 * variance of g. ε outside the root and η after the momentum are PyTorch's conventions; optax and TensorFlow put ε
 * under the root (the damping `add` in place of `addToRoot`) and let the momentum average ηg/√v, which differs when η
 * is scheduled (`scale` before `trace`). Source: Tieleman and Hinton 2012, lecture 6e; centred: Graves 2013.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, rmsprop, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = rmsprop({ learningRate: 0.01, decay: 0.99 });
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.9) < 1e-4);
 * ```
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  const { learningRate, decay, eps, momentum, nesterov, centred, weightDecay } = given(
    "rmsprop",
    RMSPROP,
    options,
  );
  return chain(
    weightDecay === 0 ? identity() : addDecay(weightDecay),
    curvature({
      calculating: empiricalFisher(),
      structure: diagonal(),
      iterative: ema({ decay, centred }),
      length: gradientNorm(),
      damping: addToRoot(eps),
    }),
    momentum === 0 ? identity() : trace({ decay: momentum, nesterov }),
    scale(learningRate),
  );
}
