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

/** Options of {@link signDescent} and {@link normalizedDescent}. */
export interface SignOptions {
  /**
   * η ≥ 0: the step of each parameter, or the length of the whole step.
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

/** Defaults of {@link signDescent} and {@link normalizedDescent}. */
export const SIGN: Required<SignOptions> = { learningRate: 1e-3, momentum: 0 };

/** θ ← θ − η sign(m), m the average of g. Source: unified-view-of-optimizers, "Sign GD"; Bernstein et al. 2018. */
export function signDescent(options: SignOptions = {}): Optimizer {
  const { learningRate, momentum } = { ...SIGN, ...options };
  return chain(momentum === 0 ? identity() : ema({ decay: momentum }), sign(), scale(learningRate));
}

/** θ ← θ − η m/‖m‖, m the average of g. Source: unified-view-of-optimizers, "Normalized GD". */
export function normalizedDescent(options: SignOptions = {}): Optimizer {
  const { learningRate, momentum } = { ...SIGN, ...options };
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

/** θ ← θ − η(sign(β₁m + (1 − β₁)g) + λθ); m ← β₂m + (1 − β₂)g. Source: Chen et al. 2023, Algorithm 2. */
export function lion(options: LionOptions = {}): Optimizer {
  const { learningRate, beta1, beta2, weightDecay } = { ...LION, ...options };
  return chain(
    ema({ decay: beta2, read: beta1 }),
    sign(),
    weightDecay === 0 ? identity() : decay(weightDecay),
    scale(learningRate),
  );
}
