/**
 * *Last* transforms: they read θ − u as the next parameters, and say where parameters are read for evaluation.
 *
 * They end the flow: after one of them only others of them may follow, also inside a partition or a gate.
 *
 * @module
 */

import { transform, withOptions } from "./build.ts";
import type { Hyper } from "./schedule.ts";
import type { Average, Lookahead, ScheduleFree } from "./types.ts";

/**
 * k steps forward, one step back: at every k-th step s ← s + α(θ − u − s), and θ becomes s; s starts at θ₀.
 *
 * The evaluation parameters are s. Source: Zhang et al. 2019, Algorithm 1. The state of the transforms before it is
 * kept at a synchronisation, as with optax's `reset_state=False`.
 *
 * @param options `steps`: k ≥ 1, default 5, a rhythm. `alpha`: α in [0, 1], default 0.5.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { chain, lookahead, minimize, objective, scale, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 4 }, loss: ({ x }) => square(x) });
 * const optimizer = chain(scale(0.25), lookahead({ steps: 2, alpha: 0.5 }));
 * const run = await minimize(bowl, optimizer, { steps: 3, backend: "reference" });
 * assert.deepEqual([...run.losses], [16, 4, 6.25, 1.5625]); // at 4, 2, (4 + 1)/2, 1.25
 * assert.equal(run.evaluationParameters.x, 2.5);
 * ```
 */
export function lookahead(
  options: { readonly steps?: number; readonly alpha?: Hyper } = {},
): Lookahead {
  return transform(withOptions("lookahead", options));
}

/**
 * An average of θ − u to evaluate with; the steps themselves stay as they are.
 *
 * With `decay` m ← βm + (1 − β)(θ − u), divided by the weight accumulated so far; without it the mean of all
 * (Polyak and Juditsky 1992; Ruppert 1988). θ₀ itself is not in it. PyTorch's `AveragedModel` with `get_ema_multi_avg_fn` starts at the first average
 * in place of dividing by the weight; its default is the mean.
 *
 * @param options `decay`: β in [0, 1), default none. `start`: how many steps are not averaged, ≥ 0, default 0, a
 * rhythm; until then the average is θ.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { average, chain, minimize, objective, scale, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 4 }, loss: ({ x }) => square(x) });
 * const optimizer = chain(scale(0.25), average());
 * const run = await minimize(bowl, optimizer, { steps: 2, backend: "reference" });
 * assert.equal(run.parameters.x, 1);
 * assert.equal(run.evaluationParameters.x, 1.5); // the mean of 2 and 1
 * ```
 */
export function average(
  options: { readonly decay?: Hyper; readonly start?: number } = {},
): Average {
  return transform(withOptions("average", options));
}

/**
 * z ← z − ηu; x ← (1 − c)x + cz; θ becomes (1 − β)z + βx. z and x start at θ₀, and x is what is evaluated.
 *
 * c = w/Σw with w = (max η so far)^power, so that a warm-up counts for little; where every η was 0, c is 0. η stands
 * here and not in a `scale`, because the weights need it too. Source: Defazio et al. 2024, equations (3) to (5).
 * optax's `schedule_free` keeps z alone and finds x from θ and z, which needs β > 0; it takes the η of the weights
 * one step ahead of that of the step, which differs only under a schedule. The authors' PyTorch package can also
 * multiply w by a power of t (its `r`, 0 by default).
 *
 * @param options `rate`: η ≥ 0, a number or a schedule. `beta`: β in [0, 1], default 0.9. `power` ≥ 0, default 2.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, scheduleFree, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 4 }, loss: ({ x }) => square(x) });
 * const optimizer = scheduleFree({ rate: 0.25, beta: 0.5 });
 * const run = await minimize(bowl, optimizer, { steps: 2, backend: "reference" });
 * assert.equal(run.parameters.x, 1.25); // z: 4, 2, 1; x: 4, 2, 1.5; θ: 4, 2, (z + x)/2
 * assert.equal(run.evaluationParameters.x, 1.5);
 * ```
 */
export function scheduleFree(
  options: { readonly rate: Hyper; readonly beta?: Hyper; readonly power?: number },
): ScheduleFree {
  return transform(withOptions("scheduleFree", options));
}
