/**
 * Lowering of `average`.
 *
 * @module
 */
import type { TransformOf } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import { add, compare, div, mul, select, sub } from "../../tensor/ops.ts";
import { thetaOf } from "../problem.ts";
import { evaluated, evolve, hyper, hyperSlot, type Scope } from "../scope.ts";

/**
 * u stays; the average of θ − u, by the weight accumulated so far, is what is evaluated.
 *
 * The mean moves by the part r of its distance to θ − u: r is 1 until something was averaged, then (1 − β)/w
 * with w ← βw + 1 − β, or 1/n.
 */
export function averageRule(
  { decay, start }: TransformOf<"average">,
  u: Node,
  scope: Scope,
): Node {
  const theta = thetaOf(scope.problem, scope.space);
  const beta = decay === undefined ? undefined : hyper(scope, "decay", decay);
  const fresh = beta === undefined ? 1 : sub(1, beta);
  const counts = compare("ge", scope.clock, hyperSlot(scope, "start", start));
  const weight = evolve(scope, "weight", [], 0, (old) => {
    const kept = beta === undefined ? old : mul(beta, old);
    return select(counts, add(kept, fresh), 0);
  }).next;
  const rate = select(counts, div(fresh, select(counts, weight, 1)), 1);
  const mean = evaluated(scope, "mean", theta);
  mean.become(add(mul(sub(1, rate), mean.old), mul(rate, sub(theta, u))));
  return u;
}
