/**
 * Which samples of curvature are taken.
 *
 * @module
 */
import type { Calculating, CalculatingKind } from "../../optimizer/calculating.ts";
import type { Curvature, OfKind } from "../../optimizer/types.ts";
import { joinPath } from "../../optimizer/walk.ts";
import type { Node } from "../../tensor/node.ts";
import { add, concatenate, constant, div, mean, mul, square } from "../../tensor/ops.ts";
import { flatten } from "../arena.ts";
import type { Layer } from "../layers/find.ts";
import { hyper, report, type Scope } from "../scope.ts";
import { type Pair, pairOf } from "./pair.ts";
import { regression } from "./regression.ts";
import { type Sample, sampleOfRows, sampleOfVector } from "./sample.ts";
import type { Frame } from "./structure/rule.ts";
import { subspaceRegression } from "./subspace_regression.ts";

/** What a way of calculating gives at one step. */
export type Calculated =
  | {
    /** What H′ does to one vector. */
    readonly kind: "pair";
    readonly pair: Pair;
  }
  | {
    readonly kind: "sample";
    readonly sample: Sample;
    /** s, where M = s sᵀ. */
    readonly vector?: Node;
    /** s sᵀ as M is given; absent: in the coordinates of the parameters. */
    readonly ofVector?: (s: Node) => Sample;
  }
  /** λ itself, with nothing left to accumulate. */
  | {
    readonly kind: "spectrum";
    readonly lambda: Node;
    /** The directions that they are of, as columns in the coordinates of a frame; absent: these coordinates. */
    readonly vectors?: Node;
    /** Whether a λ may be negative. */
    readonly signed?: boolean;
    /** û, where it is that of the model. */
    readonly gradient?: Node;
    /** Where λ = 0 is what was found, not that nothing is known. */
    readonly flat?: Node;
    /** Is told the step that the stage puts out. */
    readonly observe?: (step: Node) => void;
  };

type Rule<K extends CalculatingKind> = (
  calculating: OfKind<Calculating, K>,
  u: Node,
  scope: Scope,
  stage: Curvature,
  frame: Frame | undefined,
) => Calculated;

/** In place of a sample that the objective cannot give; the problem has been reported. */
function missing(scope: Scope, found: string, expected: string): Calculated {
  report({ ...scope, path: joinPath(scope.path, "calculating") }, "need", found, expected);
  return { kind: "sample", sample: sampleOfVector(constant(1, [scope.space.size])) };
}

/** A matrix that is known by its products; the diagonal is the mean over probes of v ⊙ Mv, v of random signs. */
function probed(probes: number, scope: Scope, times: (v: Node) => Node): Calculated {
  const diagonal: Sample["diagonal"] = (basis) => {
    const samples = Array.from({ length: probes }, (_, i) => {
      const random = scope.problem.random(joinPath(scope.path, "calculating/probe", i));
      const v = random.rademacher([scope.space.size]);
      if (basis === undefined) return mul(v, times(v));
      return mul(v, basis.coordinates(times(basis.vector(v))));
    });
    const total = samples.reduce((a, b) => add(a, b));
    return probes === 1 ? total : div(total, probes);
  };
  // v ⊙ Mv may be negative also where no eigenvalue is.
  return { kind: "sample", sample: { diagonal, nonNegative: false, times } };
}

/** The mean over the examples of the outer products of their gradients. */
function ofExamples(
  labels: "given" | "sampled",
  batchSize: number,
  { problem, space }: Scope,
): Calculated {
  const gradients = () => problem.examples?.(labels, space) ?? [];
  const rows = () => div(concatenate(gradients(), 1), Math.sqrt(batchSize));
  const sample = sampleOfRows(rows);
  const diagonal: Sample["diagonal"] = (basis) =>
    basis === undefined
      ? flatten(gradients().map((g) => mean(square(g), [0])))
      : sample.diagonal(basis);
  const layers = (of: readonly Layer[]) => problem.layerRows?.(labels, of) ?? [];
  return { kind: "sample", sample: { ...sample, diagonal, layers } };
}

const NO_LIKELIHOOD = "an objective without a likelihood";
const WITH_LIKELIHOOD = "outputs and a likelihood";

const RULES: { readonly [K in CalculatingKind]: Rule<K> } = {
  hessian: ({ probes }, _u, scope) =>
    probed(probes, scope, (v) => scope.problem.hessianTimes(v, scope.space)),
  gaussNewton: ({ probes }, _u, scope) => {
    const product = scope.problem.gaussNewtonTimes;
    if (product === undefined) {
      return scope.problem.batchSize === undefined
        ? missing(scope, NO_LIKELIHOOD, WITH_LIKELIHOOD)
        : missing(scope, "a likelihood without a Hessian", "one with `hessian`");
    }
    return probed(probes, scope, (v) => product(v, scope.space));
  },
  fisher: ({ from }, _u, scope) => {
    const { sampledGradient, batchSize } = scope.problem;
    if (batchSize === undefined) return missing(scope, NO_LIKELIHOOD, WITH_LIKELIHOOD);
    if (sampledGradient === undefined) {
      return missing(scope, "a likelihood that cannot be sampled", "one with `sample`");
    }
    if (from === "examples") return ofExamples("sampled", batchSize, scope);
    const g = sampledGradient(scope.space);
    const sample = sampleOfVector(mul(Math.sqrt(batchSize), g));
    const diagonal: Sample["diagonal"] = (basis) =>
      basis === undefined ? mul(batchSize, square(g)) : sample.diagonal(basis);
    return { kind: "sample", sample: { ...sample, diagonal } };
  },
  empiricalFisher: ({ of, from }, u, scope) => {
    if (from === "examples") {
      const { batchSize } = scope.problem;
      return batchSize === undefined
        ? missing(scope, NO_LIKELIHOOD, WITH_LIKELIHOOD)
        : ofExamples("given", batchSize, scope);
    }
    const vector = scope.apply(of, u, joinPath(scope.path, "calculating"), scope);
    return { kind: "sample", sample: sampleOfVector(vector), vector };
  },
  gradientRegression: (it, u, scope, stage, frame) => ({
    kind: "spectrum",
    ...(frame === undefined
      ? regression(it, stage, u, scope)
      : subspaceRegression(it, stage, u, frame, scope)),
  }),
  secant: (it, u, scope, stage) => ({ kind: "pair", pair: pairOf(it, stage, u, scope) }),
  constant: ({ value }, _u, scope) => ({
    kind: "spectrum",
    lambda: hyper(scope, "calculating/value", value),
  }),
};

/** What the stage calculates at one step. */
export function calculate(
  stage: Curvature,
  u: Node,
  scope: Scope,
  frame: Frame | undefined,
): Calculated {
  const rule = RULES[stage.calculating.kind] as (
    it: Calculating,
    u: Node,
    scope: Scope,
    stage: Curvature,
    frame: Frame | undefined,
  ) => Calculated;
  return rule(stage.calculating, u, scope, stage, frame);
}
