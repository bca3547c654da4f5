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
import { ema, scale, trace } from "../transforms.ts";
import type { Hyper } from "../schedule.ts";
import type { Optimizer } from "../types.ts";

/** Options of {@link rmsprop}. */
export interface RmspropOptions {
  readonly learningRate?: Hyper;
  readonly decay?: Hyper;
  readonly eps?: Hyper;
  readonly momentum?: Hyper;
  /** Divide by the deviation in place of the root of the second moment. */
  readonly centred?: boolean;
}

/** Defaults of {@link rmsprop}. */
export const RMSPROP: Required<RmspropOptions> = {
  learningRate: 1e-3,
  decay: 0.99,
  eps: 1e-8,
  momentum: 0,
  centred: false,
};

/** v ← βv + (1 − β)g²; b ← μb + g/(√v + ε); θ ← θ − ηb. Source: Tieleman and Hinton 2012. */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  const { learningRate, decay, eps, momentum, centred } = { ...RMSPROP, ...options };
  return chain(
    curvature({
      calculating: empiricalFisher(),
      structure: diagonal(),
      iterative: ema({ decay, centred }),
      length: gradientNorm(),
      damping: addToRoot(eps),
    }),
    momentum === 0 ? identity() : trace({ decay: momentum }),
    scale(learningRate),
  );
}
