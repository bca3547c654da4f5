/**
 * How a stage works with a curvature that is a matrix. It is part of the value, because it changes the numbers.
 *
 * @module
 */

import type { NewtonSchulzCoefficients } from "../linalg/newton_schulz.ts";
import { slot, withOptions } from "./build.ts";
import type { Hyper } from "./schedule.ts";

/** What suits the structure; see {@link auto}. */
export interface Auto {
  /** The tag of this solver. */
  readonly kind: "auto";
}

/** Eigenvalues and eigenvectors by Jacobi's method. */
export interface EigenSolver {
  /** The tag of this solver. */
  readonly kind: "eigen";
  /** How many sweeps over all pairs at most, ≥ 1; it ends early where nothing is left to rotate. */
  readonly sweeps: number;
}

/** Inverses by elimination. */
export interface CholeskySolver {
  /** The tag of this solver. */
  readonly kind: "cholesky";
}

/** Conjugate gradients, from products alone. */
export interface CgSolver {
  /** The tag of this solver. */
  readonly kind: "cg";
  /** How many products at most, ≥ 1. */
  readonly steps: number;
  /** It ends once ‖u − H′d‖ is at most this times ‖u‖; in [0, 1]. */
  readonly tolerance: number;
  /**
   * It ends once k steps have made the model less by under k times this part, k a tenth of the steps but at least 10; in (0,
   * 1). Absent: it does not look.
   */
  readonly progress?: number;
  /** ξ in [0, 1]: it starts from ξ times the d of the step before. Absent: from 0. */
  readonly warmStart?: Hyper;
}

/** Ritz values and vectors in the Krylov space of û, from products alone. */
export interface LanczosSolver {
  /** The tag of this solver. */
  readonly kind: "lanczos";
  /** How many products, and how many Ritz vectors at most, ≥ 1. */
  readonly steps: number;
}

/** A basis that follows from the one before it by products with the matrix. */
export interface OrthogonalIterationSolver {
  /** The tag of this solver. */
  readonly kind: "orthogonalIteration";
  /** How many products each time, ≥ 1. */
  readonly steps: number;
}

/** The orthogonal factor of what is sampled, by matrix products. */
export interface NewtonSchulzSolver {
  /** The tag of this solver. */
  readonly kind: "newtonSchulz";
  /** How often the polynomial is applied, ≥ 1. */
  readonly steps: number;
  /** a, b, c of X ← a·X + b·(XXᵀ)X + c·(XXᵀ)²X. */
  readonly coefficients: NewtonSchulzCoefficients;
}

/** Inverse roots by matrix products. */
export interface CoupledNewtonSolver {
  /** The tag of this solver. */
  readonly kind: "coupledNewton";
  /** How many iterations at most, ≥ 1. */
  readonly iterations: number;
  /** It ends once ‖XᵖL − 1‖ is at most this; in [0, 1]. */
  readonly tolerance: number;
  /** L + ridge·‖L‖·1 is what the root is of; in [0, 1]. */
  readonly ridge: number;
  /** The largest ‖XᵖL − 1‖ of a root that is used; in [0, 1]. */
  readonly accept: number;
}

/** How a stage works with a matrix. */
export type Solver =
  | Auto
  | EigenSolver
  | CholeskySolver
  | CgSolver
  | LanczosSolver
  | OrthogonalIterationSolver
  | NewtonSchulzSolver
  | CoupledNewtonSolver;

/** The kinds of {@link Solver}. */
export type SolverKind = Solver["kind"];

/**
 * What suits the structure: nothing for one λ a coordinate, `eigen()` for a stored matrix.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { auto, curvature, full, hessian } from "@steepest/steepest";
 *
 * const stage = curvature({ calculating: hessian(), structure: full(), solver: auto() });
 * assert.equal(stage.solver, undefined);
 * ```
 */
export function auto(): Auto {
  return slot("solver", { kind: "auto" });
}

/**
 * H′ = Q diag(λ) Qᵀ, by Jacobi's method: every length works on û = Qᵀu.
 *
 * |λ| ≤ n·2⁻²³·max|λ| cannot be told from 0 in single precision and counts as 0.
 *
 * @param options `sweeps`: at most, ≥ 1, default 15; usual are 5 to 9.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { eigen } from "@steepest/steepest";
 *
 * assert.equal(eigen().sweeps, 15);
 * ```
 */
export function eigen(options: { readonly sweeps?: number } = {}): EigenSolver {
  return slot("solver", withOptions("eigen", options));
}

/**
 * H′⁻¹ by elimination without exchanges, whose pivots are the squares of Cholesky's: of a stored matrix, or of every factor of
 * a product. A fraction of the cost of eigenvectors.
 *
 * It inverts and takes no roots: the lengths `none`, `normalized` and `clipped` have it, and factors of `exponent` 1. Dampings:
 * `add` for a whole matrix, `factored` for factors, `toSample` for both. A direction whose pivot is at most 1e-7 of the largest
 * diagonal element is left out and recorded as dropped; the residual |H′H′⁻¹ − 1| is about 1e-7 times the condition.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { cholesky, curvature, factored, fisher, kronecker } from "@steepest/steepest";
 *
 * const kfac = curvature({
 *   calculating: fisher(),
 *   structure: kronecker({ of: "layers" }),
 *   damping: factored(0.01),
 *   solver: cholesky(),
 * });
 * assert.equal(kfac.solver?.kind, "cholesky");
 * ```
 */
export function cholesky(): CholeskySolver {
  return slot("solver", { kind: "cholesky" });
}

/**
 * d with H′d = u by conjugate gradients: no matrix is stored, so that a stage may see any number of parameters.
 *
 * It solves and takes no roots: the lengths `none`, `normalized` and `clipped` have it, the damping `add`, and `latest`. It
 * ends at the first direction without positive curvature, which is recorded, and puts out what it has reached: nothing where
 * that was the first.
 *
 * Source: Hestenes and Stiefel 1952; Steihaug 1983 for the end; Martens 2010 for networks, section 4.4 for `progress` and 4.5
 * for `warmStart`.
 *
 * @param options `steps`: products at most, ≥ 1, default 20. `tolerance`: it ends once ‖u − H′d‖ is at most this times ‖u‖, in
 * [0, 1], default 1e-4. `progress`: it ends once the last k steps have made dᵀH′d/2 − uᵀd less by under k times this part of it,
 * where that is negative and k = max(10, ⌊i/10⌋) after i steps, in (0, 1), default none (Martens has 5e-4). `warmStart`: ξ in
 * [0, 1], it starts from ξ times the d of the step before and takes one more product, default none.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { add, cg, curvature, full, hessian, minimize, mul, objective, square } from "@steepest/steepest";
 *
 * const valley = objective({
 *   parameters: { x: 3, y: 4 },
 *   loss: ({ x, y }) => add(square(x), mul(100, square(add(x, y)))),
 * });
 * const newton = curvature({ calculating: hessian(), structure: full(), solver: cg({ steps: 2, tolerance: 0 }) });
 * const { parameters } = await minimize(valley, newton, { steps: 1, backend: "reference" });
 * assert(Math.hypot(parameters.x, parameters.y) < 1e-2);
 * ```
 */
export function cg(
  options: {
    readonly steps?: number;
    readonly tolerance?: number;
    readonly progress?: number;
    readonly warmStart?: Hyper;
  } = {},
): CgSolver {
  return slot("solver", withOptions("cg", options));
}

/**
 * φ(H′)u in the Krylov space of u, u being what the stage preconditions: no matrix is stored, so that a stage may see any number of
 * parameters, and every length works on the Ritz values and vectors, `latest` being the only accumulator.
 *
 * Exact where φ is a polynomial of a degree below `steps`. The eigenbasis is that of the Krylov space, in which u has a part
 * along every vector. Ritz values that cannot be told from 0, and those that a smaller space does not have, are null.
 *
 * Source: Lanczos 1950; Saad 1992 for functions of matrices.
 *
 * @param options `steps`: products, ≥ 1, default 20.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { add, curvature, full, gradientNorm, hessian, lanczos, minimize, mul, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({
 *   parameters: { x: 3, y: 4 },
 *   loss: ({ x, y }) => add(mul(0.5, square(x)), mul(2, square(y))),
 * });
 * const stage = curvature({
 *   calculating: hessian(),
 *   structure: full(),
 *   length: gradientNorm(),
 *   solver: lanczos({ steps: 2 }),
 * });
 * const { parameters } = await minimize(bowl, stage, { steps: 1, backend: "reference" });
 * assert(Math.hypot(parameters.x, parameters.y + 4) < 1e-3);
 * ```
 */
export function lanczos(options: { readonly steps?: number } = {}): LanczosSolver {
  return slot("solver", withOptions("lanczos", options));
}

/**
 * A basis from the one before it: Q ← the orthonormal columns of PQ, for a symmetric matrix P that changes little between
 * refreshes. For `diagonal({ basis })`; the first basis is found as by `eigen()`, once.
 *
 * The columns are orthogonalised in the order of falling qᵀPq, and each stands where the column stood that it came from, so
 * that what is known of a coordinate stays its own. (The authors sort the columns of Q and of the statistic with them, which is
 * the same up to the order.) Where P adds nothing to a column, the part of the old one that is left takes its place: a basis
 * stays a basis.
 *
 * Source: Vyas et al. 2024, Algorithm 4.
 *
 * @param options `steps`: products with P each time, ≥ 1, default 1.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { orthogonalIteration } from "@steepest/steepest";
 *
 * assert.equal(orthogonalIteration().steps, 1);
 * ```
 */
export function orthogonalIteration(
  options: { readonly steps?: number } = {},
): OrthogonalIterationSolver {
  return slot("solver", withOptions("orthogonalIteration", options));
}

/**
 * d = (GGᵀ)^{-1/2}G = UVᵀ of a sampled matrix G = UΣVᵀ, by a polynomial of G: nothing is factored and nothing remembered.
 *
 * It is the length `gradientNorm` of `kronecker({ merge: "trailing" })`, where the stage samples what it preconditions
 * (`empiricalFisher()`, no `direction`) and keeps the newest sample only. Every tensor is the matrix [first axis, all others], a vector one
 * column. The default coefficients are fast and have no limit: singular values from 0.01 of ‖G‖_F on come out between 0.68 and
 * 1.13. With [15/8, −10/8, 3/8] and enough steps they come out at 1, and the numbers are those of `eigen()`. Null directions stay null.
 *
 * Source: Jordan et al. 2024, Muon. PyTorch and the authors compute it in bfloat16 and divide by ‖G‖ + 1e-7.
 *
 * @param options `steps`: ≥ 1, default 5. `coefficients`: a, b, c of X ← a·X + b·(XXᵀ)X + c·(XXᵀ)²X from X = G/‖G‖_F, default
 * [3.4445, −4.775, 2.0315].
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { curvature, empiricalFisher, gradientNorm, kronecker, minimize, newtonSchulz, objective, square, sum } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: [[3, 0], [0, 40]] }, loss: ({ x }) => sum(square(x)) });
 * const stage = curvature({
 *   calculating: empiricalFisher(),
 *   structure: kronecker({ merge: "trailing" }),
 *   length: gradientNorm(),
 *   solver: newtonSchulz({ steps: 12, coefficients: [15 / 8, -10 / 8, 3 / 8] }),
 * });
 * const { parameters } = await minimize(bowl, stage, { steps: 1, backend: "reference" });
 * const { x: { data: [first, , , last] } } = parameters;
 * assert(Math.abs(first! - 2) < 1e-4 && Math.abs(last! - 39) < 1e-4);
 * ```
 */
export function newtonSchulz(
  options: { readonly steps?: number; readonly coefficients?: NewtonSchulzCoefficients } = {},
): NewtonSchulzSolver {
  return slot("solver", withOptions("newtonSchulz", options));
}

/**
 * L^{-1/p} by matrix products: far cheaper than `eigen()`, and without an eigenbasis.
 *
 * It has the lengths that are powers of H′, `none`, `gradientNorm` and `power`, and those whose one factor such a power gives,
 * `normalized` and `clipped`; every factor has to get a power −1/p with a whole p. Of the dampings it
 * has `toSample` and `factored`. The root is that of L + ridge·‖L‖_F·1: single precision has
 * none where a condition is beyond about 1e6, and a singular L has none at all.
 *
 * A root whose residual ‖XᵖL − 1‖_F is above `accept`, or that is not finite, is not used: the last good one is kept (none before the
 * first), and the record `failed` counts the factors of which that is so.
 *
 * Source: Iannazzo 2006; Anil et al. 2020 for Shampoo, with λmax(L) in place of ‖L‖_F.
 *
 * @param options `iterations`: at most, ≥ 1, default 40; a condition κ takes about ln κ and six. `tolerance`: it ends there, in [0, 1],
 * default 1e-6. `ridge`: in [0, 1], default 1e-6. `accept`: in [0, 1], default 0.1.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { coupledNewton, curvature, empiricalFisher, gradientNorm, kronecker, minimize, objective, square, sum } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: [[3, 0], [0, 4]] }, loss: ({ x }) => sum(square(x)) });
 * const stage = curvature({
 *   calculating: empiricalFisher(),
 *   structure: kronecker(),
 *   length: gradientNorm(),
 *   solver: coupledNewton(),
 * });
 * const { parameters } = await minimize(bowl, stage, { steps: 1, backend: "reference" });
 * const { x: { data: [first, , , last] } } = parameters;
 * assert(Math.abs(first! - 2) < 1e-4 && Math.abs(last! - 3) < 1e-4);
 * ```
 */
export function coupledNewton(
  options: {
    readonly iterations?: number;
    readonly tolerance?: number;
    readonly ridge?: number;
    readonly accept?: number;
  } = {},
): CoupledNewtonSolver {
  return slot("solver", withOptions("coupledNewton", options));
}
