/**
 * The second slot of the unified view: a basis and what is kept of the curvature in it.
 *
 * @module
 */

import { slot, withOptions } from "./build.ts";
import type { Accumulator, Iterative } from "./iterative.ts";
import type { Kronecker } from "./kronecker.ts";
import type { Subspace } from "./subspace.ts";

/** λI over everything the stage sees: the mean of the samples. */
export interface Scalar {
  /** The tag of this structure. */
  readonly kind: "scalar";
}

/** One λ a coordinate. */
export interface Diagonal {
  /** The tag of this structure. */
  readonly kind: "diagonal";
  /** `"kernel"`: the mean over the trailing axes of a tensor of rank 3 or more (a convolution's window). */
  readonly average: "none" | "kernel";
  /** What the coordinates are taken in; absent: the parameters themselves. */
  readonly basis?: EigenbasisOf;
}

/** The basis in which the accumulated samples of another structure are diagonal. */
export interface EigenbasisOf {
  /** The tag of this basis. */
  readonly kind: "eigenbasisOf";
  /** What is kept of the samples to find it. */
  readonly structure: Kronecker | BlockDiagonal | Full;
  /** How that is accumulated; an empty list: the newest sample. */
  readonly iterative: readonly Accumulator[];
}

/** One λ a coordinate, of rank 1 over the last two axes: R Cᵀ/mean(R), of which R and C are kept. */
export interface Factored {
  /** The tag of this structure. */
  readonly kind: "factored";
}

/** A whole matrix in each block, and nothing between blocks. */
export interface BlockDiagonal {
  /** The tag of this structure. */
  readonly kind: "blockDiagonal";
  /**
   * `"tensor"`: a block for each parameter tensor. `"unit"`: one for each index of the first axis of a tensor of rank 2
   * or more, and one for each other tensor. A number: consecutive blocks of a tensor, of at most that many elements.
   */
  readonly per: "tensor" | "unit" | number;
}

/** The whole matrix. */
export interface Full {
  /** The tag of this structure. */
  readonly kind: "full";
}

/** A multiple of the identity but for the span of the newest pairs of a secant update. */
export interface LowRank {
  /** The tag of this structure. */
  readonly kind: "lowRank";
}

/** What is kept of the curvature. */
export type Structure =
  | Scalar
  | Diagonal
  | Factored
  | BlockDiagonal
  | Full
  | Subspace
  | Kronecker
  | LowRank;

/** The kinds of {@link Structure}. */
export type StructureKind = Structure["kind"];

/**
 * λI: one λ for everything the stage sees, the mean of the samples.
 *
 * Source: unified-view-of-optimizers, Table 1, "λI".
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { clipByGlobalNorm, scalar } from "@steepest/steepest";
 *
 * assert.deepEqual(clipByGlobalNorm(1).structure, scalar());
 * ```
 */
export function scalar(): Scalar {
  return slot("structure", { kind: "scalar" });
}

/**
 * One λ a coordinate.
 *
 * Source: unified-view-of-optimizers, "Diagonal Natural Gradient Descent".
 *
 * @param options `average: "kernel"` shares λ over a convolution's window: the mean over the trailing axes of a
 * tensor of rank 3 or more. Default `"none"`. `basis`: the coordinates are those in a basis that follows the samples, see
 * {@link eigenbasisOf}; not together with a shared λ.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { diagonal } from "@steepest/steepest";
 *
 * assert.deepEqual(diagonal(), { kind: "diagonal", average: "none" });
 * ```
 */
export function diagonal(
  options: { readonly average?: "none" | "kernel"; readonly basis?: EigenbasisOf } = {},
): Diagonal {
  return slot("structure", withOptions("diagonal", options));
}

/**
 * The basis in which what another structure has accumulated of the samples is diagonal, for `diagonal({ basis })`.
 *
 * At every step the samples of the stage go both into the statistic of `structure` and, in the coordinates of the basis,
 * into that of the diagonal. The basis is made again at every `every.factor`-th step, and a step uses the one made before it: so
 * at its first step, which has none, the stage only finds one and puts out 0 (or what its warm-up does), and neither its diagonal
 * nor its direction moves. Only the diagonal lives in the basis. When the basis turns it stays as it is, coordinate by
 * coordinate; the direction is outside, and turned when it is used.
 *
 * With `eigen()` a new basis stands in the order of falling eigenvalues. With `orthogonalIteration()` the first one does, and
 * every later one follows from the one before: see there. A stage of `kronecker()` and `ema` so is SOAP.
 *
 * Source: Vyas, Morwani, Zhao, Kwun, Shapira, Brandfonbrener, Janson and Kakade 2024, Algorithm 3; George, Laurent,
 * Bouthillier, Ballas and Vincent 2018 for layers.
 *
 * @param structure `kronecker`, `blockDiagonal` or `full`. @param iterative `ema` or `sum`, one or a list; default the newest
 * sample.
 * @throws {SteepestError} of kind `description`: another structure, or an accumulator that matrices do not have.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { classify, curvature, diagonal, eigenbasisOf, ema, empiricalFisher, kronecker } from "@steepest/steepest";
 *
 * const stage = curvature({
 *   calculating: empiricalFisher(),
 *   structure: diagonal({ basis: eigenbasisOf(kronecker(), ema({ decay: 0.95 })) }),
 *   iterative: ema({ decay: 0.95, debias: true }),
 * });
 * assert.equal(classify(stage).structure, "diagonal in ⟨L ⊗ R⟩");
 * ```
 */
export function eigenbasisOf(
  structure: Kronecker | BlockDiagonal | Full,
  iterative?: Iterative | readonly Iterative[],
): EigenbasisOf {
  return slot("basis", {
    kind: "eigenbasisOf",
    structure,
    ...(iterative === undefined ? {} : { iterative }),
  });
}

/**
 * One λ a coordinate, of which r + c numbers are kept in place of r·c: λ = R Cᵀ/mean(R), with R and C the row and
 * column means of the samples over the last two axes of a tensor of rank 2 or more.
 *
 * Leading axes are a batch of such matrices; for a convolution [out, in, height, width] the matrices are its windows
 * (as in PyTorch; optax takes the two longest axes). A tensor of rank 0 or 1 keeps one λ a coordinate. A sample of
 * rank 1 is kept exactly, signs included; where mean(R) is 0 so is λ, which is dropped and counted.
 *
 * Source: Shazeer and Stern 2018, Algorithm 1.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { classify, curvature, empiricalFisher, factored } from "@steepest/steepest";
 *
 * const stage = curvature({ calculating: empiricalFisher(), structure: factored() });
 * assert.equal(classify(stage).structure, "rank-1 diagonal");
 * ```
 */
export function factored(): Factored {
  return slot("structure", { kind: "factored" });
}

/**
 * A whole matrix in each block of parameters, in its own eigenbasis; curvature between blocks is left out.
 *
 * A block of n parameters keeps n² numbers, 4096² in all blocks at most; more is an error of kind `limit`. Equal blocks
 * share one eigenvalue problem, of which every block is a copy. Samples that are vectors give the blocks at once; a
 * `hessian` or `gaussNewton` takes one product for each parameter, because a product with a vector that touches
 * two blocks mixes them.
 *
 * @param options `per`: `"tensor"`, a block for each parameter tensor (default); `"unit"`, one for each index of the
 * first axis of a tensor of rank 2 or more (what enters one unit of a dense layer, one filter of a convolution) and
 * one for each other tensor; a number, consecutive blocks of a tensor of at most that many elements.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { add, blockDiagonal, curvature, hessian, minimize, mul, objective, square, sum } from "@steepest/steepest";
 *
 * const valleys = objective({
 *   parameters: { a: [3, 4], b: [1, 2] },
 *   loss: ({ a, b }) => add(add(square(sum(a)), sum(square(a))), mul(9, sum(square(b)))),
 * });
 * const newton = curvature({ calculating: hessian(), structure: blockDiagonal() });
 * const { losses } = await minimize(valleys, newton, { steps: 1, backend: "reference" });
 * assert(losses[1]! < 1e-9);
 * ```
 */
export function blockDiagonal(
  options: { readonly per?: "tensor" | "unit" | number } = {},
): BlockDiagonal {
  return slot("structure", withOptions("blockDiagonal", options));
}

/**
 * The whole matrix over everything the stage sees, in its own eigenbasis: no approximation of the structure.
 *
 * n² numbers are kept for n parameters, 4096 of them at most; more is an error of kind `limit`. The solvers `cg` and `lanczos` keep
 * no matrix, and have no such limit.
 *
 * Source: unified-view-of-optimizers, the first five rows of Table 1.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { add, curvature, full, hessian, minimize, mul, objective, square } from "@steepest/steepest";
 *
 * const valley = objective({
 *   parameters: { x: 3, y: 4 },
 *   loss: ({ x, y }) => add(square(x), mul(100, square(add(x, y)))),
 * });
 * const newton = curvature({ calculating: hessian(), structure: full() });
 * const { parameters } = await minimize(valley, newton, { steps: 1, backend: "reference" });
 * assert(Math.hypot(parameters.x, parameters.y) < 1e-3);
 * ```
 */
export function full(): Full {
  return slot("structure", { kind: "full" });
}

/**
 * γI but for the span of the newest pairs of a {@link secantUpdate} with a `window` of m: 2m vectors are kept, and no matrix.
 *
 * Every length works on an orthonormal basis of those vectors, in which H′ is a 2m × 2m matrix with an eigenvalue problem of its
 * own. What u has beside the basis belongs to γ, which repeats: there the eigenbasis is chosen such that one vector is along it. `none`,
 * `normalized` and `clipped` of "bfgs" need no eigenvalues unless the spectrum is damped or the solver is `eigen()`: they take the
 * two-loop recursion.
 *
 * Source: Liu and Nocedal 1989; Nocedal and Wright 2006, Algorithm 7.4.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { classify, curvature, lowRank, secant, secantUpdate } from "@steepest/steepest";
 *
 * const stage = curvature({
 *   calculating: secant(),
 *   structure: lowRank(),
 *   iterative: secantUpdate("bfgs", { window: 10 }),
 * });
 * assert.equal(classify(stage).structure, "rank-2 update");
 * ```
 */
export function lowRank(): LowRank {
  return slot("structure", { kind: "lowRank" });
}
