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

/** Adam's λ is the largest debiased average so far. Source: Reddi, Kale and Kumar 2018, with debiasing. */
export function amsgrad(options: AdamOptions = {}): Optimizer {
  const { learningRate, beta2, ...direction } = { ...ADAM, ...options };
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
   * η ≥ 0, a number or a schedule.
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

/** θ ← θ − η m̂/(max(β₂ᵏ|g₋ₖ|) + ε). Source: Kingma and Ba 2014, Algorithm 2. */
export function adamax(options: FixedAdamOptions = {}): Optimizer {
  const { learningRate, beta1, beta2, eps } = { ...ADAMAX, ...options };
  return chain(
    curvature({ ...adamDirection({ beta1, eps }), iterative: max({ decay: beta2 ** 2 }) }),
    scale(learningRate),
  );
}

/** Adam along β₁m/(1 − β₁^{t+1}) + (1 − β₁)g/(1 − β₁^t). Source: Dozat 2016, with a constant β₁. */
export function nadam(options: FixedAdamOptions = {}): Optimizer {
  const { learningRate, beta1, beta2, eps } = { ...ADAMAX, ...options };
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

/** Adam with (g − m)² in place of g²: s ← β₂s + (1 − β₂)(g − m)² + ε. Source: Zhuang et al. 2020. */
export function adabelief(options: FixedAdamOptions = {}): Optimizer {
  const { learningRate, beta1, beta2, eps } = { ...ADABELIEF, ...options };
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
   * η ≥ 0, a number or a schedule.
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

/** Adam along m + β₂v, v the average of the gradient differences. Source: Xie et al. 2022, Algorithm 1. */
export function adan(options: AdanOptions = {}): Optimizer {
  const { learningRate, beta1, beta2, beta3, eps } = { ...ADAN, ...options };
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
