/**
 * Schedule-free descent and Adam: an average of the parameters in place of a decaying rate.
 *
 * @module
 */

import { empiricalFisher } from "../calculating.ts";
import { chain, identity } from "../combinators.ts";
import { curvature } from "../curvature.ts";
import { addToRoot } from "../damping.ts";
import { scheduleFree } from "../last.ts";
import { gradientNorm } from "../length.ts";
import type { Hyper } from "../schedule.ts";
import { diagonal } from "../structure.ts";
import { ema, weightDecay as decay } from "../transforms.ts";
import type { Optimizer } from "../types.ts";
import { given } from "./options.ts";

/** Options of {@link scheduleFreeSgd}. */
export interface ScheduleFreeSgdOptions {
  /**
   * η ≥ 0, a number or a warm-up; not one that decays.
   *
   * @default 1
   */
  readonly learningRate?: Hyper;
  /**
   * β in [0, 1), where between z and their average x the gradients are taken.
   *
   * @default 0.9
   */
  readonly beta?: Hyper;
  /**
   * λ ≥ 0, what is added to the gradient: λθ.
   *
   * @default 0
   */
  readonly weightDecay?: Hyper;
}

/** Defaults of {@link scheduleFreeSgd}. */
export const SCHEDULE_FREE_SGD: Required<ScheduleFreeSgdOptions> = {
  learningRate: 1,
  beta: 0.9,
  weightDecay: 0,
};

/**
 * z ← z − η(g + λθ); x ← (1 − c)x + cz; θ ← (1 − β)z + βx, with c = w/Σw and w = (max η so far)². x is evaluated.
 *
 * Source: Defazio et al. 2024. The same as optax's `contrib.schedule_free_sgd`, whose weights take η one step ahead,
 * and as `SGDScheduleFree` of the authors' PyTorch package with `r` = 0; its `warmup_steps` is the schedule `warmup`.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, scheduleFreeSgd, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 4 }, loss: ({ x }) => square(x) });
 * const optimizer = scheduleFreeSgd({ learningRate: 0.25, beta: 0.5 });
 * const run = await minimize(bowl, optimizer, { steps: 2, backend: "reference" });
 * assert.deepEqual([run.parameters.x, run.evaluationParameters.x], [1.25, 1.5]);
 * ```
 */
export function scheduleFreeSgd(options: ScheduleFreeSgdOptions = {}): Optimizer {
  const { learningRate, beta, weightDecay } = given("scheduleFreeSgd", SCHEDULE_FREE_SGD, options);
  return chain(
    weightDecay === 0 ? identity() : decay(weightDecay),
    scheduleFree({ rate: learningRate, beta }),
  );
}

/** Options of {@link scheduleFreeAdamw}. */
export interface ScheduleFreeAdamwOptions extends ScheduleFreeSgdOptions {
  /**
   * η ≥ 0, a number or a warm-up; not one that decays.
   *
   * @default 0.0025
   */
  readonly learningRate?: Hyper;
  /**
   * β₂ in [0, 1), the decay of the average v of g².
   *
   * @default 0.999
   */
  readonly beta2?: Hyper;
  /**
   * ε ≥ 0, added to √v̂, in units of the gradient.
   *
   * @default 1e-8
   */
  readonly eps?: Hyper;
}

/** Defaults of {@link scheduleFreeAdamw}. */
export const SCHEDULE_FREE_ADAMW: Required<ScheduleFreeAdamwOptions> = {
  learningRate: 0.0025,
  beta: 0.9,
  beta2: 0.999,
  eps: 1e-8,
  weightDecay: 0,
};

/**
 * As `scheduleFreeSgd`, with z ← z − η(g/(√v̂ + ε) + λθ), v̂ that of `adam`: there is no other momentum.
 *
 * Source: Defazio et al. 2024, Algorithm 1. The same as optax's `contrib.schedule_free_adamw` (its b1 is β), whose
 * weights take η one step ahead. `AdamWScheduleFree` of the authors' PyTorch package (1.4) gives the same numbers with
 * `r` = 0; it keeps θ and z and is switched between θ and x by `train()` and `eval()`, where here x is a state of its own.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, scheduleFreeAdamw, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = scheduleFreeAdamw({ learningRate: 0.1 });
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.9) < 1e-4);
 * ```
 */
export function scheduleFreeAdamw(options: ScheduleFreeAdamwOptions = {}): Optimizer {
  const { learningRate, beta, beta2, eps, weightDecay } = given(
    "scheduleFreeAdamw",
    SCHEDULE_FREE_ADAMW,
    options,
  );
  return chain(
    curvature({
      calculating: empiricalFisher(),
      structure: diagonal(),
      iterative: ema({ decay: beta2, debias: true }),
      length: gradientNorm(),
      damping: addToRoot(eps),
    }),
    weightDecay === 0 ? identity() : decay(weightDecay),
    scheduleFree({ rate: learningRate, beta }),
  );
}
