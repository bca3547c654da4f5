/**
 * Descent by signs and by the normalised gradient, and Lion.
 *
 * @module
 */

import { chain, identity } from "../combinators.ts";
import { normalize, sign } from "../derived.ts";
import { ema, scale, weightDecay as decay } from "../transforms.ts";
import type { Hyper } from "../schedule.ts";
import type { Optimizer } from "../types.ts";
import { given } from "./options.ts";

/** Options of {@link signDescent}. */
export interface SignOptions {
  /**
   * η ≥ 0: the step of each parameter.
   *
   * @default 1e-3
   */
  readonly learningRate?: Hyper;
  /**
   * β in [0, 1), the decay of the average in front; 0 for none.
   *
   * @default 0
   */
  readonly momentum?: Hyper;
}

/** Defaults of {@link signDescent}. */
export const SIGN: Required<SignOptions> = { learningRate: 1e-3, momentum: 0 };

/** Options of {@link normalizedDescent}. */
export interface NormalizedDescentOptions {
  /**
   * η ≥ 0: the length of the whole step.
   *
   * @default 0.1
   */
  readonly learningRate?: Hyper;
  /**
   * β in [0, 1), the decay of the average in front; 0 for none.
   *
   * @default 0
   */
  readonly momentum?: Hyper;
}

/** Defaults of {@link normalizedDescent}. */
export const NORMALIZED_DESCENT: Required<NormalizedDescentOptions> = {
  learningRate: 0.1,
  momentum: 0,
};

/**
 * θ ← θ − η sign(m), m ← βm + (1 − β)g, with sign(0) = 0.
 *
 * Source: "Sign GD" of unified-view-of-optimizers, Table 1; Bernstein et al. 2018.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, signDescent, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = signDescent({ learningRate: 0.1 });
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.9) < 1e-4);
 * ```
 */
export function signDescent(options: SignOptions = {}): Optimizer {
  const { learningRate, momentum } = given("signDescent", SIGN, options);
  return chain(momentum === 0 ? identity() : ema({ decay: momentum }), sign(), scale(learningRate));
}

/**
 * θ ← θ − η m/‖m‖, m ← βm + (1 − β)g, the norm over all parameters; no step where m = 0.
 *
 * Source: "Normalized GD" of unified-view-of-optimizers, Table 1.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { add, minimize, normalizedDescent, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({
 *   parameters: { x: 3, y: 4 },
 *   loss: ({ x, y }) => add(square(x), square(y)),
 * });
 * const optimizer = normalizedDescent({ learningRate: 0.1 });
 * const { parameters } = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.hypot(parameters.x - 2.94, parameters.y - 3.92) < 1e-4);
 * ```
 */
export function normalizedDescent(options: NormalizedDescentOptions = {}): Optimizer {
  const { learningRate, momentum } = given("normalizedDescent", NORMALIZED_DESCENT, options);
  return chain(
    momentum === 0 ? identity() : ema({ decay: momentum }),
    normalize(),
    scale(learningRate),
  );
}

/** Options of {@link lion}. */
export interface LionOptions {
  /**
   * η ≥ 0, how far every parameter moves in a step.
   *
   * @default 1e-4
   */
  readonly learningRate?: Hyper;
  /**
   * β₁ in [0, 1), the weight of the past in what is read.
   *
   * @default 0.9
   */
  readonly beta1?: Hyper;
  /**
   * β₂ in [0, 1), the decay of the average.
   *
   * @default 0.99
   */
  readonly beta2?: Hyper;
  /**
   * λ ≥ 0, decoupled: what a parameter loses in a step for each unit of η.
   *
   * @default 0
   */
  readonly weightDecay?: Hyper;
}

/** Defaults of {@link lion}. */
export const LION: Required<LionOptions> = {
  learningRate: 1e-4,
  beta1: 0.9,
  beta2: 0.99,
  weightDecay: 0,
};

/**
 * θ ← θ − η(sign(β₁m + (1 − β₁)g) + λθ); m ← β₂m + (1 − β₂)g.
 *
 * Source: Chen et al. 2023, Algorithm 2.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { lion, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = lion({ learningRate: 0.1 });
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.9) < 1e-4);
 * ```
 */
export function lion(options: LionOptions = {}): Optimizer {
  const { learningRate, beta1, beta2, weightDecay } = given("lion", LION, options);
  return chain(
    ema({ decay: beta2, read: beta1 }),
    sign(),
    weightDecay === 0 ? identity() : decay(weightDecay),
    scale(learningRate),
  );
}
