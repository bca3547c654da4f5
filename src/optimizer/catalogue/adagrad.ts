/**
 * Adagrad.
 *
 * @module
 */

import { empiricalFisher } from "../calculating.ts";
import { chain } from "../combinators.ts";
import { curvature } from "../curvature.ts";
import { addToRoot } from "../damping.ts";
import { sum } from "../iterative.ts";
import { gradientNorm } from "../length.ts";
import { diagonal } from "../structure.ts";
import { scale } from "../transforms.ts";
import type { Hyper } from "../schedule.ts";
import type { Optimizer } from "../types.ts";
import { given } from "./options.ts";

/** Options of {@link adagrad}. */
export interface AdagradOptions {
  /**
   * η ≥ 0, about how far a parameter moves in the first step.
   *
   * @default 0.01
   */
  readonly learningRate?: Hyper;
  /**
   * What the sum s of squares starts from, ≥ 0.
   *
   * @default 0
   */
  readonly initial?: number;
  /**
   * ε ≥ 0, added to √s, in units of the gradient.
   *
   * @default 1e-10
   */
  readonly eps?: Hyper;
}

/** Defaults of {@link adagrad}. */
export const ADAGRAD: Required<AdagradOptions> = { learningRate: 0.01, initial: 0, eps: 1e-10 };

/**
 * s ← s + g²; θ ← θ − η g/(√s + ε).
 *
 * Source: Duchi, Hazan and Singer 2011; unified-view-of-optimizers, Table 1.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { adagrad, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const optimizer = adagrad({ learningRate: 0.1 });
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.9) < 1e-4);
 * ```
 */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  const { learningRate, initial, eps } = given("adagrad", ADAGRAD, options);
  return chain(
    curvature({
      calculating: empiricalFisher(),
      structure: diagonal(),
      iterative: sum({ initial }),
      length: gradientNorm(),
      damping: addToRoot(eps),
    }),
    scale(learningRate),
  );
}
