/**
 * Adam's relatives: another accumulator, another sample, or another direction in the same stage.
 *
 * @module
 */

import { empiricalFisher } from "../calculating.ts";
import { add, chain, identity } from "../combinators.ts";
import { curvature } from "../curvature.ts";
import { addToRoot, toSample } from "../damping.ts";
import { max } from "../iterative.ts";
import { gradientNorm } from "../length.ts";
import { type Hyper, unbiased } from "../schedule.ts";
import { diagonal } from "../structure.ts";
import { difference, ema, scale } from "../transforms.ts";
import type { Optimizer } from "../types.ts";
import { ADAM, adamDirection, type AdamOptions } from "./adam.ts";
import { given } from "./options.ts";

/**
 * Adam with the largest v̂ so far: v̂ ← max(v̂₋, v/(1 − β₂ᵗ)); θ ← θ − η m̂/(√v̂ + ε).
 *
 * Source: Reddi, Kale and Kumar 2018, Algorithm 2, with the averages debiased before the maximum.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { amsgrad, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = amsgrad({ learningRate: 0.1 });
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.9) < 1e-4);
 * ```
 */
export function amsgrad(options: AdamOptions = {}): Optimizer {
  const { learningRate, beta2, ...direction } = given("amsgrad", ADAM, options);
  return chain(
    curvature({
      ...adamDirection(direction),
      iterative: [ema({ decay: beta2, debias: true }), max()],
    }),
    scale(learningRate),
  );
}

/** Options of the relatives whose decays are numbers, because other constants are made of them. */
export interface FixedAdamOptions {
  /**
   * η ≥ 0, a number, a schedule or a signal.
   *
   * @default 2e-3; 1e-3 of `adabelief`
   */
  readonly learningRate?: Hyper;
  /**
   * β₁ in [0, 1), the decay of the average m of g.
   *
   * @default 0.9
   */
  readonly beta1?: number;
  /**
   * β₂ in [0, 1), the decay of the second statistic.
   *
   * @default 0.999
   */
  readonly beta2?: number;
  /**
   * ε ≥ 0, added to the root, in units of the gradient.
   *
   * @default 1e-8; 1e-16 of `adabelief`
   */
  readonly eps?: number;
}

/** Defaults of {@link adamax} and {@link nadam}. */
export const ADAMAX: Required<FixedAdamOptions> = {
  learningRate: 2e-3,
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
};

/**
 * n ← max(β₂n, |g|); θ ← θ − η m̂/(n + ε), m̂ that of `adam`.
 *
 * Source: Kingma and Ba 2014, Algorithm 2.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { adamax, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = adamax({ learningRate: 0.1 });
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.9) < 1e-4);
 * ```
 */
export function adamax(options: FixedAdamOptions = {}): Optimizer {
  const { learningRate, beta1, beta2, eps } = given("adamax", ADAMAX, options);
  return chain(
    curvature({ ...adamDirection({ beta1, eps }), iterative: max({ decay: beta2 ** 2 }) }),
    scale(learningRate),
  );
}

/**
 * Adam along n = β₁m/(1 − β₁^{t+1}) + (1 − β₁)g/(1 − β₁ᵗ) in place of m̂: θ ← θ − η n/(√v̂ + ε).
 *
 * Source: Dozat 2016, with a constant β₁.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, nadam, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = nadam({ learningRate: 0.1 });
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.8526) < 1e-4);
 * ```
 */
export function nadam(options: FixedAdamOptions = {}): Optimizer {
  const { learningRate, beta1, beta2, eps } = given("nadam", ADAMAX, options);
  return chain(
    curvature({
      ...adamDirection({ beta2, eps }),
      direction: add(
        chain(ema({ decay: beta1 }), scale(unbiased({ by: beta1, decay: beta1, lead: 1 }))),
        scale(unbiased({ by: 1 - beta1, decay: beta1 })),
      ),
    }),
    scale(learningRate),
  );
}

/** Defaults of {@link adabelief}. */
export const ADABELIEF: Required<FixedAdamOptions> = { ...ADAMAX, learningRate: 1e-3, eps: 1e-16 };

/**
 * Adam with (g − m)² in place of g²: s ← β₂s + (1 − β₂)(g − m)² + ε; θ ← θ − η m̂/(√ŝ + ε).
 *
 * Source: Zhuang et al. 2020, Algorithm 2.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { adabelief, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = adabelief({ learningRate: 0.1 });
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.8889) < 1e-4);
 * ```
 */
export function adabelief(options: FixedAdamOptions = {}): Optimizer {
  const { learningRate, beta1, beta2, eps } = given("adabelief", ADABELIEF, options);
  return chain(
    curvature({
      ...adamDirection({ beta1, beta2 }),
      calculating: empiricalFisher({
        of: add(identity(), chain(ema({ decay: beta1 }), scale(-1))),
      }),
      damping: [toSample(eps / (1 - beta2)), addToRoot(eps)],
    }),
    scale(learningRate),
  );
}

/** Options of {@link adan}: the decays, each one minus the paper's β. */
export interface AdanOptions {
  /**
   * η ≥ 0, a number, a schedule or a signal.
   *
   * @default 1e-3
   */
  readonly learningRate?: Hyper;
  /**
   * β₁ in [0, 1), the decay of the average m of g.
   *
   * @default 0.98
   */
  readonly beta1?: Hyper;
  /**
   * β₂ in [0, 1), the decay of the average v of the differences.
   *
   * @default 0.92
   */
  readonly beta2?: Hyper;
  /**
   * β₃ in [0, 1), the decay of the average n of the squares.
   *
   * @default 0.99
   */
  readonly beta3?: Hyper;
  /**
   * ε ≥ 0, added to √n, in units of the gradient.
   *
   * @default 1e-8
   */
  readonly eps?: Hyper;
}

/** Defaults of {@link adan}. */
export const ADAN: Required<AdanOptions> = {
  learningRate: 1e-3,
  beta1: 0.98,
  beta2: 0.92,
  beta3: 0.99,
  eps: 1e-8,
};

/**
 * θ ← θ − η(m + β₂v)/(√n + ε), with m the average of g, v of the differences g − g₋, and n of the squares
 * (g + β₂(g − g₋))².
 *
 * The first difference is 0 and nothing is debiased. Source: Xie et al. 2022, Algorithm 1, whose β is one minus
 * the decay here.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { adan, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = adan({ learningRate: 0.1 });
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.98) < 1e-4);
 * ```
 */
export function adan(options: AdanOptions = {}): Optimizer {
  const { learningRate, beta1, beta2, beta3, eps } = given("adan", ADAN, options);
  return chain(
    curvature({
      calculating: empiricalFisher({ of: add(identity(), chain(difference(), scale(beta2))) }),
      structure: diagonal(),
      iterative: ema({ decay: beta3 }),
      length: gradientNorm(),
      direction: add(
        ema({ decay: beta1 }),
        chain(difference(), ema({ decay: beta2 }), scale(beta2)),
      ),
      damping: addToRoot(eps),
    }),
    scale(learningRate),
  );
}
