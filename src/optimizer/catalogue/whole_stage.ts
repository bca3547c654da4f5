/**
 * The stage that the rows of Table 1 with the whole matrix share, and their diagonal forms.
 *
 * @module
 */

import type { Calculating } from "../calculating.ts";
import { chain } from "../combinators.ts";
import { curvature } from "../curvature.ts";
import type { Damping } from "../damping.ts";
import type { Length } from "../length.ts";
import type { Hyper } from "../schedule.ts";
import { diagonal, full } from "../structure.ts";
import { scale } from "../transforms.ts";
import type { Optimizer } from "../types.ts";

/** The options that all of them have. */
export interface WholeStageOptions {
  readonly learningRate: Hyper;
  readonly structure: "full" | "diagonal";
  readonly every: number;
}

/** A step of this length, times the rate; the matrix or its diagonal is taken every so many steps. */
export function wholeStage(
  calculating: Calculating,
  length: Length,
  damping: readonly Damping[],
  { structure, every, learningRate }: WholeStageOptions,
): Optimizer {
  const whole = structure === "full";
  return chain(
    curvature({
      calculating,
      structure: whole ? full() : diagonal(),
      length,
      damping,
      every: { sample: every, factor: whole ? every : 1 },
    }),
    scale(learningRate),
  );
}
