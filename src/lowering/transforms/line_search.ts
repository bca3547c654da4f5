/**
 * Lowering of `lineSearch`.
 *
 * @module
 */
import type { TransformOf } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import {
  abs,
  compare,
  constant,
  div,
  dot,
  max,
  mul,
  neg,
  reduce,
  select,
  sum,
} from "../../tensor/ops.ts";
import { search } from "../line_search/search.ts";
import { gradientOver, thetaMinus } from "../problem.ts";
import { hyper, record, scaled, type Scope } from "../scope.ts";

/** u ← α·u, α by trials of f(θ − α·u); no step where gᵀu ≤ 0, which is counted, as is a search in vain. */
export function lineSearchRule(it: TransformOf<"lineSearch">, u: Node, scope: Scope): Node {
  const { problem, space } = scope;
  const slope = dot(gradientOver(problem, space), u);
  const descends = compare("gt", slope, 0);
  const whole = hyper(scope, "initial", it.initial);
  const bounded = div(whole, max(1, sum(abs(u))));
  const own = it.method === "backtracking" ? "decrease" : "c2";
  const at = (alpha: Node): Node => thetaMinus(problem, space, mul(alpha, u));
  const { alpha, trials, unmet } = search(it, {
    line: {
      start: { alpha: constant(0), loss: problem.loss, slope: neg(slope) },
      initial: it.first === "whole" ? whole : select(compare("eq", scope.clock, 0), bounded, whole),
      largest: reduce("max", abs(u)),
      c1: hyper(scope, "c1", it.c1),
      own: hyper(scope, own, it[own]!),
    },
    descends,
    lossAt: (a) => problem.lossAt(at(a)),
    slopeAt: (a) => neg(problem.slopeAt(at(a), u, space)),
  });
  record(scope, "noStep", select(descends, 0, 1));
  record(scope, "unmet", unmet);
  record(scope, "trials", trials);
  record(scope, "alpha", alpha);
  return scaled(scope, alpha, u);
}
