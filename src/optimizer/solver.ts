/**
 * How a stage works with a curvature that is a matrix. It is part of the value, because it changes the numbers.
 *
 * @module
 */

import { slot } from "./build.ts";

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

/** How a stage works with a matrix. */
export type Solver = Auto | EigenSolver;

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
  return slot("solver", { kind: "eigen", ...options });
}
