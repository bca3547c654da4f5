/**
 * The second slot of the unified view: a basis and what is kept of the curvature in it.
 *
 * @module
 */

import { slot } from "./build.ts";
import type { Accumulator, Iterative } from "./iterative.ts";
import type { Hyper } from "./schedule.ts";
import type { Optimizer } from "./types.ts";

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

/** The few directions V, orthonormal rows, that follow the gradients. */
export interface Subspace {
  /** The tag of this structure. */
  readonly kind: "subspace";
  /** V follows what this transform puts out. */
  readonly directions: Optimizer;
  /** How many directions there are, ≥ 1; never more than parameters. */
  readonly rank: number;
  /** β in [0, 1): V are the leading principal components of a past that fades by β a step. Absent: the newest vector. */
  readonly decay?: Hyper;
  /** What the step along the directions goes through. */
  readonly along: Optimizer;
  /** What the stage does not step along goes through this, to be added to the step. */
  readonly rest: Optimizer;
  /** What becomes of a regression along V when V turns. */
  readonly turn: "keep" | "rebuild" | "recentre" | "project";
}

/**
 * ⊗ᵢ Lᵢ^exponent in every tensor, Lᵢ the Gram matrix of the samples along its i-th axis; or A^exponent ⊗ G^exponent in
 * every layer.
 */
export interface Kronecker {
  /** The tag of this structure. */
  readonly kind: "kronecker";
  /** What the factors are of: the axes of a tensor, or what a layer meets and the derivative by what it puts out. */
  readonly of: "tensor" | "layers";
  /** The power of every factor, > 0; where it is not given, 1/order of the tensor, and 1 by layer. */
  readonly exponent?: number;
  /** The longest axis that has one whole factor, ≥ 1. */
  readonly largest: number;
  /** Whether a longer one keeps the diagonal of its factor, or is cut into blocks of `largest`, each with factors of its own. */
  readonly longer: "diagonal" | "blocks";
  /** `"trailing"`: all axes after the first are one, so that every tensor is a matrix or a vector. */
  readonly merge: "none" | "trailing";
  /** `"diagonal"`: what has one axis keeps the diagonal of its factor. */
  readonly vectors: "matrix" | "diagonal";
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
  return slot("structure", { kind: "diagonal", ...options });
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
  return slot("structure", { kind: "blockDiagonal", ...options });
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

/** What {@link subspace} takes. */
export interface SubspaceOptions {
  /** The transform that the directions follow, such as `trace({ decay })`. */
  readonly directions: Optimizer;
  /**
   * How many directions there are, ≥ 1: never more than parameters, and more than one only with `decay`.
   *
   * @default 1
   */
  readonly rank?: number;
  /**
   * In [0, 1): the directions are the leading principal components of what `directions` put out, a past that fades by
   * this a step.
   *
   * @default the newest vector alone
   */
  readonly decay?: Hyper;
  /**
   * What the step along the directions goes through.
   *
   * @default identity()
   */
  readonly along?: Optimizer;
  /**
   * What goes through what the stage does not step along, to be added to the step.
   *
   * @default zero()
   */
  readonly rest?: Optimizer;
  /**
   * What becomes of a regression along the directions when they turn.
   *
   * @default "project" with `decay`, else "keep"
   */
  readonly turn?: "keep" | "rebuild" | "recentre" | "project";
}

/**
 * A few directions that follow the gradients: orthonormal rows V, of which û = Vu. The step is along(Vᵀd) + rest(r) for
 * a length d, where r is u without its part along the directions that are stepped along: a direction whose λ is
 * dropped, as λ < 0 is unless a damping such as `abs()` says otherwise, is left to `rest`.
 *
 * With v the output of `directions` at the step before, one direction v̂ becomes v/‖v‖ at every `every.factor`-th step;
 * it is 0 until then, and where v is 0. In a warm-up of S steps it is taken at the step ⌊S/2⌋ (from 0) and kept: the
 * first half finds v̂ and the second half the averages along it.
 *
 * With `decay` β the directions are an online principal component analysis of all v so far: V ← Q of QR = S at the first
 * step and every `every.factor`-th one after it, and S ← βS + (1 − β)·v(Vv)ᵀ at every step (the power method on a stream,
 * whose columns of S go to the leading eigenvectors of the average of vvᵀ). A column of V that is 0 has ‖v‖ in place of
 * its part of Vv at every `rank`-th step, so that the first ones are the first gradients.
 *
 * A regression along V is of the numbers Vu on Vθ. When V turns, with `turn` it
 * - `"keep"`s its averages as if they were along the new v̂, which turns the model round θ = 0. The turn comes after the
 *   stage's own steps, so that the first of them still has the v̂ of the warm-up;
 * - `"rebuild"`s: averages along the next V grow for `every.factor` steps before the stage works with them and that V;
 * - `"recentre"`s: positions are v̂ᵀ(θ − c), with c ← θ at the turn, which turns the model round θ;
 * - `"project"`s: what was along the old directions counts along the new ones as far as they agree. The covariances
 *   become RCRᵀ with R = V_new V_oldᵀ, which is exact where V turns in its own span; the means are those of whole vectors.
 *
 * Of several directions a regression makes a matrix H at each turn: the symmetric one that fits best, with H_ij =
 * (C_ij + C_ji)/(s_i + s_j) in the eigenbasis of the covariance of θ, whose eigenvalues are s. Until the next turn there
 * is one λ along each eigenvector of H. Samples of curvature make the matrix V M Vᵀ; they take `latest()` where there are
 * several directions.
 *
 * Source: online-parabola-momentum, Algorithms 1 (`"keep"`), 6 (`"rebuild"`), 7 (`"recentre"`) and sections IV.C and V
 * (`decay`: an online PCA of gradients, whose basis is turned to keep a d×d Hessian diagonal); Mitliagkas, Caramanis
 * and Jain 2013 for the power method on a stream.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { identity, subspace, trace, zero } from "@steepest/steepest";
 *
 * const line = subspace({ directions: trace({ decay: 0.9 }) });
 * assert.deepEqual([line.rank, line.turn, line.rest], [1, "keep", zero()]);
 * const ten = subspace({ directions: identity(), rank: 10, decay: 0.9 });
 * assert.equal(ten.turn, "project");
 * ```
 */
export function subspace(options: SubspaceOptions): Subspace {
  return slot("structure", { kind: "subspace", ...options });
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

/** What {@link kronecker} takes. */
export interface KroneckerOptions {
  /**
   * What the factors are of: the axes of a tensor, or what a layer meets and the derivative by what it puts out.
   *
   * @default "tensor"
   */
  readonly of?: "tensor" | "layers";
  /**
   * The power of every factor, > 0.
   *
   * @default 1/order of each tensor, and 1 by layer, so that H′ is in units of a squared gradient
   */
  readonly exponent?: number;
  /**
   * The longest axis that has one whole factor, ≥ 1.
   *
   * @default 256, and 1024 by layer
   */
  readonly largest?: number;
  /**
   * What a longer axis has: the `"diagonal"` of its factor, or it is cut into `"blocks"` of `largest` (the last one may be
   * shorter), and the tensor with it; every block then has factors of its own.
   *
   * @default "diagonal"
   */
  readonly longer?: "diagonal" | "blocks";
  /**
   * `"trailing"`: all axes after the first are one; a convolution [out, in, height, width] is the matrix
   * [out, in·height·width]. A layer is a matrix as it is.
   *
   * @default "none"
   */
  readonly merge?: "none" | "trailing";
  /**
   * What is kept for a tensor of one axis: a matrix, or its diagonal.
   *
   * @default "matrix"
   */
  readonly vectors?: "matrix" | "diagonal";
}

/**
 * H′ = ⊗ᵢ Lᵢ^exponent in every tensor of order k, i = 1…k: Lᵢ is the sum of G₍ᵢ₎G₍ᵢ₎ᵀ over the sampled vectors G, where
 * G₍ᵢ₎ is G laid out as a matrix with axis i as its rows. With `gradientNorm()` a matrix takes the step
 * L^{-1/4} u R^{-1/4}.
 *
 * The samples have to be vectors: `empiricalFisher` or `fisher`. ε in a sample, or in an initial value, is added to
 * every Lᵢ. A factor of n rows costs n² numbers and an eigenvalue problem, which `every: { factor }` spreads over
 * steps; an axis longer than `largest` keeps the diagonal of Lᵢ, also the one axis of a vector, or is cut into blocks. Norms of a length may
 * be by tensor. |λ| ≤ n·2⁻²³·max|λ| of a factor counts as 0, and its directions are dropped.
 *
 * With `of: "layers"` H′ = A ⊗ G in every layer s = W̄ā, W̄ = [W b], ā = [a 1]: over B examples with T rows of s each
 * (1 for a dense layer, the places of a convolution's windows)
 *
 * - A = (1/B) Σ āāᵀ over all B·T rows, features [C·kh·kw + 1] in the order of the weight, zeros where a window is outside;
 * - G = (1/(B·T)) Σ ggᵀ over all rows, g the derivative of the loss *of the row's own example* by its s.
 *
 * For one example and T = 1, A ⊗ G is that example's matrix itself. With `none()` the step is G⁻¹UA⁻¹ for U [out, in + 1].
 * Labels are sampled with `fisher()`, given with `empiricalFisher({ from: "examples" })`. Layers are found in the graph: a weight is
 * used once, in a matrix product or a convolution (of any stride, padding and dilation; in one group) with something that
 * depends on the examples; a bias is used once, added to the result along its units and to nothing else. A parameter that is neither
 * (a scale, an embedding, a weight of two products) is an error of kind `need` with its path: `partition` sends it elsewhere.
 * A weight whose bias is elsewhere is a layer without one.
 *
 * Source: Gupta, Koren and Singer 2018, Algorithm 2; unified-view-of-optimizers, Table 1, "L^{-1/4} g R^{-1/4}". Martens
 * and Grosse 2015, sections 3 and 4.1; Grosse and Martens 2016, (29), for convolutions; Table 1, "block-diagonal".
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { classify, curvature, empiricalFisher, gradientNorm, kronecker } from "@steepest/steepest";
 *
 * const stage = curvature({
 *   calculating: empiricalFisher(),
 *   structure: kronecker(),
 *   length: gradientNorm(),
 * });
 * assert.equal(classify(stage).structure, "L^{-1/4} g R^{-1/4}");
 * ```
 */
export function kronecker(options: KroneckerOptions = {}): Kronecker {
  return slot("structure", { kind: "kronecker", ...options });
}
