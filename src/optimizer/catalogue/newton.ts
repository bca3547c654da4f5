/**
 * Newton's method, Gauss–Newton and natural gradient descent.
 *
 * @module
 */

import { fisher, gaussNewton, hessian } from "../calculating.ts";
import { abs, add } from "../damping.ts";
import { none } from "../length.ts";
import type { Hyper } from "../schedule.ts";
import type { Optimizer } from "../types.ts";
import { given } from "./options.ts";
import { wholeStage } from "./whole_stage.ts";

/** Options of {@link newton}, {@link gaussNewtonDescent} and {@link naturalGradient}. */
export interface NewtonOptions {
  /**
   * η ≥ 0, the fraction of the whole step that is taken.
   *
   * @default 0.5
   */
  readonly learningRate?: Hyper;
  /**
   * ε ≥ 0, added to the eigenvalues, in units of the curvature.
   *
   * @default 0.1
   */
  readonly eps?: Hyper;
  /**
   * `"full"`: the matrix, of at most 4096 parameters; `"diagonal"`: an estimate of its diagonal; `"krylov"`: the
   * eigenvectors that products alone find in the Krylov space of g, for any number of parameters.
   *
   * @default "full"
   */
  readonly structure?: "full" | "diagonal" | "krylov";
  /**
   * Steps from one matrix, and from its eigenvectors, to the next, ≥ 1. A Krylov space is of one step.
   *
   * @default 10
   */
  readonly every?: number;
  /**
   * Products a step, and eigenvectors at most, ≥ 1, where the structure is `"krylov"`.
   *
   * @default 6
   */
  readonly products?: number;
}

/** Defaults of {@link newton}, {@link gaussNewtonDescent} and {@link naturalGradient}. */
export const NEWTON: Required<NewtonOptions> = {
  learningRate: 0.5,
  eps: 0.1,
  structure: "full",
  every: 10,
  products: 6,
};

/**
 * θ ← θ − η(|H| + ε)⁻¹g, where |H| has the eigenvectors of the Hessian and the magnitudes of its eigenvalues: the
 * step of Newton's method where H is positive definite and ε = 0, and one that leaves saddles where it is not.
 *
 * Where batches are small, H is that of one batch, which the next does not share: on the MNIST CNN with 60 images a step
 * and `"krylov"`, the loss fell and grew again within 300 steps, to 3.9 with 6 products, ε = 1 and η = 0.2, and to 1.8
 * with 4 products, ε = 30 and η = 1. With one product, a step along g that is as long as H says, it came to 0.66.
 *
 * Source: "Newton's Method" of unified-view-of-optimizers, Table 1; Dauphin et al. 2014 for |H|.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { add, minimize, mul, newton, objective, square } from "@steepest/steepest";
 *
 * const valley = objective({
 *   parameters: { x: 3, y: 4 },
 *   loss: ({ x, y }) => add(square(x), mul(100, square(add(x, y)))),
 * });
 * const optimizer = newton({ learningRate: 1, eps: 0 });
 * const { parameters } = await minimize(valley, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.hypot(parameters.x, parameters.y) < 1e-3);
 * ```
 */
export function newton(options: NewtonOptions = {}): Optimizer {
  const all = given("newton", NEWTON, options);
  return wholeStage(hessian(), none(), [abs(), add(all.eps)], all);
}

/**
 * θ ← θ − η(G + ε)⁻¹g with the Gauss–Newton matrix G = mean(JᵀBJ), J the derivative of the outputs and B the
 * Hessian of the loss with respect to them: never indefinite where B is not.
 *
 * Source: unified-view-of-optimizers, section 1; Levenberg 1944 and Marquardt 1963 for ε. The diagonal of G is
 * estimated with a random probe, whose samples may be negative: their magnitudes are taken.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { classify, gaussNewtonDescent } from "@steepest/steepest";
 *
 * assert.equal(classify(gaussNewtonDescent()).calculating, "G");
 * ```
 */
export function gaussNewtonDescent(options: NewtonOptions = {}): Optimizer {
  const all = given("gaussNewtonDescent", NEWTON, options);
  return wholeStage(gaussNewton(), none(), [abs(), add(all.eps)], all);
}

/**
 * θ ← θ − η(F + ε)⁻¹g with the Fisher matrix F of the batch: the mean over its examples of the outer products of
 * gradients under labels that are drawn from the model.
 *
 * Source: "Natural Gradient Descent" of unified-view-of-optimizers, Table 1; Amari 1998.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { classify, naturalGradient } from "@steepest/steepest";
 *
 * assert.deepEqual(classify(naturalGradient()), {
 *   length: "",
 *   calculating: "F",
 *   structure: "",
 *   iterative: "",
 * });
 * ```
 */
export function naturalGradient(options: NewtonOptions = {}): Optimizer {
  const all = given("naturalGradient", NEWTON, options);
  return wholeStage(fisher({ from: "examples" }), none(), [add(all.eps)], all);
}
