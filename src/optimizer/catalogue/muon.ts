/**
 * Muon.
 *
 * @module
 */

import { empiricalFisher } from "../calculating.ts";
import { chain } from "../combinators.ts";
import { curvature } from "../curvature.ts";
import { gradientNorm } from "../length.ts";
import { scaleByShape } from "../parameter_norms.ts";
import { matrices, not } from "../predicate.ts";
import type { Hyper } from "../schedule.ts";
import { eigen, newtonSchulz } from "../solver.ts";
import { kronecker } from "../kronecker.ts";
import { scale, trace, weightDecay as decay } from "../transforms.ts";
import type { Optimizer } from "../types.ts";
import { partition } from "../wrappers.ts";
import { adamDirection } from "./adam.ts";
import { given } from "./options.ts";

/** Options of {@link muon}. */
export interface MuonOptions {
  /**
   * η ≥ 0 of the matrices: about the largest singular value of a step.
   *
   * @default 0.02
   */
  readonly learningRate?: Hyper;
  /**
   * μ of Nesterov's momentum, in [0, 1).
   *
   * @default 0.95
   */
  readonly momentum?: Hyper;
  /**
   * Whether the momentum is Nesterov's.
   *
   * @default true
   */
  readonly nesterov?: boolean;
  /**
   * λ ≥ 0 of a decay of all parameters, times their rate.
   *
   * @default 0
   */
  readonly weightDecay?: Hyper;
  /**
   * `"products"`: five steps of Newton–Schulz. `"eigenvectors"`: UVᵀ itself, at the price of an eigenvalue problem of both sides.
   *
   * @default "products"
   */
  readonly orthogonal?: "products" | "eigenvectors";
  /**
   * η ≥ 0 of Adam, which has all that is no matrix.
   *
   * @default 3e-4
   */
  readonly restRate?: Hyper;
  /**
   * β₁ of Adam, in [0, 1).
   *
   * @default 0.9
   */
  readonly beta1?: Hyper;
  /**
   * β₂ of Adam, in [0, 1).
   *
   * @default 0.95
   */
  readonly beta2?: Hyper;
  /**
   * ε ≥ 0 of Adam.
   *
   * @default 1e-10
   */
  readonly eps?: Hyper;
}

/** Defaults of {@link muon}. */
export const MUON: Required<MuonOptions> = {
  learningRate: 0.02,
  momentum: 0.95,
  nesterov: true,
  weightDecay: 0,
  orthogonal: "products",
  restRate: 3e-4,
  beta1: 0.9,
  beta2: 0.95,
  eps: 1e-10,
};

/** Longer axes than any model here has: a matrix is never cut or reduced to a diagonal. */
const WHOLE = 2 ** 20;

/**
 * θ ← θ − η(√max(1, rows/columns)·O(u + μv) + λθ) for matrices, v ← μv + u, O(UΣVᵀ) ≈ UVᵀ; AdamW for everything else.
 *
 * A tensor of order 3 or more is the matrix [first axis, all others], also where its shape scales it (the authors' code takes the last two
 * axes there, 1 for a square window). O is taken in single precision, where the authors and PyTorch use bfloat16. optax corrects the bias
 * of the momentum, which changes Nesterov's form, but not the other one. Some parameter has to be no matrix: for matrices alone, write the
 * chain itself.
 *
 * Source: Jordan et al. 2024.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { add, minimize, muon, objective, square, sum } from "@steepest/steepest";
 *
 * const bowl = objective({
 *   parameters: { x: [[3, 0], [0, 40]], b: 1 },
 *   loss: ({ x, b }) => add(sum(square(x)), square(b)),
 * });
 * const optimizer = muon({ learningRate: 1, orthogonal: "eigenvectors" });
 * const { parameters } = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * const { x: { data: [first, , , last] } } = parameters;
 * assert(Math.abs(first! - 2) < 1e-4 && Math.abs(last! - 39) < 1e-4);
 * ```
 */
export function muon(options: MuonOptions = {}): Optimizer {
  const { learningRate, momentum, nesterov, weightDecay, orthogonal, restRate, ...adam } = given(
    "muon",
    MUON,
    options,
  );
  const factor = curvature({
    calculating: empiricalFisher(),
    structure: kronecker({ merge: "trailing", largest: WHOLE }),
    length: gradientNorm(),
    solver: orthogonal === "products" ? newtonSchulz() : eigen(),
  });
  return partition(
    [{
      where: not(matrices()),
      of: chain(adamDirection(adam), decay(weightDecay), scale(restRate)),
    }],
    chain(
      trace({ decay: momentum, nesterov }),
      factor,
      scaleByShape(),
      decay(weightDecay),
      scale(learningRate),
    ),
  );
}
