/**
 * Which samples of curvature are taken.
 *
 * @module
 */
import type { Calculating, CalculatingKind } from "../../optimizer/calculating.ts";
import type { Curvature, OfKind } from "../../optimizer/types.ts";
import { joinPath } from "../../optimizer/walk.ts";
import type { Node } from "../../tensor/node.ts";
import { add, constant, div, mul, square } from "../../tensor/ops.ts";
import { hyper, report, type Scope } from "../scope.ts";
import { regression } from "./regression.ts";

/** What a way of calculating gives at one step. */
export type Calculated =
  /** A sample of the diagonal over the space, and the vector of which it is the square. */
  | {
    readonly kind: "sample";
    readonly diagonal: Node;
    readonly vector?: Node;
    readonly nonNegative: boolean;
  }
  /** λ itself, with nothing left to accumulate. */
  | {
    readonly kind: "spectrum";
    readonly lambda: Node;
    readonly nonNegative: true;
    /** Is told the step that the stage puts out. */
    readonly observe?: (step: Node) => void;
  };

type Rule<K extends CalculatingKind> = (
  calculating: OfKind<Calculating, K>,
  u: Node,
  scope: Scope,
  stage: Curvature,
) => Calculated;

/** In place of a sample that the objective cannot give; the problem has been reported. */
function missing(scope: Scope, found: string, expected: string): Calculated {
  report({ ...scope, path: joinPath(scope.path, "calculating") }, "need", found, expected);
  return { kind: "sample", diagonal: constant(1, [scope.space.size]), nonNegative: true };
}

/** The mean over probes of v ⊙ Mv, v of random signs. */
function probed(probes: number, scope: Scope, product: (v: Node) => Node): Node {
  const samples = Array.from({ length: probes }, (_, i) => {
    const random = scope.problem.random(joinPath(scope.path, "calculating/probe", i));
    const v = random.rademacher([scope.space.size]);
    return mul(v, product(v));
  });
  const total = samples.reduce((a, b) => add(a, b));
  return probes === 1 ? total : div(total, probes);
}

const NO_LIKELIHOOD = "an objective without a likelihood";
const WITH_LIKELIHOOD = "outputs and a likelihood";

const RULES: { readonly [K in CalculatingKind]: Rule<K> } = {
  hessian: ({ probes }, _u, scope) => ({
    kind: "sample",
    diagonal: probed(probes, scope, (v) => scope.problem.hessianTimes(v, scope.space)),
    nonNegative: false,
  }),
  gaussNewton: ({ probes }, _u, scope) => {
    const product = scope.problem.gaussNewtonTimes;
    if (product === undefined) {
      return scope.problem.batchSize === undefined
        ? missing(scope, NO_LIKELIHOOD, WITH_LIKELIHOOD)
        : missing(scope, "a likelihood without a Hessian", "one with `hessian`");
    }
    // v ⊙ Gv is an unbiased sample of a positive diagonal, and may itself be negative.
    const diagonal = probed(probes, scope, (v) => product(v, scope.space));
    return { kind: "sample", diagonal, nonNegative: false };
  },
  fisher: ({ from }, _u, scope) => {
    const { sampledGradient, meanSquares, batchSize } = scope.problem;
    if (batchSize === undefined) return missing(scope, NO_LIKELIHOOD, WITH_LIKELIHOOD);
    if (sampledGradient === undefined) {
      return missing(scope, "a likelihood that cannot be sampled", "one with `sample`");
    }
    const diagonal = from === "batch"
      ? mul(batchSize, square(sampledGradient(scope.space)))
      : meanSquares?.("sampled", scope.space);
    return diagonal === undefined
      ? missing(scope, NO_LIKELIHOOD, WITH_LIKELIHOOD)
      : { kind: "sample", diagonal, nonNegative: true };
  },
  empiricalFisher: ({ of, from }, u, scope) => {
    if (from === "examples") {
      const diagonal = scope.problem.meanSquares?.("given", scope.space);
      return diagonal === undefined
        ? missing(scope, NO_LIKELIHOOD, WITH_LIKELIHOOD)
        : { kind: "sample", diagonal, nonNegative: true };
    }
    const vector = scope.apply(of, u, joinPath(scope.path, "calculating"), scope);
    return { kind: "sample", diagonal: square(vector), vector, nonNegative: true };
  },
  gradientRegression: (it, u, scope, stage) => ({
    kind: "spectrum",
    ...regression(it, stage, u, scope),
    nonNegative: true,
  }),
  constant: ({ value }, _u, scope) => ({
    kind: "spectrum",
    lambda: hyper(scope, "calculating/value", value),
    nonNegative: true,
  }),
};

/** What the stage calculates at one step. */
export function calculate(stage: Curvature, u: Node, scope: Scope): Calculated {
  const rule = RULES[stage.calculating.kind] as (
    it: Calculating,
    u: Node,
    scope: Scope,
    stage: Curvature,
  ) => Calculated;
  return rule(stage.calculating, u, scope, stage);
}
