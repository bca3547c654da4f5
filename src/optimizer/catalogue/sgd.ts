/**
 * Stochastic gradient descent, with momentum and an L2 penalty where they are not 0.
 *
 * @module
 */

import { chain, identity } from "../combinators.ts";
import { scale, trace, weightDecay as decay } from "../transforms.ts";
import type { Hyper } from "../schedule.ts";
import type { Optimizer } from "../types.ts";

/** Options of {@link sgd}. */
export interface SgdOptions {
  readonly learningRate?: Hyper;
  readonly momentum?: Hyper;
  readonly nesterov?: boolean;
  readonly dampening?: Hyper;
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
 * Dampening acts on the first step too. Source: Robbins and Monro 1951; Polyak 1964; Nesterov 1983.
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  const { learningRate, momentum, nesterov, dampening, weightDecay } = { ...SGD, ...options };
  return chain(
    weightDecay === 0 ? identity() : decay(weightDecay),
    momentum === 0 ? identity() : trace({ decay: momentum, nesterov, dampening }),
    scale(learningRate),
  );
}
