/**
 * What a step can tell of itself, by name: a closed set, with what each name costs.
 *
 * @module
 */

import * as E from "fp-ts/lib/Either.js";
import { type Issue, issue, SteepestError } from "../errors.ts";
import type { Need, Provision } from "./needs.ts";
import { closest, show } from "../errors/words.ts";

/** How often something out of the ordinary happened in a step, in all transforms together. */
export type CountName =
  /** Clips that were active. */
  | "clipped"
  /** Newton–Raphson steps that their cap decided. */
  | "capped"
  /** Newton–Raphson steps that were none, because gᵀu ≤ 0. */
  | "noStep"
  /** Gates that were shut, because something was not finite. */
  | "skipped"
  /** Eigenvalues without a positive root. */
  | "dropped"
  /** Pairs of a secant update that were left out, for want of curvature. */
  | "rejected";

/**
 * A number that a step tells, where g is the gradient, u the update of the whole step (θ ← θ − u), f
 * the loss, H its Hessian and L the lower bound. A quotient is 0 where its denominator is not
 * positive.
 */
export type TelemetryName =
  /** f before the step; told whether it is asked for or not. */
  | "loss"
  /** ‖g‖. */
  | "gradientNorm"
  /** ‖u‖. */
  | "updateNorm"
  /** gᵀu/(‖g‖·‖u‖). */
  | "cosine"
  /**
   * The product of the factors that end the flow of u, at this step: those of `scale`,
   * `newtonRaphson` and `distanceAdapted`. It is looked for from the end of the chain, through what passes factors on
   * (averages, decays, clips, gates), to the first transform that does not (a curvature stage). Where
   * parts or branches differ, each is told as `PLACE/learningRate`, and this is the largest.
   */
  | "learningRate"
  /**
   * gᵀu/(f − L), the α with which NaSGD would take a step with the same gᵀu. L is that of the first
   * `newtonRaphson` of the optimizer, else that of the objective, else 0.
   *
   * Source: norm-adapted-gradient-descent, section 3.2; it is stated there for u ∥ g.
   */
  | "equivalentAlpha"
  /** gᵀu/‖g‖², the η with which gradient descent would; same source. */
  | "equivalentLearningRate"
  /** uᵀHu. */
  | "directionalSharpness"
  /** uᵀHu/‖u‖², a Rayleigh quotient of H. */
  | "normalizedSharpness"
  | CountName;

/** A sum over all parameters. */
export type Reduction = "gᵀg" | "uᵀu" | "gᵀu" | "uᵀHu";

/** What a name means and costs. */
export interface TelemetryCost {
  /** What is told. */
  readonly formula: string;
  /** The sums over all parameters that it takes; equal ones are taken once. */
  readonly reductions: readonly Reduction[];
  /** What it asks of the objective at each step. */
  readonly needs: readonly Provision[];
}

const count = (formula: string): TelemetryCost => ({ formula, reductions: [], needs: [] });

/** The meaning and the cost of each name. */
export const TELEMETRY: { readonly [N in TelemetryName]: TelemetryCost } = {
  loss: { formula: "f", reductions: [], needs: [] },
  gradientNorm: { formula: "‖g‖", reductions: ["gᵀg"], needs: [] },
  updateNorm: { formula: "‖u‖", reductions: ["uᵀu"], needs: [] },
  cosine: { formula: "gᵀu/(‖g‖·‖u‖)", reductions: ["gᵀg", "uᵀu", "gᵀu"], needs: [] },
  learningRate: {
    formula: "the product of the factors that end the flow",
    reductions: [],
    needs: [],
  },
  equivalentAlpha: { formula: "gᵀu/(f − L)", reductions: ["gᵀu"], needs: [] },
  equivalentLearningRate: { formula: "gᵀu/‖g‖²", reductions: ["gᵀg", "gᵀu"], needs: [] },
  directionalSharpness: {
    formula: "uᵀHu",
    reductions: ["uᵀHu"],
    needs: ["hessianVector"],
  },
  normalizedSharpness: {
    formula: "uᵀHu/‖u‖²",
    reductions: ["uᵀu", "uᵀHu"],
    needs: ["hessianVector"],
  },
  clipped: count("clips that were active"),
  capped: count("steps that their cap decided"),
  noStep: count("steps that were none, because gᵀu ≤ 0"),
  skipped: count("gates that were shut"),
  dropped: count("eigenvalues without a positive root"),
  rejected: count("pairs of a secant update that were left out"),
};

/**
 * Every {@link TelemetryName}.
 *
 * @example
 * ```ts
 * import { minimize, nasgd, objective, square } from "@steepest/steepest";
 * import assert from "node:assert/strict";
 *
 * const bowl = objective({ parameters: { x: 2 }, loss: ({ x }) => square(x) });
 * const run = await minimize(bowl, nasgd({ alpha: 0.5 }), {
 *   steps: 3,
 *   backend: "reference",
 *   telemetry: ["equivalentAlpha", "capped"],
 * });
 * assert(run.telemetry.equivalentAlpha.every((alpha) => Math.abs(alpha - 0.5) < 1e-6));
 * assert.deepEqual([...run.telemetry.capped], [0, 0, 0]);
 * ```
 */
export const TELEMETRY_NAMES: readonly TelemetryName[] = Object.keys(TELEMETRY) as TelemetryName[];

/** What is wrong with a list of names. */
function nameIssues(names: unknown): readonly Issue[] {
  if (!Array.isArray(names)) return [issue("telemetry", show(names), "a list of names")];
  return names.flatMap((name: unknown, i) => {
    if (typeof name === "string" && Object.hasOwn(TELEMETRY, name)) return [];
    const hint = typeof name === "string" ? closest(name, TELEMETRY_NAMES) : "";
    const expected = hint === "" ? `one of ${TELEMETRY_NAMES.join(", ")}` : `perhaps ${hint}`;
    return [issue(`telemetry/${i}`, show(name), expected)];
  });
}

/** The names, each once. Left: a `description` error with every unknown one and what was meant. */
export function checkTelemetry(
  names: readonly TelemetryName[],
): E.Either<SteepestError, readonly TelemetryName[]> {
  const issues = nameIssues(names);
  return issues.length > 0
    ? E.left(new SteepestError("description", issues))
    : E.right([...new Set(names)]);
}

/** What names ask of the objective: names that ask for the same share it. */
export function telemetryNeeds(names: readonly TelemetryName[]): readonly Need[] {
  const first = new Map<Provision, string>();
  for (const name of names) {
    for (const what of TELEMETRY[name].needs) if (!first.has(what)) first.set(what, name);
  }
  return [...first].map(([what, name]) => ({
    path: `telemetry/${name}`,
    what,
    every: 1,
    count: 1,
  }));
}

/** The sums over all parameters that names take together. */
export function telemetryReductions(names: readonly TelemetryName[]): readonly Reduction[] {
  return [...new Set(names.flatMap((name) => TELEMETRY[name].reductions))];
}
