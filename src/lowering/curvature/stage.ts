/**
 * The stage with the four slots: samples are calculated, kept by the structure, accumulated, damped,
 * and turned into a step by the length.
 *
 * @module
 */
import type { Curvature, TransformOf } from "../../optimizer/types.ts";
import { joinPath, sameTransform } from "../../optimizer/walk.ts";
import type { Node } from "../../tensor/node.ts";
import { compare, constant, select } from "../../tensor/ops.ts";
import { hyperSlot, record, type Scope, settled } from "../scope.ts";
import { calculate } from "./calculating.ts";
import { damped, signsAfter } from "./damping.ts";
import { accumulate } from "./iterative.ts";
import { applyLength, powerOfLength } from "./length.ts";
import { spectrumOf } from "./spectrum.ts";
import { expand, project } from "./structure.ts";

/** λ before damping, from the samples up to this step, and what wants to see the step that is made of it. */
function curvatureOf(stage: Curvature, u: Node, scope: Scope) {
  const sampling: Scope = { ...scope, period: scope.period * stage.every.sample };
  const calculated = calculate(stage, u, sampling);
  // An even power of a sample has no sign.
  const nonNegative = calculated.nonNegative ||
    stage.iterative.some((it) => it.kind === "ema" && it.power !== undefined && it.power % 2 === 0);
  const through = stage.every.sample === 1 ? (x: Node) => x : (x: Node) => settled(x, sampling);
  if (calculated.kind === "spectrum") {
    return { lambda: through(calculated.lambda), nonNegative, observe: calculated.observe };
  }
  const { diagonal, vector } = calculated;
  const kept = (x: Node) => project(stage.structure, x, scope.space);
  const value = damped(stage.damping, "sample", kept(diagonal), sampling);
  const sample = { value, project: kept, ...(vector === undefined ? {} : { vector }) };
  const statistic = through(accumulate(stage.iterative, sample, sampling));
  const lambda = expand(stage.structure, statistic, scope.space);
  return { lambda, nonNegative, observe: undefined };
}

/** The step, or during the warm-up what is put out in its place. */
function warmedUp(
  { warmup, direction }: Curvature,
  u: Node,
  directed: Node,
  step: Node,
  scope: Scope,
): Node {
  if (warmup === undefined) return step;
  const { use, steps } = warmup;
  const meanwhile = sameTransform(use, direction)
    ? directed
    : scope.apply(use, u, joinPath(scope.path, "warmup"), scope);
  const young = compare("lt", scope.clock, hyperSlot(scope, "warmup/steps", steps));
  return select(young, meanwhile, step);
}

/** u ← φ(λ, direction(u)). */
export function curvatureRule(stage: TransformOf<"curvature">, u: Node, scope: Scope): Node {
  const { lambda, nonNegative, observe } = curvatureOf(stage, u, scope);
  const hasRoot = stage.damping.some((it) => it.kind === "addToRoot");
  const { kind } = stage.calculating;
  const fixed = kind === "constant";
  const signs = signsAfter(stage.damping, nonNegative);
  const spectrum = spectrumOf(
    damped(stage.damping, "spectrum", lambda, scope),
    hasRoot ? damped(stage.damping, "root", constant(0), scope) : undefined,
    fixed ? "positive" : signs.nonNegative ? "nonNegative" : "any",
  );
  // A regression says nothing about a coordinate that has not moved; that is no eigenvalue to count.
  if (!signs.positive && !fixed && kind !== "gradientRegression") {
    record(scope, "dropped", spectrum.dropped(powerOfLength(stage.length)));
  }
  const direction = scope.apply(stage.direction, u, joinPath(scope.path, "direction"), scope);
  const step = applyLength(stage.length, direction, spectrum, scope);
  const out = warmedUp(stage, u, direction, step, scope);
  observe?.(out);
  return out;
}
