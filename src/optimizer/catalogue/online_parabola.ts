/**
 * Momentum with an online parabola along its direction.
 *
 * @module
 */

import { gradientRegression } from "../calculating.ts";
import { chain } from "../combinators.ts";
import { curvature } from "../curvature.ts";
import { abs, type Damping } from "../damping.ts";
import { clamped } from "../length.ts";
import { type Subspace, subspace } from "../subspace.ts";
import { ema, scale, trace } from "../transforms.ts";
import type { Hyper } from "../schedule.ts";
import type { Optimizer } from "../types.ts";
import { given } from "./options.ts";

/** What an online parabola does along a direction of negative curvature. */
export type SaddleChoice = "reverse" | "descend";

/** Options of {@link ogr1d}, {@link ogr1ds} and {@link ogr1dc}. */
export interface OnlineParabolaOptions {
  /**
   * α ≥ 0, the confidence in the parabola: 1 goes to its minimum.
   *
   * @default 0.5
   */
  readonly alpha?: Hyper;
  /**
   * β in [0, 1), the decay of the averages of the regression.
   *
   * @default 0.7
   */
  readonly beta?: Hyper;
  /**
   * γ in [0, 1), the decay of the momentum that gives the direction.
   *
   * @default 0.9
   */
  readonly momentum?: Hyper;
  /**
   * ε > 0: a step along the direction is at most αε long, in units of θ.
   *
   * @default 0.1
   */
  readonly limit?: Hyper;
  /**
   * η ≥ 0, the rate of the warm-up and of gradient descent off the direction.
   *
   * @default 0.01
   */
  readonly learningRate?: Hyper;
  /**
   * m ≥ 1: the warm-up has 2m steps, and in {@link ogr1ds} and {@link ogr1dc} the direction turns every m steps.
   *
   * @default 5
   */
  readonly every?: number;
  /**
   * What is done where λ < 0: `"reverse"` goes away from p, and `"descend"` is gradient descent with the rate η.
   *
   * @default "reverse"
   */
  readonly saddle?: SaddleChoice;
  /**
   * Where the line of the gradients begins: `"mean"`, p = mean x − (mean y)/λ as in (2), or `"last"`, p = x − y/λ as in (6).
   *
   * @default "mean"
   */
  readonly point?: "mean" | "last";
}

/** Defaults of {@link ogr1d}, {@link ogr1ds} and {@link ogr1dc}. */
export const ONLINE_PARABOLA: Required<OnlineParabolaOptions> = {
  alpha: 0.5,
  beta: 0.7,
  momentum: 0.9,
  limit: 0.1,
  learningRate: 0.01,
  every: 5,
  saddle: "reverse",
  point: "mean",
};

/** What is done with λ < 0. */
export const SADDLE: { readonly [S in SaddleChoice]: readonly Damping[] } = {
  reverse: [abs()],
  descend: [],
};

/** The expression, whatever becomes of the averages when the direction turns. */
function onlineParabola(
  name: string,
  turn: Subspace["turn"],
  options: OnlineParabolaOptions,
): Optimizer {
  const { alpha, beta, momentum, limit, learningRate, every, saddle, point } = given(
    name,
    ONLINE_PARABOLA,
    options,
  );
  const directions = trace({ decay: momentum });
  return curvature({
    calculating: gradientRegression({ estimate: "slope", point }),
    structure: subspace({ directions, along: scale(alpha), rest: scale(learningRate), turn }),
    iterative: ema({ decay: beta, debias: true }),
    length: clamped(limit),
    damping: SADDLE[saddle],
    every: { sample: 1, factor: turn === "keep" ? 1 : every },
    warmup: { steps: 2 * every, use: chain(directions, scale(learningRate)) },
  });
}

/**
 * OGR1d: a parabola along the normalised momentum v̂, from an online regression of gradients, and gradient descent off it.
 *
 * θ ← θ + α·clamp(p − v̂ᵀθ, ±ε)·v̂ − η(g − v̂v̂ᵀg), with λ = cov/var and p = mean x − (mean y)/λ of x = v̂ᵀθ and y = v̂ᵀg
 * over an exponential window; where λ < 0 `saddle` says what is done (the step is away from p, or −ηg), and where λ = 0 it
 * is −αε·sign(mean y)·v̂. v̂ is that of the step before, and when it turns the averages stay, so it should turn slower than they fade: β < γ.
 *
 * The first 2m steps are momentum, v ← γv + g and θ ← θ − ηv: m of them find v̂ and m the averages along it. In each, the
 * averages take θ and g of the same point, before the step (Algorithm 5 moves θ first, which makes λ/(1 − ηλ) of λ).
 *
 * Source: online-parabola-momentum, Algorithms 1 to 5.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, ogr1d, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const options = { until: 1e-6, maxSteps: 200, backend: "reference" } as const;
 * assert((await minimize(bowl, ogr1d({ limit: 1 }), options)).reached);
 * ```
 */
export function ogr1d(options: OnlineParabolaOptions = {}): Optimizer {
  return onlineParabola("ogr1d", "keep", options);
}

/**
 * OGR1ds: {@link ogr1d} whose direction turns every m steps, to one along which the averages have grown for m steps.
 *
 * θ ← θ + α·clamp(p − ŵᵀθ, ±ε)·ŵ − η(g − ŵŵᵀg): ŵ and its averages are those of v̂ from the last m steps, while v̂, the
 * momentum of the turn over its length, gathers averages of its own from nothing.
 *
 * Source: online-parabola-momentum, Algorithm 6.
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, ogr1ds, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const options = { until: 1e-6, maxSteps: 200, backend: "reference" } as const;
 * assert((await minimize(bowl, ogr1ds({ limit: 1 }), options)).reached);
 * ```
 */
export function ogr1ds(options: OnlineParabolaOptions = {}): Optimizer {
  return onlineParabola("ogr1ds", "rebuild", options);
}

/**
 * OGR1dc: {@link ogr1d} whose direction turns every m steps, the model round the parameters of that step.
 *
 * θ ← θ + α·clamp(p − v̂ᵀ(θ − c), ±ε)·v̂ − η(g − v̂v̂ᵀg): at a turn mean x ← mean x − v̂ᵀ(θ − c) with v̂ as it was, and
 * c ← θ, so that where the line meets 0 stays as far from θ as it was.
 *
 * Source: online-parabola-momentum, Algorithm 7, with the shift of the means in centred form (the printed one leaves
 * out the weight s of the averages).
 *
 * @throws {SteepestError} of kind `description`, with every option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, ogr1dc, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const options = { until: 1e-6, maxSteps: 200, backend: "reference" } as const;
 * assert((await minimize(bowl, ogr1dc({ limit: 1 }), options)).reached);
 * ```
 */
export function ogr1dc(options: OnlineParabolaOptions = {}): Optimizer {
  return onlineParabola("ogr1dc", "recentre", options);
}
