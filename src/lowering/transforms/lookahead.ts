/**
 * Lowering of `lookahead`.
 *
 * @module
 */
import type { TransformOf } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import { add, mul, select, sub } from "../../tensor/ops.ts";
import { beat } from "../rhythm.ts";
import { evaluated, hyper, type Scope } from "../scope.ts";
import { thetaOf } from "../problem.ts";

/**
 * At every k-th step s ← s + α(θ − u − s), and θ becomes s.
 *
 * Source: Zhang et al. 2019, Algorithm 1.
 */
export function lookaheadRule(
  { steps, alpha }: TransformOf<"lookahead">,
  u: Node,
  scope: Scope,
): Node {
  const theta = thetaOf(scope.problem, scope.space);
  const { fires } = beat(scope, "steps", steps);
  const part = hyper(scope, "alpha", alpha);
  const slow = evaluated(scope, "slow", theta);
  const next = add(slow.old, mul(part, sub(sub(theta, u), slow.old)));
  slow.become(select(fires, next, slow.old));
  return select(fires, sub(theta, next), u);
}
