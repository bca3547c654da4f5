/**
 * K-FAC.
 *
 * @module
 */

import { empiricalFisher, fisher } from "../calculating.ts";
import { chain, identity } from "../combinators.ts";
import { curvature } from "../curvature.ts";
import { factored } from "../damping.ts";
import { clipped, none } from "../length.ts";
import type { Hyper } from "../schedule.ts";
import { cholesky } from "../solver.ts";
import { kronecker } from "../kronecker.ts";
import { ema, scale, trace } from "../transforms.ts";
import type { Optimizer } from "../types.ts";
import { given } from "./options.ts";

/** Options of {@link kfac}. */
export interface KfacOptions {
  /**
   * η ≥ 0, the fraction of the natural step that is taken.
   *
   * @default 0.1
   */
  readonly learningRate?: Hyper;
  /**
   * μ of the heavy ball after the preconditioner, in [0, 1).
   *
   * @default 0
   */
  readonly momentum?: Hyper;
  /**
   * β of the averages of A and G, in [0, 1), divided by the weight that they have.
   *
   * @default 0.95
   */
  readonly decay?: Hyper;
  /**
   * γ > 0 of the factored damping, in units of the curvature.
   *
   * @default 0.03
   */
  readonly damping?: number;
  /**
   * C > 0: the norm √(dᵀH′d) of a step before η and momentum is at most C, so that it is at most ε = ηC with η; null: no bound.
   *
   * @default 1
   */
  readonly clip?: Hyper | null;
  /**
   * Whether labels are drawn from the model, or those of the data.
   *
   * @default "sampled"
   */
  readonly labels?: "sampled" | "given";
  /**
   * Steps between samples of A and G, ≥ 1.
   *
   * @default 10
   */
  readonly sample?: number;
  /**
   * Steps between inverses of the factors, ≥ 1.
   *
   * @default 20
   */
  readonly every?: number;
}

/** Defaults of {@link kfac}. */
export const KFAC: Required<KfacOptions> = {
  learningRate: 0.1,
  momentum: 0,
  decay: 0.95,
  damping: 0.03,
  clip: 1,
  labels: "sampled",
  sample: 10,
  every: 20,
};

/**
 * v ← μv + min(1, C/‖d‖)·d, θ ← θ − ηv, with d = (G + √γ/π)⁻¹ U (A + π√γ)⁻¹ for the gradient U of every layer, and A and G
 * the averages of āāᵀ and ggᵀ of what a layer meets and of the derivatives by what it puts out: see `kronecker`.
 *
 * Every parameter has to be in a dense or convolutional layer, as a weight or bias. The bound is the norm constraint of Ba et
 * al. 2017, whose κ is (ηC)²; ‖d‖ is in the norm of the damped H′. The paper itself adapts γ, η and μ by a quadratic model of
 * the loss; here they are what they are given as.
 * Source: Martens and Grosse 2015; Grosse and Martens 2016 for convolutions; unified-view-of-optimizers, Table 1, which
 * has F̃: that is `labels: "given"`.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { classify, kfac } from "@steepest/steepest";
 *
 * assert.deepEqual(classify(kfac({ labels: "given", clip: null })), {
 *   length: "",
 *   calculating: "F̃",
 *   structure: "block-diagonal",
 *   iterative: "a ⟂ ∂L/∂s, momentum",
 * });
 * ```
 */
export function kfac(options: KfacOptions = {}): Optimizer {
  const { learningRate, momentum, decay, damping, clip, labels, sample, every } = given(
    "kfac",
    KFAC,
    options,
  );
  return chain(
    curvature({
      calculating: labels === "sampled"
        ? fisher({ from: "examples" })
        : empiricalFisher({ from: "examples" }),
      structure: kronecker({ of: "layers" }),
      iterative: ema({ decay, debias: true }),
      damping: factored(damping),
      length: clip === null ? none() : clipped(clip),
      solver: cholesky(),
      every: { sample, factor: every },
    }),
    momentum === 0 ? identity() : trace({ decay: momentum }),
    scale(learningRate),
  );
}
