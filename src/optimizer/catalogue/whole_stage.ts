/**
 * The stage that the rows of Table 1 with the whole matrix share, and their diagonal forms.
 *
 * @module
 */

import type { Calculating } from "../calculating.ts";
import { chain } from "../combinators.ts";
import { curvature, type CurvatureOptions } from "../curvature.ts";
import type { Damping } from "../damping.ts";
import type { Length } from "../length.ts";
import type { Hyper } from "../schedule.ts";
import { lanczos } from "../solver.ts";
import { diagonal, full } from "../structure.ts";
import { scale } from "../transforms.ts";
import type { Optimizer } from "../types.ts";

/** The options that all of them have. */
interface WholeStageOptions {
  readonly learningRate: Hyper;
  readonly structure: "full" | "diagonal" | "krylov";
  readonly every: number;
  readonly products: number;
}

type Kept = Pick<CurvatureOptions, "structure" | "solver" | "every">;

const STRUCTURES: {
  readonly [W in WholeStageOptions["structure"]]: (options: WholeStageOptions) => Kept;
} = {
  full: ({ every }) => ({ structure: full(), every: { sample: every, factor: every } }),
  diagonal: ({ every }) => ({ structure: diagonal(), every: { sample: every, factor: 1 } }),
  krylov: ({ products }) => ({ structure: full(), solver: lanczos({ steps: products }) }),
};

/** A step of this length, times the rate; what is kept of the matrix is taken every so many steps. */
export function wholeStage(
  calculating: Calculating,
  length: Length,
  damping: readonly Damping[],
  options: WholeStageOptions,
): Optimizer {
  const kept = STRUCTURES[options.structure](options);
  return chain(curvature({ calculating, length, damping, ...kept }), scale(options.learningRate));
}
