/**
 * The stage with the four slots of the unified view.
 *
 * @module
 */

import { transform, withOptions } from "./build.ts";
import type { Calculating } from "./calculating.ts";
import type { Damping } from "./damping.ts";
import type { Iterative } from "./iterative.ts";
import type { Length } from "./length.ts";
import type { Solver } from "./solver.ts";
import type { Structure } from "./structure.ts";
import type { Curvature, Every, Optimizer, Warmup } from "./types.ts";

/** What {@link curvature} takes; only `calculating` and `structure` are required. */
export interface CurvatureOptions {
  /** Which samples of curvature are taken: `hessian()`, `empiricalFisher()`, …. */
  readonly calculating: Calculating;
  /** The basis, and what is kept of the samples in it: `diagonal()`, `full()`, …. */
  readonly structure: Structure;
  /**
   * One accumulator or a list applied in order.
   *
   * @default `latest()`
   */
  readonly iterative?: Iterative | readonly Iterative[];
  /**
   * How long the step is, as a function of λ and û.
   *
   * @default `none()`
   */
  readonly length?: Length;
  /**
   * The transform of u that is preconditioned but not sampled.
   *
   * @default `identity()`
   */
  readonly direction?: Optimizer;
  /**
   * Maps on the spectrum in order.
   *
   * @default none
   */
  readonly damping?: Damping | readonly Damping[];
  /**
   * How the stage works with a curvature that is a matrix.
   *
   * @default `auto()`
   */
  readonly solver?: Solver;
  /**
   * Steps between samples, and between roots; both ≥ 1.
   *
   * @default `{ sample: 1, factor: 1 }`
   */
  readonly every?: Partial<Every>;
  /**
   * What is put out for the first steps, while the statistics already run.
   *
   * @default none
   */
  readonly warmup?: Warmup;
}

/**
 * A stage u ↦ φ(λ, direction(u)): samples of curvature are taken (`calculating`), kept in a basis
 * (`structure`), accumulated (`iterative`), damped, and turned into a step (`length`).
 *
 * Source: unified-view-of-optimizers, Table 1.
 *
 * @throws {SteepestError} of kind `description`, with every issue: a value out of range, or a combination whose
 * statistic does not exist.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { curvature, diagonal, ema, empiricalFisher, gradientNorm } from "@steepest/steepest";
 *
 * const direction = curvature({
 *   calculating: empiricalFisher(),
 *   structure: diagonal(),
 *   iterative: ema({ decay: 0.999, debias: true }),
 *   length: gradientNorm(),
 * });
 * assert.equal(direction.structure.kind, "diagonal");
 * ```
 */
export function curvature(options: CurvatureOptions): Curvature {
  return transform(withOptions("curvature", options));
}
