/**
 * Lowering of `newtonRaphson`.
 *
 * @module
 */
import type { TransformOf } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import { binary, compare, div, dot, max, min, mul, select, sub } from "../../tensor/ops.ts";
import { gradientOver } from "../problem.ts";
import { hyper, record, scaled, type Scope } from "../scope.ts";

/**
 * u ← min(cap, α·max(0, f − L)/(gᵀu))·u; no step where gᵀu ≤ 0, which is counted, as is each step
 * at which the cap decides.
 *
 * Source: norm-adapted-gradient-descent, Algorithm 1.
 */
export function newtonRaphsonRule(
  { alpha, lowerBound, cap }: TransformOf<"newtonRaphson">,
  u: Node,
  scope: Scope,
): Node {
  const { problem } = scope;
  const slope = dot(gradientOver(problem, scope.space), u);
  const descends = compare("gt", slope, 0);
  const bound = hyper(scope, "lowerBound", lowerBound);
  scope.collector.bounds.push(bound);
  const above = max(sub(problem.loss, bound), 0);
  const ratio = div(mul(hyper(scope, "alpha", alpha), above), select(descends, slope, 1));
  record(scope, "noStep", select(descends, 0, 1));
  if (cap === undefined) return scaled(scope, select(descends, ratio, 0), u);
  const limit = hyper(scope, "cap", cap);
  record(scope, "capped", binary("and", descends, compare("gt", ratio, limit)));
  return scaled(scope, select(descends, min(ratio, limit), 0), u);
}
