/**
 * The slopes of u over θ along a few directions: online-parabola-momentum, equations (2), (8) and (14) and section V.
 *
 * @module
 */
import { diagonalOf } from "../../linalg/matrices.ts";
import { symmetricEigen } from "../../linalg/symmetric_eigen.ts";
import type { GradientRegression } from "../../optimizer/calculating.ts";
import type { Curvature } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import {
  add,
  broadcast,
  cast,
  compare,
  matmul,
  mul,
  reshape,
  select,
  sqrt,
  sub,
  sum,
  transpose,
} from "../../tensor/ops.ts";
import { hyper, record, type Scope } from "../scope.ts";
import { type Moments, regressionMoments } from "./moments.ts";
import { ratio, type Regressed } from "./regression.ts";
import { withoutNoise } from "./structure/noise.ts";
import type { Frame } from "./structure/rule.ts";

type Covariances = Pick<Moments, "variance" | "second">;

/** Qᵀ A Q; without Q, A. */
function inBasis(a: Node, q: Node | undefined): Node {
  return q === undefined ? a : matmul(transpose(q), matmul(a, q));
}

interface Estimate {
  /** H, from which the directions of the parabolas come: made where the basis turns. */
  readonly matrix: (moments: Covariances, sweeps: number) => Node;
  /** λ along one direction from its variances. */
  readonly slope: (second: Node, variance: Node) => Node;
}

const ESTIMATES: { readonly [E in GradientRegression["estimate"]]: Estimate } = {
  slope: {
    // The symmetric H that fits best solves HV + VH = C + Cᵀ, which is easy where V is diagonal.
    matrix: ({ variance, second }, sweeps) => {
      const { values, vectors } = symmetricEigen(variance, { sweeps });
      const both = inBasis(second, vectors), shape = variance.shape;
      const spread = add(broadcast(values, shape, [0]), broadcast(values, shape, [1]));
      return inBasis(ratio(add(both, transpose(both)), withoutNoise(spread)), transpose(vectors));
    },
    slope: ratio,
  },
  deviations: {
    matrix: ({ variance, second }) => {
      const squares = ratio(second, variance);
      return sqrt(select(compare("gt", squares, 0), squares, 0));
    },
    slope: (second, variance) => sqrt(ratio(second, variance)),
  },
};

/** Tells how many elements of (14) are roots of something negative, which count as 0. */
function countRootless({ variance, second }: Covariances, scope: Scope): void {
  const negative = compare("lt", mul(variance, second), 0);
  record(scope, "rootless", sum(cast(negative, "f32")));
}

/** λ along each eigenvector of the estimated matrix, and û. */
export function subspaceRegression(
  calculating: GradientRegression,
  { iterative, solver }: Curvature,
  u: Node,
  frame: Frame,
  scope: Scope,
): Regressed {
  const [only] = iterative;
  if (only?.kind !== "ema") throw new RangeError("A regression along directions has one ema");
  const beta = hyper(scope, "iterative/0/decay", only.decay);
  const { now, position, turned } = regressionMoments(calculating, beta, u, frame, scope);
  const { matrix, slope } = ESTIMATES[calculating.estimate];
  const rank = position.shape[0]!, sweeps = solver?.kind === "eigen" ? solver.sweeps : 15;
  const vectors = rank === 1 ? undefined : frame.turning.settled(
    frame.turning.remember("factor/vectors", [rank, rank])
      .become(symmetricEigen(matrix(turned, sweeps), { sweeps }).vectors),
  );
  if (rank > 1 && calculating.estimate === "deviations") countRootless(now, scope);
  const [second, variance] = [now.second, now.variance].map((x) => diagonalOf(inBasis(x, vectors)));
  const lambda = slope(second!, variance!);
  const turn = (x: Node) =>
    vectors === undefined ? x : reshape(matmul(reshape(x, [1, rank]), vectors), [rank]);
  return {
    lambda,
    signed: calculating.estimate === "slope",
    flat: compare("eq", lambda, 0),
    ...(vectors === undefined ? {} : { vectors }),
    ...(calculating.point === "mean"
      ? { gradient: add(turn(now.gradients), mul(lambda, turn(sub(position, now.parameters)))) }
      : {}),
  };
}
