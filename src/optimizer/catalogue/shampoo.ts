/**
 * Shampoo.
 *
 * @module
 */

import { empiricalFisher } from "../calculating.ts";
import { chain, identity } from "../combinators.ts";
import { curvature } from "../curvature.ts";
import { addToRoot } from "../damping.ts";
import { sum } from "../iterative.ts";
import { gradientNorm } from "../length.ts";
import type { Hyper } from "../schedule.ts";
import { diagonal } from "../structure.ts";
import { kronecker } from "../kronecker.ts";
import { scale, trace } from "../transforms.ts";
import type { Optimizer } from "../types.ts";
import { graft as grafted } from "../wrappers.ts";
import { ADAGRAD } from "./adagrad.ts";
import { adamDirection } from "./adam.ts";
import { given } from "./options.ts";

/** Options of {@link shampoo}. */
export interface ShampooOptions {
  /**
   * η ≥ 0: the first step of a matrix is about ηUVᵀ where its gradient is UΣVᵀ.
   *
   * @default 0.03
   */
  readonly learningRate?: Hyper;
  /**
   * μ of the heavy ball after the preconditioner, in [0, 1).
   *
   * @default 0.9
   */
  readonly momentum?: Hyper;
  /**
   * ε ≥ 0, the multiple of the identity that every factor starts from, in units of a squared gradient.
   *
   * @default 0.01
   */
  readonly initial?: number;
  /**
   * Steps between roots of the factors, ≥ 1; samples are taken at every step.
   *
   * @default 20
   */
  readonly every?: number;
  /**
   * Whose length the step of each tensor has: its own (`"none"`), that of the `"gradient"`, of `"adagrad"`'s direction or of `"adam"`'s (with
   * their default options). η is then the rate of that.
   *
   * @default "none"
   */
  readonly graft?: "none" | "gradient" | "adagrad" | "adam";
}

/** Defaults of {@link shampoo}. */
export const SHAMPOO: Required<ShampooOptions> = {
  learningRate: 0.03,
  momentum: 0.9,
  initial: 0.01,
  every: 20,
  graft: "none",
};

/** What a step is as long as. */
const MAGNITUDES: {
  readonly [G in Exclude<Required<ShampooOptions>["graft"], "none">]: Optimizer;
} = {
  gradient: identity(),
  adagrad: curvature({
    calculating: empiricalFisher(),
    structure: diagonal(),
    iterative: sum(),
    length: gradientNorm(),
    damping: addToRoot(ADAGRAD.eps),
  }),
  adam: adamDirection(),
};

/**
 * Lᵢ ← Lᵢ + G₍ᵢ₎G₍ᵢ₎ᵀ along each axis i of a tensor of order k; θ ← θ − η·trace(G ×₁ L₁^{-1/2k} … ×ₖ Lₖ^{-1/2k}): for a matrix
 * L^{-1/4} G R^{-1/4}.
 *
 * Axes longer than 256 keep the diagonal of their factor, as in section 5 of the paper for the largest ones. The paper
 * mixes the momentum into the gradient; here, as in most implementations, it follows. PyTorch and optax have none. Grafting is that of
 * Anil et al. 2020.
 * Source: Gupta, Koren and Singer 2018, Algorithms 1 and 2; unified-view-of-optimizers, Table 1.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, shampoo, square, sum } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: [[3, 0], [0, 4]] }, loss: ({ x }) => sum(square(x)) });
 * const optimizer = shampoo({ learningRate: 0.1, initial: 0 });
 * const { parameters } = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * const { x: { data: [first, , , last] } } = parameters;
 * assert(Math.abs(first! - 2.9) < 1e-4 && Math.abs(last! - 3.9) < 1e-4);
 * ```
 */
export function shampoo(options: ShampooOptions = {}): Optimizer {
  const { learningRate, momentum, initial, every, graft } = given("shampoo", SHAMPOO, options);
  const preconditioned = curvature({
    calculating: empiricalFisher(),
    structure: kronecker(),
    iterative: sum({ initial }),
    length: gradientNorm(),
    every: { factor: every },
  });
  return chain(
    graft === "none"
      ? preconditioned
      : grafted({ direction: preconditioned, magnitude: MAGNITUDES[graft], per: "tensor" }),
    momentum === 0 ? identity() : trace({ decay: momentum }),
    scale(learningRate),
  );
}
