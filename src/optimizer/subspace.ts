/**
 * A structure of few directions that follow the gradients.
 *
 * @module
 */

import { slot, withOptions } from "./build.ts";
import type { Hyper } from "./schedule.ts";
import type { Optimizer } from "./types.ts";

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
  return slot("structure", withOptions("subspace", options));
}
