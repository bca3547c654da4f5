/**
 * SOAP.
 *
 * @module
 */

import { empiricalFisher } from "../calculating.ts";
import { chain } from "../combinators.ts";
import { curvature } from "../curvature.ts";
import { addToRoot } from "../damping.ts";
import { gradientNorm } from "../length.ts";
import type { Hyper } from "../schedule.ts";
import { orthogonalIteration } from "../solver.ts";
import { diagonal, eigenbasisOf } from "../structure.ts";
import { kronecker } from "../kronecker.ts";
import { ema, scale, weightDecay as decays } from "../transforms.ts";
import type { Optimizer } from "../types.ts";
import { given } from "./options.ts";

/** Options of {@link soap}. */
export interface SoapOptions {
  /**
   * η ≥ 0, about how far a coordinate moves in a step.
   *
   * @default 3e-3
   */
  readonly learningRate?: Hyper;
  /**
   * β₁ in [0, 1), the decay of the average m of g, which is kept outside the basis.
   *
   * @default 0.95
   */
  readonly beta1?: Hyper;
  /**
   * β₂ in [0, 1), the decay of the average v of squares in the basis.
   *
   * @default 0.95
   */
  readonly beta2?: Hyper;
  /**
   * In [0, 1), the decay of the averages of GGᵀ and GᵀG, whose eigenvectors are the basis.
   *
   * @default 0.95
   */
  readonly decay?: Hyper;
  /**
   * ε ≥ 0, added to √v̂, in units of the gradient.
   *
   * @default 1e-8
   */
  readonly eps?: Hyper;
  /**
   * λ ≥ 0, what a parameter loses in a step for each unit of η.
   *
   * @default 0
   */
  readonly weightDecay?: Hyper;
  /**
   * Steps between bases, ≥ 1; samples are taken at every step.
   *
   * @default 10
   */
  readonly every?: number;
  /**
   * An axis longer than this is not turned, ≥ 1.
   *
   * @default 256
   */
  readonly largest?: number;
}

/** Defaults of {@link soap}. */
export const SOAP: Required<SoapOptions> = {
  learningRate: 3e-3,
  beta1: 0.95,
  beta2: 0.95,
  decay: 0.95,
  eps: 1e-8,
  weightDecay: 0,
  every: 10,
  largest: 256,
};

/**
 * Adam in the eigenbasis of Shampoo's factors: with L and R the averages of GGᵀ and GᵀG, and Q_L, Q_R bases of their
 * eigenvectors, v ← β₂v + (1 − β₂)(Q_Lᵀ G Q_R)² and θ ← θ − η(Q_L (Q_Lᵀ m̂ Q_R/(√v̂ + ε)) Q_Rᵀ + λθ). A tensor has a
 * factor for each axis; vectors, and axes that are too long, are not turned.
 *
 * The first step finds the first basis and moves nothing but what decays. Every later basis is one step of orthogonal
 * iteration from the one before, and is used from the next step on. The authors' code adds ε to √v without the correction
 * of its bias, lets the decay act on the parameters after the step, and by default decays by 0.01 and turns axes of up to
 * 10 000.
 *
 * Source: Vyas, Morwani, Zhao, Kwun, Shapira, Brandfonbrener, Janson and Kakade 2024, Algorithms 3 and 4.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, soap, square, sum } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: [[3, 1], [-1, 4]] }, loss: ({ x }) => sum(square(x)) });
 * const run = await minimize(bowl, soap({ learningRate: 0.1 }), { steps: 40, backend: "reference" });
 * assert(run.losses[1] === run.losses[0] && run.losses[40]! < 1);
 * ```
 */
export function soap(options: SoapOptions = {}): Optimizer {
  const { learningRate, beta1, beta2, decay, eps, weightDecay, every, largest } = given(
    "soap",
    SOAP,
    options,
  );
  const factors = kronecker({ largest, vectors: "diagonal" });
  return chain(
    curvature({
      calculating: empiricalFisher(),
      structure: diagonal({ basis: eigenbasisOf(factors, ema({ decay })) }),
      iterative: ema({ decay: beta2, debias: true }),
      length: gradientNorm(),
      direction: ema({ decay: beta1, debias: true }),
      damping: addToRoot(eps),
      solver: orthogonalIteration(),
      every: { factor: every },
    }),
    decays(weightDecay),
    scale(learningRate),
  );
}
