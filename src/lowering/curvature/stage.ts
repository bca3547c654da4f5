/**
 * The stage with the four slots: samples are calculated, kept by the structure, accumulated, damped,
 * and turned into a step by the length.
 *
 * @module
 */
import { powerOfLength } from "../../optimizer/length_power.ts";
import type { StructureKind } from "../../optimizer/structure.ts";
import type { Curvature, TransformOf } from "../../optimizer/types.ts";
import { joinPath, sameTransform } from "../../optimizer/walk.ts";
import type { Node } from "../../tensor/node.ts";
import { cast, compare, constant, select, sum } from "../../tensor/ops.ts";
import { everyNth, evolve, hyperSlot, record, remember, type Scope, settled } from "../scope.ts";
import { calculate, type Calculated } from "./calculating.ts";
import { aStepLater, eigenbasis } from "./basis.ts";
import { damped, shiftsOf, signsAfter } from "./damping.ts";
import { accumulate } from "./iterative.ts";
import { applyLength, left } from "./length.ts";
import { type Basis, behind, inPlace, type Operator } from "./operator.ts";
import type { Pair } from "./pair.ts";
import { sampleIn, sampleOfVector } from "./sample.ts";
import { spectrumOf } from "./spectrum.ts";
import type { Frame, SampleRule, StageView } from "./structure/rule.ts";
import { ruleOf, sampleRuleOf } from "./structure/rules.ts";

/** A value of the region in which samples are taken, as the stage sees it. Without a period they are one. */
function sampled({ every }: Curvature, value: Node, sampling: Scope): Node {
  return every.sample === 1 ? value : settled(value, sampling);
}

/** What the structure has kept of the samples up to this step; undefined where a problem was reported. */
function statisticOf(
  stage: Curvature,
  { sample, vector, ofVector = sampleOfVector }: Calculated & { readonly kind: "sample" },
  rule: SampleRule<StructureKind>,
  scope: Scope,
  frame: Frame | undefined,
): Node | undefined {
  const { structure, damping, iterative } = stage;
  const kept = rule.statistic(structure, sample, scope, frame);
  if (kept === undefined) return undefined;
  const identity = rule.identity(structure, scope, frame);
  const statistic = accumulate(iterative, {
    value: damped(damping, "sample", kept, scope, identity),
    identity,
    ofVector: (s) => rule.statistic(structure, ofVector(s), scope, frame)!,
    ...(vector === undefined ? {} : { vector }),
  }, scope);
  return sampled(stage, statistic, scope);
}

/** Whether no diagonal sample, nor what accumulators make of it, is negative. */
function nonNegative({ iterative }: Curvature, calculated: Calculated): boolean {
  if (calculated.kind === "pair") return false;
  // An even power of a sample has no sign.
  if (calculated.kind === "spectrum") return calculated.signed !== true;
  return calculated.sample.nonNegative ||
    iterative.some((it) => it.kind === "ema" && it.power !== undefined && it.power % 2 === 0);
}

/** How the stage damps a spectrum; what is dropped is counted. */
function viewOf(
  stage: Curvature,
  calculated: Calculated,
  direction: Node,
  scope: Scope,
  sampling: Scope,
): StageView {
  const { damping, length, calculating, every } = stage;
  const hasRoot = damping.some((it) => it.kind === "addToRoot");
  const fixed = calculating.kind === "constant";
  const sign = nonNegative(stage, calculated);
  const factoring: Scope = { ...everyNth(scope, every.factor), phase: "factor" };
  const keptSince = (count: Node): Node => {
    if (every.factor === 1) return count;
    return settled(evolve(factoring, "factor/failed", [], 0, () => count).next, factoring);
  };
  return {
    stage,
    direction,
    spectrum: (lambda, { signed = false } = {}) => {
      const signs = signsAfter(damping, sign && !signed);
      const spectrum = spectrumOf(
        damped(damping, "spectrum", lambda, scope),
        hasRoot ? damped(damping, "root", constant(0), scope) : undefined,
        fixed ? "positive" : signs.nonNegative ? "nonNegative" : "any",
      );
      // A regression says nothing about a coordinate that has not moved; that is no eigenvalue to count.
      if (!signs.positive && !fixed && calculating.kind !== "gradientRegression") {
        record(scope, "dropped", spectrum.dropped(powerOfLength(length)));
      }
      return spectrum;
    },
    shifts: (means, exponent) => shiftsOf(damping, means, exponent, scope),
    factor: (name, value, good) => {
      if (every.factor === 1 && good === undefined) return value;
      const { old, become } = remember(factoring, joinPath("factor", name), value.shape, 0);
      return settled(become(good === undefined ? value : select(good, value, old)), factoring);
    },
    kept: (value) => sampled(stage, value, sampling),
    failed: (count) => record(scope, "failed", keptSince(count)),
  };
}

/** The damped curvature after this step's pair; undefined where a problem was reported. */
function ofPair(
  { structure, iterative: [update] }: Curvature,
  pair: Pair,
  view: StageView,
  sampling: Scope,
): Operator | undefined {
  if (update?.kind !== "secantUpdate") throw new RangeError("A pair goes into a secant update");
  const rule = ruleOf(structure);
  if (!("pairs" in rule)) throw new RangeError("A structure of samples keeps no pairs");
  return rule.pairs(structure, update, pair, view, sampling);
}

/** The damped curvature after this step's sample; undefined where a problem was reported. */
function ofSample(
  stage: Curvature,
  calculated: Calculated & { readonly kind: "sample" },
  view: StageView,
  scope: Scope,
  sampling: Scope,
  frame: Frame | undefined,
): Operator | undefined {
  const rule = sampleRuleOf(stage.structure);
  const implicit = rule.implicit?.(stage.structure, calculated.sample, view, scope);
  if (implicit !== undefined) return implicit;
  const statistic = statisticOf(stage, calculated, rule, sampling, frame);
  return statistic === undefined
    ? undefined
    : rule.operator(stage.structure, statistic, view, scope, frame);
}

/** The damped curvature after this step's sample or pair. */
function operatorOf(
  stage: Curvature,
  calculated: Calculated,
  direction: Node,
  scope: Scope,
  sampling: Scope,
  frame: Frame | undefined,
): Operator {
  const view = viewOf(stage, calculated, direction, scope, sampling);
  if (calculated.kind === "spectrum") {
    const { lambda, flat, vectors } = calculated;
    const positive = view.spectrum(sampled(stage, lambda, sampling));
    const spectrum = flat === undefined ? positive : { ...positive, flat };
    return frame === undefined ? inPlace(spectrum) : frame.operator(spectrum, vectors);
  }
  return (calculated.kind === "pair"
    ? ofPair(stage, calculated.pair, view, sampling)
    : ofSample(stage, calculated, view, scope, sampling, frame)) ??
    inPlace(view.spectrum(constant(1)));
}

/** The whole step of a frame; what a regression there leaves alone is counted. */
function finished(
  { length, calculating }: Curvature,
  bounded: Node,
  frame: Frame,
  operator: Operator,
  scope: Scope,
): Node {
  const leaves = left(length, operator.spectrum);
  if (calculating.kind === "gradientRegression") {
    record(scope, "dropped", sum(cast(leaves, "f32")));
  }
  return frame.finish(bounded, operator, leaves);
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

/** The same samples in a basis. */
function inBasis(calculated: Calculated, basis: Basis | undefined): Calculated {
  return basis === undefined || calculated.kind !== "sample" ? calculated : {
    ...calculated,
    sample: sampleIn(basis, calculated.sample),
    ofVector: (s) => sampleIn(basis, sampleOfVector(s)),
  };
}

/** The step of a stage whose samples are known. */
function stepOf(
  stage: Curvature,
  calculated: Calculated,
  operator: Operator,
  direction: Node,
  scope: Scope,
  frame: Frame | undefined,
): Node {
  const { coordinates, vector, spectrum } = operator;
  const seen = (calculated.kind === "spectrum" ? calculated.gradient : undefined) ??
    coordinates(direction);
  const bounded = vector(applyLength(stage.length, seen, spectrum, scope));
  return frame === undefined ? bounded : finished(stage, bounded, frame, operator, scope);
}

/** The basis that the structure stands in, where it is not that of the parameters. */
function basisOf(stage: Curvature, calculated: Calculated, scope: Scope): Basis | undefined {
  const { structure } = stage;
  return structure.kind === "diagonal" && structure.basis !== undefined &&
      calculated.kind === "sample"
    ? eigenbasis(structure.basis, stage, calculated.sample, scope)
    : undefined;
}

/** u ← φ(λ, direction(u)). */
export function curvatureRule(stage: TransformOf<"curvature">, u: Node, scope: Scope): Node {
  const sampling = everyNth(scope, stage.every.sample);
  const rule = ruleOf(stage.structure);
  const frame = "frame" in rule ? rule.frame?.(stage.structure, stage, u, scope) : undefined;
  const calculated = calculate(stage, u, sampling, frame);
  const basis = basisOf(stage, calculated, scope);
  const own = basis === undefined ? scope : aStepLater(scope);
  const direction = scope.apply(stage.direction, u, joinPath(scope.path, "direction"), own);
  const operator = operatorOf(
    stage,
    inBasis(calculated, basis),
    direction,
    own,
    basis === undefined ? sampling : own,
    frame,
  );
  const turned = basis === undefined ? operator : behind(basis, operator);
  const taken = stepOf(stage, calculated, turned, direction, own, frame);
  const step = basis === undefined ? taken : select(compare("gt", scope.clock, 0), taken, 0);
  const out = warmedUp(stage, u, direction, step, scope);
  if (calculated.kind === "spectrum") calculated.observe?.(out);
  return out;
}
