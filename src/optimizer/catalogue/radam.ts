/**
 * RAdam.
 *
 * @module
 */

import { rectification } from "../annealing.ts";
import { chain } from "../combinators.ts";
import { curvature } from "../curvature.ts";
import type { Hyper } from "../schedule.ts";
import { samplesOf } from "../schedule_at.ts";
import { scale } from "../transforms.ts";
import type { Optimizer } from "../types.ts";
import { ADAM, adamDirection } from "./adam.ts";
import { given } from "./options.ts";

/** Options of {@link radam}. */
export interface RadamOptions {
  /**
   * η ≥ 0, about how far a parameter moves in a step once the average of squares has settled.
   *
   * @default 1e-3
   */
  readonly learningRate?: Hyper;
  /**
   * β₁ in [0, 1), the decay of the average m of g.
   *
   * @default 0.9
   */
  readonly beta1?: Hyper;
  /**
   * β₂ in (2/3, 1), the decay of the average v of g².
   *
   * @default 0.999
   */
  readonly beta2?: number;
  /**
   * ε ≥ 0, added to √v̂, in units of the gradient.
   *
   * @default 1e-8
   */
  readonly eps?: Hyper;
}

/** Defaults of {@link radam}. */
export const RADAM: Required<RadamOptions> = { ...ADAM, beta2: 0.999 };

/** At how many samples of equal weight the step begins to be divided by √v̂. */
const ENOUGH = 5;

/** The first steps, after which an average is still worth too few samples. */
function youngSteps(beta2: number): number {
  let n = 0;
  while (samplesOf(beta2, n + 1).now <= ENOUGH) n++;
  return n;
}

/**
 * θ ← θ − ηm̂ in the first steps, where v̂ is worth ρ ≤ 5 samples, then θ ← θ − η r m̂/(√v̂ + ε) with r the
 * `rectification`; m̂ and v̂ those of `adam`.
 *
 * Source: Liu et al. 2019, Algorithm 2, which begins at ρ > 4 and has no ε. ρ > 5 is PyTorch's and optax's; ε is added
 * to the debiased root as in optax, in PyTorch to the one that is not. With β₂ ≤ 2/3 there would never be more than 5
 * samples.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, radam, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = radam({ learningRate: 0.1 });
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.4) < 1e-4);
 * ```
 */
export function radam(options: RadamOptions = {}): Optimizer {
  const { learningRate, beta2, ...rest } = given("radam", RADAM, options);
  const unchecked = rectification({ decay: beta2 });
  const after = youngSteps(unchecked.decay);
  const stage = adamDirection({ ...rest, beta2 });
  return chain(
    curvature({ ...stage, warmup: { steps: after, use: stage.direction } }),
    scale(rectification({ decay: beta2, after })),
    scale(learningRate),
  );
}
