/**
 * LARS and LAMB: steps whose length is a share of the tensor that they change.
 *
 * @module
 */

import { chain, identity } from "../combinators.ts";
import { trustRatio } from "../parameter_norms.ts";
import { scale, trace, weightDecay as decay } from "../transforms.ts";
import type { Hyper } from "../schedule.ts";
import type { Optimizer } from "../types.ts";
import { ADAM, adamDirection } from "./adam.ts";
import type { AdamwOptions } from "./adamw.ts";
import { given } from "./options.ts";

/** Options of {@link lars}. */
export interface LarsOptions {
  /**
   * γ ≥ 0, the global rate: a tensor moves by γη of its norm.
   *
   * @default 3
   */
  readonly learningRate?: Hyper;
  /**
   * m in [0, 1), what is kept of the velocity; 0 for no momentum.
   *
   * @default 0.9
   */
  readonly momentum?: Hyper;
  /**
   * β ≥ 0, the weight of θ in the step.
   *
   * @default 5e-4
   */
  readonly weightDecay?: Hyper;
  /**
   * η ≥ 0, the trust coefficient.
   *
   * @default 1e-3
   */
  readonly coefficient?: Hyper;
}

/** Defaults of {@link lars}. */
export const LARS: Required<LarsOptions> = {
  learningRate: 3,
  momentum: 0.9,
  weightDecay: 5e-4,
  coefficient: 1e-3,
};

/**
 * v ← mv + γρ(g + βθ), ρ = η‖θ‖/(‖g‖ + β‖θ‖) in each tensor; θ ← θ − v.
 *
 * Where ‖θ‖ or ‖g‖ is 0, ρ is 1. optax divides by ‖g + βθ‖ instead, which is
 * `chain(weightDecay(β), trustRatio({ coefficient: η }), scale(γ), trace({ decay: m }))` and the same where β is 0.
 * Source: You, Gitman and Ginsburg 2017, Algorithm 1.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { lars, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = lars({ learningRate: 1, coefficient: 0.1, weightDecay: 0 });
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.7) < 1e-5);
 * ```
 */
export function lars(options: LarsOptions = {}): Optimizer {
  const { learningRate, momentum, weightDecay, coefficient } = given("lars", LARS, options);
  return chain(
    weightDecay === 0
      ? trustRatio({ coefficient })
      : trustRatio({ coefficient, decay: weightDecay, direction: decay(weightDecay) }),
    scale(learningRate),
    momentum === 0 ? identity() : trace({ decay: momentum }),
  );
}

/** Options of {@link lamb}. */
export type LambOptions = AdamwOptions;

/** Defaults of {@link lamb}. */
export const LAMB: Required<LambOptions> = {
  ...ADAM,
  learningRate: 0.01,
  eps: 1e-6,
  weightDecay: 0.01,
};

/**
 * θ ← θ − ηρr with r = m̂/(√v̂ + ε) + λθ and ρ = ‖θ‖/‖r‖ in each tensor; m̂ and v̂ are those of `adam`.
 *
 * The paper's φ is the identity; where ‖θ‖ or ‖r‖ is 0, ρ is 1, as in optax, whose λ is 0 when not given.
 * Source: You et al. 2019, Algorithm 2.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { lamb, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const run = await minimize(bowl, lamb({ learningRate: 0.1 }), { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.7) < 1e-5);
 * ```
 */
export function lamb(options: LambOptions = {}): Optimizer {
  const { learningRate, weightDecay, ...direction } = given("lamb", LAMB, options);
  return chain(
    adamDirection(direction),
    weightDecay === 0 ? identity() : decay(weightDecay),
    trustRatio(),
    scale(learningRate),
  );
}
